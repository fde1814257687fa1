"""Cost of training by the number of images, with fit and with partial_fit.

    python docs/benchmarks/scale.py --images FOLDER

trains on up to 5,000 images: the photographs of the folder, then crops of them under other tone curves,
made when they are read. Each run has a process of its own, whose peak memory is measured. It prints
Markdown and writes it to results/scale.md. It takes about half an hour on two cores.
"""

import argparse
import resource
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table

from nncolor import SOMColorizer
from nncolor._images.color import join_lightness_chroma, lightness_chroma
from nncolor._images.files import read_image
from nncolor._pixels.samples import number_of_pixels
from nncolor.datasets import load_image_folder

SIZES = (250, 1000, 2500, 5000)
BATCH = 100


class ManyImages:
    """A lazy sequence: the photographs themselves, then variations of them."""

    def __init__(self, paths, n_images):
        self.paths, self.n_images = paths, n_images

    def __len__(self):
        return self.n_images

    def __getitem__(self, index):
        if not 0 <= index < self.n_images:
            raise IndexError(index)
        image = read_image(self.paths[index % len(self.paths)])
        return image if index < len(self.paths) else vary(image, np.random.default_rng(index))


def vary(image, rng):
    """Three quarters of an image, perhaps mirrored, with another tone curve."""
    height, width = (3 * side // 4 for side in image.shape[:2])
    top, left = (rng.integers(side // 4 + 1) for side in image.shape[:2])
    image = image[top : top + height, left : left + width][:, :: rng.choice([-1, 1])]
    lightness, chroma = lightness_chroma(image)
    return join_lightness_chroma(100 * (lightness / 100) ** rng.uniform(0.7, 1.4), chroma, np.uint8)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def learn(queue, paths, n_images, method):
    kept_back, learned_from = paths[::10], [path for n, path in enumerate(paths) if n % 10]
    images = ManyImages(learned_from, n_images)
    colorizer = SOMColorizer(n_jobs=2, random_state=0)
    before, start = peak(), time.perf_counter()
    if method == "fit":
        colorizer.fit(images)
    else:
        order = np.random.default_rng(0).permutation(n_images)
        for batch in np.array_split(order, max(1, n_images // BATCH)):
            colorizer.partial_fit([images[index] for index in batch])
    seconds, memory = time.perf_counter() - start, peak() - before
    n_features = len(colorizer.extractor_.get_feature_names_out())
    formula = number_of_pixels("auto", n_images) * n_images * 12 * n_features / 1e6
    queue.put((seconds, memory, formula, -colorizer.score(kept_back)))


def measured(*arguments):
    context = get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=learn, args=(queue, *arguments))
    process.start()
    result = queue.get()
    process.join()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--output", default=RESULTS / "scale.md", type=Path)
    options = parser.parse_args()
    paths = load_image_folder(options.images)
    lines = []
    for n_images in options.sizes:
        seconds, memory, formula, error = measured(paths, n_images, "fit")
        parts, parts_memory, _, parts_error = measured(paths, n_images, "partial_fit")
        lines.append(
            [
                f"{n_images:,}",
                f"{seconds:.0f}",
                f"{seconds / n_images * 1000:.0f}",
                f"{memory:,.0f}",
                f"{formula:,.0f}",
                f"{error:.1f}",
                f"{parts / n_images * 1000:.0f}",
                f"{parts_memory:,.0f}",
                f"{parts_error:.1f}",
            ]
        )
        print(*lines[-1], sep=" | ", flush=True)
    text = (
        f"Measured by `docs/benchmarks/scale.py`. {machine()}.\n\n"
        f"Two threads, the defaults. Memory in MB is the peak of the process, less what it had before. "
        f"`partial_fit` goes over all images once, {BATCH} at a time. CIEDE2000 is that of "
        f"{len(paths[::10])} photographs of the folder that were held out.\n\n"
    )
    text += table(
        [
            "images",
            "`fit`, seconds",
            "ms an image",
            "memory",
            "by the formula",
            "CIEDE2000",
            "`partial_fit`, ms an image",
            "memory",
            "CIEDE2000",
        ],
        lines,
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
