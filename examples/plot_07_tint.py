"""
Tint: the overall colour of a photograph
========================================

Lightness tells sky from meadow, but not noon from evening: the overall
colour of a photograph, its *tint*, cannot be predicted. A person recognises it at a glance. So the
classifier is trained with tints, and a person picks one.
"""

# %%
# Photographs of one class in several lights
# ------------------------------------------
# Pieces of the left half of a photograph, each in one of four lights, stand for photographs of one
# class. The right half, in grey, is to be coloured.

import matplotlib.pyplot as plt
import numpy as np

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_sample_photos
from nncolor.metrics import tint_errors
from nncolor.plotting import AlternativesDisplay

photos = load_sample_photos()
china = photos.images[photos.names.index("china")]
lights = {
    "noon": (1, 1, 1),
    "evening": (1, 0.8, 0.55),
    "overcast": (0.75, 0.85, 1),
    "neon": (0.8, 1, 0.75),
}


def in_light(image, light):
    return (image * np.array(lights[light])).astype(np.uint8)


rng = np.random.default_rng(0)
training = []
for light in lights:
    for row, column in zip(
        rng.integers(0, 107, 4), rng.integers(0, 80, 4), strict=True
    ):
        training.append(in_light(china[row : row + 320, column : column + 240], light))

figure, axes = plt.subplots(2, 8, figsize=(7, 2.6), layout="constrained")
for ax, image in zip(axes.flat, training, strict=True):
    ax.imshow(image)
    ax.set_axis_off()

# %%
# Alternatives
# ------------
# Without a tint, the colours are a mean of the four lights. `alternatives` colours the photograph in
# the typical tints of the training images; their mean u*, v* are in the titles, and similar tints are side
# by side.

truth = in_light(china[:, 320:], "evening")
grey = to_gray(truth)
colorizer = SOMColorizer(random_state=0).fit(training)

display = AlternativesDisplay.from_estimator(colorizer, grey, 4)

# %%
# Pass the tint of the one that you pick to `colorize`. For photographs whose true colours are known,
# `tint_errors` measures how much a pick helps.


def show(columns, height):
    figure, axes = plt.subplots(
        1, len(columns), figsize=(7, height), layout="constrained"
    )
    for ax, (title, image) in zip(axes, columns, strict=True):
        ax.imshow(image)
        ax.set_title(title)
        ax.set_axis_off()
    return axes


errors = tint_errors(colorizer, [truth], n_alternatives=4)
picked = errors.alternatives[0].argmin()
tint = colorizer.typical_tints(4)[picked]
axes = show(
    [
        (f"no tint: CIEDE2000 {errors.without_tint[0]:.1f}", colorizer.colorize(grey)),
        (
            f"alternative {picked}: {errors.best_alternative[0]:.1f}",
            colorizer.colorize(grey, tint=tint),
        ),
        ("the truth", truth),
    ],
    height=3.6,
)

# %%
# A reference photograph as tint
# ------------------------------
# The tint may be a pair (u*, v*), a colour such as `"khaki"`, or another photograph, whose overall
# colour is used. Welsh, Ashikhmin and Mueller (2002) transfer the colours of one reference picture; here
# that means to train on it alone, and things that it does not show get wrong colours. As a tint, it only
# gives the light: what is red and what is green comes from all training images.

reference = in_light(china[:250, :200], "evening")
alone = SOMColorizer(random_state=0).fit([reference])
axes = show(
    [
        ("reference", reference),
        ("its tint", colorizer.colorize(grey, tint=reference)),
        ("trained on it alone", alone.colorize(grey)),
        ("the truth", truth),
    ],
    height=2.9,
)

# %%
# Then hints
# ----------
# Hints work on top of any tint, see example 08. In a notebook,
# `HintEditor` shows the alternatives to click on, and takes hints from the
# mouse. The hints here are true colours, as a person would remember them.

places = [(330, 60), (395, 230), (110, 60)]
hints = [
    (
        row,
        column,
        truth[row - 4 : row + 5, column - 4 : column + 5].mean(axis=(0, 1)) / 255,
    )
    for row, column in places
]
axes = show(
    [
        ("1. automatic", colorizer.colorize(grey)),
        ("2. a tint", colorizer.colorize(grey, tint=tint)),
        ("3. three hints", colorizer.colorize(grey, tint=tint, hints=hints)),
    ],
    height=3.6,
)
axes[2].scatter(
    [c for _, c in places], [r for r, _ in places], s=25, c="none", edgecolors="white"
)
plt.show()
