"""Images and batches of images: validation, and iteration that reads one file at a time."""

import os
from collections.abc import Iterable, Sized
from typing import Any

import numpy as np
import PIL.Image
from skimage.io import ImageCollection

from .._utils.types import AnyArray
from .files import image_of_pillow, n_pixels_of_file, read_image, unloadable_error

_PATH_TYPES = (str, os.PathLike)
# Floats may lie this far outside [0, 1], because of rounding in filters and resampling.
_ROUNDING = 1e-5


def is_path(item):
    return isinstance(item, _PATH_TYPES)


def describe(position: int | str | None, item: Any = None) -> str:
    """Name of an image in messages: its position in the batch or its own name, and its path if it has one."""
    name = f"image {position}" if isinstance(position, int) else position or "the image"
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
        If `X` is not iterable, or a table.
    """
    if is_path(X):
        raise ValueError(
            f"Expected a batch of images, got the single path {os.fspath(X)!r}. Write [path] for a "
            "batch of one, or nncolor.datasets.load_image_folder(path) for a folder."
        )
    if isinstance(X, PIL.Image.Image):
        raise ValueError(
            "Expected a batch of images, got one Pillow image. Write [image] for a batch of one."
        )
    shape = getattr(X, "shape", None)
    if shape == ():
        raise ValueError(
            f"Expected a batch of images, got a 0-dimensional array, {X!r}. Write a list: [image] or [path]."
        )
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        raise TypeError(
            f"Expected a batch of images, got a {type(X).__name__}, which is a table. Pass the column that "
            'holds the paths, such as table["path"].'
        )
    # arrays of text or objects may hold paths or images, and so may columns of tables
    kind = getattr(getattr(X, "dtype", None), "kind", None)
    if isinstance(shape, tuple) and (kind is not None and kind in "buifc" or kind is None and len(shape) > 1):
        _check_batch_shape(shape)
    if not isinstance(X, Iterable) and not hasattr(X, "__getitem__"):
        raise TypeError(
            "Expected a batch of images (a list of arrays or paths, an ndarray, an "
            f"ImageCollection), got {type(X).__name__}."
        )
    if isinstance(X, Sized) and len(X) == 0:
        raise ValueError("The batch holds no image. Pass at least one.")
    return X


def n_images_of(X):
    """Number of images of a batch; None if it is not known."""
    check_batch(X)
    return len(X) if isinstance(X, Sized) else None


def _check_batch_shape(shape):
    """Raise if the shape of an array of numbers is that of a single image, or not that of a batch."""
    if len(shape) == 2 or (len(shape) == 3 and shape[-1] in (3, 4)):
        kind = "grey" if len(shape) == 2 else "colour"
        raise ValueError(
            f"Expected a batch of images, got one array of shape {shape}, which is a single "
            f"{kind} image. Write [image] for a batch of one."
        )
    if len(shape) not in (3, 4):
        raise ValueError(
            "Expected a batch of images of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4), got "
            f"an array of shape {shape}."
        )


def iter_batch(X):
    """Yield (position, item) of a batch; items that are paths are not read yet."""
    position = -1
    images = _collection(X) if isinstance(X, ImageCollection) else check_batch(X)
    for position, item in enumerate(images):
        yield position, item
    if position < 0:
        raise ValueError("The batch holds no image. Pass at least one.")


def _collection(X):
    """Yield the images of scikit-image's ImageCollection; errors name the image that cannot be read."""
    for position in range(len(X)):
        try:
            image = X[position]
        except Exception as error:
            path = X.files[position]
            raise unloadable_error(describe(position, path), path, error) from error
        yield image


def stack_like(results, X):
    """Results of a batch in the form of the batch: an ndarray for an ndarray, otherwise a list."""
    return np.stack(results) if isinstance(X, np.ndarray) and X.ndim > 1 else results


def load_image(position: int | str | None, item: Any, *, color: bool = False) -> AnyArray:
    """Read an item of a batch if it is a path, and validate it.

    Parameters
    ----------
    position : int, str or None
        Position in the batch, or name of the image, for messages; None for a single image.
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
            + ("Remove it from the batch." if isinstance(position, int) else "Pass a colour image.")
        )
    return image


def _to_array(item, where):
    if isinstance(item, PIL.Image.Image):
        return image_of_pillow(item, where)
    if item is None or type(item).__name__ == "NAType" or (isinstance(item, float) and np.isnan(item)):
        raise ValueError(
            f"{where} is missing: there is {item!r} where an image or a path is expected. Leave it out, as "
            "dropna and drop_nulls do with a column of a table."
        )
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(f"{where} cannot be converted to an array: {error}") from error
    if array.dtype.kind not in "buifc":
        raise ValueError(
            f"{where} is of type {type(item).__name__}; an image is an array of numbers, a path (str or "
            "os.PathLike) or a Pillow image. Read the bytes of a file with "
            "PIL.Image.open(io.BytesIO(data))."
        )
    return array


def n_pixels_of(item):
    """Number of pixels of an item of a batch, read from the header of a file; 0 if it is not an image."""
    try:
        if isinstance(item, PIL.Image.Image):
            return item.width * item.height
        return n_pixels_of_file(item) if is_path(item) else int(np.prod(np.shape(item)[:2]))
    except Exception:
        # the error is raised when the image is read
        return 0


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
            "If the values are from 0 to 255, use image.astype('uint8')."
        )
    return image


def _check_unit_range(image, where):
    low, high = image.min(), image.max()  # NaN propagates through both
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
