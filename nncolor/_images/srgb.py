"""Conversion of CIELUV to sRGB; chroma that sRGB does not have is reduced at constant lightness and hue."""

from functools import lru_cache

import numpy as np
from skimage.color import xyz_tristimulus_values
from skimage.color.colorconv import rgb_from_xyz

# float32 constants keep arrays in float32
_F = np.float32
# White point of scikit-image, D65 for the 2 degree observer, and its chromaticity u', v'.
_WHITE = xyz_tristimulus_values(illuminant="D65", observer="2")
_U0, _V0 = (np.array([4, 9]) * _WHITE[:2]) / (_WHITE @ [1, 15, 3])
# Linear R, G and B times 4 v' / Y are these multiples of u' and v' plus a constant; at u', v' of white:
_OF_U = 9 * rgb_from_xyz[:, 0] - 3 * rgb_from_xyz[:, 2]
_OF_V = 4 * rgb_from_xyz[:, 1] - 20 * rgb_from_xyz[:, 2]
_NEUTRAL = _OF_U * _U0 + _OF_V * _V0 + 12 * rgb_from_xyz[:, 2]
# Colours on the border of sRGB may lie this far outside, because of rounding.
_ROUNDING = 2e-5
# Smallest L* and smallest distance from white, so that nothing is divided by zero.
_TINY = 1e-6
# Levels of linear light in the table of 8-bit values: 300 for the smallest step between two of them.
_LEVELS = 1 << 20


def luv_to_linear(lightness, u, v):
    """Linear R, G and B of colours, with the chroma that sRGB has at their lightness and hue.

    Parameters
    ----------
    lightness, u, v : ndarray, float32
        CIE L* (0 to 100), u* and v*; of shapes that broadcast together.

    Returns
    -------
    linear : ndarray of shape (3, ...), float32
        In [0, 1] but for rounding. A chroma that sRGB has is not changed.
    """
    lightness = np.maximum(lightness, _F(_TINY))
    inverse = _F(1 / 13) / lightness
    # u' - u0 and v' - v0
    a, b = u * inverse, v * inverse
    luminance = luminance_of(lightness)
    # v' of 0 or less is outside of sRGB, and found below
    scale = luminance / np.maximum(b * _F(4) + _F(4 * _V0), _F(_TINY))
    linear = np.empty((3, *scale.shape), np.float32)
    for channel, of_u, of_v, neutral in zip(linear, _OF_U, _OF_V, _NEUTRAL, strict=True):
        np.multiply(a, _F(of_u), out=channel)
        channel += b * _F(of_v)
        channel += _F(neutral)
    outside = np.minimum(np.minimum(linear[0], linear[1]), linear[2]) < _F(-_ROUNDING)
    linear *= scale
    outside |= np.maximum(np.maximum(linear[0], linear[1]), linear[2]) > _F(1 + _ROUNDING)
    if outside.any():
        inputs = (np.broadcast_to(values, outside.shape)[outside] for values in (a, b, luminance))
        linear[:, outside] = _reduced(*inputs)
    return linear


def luminance_of(lightness):
    """CIE Y (0 to 1) of CIE L* (0 to 100)."""
    root = (lightness + _F(16)) * _F(1 / 116)
    return np.where(lightness > _F(7.999625), root * root * root, lightness * _F(1 / 903.3))


def _reduced(a, b, luminance):
    """Linear R, G and B, (3, n), with the largest share of the chroma for which all three lie in [0, 1].

    With u' = u0 + s a and v' = v0 + s b, linear R, G and B times 4 v' are linear in the share s. So the
    largest s is the smallest of 1 and six quotients.
    """
    reduction, directions = np.ones_like(a), []
    for of_u, of_v, neutral in zip(_OF_U, _OF_V, _NEUTRAL, strict=True):
        direction = a * _F(of_u) + b * _F(of_v)
        directions.append(direction)
        # at least 0
        np.maximum(reduction, direction * _F(-1 / neutral), out=reduction)
        # at most 1; white itself is slightly more, because scikit-image's white point is rounded
        room = np.maximum(_F(4 * _V0) - luminance * _F(neutral), _F(_TINY))
        np.maximum(reduction, (luminance * direction - _F(4) * b) / room, out=reduction)
    share = _F(1) / reduction
    scale = luminance / (b * share * _F(4) + _F(4 * _V0))
    channels = zip(directions, _NEUTRAL, strict=True)
    return np.stack([(direction * share + _F(neutral)) * scale for direction, neutral in channels])


def encode(linear):
    """sRGB values in [0, 1] of linear light, float32; values outside [0, 1] are clipped.

    References
    ----------
    IEC 61966-2-1:1999, with the constants of scikit-image.
    """
    linear = np.clip(linear, 0, 1)
    curve = np.float32(1.055) * np.power(linear, np.float32(1 / 2.4)) - np.float32(0.055)
    return np.where(linear > np.float32(0.0031308), curve, linear * np.float32(12.92))


def decode(values):
    """Linear light of sRGB values in [0, 1], float32; the inverse of `encode`."""
    curve = np.power((values + _F(0.055)) * _F(1 / 1.055), _F(2.4))
    return np.where(values > _F(0.04045), curve, values * _F(1 / 12.92))


def lightness_of(luminance):
    """CIE L* (0 to 100) of CIE Y (0 to 1), float32; the inverse of `luminance_of`."""
    root = np.cbrt(luminance) * _F(116) - _F(16)
    return np.where(luminance > _F(0.008856), root, luminance * _F(903.3))


def encode_8_bits(linear):
    """8-bit sRGB values of linear light, by a table; `linear`, float32, is overwritten."""
    linear *= np.float32(_LEVELS - 1)
    linear += np.float32(0.5)
    return _table().take(linear.astype(np.intp), mode="clip")


@lru_cache(maxsize=1)
def _table():
    levels = encode(np.linspace(0, 1, _LEVELS))
    table = np.rint(levels * 255).astype(np.uint8)
    table.flags.writeable = False
    return table
