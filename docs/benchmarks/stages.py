"""Where the time of fit and predict goes: seconds and shares of their stages.

    python docs/benchmarks/stages.py --images FOLDER

trains on 20, 292 and 5,000 photographs (those of the folder, then variations of them), and colours images
of 0.07, 6 and 24 megapixels, in one thread under cProfile. It prints Markdown and writes it to
results/stages.md.
"""

import argparse
import cProfile
import pstats
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table
from scale import ManyImages
from skimage.transform import resize

from nncolor import SOMColorizer
from nncolor._images.color import from_unit_range
from nncolor.datasets import load_image_folder

NUMBERS = (20, 292, 5000)
SIZES = ((256, 256), (2048, 3072), (4000, 6000))
# Functions by stage; their times do not overlap, but for validation and training, which train networks.
FIT = {
    "reading and sampling": ("sample_image",),
    "features": ("_describe_pixels",),
    "codebook": ("fit_codebook",),
    "validation": ("validate",),
    "training": ("train_classifier",),
}
PREDICT = {
    "lightness at the working size": ("working_lightness",),
    "features and network": ("sampled_chroma",),
    "enlarging and painting": ("write_enlarged",),
}


def seconds_of(stages, function, *arguments):
    """Seconds of a call, and of each of its stages, by cProfile."""
    profile = cProfile.Profile()
    profile.runcall(function, *arguments)
    statistics = pstats.Stats(profile)
    by_name = {}
    for (path, _, name), (*_, cumulative, _) in statistics.stats.items():
        if "nncolor" in path:
            by_name[name] = max(by_name.get(name, 0), cumulative)
    return statistics.total_tt, [sum(by_name.get(name, 0) for name in names) for names in stages.values()]


def rows_of(stages, trials):
    """Rows of the table: the total, and each stage with its share."""
    rows = []
    for name, function, arguments in trials:
        total, seconds = seconds_of(stages, function, *arguments)
        others = max(total - sum(seconds), 0)
        cells = [f"{value:.2f} ({100 * value / total:.0f} %)" for value in (*seconds, others)]
        rows.append([name, f"{total:.2f}", *cells])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    parser.add_argument("--output", default=RESULTS / "stages.md", type=Path)
    options = parser.parse_args()
    paths = load_image_folder(options.images)
    colorizer = SOMColorizer(random_state=0).fit(paths[:20])
    fits = [
        (f"{number:,}", SOMColorizer(random_state=0).fit, (ManyImages(paths, number),))
        for number in options.numbers
    ]
    noise = np.random.default_rng(0).random((32, 48))
    images = [from_unit_range(resize(noise, size, order=1), np.dtype(np.uint8)) for size in SIZES]
    for image in images:
        colorizer.colorize(image)
    predictions = [
        (f"{height} x {width}", colorizer.colorize, (image,))
        for (height, width), image in zip(SIZES, images, strict=True)
    ]
    text = (
        f"Measured by `docs/benchmarks/stages.py`. {machine()}.\n\nSeconds in one thread under a profiler, "
        "which slows small functions.\n\n"
    )
    text += table(["photographs", "`fit`", *FIT, "others"], rows_of(FIT, fits)) + "\n"
    text += table(["image", "`colorize`", *PREDICT, "others"], rows_of(PREDICT, predictions))
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
