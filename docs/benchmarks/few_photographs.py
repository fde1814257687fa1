"""Error by number of training photographs, with the defaults and with other settings.

    python docs/benchmarks/few_photographs.py --images DIR [DIR ...]

Each DIR is a folder of colour photographs of one class. For each number of training photographs several draws
are made; all settings of a draw are evaluated on the same held-out photographs. The grid consists of networks
of all PENALTIES and LENGTHS, trained on the training photographs of a draw and measured at single pixels of
its held-out photographs, painted with all of the predicted chroma. The ratio is the error of the defaults at
the same pixels, painted with `chroma_scale_`, divided by that of the setting of the grid with the least mean
error over the draws. That setting was chosen on the held-out photographs themselves, so its error is slightly
too small. The tables are printed as Markdown and written to results/few_photographs.md.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from _report import RESULTS, Results, machine, table
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier

from nncolor import CodewordClassifier, SOMColorizer, sample_pixels, to_gray
from nncolor._codebook.quantizer import nearest_codewords
from nncolor._images.color import ciede2000, join_lightness_chroma
from nncolor._images.files import read_image
from nncolor._network import make_networks, with_weights
from nncolor._pixels.samples import Sampling
from nncolor._training import sample_features, show_tint
from nncolor._utils.threads import plain_context
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_chroma, mean_ciede2000

NUMBERS = (1, 3, 5, 10, 20, 40, 80, 160, 234)
# The grid: penalties, and numbers of training pixels.
PENALTIES = (0.05, 0.3, 1.0, 3.0, 10.0)
LENGTHS = tuple(25_000 << doubling for doubling in range(7))
# Colorizers beside the defaults.
ROWS = ["convergence", "rule", "grid"]
# Pixels of a held-out photograph on which the grid is measured.
JUDGED = 500


class Network64(MLPClassifier):
    """The network in float64: a strong penalty makes float32 weights so small that products are slow."""

    def fit(self, X, y):
        return super().fit(np.asarray(X, np.float64), y)


def to_convergence(seed):
    """A fixed penalty, trained to convergence, without working size and validation."""
    network = Network64((50, 50), alpha=1.0, tol=1e-3, n_iter_no_change=5, max_iter=1000)
    return SOMColorizer(
        classifier=network,
        working_size=None,
        pixels_per_image=2500,
        validation_fraction=0,
        random_state=seed,
    )


def trials(seed, rows):
    found = {"defaults": SOMColorizer(random_state=seed)}
    if "convergence" in rows:
        found["to convergence"] = to_convergence(seed)
    if "rule" in rows:
        found["by the rule, without validation"] = SOMColorizer(validation_fraction=0, random_state=seed)
    return found


def grid_errors(colorizer, train, pixels, seed):
    """Errors at pixels, (n_lengths, n_penalties), with extractor and codebook of a fitted colorizer."""
    model, random_state = colorizer._fitted, np.random.RandomState(seed)
    sampling = Sampling(colorizer.pixels_per_image, model.working_size)
    true = join_lightness_chroma(pixels.lightness, pixels.chroma, np.float32)
    with plain_context():
        sample = sample_features(train, model.extractor, sampling, random_state, fit=False)
        if model.has_tint:
            sample = show_tint(sample, colorizer.tint_share, random_state)
        codewords, labels = np.unique(nearest_codewords(model.quantizer, sample.chroma), return_inverse=True)
        shape = sample.features.shape[1], len(codewords)
        networks = make_networks(CodewordClassifier(), *shape, PENALTIES, random_state)
        order, errors = random_state.permutation(len(labels)), []
        for length in LENGTHS:
            networks.train(sample.features, labels, order, length)
            for index in range(len(PENALTIES)):
                network = with_weights(model.classifier, networks, index, np.arange(len(codewords)))
                other = replace(model, classifier=network, codewords=codewords, chroma_scale=1.0)
                decoder = other.decoder(colorizer.temperature, 0, colorizer._painting)
                chroma = decoder.predict_pixels(decoder.pixels.chroma, pixels)
                painted = join_lightness_chroma(pixels.lightness, chroma, np.float32)
                errors.append(float(ciede2000(true, painted).mean(dtype=np.float64)))
    return np.reshape(errors, (len(LENGTHS), len(PENALTIES))).tolist()


def measure(paths, number, seed, n_test, rows):
    """Error and chroma of each trial of a draw."""
    order = np.random.default_rng(1000 + seed).permutation(len(paths))
    test = [paths[index] for index in order[:n_test]]
    train = [paths[index] for index in order[n_test : n_test + number]]
    truth = [read_image(path) for path in test]
    found = {
        "grey": {"error": mean_ciede2000(truth, [to_gray(image) for image in truth])},
        "truth": {"chroma": mean_chroma(truth)},
    }
    for name, colorizer in trials(seed, rows).items():
        colored = colorizer.fit(train).predict(truth)
        found[name] = {"error": mean_ciede2000(truth, colored), "chroma": mean_chroma(colored)}
        if name == "defaults":
            network = colorizer.classifier_
            found[name] |= {
                "validation": colorizer.validation_error_,
                "share": colorizer.chroma_scale_,
                "setting": [network.penalty_, network.n_training_pixels_],
            }
            if "grid" in rows:
                pixels = sample_pixels(test, JUDGED, random_state=seed)
                found[name]["at pixels"] = -colorizer.score(pixels)
                found[name]["grid"] = grid_errors(colorizer, train, pixels, seed)
    return found


def report(folder, found):
    """Table of one class: a row for each number of training photographs."""
    first = next(iter(found.values()))[0]
    names = [name for name in first if name not in ("grey", "truth", "defaults")]
    has_grid = "grid" in first["defaults"]
    lines = []
    for number, draws in found.items():

        def mean(name, key, draws=draws):
            return np.mean([draw[name][key] for draw in draws])

        validated = [
            draw["defaults"]["validation"] for draw in draws if draw["defaults"]["validation"] is not None
        ]
        deviation = np.std([draw["defaults"]["error"] for draw in draws])
        lines.append(
            [
                number,
                f"{mean('grey', 'error'):.2f}",
                f"{mean('defaults', 'error'):.2f} ({deviation:.2f})",
                f"{100 * mean('defaults', 'chroma') / mean('truth', 'chroma'):.0f} %",
                f"{np.mean(validated):.2f}" if validated else "",
                "; ".join(setting_name(*draw["defaults"]["setting"]) for draw in draws),
                f"{mean('defaults', 'share'):.2f}",
                *(f"{mean(name, 'error'):.2f}" for name in names),
                *(grid_cells(draws) if has_grid else []),
            ]
        )
    header = [
        "photographs",
        "grey",
        "defaults (standard deviation)",
        "chroma",
        "validation_error_",
        "chosen",
        "chroma_scale_",
        *names,
    ]
    if has_grid:
        header += ["defaults, at pixels", "best of the grid", "its penalty; pixels", "ratio"]
    return f"## {folder}\n\n" + table(header, lines) + "\n"


def setting_name(penalty, length):
    return f"{penalty:g}, {length / 1000:g}k"


def grid_cells(draws):
    """Error of the defaults and of the best single setting of the grid, that setting, and their ratio."""
    defaults = np.mean([draw["defaults"]["at pixels"] for draw in draws])
    grid = np.mean([draw["defaults"]["grid"] for draw in draws], axis=0)
    length, penalty = np.unravel_index(grid.argmin(), grid.shape)
    setting = setting_name(PENALTIES[penalty], LENGTHS[length])
    return [f"{defaults:.2f}", f"{grid.min():.2f}", setting, f"{defaults / grid.min():.3f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument(
        "--test", type=int, default=40, help="held-out photographs of each draw, at most a third of all"
    )
    parser.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    parser.add_argument("--rows", nargs="*", default=ROWS, choices=ROWS)
    parser.add_argument("--state", default="few_photographs.json", help="file that keeps the results so far")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "few_photographs.md", type=Path)
    options = parser.parse_args()
    results = Results(options.state)
    text = f"Measured by `docs/benchmarks/few_photographs.py`. {machine()}.\n\n"
    text += f"{options.draws} draws, {options.test} held-out photographs each, but at most a third of the "
    text += "class; mean CIEDE2000.\n\n"
    for folder in options.images:
        paths, name = load_image_folder(folder), Path(folder).name
        n_test = min(options.test, len(paths) // 3)
        numbers = [n for n in options.numbers if n <= len(paths) - n_test]
        jobs = [(n, seed) for n in numbers for seed in range(options.draws)]
        missing = [job for job in jobs if f"{name} {job}" not in results.values]
        measured = Parallel(n_jobs=options.n_jobs, return_as="generator")(
            delayed(measure)(paths, *job, n_test, options.rows) for job in missing
        )
        for job, draw in zip(missing, measured, strict=True):
            results.measure(f"{name} {job}", lambda draw=draw: draw)
        found = {n: [results.values[f"{name} {(n, seed)}"] for seed in range(options.draws)] for n in numbers}
        text += report(name, found)
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
