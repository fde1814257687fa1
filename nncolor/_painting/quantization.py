"""Images painted with the nearest codewords of their chroma."""

import numpy as np

from .._codebook.quantizer import nearest_codewords
from .._images.color import join_lightness_chroma, lightness_chroma, output_dtype


def quantize_image(quantizer, image, n_threads=1, dtype=None):
    """Colour image with the chroma of the nearest codewords; its dtype is as in `predict`."""
    lightness, chroma = lightness_chroma(image)
    codebook = np.asarray(quantizer.cluster_centers_)
    nearest = codebook[nearest_codewords(quantizer, chroma)]
    return join_lightness_chroma(lightness, nearest, output_dtype(image.dtype) if dtype is None else dtype)
