"""Error for training images and test images of different sizes, and what a large image costs.

    python docs/benchmarks/sizes.py --images DIR

DIR is a folder of colour photographs of one class and one size. They are resized to half, one, two and four
times their side. The tables are printed as Markdown and written to results/sizes.md. Linux only: the
peak of memory is read from /proc.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from _report import RESULTS, compare, machine, table
from inference import grey_image, paper_colorizer
from memory import in_new_process
from PIL import Image
from sklearn.utils import check_random_state

from nncolor import SOMColorizer
from nncolor._images.blocks import for_blocks
from nncolor._images.color import LazyLightness, paint
from nncolor._images.files import read_image
from nncolor._painting.settings import PaintingSettings
from nncolor.datasets import load_image_folder, load_sample_photos
from nncolor.metrics import mean_ciede2000

FACTORS = {"half": 0.5, "one": 1, "two": 2, "four": 4}
LARGE = {1: (1000, 1000), 6: (2048, 3072), 24: (4000, 6000), 100: (10_000, 10_000)}


def resized(path, factor):
    image = Image.fromarray(read_image(path))
    size = [max(1, round(side * factor)) for side in image.size]
    return np.asarray(image if factor == 1 else image.resize(size, Image.Resampling.BICUBIC))


def draw(paths, n_train, n_test, seed):
    order = check_random_state(seed).permutation(len(paths))
    chosen = [paths[index] for index in order[: n_train + n_test]]
    return chosen[:n_train], chosen[n_train:]


def errors_of_draw(train, test, working_size, seed):
    """Mean CIEDE2000 by (training size, test size)."""
    factors = list(FACTORS.values())
    errors = {}
    for name in [*FACTORS, "mixture"]:
        if name == "mixture":
            images = (resized(path, factors[number % len(factors)]) for number, path in enumerate(train))
        else:
            images = (resized(path, FACTORS[name]) for path in train)
        colorizer = SOMColorizer(working_size=working_size, n_jobs=2, random_state=seed).fit(images)
        for test_name, factor in FACTORS.items():
            truth = [resized(path, factor) for path in test]
            errors[name, test_name] = mean_ciede2000(truth, colorizer.predict(truth))
            print(working_size, name, test_name, f"{errors[name, test_name]:.2f}", flush=True)
    return errors


def error_tables(paths, options):
    text = f"{options.train} training and {options.test} test images, {options.draws} draws: mean CIEDE2000, "
    text += "and in brackets its standard deviation over the draws.\n\n"
    for working_size in (384, None):
        found = [
            errors_of_draw(*draw(paths, options.train, options.test, seed), working_size, seed)
            for seed in range(options.draws)
        ]
        lines = [
            [name]
            + [
                f"{np.mean(values):.2f} ({np.std(values):.2f})"
                for test_name in FACTORS
                for values in [[errors[name, test_name] for errors in found]]
            ]
            for name in [*FACTORS, "mixture"]
        ]
        text += f"`working_size={working_size}`:\n\n" + table(["trained at", *FACTORS], lines) + "\n"
    return text


def convert_only(image):
    """Convert the lightness of an image, with a chroma of zero, to RGB in two threads."""
    colors = np.empty((*image.shape, 3), np.uint8)
    for_blocks(image.shape, PaintingSettings.block_pixels, 2, _convert_block, LazyLightness(image), colors)


def _convert_block(block, lightness, colors):
    paint(lightness[block.index], np.zeros((2, *block.shape), np.float32), colors[block.index])


def cost_table():
    photos = load_sample_photos().images
    models = {
        "working_size=384, the default": SOMColorizer(random_state=0, n_jobs=2).fit(photos),
        "working_size=None": SOMColorizer(working_size=None, random_state=0, n_jobs=2).fit(photos),
        "the paper": paper_colorizer(),
    }
    lines = []
    for megapixels, (height, width) in LARGE.items():
        image = grey_image(height, width)
        trials = {name: partial(model.predict, [image]) for name, model in models.items()}
        trials["conversion to RGB alone"] = partial(convert_only, image)
        seconds = compare(trials, 5 if megapixels < 50 else 1)
        for name in trials:
            megabytes = ""
            if name in models:
                megabytes = f"{in_new_process(models[name].predict, height, width, 'uint8') / 1e6:.0f}"
            lines.append([f"{megapixels}", name, f"{seconds[name]:.2f}", megabytes])
            print(*lines[-1], flush=True)
    header = ["megapixels", "", "seconds", "MB above input and output"]
    return "8-bit grey, two threads, medians of five runs in turn (one at 100 megapixels).\n\n" + table(
        header, lines
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs of one size")
    parser.add_argument("--train", type=int, default=100, help="training images of each draw")
    parser.add_argument("--test", type=int, default=30, help="test images of each draw")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=["errors", "cost"], default=["errors", "cost"])
    parser.add_argument("--output", default=RESULTS / "sizes.md", type=Path)
    options = parser.parse_args()
    text = f"Measured by `docs/benchmarks/sizes.py`. {machine()}.\n\n"
    if "errors" in options.parts:
        text += error_tables(load_image_folder(options.images), options)
    if "cost" in options.parts:
        text += cost_table()
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
