"""Error with hints: prediction alone, propagation alone, and both, on held-out photographs.

    python docs/benchmarks/hints.py --images FOLDER [FOLDER ...]

prints the tables as Markdown and writes them to results/hints.md. The hints lie at random pixels and
have the true colour. "Far away" are the pixels that are farther from a single hint than a third of the longer
side. Objects are segments of the true colours: one of their pixels tells the chroma of those of another
lightness, kept as it is (power 0), or in proportion to a power of their lightness (power 1 keeps the
saturation). Linux only: the peak of memory is read from /proc.
"""

import argparse
from pathlib import Path

import numpy as np
from _report import RESULTS, compare, machine, table
from joblib import Parallel, delayed
from memory import forget_peak, peak
from skimage.color import rgb2lab
from skimage.segmentation import felzenszwalb
from skimage.transform import resize

from nncolor import SOMColorizer, propagate_hints, to_gray
from nncolor._images.color import ciede2000, from_unit_range, join_lightness_chroma, lightness_chroma
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder, load_sample_photos
from nncolor.metrics import mean_ciede2000

COUNTS = (1, 3, 10, 30, 100)
POWERS = (0, 0.5, 1)
# Objects: at least so many pixels, standard deviation of their lightness, and mean chroma.
MIN_PIXELS, MIN_DEVIATION, MIN_CHROMA = 400, 8, 15
# Difference of lightness from the hinted pixel from which the pixels of an object are judged.
OTHER_LIGHTNESS = 10
SIZES = [(256, 256), (512, 512), (1000, 1000), (3000, 4000)]


def hints_of(photo, n, seed):
    """True colours at random pixels."""
    indices = np.random.default_rng(seed).choice(photo.shape[0] * photo.shape[1], n, replace=False)
    rows, columns = np.divmod(indices, photo.shape[1])
    return [(row, column, photo[row, column]) for row, column in zip(rows, columns, strict=True)]


def errors_of_image(colorizer, path, number, n_draws):
    """Errors of the prediction, of propagation and both by number of hints; gains of one hint far away."""
    photo = read_image(path)
    grey = to_gray(photo)
    predicted = colorizer.colorize(grey)
    rows, gains = [], []
    for n in COUNTS:
        drawn = [hints_of(photo, n, (number, n, draw)) for draw in range(n_draws)]
        colored = [
            [function(grey, hints=hints) for hints in drawn]
            for function in (propagate_hints, colorizer.colorize)
        ]
        rows.append([mean_ciede2000([photo] * n_draws, images) for images in colored])
        if n == 1:
            gains = [
                far_gain(photo, predicted, image, hints[0])
                for image, hints in zip(colored[1], drawn, strict=True)
            ]
    return mean_ciede2000([photo], [predicted]), rows, gains


def far_gain(photo, predicted, hinted, hint):
    """Decrease of the error by one hint, far away from it."""
    rows, columns = np.indices(photo.shape[:2])
    far = np.hypot(rows - hint[0], columns - hint[1]) > max(photo.shape[:2]) / 3
    true, before, after = (image[far][None] for image in (photo, predicted, hinted))
    return mean_ciede2000([true], [before]) - mean_ciede2000([true], [after])


def errors_of_objects(path):
    """Errors (n_objects, len(POWERS)) at pixels of an object, whose chroma is told by another one of it."""
    photo = read_image(path)[:384, :384]
    lightness, chroma = lightness_chroma(photo)
    # segments of one hue and chroma, whatever their lightness
    colors = rgb2lab(photo) / 100
    colors[..., 0] *= 0.25
    segments = felzenszwalb(colors, scale=200, sigma=1, min_size=MIN_PIXELS, channel_axis=-1)
    lightness, chroma, true = lightness.ravel(), chroma.reshape(-1, 2), photo.reshape(-1, 3)
    rng, errors = np.random.default_rng(0), []
    for segment in np.unique(segments):
        inside = np.flatnonzero(segments == segment)
        is_shaded = lightness[inside].std() >= MIN_DEVIATION
        is_coloured = np.hypot(*chroma[inside].mean(axis=0)) >= MIN_CHROMA
        if not (is_shaded and is_coloured) or len(inside) > 0.3 * len(lightness):
            continue
        hint, judged = rng.choice(inside), rng.choice(inside, 300)
        judged = judged[np.abs(lightness[judged] - lightness[hint]) > OTHER_LIGHTNESS]
        if len(judged):
            ratio = np.clip(lightness[judged] / max(lightness[hint], 1), 0, 4)[:, None]
            painted = [
                join_lightness_chroma(lightness[judged], chroma[hint] * ratio**power, np.float32)
                for power in POWERS
            ]
            errors.append([ciede2000(true[judged] / np.float32(255), colors).mean() for colors in painted])
    return np.reshape(errors, (-1, len(POWERS)))


def quality(folder, n_test, n_draws):
    paths = load_image_folder(folder)
    n_test = min(n_test, len(paths) // 3)
    order = np.random.default_rng(0).permutation(len(paths))
    train, test = [paths[i] for i in order[n_test:]], [paths[i] for i in order[:n_test]]
    colorizer = SOMColorizer(random_state=0, n_jobs=2).fit(train)
    colorizer.set_params(n_jobs=1)
    results = Parallel(n_jobs=2)(
        delayed(errors_of_image)(colorizer, path, number, n_draws) for number, path in enumerate(test)
    )
    predicted = np.mean([prediction for prediction, _, _ in results])
    lines = []
    for n, (alone, both) in zip(COUNTS, np.mean([rows for _, rows, _ in results], axis=0), strict=True):
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
        f"## {Path(folder).name}\n\n{len(train)} training photographs, {len(test)} held-out "
        f"photographs, {n_draws} draws of each number of hints; mean CIEDE2000.\n\n"
    )
    header = ["hints", "prediction", "propagation", "both", "both / better of the two", "both / propagation"]
    gains = np.array([gains for _, _, gains in results])
    text += table(header, lines) + (
        f"\nFar away from a single hint, the error falls by {gains.mean():.2f}; it falls by more than 1 in "
        f"{100 * np.mean(gains > 1):.0f} % and rises by more than 1 in {100 * np.mean(gains < -1):.1f} % of "
        f"{gains.size} draws.\n"
    )
    objects = np.concatenate(Parallel(n_jobs=2)(delayed(errors_of_objects)(path) for path in test))
    if len(objects):
        errors = ", ".join(
            f"{error:.2f} (power {power:g})"
            for power, error in zip(POWERS, objects.mean(axis=0), strict=True)
        )
        text += (
            f"\nA pixel of an object tells those of another lightness: {errors}; {len(objects)} objects.\n"
        )
    return text


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
    parser.add_argument("--images", required=True, nargs="+", help="folders of colour photographs")
    parser.add_argument("--test", type=int, default=60, help="held-out photographs (default: 60)")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", default=RESULTS / "hints.md", type=Path)
    options = parser.parse_args()
    text = "\n".join(
        [
            f"Measured by `docs/benchmarks/hints.py`. {machine()}.\n",
            *(quality(folder, options.test, options.draws) for folder in options.images),
            cost(options.repeats),
        ]
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
