"""
First colours: train on one half of a photograph, colour the other
==================================================================

A quick test of a colorizer: it is trained on the left half of a photograph in colour, and colours the
right half from its lightness alone. Nothing is downloaded; the photographs come with scikit-learn and
scikit-image.
"""

# %%
# The photographs
# ---------------
# Three of the photographs of `load_sample_photos`, each cut in two.

from time import perf_counter

import matplotlib.pyplot as plt
from skimage.color import luv2rgb, rgb2luv

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000

photos = load_sample_photos()
names = ["coffee", "chelsea", "china"]
halves = []
for name in names:
    photo = photos.images[photos.names.index(name)]
    middle = photo.shape[1] // 2
    halves.append((photo[:, :middle], photo[:, middle:]))

# %%
# Train and colour
# ----------------
# A colorizer is for one class of images, so each photograph has one of its own. Both halves of a
# photograph show the same things at the same heights, which the default features (a
# small patch, the position, and context at three scales) make use of. The error is the mean CIEDE2000: 0
# is perfect. The temple is nearly colourless, so that leaving it grey is about as close to the truth.


def chroma_alone(image):
    luv = rgb2luv(image)
    luv[..., 0] = 50
    return luv2rgb(luv)


rows = []
for name, (left, right) in zip(names, halves, strict=True):
    start = perf_counter()
    grey = to_gray(right)
    colorizer = SOMColorizer(pixels_per_image=20_000, random_state=0).fit([left])
    colored = colorizer.colorize(grey)
    seconds = perf_counter() - start
    error, grey_error = (
        mean_ciede2000([right], [colored]),
        mean_ciede2000([right], [grey]),
    )
    print(f"{name}: CIEDE2000 {error:.1f}, left grey {grey_error:.1f}; {seconds:.1f} s")
    verdict = "" if error < grey_error else "\n(grey is closer)"
    titles = (
        "original",
        f"grey: error {grey_error:.1f}",
        f"predicted: error {error:.1f}{verdict}",
        "predicted chroma",
    )
    rows.append((titles, (right, grey, colored, chroma_alone(colored))))

# %%
# Result
# ------
# The last column shows the predicted chroma alone, at a lightness of 50.

figure, axes = plt.subplots(
    len(rows), 4, figsize=(7, 1.9 * len(rows)), layout="constrained"
)
for row, (titles, images) in zip(axes, rows, strict=True):
    for ax, title, image in zip(row, titles, images, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=255)
        ax.set_title(title, fontsize=8)
        ax.set_axis_off()
figure.savefig("first_colours.png", dpi=110)
print("The picture is in first_colours.png.")
