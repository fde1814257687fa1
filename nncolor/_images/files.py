"""Reading of image files to arrays of grey or sRGB pixels.

The header of a file is checked first (`headers` and `tiff`): supported files are read at their full depth,
all others are refused with a message that says why and what to convert them to.
"""

import os
import struct
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .headers import Refused, check_frames, check_header, check_precision, jpeg2000_header
from .icc import deep_to_srgb, to_srgb
from .tiff import check_decoded, check_tiff, is_tiff, read_tiff


def read_image(path, where=None):
    """Read an image file.

    Palettes are resolved, CMYK and other colour modes become RGB, premultiplied alpha is divided out, the
    image is turned upright according to its orientation tag, and its ICC profile is converted to sRGB.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
    """
    where = where or f"the image ({os.fspath(path)})"
    try:
        with open(path, "rb") as content:
            return _read(content)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{where} does not exist. A relative path starts at the current folder, {os.getcwd()}."
        ) from error
    except IsADirectoryError as error:
        raise IsADirectoryError(
            f"{where} is a folder; nncolor.datasets.load_image_folder lists the images in it."
        ) from error
    # Decoders report broken data by exceptions of every kind.
    except Exception as error:
        raise unreadable_error(where, error) from error


def unreadable_error(where, error):
    """Error that names an image that cannot be read."""
    return OSError(f"{where} cannot be read ({_reason(error)}).")


def _reason(error):
    """Reason why a file cannot be read, as reported by the reader."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "it is not an image, or its format is not supported"
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, (EOFError, struct.error)) or "truncated" in text.lower():
        return f"it is truncated or damaged; {text}"
    return text


def probe_image(path):
    """Reason, according to its header, why a file is not a readable image; None if it is one."""
    try:
        n_pixels_of_file(path)
    except Exception as error:
        return f"{os.fspath(path)}: {_reason(error)}"


def n_pixels_of_file(path):
    """Number of pixels of a file, read from its header."""
    with open(path, "rb") as content:
        if is_tiff(content):
            return check_tiff(content)
        with _opened(content) as file:
            return file.width * file.height


def _read(content):
    """Image of an open file."""
    if is_tiff(content):
        return read_tiff(content, _to_array)
    with _opened(content) as file:
        return _jpeg2000_to_array(file, content) if file.format == "JPEG2000" else _to_array(file)


@contextmanager
def _opened(content):
    """Image file opened by Pillow, if Pillow reads everything that it declares."""
    check_precision(content)
    content.seek(0)
    with Image.open(content) as file:
        check_header(file, content)
        yield file


def image_of_pillow(image):
    """Array of a Pillow image, equal to that of its file if its pixels have not been read or changed yet.

    Parameters
    ----------
    image : PIL.Image.Image
    """
    content = getattr(image, "fp", None)
    # Pillow has not read the pixels yet
    if getattr(image, "tile", None) and content is not None:
        position = content.tell()
        try:
            return _read(content)
        finally:
            content.seek(position)
    # its header is that of its file, whatever has happened to its pixels
    path = getattr(image, "filename", None)
    if path and os.path.isfile(path):
        with open(path, "rb") as content:
            if is_tiff(content):
                check_tiff(content)
                check_decoded(image)
                return _to_array(image)
            check_header(image, content)
            return _jpeg2000_to_array(image, content) if image.format == "JPEG2000" else _to_array(image)
    if image.format != "MPO":
        check_frames(getattr(image, "n_frames", 1))
    if image.format == "TIFF":
        check_decoded(image)
    return _to_array(image)


def _to_array(file):
    profile = file.info.get("icc_profile")
    bits = 12 if file.format == "TIFF" and file.tag_v2.get(258) == (12,) else 16
    file = ImageOps.exif_transpose(file)
    if file.mode.startswith("I"):
        image = np.asarray(file)
        if file.mode == "I" and image.min() >= 0 and image.max() <= 65535:
            image = image.astype(np.uint16)  # older Pillow gives 16-bit PNG this mode
        image = image.astype(image.dtype.newbyteorder("="), copy=False)
        image = _scaled(image, bits)
        return deep_to_srgb(image, profile) if profile else image
    if profile:
        file = to_srgb(file, profile)
    if file.mode in ("LA", "La"):
        file = file.convert("LA").getchannel("L")
    elif file.mode in ("P", "PA"):
        file = file.convert("RGBA" if "transparency" in file.info else "RGB")
    elif file.mode not in ("1", "L", "F", "RGB", "RGBA"):
        file = file.convert("RGBA" if file.mode == "RGBa" else "RGB")
    return np.asarray(file)


def _jpeg2000_to_array(file, content):
    bits, profile, _ = jpeg2000_header(content)
    if profile is not None:
        file.info["icc_profile"] = profile
    image = _to_array(file)
    # Pillow shifts the bits of grey to the upper bits of 16
    return _scaled(image >> (16 - bits[0]), bits[0]) if image.dtype == np.uint16 else image


def _scaled(image, bits):
    """Integers with this number of bits, scaled to the range of 16 bits."""
    if bits == 16 or image.dtype != np.uint16:
        return image
    return np.rint(image * (65535 / ((1 << bits) - 1))).astype(np.uint16)
