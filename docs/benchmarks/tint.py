"""Error without tint, with the true tint, and with the best of several typical tints.

    python docs/benchmarks/tint.py --images DIR [DIR ...]

Each DIR is a folder of colour photographs of one class. In five folds a colorizer is trained on the other
four fifths with tint (the defaults) and without (tint_share=0), and evaluated on the held-out photographs.
The true tint is that of both halves of a photograph, or its mean. With --hints, hints of the true colour at
random pixels are given on top of the best of four alternatives and without a tint. The tables are printed as
Markdown and written to results/tint.md.
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
from _report import RESULTS, Results, machine, table
from joblib import Parallel, delayed
from sklearn.model_selection import KFold

from nncolor import SOMColorizer
from nncolor._images.color import lightness_chroma
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_chroma, mean_ciede2000, tint_errors

N_HINTS = (0, 1, 3, 10, 30)
N_ALTERNATIVES = (4, 9)
N_FOLDS = 5


def measure(paths, fold, seed, n_hinted):
    """Errors and chroma on the held-out photographs of a fold."""
    train, test = list(KFold(N_FOLDS, shuffle=True, random_state=0).split(paths))[fold]
    truth = [read_image(paths[index]) for index in test]
    train = [paths[index] for index in train]
    without = SOMColorizer(tint_share=0, random_state=seed).fit(train)
    colorizer = SOMColorizer(random_state=seed).fit(train)
    found = {"tint_share=0": mean_ciede2000(truth, without.predict(truth))}
    picked = {}
    for n in N_ALTERNATIVES:
        errors = tint_errors(colorizer, truth, n)
        best = zip(truth, errors.alternatives.argmin(axis=1), strict=True)
        picked[n] = [colorizer.typical_tints(n, image=image)[index] for image, index in best]
        found[f"best of {n}"] = float(errors.best_alternative.mean())
        colored = colorizer.predict(truth, tint=picked[n])
        found[f"chroma, best of {n}"] = mean_chroma(colored) / mean_chroma(truth)
    found["grey"] = float(errors.gray.mean())
    found["without tint"] = float(errors.without_tint.mean())
    found["true tint"] = float(errors.true_tint.mean())
    means = [lightness_chroma(image)[1].mean(axis=(0, 1)) for image in truth]
    found["true tint of the whole"] = mean_ciede2000(truth, colorizer.predict(truth, tint=means))
    differences = []
    for image in truth[::4]:
        pairs = combinations(colorizer.alternatives(image, N_ALTERNATIVES[0]), 2)
        differences += [mean_ciede2000([first], [second]) for first, second in pairs]
    found["between alternatives"] = float(np.mean(differences))
    found["chroma, without tint"] = mean_chroma(colorizer.predict(truth)) / mean_chroma(truth)
    found["validation_error_"] = colorizer.validation_error_
    for n_hints in N_HINTS if n_hinted else ():
        for name, tints in (("hints alone", [None] * len(truth)), ("hints, best of 4", picked[4])):
            colored = [
                colorizer.colorize(image, hints=true_hints(image, n_hints, index), tint=tint)
                for index, (image, tint) in enumerate(zip(truth[:n_hinted], tints, strict=False))
            ]
            found[f"{name} {n_hints}"] = mean_ciede2000(truth[:n_hinted], colored)
    return found


def true_hints(image, n_hints, seed):
    """Hints of the true colour at random pixels."""
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    chosen = rng.choice(height * width, n_hints, replace=False)
    return [
        (int(row), int(column), image[row, column])
        for row, column in zip(*np.divmod(chosen, width), strict=True)
    ]


ROWS = (
    "grey",
    "tint_share=0",
    "without tint",
    "true tint",
    "true tint of the whole",
    *(f"best of {n}" for n in N_ALTERNATIVES),
)


def report(name, found, n_photographs):
    def mean(key):
        return np.mean([values[key] for values in found])

    lines = [
        [
            row,
            f"{mean(row):.2f} ({np.std([values[row] for values in found]):.2f})",
            f"{mean(row) / mean('tint_share=0'):.3f} x",
            f"{100 * mean(f'chroma, {row}'):.0f} %" if f"chroma, {row}" in found[0] else "",
        ]
        for row in ROWS
    ]
    text = f"## {name}, {n_photographs} photographs\n\n"
    text += table(["", "CIEDE2000 (standard deviation)", "beside tint_share=0", "chroma"], lines) + "\n"
    text += f"Mean CIEDE2000 between two of four alternatives: {mean('between alternatives'):.1f}.\n"
    if "hints alone 0" in found[0]:
        names = "hints alone", "hints, best of 4"
        lines = [[row, *(f"{mean(f'{row} {n}'):.2f}" for n in N_HINTS)] for row in names]
        text += "\n" + table(["hints", *N_HINTS], lines) + "\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--hints", type=int, default=10, help="photographs of a fold that are given hints")
    parser.add_argument("--limit", type=int, help="largest number of photographs of a folder")
    parser.add_argument("--state", default="tint.json", help="file that keeps the results so far")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "tint.md", type=Path)
    options = parser.parse_args()
    results = Results(options.state)
    text = f"Measured by `docs/benchmarks/tint.py`. {machine()}.\n\n"
    text += f"{N_FOLDS} folds, {options.seeds} seeds each; mean CIEDE2000 over held-out photographs.\n\n"
    for folder in options.images:
        paths, name = load_image_folder(folder)[: options.limit], Path(folder).name
        jobs = [(fold, seed) for fold in range(N_FOLDS) for seed in range(options.seeds)]
        missing = [job for job in jobs if f"{name} {job}" not in results.values]
        measured = Parallel(n_jobs=options.n_jobs, return_as="generator")(
            delayed(measure)(paths, *job, options.hints) for job in missing
        )
        for job, values in zip(missing, measured, strict=True):
            results.measure(f"{name} {job}", lambda values=values: values)
        text += report(name, [results.values[f"{name} {job}"] for job in jobs], len(paths)) + "\n"
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
