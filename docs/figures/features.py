"""Draw the picture of the first page: sizes, tint and film, with the sample photographs.

    python docs/figures/features.py

writes docs/_static/features.jpg.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from skimage.transform import resize

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_sample_photos

OUTPUT = Path(__file__).parent.parent / "_static" / "features.jpg"
LIGHTS = [(1, 1, 1), (1, 0.8, 0.55), (0.65, 0.8, 1), (1, 0.75, 0.8)]
SIDES = (40, 100, 400, 1200, 4000)
FRAMES = (0, 7, 14, 21, 28)


def sizes(photo):
    """A cup, small and large, in the colours of one colorizer."""
    left, right = photo[:, :300], photo[:, 300:]
    colorizer = SOMColorizer(random_state=0).fit([left])
    shown = []
    for side in SIDES:
        grey = to_gray(resize(right, (side, side * 3 // 4), anti_aliasing=True))
        shown.append((f"{side * 3 // 4} x {side}", colorizer.colorize(grey)))
    return shown


def tints(photo):
    """A temple in the typical tints of photographs of four kinds of light."""
    rng = np.random.default_rng(0)
    training = []
    for light in LIGHTS:
        for row, column in zip(rng.integers(0, 107, 4), rng.integers(0, 80, 4), strict=True):
            training.append((photo[row : row + 320, column : column + 240] * light).astype(np.uint8))
    colorizer = SOMColorizer(random_state=0).fit(training)
    grey = to_gray(photo[:, 320:])
    alternatives = colorizer.alternatives(grey, 4)
    return [("grey", grey), *((f"tint {number}", image) for number, image in enumerate(alternatives))]


def film(photo):
    """Frames with a flickering lamp and grain, and their colours from two key frames."""
    rng = np.random.default_rng(0)
    frames, greys = [], []
    for number in range(30):
        side = 360 - 4 * number
        view = photo[20 + number : 20 + number + side, 3 * number : 3 * number + side]
        frames.append((resize(view, (160, 160), anti_aliasing=True) * 255).astype(np.uint8))
        lamp, grain = 1 + 0.1 * rng.standard_normal(), 5 * rng.standard_normal((160, 160))
        greys.append(np.clip(to_gray(frames[-1]) * lamp + grain, 0, 255).astype(np.uint8))
    keyframes = {number: frames[number] for number in (4, 24)}
    colorizer = SOMColorizer(random_state=0).fit(list(keyframes.values()))
    colored = list(colorizer.colorize_film(greys, keyframes=keyframes))
    return (
        [(f"frame {number}", greys[number]) for number in FRAMES],
        [(None, colored[number]) for number in FRAMES],
    )


def main():
    photos = load_sample_photos()
    photos = dict(zip(photos.names, photos.images, strict=True))
    rows = [sizes(photos["coffee"]), tints(photos["china"]), *film(photos["astronaut"])]
    figure, axes = plt.subplots(len(rows), len(rows[0]), figsize=(10, 9.6), layout="constrained")
    for row, panels in zip(axes, rows, strict=True):
        for ax, (title, image) in zip(row, panels, strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=255)
            ax.set_axis_off()
            if title:
                ax.set_title(title, fontsize=17)
    figure.savefig(OUTPUT, dpi=80, pil_kwargs={"quality": 85})


if __name__ == "__main__":
    main()
