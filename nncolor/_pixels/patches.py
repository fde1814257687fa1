"""Features of pixels: patches of lightness, position and context."""

import numbers
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval

from .._images.batch import iter_batch, load_image
from .._images.blocks import Block
from .._images.color import LazyLightness
from .._utils.estimator import BaseEstimator, EstimatorMixin, TransformerMixin, fit_context
from .._utils.threads import single_threaded
from .._utils.types import AnyArray, FloatArray, ImageBatch
from .context import CONTEXT_VALUES, ContextSettings
from .samples import PixelSamples
from .tiles import PatchTiles, column_feature, context_of, reflect, row_feature, to_feature

# Rows of a PixelSamples whose patches are indexed at a time: bounds the index arrays.
_CHUNK = 1 << 16


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
        For each scale, a length in pixels of at least 2, add statistics of the surroundings at that
        scale. The image is divided into cells of about that side. For the cell of the pixel: mean and
        standard deviation of lightness, and mean gradient magnitude, fine and coarse. For the cells
        above, below and beside it: lightness and gradient. Also the running extremes of both over the
        cells up and down to the border, and their extremes and means over the row of cells. All values
        are interpolated between the centres of cells.

    See Also
    --------
    sklearn.feature_extraction.image.PatchExtractor : Extract patches from images of one size, without
        their positions.
    sample_pixels : Sample the training pixels.

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

    patch_size: int
    position: bool
    context_scales: Sequence[float]
    # benchmarks use others
    context_settings = ContextSettings()

    def __init__(self, patch_size: int = 5, *, position: bool = False, context_scales: Sequence[float] = ()):
        self.patch_size = patch_size
        self.position = position
        self.context_scales = context_scales

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ImageBatch | PixelSamples | None = None, y: Any = None) -> "PatchExtractor":
        """Check the parameters; nothing is fitted, and `transform` works without it.

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
        """Compute the features of pixels.

        Parameters
        ----------
        X : PixelSamples or batch of images
            For images, all pixels are used: row by row, image after image.

        Returns
        -------
        features : ndarray of shape (n_pixels, n_features_out), float32
            In the order of `get_feature_names_out`.

        Raises
        ------
        ValueError
            If `patch_size` is even or an image is not valid; the message names it.
        """
        self._check_values()
        with single_threaded():
            return self._transform_pixels(X) if isinstance(X, PixelSamples) else self._transform_images(X)

    def get_feature_names_out(self, input_features: Any = None) -> AnyArray:
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def _check_values(self):
        self._validate_params()
        if self.patch_size % 2 == 0:
            raise ValueError(
                f"patch_size={self.patch_size} is even; it must be odd, because a patch has its pixel in "
                f"the middle. Use {self.patch_size - 1} or {self.patch_size + 1}."
            )
        if isinstance(self.context_scales, str) or not isinstance(self.context_scales, Iterable):
            raise ValueError(
                "context_scales must be a sequence of lengths in pixels, such as (8, 16, 64); got "
                f"{self.context_scales!r}."
            )
        for scale in self.context_scales:
            if not (isinstance(scale, numbers.Real) and 2 <= scale < np.inf):
                raise ValueError(f"context_scales holds {scale!r}; each scale must be a length >= 2 pixels.")
        if len({f"{scale:g}" for scale in self.context_scales}) < len(self.context_scales):
            raise ValueError(f"context_scales holds a scale twice: {self.context_scales!r}.")

    def _transform_images(self, X):
        parts = []
        for position, item in iter_batch(X):
            image = load_image(position, item)
            height, width = image.shape[:2]
            whole = Block(range(height), range(width))
            tile = PatchTiles(self, LazyLightness(image)).block(whole).tile(whole)
            parts.append(tile.transpose(0, 2, 1).reshape(height * width, -1))
        return np.ascontiguousarray(np.concatenate(parts))

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
            features[:, n_done] = row_feature(pixels.rows, pixels.heights)
            features[:, n_done + 1] = column_feature(pixels.columns, pixels.widths)
            n_done += 2
        if len(self.context_scales):
            order = np.argsort(pixels.groups, kind="stable")
            groups, starts = np.unique(pixels.groups[order], return_index=True)
            for group, chosen in zip(groups, np.split(order, starts[1:]), strict=True):
                context = pixels.cached(
                    ("context", group, tuple(self.context_scales), self.context_settings),
                    partial(
                        context_of,
                        pixels.image_lightness(group),
                        self.context_scales,
                        self.context_settings,
                    ),
                )
                features[chosen, n_done:] = context.at(pixels.rows[chosen], pixels.columns[chosen])
        return features
