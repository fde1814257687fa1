"""Corrected photographs of an archive as training photographs, against training without them.

    python docs/benchmarks/corrections.py --images DIR --archive DIR --others DIR [DIR ...]

A colorizer is trained on modern photographs of the folder `--images`. Some photographs of an archive are
coloured by it and corrected by hints, and colorizers are trained on both. Other photographs of the archive
are coloured by each of them, and compared with the truth. The archive is `--archive`, as grey photographs and
as its blue plates, and each folder of `--others`.

The person who corrects is simulated: round by round, the photograph is coloured with the hints so far, and
the five segments of its lightness (SLIC) whose colours are farthest from the truth, weighted by their areas,
get a hint at their innermost pixel: the mean true colour around it. A rough hint is wrong by a normal random
number of standard deviation 10 in u* and in v*.

Errors are mean CIEDE2000, of blue plates that of the chroma at the true lightness. The tables are printed as
Markdown and written to results/corrections.md.
"""

import argparse
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _report import RESULTS, Results, machine, table
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import slic

from nncolor import SOMColorizer, to_gray
from nncolor._images.color import ciede2000, join_lightness_chroma, lightness_chroma
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_chroma, mean_ciede2000

N_MODERN, N_TEST, N_GRAY, N_CORRECTED = 100, 60, 20, 20
HINTS_PER_ROUND = 5
# name: number of corrected photographs, hints in each (or "true", or "rough" for 20 rough ones), and how they
# are used
WAYS = {
    "without corrections": (0, 20, "added"),
    "5 with 10 hints": (5, 10, "added"),
    "5 with 20 hints": (5, 20, "added"),
    "5 with 40 hints": (5, 40, "added"),
    "5 with 20 rough hints": (5, "rough", "added"),
    "5 in true colours": (5, "true", "added"),
    "10 with 20 hints": (10, 20, "added"),
    "20 with 20 hints": (20, 20, "added"),
    "5 with 20 hints, listed 4 times": (5, 20, "4 times"),
    "5 with 20 hints, listed 20 times": (5, 20, "20 times"),
    "5 with 20 hints, with 20 of the modern ones": (5, 20, "few modern"),
    "`fit` on the modern ones, `partial_fit` on 5 with 20 hints": (5, 20, "partial_fit"),
    "only 5 with 20 hints": (5, 20, "alone"),
    "only 5 with 20 rough hints": (5, "rough", "alone"),
    "only 5 in true colours": (5, "true", "alone"),
    "only 10 with 20 hints": (10, 20, "alone"),
    "only 20 with 20 hints": (20, 20, "alone"),
    "only 20 in true colours": (20, "true", "alone"),
    "without corrections, `gray=`": (0, 20, "gray"),
    "5 with 20 hints, `gray=`": (5, 20, "gray"),
    "without corrections, painted in the mean tint of 5 with 20 hints": (5, 20, "tint"),
    "without corrections, painted in the mean tint of 20 with 20 hints": (20, 20, "tint"),
}
SHORT = (
    "without corrections",
    "5 with 20 hints",
    "5 in true colours",
    "20 with 20 hints",
    "5 with 20 hints, listed 20 times",
    "only 5 with 20 hints",
    "only 5 with 20 rough hints",
    "only 20 with 20 hints",
)
WITH_GRAY = (
    "without corrections, `gray=`",
    "5 with 20 hints, `gray=`",
)


class Photograph(NamedTuple):
    """A photograph of an archive: in true colours, and grey."""

    truth: np.ndarray
    gray: np.ndarray
    is_plate: bool

    def repainted(self, painted):
        """The chroma of a painted plate at the true lightness; any other photograph has it already."""
        if not self.is_plate:
            return painted
        lightness, chroma = lightness_chroma(self.truth)[0], lightness_chroma(painted)[1]
        return join_lightness_chroma(lightness, chroma, np.dtype(np.uint8))

    def in_true_colours(self):
        """What perfect hints at all pixels would give."""
        if not self.is_plate:
            return self.truth
        lightness, chroma = lightness_chroma(left_gray([self])[0])[0], lightness_chroma(self.truth)[1]
        return join_lightness_chroma(lightness, chroma, np.dtype(np.uint8))


def left_gray(photos):
    return [np.repeat(photo.gray[..., np.newaxis], 3, axis=2) for photo in photos]


def photographs(images, *, plates=False):
    return [Photograph(image, image[..., 2].copy() if plates else to_gray(image), plates) for image in images]


