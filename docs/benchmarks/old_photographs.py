"""Old photographs: training on what their film saw, against training on modern photographs.

    python docs/benchmarks/old_photographs.py --images DIR --plates DIR --other DIR

Photographs of the folder `--images` are recorded on simulated films by code of this script: held-out ones are
coloured by colorizers that were trained on 200 photographs of the same folder

- as they are (plain),
- as EmulsionSimulator makes them with the true parameters (told),
- as it makes them with random parameters (random),
- with `gray=` of 20 or of 5 other photographs on that film (found).

The blue plates of `--plates` (an archive of three-colour photographs) are coloured by colorizers that were
trained on 100 photographs of that folder, and on `--images`, plain and with `gray=` of 20 other blue plates.
Last, `gray=` are modern photographs of another subject, `--other`, which must not be taken for another film.

Errors are mean CIEDE2000 of the predicted chroma at the true lightness. The tables are printed as Markdown
and written to results/old_photographs.md.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from _report import RESULTS, Results, machine, table
from scipy.ndimage import gaussian_filter

from nncolor import EmulsionSimulator, SOMColorizer, to_gray
from nncolor._images.color import ciede2000, join_lightness_chroma, lightness_chroma
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder

WEIGHTS = {
    "panchromatic": (0.2126, 0.7152, 0.0722),
    "orthochromatic": (0.05, 0.45, 0.5),
    "blue": (0, 0.1, 0.9),
}
# Films at the size of the files; blur in pixels, grain as white noise.
FILMS = {
    "as they are": {},
    "orthochromatic": {"weights": "orthochromatic"},
    "blue-sensitive": {"weights": "blue"},
    "gamma 2": {"gamma": 2.0},
    "gamma .5": {"gamma": 0.5},
    "faded .15 to .8": {"black": 0.15, "white": 0.8},
    "blur 1": {"blur": 1.0},
    "grain .05": {"grain": 0.05},
    "orthochromatic, faded, blur 1, grain .05": {
        "weights": "orthochromatic",
        "black": 0.15,
        "white": 0.8,
        "blur": 1.0,
        "grain": 0.05,
    },
}
RANDOM = EmulsionSimulator(
    ("panchromatic", "blue-sensitive"), gamma=(0.5, 2), fading=(0, 0.5), blur=(0, 2), grain=(0, 0.05)
)


def develop(image, film, rng):
    """A grey 8-bit picture of a colour image on a film."""
    values = image / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    exposure = linear @ WEIGHTS[film.get("weights", "panchromatic")]
    tones = np.where(exposure <= 0.0031308, 12.92 * exposure, 1.055 * exposure ** (1 / 2.4) - 0.055)
    tones = np.clip(gaussian_filter(tones, film.get("blur", 0)), 0, 1) ** film.get("gamma", 1)
    tones = film.get("black", 0) + (film.get("white", 1) - film.get("black", 0)) * tones
    tones = tones + film.get("grain", 0) * rng.standard_normal(tones.shape)
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def told(film, size):
    """EmulsionSimulator with the parameters of a film of files of `size` x `size` pixels."""
    scale, fading = 384 / size, film.get("black", 0) + 1 - film.get("white", 1)
    names = {"panchromatic": "panchromatic", "orthochromatic": "orthochromatic", "blue": "blue-sensitive"}
    return EmulsionSimulator(
        names[film.get("weights", "panchromatic")],
        gamma=film.get("gamma", 1),
        fading=fading,
        shadow_share=film.get("black", 0) / fading if fading else 0.5,
        blur=film.get("blur", 0) * scale,
        # white noise of a file of 256 x 256 pixels has this standard deviation and size after it is enlarged
        grain=film.get("grain", 0) * 0.65,
        grain_size=0.62,
    )


def error(colorizer, truth, gray):
    """Mean CIEDE2000 of predicted chroma at the true lightness."""
    errors = []
    for image, chroma in zip(truth, colorizer.predict_chroma(gray), strict=True):
        lightness, _ = lightness_chroma(image)
        painted = join_lightness_chroma(lightness, chroma, np.float32)
        true = image.reshape(-1, 3)[::7] / np.float32(255)
        errors.append(ciede2000(true, painted.reshape(-1, 3)[::7]).mean())
    return float(np.mean(errors))


def left_gray(truth):
    pairs = ((image, to_gray(image)) for image in truth)
    return float(
        np.mean(
            [
                ciede2000(
                    image.reshape(-1, 3)[::7] / np.float32(255),
                    np.repeat(gray.reshape(-1, 1)[::7] / np.float32(255), 3, axis=1),
                ).mean()
                for image, gray in pairs
            ]
        )
    )


def split(images, draw, n_train, n_test, n_gray):
    order = np.random.default_rng(100 + draw).permutation(len(images))
    parts = np.split(order, np.cumsum([n_test, n_train, n_gray]))
    test, train, gray = ([images[index] for index in part] for part in parts[:3])
    return train, test, gray


def fitted(train, gray=None, emulsion=None, seed=0):
    """A fitted colorizer, and the CPU seconds of its fit."""
    start = time.process_time()
    colorizer = SOMColorizer(emulsion=emulsion, random_state=seed).fit(train, gray=gray)
    return colorizer, time.process_time() - start


def measured(ways, train, test, pictures, seed):
    """Error, seconds and found film of each way of training, for pictures of the test images."""
    result = {}
    for way, arguments in ways.items():
        colorizer, seconds = fitted(train, seed=seed, **arguments)
        result[way] = {"error": error(colorizer, test, pictures), "seconds": seconds}
        if "gray" in arguments:
            result[way]["film"] = colorizer.emulsion_._in_words()
            print(f"{way}: {result[way]}", flush=True)
    return result


def film_trial(images, name, draw, rows):
    """Errors of all ways of training for one film and draw."""
    film = FILMS[name]
    train, test, others = split(images, draw, 200, 60, 20)
    size = float(np.sqrt(np.median([image.shape[0] * image.shape[1] for image in train])))
    pictures, gray = (
        [develop(image, film, np.random.default_rng((seed, index))) for index, image in enumerate(part)]
        for seed, part in ((9, test), (5, others))
    )
    ways = {
        "plain": {},
        "told": {"emulsion": told(film, size)},
        "random": {"emulsion": RANDOM},
        "found from 20": {"gray": gray},
        "found from 5": {"gray": gray[:5]},
    }
    return measured({way: ways[way] for way in rows}, train, test, pictures, draw)


def plate_trial(images, plates, draw, own):
    """Errors on blue plates of colorizers trained on the archive itself (`own`) or on modern photographs."""
    train, test, others = split(plates, draw, 100, 60, 20)
    if not own:
        train = split(images, draw, 200, 60, 20)[0]
    pictures, gray = ([image[..., 2].copy() for image in part] for part in (test, others))
    ways = {"plain": {}, "found from 20": {"gray": gray}}
    return {"grey": {"error": left_gray(test)}, **measured(ways, train, test, pictures, draw)}


def other_trial(images, others, draw):
    """Errors on photographs as they are, with `gray=` of photographs of another subject."""
    train, test, _ = split(images, draw, 200, 60, 20)
    gray = [to_gray(image) for image in split(others, draw, 0, 0, 20)[2]]
    pictures, ways = [to_gray(image) for image in test], {"plain": {}, "found from 20": {"gray": gray}}
    return measured(ways, train, test, pictures, draw)


def row(name, trials, ways):
    """Mean errors of the ways; for those that are found, divided by that told, or by that plain."""
    means = {way: np.mean([trial[way]["error"] for trial in trials]) for way in ways}
    cells = [f"{means[way]:.2f}" for way in ways]
    base = "told" if "told" in means else "plain"
    for way in ways:
        if way.startswith("found"):
            ratios = [trial[way]["error"] / trial[base]["error"] for trial in trials]
            cells.append(f"{means[way] / means[base]:.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    return [name, *cells]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--plates", help="folder of three-colour photographs of an archive")
    parser.add_argument("--other", help="folder of colour photographs of another subject")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--films", nargs="*", default=list(FILMS), choices=list(FILMS))
    parser.add_argument(
        "--rows", nargs="*", default=["plain", "told", "random", "found from 20", "found from 5"]
    )
    parser.add_argument("--state", default="old_photographs.json", help="file that keeps the results so far")
    parser.add_argument("--output", default=RESULTS / "old_photographs.md", type=Path)
    options = parser.parse_args()
    results, draws = Results(options.state), range(options.draws)
    folders = {
        name: [read_image(path) for path in load_image_folder(folder)]
        for name, folder in (("images", options.images), ("plates", options.plates), ("other", options.other))
        if folder
    }
    text = f"Measured by `docs/benchmarks/old_photographs.py`. {machine()}.\n\n"
    text += f"{options.draws} draws; mean CIEDE2000 of the predicted chroma at the true lightness; ratios "
    text += "with the smallest and largest of a draw.\n\n"
    lines = []
    for name in options.films:
        trials = [
            results.measure(
                f"{name} {draw} {way}",
                lambda name=name, draw=draw, way=way: film_trial(folders["images"], name, draw, [way]),
            )
            for draw in draws
            for way in options.rows
        ]
        n_ways = len(options.rows)
        merged = [
            {
                way: trial
                for part in trials[draw * n_ways : (draw + 1) * n_ways]
                for way, trial in part.items()
            }
            for draw in draws
        ]
        lines.append(row(name, merged, options.rows))
    ratios = [f"{way} / told" for way in options.rows if way.startswith("found")]
    text += "## Simulated films\n\n" + table(["film", *options.rows, *ratios], lines) + "\n\n"
    lines = []
    ways = ["grey", "plain", "found from 20"]
    if options.plates:
        for own, name in ((True, "100 of the archive"), (False, "200 modern photographs")):
            trials = [
                results.measure(
                    f"plates {own} {draw}",
                    lambda own=own, draw=draw: plate_trial(folders["images"], folders["plates"], draw, own),
                )
                for draw in draws
            ]
            lines.append(row(name, trials, ways))
        text += "## Blue plates of the archive, by what the colorizer was trained on\n\n"
        text += table(["trained on", *ways, "found / plain"], lines) + "\n\n"
    if options.other:
        trials = [
            results.measure(
                f"other {draw}", lambda draw=draw: other_trial(folders["images"], folders["other"], draw)
            )
            for draw in draws
        ]
        text += "## Photographs as they are, `gray=` of another subject\n\n"
        line = row(Path(options.other).name, trials, ["plain", "found from 20"])
        text += table(["subject", "plain", "found from 20", "found / plain"], [line]) + "\n"
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
