"""Guided filter: smooths chroma within regions of similar lightness, but not across their edges."""

import numpy as np
from scipy.ndimage import uniform_filter

from .._images.resampling import interpolate, weights_between
from .settings import PaintingSettings


def sampling_step(radius):
    """Step between the pixels at which a guided filter of this radius needs values.

    Windows hold at least as many samples as those of a radius of 4, which is enough: the values are
    smooth afterwards, and the details of the result come from the guide.
    """
    return max(1, radius // 4)


def support(radius, step):
    """Largest distance, a multiple of the step in pixels, at which a value has an effect on the result."""
    return (2 * max(1, round(radius / step)) + (step > 1)) * step


def guided_filter(guide, values, radius, step=1, epsilon=PaintingSettings.epsilon):
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
    epsilon : float
        Regularization, see `PaintingSettings`.

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
    slopes, intercepts = linear_functions(
        guide[::step, ::step], values, max(1, round(radius / step)), epsilon
    )
    smoothed = np.empty((len(values), *guide.shape), np.float32)
    for slope, intercept, out in zip(slopes, intercepts, smoothed, strict=True):
        np.multiply(_enlarge(slope, step, guide.shape), guide, out=out)
        out += _enlarge(intercept, step, guide.shape)
    return smoothed


def linear_functions(guide, values, radius, epsilon):
    """Slope and intercept of the linear functions of the guide, averaged over the windows of each pixel.

    Parameters
    ----------
    guide : ndarray of shape (h, w), float32
        In [0, 1].
    values : ndarray of shape (n, h, w), float32
    radius : int
        Windows have a side of 2 * radius + 1.
    epsilon : float

    Returns
    -------
    slopes, intercepts : ndarray of shape (n, h, w), float32
    """
    size = 2 * radius + 1

    def mean(plane):
        return uniform_filter(plane, size, mode="nearest")

    guide = np.ascontiguousarray(guide)
    mean_guide = mean(guide)
    variance = np.maximum(mean(guide * guide) - mean_guide**2, 0)
    slopes, intercepts = np.empty((2, *values.shape), np.float32)
    for plane, slope_out, intercept_out in zip(values, slopes, intercepts, strict=True):
        mean_plane = mean(plane)
        slope = (mean(guide * plane) - mean_guide * mean_plane) / (variance + np.float32(epsilon))
        slope_out[:] = mean(slope)
        intercept_out[:] = mean(mean_plane - slope * mean_guide)
    return slopes, intercepts


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


class EnlargedPlanes:
    """Planes of a small image, enlarged, guided by the full-size lightness of a large one.

    The linear functions of the guided filter are found on the small image and applied to the lightness
    of the large one, so that edges are as sharp as those of its lightness.

    Parameters
    ----------
    guide : ndarray of shape (h, w), float32
        Lightness of the small image in [0, 1].
    values : ndarray of shape (n, ceil(h / step), ceil(w / step)), float32
        Of every step-th pixel of the small image, from the first on.
    radius : int
        Windows have a side of about 2 * radius + 1 pixels of the small image. 0 interpolates the values
        without the guide.
    step : int
    shape : (H, W)
        Shape of the large image.
    epsilon : float
        Regularization, see `PaintingSettings`.
    """

    def __init__(self, guide, values, radius, step, shape, epsilon):
        self.sizes = tuple(zip(shape, guide.shape, values.shape[1:], strict=True))
        self.step = step
        self.n_planes = len(values)
        self.is_guided = radius > 0
        if self.is_guided:
            window = max(1, round(radius / step))
            functions = linear_functions(guide[::step, ::step], values, window, epsilon)
            values = np.concatenate(functions)
        self.values = values

    def block(self, block, lightness):
        """Planes (n, n_rows, n_columns) of a Block of the large image, given its lightness, 0 to 100."""
        weights = (
            _sample_weights(np.asarray(indices), *sizes, self.step)
            for indices, sizes in zip((block.rows, block.columns), self.sizes, strict=True)
        )
        planes = interpolate(self.values, *weights)
        if not self.is_guided:
            return planes
        slopes, intercepts = planes[: self.n_planes], planes[self.n_planes :]
        slopes *= lightness * np.float32(0.01)
        slopes += intercepts
        return slopes


def _sample_weights(pixels, size, small_size, n_samples, step):
    """Weights of every step-th pixel of a small image at the pixels of a large one, along one axis."""
    return weights_between(((pixels + 0.5) * (small_size / size) - 0.5) / step, n_samples)
