"""Time of training: all of it, the network compared with PyTorch, the map with MiniSom and KMeans.

    python docs/benchmarks/training.py --images FOLDER

prints the tables as Markdown and writes them to results/training.md. PyTorch is left out where it
is not installed.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
from _report import RESULTS, compare, machine, table
from sklearn.cluster import KMeans
from sklearn.neural_network import MLPClassifier

from nncolor import CodewordClassifier, PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels
from nncolor._network import usual_settings
from nncolor._training import DEFAULTS
from nncolor._utils.threads import single_threaded
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_chroma, mean_ciede2000

try:
    import torch
except ImportError:
    torch = None


def whole_fit(paths):
    """Seconds of a whole SOMColorizer().fit, and of its parts."""
    for path in paths:
        Path(path).read_bytes()  # warm file cache
    start = time.perf_counter()
    colorizer = SOMColorizer(random_state=0, n_jobs=2).fit(paths)
    total = time.perf_counter() - start
    start = time.perf_counter()
    pixels = sample_pixels(paths, random_state=0, n_jobs=2)
    reading = time.perf_counter() - start
    start = time.perf_counter()
    colorizer.extractor_.transform(pixels)
    features = time.perf_counter() - start
    start = time.perf_counter()
    SOMQuantizer(**colorizer.quantizer_.get_params()).fit(pixels.chroma)
    codebook = time.perf_counter() - start
    lines = [
        ["`SOMColorizer(n_jobs=2).fit`", f"{total:.1f}"],
        ["reading and sampling alone", f"{reading:.1f}"],
        ["features alone, one thread", f"{features:.1f}"],
        ["codebook alone", f"{codebook:.1f}"],
        [
            f"validation, and the network on {n_trained(colorizer.classifier_):,} pixels: what is left",
            f"{total - reading - features - codebook:.1f}",
        ],
    ]
    text = f"## fit on {len(paths)} photographs, {len(pixels):,} pixels\n\n"
    return text + table(["", "seconds"], lines)


def n_trained(network):
    """Number of pixels that a network was trained on, repetitions included."""
    return network.n_training_pixels_ if isinstance(network, CodewordClassifier) else network.t_


class TorchNetwork:
    """The layers, the penalty, Adam and the batches of the other networks, in PyTorch.

    One thread: with two, batches of this size take longer.
    """

    def __init__(self, hidden, n_classes, batch_size, alpha, learning_rate):
        self.hidden, self.n_classes = hidden, n_classes
        self.batch_size, self.alpha, self.learning_rate = batch_size, alpha, learning_rate

    def start(self, features, labels):
        torch.manual_seed(0)
        sizes = [features.shape[1], *self.hidden, self.n_classes]
        layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            layer = torch.nn.Linear(n_in, n_out)
            torch.nn.init.xavier_uniform_(layer.weight)
            layers += [layer, torch.nn.ReLU()]
        self.layers = torch.nn.Sequential(*layers[:-1])
        self.weights = [layer.weight for layer in layers[::2]]
        self.optimizer = torch.optim.Adam(self.layers.parameters(), lr=self.learning_rate)
        self.features, self.labels = torch.from_numpy(features), torch.from_numpy(labels).long()

    def epoch(self):
        torch.set_num_threads(1)
        order = torch.randperm(len(self.labels))
        for batch in order.split(self.batch_size):
            self.optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.layers(self.features[batch]), self.labels[batch])
            penalty = sum((weights**2).sum() for weights in self.weights)
            (loss + self.alpha / 2 / len(batch) * penalty).backward()
            self.optimizer.step()

    def held_out_loss(self, features, labels):
        with torch.inference_mode():
            logits = self.layers(torch.from_numpy(features))
            return float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels).long()))


class SklearnNetwork:
    """MLPClassifier epoch by epoch."""

    def __init__(self, hidden, n_classes, batch_size, alpha, learning_rate):
        self.network = MLPClassifier(
            hidden, batch_size=batch_size, alpha=alpha, learning_rate_init=learning_rate, random_state=0
        )
        self.classes = np.arange(n_classes)

    def start(self, features, labels):
        self.features, self.labels = features, labels

    def epoch(self):
        with single_threaded():  # as in SOMColorizer.fit
            self.network.partial_fit(self.features, self.labels, classes=self.classes)

    def held_out_loss(self, features, labels):
        probabilities = self.network.predict_proba(features)
        return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


class CodewordNetwork(SklearnNetwork):
    """CodewordClassifier epoch by epoch."""

    def __init__(self, hidden, n_classes, batch_size, alpha, learning_rate):
        self.network = CodewordClassifier(
            hidden, batch_size=batch_size, penalty=alpha, learning_rate_init=learning_rate, random_state=0
        )
        self.classes = np.arange(n_classes)


def epochs(pixels, repeats):
    """Seconds of an epoch of 300,000 patches of 5 x 5, of each implementation in turn."""
    rows = np.random.default_rng(0).choice(len(pixels), min(300_000, len(pixels)), replace=False)
    features = PatchExtractor(5).transform(pixels[rows])
    labels = SOMQuantizer(random_state=0).fit_predict(pixels.chroma)[rows]
    lines = []
    for batch_size in (200, 500, 1000):
        kinds = {"ours": CodewordNetwork, "sklearn": SklearnNetwork}
        if torch is not None:
            kinds["torch"] = TorchNetwork
        networks = {name: kind((50, 50), 9, batch_size, 1e-4, 1e-3) for name, kind in kinds.items()}
        for network in networks.values():
            network.start(features, labels)
        seconds = compare({name: network.epoch for name, network in networks.items()}, repeats)
        cells = (f"{seconds[name]:.2f}" if name in seconds else "" for name in ("ours", "sklearn", "torch"))
        lines.append([batch_size, *cells])
    text = f"## An epoch of {len(rows):,} patches of 5 x 5, layers of 50+50\n\n"
    names = "CodewordClassifier", "MLPClassifier", "PyTorch"
    return text + table(["batch", *(f"{name}, seconds" for name in names)], lines)


def to_equal_error(train, test, n_epochs):
    """Held-out error against time: the default network, other batches and rates, and PyTorch."""
    default = CodewordClassifier()
    penalty, _ = usual_settings(None)
    extractor = DEFAULTS["extractor"]()
    quantizer = DEFAULTS["quantizer"]().set_params(random_state=0).fit(train.chroma)
    n_codes = len(quantizer.cluster_centers_)
    (features, labels), (held_out, true) = (
        (extractor.transform(pixels), quantizer.predict(pixels.chroma)) for pixels in (train, test)
    )
    batch, rate = default.batch_size, default.learning_rate_init
    trials = {
        (CodewordNetwork, *pair) for pair in [(batch, rate), (batch, rate / 2), (500, rate), (1000, 2 * rate)]
    }
    trials |= {
        (SklearnNetwork, *pair) for pair in [(batch, rate), (batch, 0.001), (500, 0.002), (1000, 0.004)]
    }
    if torch is not None:
        trials |= {(TorchNetwork, batch, rate), (TorchNetwork, batch, 0.001)}
    curves = {}
    for kind, batch_size, learning_rate in sorted(trials, key=lambda trial: (trial[0].__name__, trial[1:])):
        network = kind(default.hidden_layer_sizes, n_codes, batch_size, penalty, learning_rate)
        network.start(features, labels)
        seconds, curve = 0.0, []
        for _ in range(n_epochs):
            start = time.perf_counter()
            network.epoch()
            seconds += time.perf_counter() - start
            curve.append((seconds, network.held_out_loss(held_out, true)))
        curves[kind, batch_size, learning_rate] = np.array(curve)
    ours = CodewordNetwork, batch, rate
    level = curves[ours][:, 1].min() + 0.005
    names = {CodewordNetwork: "CodewordClassifier", SklearnNetwork: "MLPClassifier", TorchNetwork: "PyTorch"}
    lines = []
    for (kind, batch_size, learning_rate), curve in curves.items():
        reached = np.flatnonzero(curve[:, 1] <= level)
        name = names[kind] + (", the default" if (kind, batch_size, learning_rate) == ours else "")
        at = f"{curve[reached[0], 0]:.1f}" if len(reached) else "not reached"
        lines.append([name, batch_size, learning_rate, f"{curve[:, 1].min():.4f}", f"{curve[-1, 1]:.4f}", at])
    text = (
        "## Time to the same held-out error\n\n"
        f"The default network on {len(labels):,} pixels, validated on {len(true):,} of other photographs; "
        f"{n_epochs} epochs each; the error to reach is {level:.4f}.\n\n"
    )
    header = [
        "",
        "batch",
        "learning rate",
        "smallest log loss",
        "last log loss",
        "seconds to reach the error",
    ]
    return text + table(header, lines)


def of_settings(paths):
    """Time and quality of whole fits with other settings of the network."""
    order = np.random.default_rng(0).permutation(len(paths))
    n_train = round(0.8 * len(paths))
    train, test = ([paths[i] for i in part] for part in (order[:n_train], order[n_train:]))
    trials = {
        "the default": CodewordClassifier(),
        "batches of 500": CodewordClassifier(batch_size=500),
        "batches of 1000, learning rate .008": CodewordClassifier(batch_size=1000, learning_rate_init=0.008),
        "MLPClassifier, early stopping on a tenth of the pixels": MLPClassifier(
            (50, 50), alpha=1.0, early_stopping=True
        ),
    }
    lines = []
    for name, classifier in trials.items():
        start = time.perf_counter()
        colorizer = SOMColorizer(classifier=classifier, random_state=0, n_jobs=2).fit(train)
        seconds = time.perf_counter() - start
        predicted = colorizer.predict(test)
        lines.append(
            [
                name,
                f"{n_trained(colorizer.classifier_):,}",
                f"{seconds:.1f}",
                f"{mean_ciede2000(test, predicted):.2f}",
                f"{mean_chroma(predicted):.1f}",
            ]
        )
    text = (
        f"## Settings of the network\n\n{len(train)} training photographs, {len(test)} held-out photographs, "
        f"whose mean chroma is {mean_chroma(test):.1f}.\n\n"
    )
    return text + table(["", "training pixels", "seconds of fit", "mean CIEDE2000", "mean chroma"], lines)


def maps(pixels, repeats):
    """The map compared with KMeans and with MiniSom's search for winners."""
    rng = np.random.default_rng(0)
    rows = pixels.chroma[rng.integers(0, len(pixels), 1_000_000)] + rng.normal(0, 0.1, (1_000_000, 2))
    many = np.concatenate([rows, rows[:700_000]])
    lines = []
    for side in (3, 10, 20):
        start = time.perf_counter()
        quantizer = SOMQuantizer((side, side), random_state=0).fit(rows)
        fit = time.perf_counter() - start
        start = time.perf_counter()
        kmeans = KMeans(side**2, n_init=1, random_state=0).fit(rows)
        fit_kmeans = time.perf_counter() - start
        som, few = quantizer.to_minisom(), (many[:50_000] - quantizer.mean_) / quantizer.scale_
        start = time.perf_counter()
        for row in few:
            som.winner(row)
        winners = (time.perf_counter() - start) * len(many) / len(few)
        trials = {"som": partial(quantizer.predict, many), "kmeans": partial(kmeans.predict, many)}
        seconds = compare(trials, repeats)
        lines.append(
            [
                side**2,
                f"{fit:.1f}",
                f"{fit_kmeans:.1f}",
                f"{seconds['som']:.2f}",
                f"{seconds['kmeans']:.2f}",
                f"{winners:.0f}",
            ]
        )
    text = (
        "## The map\n\n`fit` on 1,000,000 vectors of chroma, `predict` on 1,700,000; seconds. "
        "MiniSom's `winner` is measured on 50,000 and scaled up.\n\n"
    )
    return text + table(
        [
            "codes",
            "SOMQuantizer.fit",
            "KMeans.fit",
            "SOMQuantizer.predict",
            "KMeans.predict",
            "MiniSom.winner",
        ],
        lines,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--output", default=RESULTS / "training.md", type=Path)
    options = parser.parse_args()
    paths = load_image_folder(options.images)
    pixels = sample_pixels(paths, random_state=0, n_jobs=2)
    train = pixels[pixels.groups % 5 > 0]
    test = pixels[pixels.groups % 5 == 0]
    versions = (
        "" if torch is None else f", PyTorch {torch.__version__} with {torch.get_num_threads()} threads"
    )
    text = "\n".join(
        [
            f"Measured by `docs/benchmarks/training.py`. {machine()}{versions}.\n",
            whole_fit(paths),
            epochs(pixels, options.repeats),
            to_equal_error(train, test, options.epochs),
            of_settings(list(paths)),
            maps(pixels, options.repeats),
        ]
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
