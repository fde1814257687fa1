"""
A folder of images
==================

Archives come as folders. Here one is made of halves of the bundled photographs: colour ones to train on,
grey ones to colour, and one file that is cut off. Paths are accepted wherever arrays are.
"""

# %%
# The folders
# -----------

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image
from skimage.color import rgb2gray
from skimage.util import img_as_ubyte

from nncolor import SOMColorizer
from nncolor.datasets import load_image_folder, load_sample_photos

home = Path(tempfile.mkdtemp())
for folder in ("colour", "grey", "coloured"):
    (home / folder).mkdir()
photos = load_sample_photos()
for name in ("coffee", "chelsea", "flower"):
    photo = photos.images[photos.names.index(name)][::2, ::2]
    middle = photo.shape[1] // 2
    Image.fromarray(photo[:, :middle]).save(home / "colour" / f"{name}.png")
    grey = img_as_ubyte(rgb2gray(photo[:, middle:]))
    Image.fromarray(grey).save(home / "grey" / f"{name}.jpg", quality=95)
whole = (home / "grey" / "coffee.jpg").read_bytes()
(home / "grey" / "broken.jpg").write_bytes(whole[: len(whole) // 3])

# %%
# Train on one folder
# -------------------
# `load_image_folder` gives sorted paths. A file is read when it is needed.

colorizer = SOMColorizer(random_state=0).fit(load_image_folder(home / "colour"))

# %%
# Colour the other
# ----------------
# One by one: a file that cannot be read raises an error that names it, and the others are still coloured.
# `predict` takes the whole list at once, and stops at the first error.

failures = []
for path in load_image_folder(home / "grey"):
    try:
        colored = colorizer.colorize(path)
    except OSError as error:
        failures.append(Path(path).name)
        print(str(error).replace(str(home), "..."))
    else:
        Image.fromarray(colored).save(home / "coloured" / Path(path).name, quality=95)

results = load_image_folder(home / "coloured")
figure, axes = plt.subplots(2, len(results), figsize=(7, 4.4), layout="constrained")
for column, path in zip(axes.T, results, strict=True):
    name = Path(path).name
    column[0].imshow(Image.open(home / "grey" / name), cmap="gray")
    column[0].set_title(name, fontsize=9)
    column[1].imshow(Image.open(path))
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %%
# `examples/colorize_folder.py` in the repository does this as a program: it continues an interrupted run,
# writes only whole files, keeps 16-bit TIFF at 16 bits, and reports at the end what could not be coloured.
