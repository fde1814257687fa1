"""Effect of constants of the code: halved, as they are, and doubled.

    python docs/benchmarks/sensitivity.py --images FOLDER [FOLDER ...] --film FILE [FILE ...]

Colours are measured by the mean CIEDE2000 of held-out images, mean over the folders; films by error and
flicker with lamp and grain, as in film.py; codebooks by quantization error and topographic error. The last
column is the largest change in per cent. The tables are printed as Markdown and written to
results/sensitivity.md.
"""

import argparse
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table
from film import Film, noisy
from hints import hints_of
from joblib import Parallel, delayed
from sklearn.frozen import FrozenEstimator

from nncolor import SOMColorizer, SOMQuantizer, sample_pixels, to_gray
from nncolor._codebook.som import MapSettings
from nncolor._images.files import read_image
from nncolor._painting.settings import (
    FillSettings,
    FilmSettings,
    HintSettings,
    PaintingSettings,
    TrackSettings,
)
from nncolor._pixels.context import ContextSettings
from nncolor._training import DEFAULTS
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_ciede2000

FACTORS = (0.5, 2)
N_HINTS = (3, 30)
MAP_SHAPES = ((5, 5), (16, 16))
# Names of settings by what is measured.
PAINTING = ("epsilon",)
HINTS = (
    "plane_length",
    "lightness_length",
    "codeword_length",
    "noise",
    "min_deviation",
    "working_size",
    "edge_scale",
    "min_weight",
    "prior_weight",
)
CONTEXT = ("gain", "coarse", "coarse_gain")
MAP = ("min_updates", "updates_per_code", "ordering", "fine_sigma", "loose_sigma", "stiff_sigma")
FILM = ("match_size", "agreement", "least_median", "mean_share", "ahead")
TRACK = (
    "refining_share",
    "window",
    "agreement_window",
    "replacing_share",
    "replacing_floor",
    "beyond_cost",
    "still_cost",
    "agreement",
    "least_median",
    "max_scale",
    "choice",
    "least_choice",
    "cost_gain",
    "key_smoothing",
)
FILL = ("weight", "doubling_cost", "gain", "n_trees", "min_leaf")


def changed(settings, name, factor):
    """Settings with one multiplied by a factor; whole numbers stay whole."""
    value = getattr(settings, name)
    value = max(1, round(value * factor)) if isinstance(value, int) else value * factor
    return replace(settings, **{name: value})


def rows_of(settings, names, measure, arguments, n_jobs):
    """Rows of the table: means of measure(settings, *arguments), for each name and factor."""
    trials = [settings, *(changed(settings, name, factor) for name in names for factor in FACTORS)]
    values = Parallel(n_jobs=n_jobs)(delayed(measure)(trial, *args) for trial in trials for args in arguments)
    as_is, *others = np.mean(np.reshape(values, (len(trials), len(arguments), -1)), axis=1)
    rows = []
    for name, half, double in zip(names, others[::2], others[1::2], strict=True):
        change = np.abs([half / as_is - 1, double / as_is - 1]).max()
        rows.append(
            [
                f"`{type(settings).__name__}.{name}`",
                f"{getattr(settings, name):g}",
                *(" / ".join(f"{value:.3f}" for value in cell) for cell in (half, as_is, double)),
                f"{100 * change:.1f} %",
            ]
        )
    return rows


def with_painting(colorizer, settings):
    """Copy of a colorizer with other settings of painting."""
    other = copy(colorizer)
    other._painting = settings
    return other


def split_of(folder, n_train, n_test, seed):
    """Training and held-out photographs of a folder."""
    paths = load_image_folder(folder)
    order = np.random.default_rng(seed).permutation(len(paths))
    return [[paths[i] for i in part] for part in (order[n_test : n_test + n_train], order[:n_test])]


def fitted(train, seed):
    return SOMColorizer(random_state=seed).fit(train)


def painted(settings, colorizer, test):
    colorizer = with_painting(colorizer, settings)
    photos = [read_image(path) for path in test]
    return [mean_ciede2000(photos, colorizer.predict([to_gray(photo) for photo in photos]))]


