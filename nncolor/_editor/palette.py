"""Colours of the training photographs to choose from."""

import numpy as np

from .._images.color import join_lightness_chroma
from .._utils.types import AnyArray, FloatArray

# Lightness of the colours, in the middle between black and white, where sRGB has most chroma.
_LIGHTNESS = 60
# As many as can be clicked on below a picture; the default codebook has 25.
_MOST = 30


def hex_of(rgb: AnyArray) -> str:
    """ "#rrggbb" of an RGB triple in [0, 1]."""
    return "#{:02x}{:02x}{:02x}".format(*np.rint(255 * np.asarray(rgb, float)).astype(int))


def palette_of(codebook: FloatArray) -> list[str]:
    """Colours "#rrggbb" of a codebook at medium lightness, each once, ordered by hue.

    Parameters
    ----------
    codebook : ndarray of shape (n_codes, 2)
        CIE u*, v*. Of a large codebook, every n-th codeword of that order is used.
    """
    codebook = codebook[np.argsort(np.arctan2(codebook[:, 1], codebook[:, 0]), kind="stable")]
    codebook = codebook[:: -(-len(codebook) // _MOST)]
    rgb = join_lightness_chroma(np.full(len(codebook), _LIGHTNESS), codebook, np.float64)
    return list(dict.fromkeys(map(hex_of, rgb)))
