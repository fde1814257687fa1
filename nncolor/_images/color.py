"""Conversion between RGB and lightness and chroma; dtypes and ranges of images; colour differences.

Lightness is CIE L* (0 to 100), chroma is CIE (u*, v*), of sRGB under D65 as in scikit-image, in float32.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import ImageColor
from skimage.color import deltaE_ciede2000, rgb2lab, rgb2luv

from .._utils.threads import single_threaded
from .._utils.types import AnyArray, FloatArray, Image
from .batch import load_image
from .srgb import encode, encode_8_bits, luv_to_linear

# Pixels that are converted to RGB at a time.
_CONVERTED = 1 << 16
# Pixels whose colour difference is computed at a time, in float64.
_COMPARED = 1 << 18
# Any grey has a chroma within 0.01 of zero: scikit-image's white point is rounded.
NEUTRAL_CHROMA = 0.1


def output_dtype(dtype):
    """Dtype of the coloured version of an image of `dtype`."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize < 8 else np.float64)
    return dtype


def to_unit_range(image):
    """Image of any allowed dtype as float32 in [0, 1]."""
    image = np.asarray(image)
    if image.dtype.kind == "u":
        return np.divide(image, np.iinfo(image.dtype).max, dtype=np.float32)
    return image.astype(np.float32)


def from_unit_range(image, dtype):
    """Float image in [0, 1] as `dtype`; integers are rounded to the nearest."""
    if dtype.kind == "u":
        # float32 holds 65535 exactly, so the only loss is half a unit of rounding
        return np.rint(image * np.float32(np.iinfo(dtype).max)).astype(dtype)
    return image.astype(dtype, copy=False)


@lru_cache
def _lightness_table(dtype):
    """L* of every level of an integer or bool dtype."""
    levels = 2 if dtype.kind == "b" else np.iinfo(dtype).max + 1
    grey = np.linspace(0, 1, levels)
    table = rgb2luv(np.repeat(grey[:, None], 3, axis=1))[:, 0].astype(np.float32)
    table.flags.writeable = False
    return table


def image_lightness(image):
    """Lightness of an image.

    Parameters
    ----------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        A grey level g counts as the sRGB pixel (g, g, g); alpha is dropped.

    Returns
    -------
    lightness : ndarray of shape (H, W), float32
        CIE L*, 0 to 100.
    """
    if image.ndim == 3:
        return lightness_chroma(image)[0]
    if image.dtype.kind in "ub":
        return _lightness_table(image.dtype).take(image, mode="clip")
    return rgb2luv(np.repeat(to_unit_range(image)[..., None], 3, axis=-1))[..., 0]


class LazyLightness:
    """Lightness of a valid image, computed lazily, only for the pixels that are read.

    It is read like an array of shape (H, W): `lightness[rows]`, `lightness[rows, columns]`.
    """

    def __init__(self, image: AnyArray):
        self.image = image
        self.shape: tuple[int, int] = (image.shape[0], image.shape[1])

    def __getitem__(self, index: Any) -> FloatArray:
        return image_lightness(self.image[index])


def named_color(name):
    """RGB in [0, 1] of the name of a CSS colour, or "#rrggbb"; None if it is neither.

    Returns
    -------
    rgb : ndarray of shape (3,), or None
    """
    try:
        rgb = ImageColor.getrgb(name)
    except ValueError:
        return None
    return np.array(rgb) / 255 if len(rgb) == 3 else None


def parse_color(color, where):
    """RGB in [0, 1] of a colour.

    Parameters
    ----------
    color : str or array-like of shape (3,)
        The name of a CSS colour, "#rrggbb", or an RGB triple in the range of its dtype: whole numbers from 0
        to 255, those of uint16 from 0 to 65535, and floats from 0 to 1.
    where : str
        Name of the colour in messages.

    Returns
    -------
    rgb : ndarray of shape (3,), float64
    """
    if isinstance(color, str):
        rgb = named_color(color)
        if rgb is None:
            raise ValueError(f"{where}: {color!r} is neither the name of a CSS colour nor '#rrggbb'.")
        return rgb
    try:
        rgb = np.asarray(list(color) if isinstance(color, Iterator) else color)
    except (TypeError, ValueError):
        rgb = np.empty(0)
    if rgb.shape != (3,) or rgb.dtype.kind not in "uif":
        raise ValueError(f"{where}: {color!r} is not an RGB triple, a CSS name or '#rrggbb'.")
    highest = 1 if rgb.dtype.kind == "f" else 65535 if rgb.dtype == np.uint16 else 255
    if not ((rgb >= 0) & (rgb <= highest)).all():  # NaN is not
        raise ValueError(
            f"{where}: {color!r} is not a colour: whole numbers are from 0 to 255 (uint16 to 65535), "
            "floats from 0 to 1."
        )
    return rgb / highest


