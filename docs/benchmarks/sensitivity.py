"""Effect of constants of the code: halved, as they are, and doubled.

    python docs/benchmarks/sensitivity.py --images FOLDER [FOLDER ...] --film FILE [FILE ...]

Colours are measured by the mean CIEDE2000 of held-out images, mean over the folders; films by error and
flicker with lamp and grain, as in film.py; codebooks by quantization error and topographic error. The last
column is the largest change in per cent. The tables are printed as Markdown and written to
results/sensitivity.md.
"""

import argparse
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table
from film import Film, noisy
from hints import hints_of
from joblib import Parallel, delayed

from nncolor import SOMColorizer, SOMQuantizer, _network, sample_pixels, to_gray
from nncolor._codebook import som
from nncolor._images.files import read_image
from nncolor._painting import film, guided_filter, kriging, propagation, tint
from nncolor._pixels import context, samples
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_ciede2000

FACTORS = (0.5, 2)
N_HINTS = (3, 30)
MAP_SHAPES = ((5, 5), (16, 16))
# Constants by what is measured, (module, name); those of the classifier need a new training.
PAINTING = [(guided_filter, "_EPSILON")]
HINTS = [
    (kriging, "_PLANE_LENGTH"),
    (kriging, "_LIGHTNESS_LENGTH"),
    (kriging, "_CODEWORD_LENGTH"),
    (kriging, "_NOISE"),
    (kriging, "_MIN_DEVIATION"),
    (propagation, "_WORKING_SIZE"),
    (propagation, "_EDGE_SCALE"),
    (propagation, "_MIN_WEIGHT"),
    (propagation, "_PRIOR_WEIGHT"),
]
TRAINING = [
    (context, "_GAIN"),
    (context, "_COARSE"),
    (context, "_COARSE_GAIN"),
    (tint, "_SCALE"),
    (samples, "_PIXELS"),
    (_network, "_RECENT"),
]
MAP = [
    (som, "_MIN_UPDATES"),
    (som, "_UPDATES_PER_CODE"),
    (som, "_ORDERING"),
    (som, "_FINE_SIGMA"),
    (som, "_LOOSE_SIGMA"),
    (som, "_STIFF_SIGMA"),
]
FILM = [
    (film, "_AGREEMENT"),
    (film, "_LEAST_MEDIAN"),
    (film, "_KEY_WEIGHT"),
    (film, "_AHEAD"),
    (film, "_FLOW_RADIUS"),
]


@contextmanager
def scaled(module, name, factor):
    """Context in which a constant is multiplied by a factor; whole numbers stay whole."""
    value = getattr(module, name)
    setattr(module, name, max(1, round(value * factor)) if isinstance(value, int) else value * factor)
    try:
        yield
    finally:
        setattr(module, name, value)


def measured(constant, factor, measure, *args):
    with scaled(*constant, factor):
        return measure(*args)


def rows_of(constants, measure, arguments, n_jobs):
    """Rows of the table: means over the arguments of what is measured, for each constant and factor."""
    trials = [(constants[0], 1), *((constant, factor) for constant in constants for factor in FACTORS)]
    values = Parallel(n_jobs=n_jobs)(
        delayed(measured)(constant, factor, measure, *args)
        for constant, factor in trials
        for args in arguments
    )
    as_is, *others = np.mean(np.reshape(values, (len(trials), len(arguments), -1)), axis=1)
    rows = []
    for (module, name), half, double in zip(constants, others[::2], others[1::2], strict=True):
        change = np.abs([half / as_is - 1, double / as_is - 1]).max()
        rows.append(
            [
                f"`{module.__name__.removeprefix('nncolor.')}.{name}`",
                f"{getattr(module, name):g}",
                *(" / ".join(f"{value:.3f}" for value in cell) for cell in (half, as_is, double)),
                f"{100 * change:.1f} %",
            ]
        )
    return rows


def split_of(folder, n_train, n_test, seed):
    """Training and held-out photographs of a folder."""
    paths = load_image_folder(folder)
    order = np.random.default_rng(seed).permutation(len(paths))
    return [[paths[i] for i in part] for part in (order[n_test : n_test + n_train], order[:n_test])]


def fitted(train, seed):
    return SOMColorizer(random_state=seed).fit(train)


def painted(colorizer, test):
    photos = [read_image(path) for path in test]
    return [mean_ciede2000(photos, colorizer.predict([to_gray(photo) for photo in photos]))]


def hinted(colorizer, test):
    photos = [read_image(path) for path in test]
    errors = []
    for n in N_HINTS:
        colored = [
            colorizer.colorize(to_gray(photo), hints=hints_of(photo, n, (number, n)))
            for number, photo in enumerate(photos)
        ]
        errors.append(mean_ciede2000(photos, colored))
    return errors


def trained(train, test, seed):
    """Error without a tint, and with the true one."""
    colorizer = fitted(train, seed)
    photos = [read_image(path) for path in test]
    greys = [to_gray(photo) for photo in photos]
    return [
        mean_ciede2000(photos, colored)
        for colored in (colorizer.predict(greys), colorizer.predict(greys, tint=photos))
    ]


def mapped(chroma, map_shape, seed):
    """Standardized quantization error, and topographic error."""
    quantizer = SOMQuantizer(map_shape, random_state=seed).fit(chroma)
    return [quantizer.quantization_error_, quantizer.topographic_error_]


def filmed(clip, colorizer, greys):
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
        ("Painting", "error", PAINTING, painted, known),
        ("Hints", "error with {} and {} hints at random pixels".format(*N_HINTS), HINTS, hinted, known),
        ("Features and training", "error without and with the true tint", TRAINING, trained, splits),
        (
            "Self-organizing map",
            "quantization error and topographic error, mean over maps of 5 x 5 and 16 x 16 codewords",
            MAP,
            mapped,
            chroma,
        ),
    ]
    if options.film:
        clips = [Film(path, 120, 3) for path in options.film]
        films = [(clip, fitted(list(clip.keyframes.values()), 0), noisy(clip.greys, 0)) for clip in clips]
        names = ", ".join(path.stem for path in options.film)
        groups.append(
            ("Film", f"error and flicker with lamp and grain, mean over {names}", FILM, filmed, films)
        )
    parts = [
        f"Measured by `docs/benchmarks/sensitivity.py`. {machine()}.\n\n{options.train} training images and "
        f"{options.test} held-out images of each of {len(options.images)} classes, {options.seeds} draws.\n"
    ]
    header = ["constant", "value", "half", "as it is", "double", "largest change"]
    for title, meaning, constants, measure, arguments in groups:
        rows = rows_of(constants, measure, arguments, options.n_jobs)
        parts.append(f"## {title}\n\n{meaning.capitalize()}.\n\n" + table(header, rows))
        print(parts[-1], flush=True)
    options.output.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