def chosen(photo, painted, segments, used, n):
    """The `n` segments without a hint whose summed error is largest."""
    pixels = (image.reshape(-1, 3) / np.float32(255) for image in (photo.truth, photo.repainted(painted)))
    sums = np.bincount(segments.ravel(), ciede2000(*pixels))
    sums[list(used)] = -1
    return np.argsort(sums)[::-1][:n]


def hint_in(photo, segments, segment, rng):
    """Hint at the innermost pixel of a segment; rough with a random generator."""
    depth = distance_transform_edt(np.pad(segments == segment, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(np.argmax(depth), depth.shape)
    around = photo.truth[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
    colour = around.reshape(-1, 3).mean(axis=0) / np.float32(255)
    if rng is not None:
        lightness, chroma = lightness_chroma(colour[np.newaxis, np.newaxis])
        chroma = chroma + rng.normal(0, 10, chroma.shape).astype(np.float32)
        colour = join_lightness_chroma(lightness, chroma, np.dtype(np.float32))[0, 0]
    return int(row), int(column), colour


def corrected(colorizer, photo, n_hints, seed):
    """The photograph, coloured by the colorizer and a simulated person; in true colours for "true"."""
    if n_hints == "true":
        return photo.in_true_colours()
    rng = np.random.default_rng(seed) if n_hints == "rough" else None
    hints, used = [], []
    segments = slic(photo.gray, n_segments=100, compactness=0.1, channel_axis=None, start_label=0)
    painted = colorizer.colorize(photo.gray)
    for _ in range((20 if n_hints == "rough" else n_hints) // HINTS_PER_ROUND):
        new = chosen(photo, painted, segments, used, HINTS_PER_ROUND)
        used.extend(new)
        hints.extend(hint_in(photo, segments, segment, rng) for segment in new)
        painted = colorizer.colorize(photo.gray, hints=hints)
    return painted


def fitted(modern, lessons, use, gray, seed):
    """Colorizer trained on modern and corrected photographs."""
    colorizer = SOMColorizer(random_state=seed)
    # it is measured whether the colours are closer to the truth than grey
    with warnings.catch_warnings(action="ignore"):
        if use == "partial_fit":
            return colorizer.fit(modern).partial_fit(lessons)
        if use == "gray":
            return colorizer.fit(modern + lessons, gray=gray)
        images = {
            "added": modern + lessons,
            "4 times": modern + 4 * lessons,
            "20 times": modern + 20 * lessons,
            "few modern": modern[:20] + lessons,
            "alone": lessons,
        }
        return colorizer.fit(images[use])


class Trial:
    """One draw of training, corrected and held-out photographs."""

    def __init__(self, modern, archive, draw):
        self.draw = draw
        rng = np.random.default_rng(100 + draw)
        self.modern = [modern[index] for index in rng.permutation(len(modern))[:N_MODERN]]
        order = [archive[index] for index in rng.permutation(len(archive))]
        n_test = min(N_TEST, len(order) // 2)
        self.test, self.lessons = order[:n_test], order[-N_CORRECTED:]
        self.gray = [photo.gray for photo in order[n_test : n_test + N_GRAY]]
        self.colorizer = None
        self.painted = {}

    def plain(self):
        """Colorizer that is trained without corrections."""
        if self.colorizer is None:
            self.colorizer = fitted(self.modern, [], "added", None, self.draw)
        return self.colorizer

    def corrected(self, n, n_hints):
        """The first n photographs that are corrected."""
        for number in range(n):
            if (number, n_hints) not in self.painted:
                photo = self.lessons[number]
                self.painted[number, n_hints] = corrected(self.plain(), photo, n_hints, number)
        return [self.painted[number, n_hints] for number in range(n)]

    def corrections(self):
        """Errors of 5 photographs as they are corrected, by number of hints."""
        lessons = self.lessons[:5]
        images = {"0": [self.plain().colorize(photo.gray) for photo in lessons]}
        images |= {str(n_hints): self.corrected(5, n_hints) for n_hints in (10, 20, 40, "rough")}
        return {name: measures(lessons, part)["error"] for name, part in images.items()}

    def way(self, name):
        """Error and chroma of held-out photographs."""
        n, n_hints, use = WAYS[name]
        lessons = self.corrected(n, n_hints)
        tint = None
        if use == "tint":
            colorizer, tint = self.plain(), [mean_tint(lessons)] * len(self.test)
        elif n == 0 and use == "added":
            colorizer = self.plain()
        else:
            colorizer = fitted(self.modern, lessons, use, self.gray, self.draw)
        with warnings.catch_warnings(action="ignore"):
            painted = colorizer.predict([photo.gray for photo in self.test], tint=tint)
        result = {**measures(self.test, painted), "scale": float(colorizer.chroma_scale_)}
        if colorizer.emulsion_ is not None:
            result["film"] = colorizer.emulsion_._in_words()
        print(f"{self.draw} {name}: {result}", flush=True)
        return result


def mean_tint(images):
    """Mean u*, v* of the upper and of the lower halves of images, (2, 2)."""
    halves = (np.array_split(lightness_chroma(image)[1], 2) for image in images)
    return np.mean([[half.mean(axis=(0, 1)) for half in pair] for pair in halves], axis=0)


def measures(photos, painted):
    """Error of painted photographs, and their mean chroma as a share of the true one."""
    truth = [photo.truth for photo in photos]
    painted = [photo.repainted(image) for photo, image in zip(photos, painted, strict=True)]
    share = mean_chroma(painted) / mean_chroma(truth)
    return {"error": float(mean_ciede2000(truth, painted)), "chroma": float(share)}


def measured(results, prefix, modern, archive, ways, n_draws, *, corrections=False):
    """Results of all draws."""
    draws = []
    for draw in range(n_draws):
        trial = Trial(modern, archive, draw)
        values = {
            "left grey": results.measure(
                f"{prefix}{draw} grey", lambda trial=trial: measures(trial.test, left_gray(trial.test))
            )
        }
        for name in ways:
            values[name] = results.measure(f"{prefix}{draw} {name}", trial.way, name)
        if corrections:
            values["corrections"] = results.measure(f"{prefix}{draw} corrections", trial.corrections)
        draws.append(values)
    return draws


def spread(values, digits):
    """Mean, and the smallest and largest value."""
    mean, *ends = (f"{value:.{digits}f}" for value in (np.mean(values), min(values), max(values)))
    return f"{mean} ({ends[0]} to {ends[1]})"


def table_of_ways(draws, ways):
    lines = []
    for name in ("left grey", *ways):
        errors = [draw[name]["error"] for draw in draws]
        ratios = [draw[name]["error"] / draw["without corrections"]["error"] for draw in draws]
        share = np.mean([draw[name]["chroma"] for draw in draws])
        scales = [draw[name]["scale"] for draw in draws if "scale" in draw[name]]
        scale = f"{min(scales):.2f} to {max(scales):.2f}" if scales else ""
        lines.append([name, spread(errors, 2), spread(ratios, 3), f"{share:.0%}", scale])
    header = [
        "trained with",
        "error",
        "error / without corrections",
        "chroma / true chroma",
        "`chroma_scale_`",
    ]
    return table(header, lines)


def table_of_corrections(draws):
    lines = []
    for name in draws[0]["corrections"]:
        errors = [draw["corrections"][name] for draw in draws]
        lines.append([f"20, {name}" if name == "rough" else name, spread(errors, 2)])
    return table(["hints in each", "error"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of modern colour photographs")
    parser.add_argument("--archive", required=True, help="folder of three-colour photographs of an archive")
    parser.add_argument("--others", nargs="*", default=[], help="folders of other archives, in colour")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--state", default="corrections.json", help="file that keeps the results so far")
    parser.add_argument("--output", default=RESULTS / "corrections.md", type=Path)
    options = parser.parse_args()
    results = Results(options.state)
    modern, archive, *others = (
        [read_image(path) for path in load_image_folder(folder)]
        for folder in (options.images, options.archive, *options.others)
    )
    text = f"Measured by `docs/benchmarks/corrections.py`. {machine()}.\n\n"
    text += (
        f"{N_MODERN} modern photographs of landscapes for training, up to {N_TEST} held-out photographs of "
    )
    text += f"an archive, {options.draws} draws; mean CIEDE2000, with the smallest and largest of a draw.\n\n"

    draws = measured(results, "", modern, photographs(archive), WAYS, options.draws, corrections=True)
    text += "## Grey photographs of a mixed archive\n\n" + table_of_ways(draws, WAYS) + "\n"
    text += "## The five corrected photographs themselves\n\n" + table_of_corrections(draws) + "\n"

    ways = (*SHORT, *WITH_GRAY)
    plates = photographs(archive, plates=True)
    draws = measured(results, "plates ", modern, plates, ways, options.draws)
    text += "## Blue plates of the same archive\n\nThe error is that of the chroma at the true lightness.\n\n"
    text += table_of_ways(draws, ways) + "\n"

    for folder, images in zip(options.others, others, strict=True):
        name = Path(folder).name
        draws = measured(results, f"{name} ", modern, photographs(images), SHORT, options.draws)
        text += f"## An archive of one subject: {name}\n\n" + table_of_ways(draws, SHORT) + "\n"
    print(text)
    options.output.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
