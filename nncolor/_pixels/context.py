"""Statistics of lightness around a pixel at several scales, without a filter as wide as the scale.

The image is averaged over cells of about `scale` pixels that tile it exactly, and the averages
are interpolated linearly between the centres of the cells. That costs the same at every scale,
needs little memory, and treats both sides of the image alike.
"""

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.sparse import csr_array

# Of the cell that a pixel lies in; of the cells above, below and on both sides of it; of all cells from
# there up to the border, and down to it; of all cells of the row. Those of both sides are ordered by value,
# so that left and right do not matter.
CONTEXT_VALUES = (
    "lightness",
    "spread",
    "energy",
    "coarse_energy",
    "lightness_above",
    "energy_above",
    "lightness_below",
    "energy_below",
    "lightness_min_beside",
    "energy_min_beside",
    "lightness_max_beside",
    "energy_max_beside",
    "lightness_max_upwards",
    "energy_max_upwards",
    "lightness_min_upwards",
    "lightness_max_downwards",
    "energy_max_downwards",
    "lightness_min_downwards",
    "lightness_max_of_row",
    "energy_max_of_row",
    "lightness_min_of_row",
    "energy_min_of_row",
    "lightness_mean_of_row",
    "energy_mean_of_row",
)
# Gradient and spread are small beside lightness in [-1, 1]; this brings them to about its size.
_GAIN = 4
# Coarse energy is that of the image averaged over windows of this side, whose gradient is smaller still.
_COARSE, _COARSE_GAIN = 5, 2
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
        self.shape = shape
        height, width = shape
        averages = [(averaging_matrix(height, s), averaging_matrix(width, s)) for s in scales]
        cells = [np.zeros((4, down.shape[0], across.shape[0]), np.float32) for down, across in averages]
        step = max(1, _STRIP // width)
        margin = _COARSE // 2 + 1
        for start in range(0, height, step):
            stop = min(start + step, height)
            above, below = max(start - margin, 0), min(stop + margin, height)
            moments = _moments(read_rows(slice(above, below)), start - above, stop - above)
            for (down, across), planes in zip(averages, cells, strict=True):
                first, last = start * len(planes[0]) // height, -(-stop * len(planes[0]) // height)
                part = down[first:last, start:stop]
                for moment, plane in zip(moments, planes, strict=True):
                    plane[first:last] += (across @ (part @ moment).T).T
        self.scales = [_Scale(scale, planes) for scale, planes in zip(scales, cells, strict=True)]

    def window(self, rows, columns):
        """Values of the cells around a range of rows and one of columns."""
        return ContextWindow(self.scales, self.shape, rows, columns)

    def at(self, rows, columns):
        """Values of single pixels, (n_pixels, n_values)."""
        spans = (range(places.min(), places.max() + 1) for places in (rows, columns))
        return self.window(*spans).at(rows, columns)


class _Scale:
    """Cells of one scale, and what has to be known of all of them to know it of one.

    Parameters
    ----------
    scale : float
    moments : ndarray of shape (4, n_rows, n_columns)
        Means of lightness, its square, its gradient's magnitude and the coarse one; overwritten.
    """

    def __init__(self, scale, moments):
        self.scale = scale
        self.cells = _to_statistics(moments)
        lightness, energy = self.both = self.cells[::2]
        upwards = [
            np.maximum.accumulate(lightness, axis=0),
            np.maximum.accumulate(energy, axis=0),
            np.minimum.accumulate(lightness, axis=0),
        ]
        downwards = [
            np.maximum.accumulate(lightness[::-1], axis=0)[::-1],
            np.maximum.accumulate(energy[::-1], axis=0)[::-1],
            np.minimum.accumulate(lightness[::-1], axis=0)[::-1],
        ]
        self.to_border = np.stack(upwards + downwards)
        of_row = (extreme(self.both, axis=2) for extreme in (np.max, np.min, np.mean))
        self.of_row = np.concatenate(list(of_row))

    def values(self, rows, columns):
        """All values, in the order of CONTEXT_VALUES, of the cells of slices of rows and columns."""
        n_rows, n_columns = self.cells.shape[1:]
        row, column = np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)
        above, below = np.maximum(row - 1, 0), np.minimum(row + 1, n_rows - 1)
        left, right = np.maximum(column - 1, 0), np.minimum(column + 1, n_columns - 1)
        one_side, other_side = self.both[:, rows][:, :, left], self.both[:, rows][:, :, right]
        return np.concatenate(
            [
                self.cells[:, rows, columns],
                self.both[:, above, columns],
                self.both[:, below, columns],
                np.minimum(one_side, other_side),
                np.maximum(one_side, other_side),
                self.to_border[:, rows, columns],
                np.broadcast_to(self.of_row[:, rows, None], (6, len(row), len(column))),
            ]
        )


