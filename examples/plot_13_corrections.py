"""
Teach by correcting
===================

No photograph of an archive is in colour. Some of them can be coloured by hints, and then they are training
photographs: the others follow. Here the archive is 24 photographs of about 1910. Their true colours are known,
so a person who knows them is simulated, and the result is measured.
"""

# %%
# The start: modern photographs
# -----------------------------
# These come with scikit-learn and scikit-image, and show other things than the archive.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import slic

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_plates, load_sample_photos
from nncolor.metrics import mean_ciede2000

modern = load_sample_photos().images[:3]
plates = load_plates().images
truth, grey = plates[5:], [to_gray(plate) for plate in plates[5:]]
colorizer = SOMColorizer(random_state=0).fit(modern)

# %%
# Correct five photographs
# ------------------------
# A person clicks into each part of a photograph and says its colour. Here the parts are segments of the
# lightness, and the colour is the true one around the innermost pixel of a segment. In a notebook,
# :class:`~nncolor.interactive.HintEditor` takes hints from the mouse.


def hints_of(photo, gray):
    """A hint in each segment."""
    segments = slic(gray, n_segments=20, compactness=0.1, channel_axis=None)
    hints = []
    for segment in np.unique(segments):
        depth = distance_transform_edt(np.pad(segments == segment, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(np.argmax(depth), depth.shape)
        around = photo[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        hints.append((row, column, around.mean(axis=(0, 1)) / 255))
    return hints


first, lessons, given = [], [], []
for photo in plates[:5]:
    gray = to_gray(photo)
    hints = hints_of(photo, gray)
    first.append(colorizer.colorize(gray))
    lessons.append(colorizer.colorize(gray, hints=hints))
    given.append(hints)
print("hints:", [len(hints) for hints in given])

_, axes = plt.subplots(3, 5, figsize=(10, 5.6), layout="constrained")
for ax, photo, before, after, hints in zip(
    axes.T, plates, first, lessons, given, strict=False
):
    ax[0].set_title(f"modern: {mean_ciede2000([photo], [before]):.1f}")
    ax[1].set_title(f"with hints: {mean_ciede2000([photo], [after]):.1f}")
    ax[2].set_title("truth")
    for cell, image in zip(ax, (before, after, photo), strict=True):
        cell.imshow(image)
        cell.set_axis_off()
    rows, columns, _ = zip(*hints, strict=True)
    ax[1].scatter(columns, rows, s=6, c="none", edgecolors="white", linewidths=0.7)
plt.show()

# %%
# Train on them
# -------------
# Once with the modern photographs, and once without. `fit` warns that the mixture is of little use: with other
# photographs held out, its colours were no closer to the truth than grey, so most of the chroma is not painted.

with warnings.catch_warnings(record=True) as caught:
    mixed = SOMColorizer(random_state=0).fit(modern + lessons)
for warning in caught:
    print(warning.message)
alone = SOMColorizer(random_state=0).fit(lessons)
print(
    f"painted chroma: {mixed.chroma_scale_:.0%}, of the five alone {alone.chroma_scale_:.0%}"
)

# %%
# The true colours of the five are the best that hints could give.

images = {
    "grey": grey,
    "modern": colorizer.predict(grey),
    "modern and 5": mixed.predict(grey),
    "5 alone": alone.predict(grey),
    "5, true colours": SOMColorizer(random_state=0).fit(plates[:5]).predict(grey),
}
print("mean CIEDE2000 of the 19 other photographs")
for name, predicted in images.items():
    print(f"{name:15} {mean_ciede2000(truth, predicted):.1f}")

# %%
# Some of the others, with their errors:

images = {**images, "truth": truth}
shown = [0, 4, 8, 12, 16]
_, axes = plt.subplots(len(shown), len(images), figsize=(11, 9), layout="constrained")
for row, number in zip(axes, shown, strict=True):
    for ax, (name, predicted) in zip(row, images.items(), strict=True):
        error = mean_ciede2000([truth[number]], [predicted[number]])
        ax.imshow(predicted[number], cmap="gray", vmin=0, vmax=255)
        ax.set_axis_off()
        ax.set_title(name if name == "truth" else f"{name}: {error:.1f}")
plt.show()

# %%
# Skies become bluish, and meadows and trees olive: closer to the truth, and much paler, since with few
# photographs much is uncertain. What the five do not show, such as autumn leaves, is painted like what they show.
