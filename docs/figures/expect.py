"""Draw what to expect: a good, a typical and a poor result on photographs of an archive, with their errors.

    python docs/figures/expect.py

writes docs/_static/expect.jpg. Each of the 24 photographs of `load_plates` is coloured by a colorizer that
was trained on the 16 of the other two thirds; the good, the typical and the poor one are at 1/8, 1/2 and 7/8
of the sorted errors.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import KFold

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_plates
from nncolor.metrics import mean_ciede2000

OUTPUT = Path(__file__).parent.parent / "_static" / "expect.jpg"
SHARES = {"good": 1 / 8, "typical": 1 / 2, "poor": 7 / 8}


def results(photos):
    """Errors of grey and of the colours, and the three images, by rising error of the colours."""
    found = []
    for train, test in KFold(3, shuffle=True, random_state=0).split(photos):
        colorizer = SOMColorizer(random_state=0).fit([photos[index] for index in train])
        for index in test:
            grey, truth = to_gray(photos[index]), photos[index]
            colored = colorizer.colorize(grey)
            errors = [mean_ciede2000([truth], [image]) for image in (grey, colored)]
            found.append((*errors, grey, colored, truth))
    return sorted(found, key=lambda result: result[1])


def main():
    found = results(load_plates().images)
    errors = np.array([result[:2] for result in found])
    print(f"grey {errors[:, 0].mean():.1f}, coloured {errors[:, 1].mean():.1f}")
    print(f"grey is closer to the truth in {(errors[:, 1] > errors[:, 0]).sum()} of {len(found)}")
    figure, axes = plt.subplots(3, 3, figsize=(7.5, 7.6), layout="constrained")
    for row, (name, share) in zip(axes, SHARES.items(), strict=True):
        of_grey, of_colors, *images = found[round(share * (len(found) - 1))]
        titles = [f"grey: error {of_grey:.1f}", f"{name}: error {of_colors:.1f}", "the truth"]
        for ax, title, image in zip(row, titles, images, strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=255)
            ax.set_title(title)
            ax.set_axis_off()
    figure.savefig(OUTPUT, dpi=100, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    main()
