"""
Hints: known colours at a few pixels
====================================

No classifier can predict that this saucer was red. A person who knows it gives hints at a few pixels. Here
the clicks are simulated: each takes the true colour around its pixel.
"""

# %%
# A colorizer trained on other subjects
# -------------------------------------
# It was trained on a motorcycle and a cat, and has to colour a cup of coffee.

import matplotlib.pyplot as plt
import numpy as np

from nncolor import SOMColorizer, propagate_hints, to_gray
from nncolor.datasets import load_sample_photos
from nncolor.interactive import HintEditor
from nncolor.metrics import mean_ciede2000

photos = load_sample_photos()
motorcycle = photos.images[photos.names.index("motorcycle_left")]
chelsea = photos.images[photos.names.index("chelsea")]
truth = photos.images[photos.names.index("coffee")]

grey = to_gray(truth)
colorizer = SOMColorizer(random_state=0).fit([motorcycle, chelsea])

# %%
# Clicks
# ------
# A hint is `(row, column, colour)`: the colour an RGB triple, the name of a CSS colour, or `"#rrggbb"`.
# It sets the chroma of its own pixel, and corrects the prediction at similar pixels.

clicks = [
    (60, 80),
    (170, 290),
    (280, 200),
    (330, 480),
    (210, 420),
    (100, 520),
    (130, 180),
    (370, 60),
]


def around(row, column):
    """Mean colour of some pixels, as a person would pick it."""
    return truth[row - 4 : row + 5, column - 4 : column + 5].mean(axis=(0, 1)) / 255


hints = [(row, column, around(row, column)) for row, column in clicks]

columns = [("prediction", colorizer.colorize(grey))]
for n in (1, 3, 8):
    columns.append((f"{n} hints", colorizer.colorize(grey, hints=hints[:n])))
columns.append(("8 hints alone", propagate_hints(grey, hints)))
columns.append(("the truth", truth))

figure, axes = plt.subplots(2, 3, figsize=(7, 4.4), layout="constrained")
for ax, (title, image) in zip(axes.flat, columns, strict=True):
    ax.imshow(image)
    ax.set_title(f"{title}\nCIEDE2000 {mean_ciede2000([truth], [image]):.1f}")
    ax.set_axis_off()
for ax, n in zip(axes.flat, (0, 1, 3, 8, 8, 0), strict=True):
    ax.scatter(
        [c for _, c in clicks[:n]],
        [r for r, _ in clicks[:n]],
        s=25,
        c="none",
        edgecolors="white",
    )

# %%
# `propagate_hints` is the classic method without a classifier: neighbours of similar lightness get
# similar chroma. It needs a hint in every region.
#
# Scribbles
# ---------
# An RGBA image of the same size, as paint programs save it, works like a list: its opaque pixels are
# hints.

scribbles = np.zeros((*grey.shape, 4), np.uint8)
for row, columns_, in_the_middle in [
    (60, (40, 150), 80),
    (360, (220, 330), 280),
    (190, (260, 330), 290),
]:
    scribbles[row : row + 5, slice(*columns_), :3] = around(row, in_the_middle)
    scribbles[row : row + 5, slice(*columns_), 3] = 255
plt.figure(figsize=(6, 4), layout="constrained")
plt.imshow(colorizer.colorize(grey, hints=scribbles))
plt.imshow(scribbles)
plt.axis("off")

# %%
# One reference picture
# ---------------------
# To take the colours of a single picture that a person chose, as Welsh, Ashikhmin and Mueller (2002) did,
# train on that picture alone.

reference, target = truth[:, :300], truth[:, 300:]
colored = SOMColorizer(random_state=0).fit([reference]).predict([to_gray(target)])[0]
figure, axes = plt.subplots(1, 3, figsize=(7, 3.2), layout="constrained")
for ax, (title, image) in zip(
    axes,
    [("reference", reference), ("coloured", colored), ("the truth", target)],
    strict=True,
):
    ax.imshow(image)
    ax.set_title(title)
    ax.set_axis_off()

# %%
# By mouse
# --------
# In a notebook with `%matplotlib widget`, `HintEditor` takes the hints from clicks, the tint from a click on
# one of the alternatives, and colours from the palette below them. Here it is only a picture.

editor = HintEditor(colorizer, grey, hints=hints[:3], n_alternatives=2)
plt.show()
