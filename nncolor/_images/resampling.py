"""Resampling along one axis: averages over cells, and linear interpolation between their centres.

A side of `size` pixels is divided into `n_cells` cells of equal length, which need not be whole pixels.
"""

import numpy as np
from scipy.sparse import csr_array

from .._utils.types import AnyArray, FloatArray, IntArray


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
    position = np.clip((pixels + 0.5) * (n_cells / size) - 0.5, 0, n_cells - 1)
    before = np.floor(position).astype(np.intp)
    return before, np.minimum(before + 1, n_cells - 1), (position - before).astype(np.float32)
