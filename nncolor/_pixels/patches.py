"""Patches of lightness around pixels, and what the wider surroundings of a pixel look like."""

import numbers
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval

from .._utils.estimator import EstimatorMixin
from .._images.color import image_lightness
from .context import CONTEXT_VALUES, ContextPlanes
from .._images.batch import iter_batch, load_image
from .samples import PixelSamples
from .._utils.types import FloatArray, ImageBatch

# Rows of a PixelSamples whose patches are indexed at a time: bounds the index arrays.
_CHUNK = 1 << 16
# Rows of a tile below this length are taken together.
_SHORT_ROW = 64


def reflect(index, size):
    """Mirror indices that lie outside [0, size) back into it; the edge is not repeated."""
    period = 2 * size - 2
    index = np.abs(index) % np.maximum(period, 1)
    return np.minimum(index, period - index)


def to_feature(lightness):
    """Map lightness from [0, 100] to [-1, 1]."""
    return lightness * np.float32(0.02) - np.float32(1)


class PatchExtractor(EstimatorMixin, TransformerMixin, BaseEstimator):
    """Describe each pixel by the lightness of the patch around it.

    A patch is a square of odd side with the pixel in its middle [1]_. Its lightness is mapped
    from [0, 100] to [-1, 1], so a network needs no scaler. Borders are mirrored: every pixel of
    an image has a patch.

    Parameters
    ----------
    patch_size : int, default=5
        Side of the patch in pixels; odd.
    position : bool, default=False
        Add the row and the distance from the centre column, both scaled by the image's own size
        to [-1, 1]. The paper names the position as future work.
    context_scales : sequence of float, default=()
        For each scale, a length in pixels of at least 2, add what surrounds the pixel at that
        scale. The image is cut into cells of about that side. Of the cell of the pixel: mean and
        standard deviation of lightness, mean gradient magnitude (texture), fine and coarse. Of
        those above, below and beside it: lightness and texture. Of all cells from there up and down to
        the border, and of the whole row: the extremes of both. All values are interpolated between
        the centres of cells.

    See Also
    --------
    sklearn.feature_extraction.image.PatchExtractor : Takes images of one size and loses the place
        of a patch.
    sample_pixels : Draw the pixels to learn from.

    References
    ----------
    .. [1] M. Richart, J. Visca, J. Baliosian, "Image Colorization with Neural Networks", 2017,
       section II-C.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor import PatchExtractor
    >>> grey = np.array([[0, 0], [0, 255]], dtype=np.uint8)
    >>> PatchExtractor(patch_size=3).transform([grey])[3].reshape(3, 3)
    array([[-1., -1., -1.],
           [-1.,  1., -1.],
           [-1., -1., -1.]], dtype=float32)
    """

    _parameter_constraints = {
        "patch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "position": ["boolean"],
        "context_scales": ["array-like"],
    }

    def __init__(self, patch_size: int = 5, *, position: bool = False, context_scales: Sequence[float] = ()):
        self.patch_size = patch_size
        self.position = position
        self.context_scales = context_scales

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageBatch | PixelSamples | None = None, y=None) -> "PatchExtractor":
        """Check the parameters; nothing is learned, and `transform` works without it.

        Parameters
        ----------
        X : batch of images or PixelSamples, default=None
            Not read.
        y : None
            Ignored.

        Returns
        -------
        self : PatchExtractor
            The estimator itself.
        """
        self._check_values()
        return self

    def transform(self, X: ImageBatch | PixelSamples) -> FloatArray:
        """Features of pixels.

        Parameters
        ----------
        X : PixelSamples or batch of images
            Of images, all pixels: row by row, image after image.

        Returns
        -------
        features : ndarray of shape (n_pixels, n_features_out), float32
            In the order of `get_feature_names_out`.

        Raises
        ------
        ValueError
            If `patch_size` is even or an image is not valid; the message names it.
        """
        self._validate_params()
        self._check_values()
        if isinstance(X, PixelSamples):
            return self._transform_pixels(X)
        parts = []
        for position, item in iter_batch(X):
            image = load_image(position, item)
            height, width = image.shape[:2]
            whole = range(height), range(width)
            tile = ImageFeatures(self, image).block(*whole).tile(*whole)
            parts.append(tile.transpose(0, 2, 1).reshape(height * width, -1))
        return np.ascontiguousarray(np.concatenate(parts))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the features.

        Parameters
        ----------
        input_features : None
            Ignored: images have no feature names.

        Returns
        -------
        names : ndarray of str
            `patch_+1_-2` is the lightness one row below and two columns left of the pixel.
        """
        self._check_values()
        half = self.patch_size // 2
        steps = range(-half, half + 1)
        names = [f"patch_{row:+d}_{column:+d}" for row in steps for column in steps]
        if self.position:
            names += ["row", "centre_distance"]
        names += [f"{value}_{scale:g}" for scale in self.context_scales for value in CONTEXT_VALUES]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def _check_values(self):
        if self.patch_size % 2 == 0:
            raise ValueError(
                f"patch_size={self.patch_size} is even; a patch has its pixel in the middle, so its "
                f"side is odd. Use {self.patch_size - 1} or {self.patch_size + 1}."
            )
        if isinstance(self.context_scales, str) or not isinstance(self.context_scales, Iterable):
            raise ValueError(
                "context_scales is a sequence of numbers of pixels, as (8, 16, 64); got "
                f"{self.context_scales!r}."
            )
        for scale in self.context_scales:
            if not (isinstance(scale, numbers.Real) and 2 <= scale < np.inf):
                raise ValueError(f"context_scales holds {scale!r}; each scale is a number of pixels >= 2.")
        if len({f"{scale:g}" for scale in self.context_scales}) < len(self.context_scales):
            raise ValueError(f"context_scales holds a scale twice: {self.context_scales!r}.")

    def _transform_pixels(self, pixels):
        n_patch = self.patch_size**2
        features = np.empty((len(pixels), len(self.get_feature_names_out())), np.float32)
        steps = np.arange(self.patch_size) - self.patch_size // 2
        for start in range(0, len(pixels), _CHUNK):
            part = pixels[start : start + _CHUNK]
            rows = reflect(part.rows[:, None] + steps, part.heights[:, None])
            columns = reflect(part.columns[:, None] + steps, part.widths[:, None])
            lightness = part.lightness_at(rows[:, :, None], columns[:, None, :])
            features[start : start + _CHUNK, :n_patch] = to_feature(lightness).reshape(-1, n_patch)
        n_done = n_patch
        if self.position:
            features[:, n_done] = _row_feature(pixels.rows, pixels.heights)
            features[:, n_done + 1] = _column_feature(pixels.columns, pixels.widths)
            n_done += 2
        if len(self.context_scales):
            order = np.argsort(pixels.groups, kind="stable")
            groups, starts = np.unique(pixels.groups[order], return_index=True)
            for group, chosen in zip(groups, np.split(order, starts[1:]), strict=True):
                context = pixels._remember(
                    ("context", group, tuple(self.context_scales)),
                    partial(_context_of, pixels.image_lightness(group), self.context_scales),
                )
                features[chosen, n_done:] = context.at(pixels.rows[chosen], pixels.columns[chosen])
        return features


def _context_of(lightness, scales):
    return ContextPlanes(scales, lightness.shape, lambda rows: to_feature(lightness[rows]))


def _row_feature(rows, height):
    return ((2 * rows + 1) / height - 1).astype(np.float32)


def _column_feature(columns, width):
    return (2 * np.abs((2 * columns + 1) / width - 1) - 1).astype(np.float32)


class ImageFeatures:
    """Features of all pixels of one image, made block by block; they equal `transform`'s.

    Parameters
    ----------
    extractor : PatchExtractor
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        Lightness is computed for a block when it is needed.
    """

    def __init__(self, extractor, image):
        self.half = extractor.patch_size // 2
        self.position = extractor.position
        self.image = image
        self.shape = image.shape[:2]
        self.n_features = len(extractor.get_feature_names_out())
        self.context = None
        if len(extractor.context_scales):
            self.context = ContextPlanes(
                extractor.context_scales, self.shape, lambda rows: to_feature(image_lightness(image[rows]))
            )

    def block(self, rows, columns):
        """Block of the image, ready to give tiles.

        Parameters
        ----------
        rows, columns : range
            With a step of 1.
        """
        return _Block(self, rows, columns)


class _Block:
    def __init__(self, source, rows, columns):
        self.source = source
        half = source.half
        self.top, self.left = rows.start, columns.start
        rows_around = reflect(np.arange(rows.start - half, rows.stop + half), source.shape[0])
        columns_around = reflect(np.arange(columns.start - half, columns.stop + half), source.shape[1])
        top, left = rows_around.min(), columns_around.min()
        lightness = image_lightness(
            source.image[top : rows_around.max() + 1, left : columns_around.max() + 1]
        )
        self.lightness = lightness[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        padded = to_feature(lightness)[rows_around - top][:, columns_around - left]
        # (n_rows, n_columns, patch_size, patch_size), not copied
        self.patches = sliding_window_view(padded, (2 * half + 1, 2 * half + 1))
        self.context = None if source.context is None else source.context.window(rows, columns)

    def tile(self, rows, columns):
        """Features of pixels of the block.

        Parameters
        ----------
        rows, columns : range
            Rows and columns of the image; a step leaves out those between.

        Returns
        -------
        features : ndarray of shape (n_groups, n_features, n_pixels of a group), float32
            A group is a row, or all of the tile where rows are short.
        """
        source = self.source
        shape = len(rows), len(columns)
        if len(columns) < _SHORT_ROW:
            planes = np.empty((source.n_features, *shape), np.float32)
            features = planes.reshape(1, source.n_features, -1)
        else:
            features = np.empty((shape[0], source.n_features, shape[1]), np.float32)
            planes = features.transpose(1, 0, 2)
        patches = self.patches[_moved(rows, -self.top), _moved(columns, -self.left)]
        done = (2 * source.half + 1) ** 2
        planes[:done].reshape(*patches.shape[2:], *shape)[...] = patches.transpose(2, 3, 0, 1)
        if source.position:
            planes[done] = _row_feature(np.asarray(rows), source.shape[0])[:, None]
            planes[done + 1] = _column_feature(np.asarray(columns), source.shape[1])
            done += 2
        if self.context is not None:
            self.context.fill(planes[done:], np.asarray(rows), np.asarray(columns))
        return features


def _moved(indices, offset):
    return slice(indices.start + offset, indices.stop + offset, indices.step)
