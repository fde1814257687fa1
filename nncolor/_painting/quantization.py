"""Images painted with the nearest codewords of their chroma."""

import numpy as np

from .._codebook.quantizer import nearest_codewords
from .._images.color import join_lightness_chroma, lightness_chroma


def quantize_image(image, quantizer, dtype):
    """Colour image whose chroma is replaced by that of the nearest codewords."""
    lightness, chroma = lightness_chroma(image)
    codebook = np.asarray(quantizer.cluster_centers_)
    nearest = codebook[nearest_codewords(quantizer, chroma)]
    return join_lightness_chroma(lightness, nearest, dtype)
