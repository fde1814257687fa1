"""Reading of image files to arrays of grey or sRGB pixels: paths, and errors that name them."""

import os
import stat
from typing import Any

import PIL.Image

from .._utils.types import AnyArray
from .errors import Damaged, Refused
from .readers.catalogue import pixels_of, pixels_of_pillow, size_of


def read_image(path: str | os.PathLike[str], where: str | None = None) -> AnyArray:
    """Read an image file.

    Palettes are resolved, CMYK and other colour modes become RGB, premultiplied alpha is divided out, the
    image is turned upright according to its orientation tag, and its colours are converted to sRGB.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
    """
    where = where or f"the image ({os.fspath(path)})"
    try:
        _check_is_file(path)
        with open(path, "rb") as content:
            return pixels_of(content)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{where} does not exist. A relative path starts at the current folder, {os.getcwd()}."
        ) from error
    except IsADirectoryError as error:
        raise IsADirectoryError(
            f"{where} is a folder; nncolor.datasets.load_image_folder lists the images in it."
        ) from error
    except (Refused, Damaged, OSError) as error:
        raise unreadable_error(where, error) from error


def image_of_pillow(image: PIL.Image.Image, where: str) -> AnyArray:
    """Array of a Pillow image, equal to that of its file if its pixels have not been read or changed yet."""
    try:
        return pixels_of_pillow(image)
    except (Refused, Damaged, OSError) as error:
        raise unreadable_error(where, error) from error


def unreadable_error(where: str, error: Exception) -> OSError:
    """Error that names an image that cannot be read."""
    return OSError(f"{where} cannot be read ({_reason(error)}).")


def unloadable_error(where: str, path: Any, error: Exception) -> OSError:
    """Error that names a file that the reader of a collection has not read, by its header."""
    try:
        n_pixels_of_file(path)
    except (Refused, Damaged, OSError) as own:
        return unreadable_error(where, own)
    return unreadable_error(where, error)


def _reason(error: Exception) -> str:
    if isinstance(error, (Refused, Damaged)):
        return str(error)
    # of the system, or of the reader of a collection
    if isinstance(error, OSError) and error.strerror:
        return f"the system says: {error.strerror}"
    return f"{type(error).__name__}: {error}"


def probe_image(path: str | os.PathLike[str]) -> str | None:
    """Reason, according to its header, why a file is not a readable image; None if it is one."""
    try:
        n_pixels_of_file(path)
    except (Refused, Damaged, OSError) as error:
        return f"{os.fspath(path)}: {_reason(error)}"
    return None


def n_pixels_of_file(path: str | os.PathLike[str]) -> int:
    """Number of pixels of a file, read from its header."""
    _check_is_file(path)
    with open(path, "rb") as content:
        height, width = size_of(content)
        return height * width


def resolution_of(path: str | os.PathLike[str]) -> tuple[float, float] | None:
    """Pixels for each inch across and down that a file declares; None if it declares none."""
    _check_is_file(path)
    try:
        with PIL.Image.open(path) as file:
            dpi = file.info.get("dpi")
    except PIL.UnidentifiedImageError:
        # a container that Pillow does not know
        return None
    if dpi is None or not all(0 < float(value) < 1e6 for value in dpi):
        return None
    return float(dpi[0]), float(dpi[1])


def _check_is_file(path: str | os.PathLike[str]) -> None:
    """Raise `Refused` for what would be read without end, such as a pipe or a device."""
    mode: Any = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise Refused("it is a pipe or a device, not a file; save what it gives to a file")
