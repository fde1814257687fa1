"""
The codebook: how many codewords are needed
===========================================

A self-organizing map reduces the chroma of photographs to a few codewords. Figures 8 and 9 of the
paper show the effect on an image: hardly visible in a good case, while in a bad one a rare colour is
lost.
"""

# %%
# Four codebooks
# --------------
# They are fitted to the chroma of pixels of all photographs, as in the paper: 9, 25, 100 and 400
# codewords.

import matplotlib.pyplot as plt

from nncolor import SOMQuantizer, sample_pixels
from nncolor.datasets import load_sample_photos
from nncolor.plotting import CodebookDisplay, QuantizationDisplay

photos = load_sample_photos()
pixels = sample_pixels(photos.images, pixels_per_image=2500, random_state=0)
quantizers = [
    SOMQuantizer(map_shape=(side, side), n_iter=40_000, random_state=0).fit(
        pixels.chroma
    )
    for side in (3, 5, 10, 20)
]
for quantizer in quantizers:
    print(
        f"{len(quantizer.codebook_)} codewords: quantization error {quantizer.quantization_error_:.3f}, "
        f"topographic error {quantizer.topographic_error_:.3f}"
    )

# %%
# Order of the codewords
# ----------------------
# Neighbours on the map have similar colours. The number in a square is the share of the pixels with that
# codeword; in the plane of chroma, the area of its point shows it.

figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
CodebookDisplay.from_estimator(quantizers[1], ax=axes[0])
CodebookDisplay.from_estimator(quantizers[1], kind="plane", ax=axes[1])

# %%
# A good case (Figure 8)
# ----------------------
# The colours of the cat are frequent in the photographs; nine codewords are nearly enough.


def show_quantized(name):
    _, axes = plt.subplots(2, 3, figsize=(7, 4), layout="constrained")
    axes[1, 2].set_axis_off()
    photo = photos.images[photos.names.index(name)]
    QuantizationDisplay.from_estimator(quantizers, photo, ax=axes.flat[:5])


show_quantized("chelsea")

# %%
# A bad case (Figure 9)
# ---------------------
# The blue-green behind the flower is rare in all photographs together: with nine codewords it turns
# into a greyish blue, and the petals into pink. Both come back with larger maps.

show_quantized("flower")
plt.show()