def lightness_chroma(image):
    """Lightness and chroma of a colour image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3) or (H, W, 4)

    Returns
    -------
    lightness : ndarray of shape (H, W), float32
        CIE L*, 0 to 100.
    chroma : ndarray of shape (H, W, 2), float32
        CIE u*, v*.
    """
    with single_threaded():
        luv = rgb2luv(to_unit_range(image[..., :3]))
    return np.ascontiguousarray(luv[..., 0]), np.ascontiguousarray(luv[..., 1:])


def image_tint(chroma):
    """Tint (2,) of an image with a chroma of shape (H, W, 2): its mean u*, v*."""
    return chroma.mean(axis=(0, 1), dtype=np.float64)


def join_lightness_chroma(lightness, chroma, dtype):
    """Colour image of a lightness and a chroma.

    Its lightness and hue are those given. A chroma that sRGB does not have at that lightness and hue is
    reduced to the largest that it has.

    Parameters
    ----------
    lightness : ndarray of shape (...,)
    chroma : ndarray of shape (..., 2)
    dtype : dtype
        uint8, uint16, float32 or float64.

    Returns
    -------
    image : ndarray of shape (..., 3)
    """
    lightness, chroma = np.asarray(lightness, np.float32), np.asarray(chroma, np.float32)
    shape = np.broadcast_shapes(lightness.shape, chroma.shape[:-1])
    image = np.empty((*shape, 3), dtype)
    _write_colors(lightness, chroma[..., 0], chroma[..., 1], image)
    return image


def _write_colors(lightness, u, v, out):
    for index, linear in enumerate(luv_to_linear(lightness, u, v)):
        if out.dtype == np.uint8:
            out[..., index] = encode_8_bits(linear)
        else:
            out[..., index] = from_unit_range(encode(linear), out.dtype)


def paint(lightness, chroma, out):
    """Write the colour image of a lightness and a chroma, see `join_lightness_chroma`, a few rows at a time.

    Parameters
    ----------
    lightness : ndarray of shape (H, W)
    chroma : ndarray of shape (2, H, W)
    out : ndarray of shape (H, W, 3)
        Its dtype is that of the image.
    """
    step = max(1, _CONVERTED // lightness.shape[1])
    for start in range(0, len(lightness), step):
        part = slice(start, start + step)
        _write_colors(lightness[part], *chroma[:, part], out[part])


def lightness_to_gray(lightness, dtype):
    """Grey levels of a dtype, of the shape of a lightness."""
    neutral = np.zeros((*lightness.shape, 2), np.float32)
    return join_lightness_chroma(lightness, neutral, dtype)[..., 0]


def to_gray(image: Image) -> AnyArray:
    """Grey image with the lightness of a colour image.

    It is the part of a colour image that nncolor uses for prediction. Other formulas for grey, such as
    :func:`skimage.color.rgb2gray`, give another lightness.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3 or 4), or path
        Alpha is dropped; of a grey image, a copy is returned.

    Returns
    -------
    grey : ndarray of shape (H, W)
        A pixel g stands for the sRGB pixel (g, g, g) with the same CIE L*. The dtype is that of the image.

    Raises
    ------
    ValueError
        If the image is not valid.
    OSError
        If a file cannot be read; the message names it.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor import to_gray
    >>> to_gray(np.array([[[255, 0, 0], [70, 70, 70]]], dtype=np.uint8))
    array([[127,  70]], dtype=uint8)
    """
    pixels = load_image(None, image)
    if pixels.ndim == 2:
        return pixels.copy()
    grey = np.empty(pixels.shape[:2], output_dtype(pixels.dtype))
    step = max(1, _CONVERTED // pixels.shape[1])
    for start in range(0, len(pixels), step):
        part = slice(start, start + step)
        grey[part] = lightness_to_gray(image_lightness(pixels[part]), grey.dtype)
    return grey


def ciede2000(true, predicted):
    """CIEDE2000 of each pixel of two arrays of RGB in [0, 1], both of shape (n, 3)."""
    differences = np.empty(len(true), np.float32)
    with single_threaded():
        for start in range(0, len(true), _COMPARED):
            chunk = slice(start, start + _COMPARED)
            differences[chunk] = deltaE_ciede2000(rgb2lab(true[chunk]), rgb2lab(predicted[chunk]))
    return differences
