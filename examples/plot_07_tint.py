"""
Tint: the overall colour of a photograph
========================================

Lightness tells sky from meadow, but not noon from evening: the overall
colour of a photograph, its *tint*, cannot be predicted. A person recognises it at a glance. So the
classifier is trained with tints, and a person picks one.
"""

# %%
# An archive in several lights
# ----------------------------
# 23 photographs of the archive of 1910 are the training images: green and dry meadows, at noon and in the
# evening. The first photograph of the archive, in grey, is to be coloured.

import matplotlib.pyplot as plt

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_plates
from nncolor.metrics import tint_errors
from nncolor.plotting import AlternativesDisplay

truth, *training = load_plates().images

figure, axes = plt.subplots(2, 8, figsize=(7, 1.8), layout="constrained")
for ax, image in zip(axes.flat, training, strict=False):
    ax.imshow(image)
    ax.set_axis_off()

# %%
# Alternatives
# ------------
# Was the meadow green or dry? Without a tint, the colours are a mean of both. `alternatives` colours the
# photograph in the typical tints of the training images; the mean u*, v* of both halves are in the titles, and
# similar tints are side by side.

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
tint = colorizer.typical_tints(4, image=grey)[picked]
axes = show(
    [
        (f"no tint: CIEDE2000 {errors.without_tint[0]:.1f}", colorizer.colorize(grey)),
        (
            f"alternative {picked}: {errors.best_alternative[0]:.1f}",
            colorizer.colorize(grey, tint=tint),
        ),
        ("the truth", truth),
    ],
    height=2.3,
)

# %%
# A reference photograph as tint
# ------------------------------
# The tint may be a pair (u*, v*), a colour such as `"khaki"`, a pair of colours for the upper and the lower
# half, or another photograph, whose overall colour in both halves is used. Welsh, Ashikhmin and Mueller (2002)
# transfer the colours of one reference picture. Here that means to train on it alone: things that it does not
# show get wrong colours. As a tint it gives the light only; what is red and what is green comes from all
# training images.

reference = training[21]
alone = SOMColorizer(random_state=0).fit([reference])
axes = show(
    [
        ("reference", reference),
        ("its tint", colorizer.colorize(grey, tint=reference)),
        ("trained on it alone", alone.colorize(grey)),
        ("the truth", truth),
    ],
    height=1.9,
)

# %%
# Then hints
# ----------
# Hints work on top of any tint, see example 08. In a notebook,
# `HintEditor` shows the alternatives to click on, and takes hints from the
# mouse. The hints here are true colours, as a person would remember them.

places = [(200, 60), (140, 230), (20, 200)]
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
    height=2.3,
)
axes[2].scatter(
    [c for _, c in places], [r for r, _ in places], s=25, c="none", edgecolors="white"
)
plt.show()
