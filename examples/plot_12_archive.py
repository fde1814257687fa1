"""
An archive of 1910
==================

Old films saw other colours than the eye. The blue plates of S. M. Prokudin-Gorskii are such photographs, and
because he also took a green and a red one, their true colours are known. Here a colorizer is trained on 14 of his
photographs and colours the blue plates of ten others, with and without `gray=`.
"""

# %%
# What the old film saw
# ---------------------
# Plates before orthochromatic emulsions recorded only blue: the sky is white, and leaves, earth and skin are
# dark.

import matplotlib.pyplot as plt
import numpy as np
from skimage.color import luv2rgb, rgb2luv

from nncolor import SOMColorizer
from nncolor.datasets import load_plates
from nncolor.metrics import mean_ciede2000
from nncolor.plotting import EmulsionDisplay

plates = load_plates()
colour, truth, old = plates.images[:14], plates.images[14:], plates.blue[14:]

# %%
# Train with `gray=`
# ------------------
# `fit` compares the grey photographs that are to be coloured with the colour ones. It finds the film whose
# pictures of the colour photographs are like the grey ones, and trains on these pictures.

plain = SOMColorizer(random_state=0).fit(colour)
colorizer = SOMColorizer(random_state=0).fit(colour, gray=old)
emulsion = colorizer.emulsion_
print("weights of red, green and blue:")
print(np.round(emulsion.sensitivity_, 2))

# %%
# Training photographs, as they are seen today, as the found film would have recorded them, and old ones:

EmulsionDisplay.from_estimator(emulsion, colour[1:4], old[1:4])
plt.show()

# %%
# Colour the plates
# -----------------
# The painted lightness is that of the plate, so the comparison with the truth is one of the colours only where
# the plate is as light as the scene was. What counts is whether things have their colours.

images = {
    "blue plate": old,
    "plain fit": plain.predict(old),
    "fit with gray=": colorizer.predict(old),
    "truth": truth,
}
shown = [3, 4, 6, 7, 9]
_, axes = plt.subplots(len(shown), 4, figsize=(10, 11), layout="constrained")
for row, number in zip(axes, shown, strict=True):
    for cell, (name, pictures) in zip(row, images.items(), strict=True):
        cell.imshow(pictures[number], cmap="gray", vmin=0, vmax=255)
        cell.set_axis_off()
        if number == shown[0]:
            cell.set_title(name)
plt.show()

# %%
# The error of the chroma, painted at the true lightness:


def error(predicted):
    errors = []
    for image, chroma in zip(truth, predicted.predict_chroma(old), strict=True):
        luv = rgb2luv(image)
        luv[..., 1:] = chroma
        errors.append(mean_ciede2000([image], [np.clip(luv2rgb(luv), 0, 1)]))
    return np.mean(errors)


# %%

gray = [np.clip(luv2rgb(rgb2luv(image) * [1, 0, 0]), 0, 1) for image in truth]
print(f"left grey       {mean_ciede2000(truth, gray):.1f}")
print(f"plain fit       {error(plain):.1f}")
print(f"fit with gray=  {error(colorizer):.1f}")
