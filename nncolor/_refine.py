"""Smoothing of chroma that stops at the edges of lightness."""

import numpy as np
from scipy.ndimage import uniform_filter

# Regularization of the guided filter, in squared units of a guide in [0, 1]: differences of
# lightness well below sqrt(_EPSILON) are smoothed over, those well above are kept.
_EPSILON = 0.04**2


def guided_filter(guide, values, radius):
    """Smooth planes along a guide: within a window each is a linear function of the guide.

    Parameters
    ----------
    guide : ndarray of shape (H, W), float32
        In [0, 1].
    values : ndarray of shape (n, H, W), float32
    radius : int
        Windows have a side of 2 * radius + 1.

    Returns
    -------
    smoothed : ndarray of shape (n, H, W), float32

    Notes
    -----
    The result at a pixel depends on nothing farther away than 2 * radius.

    References
    ----------
    K. He, J. Sun, X. Tang, "Guided Image Filtering", ECCV 2010, equations 5 to 8.
    """

    def mean(plane):
        return uniform_filter(plane, 2 * radius + 1, mode="nearest")

    mean_guide = mean(guide)
    variance = np.maximum(mean(guide * guide) - mean_guide**2, 0)
    smoothed = np.empty_like(values)
    for plane, out in zip(values, smoothed, strict=True):
        mean_plane = mean(plane)
        slope = (mean(guide * plane) - mean_guide * mean_plane) / (variance + np.float32(_EPSILON))
        intercept = mean_plane - slope * mean_guide
        np.add(mean(slope) * guide, mean(intercept), out=out)
    return smoothed
