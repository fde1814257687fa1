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
from .tiff import check_tiff, is_tiff, read_tiff


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
        if is_tiff(path):
            return read_tiff(path, _to_array)
        with _opened(path) as file:
            if file.format == "JPEG2000":
                return _jpeg2000_to_array(file, path)
            return _to_array(file)
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
    if is_tiff(path):
        return check_tiff(path)
    with _opened(path) as file:
        return file.width * file.height


@contextmanager
def _opened(path):
    """Image file opened by Pillow, if Pillow reads everything that it declares."""
    check_precision(path)
    with Image.open(path) as file:
        check_header(file, path)
        yield file


def image_of_pillow(image):
    """Array of a Pillow image, equal to that of its file.

    Parameters
    ----------
    image : PIL.Image.Image
        Its current frame is used.
    """
    path = getattr(image, "filename", None)
    if path and os.path.isfile(path) and not is_tiff(path):
        check_header(image, path)
    check_frames(getattr(image, "n_frames", 1))
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


def _jpeg2000_to_array(file, path):
    with open(path, "rb") as content:
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
