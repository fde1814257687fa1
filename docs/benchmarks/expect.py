"""What to expect: errors of single photographs, without help, with a picked tint and with a few hints.

    python docs/benchmarks/expect.py --images DIR [DIR ...]

Each DIR is a folder of colour photographs of one class. In each draw a colorizer is trained on some, and
every held-out photograph is coloured without help, in the best of four alternatives, and so with hints of the
true colour at random pixels. The table is printed as Markdown and written to results/expect.md.
"""

import argparse
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table
from hints import hints_of
from joblib import Parallel, delayed

from nncolor import SOMColorizer, to_gray
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_ciede2000

N_ALTERNATIVES = 4
N_HINTS = 5


def measure(paths, number, n_test, seed):
    """Errors (n_test, 4) of grey, of the colours, of the best alternative, and of it with hints."""
    order = np.random.default_rng(seed).permutation(len(paths))
    colorizer = SOMColorizer(random_state=seed).fit([paths[index] for index in order[n_test:][:number]])
    errors = []
    for index in order[:n_test]:
        photo = read_image(paths[index])
        grey = to_gray(photo)
        tints = colorizer.typical_tints(N_ALTERNATIVES, image=grey)
        alternatives = [
            mean_ciede2000([photo], [image]) for image in colorizer.alternatives(grey, N_ALTERNATIVES)
        ]
        hints = hints_of(photo, N_HINTS, (seed, index))
        helped = colorizer.colorize(grey, tint=tints[int(np.argmin(alternatives))], hints=hints)
        of_grey, of_colors, of_helped = (
            mean_ciede2000([photo], [image]) for image in (grey, colorizer.colorize(grey), helped)
        )
        errors.append([of_grey, of_colors, min(alternatives), of_helped])
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs")
    parser.add_argument("--train", type=int, default=100, help="training photographs, at most two thirds")
    parser.add_argument("--test", type=int, default=40, help="held-out photographs, at most a third")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "expect.md", type=Path)
    options = parser.parse_args()
    lines = []
    for folder in options.images:
        paths = load_image_folder(folder)
        n_test = min(options.test, len(paths) // 3)
        n_train = min(options.train, len(paths) - n_test)
        found = Parallel(n_jobs=options.n_jobs)(
            delayed(measure)(paths, n_train, n_test, seed) for seed in range(options.draws)
        )
        grey, colors, picked, helped = np.transpose(found, (2, 0, 1))
        lines.append(
            [
                Path(folder).name,
                n_train,
                f"{grey.mean():.1f}",
                f"{colors.mean():.1f} ({colors.mean(axis=1).std():.1f})",
                " / ".join(f"{value:.1f}" for value in np.quantile(colors, [0.1, 0.5, 0.9])),
                f"{100 * np.mean(colors > grey):.0f} %",
                f"{100 * np.mean(colors > grey + 1):.0f} %",
                f"{picked.mean():.1f}",
                f"{helped.mean():.1f}",
            ]
        )
        print(f"measured {folder}", flush=True)
    text = (
        f"Measured by `docs/benchmarks/expect.py`. {machine()}.\n\n{options.draws} draws, at most "
        f"{options.test} held-out photographs each; mean CIEDE2000.\n\n"
    )
    header = [
        "photographs",
        "training",
        "grey",
        "coloured (standard deviation of draws)",
        "best tenth / median / worst tenth",
        "worse than grey",
        "worse by more than 1",
        f"best of {N_ALTERNATIVES} alternatives",
        f"with {N_HINTS} hints",
    ]
    text += table(header, lines) + "\n"
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
