"""Features of whole images, tile by tile, so that the feature matrix of an image is never in memory."""

from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import issparse

from .._images.blocks import Block
from .._images.color import LazyLightness
from .._utils.types import FloatArray
from .cache import Cache
from .context import ContextPlanes
from .samples import pixels_of_image

Lightness: TypeAlias = FloatArray | LazyLightness

# The rows of a tile form one group if they are shorter than this.
_SHORT_ROW = 64
# Values that a transformer may keep of an image.
_CACHED = 64


class BlockFeatures(Protocol):
    """Part of an image that computes the features of its tiles.

    Attributes
    ----------
    lightness : ndarray of shape (n_rows, n_columns), float32
        CIE L* of the part, 0 to 100.
    """

    lightness: FloatArray

    def tile(self, area: Block) -> FloatArray:
        """Features of pixels of the block.

        Parameters
        ----------
        area : Block
            Rows and columns of the image; a step skips those between.

        Returns
        -------
        features : ndarray of shape (n_groups, n_features, n_pixels of a group), float32
            The groups follow one another row by row.
        """


class Tiles(Protocol):
    """Features of all pixels of one image, given its lightness; they equal those of `transform`.

    Attributes
    ----------
    shape : (height, width)
    """

    shape: tuple[int, int]

    def block(self, area: Block) -> BlockFeatures:
        """Features of a part of the image, given by ranges with a step of 1."""


class PatchTiles:
    """Tiles of a PatchExtractor, without its `transform`."""

    def __init__(self, extractor: Any, lightness: Lightness):
        self.half = extractor.patch_size // 2
        self.position = extractor.position
        self.lightness = lightness
        self.shape = lightness.shape
        self.n_features = len(extractor.get_feature_names_out())
        self.context = None
        if len(extractor.context_scales):
            self.context = ContextPlanes(
                extractor.context_scales, self.shape, self._feature_rows, extractor.context_settings
            )

    def _feature_rows(self, rows):
        return to_feature(self.lightness[rows])

    def block(self, area: Block) -> BlockFeatures:
        return _PatchBlock(self, area.rows, area.columns)


class _PatchBlock:
    def __init__(self, source, rows, columns):
        self.source = source
        half = source.half
        self.top, self.left = rows.start, columns.start
        rows_around = reflect(np.arange(rows.start - half, rows.stop + half), source.shape[0])
        columns_around = reflect(np.arange(columns.start - half, columns.stop + half), source.shape[1])
        top, left = rows_around.min(), columns_around.min()
        lightness = source.lightness[top : rows_around.max() + 1, left : columns_around.max() + 1]
        self.lightness = lightness[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        padded = to_feature(lightness)[rows_around - top][:, columns_around - left]
        # (n_rows, n_columns, patch_size, patch_size), not copied
        self.patches = sliding_window_view(padded, (2 * half + 1, 2 * half + 1))
        self.context = None if source.context is None else source.context.window(rows, columns)

    def tile(self, area):
        rows, columns = area.rows, area.columns
        # a group is a row, or all of the tile where rows are short
        source = self.source
        shape = len(rows), len(columns)
        if len(columns) < _SHORT_ROW:
            planes = np.empty((source.n_features, *shape), np.float32)
            features = planes.reshape(1, source.n_features, -1)
        else:
            features = np.empty((shape[0], source.n_features, shape[1]), np.float32)
            planes = features.transpose(1, 0, 2)
        patches = self.patches[_shifted(rows, -self.top), _shifted(columns, -self.left)]
        n_done = (2 * source.half + 1) ** 2
        planes[:n_done].reshape(*patches.shape[2:], *shape)[...] = patches.transpose(2, 3, 0, 1)
        if source.position:
            planes[n_done] = row_feature(np.asarray(rows), source.shape[0])[:, None]
            planes[n_done + 1] = column_feature(np.asarray(columns), source.shape[1])
            n_done += 2
        if self.context is not None:
            self.context.fill(planes[n_done:], np.asarray(rows), np.asarray(columns))
        return features


class ExtractorTiles:
    """Tiles of any transformer of PixelSamples."""

    def __init__(self, extractor: Any, lightness: Lightness):
        self.extractor = extractor
        self.lightness = lightness[:]
        self.shape = lightness.shape
        self.cache = Cache(_CACHED)

    def block(self, area: Block) -> BlockFeatures:
        return _ExtractorBlock(self, area.rows, area.columns)


class _ExtractorBlock:
    def __init__(self, source, rows, columns):
        self.source = source
        self.lightness = source.lightness[rows.start : rows.stop, columns.start : columns.stop]

    def tile(self, area):
        rows, columns = np.meshgrid(area.rows, area.columns, indexing="ij")
        pixels = pixels_of_image(
            self.source.lightness, rows.ravel(), columns.ravel(), cache=self.source.cache
        )
        return to_dense(self.source.extractor.transform(pixels)).T[None]


def to_dense(features):
    """float32 array (n_pixels, n_features) of the output of a transformer: array, table or sparse matrix."""
    return np.asarray(features.toarray() if issparse(features) else features, np.float32)


def to_feature(lightness):
    """Map lightness from [0, 100] to [-1, 1]."""
    return lightness * np.float32(0.02) - np.float32(1)


def row_feature(rows, height):
    """Map rows of an image of that height to [-1, 1]."""
    return ((2 * rows + 1) / height - 1).astype(np.float32)


def column_feature(columns, width):
    """Map the distance of columns from the centre of an image of that width to [-1, 1]."""
    return (2 * np.abs((2 * columns + 1) / width - 1) - 1).astype(np.float32)


def context_of(lightness, scales, settings):
    """Context of an image, given its lightness of shape (H, W)."""
    return ContextPlanes(scales, lightness.shape, lambda rows: to_feature(lightness[rows]), settings)


def reflect(index, size):
    """Mirror indices that lie outside [0, size) back into it; the edge is not repeated."""
    period = 2 * size - 2
    index = np.abs(index) % np.maximum(period, 1)
    return np.minimum(index, period - index)


def _shifted(indices, offset):
    return slice(indices.start + offset, indices.stop + offset, indices.step)
