"""Error by number of training photographs, with the defaults and with other settings.

    python docs/benchmarks/few_photographs.py --images DIR [DIR ...]

Each DIR is a folder of colour photographs of one class. For each number of training photographs several draws
are made; all settings of a draw are evaluated on the same held-out photographs. The tables are printed as
Markdown and written to results/few_photographs.md.
"""

import argparse
from pathlib import Path

import numpy as np
from _report import RESULTS, Results, machine, table
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier

from nncolor import SOMColorizer, to_gray
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_chroma, mean_ciede2000

NUMBERS = (1, 3, 5, 10, 20, 40, 80, 160, 234)
PENALTIES = (1, 3, 10)


class Network64(MLPClassifier):
    """The network in float64: a strong penalty makes float32 weights so small that products are slow."""

    def fit(self, X, y):
        return super().fit(np.asarray(X, np.float64), y)


def before(seed):
    """The defaults before working size and validation: a fixed penalty, trained to convergence."""
    network = Network64((50, 50), alpha=1.0, tol=1e-3, n_iter_no_change=5, max_iter=1000)
    return SOMColorizer(
        classifier=network,
        working_size=None,
        pixels_per_image=2500,
        validation_fraction=0,
        random_state=seed,
    )


def trials(seed, rows):
    found = {"now": SOMColorizer(random_state=seed)}
    if "before" in rows:
        found["before"] = before(seed)
    if "rule" in rows:
        found["by the rule, without validation"] = SOMColorizer(validation_fraction=0, random_state=seed)
    if "penalties" in rows:
        for penalty in PENALTIES:
            name = f"penalty {penalty}"
            found[name] = SOMColorizer(random_state=seed).set_params(classifier__alpha=float(penalty))
    return found


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
        if name == "now":
            found[name]["validation"] = colorizer.validation_error_
            found[name]["share"] = colorizer.chroma_scale_
    return found


def report(folder, found):
    """Table of one class: a row for each number of training photographs."""
    names = [name for name in next(iter(found.values()))[0] if name not in ("grey", "truth", "now")]
    lines = []
    for number, draws in found.items():

        def mean(name, key, draws=draws):
            return np.mean([draw[name][key] for draw in draws])

        validated = [draw["now"]["validation"] for draw in draws if draw["now"]["validation"] is not None]
        spread = np.std([draw["now"]["error"] for draw in draws])
        lines.append(
            [
                number,
                f"{mean('grey', 'error'):.2f}",
                f"{mean('now', 'error'):.2f} ({spread:.2f})",
                f"{100 * mean('now', 'chroma') / mean('truth', 'chroma'):.0f} %",
                f"{np.mean(validated):.2f}" if validated else "",
                *(f"{mean(name, 'error'):.2f}" for name in names),
            ]
        )
    header = ["photographs", "grey", "now (standard deviation)", "chroma", "validation_error_", *names]
    return f"## {folder}\n\n" + table(header, lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--test", type=int, default=40, help="held-out photographs of each draw")
    parser.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    parser.add_argument(
        "--rows", nargs="*", default=["before", "rule", "penalties"], choices=["before", "rule", "penalties"]
    )
    parser.add_argument("--state", default="few_photographs.json", help="file that keeps the results so far")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "few_photographs.md", type=Path)
    options = parser.parse_args()
    results = Results(options.state)
    text = f"Measured by `docs/benchmarks/few_photographs.py`. {machine()}.\n\n"
    text += f"{options.draws} draws, {options.test} held-out photographs each; mean CIEDE2000.\n\n"
    for folder in options.images:
        paths, name = load_image_folder(folder), Path(folder).name
        numbers = [n for n in options.numbers if n <= len(paths) - options.test]
        jobs = [(n, seed) for n in numbers for seed in range(options.draws)]
        missing = [job for job in jobs if f"{name} {job}" not in results.values]
        measured = Parallel(n_jobs=options.n_jobs, return_as="generator")(
            delayed(measure)(paths, *job, options.test, options.rows) for job in missing
        )
        for job, draw in zip(missing, measured, strict=True):
            results.measure(f"{name} {job}", lambda draw=draw: draw)
        found = {n: [results.values[f"{name} {(n, seed)}"] for seed in range(options.draws)] for n in numbers}
        text += report(name, found)
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
