"""
Film: colours carried from key frames
=====================================

Coloured frame by frame, a film flickers with its lamp and its grain. Here the colours are carried along the
motion, and from key frames in both directions. The film is made from a photograph: a camera that moves and
zooms.
"""

# %%
# A film with a flickering lamp and grain
# ---------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from skimage.color import rgb2luv
from skimage.transform import resize

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000

photos = load_sample_photos()
astronaut = photos.images[photos.names.index("astronaut")]
rng = np.random.default_rng(0)
film, greys = [], []
for number in range(30):
    side = 360 - 4 * number
    top, left = 20 + number, 3 * number
    view = astronaut[top : top + side, left : left + side]
    film.append((resize(view, (160, 160), anti_aliasing=True) * 255).astype(np.uint8))
    lamp, grain = 1 + 0.08 * rng.standard_normal(), 4 * rng.standard_normal((160, 160))
    greys.append(np.clip(to_gray(film[-1]) * lamp + grain, 0, 255).astype(np.uint8))

# %%
# Frame by frame, and along the motion
# ------------------------------------
# Two frames are coloured by hand. They are the training images and the key frames.

keyframes = {number: film[number] for number in (4, 24)}
colorizer = SOMColorizer(random_state=0).fit(list(keyframes.values()))
frame_by_frame = colorizer.predict(greys)
along_the_motion = list(colorizer.colorize_film(greys, keyframes=keyframes))

shown = (0, 8, 14, 20, 29)
rows = {
    "grey": greys,
    "frame by frame": frame_by_frame,
    "along the motion": along_the_motion,
    "truth": film,
}
figure, axes = plt.subplots(
    len(rows), len(shown), figsize=(7, 6.2), layout="constrained"
)
for row, (name, frames) in zip(axes, rows.items(), strict=True):
    for ax, number in zip(row, shown, strict=True):
        ax.imshow(frames[number], cmap="gray", vmin=0, vmax=255)
        ax.set_axis_off()
    row[0].set_title(name, loc="left")

# %%
# Error and flicker
# -----------------
# The mean v* of each frame shows the flicker: it should change slowly, as in the true colours.


def mean_v(frames):
    return [rgb2luv(frame)[..., 2].mean() for frame in frames]


figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for name, frames in list(rows.items())[1:]:
    error = mean_ciede2000(film, frames)
    ax.plot(mean_v(frames), label=f"{name}: CIEDE2000 {error:.1f}" if error else name)
for number in keyframes:
    ax.axvline(number, color="0.8", zorder=0)
ax.set(xlabel="frame", ylabel="mean v*")
ax.legend()
plt.show()
