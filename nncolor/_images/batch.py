"""What counts as an image and as a batch of images; reading files one at a time."""

import os
from collections.abc import Iterable, Sized

import numpy as np
import tifffile
from PIL import Image, ImageOps
from skimage.io import ImageCollection

from .icc import deep_to_srgb, to_srgb

_PATH_TYPES = (str, os.PathLike)
# How far floats may lie outside [0, 1]: filters and resampling round.
_ROUNDING = 1e-5


def is_path(item):
    return isinstance(item, _PATH_TYPES)


def describe(position, item=None):
    """How messages name an image: its position in the batch if it is of one, and its path if it has one."""
    name = "the image" if position is None else f"image {position}"
    return f"{name} ({os.fspath(item)})" if is_path(item) else name


def check_batch(X):
    """Check that `X` is a batch of images, without reading any of them.

    Parameters
    ----------
    X : iterable of images, or ndarray of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4)

    Returns
    -------
    batch : iterable
        `X` itself.

    Raises
    ------
    ValueError
        If `X` is a single image or path, or holds no image.
    TypeError
        If `X` is no iterable.
    """
    if is_path(X):
        raise ValueError(
            f"Expected a batch of images, got the single path {os.fspath(X)!r}. Write [path] for a "
            "batch of one, or nncolor.datasets.load_image_folder(path) for a folder."
        )
    shape = getattr(X, "shape", None)
    if isinstance(X, np.ndarray) and X.dtype.kind in "buifc":
        if X.ndim == 2 or (X.ndim == 3 and X.shape[-1] in (3, 4)):
            kind = "grey" if X.ndim == 2 else "colour"
            raise ValueError(
                f"Expected a batch of images, got one array of shape {shape}, which is a single "
                f"{kind} image. Write [image] for a batch of one."
            )
        if X.ndim not in (3, 4):
            raise ValueError(
                "Expected a batch of images of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4), got "
                f"an array of shape {shape}."
            )
    if not isinstance(X, Iterable) and not hasattr(X, "__getitem__"):
        raise TypeError(
            "Expected a batch of images (a list of arrays or paths, an ndarray, an "
            f"ImageCollection), got {type(X).__name__}."
        )
    if isinstance(X, Sized) and len(X) == 0:
        raise ValueError("The batch holds no image. Pass at least one.")
    return X


def iter_batch(X):
    """Yield (position, item) of a batch; items that are paths are not read yet."""
    position = -1
    images = _collection(X) if isinstance(X, ImageCollection) else check_batch(X)
    for position, item in enumerate(images):
        yield position, item
    if position < 0:
        raise ValueError("The batch holds no image. Pass at least one.")


def _collection(X):
    """Images of scikit-image's ImageCollection; those it cannot read are named."""
    for position in range(len(X)):
        try:
            image = X[position]
        except Exception as error:
            raise _unreadable(describe(position, X.files[position]), error) from error
        yield image


def stack_like(results, X):
    """Results of a batch in the batch's own form: an ndarray for an ndarray, else a list."""
    return np.stack(results) if isinstance(X, np.ndarray) and X.ndim > 1 else results


def load_image(position, item, *, color=False):
    """Read an item of a batch if it is a path, and validate it.

    Parameters
    ----------
    position : int or None
        Position in the batch, for messages; None without a batch.
    item : array-like or path
    color : bool
        Whether a grey image is an error.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        dtype bool, uint8, uint16 or floating.

    Raises
    ------
    OSError
        If a file cannot be read.
    ValueError
        If the image is not of an allowed shape, dtype or range.
    """
    where = describe(position, item)
    image = read_image(item, where) if is_path(item) else _to_array(item, where)
    image = _check_image(image, where)
    if color and image.ndim == 2:
        raise ValueError(
            f"{where} is grey (shape {image.shape}); colour images of shape (H, W, 3) are needed here. "
            "Take it out of the batch."
        )
    return image


def _to_array(item, where):
    try:
        return np.asarray(item)
    except ValueError as error:
        raise ValueError(f"{where} is no array: {error}") from error


def read_image(path, where=None):
    """Read an image file.

    Palettes are resolved, CMYK and other colour modes become RGB, grey with alpha becomes grey, the
    image is turned upright as its EXIF orientation says, and its ICC profile is converted to sRGB.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
    """
    where = where or f"image {os.fspath(path)}"
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
        raise _unreadable(where, error) from error


def _unreadable(where, error):
    return OSError(
        f"{where} cannot be read ({type(error).__name__}: {error}). The file may be truncated or damaged, "
        "no image, or of a kind that is not supported."
    )


def probe_image(path):
    """What keeps a file from being an image, judged by its header; None if nothing does."""
    try:
        _n_pixels_of_file(path)
    except Exception as error:
        return f"{os.fspath(path)}: {type(error).__name__}: {error}"


def n_pixels_of(item):
    """Number of pixels of an item of a batch, a file judged by its header; 0 if it is no image."""
    try:
        return _n_pixels_of_file(item) if is_path(item) else int(np.prod(np.shape(item)[:2]))
    except Exception:
        # what is wrong with it is said when it is read
        return 0


def _n_pixels_of_file(path):
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


def _check_image(image, where):
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] not in (3, 4)):
        raise ValueError(
            f"{where} has shape {image.shape}; an image has shape (H, W), (H, W, 3) or (H, W, 4)."
        )
    if 0 in image.shape:
        raise ValueError(f"{where} has shape {image.shape}: a side of zero pixels.")
    image = image.astype(image.dtype.newbyteorder("="), copy=False)
    if image.dtype.kind == "f":
        return _check_unit_range(image, where)
    if image.dtype not in (bool, np.uint8, np.uint16):
        raise ValueError(
            f"{where} has dtype {image.dtype}; use uint8, uint16, bool or floats in [0, 1]. "
            "Where the values are 0 to 255, image.astype('uint8') is what you want."
        )
    return image


def _check_unit_range(image, where):
    low, high = image.min(), image.max()  # NaN goes through both
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{where} contains NaN or infinity.")
    if low >= 0 and high <= 1:
        return image
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return np.clip(image, 0, 1)
    raise ValueError(
        f"{where} has float values from {low:.6g} to {high:.6g}; floats must lie in [0, 1]. "
        "Divide by 255 (or 65535), or pass the integers as uint8 (or uint16)."
    )
