"""What a fitted colorizer says of images."""

import warnings
from functools import partial
from itertools import compress

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils.validation import check_is_fitted

from ._images.color import output_dtype, to_unit_range
from ._painting.hints import correct_prediction, read_hints
from ._images.batch import describe, is_path, load_image, stack_like
from ._painting.decoder import CodewordModel
from ._pixels.familiarity import (
    MIN_IMAGES,
    OTHER_SIZE,
    UNFAMILIAR,
    profile_of_image,
    size_ratio,
    unfamiliarity,
    usual_profiles,
)
from ._images.parallel import map_batch
from ._pixels.samples import PixelSamples
from ._training import repaint
from ._utils.types import FloatArray, Hints, Image, ImageBatch, Images
from .metrics import ciede2000, neg_mean_ciede2000_scorer


class PredictionMixin:
    """The predictions of :class:`~nncolor.SOMColorizer`, out of its fitted attributes."""

    def predict(self, X: ImageBatch) -> Images:
        """Colour images.

        Parameters
        ----------
        X : batch of images
            Grey, or colour whose lightness is used.

        Returns
        -------
        colored : list of ndarray of shape (H, W, 3), or ndarray of shape (n, H, W, 3)
            An ndarray for an ndarray. The dtype is that of the image (uint8, uint16, float32 or
            float64; float16 becomes float32 and bool uint8); floats are in [0, 1].

        Warns
        -----
        UserWarning
            If there were 20 images or more to learn from, and the lightness of an image is unlike theirs
            (see `unfamiliarity`), or its side is more than twice as long as that of all of them, or less
            than half as long.
        """
        check_is_fitted(self)
        return self._predict(X)

    def predict_labels(self, X: ImageBatch | PixelSamples) -> Images:
        """Codeword of each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness counts.

        Returns
        -------
        labels : list of ndarray of shape (H, W), or ndarray of shape (n, H, W) or (n_pixels,), int32
            Rows of `codebook_`: the most probable codewords, without smoothing.
        """
        if isinstance(X, PixelSamples):
            return self._on_pixels(CodewordModel.labels, X)
        return self._map(CodewordModel.predict_labels, X)

    def predict_proba(self, X: ImageBatch | PixelSamples) -> Images:
        """Probability of each codeword at each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness counts.

        Returns
        -------
        probabilities : list of ndarray of shape (H, W, n_codes), or ndarray of shape \
                (n, H, W, n_codes) or (n_pixels, n_codes), float32
            Without smoothing and temperature; 0 for codewords that the sample lacked.
        """
        if isinstance(X, PixelSamples):
            return self._on_pixels(CodewordModel.probabilities, X)
        return self._map(CodewordModel.predict_proba, X)

    def predict_confidence(self, X: ImageBatch | PixelSamples) -> Images:
        """Probability of the most probable codeword at each pixel.

        Where it is high, colours are closer to the truth.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness counts.

        Returns
        -------
        confidence : list of ndarray of shape (H, W), or ndarray of shape (n, H, W) or (n_pixels,), float32
            The largest of `predict_proba`.
        """
        if isinstance(X, PixelSamples):
            return self._on_pixels(CodewordModel.confidence, X)
        return self._map(CodewordModel.predict_confidence, X)

    def unfamiliarity(self, X: ImageBatch) -> FloatArray:
        """How unlike the images learned from the lightness of images is.

        How an image is lit and laid out is put into twelve numbers: quantiles of lightness, mean and
        deviation of texture, and how both go with the height in the image. They are compared with those of
        the images learned from by their Mahalanobis distance [1]_.

        Parameters
        ----------
        X : batch of images
            Only their lightness counts.

        Returns
        -------
        unfamiliarity : ndarray of shape (n_images,)
            About 1 on average for the images learned from. `predict` warns above 1.75.

        Raises
        ------
        ValueError
            If there were fewer than 20 images to learn from.

        References
        ----------
        .. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
           Journal of Multivariate Analysis 88(2), 2004.
        """
        check_is_fitted(self)
        usual = usual_profiles(self.profiles_)
        if usual is None:
            raise ValueError(
                f"What is unfamiliar can be told from {MIN_IMAGES} images on; there were fewer to learn from."
            )
        return np.array(self._map_to_list(partial(_unfamiliarity_of, usual=usual), X))

    def predict_chroma(self, X: ImageBatch | PixelSamples) -> Images:
        """Chroma of each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness counts.

        Returns
        -------
        chroma : list of ndarray of shape (H, W, 2), or ndarray of shape (n, H, W, 2) or \
                (n_pixels, 2), float32
            CIE u*, v*, as `temperature` decodes it; smoothed for images, not for a PixelSamples.
        """
        if isinstance(X, PixelSamples):
            return self._on_pixels(CodewordModel.chroma, X)
        return self._map(CodewordModel.predict_chroma, X)

    def colorize(self, image: Image, *, hints: Hints | None = None) -> np.ndarray:
        """Colour one image, and correct it by hints.

        Parameters
        ----------
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path
            Grey, or colour whose lightness is used.
        hints : list of (row, column, colour), or ndarray of shape (H, W, 4), default=None
            Colours that are known at some pixels. A colour is an RGB triple in the range of the image (0
            to 255 for uint8 and bool, 0 to 65535 for uint16, 0 to 1 for floats), a CSS name as
            `"olive"`, or `"#rrggbb"`. Of an RGBA array, the opaque pixels are hints.

        Returns
        -------
        colored : ndarray of shape (H, W, 3)
            As `predict` gives it. A hinted pixel has the hint's u*, v* at its own lightness; where sRGB
            has no such colour, RGB is clipped to [0, 1].

        Raises
        ------
        ValueError
            If a hint is not valid; the message names it.

        See Also
        --------
        propagate_hints : Colours by hints alone.

        Notes
        -----
        A hint says by how much the prediction is wrong at its pixel. Pixels that look alike (where they
        are, how light, which codewords they may have) are expected to be wrong alike, the more so the
        less certain the classifier is: the mean of a Gaussian process. It is the prior of one
        sparse, symmetric, positive definite system in which neighbours of like lightness attract [1]_.

        References
        ----------
        .. [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", ACM Transactions
           on Graphics 23(3), 2004.
        """
        check_is_fitted(self)
        if isinstance(image, (list, tuple)) and any(is_path(item) for item in image):
            raise ValueError("colorize takes one image; predict takes a list of them.")
        name, image = describe(None, image), load_image(None, image)
        read = read_hints([] if hints is None else hints, image)
        if len(read) == 0:
            return self._predict([image], [name])[0]
        model, n_threads = self._model(), effective_n_jobs(self.n_jobs)
        return correct_prediction(
            image,
            read,
            model.predict_chroma(image, n_threads),
            partial(model.predict_proba, image, n_threads),
            model.codebook,
        )

    def score(self, X: ImageBatch | PixelSamples, y=None) -> float:
        """Negative mean CIEDE2000 between the predicted and the true colours, over all pixels.

        Unlike the accuracy of the labels it can be compared between codebooks of any size.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            The truth; its lightness is what is coloured.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Zero at best.
        """
        if isinstance(X, PixelSamples):
            return neg_mean_ciede2000_scorer(self, X)
        error, n_pixels = np.sum(self._map(_error_of_image, X, color=True), axis=0)
        return -float(error / n_pixels)

    def quantize(self, X: ImageBatch) -> Images:
        """Repaint colour images with the codebook: the best that the codewords allow.

        These are Figures 8 and 9 of the paper.

        Parameters
        ----------
        X : batch of colour images
            Those to repaint.

        Returns
        -------
        quantized : list of ndarray of shape (H, W, 3), or ndarray of shape (n, H, W, 3)
            The lightness of the image with the chroma of the nearest codeword; dtype as in
            `predict`.
        """
        check_is_fitted(self)
        return self._map(partial(_quantize_image, quantizer=self.quantizer_), X, color=True)

    def _model(self):
        check_is_fitted(self)
        self._validate_params()
        return CodewordModel(
            self.extractor_,
            self.classifier_,
            self.codebook_,
            self.classes_,
            self.temperature,
            self.smoothing_radius,
        )

    def _map(self, function, X, *, color=False):
        """Results of function(model, image, n_threads) for the images of a batch, in its own form."""
        return stack_like(self._map_to_list(function, X, color=color), X)

    def _map_to_list(self, function, X, *, color=False):
        function = partial(function, self._model())
        return map_batch(function, X, color=color, n_jobs=self.n_jobs, verbose=self.verbose)

    def _predict(self, X, names=None):
        """What `predict` gives, with a warning of the images, by name, that are unlike those learned from."""
        usual = usual_profiles(self.profiles_)
        if usual is None:
            return self._map(CodewordModel.predict_colors, X)
        colored, profiles = zip(*self._map_to_list(_colors_and_profile, X), strict=True)
        if names is None:
            items = X if isinstance(X, (list, tuple)) else [None] * len(profiles)
            names = [describe(position, item) for position, item in enumerate(items)]
        strange = [unfamiliarity(profile, usual) > UNFAMILIAR for profile in profiles]
        _warn_of(
            list(compress(names, strange)),
            "The lightness of",
            "unlike that of the images learned from",
            "Do not rely on the colours; unfamiliarity() says how far off each image is.",
        )
        resized = [size_ratio(profile, self.profiles_) > OTHER_SIZE for profile in profiles]
        _warn_of(
            list(compress(names, resized)),
            "The size of",
            "far from that of all images learned from",
            "Bring images to about their number of pixels: what is learned at one resolution is not known at "
            "another.",
        )
        return stack_like(list(colored), X)

    def _on_pixels(self, method, pixels):
        model = self._model()
        return model.on_pixels(partial(method, model), pixels)


def _warn_of(names, what, how, advice):
    """Warn once of all images of a batch that are unlike those learned from, at the user's line."""
    if names:
        others = f", as is that of {len(names) - 1} others: {', '.join(names[1:])}" if names[1:] else ""
        warnings.warn(f"{what} {names[0]} is {how}{others}. {advice}", UserWarning, stacklevel=4)


def _colors_and_profile(model, image, n_threads):
    return model.predict_colors(image, n_threads), profile_of_image(image)


def _unfamiliarity_of(model, image, n_threads, *, usual):
    return unfamiliarity(profile_of_image(image), usual)


def _error_of_image(model, image, n_threads):
    """Sum of CIEDE2000 over the pixels of an image, and their number."""
    predicted = model.predict_colors(image, n_threads)
    true, predicted = (to_unit_range(rgb[..., :3]).reshape(-1, 3) for rgb in (image, predicted))
    return np.array([ciede2000(true, predicted).sum(dtype=np.float64), len(true)])


def _quantize_image(model, image, n_threads, *, quantizer):
    return repaint(image, quantizer, output_dtype(image.dtype))
