"""Reading of image files: any format to an array of greys or sRGB."""

import os

import numpy as np
import tifffile
from PIL import Image, ImageOps

from .icc import deep_to_srgb, to_srgb


def read_image(path, where=None):
    """Read an image file.

    Palettes are resolved, CMYK and other colour modes become RGB, grey with alpha becomes grey, the
    image is turned upright as its EXIF orientation says, and its ICC profile is converted to sRGB.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
    """
    where = where or f"the image ({os.fspath(path)})"
    try:
        return _read_file(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{where} does not exist. A relative path starts at the current folder, {os.getcwd()}."
        ) from error
    except IsADirectoryError as error:
        raise IsADirectoryError(
            f"{where} is a folder; nncolor.datasets.load_image_folder gives the images in it."
        ) from error
    # Decoders report broken data by exceptions of every kind; all of them mean the same here.
    except Exception as error:
        raise unreadable_error(where, error) from error


def unreadable_error(where, error):
    """Error that names an image which a reader could not read."""
    return OSError(
        f"{where} cannot be read ({type(error).__name__}: {error}). The file may be truncated or damaged, "
        "no image, or of a kind that is not supported."
    )


def probe_image(path):
    """Why a file is no readable image, judged by its header; None if it is one."""
    try:
        n_pixels_of_file(path)
    except Exception as error:
        return f"{os.fspath(path)}: {type(error).__name__}: {error}"


def n_pixels_of_file(path):
    """Number of pixels of a file, judged by its header."""
    if _is_tiff(path):
        with tifffile.TiffFile(path) as file:
            return file.pages[0].imagelength * file.pages[0].imagewidth
    with Image.open(path) as file:
        return file.width * file.height


def _is_tiff(path):
    with open(path, "rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _read_file(path):
    if _is_tiff(path):
        with tifffile.TiffFile(path) as file:
            _check_frames(len(file.pages))
            if _is_deep(file.pages[0]):
                return _tiff_to_array(file.pages[0])
    with Image.open(path) as file:
        if file.format == "PNG":
            _check_png_depth(path)
        return _pillow_to_array(file)


def _is_deep(page):
    """Whether Pillow would read a TIFF at fewer bits than it has, or not at all."""
    plain = tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB
    return page.photometric in plain and page.dtype is not None and page.dtype.itemsize > 1


def _tiff_to_array(page):
    n_pixels = page.imagelength * page.imagewidth
    if Image.MAX_IMAGE_PIXELS is not None and n_pixels > 2 * Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError(
            f"its {n_pixels} pixels are more than {2 * Image.MAX_IMAGE_PIXELS}, the limit of Pillow; if they "
            "are meant, set PIL.Image.MAX_IMAGE_PIXELS"
        )
    if page.samplesperpixel > 4 or page.imagedepth > 1:
        raise ValueError(f"it holds {page.samplesperpixel * page.imagedepth} values for each pixel")
    image = page.asarray()
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and image.ndim == 3:
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 3 and image.shape[-1] == 2:
        image = image[..., 0]
    profile = page.tags.get("InterColorProfile")
    return deep_to_srgb(image, profile.value) if profile else image


def _check_png_depth(path):
    """Refuse what Pillow would silently read at 8 bits: 16-bit colour, and 16-bit grey with alpha."""
    with open(path, "rb") as file:
        header = file.read(26)
    depth, color_type = header[24], header[25]
    if depth == 16 and color_type in (2, 4, 6):
        raise ValueError("its 16 bits for each channel would be cut to 8; convert it to TIFF")


def _check_frames(n_frames):
    if n_frames > 1:
        raise ValueError(f"it holds {n_frames} frames; save each as a file of its own")


def _pillow_to_array(file):
    # the further frames of a phone's MPO are other renderings of the same photograph
    if file.format != "MPO":
        _check_frames(getattr(file, "n_frames", 1))
    profile = file.info.get("icc_profile")
    file = ImageOps.exif_transpose(file)
    if file.mode.startswith("I"):
        image = np.asarray(file)
        if file.mode == "I" and image.min() >= 0 and image.max() <= 65535:
            image = image.astype(np.uint16)  # older Pillow gives 16-bit PNG this mode
        return deep_to_srgb(image, profile) if profile else image
    if profile:
        file = to_srgb(file, profile)
    if file.mode in ("LA", "La"):
        file = file.convert("L")
    elif file.mode in ("P", "PA"):
        file = file.convert("RGBA" if "transparency" in file.info else "RGB")
    elif file.mode not in ("1", "L", "F", "RGB", "RGBA"):
        file = file.convert("RGB")
    return np.asarray(file)
