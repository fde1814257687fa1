"""Error with hints: prediction alone, propagation alone, and both, on held-out photographs.

    python docs/benchmarks/hints.py --images FOLDER

prints the tables as Markdown and writes them to results/hints.md. The hints lie at random pixels and
have the true colour. Linux only: the peak of memory is read from /proc.
"""

import argparse
from pathlib import Path

import numpy as np
from _report import RESULTS, compare, machine, table
from joblib import Parallel, delayed
from memory import forget_peak, peak
from skimage.transform import resize

from nncolor import SOMColorizer, propagate_hints, to_gray
from nncolor._images.color import from_unit_range
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder, load_sample_photos
from nncolor.metrics import mean_ciede2000

COUNTS = (1, 3, 10, 30, 100)
SIZES = [(256, 256), (512, 512), (1000, 1000), (3000, 4000)]


def hints_of(photo, n, seed):
    """True colours at random pixels."""
    places = np.random.default_rng(seed).choice(photo.shape[0] * photo.shape[1], n, replace=False)
    rows, columns = np.divmod(places, photo.shape[1])
    return [(row, column, photo[row, column]) for row, column in zip(rows, columns, strict=True)]


def errors_of_image(colorizer, path, number, n_draws):
    """Mean CIEDE2000 of the prediction, and of propagation and of both for each number of hints."""
    photo = read_image(path)
    grey = to_gray(photo)
    predicted = mean_ciede2000([photo], [colorizer.colorize(grey)])
    rows = []
    for n in COUNTS:
        drawn = [hints_of(photo, n, (number, n, draw)) for draw in range(n_draws)]
        rows.append(
            [
                mean_ciede2000([photo] * n_draws, [function(grey, hints=hints) for hints in drawn])
                for function in (propagate_hints, colorizer.colorize)
            ]
        )
    return predicted, rows


def quality(paths, n_test, n_draws):
    order = np.random.default_rng(0).permutation(len(paths))
    train, test = [paths[i] for i in order[n_test:]], [paths[i] for i in order[:n_test]]
    colorizer = SOMColorizer(random_state=0, n_jobs=2).fit(train)
    colorizer.set_params(n_jobs=1)
    results = Parallel(n_jobs=2)(
        delayed(errors_of_image)(colorizer, path, number, n_draws) for number, path in enumerate(test)
    )
    predicted = np.mean([prediction for prediction, _ in results])
    lines = []
    for n, (alone, both) in zip(COUNTS, np.mean([rows for _, rows in results], axis=0), strict=True):
        lines.append(
            [
                n,
                f"{predicted:.2f}",
                f"{alone:.2f}",
                f"{both:.2f}",
                f"{both / min(alone, predicted):.3f}",
                f"{both / alone:.3f}",
            ]
        )
    text = (
        f"## Error by number of hints\n\n{len(train)} training photographs, {len(test)} held-out "
        f"photographs, {n_draws} draws of each number of hints; mean CIEDE2000.\n\n"
    )
    header = ["hints", "prediction", "propagation", "both", "both / better of the two", "both / propagation"]
    return text + table(header, lines)


def cost(repeats):
    """Seconds and memory by size of the image, with 30 hints."""
    photo = load_sample_photos().images[2]
    colorizer = SOMColorizer(random_state=0, n_jobs=2).fit([photo])
    lines = []
    for height, width in SIZES:
        large = from_unit_range(resize(photo, (height, width), order=1), np.dtype(np.uint8))
        grey, hints = to_gray(large), hints_of(large, 30, 0)
        trials = {
            "propagation": lambda grey=grey, hints=hints: propagate_hints(grey, hints),
            "both": lambda grey=grey, hints=hints: colorizer.colorize(grey, hints=hints),
        }
        seconds = compare(trials, repeats)
        memory = []
        for function in trials.values():
            forget_peak()
            before = peak()
            function()
            memory.append((peak() - before) / 1e6)
        lines.append(
            [f"{height} x {width}", *(f"{s:.2f}" for s in seconds.values()), *(f"{m:.0f}" for m in memory)]
        )
    text = (
        f"## Cost\n\nMedians of {repeats} rounds after a first one, 30 hints; peak of resident memory above "
        "the image, the result included.\n\n"
    )
    header = ["image", "propagation, seconds", "both, seconds", "propagation, MB", "both, MB"]
    return text + table(header, lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--test", type=int, default=60, help="held-out photographs (default: 60)")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", default=RESULTS / "hints.md", type=Path)
    options = parser.parse_args()
    text = "\n".join(
        [
            f"Measured by `docs/benchmarks/hints.py`. {machine()}.\n",
            quality(load_image_folder(options.images), options.test, options.draws),
            cost(options.repeats),
        ]
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
