"""save_image: write images of 8 and 16 bits, whole or not at all."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import tifffile

from .._utils.types import AnyArray
from .batch import load_image
from .color import from_unit_range
from .files import resolution_of

_TIFF = (".tif", ".tiff")
_EIGHT_BITS = (".bmp", ".jpeg", ".jpg", ".webp")
# Options of Pillow; formats ignore those of others.
_OPTIONS: dict[str, Any] = {"quality": 95, "subsampling": 0}


def save_image(
    path: str | os.PathLike[str], image: Any, *, like: str | os.PathLike[str] | None = None
) -> None:
    """Write an image to a file, in the format of the ending of its name.

    No bit is lost without a word: PNG and TIFF keep 8 and 16 bits, TIFF keeps floats, and in PNG they become
    16 bits; JPEG, WebP and BMP take 8 bits. Colours are sRGB. The file is written under a temporary name and
    then renamed, so that it is complete or not there.

    Parameters
    ----------
    path : str or path-like
        Ends in .png, .tif, .tiff, .jpg, .jpeg, .webp or .bmp. An existing file is replaced.
    image : ndarray of shape (H, W) or (H, W, 3 or 4)
        As returned by `SOMColorizer.predict` and `colorize`: uint8, uint16, or floats in [0, 1].
    like : str or path-like, default=None
        File whose resolution (dpi) is kept, such as the scan that has been coloured. It is never replaced.

    Raises
    ------
    ValueError
        If the image is not valid, its format cannot keep it, or `path` is the file of `like`; the message
        says what to do.
    OSError
        If a file cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from nncolor import save_image
    >>> path = Path(tempfile.mkdtemp()) / "deep.png"
    >>> save_image(path, np.full((4, 5, 3), 40000, np.uint16))
    >>> path.exists()
    True
    """
    path, pixels = Path(path), load_image(None, image)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    suffix = path.suffix.lower()
    if suffix not in (".png", *_TIFF, *_EIGHT_BITS):
        reason = (
            "keeps 256 colours only" if suffix == ".gif" else "is not an ending of images that are written"
        )
        raise ValueError(
            f"{path.name or 'the path'}: {suffix or 'no ending'} {reason}. Use .png, .tif or .jpg."
        )
    if suffix in _EIGHT_BITS and pixels.dtype != np.uint8:
        raise ValueError(
            f"{path.name}: colour of dtype {pixels.dtype} cannot be kept in a {suffix} file. Use .png or "
            ".tif, or reduce it to 8 bits with skimage.util.img_as_ubyte."
        )
    if like is not None and path.exists() and path.samefile(like):
        raise ValueError(f"{path} is the file of `like`, and would be replaced. Choose another name.")
    dpi = None if like is None else resolution_of(like)
    # short, because the name itself may have the maximum length
    temporary = path.with_name(f".{os.getpid()}.part{suffix}")
    try:
        _write(temporary, pixels, dpi)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, pixels: AnyArray, dpi: tuple[float, float] | None) -> None:
    if path.suffix in _TIFF:
        options: dict[str, Any] = {} if dpi is None else {"resolution": dpi, "resolutionunit": "INCH"}
        photometric = "minisblack" if pixels.ndim == 2 else "rgb"
        tifffile.imwrite(path, pixels, photometric=photometric, metadata=None, **options)
    elif pixels.dtype == np.uint8:
        extra: dict[str, Any] = {} if dpi is None else {"dpi": dpi}
        PIL.Image.fromarray(pixels).save(path, **_OPTIONS, **extra)
    else:
        deep = pixels if pixels.dtype.kind == "u" else from_unit_range(pixels, np.dtype(np.uint16))
        path.write_bytes(_png_of_16_bits(deep, dpi))


def _png_of_16_bits(pixels: AnyArray, dpi: tuple[float, float] | None) -> bytes:
    """PNG of 16 bits, which Pillow writes for grey only (PNG specification, third edition)."""
    height, width = pixels.shape[:2]
    samples = np.atleast_3d(pixels).astype(">u2").view(np.uint8).reshape(height, -1)
    n_channels = 1 if pixels.ndim == 2 else pixels.shape[-1]
    # filter 1: the difference to the pixel before
    rows = np.empty((height, samples.shape[1] + 1), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:] = samples
    rows[:, 1 + 2 * n_channels :] -= samples[:, : -2 * n_channels]
    color_type = {1: 0, 3: 2, 4: 6}[n_channels]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)), (b"sRGB", b"\0")]
    if dpi is not None:
        # pixels for each metre
        chunks.append((b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in dpi), 1)))
    chunks += [(b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
