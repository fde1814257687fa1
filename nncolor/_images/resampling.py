"""Resampling of planes: averages over cells to make them smaller, linear interpolation to enlarge them.

A side of `size` pixels is divided into `n_cells` cells of equal length, which need not be whole pixels.
"""

from collections.abc import Callable
from functools import lru_cache, wraps

import numpy as np
from scipy.sparse import csr_array

from .._utils.types import AnyArray, FloatArray, IntArray
from .parallel import run_in_threads

# Pixels that are read at a time.
_BAND = 1 << 20
# Columns that are interpolated at a time, by a dense matrix.
_COLUMNS = 1 << 13
# Longest side of planes whose matrices are kept for the next image: those of a long strip are large.
_KEPT_SIDE = 1 << 14


def _kept(make_matrix: Callable[[int, int], csr_array]) -> Callable[[int, int], csr_array]:
    """Keep the matrices of the last sizes, since the images of a collection often have the same."""
    kept = lru_cache(maxsize=64)(make_matrix)

    @wraps(make_matrix)
    def matrix(size: int, new_size: int) -> csr_array:
        return (kept if max(size, new_size) <= _KEPT_SIDE else make_matrix)(size, new_size)

    return matrix


@_kept
def averaging_matrix(size: int, n_cells: int) -> csr_array:
    """Sparse matrix (n_cells, size) that averages pixels over cells; n_cells <= size."""
    pixel = np.arange(size)
    first = pixel * n_cells // size
    last = np.minimum((pixel + 1) * n_cells // size, n_cells - 1)
    # a pixel lies in one cell or across the border of two
    in_first = np.minimum(1, (first + 1) * size / n_cells - pixel)
    weights = np.concatenate([in_first, 1 - in_first]) * (n_cells / size)
    indices = np.concatenate([first, last]), np.concatenate([pixel, pixel])
    return csr_array((weights.astype(np.float32), indices), shape=(n_cells, size))


def interpolation_weights(pixels: AnyArray, size: int, n_cells: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Cells whose centres lie before and after each pixel, and the weight of the cell after it.

    Beyond the outermost centres the value is that of the outermost cell.
    """
    return weights_between((pixels + 0.5) * (n_cells / size) - 0.5, n_cells)


def weights_between(positions: AnyArray, n_values: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Indices before and after positions among equidistant values, and the weight of the one after."""
    positions = np.clip(positions, 0, n_values - 1)
    before = np.floor(positions).astype(np.intp)
    return before, np.minimum(before + 1, n_values - 1), (positions - before).astype(np.float32)


@_kept
def resampling_matrix(size: int, new_size: int) -> csr_array:
    """Sparse matrix (new_size, size) that reduces by averages over areas, or enlarges by interpolation."""
    if new_size <= size:
        return averaging_matrix(size, new_size)
    pixel = np.arange(new_size)
    before, after, weight = interpolation_weights(pixel, new_size, size)
    indices = np.concatenate([pixel, pixel]), np.concatenate([before, after])
    return csr_array((np.concatenate([1 - weight, weight]), indices), shape=(new_size, size))


def resample(read, shape, new_shape, n_planes, n_threads=1, *, band=_BAND):
    """Planes of another shape: averages over areas where a side shrinks, interpolation where it grows.

    Parameters
    ----------
    read : callable
        read(rows): the planes of a slice of rows, (n_planes, n_rows, width), float32.
    shape, new_shape : (height, width)
    n_planes : int
    n_threads : int
        Number of threads that read bands of rows.
    band : int
        Number of pixels that are read at a time.

    Returns
    -------
    planes : ndarray of shape (n_planes, *new_shape), float32
    """
    planes = np.empty((n_planes, *new_shape), np.float32)
    down, across = (resampling_matrix(*sides) for sides in zip(shape, new_shape, strict=True))

    def fill(start):
        part = down[start : start + step]
        first, last = part.indices.min(), part.indices.max() + 1
        for plane, values in zip(planes, read(slice(first, last)), strict=True):
            plane[start : start + step] = (across @ (part[:, first:last] @ values).T).T

    step = max(1, band * new_shape[0] // (shape[0] * shape[1]))
    run_in_threads(n_threads, fill, range(0, new_shape[0], step))
    return planes


def interpolate(planes, row_weights, column_weights, out=None):
    """Planes interpolated linearly at the crossings of rows and columns.

    Parameters
    ----------
    planes : ndarray of shape (n, h, w), float32
    row_weights, column_weights : tuple of ndarray
        As returned by `interpolation_weights`, for ascending pixels.
    out : ndarray of shape (n, n_rows, n_columns), float32, default=None

    Returns
    -------
    out : ndarray
    """
    n_columns = len(column_weights[0])
    if n_columns > _COLUMNS:
        parts = [
            interpolate(
                planes, row_weights, [weights[start : start + _COLUMNS] for weights in column_weights]
            )
            for start in range(0, n_columns, _COLUMNS)
        ]
        return np.concatenate(parts, axis=-1, out=out)
    above, below, down = row_weights
    before, after, weight = column_weights
    down = down[:, None]
    near = slice(before[0], after[-1] + 1)
    across = np.zeros((near.stop - near.start, len(before)), np.float32)
    column = np.arange(len(before))
    across[before - near.start, column] = 1 - weight
    across[after - near.start, column] += weight
    bands = planes[:, above, near] * (1 - down) + planes[:, below, near] * down
    return np.matmul(bands, across, out=out)


def resize_nearest(values, shape):
    """Resize values (h, w) to another shape; each pixel gets the value of the nearest one."""
    rows, columns = (
        (2 * np.arange(size) + 1) * old_size // (2 * size)
        for size, old_size in zip(shape, values.shape, strict=True)
    )
    return values if values.shape == shape else values[rows[:, None], columns]


def resize_linear(values, shape):
    """Resize values (h, w) or (h, w, n) to another shape by linear interpolation."""
    if values.shape[:2] == shape:
        return values
    planes = np.moveaxis(np.atleast_3d(values), -1, 0)
    resized = np.empty((*shape, len(planes)), np.float32)
    columns = interpolation_weights(np.arange(shape[1]), shape[1], values.shape[1])
    step = max(1, _BAND // (shape[1] * len(planes)))
    for start in range(0, shape[0], step):
        rows = interpolation_weights(np.arange(shape[0])[start : start + step], shape[0], values.shape[0])
        resized[start : start + step] = np.moveaxis(interpolate(planes, rows, columns), 0, -1)
    return resized.reshape(*shape, *values.shape[2:])
