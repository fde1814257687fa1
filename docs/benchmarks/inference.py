"""Time of colouring, compared with other implementations, in one process.

    python docs/benchmarks/inference.py

prints the tables as Markdown and writes them to results/inference.md. The others have the paper's
configuration; PyTorch is left out where it is not installed.
"""

import argparse
from functools import cached_property
from pathlib import Path

import numpy as np
from _report import RESULTS, compare, machine, table
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer
from nncolor._images.color import image_lightness
from nncolor._painting.image_decoder import color_table
from nncolor.datasets import load_sample_photos

try:
    import torch
except ImportError:
    torch = None


def paper_colorizer(patch_size=5, side=3, n_jobs=2):
    """The paper's configuration; its network is trained just long enough to have weights."""
    return SOMColorizer.paper(
        extractor=PatchExtractor(patch_size),
        quantizer=SOMQuantizer((side, side), n_iter=10_000),
        classifier=MLPClassifier((50, 50), max_iter=1000, tol=1, n_iter_no_change=1),
        pixels_per_image=5000,
        random_state=0,
        n_jobs=n_jobs,
    ).fit(load_sample_photos().images)


def grey_image(height, width):
    photo = load_sample_photos().images[2].mean(axis=-1).astype(np.uint8)
    return np.tile(photo, (-(-height // photo.shape[0]), -(-width // photo.shape[1])))[:height, :width].copy()


def flops_per_pixel(network):
    return sum(2 * weights.size for weights in network.coefs_)


def gemm_seconds(flops):
    """Seconds of a number of FLOPs in one large matrix product, and its GFLOP/s."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 3000, 3000), np.float32)
    seconds = compare({"": lambda: a @ b}, 7)[""]
    speed = 2 * 3000**3 / seconds
    return flops / speed, speed / 1e9


class Rivals:
    """Other implementations of the same network and the same table of colours."""

    def __init__(self, colorizer, image):
        self.image = image
        self.network = colorizer.classifier_
        self.size = colorizer.extractor_.patch_size
        self.classes = colorizer.classes_
        self.table = color_table(colorizer.codebook_).reshape(-1, 256, 3)

    def paint(self, winners):
        return self.table[self.classes[winners.reshape(self.image.shape)], self.image]

    def padded(self):
        return np.pad(image_lightness(self.image) / 50 - 1, self.size // 2, mode="reflect")

    def pipeline(self):
        """scikit-learn's pipeline on the whole patch matrix."""
        pipe = make_pipeline(PatchExtractor(self.size), self.network)
        return self.table[pipe.predict([self.image]).reshape(self.image.shape), self.image]

    def tiles(self):
        """scikit-learn's predict_proba on bands of 32 rows."""
        winners = []
        for start in range(0, len(self.image), 32):
            band = self.padded_once[start : start + 32 + self.size - 1]
            patches = sliding_window_view(band, (self.size, self.size)).reshape(-1, self.size**2)
            winners.append(self.network.predict_proba(patches).argmax(axis=1))
        return self.paint(np.concatenate(winners))

    @cached_property
    def padded_once(self):
        return self.padded()

    def torch_layers(self, memory_format):
        layers = []
        sizes = [self.size, *[1] * (len(self.network.coefs_) - 1)]
        for size, weights, bias in zip(sizes, self.network.coefs_, self.network.intercepts_, strict=True):
            layer = torch.nn.Conv2d(len(weights) // size**2, weights.shape[1], size)
            layer.weight.data = torch.tensor(weights.T.reshape(layer.weight.shape), dtype=torch.float32)
            layer.bias.data = torch.tensor(bias, dtype=torch.float32)
            layers += [layer, torch.nn.ReLU(inplace=True)]
        return torch.nn.Sequential(*layers[:-1]).to(memory_format=memory_format)

    def torch_convolutions(self, rows, memory_format):
        """PyTorch's convolutions on bands of some rows; None for the whole image at once."""
        layers = self.torch_layers(memory_format)

        def run():
            padded = torch.from_numpy(self.padded())[None, None]
            step, winners = rows or len(self.image), []
            with torch.inference_mode():
                for start in range(0, len(self.image), step):
                    band = padded[:, :, start : start + step + self.size - 1]
                    winners.append(layers(band.contiguous(memory_format=memory_format)).argmax(dim=1)[0])
                labels = torch.cat(winners).numpy()
            return self.paint(labels)

        return run


def side_by_side(height, width, repeats):
    image = grey_image(height, width)
    colorizer = paper_colorizer()
    defaults = SOMColorizer(random_state=0, n_jobs=2).fit(load_sample_photos().images)
    rivals = Rivals(colorizer, image)
    ours = "nncolor, the paper's configuration"
    trials = {
        ours: lambda: colorizer.predict([image])[0],
        "nncolor, the defaults": lambda: defaults.predict([image])[0],
        "(a) scikit-learn's pipeline on the whole matrix": rivals.pipeline,
        "(b) scikit-learn on bands of 32 rows": rivals.tiles,
    }
    if torch is not None:
        plain, last = torch.contiguous_format, torch.channels_last
        trials["(c) PyTorch, the whole image"] = rivals.torch_convolutions(None, plain)
        for rows in (16, 64):
            trials[f"(c) PyTorch, bands of {rows} rows"] = rivals.torch_convolutions(rows, plain)
            trials[f"(c) PyTorch, channels last, bands of {rows} rows"] = rivals.torch_convolutions(
                rows, last
            )
    same_result(trials, ours)
    seconds = compare(trials, repeats)
    limit, speed = gemm_seconds(image.size * flops_per_pixel(colorizer.classifier_))
    seconds[f"(d) its FLOPs in one matrix product, {speed:.0f} GFLOP/s"] = limit
    rows = [
        [name, f"{value:.2f}", f"{image.size / value / 1e6:.1f}", f"{value / seconds[ours]:.2f}"]
        for name, value in seconds.items()
    ]
    text = f"## {height} x {width} pixels, 8 bits\n\nMedians of {repeats} rounds after a first one.\n\n"
    return text + table(["", "seconds", "megapixels a second", "ratio to nncolor"], rows)


def same_result(trials, ours):
    """Stop unless all paint the same picture, except for ties."""
    expected = trials[ours]()
    for name, function in trials.items():
        if "defaults" not in name:
            share = (function() != expected).any(axis=-1).mean()
            if share > 1e-3:
                raise RuntimeError(f"{name} paints {share:.2%} of the pixels in other colours")


def growth(repeats):
    """How the cost of the paper's configuration and of the defaults grows."""
    photos = load_sample_photos().images
    defaults = SOMColorizer(random_state=0, n_jobs=2).fit(photos)
    paper = paper_colorizer()
    lines = []
    for height, width in [(256, 256), (1024, 1024), (2048, 3072), (5000, 5000)]:
        image = grey_image(height, width)
        lines.append([f"{height} x {width}", *per_megapixel([paper, defaults], [image], repeats)])
    text = "## How the cost grows\n\nMicroseconds for each pixel.\n\n"
    text += table(["image", "the paper's configuration", "the defaults"], lines) + "\n"

    image, lines = grey_image(1024, 1024), []
    for size in (1, 3, 5, 7, 11):
        lines.append([f"{size} x {size}", *per_megapixel([paper_colorizer(size)], [image], repeats)])
    text += table(["patch, 9 codewords, 1024 x 1024", "the paper's configuration"], lines) + "\n"
    lines = []
    for side in (3, 5, 10, 20):
        other = SOMColorizer(
            quantizer=SOMQuantizer((side, side), n_iter=20_000), random_state=0, n_jobs=2
        ).fit(photos)
        lines.append([side**2, *per_megapixel([paper_colorizer(5, side), other], [image], repeats)])
    text += table(["codewords, 1024 x 1024", "the paper's configuration", "the defaults"], lines) + "\n"
    lines = []
    for n_images in (1, 10, 100):
        images = [grey_image(256, 256)] * n_images
        for n_jobs in (1, 2):
            models = [model.set_params(n_jobs=n_jobs) for model in (paper, defaults)]
            lines.append([n_images, n_jobs, *per_megapixel(models, images, repeats)])
    header = ["images of 256 x 256", "threads", "the paper's configuration", "the defaults"]
    return text + table(header, lines)


def per_megapixel(models, images, repeats):
    n_pixels = sum(image.size for image in images)
    trials = {i: (lambda model=model: model.predict(images)) for i, model in enumerate(models)}
    return [f"{seconds / n_pixels * 1e6:.3f}" for seconds in compare(trials, repeats).values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", type=int, nargs=2, default=(2048, 3072), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", default=RESULTS / "inference.md", type=Path)
    options = parser.parse_args()
    versions = (
        "" if torch is None else f", PyTorch {torch.__version__} with {torch.get_num_threads()} threads"
    )
    text = "\n".join(
        [
            f"Measured by `docs/benchmarks/inference.py`. {machine()}{versions}.\n",
            side_by_side(*options.size, options.repeats),
            growth(options.repeats),
        ]
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
