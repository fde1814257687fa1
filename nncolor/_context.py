"""Statistics of lightness around a pixel at several scales, without a filter as wide as the scale.

The image is averaged over cells of about `scale` pixels that tile it exactly, and the averages
are interpolated linearly between the centres of the cells. That costs the same at every scale,
needs little memory, and treats both sides of the image alike.
"""

import numpy as np
from scipy.sparse import csr_array

CONTEXT_VALUES = (
    "lightness",
    "spread",
    "energy",
    "lightness_above",
    "energy_above",
    "lightness_below",
    "energy_below",
)
# Above and below are looked up this many scales away.
_REACH = 1
# Gradient and spread are small beside lightness in [-1, 1]; this brings them to about its size.
_GAIN = 4
# Pixels that are averaged at a time.
_STRIP = 1 << 20


def n_cells(size, scale):
    return max(1, round(size / scale))


def averaging_matrix(size, scale):
    """Sparse matrix (n_cells, size) that averages pixels over cells that tile [0, size)."""
    n = n_cells(size, scale)
    pixel = np.arange(size)
    first = pixel * n // size
    last = np.minimum((pixel + 1) * n // size, n - 1)
    # a pixel lies in one cell or across the border of two
    in_first = np.minimum(1, (first + 1) * size / n - pixel)
    weights = np.concatenate([in_first, 1 - in_first]) * (n / size)
    where = np.concatenate([first, last]), np.concatenate([pixel, pixel])
    return csr_array((weights.astype(np.float32), where), shape=(n, size))


def interpolation(pixels, size, scale):
    """Cell before each pixel, cell behind it, and weight of the one behind."""
    n = n_cells(size, scale)
    place = np.clip((pixels + 0.5) * (n / size) - 0.5, 0, n - 1)
    before = np.floor(place).astype(np.intp)
    return before, np.minimum(before + 1, n - 1), (place - before).astype(np.float32)


class ContextPlanes:
    """Cells of one image at several scales, and their values around its pixels.

    Parameters
    ----------
    scales : sequence of float
        Side of the cells in pixels.
    shape : (height, width)
    read_rows : callable
        Gives the rows of a slice of the image's lightness in [-1, 1].
    """

    def __init__(self, scales, shape, read_rows):
        self.scales = tuple(scales)
        self.shape = shape
        height, width = shape
        averages = [(averaging_matrix(height, s), averaging_matrix(width, s)) for s in scales]
        cells = [np.zeros((3, down.shape[0], across.shape[0]), np.float32) for down, across in averages]
        step = max(1, _STRIP // width)
        for start in range(0, height, step):
            stop = min(start + step, height)
            above, below = max(start - 1, 0), min(stop + 1, height)
            moments = _moments(read_rows(slice(above, below)), start - above, stop - above)
            for (down, across), planes in zip(averages, cells, strict=True):
                first, last = start * len(planes[0]) // height, -(-stop * len(planes[0]) // height)
                part = down[first:last, start:stop]
                for moment, plane in zip(moments, planes, strict=True):
                    plane[first:last] += (across @ (part @ moment).T).T
        self.planes = [_to_statistics(planes) for planes in cells]

    def fill(self, out, rows, columns):
        """Write the values where rows and columns cross into `out`, (n_values, n_rows, n_columns)."""
        n_values = len(CONTEXT_VALUES)
        for n, (scale, planes) in enumerate(zip(self.scales, self.planes, strict=True)):
            before, behind, weight = interpolation(columns, self.shape[1], scale)
            near = slice(before[0], behind[-1] + 1)
            across = np.zeros((near.stop - near.start, len(columns)), np.float32)
            pixel = np.arange(len(columns))
            across[before - near.start, pixel] = 1 - weight
            across[behind - near.start, pixel] += weight
            bands = self._around(planes[:, :, near], rows, scale, lambda cells, row: cells[:, row])
            np.matmul(bands, across, out=out[n * n_values : (n + 1) * n_values])

    def at(self, rows, columns):
        """Values of single pixels, (n_pixels, n_values)."""
        values = []
        for scale, planes in zip(self.scales, self.planes, strict=True):
            before, behind, weight = interpolation(columns, self.shape[1], scale)

            def read(cells, row, before=before, behind=behind, weight=weight):
                return cells[:, row, before] * (1 - weight) + cells[:, row, behind] * weight

            values.append(self._around(planes, rows, scale, read))
        return np.concatenate(values).T

    def _around(self, planes, rows, scale, read):
        """Values in the given pixel rows out of read(planes, rows of cells): (n_values, n_rows, ...)."""
        height = self.shape[0]
        reach = round(_REACH * scale)

        def at(planes, rows):
            before, behind, weight = interpolation(np.clip(rows, 0, height - 1), height, scale)
            one, other = read(planes, before), read(planes, behind)
            weight = weight.reshape(-1, *[1] * (one.ndim - 2))
            return one * (1 - weight) + other * weight

        without_spread = planes[::2]
        return np.concatenate(
            [at(planes, rows), at(without_spread, rows - reach), at(without_spread, rows + reach)]
        )


def _moments(lightness, start, stop):
    """Lightness, its square and its gradient's magnitude, of the rows from start to stop."""
    inside = lightness[start:stop]
    gradient = np.zeros((2, *inside.shape), np.float32)
    rows = slice(max(start, 1), min(stop, len(lightness) - 1))
    if rows.stop > rows.start:
        gradient[0, rows.start - start : rows.stop - start] = (
            lightness[rows.start + 1 : rows.stop + 1] - lightness[rows.start - 1 : rows.stop - 1]
        )
    gradient[1, :, 1:-1] = inside[:, 2:] - inside[:, :-2]
    return inside, inside**2, 0.5 * np.hypot(*gradient)


def _to_statistics(cells):
    """Mean, standard deviation and mean gradient out of the moments, (3, n_rows, n_columns), in place."""
    mean, spread, gradient = cells
    spread -= mean**2
    np.maximum(spread, 0, out=spread)
    np.sqrt(spread, out=spread)
    cells[1:] *= _GAIN
    return cells
