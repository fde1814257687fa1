"""Resizing of images to the working size, and for previews."""

import numbers

import numpy as np
from sklearn.utils._param_validation import Interval

from .._utils.types import AnyArray, FloatArray
from .color import LazyLightness, from_unit_range, lightness_chroma, output_dtype, to_unit_range
from .resampling import resample

# Allowed values of a working size: patches need some pixels.
WORKING_SIZE = [Interval(numbers.Integral, 8, None, closed="left"), None]


def working_shape(shape: tuple[int, int], working_size: int | None) -> tuple[int, int]:
    """Height and width of an image at the working size.

    Parameters
    ----------
    shape : (height, width)
    working_size : int or None
        Square root of the area in pixels; None keeps the shape.

    Returns
    -------
    shape : (height, width)
        With that area, as closely as whole pixels and the proportions of the image allow. A side has at
        least one pixel, and at most working_size ** 2.
    """
    if working_size is None:
        return shape
    scale = working_size / np.sqrt(shape[0] * shape[1])
    height, width = (min(max(1, round(side * scale)), working_size**2) for side in shape)
    return height, width


def shrink(image: AnyArray, max_size: int | None) -> AnyArray:
    """Reduce an image by averages over areas, so that its longer side has at most `max_size` pixels."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if max_size is None or longer <= max_size:
        return image
    shape = tuple(max(1, round(side * max_size / longer)) for side in (height, width))
    planes = np.moveaxis(np.atleast_3d(image), -1, 0)
    shrunk = resample(lambda rows: to_unit_range(planes[:, rows]), (height, width), shape, len(planes))
    return from_unit_range(
        np.moveaxis(shrunk, 0, -1).reshape(*shape, *image.shape[2:]), output_dtype(image.dtype)
    )


def working_lightness(
    image: AnyArray, working_size: int | None, n_threads: int = 1
) -> FloatArray | LazyLightness:
    """Lightness of a valid image at the working size, CIE L* of shape (h, w).

    If that is the size of the image, it is computed lazily, only for the pixels that are read.
    """
    lightness = LazyLightness(image)
    shape = working_shape(lightness.shape, working_size)
    if shape == lightness.shape:
        return lightness
    return resample(lambda rows: lightness[rows][None], lightness.shape, shape, 1, n_threads)[0]


def working_lightness_chroma(image: AnyArray, working_size: int | None) -> tuple[FloatArray, FloatArray]:
    """Lightness (h, w) and chroma (h, w, 2) of a valid colour image at the working size."""
    height, width = image.shape[:2]
    shape = working_shape((height, width), working_size)
    if shape == (height, width):
        return lightness_chroma(image)

    def read(rows):
        lightness, chroma = lightness_chroma(image[rows])
        return np.concatenate([lightness[None], np.moveaxis(chroma, -1, 0)])

    planes = resample(read, (height, width), shape, 3)
    return planes[0], np.ascontiguousarray(np.moveaxis(planes[1:], 0, -1))
