"""Context features: statistics of lightness around a pixel at several scales.

The image is averaged over cells of about `scale` pixels that tile it exactly, and the averages are
interpolated linearly between the centres of the cells. The cost does not depend on the scale, little
memory is needed, and the result is symmetric: a mirrored image has mirrored features.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

from .._images.resampling import averaging_matrix, interpolate, interpolation_weights

# Statistics of the cell of a pixel; of the cells above, below and beside it; extremes over the cells from
# there to the upper and to the lower border; extremes and means over the cells of the row. The two cells
# beside it are ordered by value, so that left and right do not matter.
CONTEXT_VALUES = (
    "lightness",
    "lightness_std",
    "gradient",
    "coarse_gradient",
    "lightness_above",
    "gradient_above",
    "lightness_below",
    "gradient_below",
    "lightness_min_beside",
    "gradient_min_beside",
    "lightness_max_beside",
    "gradient_max_beside",
    "lightness_max_upwards",
    "gradient_max_upwards",
    "lightness_min_upwards",
    "lightness_max_downwards",
    "gradient_max_downwards",
    "lightness_min_downwards",
    "lightness_max_of_row",
    "gradient_max_of_row",
    "lightness_min_of_row",
    "gradient_min_of_row",
    "lightness_mean_of_row",
    "gradient_mean_of_row",
)
# Pixels that are averaged at a time.
_STRIP = 1 << 20


@dataclass(frozen=True)
class ContextSettings:
    """Settings of context features; docs/benchmarks/sensitivity.py measures other values.

    Attributes
    ----------
    gain : float
        Gradients and standard deviations are small beside lightness in [-1, 1]; the gain brings them to its
        range.
    coarse : int
        The coarse gradient is that of the image averaged over windows of this side.
    coarse_gain : float
        The coarse gradient is smaller still by this factor.
    """

    gain: float = 4
    coarse: int = 5
    coarse_gain: float = 2


def n_cells(size, scale):
    """Number of cells of about `scale` pixels that a side of `size` pixels is divided into."""
    return max(1, round(size / scale))


class ContextPlanes:
    """Cells of one image at several scales, and their statistics around its pixels.

    Parameters
    ----------
    scales : sequence of float
        Side of the cells in pixels.
    shape : (height, width)
    read_rows : callable
        read_rows(rows): lightness, in [-1, 1], of a slice of rows of the image.
    settings : ContextSettings
    """

    def __init__(self, scales, shape, read_rows, settings):
        self.shape = shape
        height, width = shape
        averages = [[averaging_matrix(side, n_cells(side, scale)) for side in shape] for scale in scales]
        cells = [np.zeros((4, down.shape[0], across.shape[0]), np.float32) for down, across in averages]
        step = max(1, _STRIP // width)
        margin = settings.coarse // 2 + 1
        for start in range(0, height, step):
            stop = min(start + step, height)
            above, below = max(start - margin, 0), min(stop + margin, height)
            moments = _moments(read_rows(slice(above, below)), start - above, stop - above, settings.coarse)
            for (down, across), planes in zip(averages, cells, strict=True):
                first, last = start * len(planes[0]) // height, -(-stop * len(planes[0]) // height)
                part = down[first:last, start:stop]
                for moment, plane in zip(moments, planes, strict=True):
                    plane[first:last] += (across @ (part @ moment).T).T
        self.scales = [_Scale(scale, planes, settings) for scale, planes in zip(scales, cells, strict=True)]

    def window(self, rows, columns):
        """Values of the cells around a range of rows and one of columns."""
        return ContextWindow(self.scales, self.shape, rows, columns)

    def at(self, rows, columns):
        """Values of single pixels, (n_pixels, n_values)."""
        spans = (range(indices.min(), indices.max() + 1) for indices in (rows, columns))
        return self.window(*spans).at(rows, columns)


class _Scale:
    """Statistics of the cells of one scale, with running extremes over the cells.

    Parameters
    ----------
    scale : float
    moments : ndarray of shape (4, n_rows, n_columns)
        Means of lightness, its square, and the magnitudes of its gradient and coarse gradient; overwritten.
    settings : ContextSettings
    """

    def __init__(self, scale, moments, settings):
        self.scale = scale
        self.cells = _to_statistics(moments, settings)
        lightness, gradient = self.both = self.cells[::2]
        upwards = [
            np.maximum.accumulate(lightness, axis=0),
            np.maximum.accumulate(gradient, axis=0),
            np.minimum.accumulate(lightness, axis=0),
        ]
        downwards = [
            np.maximum.accumulate(lightness[::-1], axis=0)[::-1],
            np.maximum.accumulate(gradient[::-1], axis=0)[::-1],
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
    """Statistics of the cells around a part of an image, interpolated between their centres."""

    def __init__(self, scales, shape, rows, columns):
        self.shape = shape
        self.scales = []
        for scale in scales:
            near = []
            for indices, size in zip((rows, columns), shape, strict=True):
                ends = np.array([indices[0], indices[-1]])
                before, after, _ = interpolation_weights(ends, size, n_cells(size, scale.scale))
                near.append(slice(before[0], after[-1] + 1))
            self.scales.append((scale.scale, near[0].start, near[1].start, scale.values(*near)))

    def fill(self, out, rows, columns):
        """Write the values where rows and columns cross into `out`, (n_values, n_rows, n_columns)."""
        n_values = len(CONTEXT_VALUES)
        for n, (scale, top, left, values) in enumerate(self.scales):
            weights = []
            for pixels, size, first in zip((rows, columns), self.shape, (top, left), strict=True):
                before, after, weight = interpolation_weights(pixels, size, n_cells(size, scale))
                weights.append((before - first, after - first, weight))
            interpolate(values, *weights, out=out[n * n_values : (n + 1) * n_values])

    def at(self, rows, columns):
        """Values of single pixels, (n_pixels, n_values)."""
        height, width = self.shape
        found = []
        for scale, top, left, values in self.scales:
            above, below, down = interpolation_weights(rows, height, n_cells(height, scale))
            before, after, across = interpolation_weights(columns, width, n_cells(width, scale))
            one, other = (
                values[:, row - top, before - left] * (1 - across)
                + values[:, row - top, after - left] * across
                for row in (above, below)
            )
            found.append(one * (1 - down) + other * down)
        return np.concatenate(found).T


def _moments(lightness, start, stop, window):
    """Lightness, its square, and the magnitudes of its gradient and coarse gradient, of a range of rows."""
    inside = lightness[start:stop]
    coarse = uniform_filter(lightness, window, mode="reflect")
    return inside, inside**2, *(_gradient(plane, start, stop) for plane in (lightness, coarse))


def _gradient(plane, start, stop):
    """Magnitude of the gradient of a range of rows; zero across the border of the image."""
    inside = plane[start:stop]
    gradient = np.zeros((2, *inside.shape), np.float32)
    rows = slice(max(start, 1), min(stop, len(plane) - 1))
    gradient[0, rows.start - start : rows.stop - start] = (
        plane[rows.start + 1 : rows.stop + 1] - plane[rows.start - 1 : rows.stop - 1]
    )
    gradient[1, :, 1:-1] = inside[:, 2:] - inside[:, :-2]
    return np.float32(0.5) * np.hypot(*gradient)


def _to_statistics(moments, settings):
    """Moments to mean, standard deviation and mean gradients, in place."""
    mean, deviation, _, coarse = moments
    deviation -= mean**2
    np.maximum(deviation, 0, out=deviation)
    np.sqrt(deviation, out=deviation)
    moments[1:] *= settings.gain
    coarse *= settings.coarse_gain
    return moments