def hinted(settings, colorizer, test):
    colorizer = with_painting(colorizer, PaintingSettings(hints=settings))
    photos = [read_image(path) for path in test]
    errors = []
    for n in N_HINTS:
        colored = [
            colorizer.colorize(to_gray(photo), hints=hints_of(photo, n, (number, n)))
            for number, photo in enumerate(photos)
        ]
        errors.append(mean_ciede2000(photos, colored))
    return errors


def trained(settings, train, test, seed):
    """Error without a tint, and with the true one."""
    extractor = DEFAULTS["extractor"]()
    # a clone would not keep the settings
    extractor.context_settings = settings
    colorizer = SOMColorizer(FrozenEstimator(extractor), random_state=seed).fit(train)
    photos = [read_image(path) for path in test]
    greys = [to_gray(photo) for photo in photos]
    return [
        mean_ciede2000(photos, colored)
        for colored in (colorizer.predict(greys), colorizer.predict(greys, tint=photos))
    ]


def mapped(settings, chroma, map_shape, seed):
    """Standardized quantization error, and topographic error."""
    quantizer = SOMQuantizer(map_shape, random_state=seed)
    quantizer.map_settings = settings
    quantizer.fit(chroma)
    return [quantizer.quantization_error_, quantizer.topographic_error_]


def filmed(settings, clip, colorizer, greys):
    # those of a part of the stage, or of the stage
    parts = {TrackSettings: "track", FillSettings: "fill"}
    if type(settings) in parts:
        settings = FilmSettings(**{parts[type(settings)]: settings})
    colorizer = with_painting(colorizer, PaintingSettings(film=settings))
    colored = list(colorizer.colorize_film(greys, keyframes=clip.keyframes))
    return [clip.error(colored, greys), clip.flicker(colored)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs", type=Path)
    parser.add_argument("--film", nargs="*", default=[], help="video files", type=Path)
    parser.add_argument("--train", type=int, default=40, help="training photographs of a folder")
    parser.add_argument("--test", type=int, default=8, help="held-out photographs of a folder")
    parser.add_argument("--seeds", type=int, default=2, help="draws of the photographs")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "sensitivity.md", type=Path)
    options = parser.parse_args()
    splits = [
        (*split_of(folder, options.train, options.test, seed), seed)
        for folder in options.images
        for seed in range(options.seeds)
    ]
    parallel = Parallel(n_jobs=options.n_jobs)
    colorizers = parallel(delayed(fitted)(train, seed) for train, _, seed in splits)
    known = [(colorizer, test) for colorizer, (_, test, _) in zip(colorizers, splits, strict=True)]
    chroma = [
        (sample_pixels(train, 2500, random_state=seed).chroma, shape, seed)
        for shape in MAP_SHAPES
        for train, _, seed in splits
    ]
    groups = [
        ("Painting", "error", PaintingSettings(), PAINTING, painted, known),
        ("Hints", "error with {} and {} hints".format(*N_HINTS), HintSettings(), HINTS, hinted, known),
        ("Context", "error without and with the true tint", ContextSettings(), CONTEXT, trained, splits),
        (
            "Self-organizing map",
            "quantization error and topographic error, mean over maps of 5 x 5 and 16 x 16 codewords",
            MapSettings(),
            MAP,
            mapped,
            chroma,
        ),
    ]
    if options.film:
        clips = [Film(path, 120, 3) for path in options.film]
        films = [(clip, fitted(list(clip.keyframes.values()), 0), noisy(clip.greys, 0)) for clip in clips]
        names = ", ".join(path.stem for path in options.film)
        meaning = f"error and flicker with lamp and grain, mean over {names}"
        groups += [
            ("Film", meaning, FilmSettings(), FILM, filmed, films),
            ("Tracks of key frames", meaning, TrackSettings(), TRACK, filmed, films),
            ("Models of key frames", meaning, FillSettings(), FILL, filmed, films),
        ]
    parts = [
        f"Measured by `docs/benchmarks/sensitivity.py`. {machine()}.\n\n{options.train} training images and "
        f"{options.test} held-out images of each of {len(options.images)} classes, {options.seeds} draws.\n"
    ]
    header = ["constant", "value", "half", "as it is", "double", "largest change"]
    for title, meaning, settings, names, measure, arguments in groups:
        rows = rows_of(settings, names, measure, arguments, options.n_jobs)
        parts.append(f"## {title}\n\n{meaning.capitalize()}.\n\n" + table(header, rows))
        print(parts[-1], flush=True)
    options.output.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