class ContextWindow:
    """Values of the cells around a part of an image, to be interpolated between their centres."""

    def __init__(self, scales, shape, rows, columns):
        self.shape = shape
        self.scales = []
        for scale in scales:
            near = []
            for indices, size in zip((rows, columns), shape, strict=True):
                before, behind, _ = interpolation(np.array([indices[0], indices[-1]]), size, scale.scale)
                near.append(slice(before[0], behind[-1] + 1))
            self.scales.append((scale.scale, near[0].start, near[1].start, scale.values(*near)))

    def fill(self, out, rows, columns):
        """Write the values where rows and columns cross into `out`, (n_values, n_rows, n_columns)."""
        height, width = self.shape
        n_values = len(CONTEXT_VALUES)
        for n, (scale, top, left, values) in enumerate(self.scales):
            before, behind, weight = interpolation(columns, width, scale)
            near = slice(before[0] - left, behind[-1] + 1 - left)
            across = np.zeros((near.stop - near.start, len(columns)), np.float32)
            pixel = np.arange(len(columns))
            across[before - before[0], pixel] = 1 - weight
            across[behind - before[0], pixel] += weight
            before, behind, weight = interpolation(rows, height, scale)
            weight = weight[:, None]
            bands = values[:, before - top, near] * (1 - weight) + values[:, behind - top, near] * weight
            np.matmul(bands, across, out=out[n * n_values : (n + 1) * n_values])

    def at(self, rows, columns):
        """Values of single pixels, (n_pixels, n_values)."""
        height, width = self.shape
        found = []
        for scale, top, left, values in self.scales:
            above, below, down = interpolation(rows, height, scale)
            before, behind, across = interpolation(columns, width, scale)
            one, other = (
                values[:, row - top, before - left] * (1 - across)
                + values[:, row - top, behind - left] * across
                for row in (above, below)
            )
            found.append(one * (1 - down) + other * down)
        return np.concatenate(found).T


def _moments(lightness, start, stop):
    """Lightness, its square, its gradient's magnitude and the coarse one, of the rows from start to stop."""
    inside = lightness[start:stop]
    coarse = uniform_filter(lightness, _COARSE, mode="reflect")
    return inside, inside**2, *(_gradient(plane, start, stop) for plane in (lightness, coarse))


def _gradient(plane, start, stop):
    """Magnitude of the gradient of the rows from start to stop; zero across the border of the image."""
    inside = plane[start:stop]
    gradient = np.zeros((2, *inside.shape), np.float32)
    rows = slice(max(start, 1), min(stop, len(plane) - 1))
    if rows.stop > rows.start:
        gradient[0, rows.start - start : rows.stop - start] = (
            plane[rows.start + 1 : rows.stop + 1] - plane[rows.start - 1 : rows.stop - 1]
        )
    gradient[1, :, 1:-1] = inside[:, 2:] - inside[:, :-2]
    return np.float32(0.5) * np.hypot(*gradient)


def _to_statistics(moments):
    """Mean, standard deviation and mean gradients out of the moments, in place."""
    mean, spread, _, coarse = moments
    spread -= mean**2
    np.maximum(spread, 0, out=spread)
    np.sqrt(spread, out=spread)
    moments[1:] *= _GAIN
    coarse *= _COARSE_GAIN
    return moments
