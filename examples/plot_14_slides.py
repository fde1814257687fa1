"""
Slides of a microscope
======================

Slides of one stain are painted with the same few dyes, so their lightness tells more of their colours than that
of photographs does. Here one half of a stained section colours the other half. Two simulated slides then show
the conditions: the same stain, equally strong.
"""

# %%
# One section, two halves
# -----------------------
# scikit-image ships a section of a colon. Haematoxylin stains nuclei blue, and a brown dye (DAB) marks a
# protein. Tiles of the left half are the training images, and those of the right half are coloured.

import matplotlib.pyplot as plt
import numpy as np
from skimage.color import hed2rgb, rgb2hed
from skimage.data import immunohistochemistry

from nncolor import SOMColorizer, to_gray
from nncolor.metrics import mean_ciede2000


def tiles(image, size=128):
    height, width = image.shape[:2]
    return [
        image[row : row + size, column : column + size]
        for row in range(0, height, size)
        for column in range(0, width, size)
    ]


slide = immunohistochemistry()
train, truth = tiles(slide[:, :256]), tiles(slide[:, 256:])
grey = [to_gray(tile) for tile in truth]
colorizer = SOMColorizer(random_state=0).fit(train)


def show(truth, columns, numbers):
    """Some tiles as rows; the titles have the mean CIEDE2000 of all of them."""
    columns = {**columns, "truth": truth}
    figure, axes = plt.subplots(
        len(numbers),
        len(columns),
        figsize=(2.1 * len(columns), 2.1 * len(numbers) + 0.4),
        layout="constrained",
        squeeze=False,
    )
    for cells, number in zip(axes, numbers, strict=True):
        for ax, images in zip(cells, columns.values(), strict=True):
            ax.imshow(images[number], cmap="gray", vmin=0, vmax=255)
            ax.set_axis_off()
    for ax, (title, images) in zip(axes[0], columns.items(), strict=True):
        error = "" if images is truth else f"{mean_ciede2000(truth, images):.1f}"
        ax.set_title(f"{title}\n{error}")
    plt.show()


# %%
# The numbers are the mean CIEDE2000 of all eight tiles of the right half.

show(truth, {"grey": grey, "coloured": colorizer.predict(grey)}, (0, 3, 5))

# %%
# More than half of the error of grey is gone, after training on eight tiles. What is lost are pale blue nuclei
# inside brown tissue: they are about as light as the brown around them.
#
# A paler slide
# -------------
# The same tiles with half of the stain: the absorbance of each pixel is halved, so each value, as a share of
# the brightest one, becomes its square root.


def stained(images, strength):
    return [
        np.rint(255 * (image / 255) ** strength).astype(np.uint8) for image in images
    ]


pale = stained(truth, 0.5)
grey = [to_gray(tile) for tile in pale]


# %%
# What was brown is now as light as blue was, and gets its colour. So slides are normalized first: their
# absorbance is multiplied until its 99th percentile is that of the training tiles. The result is brought back
# to its own absorbance, to be compared (this turns a dark edge without any blue olive).


def darkest_absorbance(images):
    return np.percentile(-np.log((np.stack(images) + 1.0) / 256), 99)


strength = darkest_absorbance([to_gray(tile) for tile in train])
strength /= darkest_absorbance(grey)
print(f"absorbance of the pale tiles, multiplied by {strength:.2f}")
normalized = colorizer.predict(stained(grey, strength))

columns = {
    "grey, pale": grey,
    "coloured": colorizer.predict(grey),
    "normalized,\ncoloured": stained(normalized, 1 / strength),
}
show(pale, columns, (0, 3))

# %%
# Another stain
# -------------
# The same tissue as if the protein were marked by eosin, which is pink. Its grey picture looks much the same, and
# the colorizer knows only brown: the result is farther from the truth than grey.

absorbance = [rgb2hed(tile) for tile in truth]
pink = [
    np.rint(255 * hed2rgb(np.stack([tile[..., 0], tile[..., 2], 0 * tile[..., 0]], -1)))
    for tile in absorbance
]
pink = [tile.astype(np.uint8) for tile in pink]
grey = [to_gray(tile) for tile in pink]
show(pink, {"grey, pink stain": grey, "coloured": colorizer.predict(grey)}, (0, 3))

# %%
# So train one colorizer for each stain and scanner, and normalize the slides. For tiles of different sizes at
# one magnification, use `working_size=None`. A colour that was painted is not evidence: where the dyes are
# equally dark, the colorizer takes the more frequent one, so no diagnosis may rest on it.
