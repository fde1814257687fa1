"""Guided filter: smooths chroma within regions of like lightness, and keeps it apart at their edges."""

import numpy as np
from scipy.ndimage import uniform_filter

# Regularization of the guided filter, in squared units of a guide in [0, 1]: differences of
# lightness well below sqrt(_EPSILON) are smoothed over, those well above are kept.
_EPSILON = 0.04**2


def sampling_step(radius):
    """Step between the pixels at which a guided filter of this radius needs values.

    Windows hold at least as many samples as those of a radius of 4, which is enough: the values are
    smooth afterwards, and the details of the result come from the guide.
    """
    return max(1, radius // 4)


def guided_filter(guide, values, radius, step=1):
    """Smooth planes along a guide: within a window each is a linear function of the guide.

    Parameters
    ----------
    guide : ndarray of shape (H, W), float32
        In [0, 1].
    values : ndarray of shape (n, ceil(H / step), ceil(W / step)), float32
        Of every step-th pixel, from the first on.
    radius : int
        Windows have a side of about 2 * radius + 1: radius / step is rounded.
    step : int

    Returns
    -------
    smoothed : ndarray of shape (n, H, W), float32

    Notes
    -----
    The result at a pixel depends on nothing farther away than `support(radius, step)`.

    References
    ----------
    K. He, J. Sun, X. Tang, "Guided Image Filtering", ECCV 2010, equations 5 to 8.
    K. He, J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015: the linear functions are found for
    every step-th pixel and interpolated.
    """
    size = 2 * max(1, round(radius / step)) + 1

    def mean(plane):
        return uniform_filter(plane, size, mode="nearest")

    seen = np.ascontiguousarray(guide[::step, ::step])
    mean_guide = mean(seen)
    variance = np.maximum(mean(seen * seen) - mean_guide**2, 0)
    smoothed = np.empty((len(values), *guide.shape), np.float32)
    for plane, out in zip(values, smoothed, strict=True):
        mean_plane = mean(plane)
        slope = (mean(seen * plane) - mean_guide * mean_plane) / (variance + np.float32(_EPSILON))
        intercept = mean_plane - slope * mean_guide
        np.multiply(_enlarge(mean(slope), step, guide.shape), guide, out=out)
        out += _enlarge(mean(intercept), step, guide.shape)
    return smoothed


def support(radius, step):
    """Largest distance, a multiple of the step in pixels, at which a value has an effect on the result."""
    return (2 * max(1, round(radius / step)) + (step > 1)) * step


def _enlarge(plane, step, shape):
    """Plane of every step-th pixel, interpolated linearly to all pixels; beyond the last it is constant."""
    if step == 1:
        return plane
    for axis in (0, 1):
        sides = list(plane.shape)
        sides[axis] *= step
        stretched = np.empty(sides, np.float32)
        known, wanted = np.moveaxis(plane, axis, 0), np.moveaxis(stretched, axis, 0)
        wanted[::step] = known
        rise = np.diff(known, axis=0, append=known[-1:])
        for k in range(1, step):
            np.multiply(rise, np.float32(k / step), out=wanted[k::step])
            wanted[k::step] += known
        plane = stretched
    return plane[: shape[0], : shape[1]]
