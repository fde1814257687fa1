"""Conversion to sRGB of colours that are declared by numbers: primaries, transfer function and range."""

from dataclasses import dataclass

import numpy as np

from .._utils.types import AnyArray
from .errors import Refused
from .srgb import encode, encode_8_bits

D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
_SRGB = (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
# x and y of white, red, green and blue by the numbers of ITU-T H.273, table 2; 2 is unspecified.
_PRIMARIES = {
    1: _SRGB,
    2: _SRGB,
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
# Exponents of the transfer functions, table 3; None for sRGB, and for BT.709 and its equivalents, whose
# pictures are made for a display of sRGB.
_GAMMAS = {1: None, 2: None, 4: 2.2, 5: 2.8, 6: None, 8: 1.0, 13: None, 14: None, 15: None}
_HIGH_DYNAMIC_RANGE = (16, 18)
# Differences of x and y, and of gamma, that do not count: those of libpng.
_SAME_XY, _SAME_GAMMA = 0.002, 0.05
# Cone responses of Bradford, for the adaptation to another white.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# Pixels that are converted at a time.
_CONVERTED = 1 << 18


@dataclass(frozen=True)
class Encoding:
    """What the values of a picture mean.

    Parameters
    ----------
    primaries : tuple of 8 floats
        x and y of white, red, green and blue.
    gamma : float or None
        Exponent that makes the values linear; None for the curve of sRGB.
    is_full : bool
        Whether black is 0, and not 16 of 255.
    """

    primaries: tuple[float, ...] = _SRGB
    gamma: float | None = None
    is_full: bool = True

    @classmethod
    def of_numbers(cls, primaries: int, transfer: int, is_full: bool = True) -> "Encoding":
        """Encoding by the numbers of ITU-T H.273, as cICP of PNG and nclx of AVIF and HEIF have them."""
        if transfer in _HIGH_DYNAMIC_RANGE:
            raise Refused(
                f"its colours are encoded for high dynamic range (transfer function {transfer}); convert it "
                "to sRGB"
            )
        if transfer not in _GAMMAS:
            raise Refused(f"its transfer function {transfer} is not supported; convert it to sRGB")
        if primaries not in _PRIMARIES:
            raise Refused(f"its primaries {primaries} are not supported; convert it to sRGB")
        return cls(_PRIMARIES[primaries], _GAMMAS[transfer], is_full)

    @classmethod
    def of_gamma(cls, gamma: float | None, primaries: tuple[float, ...] | None) -> "Encoding":
        """Encoding by the gAMA (0.45455 is close to sRGB) and cHRM of a PNG; None for what it lacks."""
        is_other = gamma is not None and gamma > 0 and abs(gamma * 2.2 - 1) >= _SAME_GAMMA
        exponent = 1 / gamma if gamma is not None and is_other else None
        return cls(primaries if primaries is not None and _is_valid(primaries) else _SRGB, exponent)

    def to_srgb(self, image: AnyArray) -> AnyArray:
        """Image of bool, uint8 or uint16, grey or RGB with or without alpha, in sRGB; alpha is kept.

        Raises `Refused` for floats in another encoding.
        """
        if image.dtype == bool:
            return image
        if image.ndim == 3 and image.shape[2] > 3:
            return np.concatenate([self.to_srgb(image[..., :3]), image[..., 3:]], axis=2)
        matrix = None if image.ndim == 2 else self._matrix()
        if matrix is None and self.gamma is None and self.is_full:
            return image
        if image.dtype.kind == "f":
            raise Refused("its floats have other primaries than those of sRGB; convert it to sRGB")
        levels = self._linear_levels(image.dtype)
        if matrix is None:
            return _encoded(levels, image.dtype)[image]
        rows = max(1, _CONVERTED // image.shape[1])
        result = np.empty(image.shape, image.dtype)
        for start in range(0, len(image), rows):
            part = slice(start, start + rows)
            result[part] = _encoded(levels[image[part]] @ matrix.T, image.dtype)
        return result

    def _linear_levels(self, dtype: np.dtype) -> AnyArray:
        """Linear light of each level of a dtype, float32."""
        largest = np.iinfo(dtype).max
        values = np.arange(largest + 1) / largest
        if not self.is_full:
            # 16 to 235 of 256, at any depth
            unit = (largest + 1) / 256
            values = np.clip((values * largest - 16 * unit) / (219 * unit), 0, 1)
        if self.gamma is not None:
            return (values**self.gamma).astype(np.float32)
        return np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92).astype(
            np.float32
        )

    def _matrix(self) -> AnyArray | None:
        """Matrix from linear RGB to that of sRGB, float32; None if they are the same."""
        if np.abs(np.subtract(self.primaries, _SRGB)).max() <= _SAME_XY:
            return None
        adapted = _BRADFORD @ _xyz_of_white(_SRGB) / (_BRADFORD @ _xyz_of_white(self.primaries))
        adaptation = np.linalg.inv(_BRADFORD) @ np.diag(adapted) @ _BRADFORD
        matrix = np.linalg.inv(_to_xyz(_SRGB)) @ adaptation @ _to_xyz(self.primaries)
        return matrix.astype(np.float32)


def _is_valid(primaries: tuple[float, ...]) -> bool:
    return primaries[1] > 0 and abs(np.linalg.det(_columns(primaries))) > 1e-6


def _columns(primaries: tuple[float, ...]) -> AnyArray:
    """XYZ of red, green and blue, as columns of any length."""
    x, y = np.array(primaries[2::2]), np.array(primaries[3::2])
    return np.stack([x, y, 1 - x - y])


def _xyz_of_white(primaries: tuple[float, ...]) -> AnyArray:
    x, y = primaries[:2]
    return np.array([x, y, 1 - x - y]) / y


def _to_xyz(primaries: tuple[float, ...]) -> AnyArray:
    columns = _columns(primaries)
    return columns * np.linalg.solve(columns, _xyz_of_white(primaries))


def _encoded(linear: AnyArray, dtype: np.dtype) -> AnyArray:
    """Levels in sRGB of linear light, float32."""
    if dtype == np.uint8:
        return encode_8_bits(np.ascontiguousarray(linear))
    return np.rint(encode(linear) * np.float32(np.iinfo(dtype).max)).astype(dtype)
