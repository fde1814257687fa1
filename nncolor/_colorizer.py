"""SOMColorizer: train on colour photographs, colour grey ones (Richart, Visca and Baliosian, 2017)."""

import numbers
import os
import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import partial
from itertools import compress, islice, repeat
from typing import Any, overload

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._codebook.quantizer import SOMQuantizer, nearest_codewords
from ._images.batch import check_batch, describe, is_path, load_image, n_images_of, stack_like
from ._images.color import (
    NEUTRAL_CHROMA,
    ciede2000,
    join_lightness_chroma,
    lightness_chroma,
    output_dtype,
    to_unit_range,
)
from ._images.parallel import N_JOBS, map_batch
from ._images.working_size import WORKING_SIZE, shrink
from ._painting.decoder import Decoder, quantize_image
from ._painting.film import color_frames
from ._painting.hints import correct_prediction, parse_hints, preview
from ._painting.tint import parse_tint, parse_tints, typical_tints, unlike_tints
from ._pixels.familiarity import (
    MIN_IMAGES,
    append_images,
    lightness_statistics,
    reference_statistics,
    unfamiliarity,
)
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, check_working_size, pixels_per_image
from ._training import (
    DEFAULTS,
    ClassHasMethods,
    check_chroma,
    check_incremental,
    check_known,
    clone_component,
    codeword_frequencies,
    fit_classifier,
    fit_codebook,
    is_trained_by_length,
    rebalanced,
    sample_features,
    settle_network,
    show_tint,
    spawn_random_state,
    takes_tint,
    training_length,
)
from ._utils.estimator import BaseEstimator, EstimatorMixin, fit_context
from ._utils.threads import plain_context
from ._utils.types import AnyArray, FloatArray, Hints, Image, ImageBatch, IntArray, RandomState, Tint, Tints
from ._validation import validate


class SOMColorizer(EstimatorMixin, BaseEstimator):
    """Colour grey photographs with a model trained on colour photographs.

    The method of Richart, Visca and Baliosian [1]_: images are converted to lightness and chroma
    (CIELUV); a self-organizing map reduces the chroma to a codebook; a neural network is trained
    to predict the codeword of a pixel from the patch of lightness around it; a grey image is
    coloured by joining its lightness with the chroma of the predicted codewords.

    Parameters
    ----------
    extractor : transformer, default=None
        Computes features of a :class:`~nncolor.PixelSamples`. None means a `PatchExtractor` with
        the settings that were best in the benchmarks: 3x3 patches with position and context.
    quantizer : clusterer with `predict` and `cluster_centers_`, default=None
        Reduces chroma to codewords. None means `SOMQuantizer(map_shape=(5, 5))`. Wrap a fitted
        one in `FrozenEstimator` to use its codebook unchanged.
    classifier : classifier with `predict_proba`, default=None
        Predicts codewords from features. None means an `MLPClassifier` with two hidden layers of
        50 neurons, `alpha="auto"` and `max_iter="auto"`: the penalty on its weights falls with the
        number of training images, and the length of training is chosen on held-out images.
        Your own MLPClassifier may use both values. A `Pipeline` is accepted.
    working_size : int or None, default=384
        Every image is resized to an area of working_size x working_size pixels, with its proportions
        kept, before pixels are sampled and before it is classified; the predicted chroma is enlarged
        to the full size, guided by the full-size lightness. All lengths (`patch_size`,
        `context_scales`, `smoothing_radius`) are in pixels of the working size. None does not resize
        images, as in the paper. A PixelSamples is used at the size at which it was sampled.
    pixels_per_image : int or "auto", default="auto"
        Number of pixels that are sampled from each image. "auto" samples about 200,000 in total, and
        from 500 to 20,000 per image; 2500 per image if the number of images is not known, which is
        the case in `partial_fit` and for generators.
    rebalance : float in [0, 1], default=0
        Counters the grey bias [5]_ by oversampling rare codewords: a codeword of frequency p is drawn in
        proportion to p ** (1 - rebalance). 0 leaves the sample unchanged, 1 draws all codewords equally
        often. Higher values give more colourful images with a larger mean error.
    tint_share : float in [0, 1), default=0.5
        Share of the sampled pixels whose features include the tint of their image, its mean u*, v*, so that
        images can be coloured with a tint that you choose. The other pixels are used without tint.
        0 trains without tint, as in the paper.
    temperature : float in [0, 1], default=0.7
        How the probabilities of the codewords are converted to chroma: 0 takes the most probable
        codeword, as in the paper, 1 the mean of all, and values between them the annealed mean [2]_.
        Lower values give more colourful images, higher ones a smaller mean error.
    smoothing_radius : int, default=8
        Radius in pixels of a guided filter [3]_ that smooths the chroma of an image but not
        across edges of lightness. 0 means no filter. From 8 on it is the fast variant [4]_: chroma is
        predicted for every (smoothing_radius // 4)-th pixel in both directions.
    validation_fraction : float in [0, 1), default=0.2
        Share of the training images that `fit` holds out at first, if there are at least five; if that is
        fewer than ten, validation is repeated with others held out. It chooses the length of training of
        the default network, and reduces the painted chroma if the predicted colours are not closer to the
        truth than grey. The final model is trained on all images. 0 holds none out; the length of training
        then depends only on the number of images.
    n_jobs : int or None, default=None
        Number of threads. Several images are distributed over them (or over the joblib backend of
        the context), a single image is split into blocks. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed for sampling the pixels, and for components whose own `random_state` is None. Pass an int
        for the same result on every call.
    verbose : int, default=0
        Show progress bars if positive.

    Attributes
    ----------
    extractor_, quantizer_, classifier_ : estimators
        The fitted components. `classifier_` is None if the sample held a single codeword; then
        all pixels get that codeword.
    codebook_ : ndarray of shape (n_codes, 2), float32
        CIE u*, v* of each codeword.
    classes_ : ndarray of shape (n_codes,), int
        The codewords, which are the columns of `predict_proba`. Codewords that do not occur in the sample of
        `fit` have probability 0.
    image_statistics_ : ndarray of shape (n_images, 12)
        Statistics of the lightness and the layout of the training images; `unfamiliarity` and the
        warnings of `predict` compare images with them. `partial_fit` keeps those of the first 1000
        different images.
    tints_ : ndarray of shape (n_images, 2)
        Tint of each of the training images in `image_statistics_`: its mean CIE u*, v*.
    has_tint_ : bool
        Whether the classifier was trained with tint.
    working_size_ : int or None
        The working size of training and prediction.
    validation_error_, validation_grey_error_ : float or None
        Mean CIEDE2000 of the held-out images: coloured by a model trained on the others, and left grey.
        None if none were held out.
    chroma_scale_ : float
        Share of the predicted chroma that is painted if no tint is given; less than 1 if the error of the
        held-out images is not clearly below that of grey.

    See Also
    --------
    PatchExtractor, SOMQuantizer : The default components.
    sample_pixels : Sample pixels once, for a search over the components.

    Notes
    -----
    `SOMColorizer.paper()` has the configuration of the paper.

    `fit` holds the features of the sample in memory: 8 bytes for each feature of each pixel, half of
    them only until they are concatenated. It warns if that is more than the memory of the machine. The
    images are not kept in memory, except for an extractor that has to be fitted, such as one with a
    scaler: it needs the lightness of all images at once. `partial_fit` needs memory for one batch,
    however many batches there are.

    References
    ----------
    .. [1] M. Richart, J. Visca, J. Baliosian, "Image Colorization with Neural Networks", 2017.
    .. [2] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, equation 5.
    .. [3] K. He, J. Sun, X. Tang, "Guided Image Filtering", ECCV 2010.
    .. [4] K. He, J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015.
    .. [5] Zhang et al. [2]_, section 2.2, weight the loss; here the sample is drawn with weights instead,
       which works with every classifier.

    Examples
    --------
    >>> from nncolor import SOMColorizer
    >>> from nncolor.datasets import load_sample_photos
    >>> coffee = load_sample_photos().images[2]
    >>> left, right = coffee[:, :300], coffee[:, 300:]
    >>> colorizer = SOMColorizer(random_state=0).fit([left])
    >>> grey = right.mean(axis=-1).astype("uint8")
    >>> colorizer.predict([grey])[0].shape
    (400, 300, 3)
    """

    _parameter_constraints = {
        "extractor": [HasMethods(["fit", "transform"]), None],
        "quantizer": [HasMethods(["fit", "predict"]), None],
        "classifier": [ClassHasMethods(["fit", "predict_proba"]), None],
        "working_size": WORKING_SIZE,
        "pixels_per_image": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "rebalance": [Interval(numbers.Real, 0, 1, closed="both")],
        "tint_share": [Interval(numbers.Real, 0, 1, closed="left")],
        "temperature": [Interval(numbers.Real, 0, 1, closed="both")],
        "smoothing_radius": [Interval(numbers.Integral, 0, None, closed="left")],
        "validation_fraction": [Interval(numbers.Real, 0, 1, closed="left")],
        "n_jobs": N_JOBS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    extractor: Any
    quantizer: Any
    classifier: Any
    working_size: int | None
    pixels_per_image: int | str
    rebalance: float
    tint_share: float
    temperature: float
    smoothing_radius: int
    validation_fraction: float
    n_jobs: int | None
    random_state: RandomState
    verbose: int
    extractor_: Any
    quantizer_: Any
    classifier_: Any
    codebook_: FloatArray
    classes_: IntArray
    image_statistics_: FloatArray
    tints_: FloatArray
    has_tint_: bool
    working_size_: int | None
    chroma_scale_: float
    validation_error_: float | None
    validation_grey_error_: float | None
    _known: IntArray
    _frequencies: FloatArray
    _n_pixels: int
    _reference_statistics: FloatArray | None
    _random_state: np.random.RandomState

    def __init__(
        self,
        extractor: Any = None,
        quantizer: Any = None,
        classifier: Any = None,
        *,
        working_size: int | None = 384,
        pixels_per_image: int | str = "auto",
        rebalance: float = 0.0,
        tint_share: float = 0.5,
        temperature: float = 0.7,
        smoothing_radius: int = 8,
        validation_fraction: float = 0.2,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.extractor = extractor
        self.quantizer = quantizer
        self.classifier = classifier
        self.working_size = working_size
        self.pixels_per_image = pixels_per_image
        self.rebalance = rebalance
        self.tint_share = tint_share
        self.temperature = temperature
        self.smoothing_radius = smoothing_radius
        self.validation_fraction = validation_fraction
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def paper(cls, **params: Any) -> "SOMColorizer":
        """Colorizer with the configuration of the paper.

        Patches of 5x5 pixels, a map of 3x3 codewords, and two hidden layers of 50 neurons; everything that
        the paper does not have is switched off.

        Parameters
        ----------
        **params : dict
            Parameters of the colorizer, which override those of the paper.

        Returns
        -------
        colorizer : SOMColorizer
            The colorizer, not fitted.

        Examples
        --------
        >>> from nncolor import SOMColorizer
        >>> SOMColorizer.paper(random_state=0).get_params()["extractor__patch_size"]
        5
        """
        configuration: dict[str, Any] = {
            "extractor": PatchExtractor(patch_size=5),
            "quantizer": SOMQuantizer(map_shape=(3, 3)),
            "classifier": MLPClassifier((50, 50)),
            "working_size": None,
            "pixels_per_image": 2500,
            "tint_share": 0,
            "temperature": 0,
            "smoothing_radius": 0,
            "validation_fraction": 0,
        }
        return cls(**{**configuration, **params})

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ImageBatch | PixelSamples, y: Any = None) -> "SOMColorizer":
        """Train the colorizer on colour images.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            A sequence or generator of arrays or paths, or an ndarray of shape (n, H, W, 3 or 4).
            Images are read when they are needed and not kept, unless the extractor has to be fitted.
        y : None
            Ignored; a search may use it to stratify its splits.

        Returns
        -------
        self : SOMColorizer
            The estimator itself. If an error or Ctrl-C ends the call, it does not change.

        Raises
        ------
        ValueError
            If an image is grey or not valid, if no image has any chroma, or if there are more
            codewords than distinct colours.
        OSError
            If a file cannot be read; the message names it.

        Warns
        -----
        UserWarning
            If the colours of the held-out images are farther from the truth than grey, or if an image has
            no chroma.
        """
        with plain_context():
            random_state = check_random_state(self.random_state)
            components = _, quantizer, _ = self._clone_components(random_state)
            sample = self._sample(X, components, random_state)
            check_chroma(sample, stacklevel=4)
            labels = fit_codebook(quantizer, sample.chroma, self.verbose)
            validation = self._validate(components, sample, labels, random_state)
            fitted = self._train(components, sample, labels, random_state, validation=validation)
            fitted["_random_state"] = spawn_random_state(random_state)
        return self._set_fitted(fitted)

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X: ImageBatch | PixelSamples, y: Any = None) -> "SOMColorizer":
        """Train the colorizer on one batch of colour images, in constant memory.

        The first call fits the quantizer, so its batch should be representative: some dozens of images, in
        random order. Every call trains the classifier once on each sampled pixel; one or two passes over all
        batches are enough for the default network, and each pass samples other pixels. No images are held
        out: after `fit`, its share of chroma is kept, and its errors, which are those of the model of `fit`.
        Components that are changed after the first call take effect at the next `fit`.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            As for `fit`.
        y : None
            Ignored.

        Returns
        -------
        self : SOMColorizer
            The estimator itself. If an error or Ctrl-C ends the call, it does not change.

        Raises
        ------
        TypeError
            If the classifier has no `partial_fit`.
        ValueError
            If the classifier has early stopping, which needs all pixels at once; or in the cases of `fit`.
        OSError
            If a file cannot be read; the message names it.

        Warns
        -----
        UserWarning
            If an image of the first batch has no chroma.

        Examples
        --------
        >>> from nncolor import SOMColorizer
        >>> from nncolor.datasets import load_sample_photos
        >>> photos = load_sample_photos().images
        >>> colorizer = SOMColorizer(pixels_per_image=500, random_state=0)
        >>> for epoch in range(2):
        ...     for batch in (photos[:4], photos[4:]):
        ...         colorizer = colorizer.partial_fit(batch)
        >>> colorizer.codebook_.shape
        (25, 2)
        """
        self._validate_params()
        with plain_context():
            fitted = self._next_fit(X) if hasattr(self, "codebook_") else self._first_fit(X)
        return self._set_fitted(fitted)

    def _first_fit(self, X):
        """Fitted attributes after the first batch of partial_fit."""
        random_state = check_random_state(self.random_state)
        if not isinstance(self.random_state, numbers.Integral):
            random_state = spawn_random_state(random_state)
        components = _, quantizer, classifier = self._clone_components(random_state)
        check_incremental(classifier)
        sample = self._sample(X, components, random_state, is_partial=True)
        check_chroma(sample, stacklevel=5)
        labels = fit_codebook(quantizer, sample.chroma, self.verbose)
        classes = np.arange(len(quantizer.cluster_centers_))
        sample = self._with_known_images(sample)
        return self._train(components, sample, labels, random_state, classes=classes)

    def _next_fit(self, X):
        """Fitted attributes after one more batch of partial_fit; the current ones do not change."""
        classifier, random_state = deepcopy((self.classifier_, self._random_state))
        components = _, quantizer, _ = self.extractor_, self.quantizer_, classifier
        check_incremental(classifier, n_codes=len(self.codebook_))
        if isinstance(X, PixelSamples):
            check_working_size(X, self.working_size_)
        sample = self._sample(X, components, random_state, is_partial=True, fit=False)
        labels = nearest_codewords(quantizer, sample.chroma)
        check_known(labels, self._known)
        sample = self._with_known_images(sample)
        fitted = self._train(components, sample, labels, random_state, classes=self._known)
        n_pixels = self._n_pixels + fitted["_n_pixels"]
        before, now = self._frequencies * self._n_pixels, fitted["_frequencies"] * fitted["_n_pixels"]
        kept = ("chroma_scale_", "validation_error_", "validation_grey_error_")
        return {
            **fitted,
            **{name: getattr(self, name) for name in kept},
            "_frequencies": (before + now) / n_pixels,
            "_n_pixels": n_pixels,
        }

    def _clone_components(self, random_state):
        return [
            clone_component(getattr(self, name), default, random_state) for name, default in DEFAULTS.items()
        ]

    def _sample(self, X, components, random_state, *, is_partial=False, fit=True):
        extractor, _, classifier = components
        n_per_image = self.pixels_per_image
        if is_partial:
            n_per_image = pixels_per_image(n_per_image, n_images=None)
        working_size = self.working_size if fit else self.working_size_
        options = {"fit": fit, "n_jobs": self.n_jobs, "verbose": self.verbose}
        sample = sample_features(X, extractor, n_per_image, working_size, random_state, **options)
        share = self.tint_share
        has_tint = takes_tint(classifier, sample, share, is_partial=is_partial) if fit else self.has_tint_
        return show_tint(sample, share, random_state) if has_tint else sample

    def _with_known_images(self, sample):
        """Sample of a batch of partial_fit, with the statistics and tints of earlier batches added."""
        known = []
        if hasattr(self, "codebook_"):
            known = np.column_stack([self.image_statistics_, self.tints_])
        rows = append_images(known, np.column_stack([sample.statistics, sample.tints]))
        return sample._replace(statistics=rows[:, :-2], tints=rows[:, -2:])

    def _validate(self, components, sample, labels, random_state):
        """Validation on held-out images; None if there are too few, or the classifier is frozen."""
        extractor, quantizer, classifier = components
        if isinstance(classifier, FrozenEstimator):
            return None
        validation = validate(
            classifier,
            extractor,
            np.asarray(quantizer.cluster_centers_, np.float32),
            sample,
            labels,
            fraction=self.validation_fraction,
            rebalance=self.rebalance,
            temperature=self.temperature,
            # a copy: validation must not change the random numbers of training
            random_state=deepcopy(random_state),
        )
        if validation is not None:
            self._report(validation)
        return validation

    def _report(self, validation):
        error, grey_error = validation.error, validation.grey_error
        if self.verbose:
            print(f"[SOMColorizer] Held-out images: CIEDE2000 {error:.1f}, left grey {grey_error:.1f}.")
        if validation.full_error >= grey_error:
            warnings.warn(
                f"The colours of held-out training images are farther from the truth (mean CIEDE2000 "
                f"{validation.full_error:.1f}) than grey is ({grey_error:.1f}); with "
                f"{validation.chroma_scale:.0%} of the chroma, as will be painted, it is {error:.1f}. Train "
                "with more images, or with images that are more similar.",
                UserWarning,
                stacklevel=5,
            )

    def _train(self, components, sample, labels, random_state, *, validation=None, classes=None):
        """Train the classifier; returns the values of all fitted attributes by name.

        With `classes`, the codewords of all batches, it is a partial fit.
        """
        extractor, quantizer, classifier = components
        features, chosen = sample.features, None
        if self.rebalance:
            chosen = rebalanced(labels, self.rebalance, random_state)
            features, labels = features[chosen], labels[chosen]
        known = np.unique(labels) if classes is None else classes
        if len(known) > 1:
            is_partial = classes is not None
            # a batch is only a part of the training images
            n_images = np.inf if is_partial else len(sample.statistics)
            settle_network(classifier, n_images, is_partial=is_partial)
            options = {"classes": classes}
            if is_trained_by_length(classifier):
                length = training_length(n_images) if validation is None else validation.length
                options = {"rows": random_state.permutation(len(labels)), "length": length}
            groups = sample.groups if chosen is None else sample.groups[chosen]
            known = fit_classifier(classifier, features, labels, groups, self.verbose, **options)
        else:
            classifier = None
        codebook = np.asarray(quantizer.cluster_centers_, np.float32)
        if known.max() >= len(codebook):
            raise ValueError(
                f"The classifier was trained on codeword {known.max()}, but the quantizer has only "
                f"{len(codebook)} codewords. A frozen component was fitted with another codebook."
            )
        return {
            "extractor_": extractor,
            "quantizer_": quantizer,
            "classifier_": classifier,
            "codebook_": codebook,
            "classes_": np.arange(len(codebook)),
            "_known": known,
            "_frequencies": codeword_frequencies(labels, len(codebook)),
            "_n_pixels": len(labels),
            "image_statistics_": sample.statistics,
            "tints_": sample.tints,
            "has_tint_": sample.has_tint,
            "working_size_": sample.working_size,
            "chroma_scale_": 1.0 if validation is None else validation.chroma_scale,
            "validation_error_": None if validation is None else validation.error,
            "validation_grey_error_": None if validation is None else validation.grey_error,
            "_reference_statistics": reference_statistics(sample.statistics),
            "_random_state": random_state,
        }

    def _set_fitted(self, fitted):
        # in one call, so that Ctrl-C cannot set only some of them
        vars(self).update(fitted)
        return self

    @overload
    def predict(self, X: AnyArray, *, tint: Tint | Tints | None = None) -> AnyArray: ...

    @overload
    def predict(self, X: ImageBatch, *, tint: Tint | Tints | None = None) -> list[AnyArray]: ...

    def predict(self, X: ImageBatch, *, tint: Tint | Tints | None = None) -> list[AnyArray] | AnyArray:
        """Colour images.

        Parameters
        ----------
        X : batch of images
            Grey, or colour whose lightness is used.
        tint : tint, or sequence of one for each image, default=None
            The desired overall colour of the images, see `colorize`. None colours them without a tint.

        Returns
        -------
        colored : list of ndarray of shape (H, W, 3), or ndarray of shape (n, H, W, 3)
            An ndarray if `X` is one. The dtype is that of the image (uint8, uint16, float32 or
            float64; float16 becomes float32 and bool uint8); floats are in [0, 1].

        Raises
        ------
        ValueError
            If an image or a tint is not valid, or the colorizer was trained without tint.
        OSError
            If a file cannot be read; the message names it.

        Warns
        -----
        UserWarning
            If there were at least 20 training images and the lightness of an image is unlike theirs (see
            `unfamiliarity`), or if a tint is far from all of theirs.
        """
        return self._predict(X, tint)

    @overload
    def predict_labels(self, X: PixelSamples | AnyArray) -> AnyArray: ...

    @overload
    def predict_labels(self, X: ImageBatch) -> list[AnyArray]: ...

    def predict_labels(self, X: ImageBatch | PixelSamples) -> list[AnyArray] | AnyArray:
        """Codeword of each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness is used.

        Returns
        -------
        labels : list of ndarray of shape (H, W), or ndarray of shape (n, H, W) or (n_pixels,), int32
            Indices of rows of `codebook_`: the most probable codewords, without smoothing. If the image is
            not of the working size, those of the nearest pixels at the working size.
        """
        decoder = self._decoder()
        return self._predict_rows_or_images(X, decoder.decode_labels, decoder.predict_labels)

    @overload
    def predict_proba(self, X: PixelSamples | AnyArray) -> AnyArray: ...

    @overload
    def predict_proba(self, X: ImageBatch) -> list[AnyArray]: ...

    def predict_proba(self, X: ImageBatch | PixelSamples) -> list[AnyArray] | AnyArray:
        """Probability of each codeword at each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness is used.

        Returns
        -------
        probabilities : list of ndarray of shape (H, W, n_codes), or ndarray of shape \
                (n, H, W, n_codes) or (n_pixels, n_codes), float32
            Without smoothing or temperature; 0 for codewords that do not occur in the training sample. If
            the image is not of the working size, interpolated linearly.
        """
        decoder = self._decoder()
        return self._predict_rows_or_images(X, decoder.decode_proba, decoder.predict_proba)

    @overload
    def predict_confidence(self, X: PixelSamples | AnyArray) -> AnyArray: ...

    @overload
    def predict_confidence(self, X: ImageBatch) -> list[AnyArray]: ...

    def predict_confidence(self, X: ImageBatch | PixelSamples) -> list[AnyArray] | AnyArray:
        """Probability of the most probable codeword at each pixel.

        Where it is high, colours are closer to the truth.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness is used.

        Returns
        -------
        confidence : list of ndarray of shape (H, W), or ndarray of shape (n, H, W) or (n_pixels,), float32
            The largest of `predict_proba`, computed at the working size and interpolated linearly.
        """
        decoder = self._decoder()
        return self._predict_rows_or_images(X, decoder.decode_confidence, decoder.predict_confidence)

    def unfamiliarity(self, X: ImageBatch) -> FloatArray:
        """Distance of an image's lightness statistics from those of the training images.

        Twelve numbers describe the lightness and the layout of an image: quantiles of lightness, gradients,
        standard deviations within small cells, and how they vary with the height in the image. The result is
        the Mahalanobis distance, with a shrunk covariance [1]_, divided by 1.2 times the largest distance of
        a training image in 10-fold cross-validation. It finds noise, blank images, most photographs that are
        upside down, and some negatives. It does not recognize the subject of an image, and does not predict
        the error of photographs that are similar to the training images.

        Parameters
        ----------
        X : batch of images
            Only their lightness is used.

        Returns
        -------
        unfamiliarity : ndarray of shape (n_images,)
            `predict` warns above 1.

        Raises
        ------
        ValueError
            If there were fewer than 20 training images.

        References
        ----------
        .. [1] O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
           Journal of Multivariate Analysis 88(2), 2004.
        """
        check_is_fitted(self)
        reference = self._reference_statistics
        if reference is None:
            raise ValueError(
                f"unfamiliarity() needs at least {MIN_IMAGES} training images; there were "
                f"{len(self.image_statistics_)}."
            )
        decoder = self._decoder()
        return np.array(self._map_batch(partial(_image_unfamiliarity, decoder, reference=reference), X))

    @overload
    def predict_chroma(self, X: PixelSamples | AnyArray) -> AnyArray: ...

    @overload
    def predict_chroma(self, X: ImageBatch) -> list[AnyArray]: ...

    def predict_chroma(self, X: ImageBatch | PixelSamples) -> list[AnyArray] | AnyArray:
        """Chroma of each pixel.

        Parameters
        ----------
        X : batch of images, or PixelSamples
            Only their lightness is used.

        Returns
        -------
        chroma : list of ndarray of shape (H, W, 2), or ndarray of shape (n, H, W, 2) or \
                (n_pixels, 2), float32
            CIE u*, v*, decoded with `temperature`; smoothed for images, not for a PixelSamples.
        """
        decoder = self._decoder()
        return self._predict_rows_or_images(X, decoder.decode_chroma, decoder.predict_chroma)

    def colorize(self, image: Image, *, hints: Hints | None = None, tint: Tint | None = None) -> AnyArray:
        """Colour one image, optionally with a chosen tint and with hints.

        Parameters
        ----------
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path
            Grey, or colour whose lightness is used.
        hints : list of (row, column, colour), or RGBA image of shape (H, W, 4), default=None
            Colours that are known at some pixels. A colour is an RGB triple in the range of the image (0
            to 255 for uint8 and bool, 0 to 65535 for uint16, 0 to 1 for floats), a CSS name such as
            `"olive"`, or `"#rrggbb"`. In an RGBA array, the opaque pixels are hints.
        tint : pair (u*, v*), colour or image, default=None
            The desired overall colour of the image: a mean CIE u*, v*; a colour, which is a CSS name,
            `"#rrggbb"` or an RGB triple (0 to 255 for integers, 0 to 1 for floats); or a colour photograph
            (array or path) with this tint. None colours the image without a tint.

        Returns
        -------
        colored : ndarray of shape (H, W, 3)
            As returned by `predict`. A hinted pixel has the hint's u*, v* at its own lightness; where
            sRGB has no such colour, with less chroma of the same hue.

        Raises
        ------
        ValueError
            If a hint is not valid; the message names it. If the tint is not valid, or the colorizer was
            trained without tint.

        Warns
        -----
        UserWarning
            As `predict` does.

        See Also
        --------
        alternatives : The image in each of the typical tints.
        propagate_hints : Colour an image by hints alone.

        Notes
        -----
        The residuals of the prediction at the hints are interpolated to similar pixels (in position,
        lightness and the probabilities of the codewords), in proportion to the uncertainty of the
        classifier: the posterior mean of a Gaussian process. This is the prior of one sparse, symmetric,
        positive definite system in which neighbours of similar lightness get similar residuals [1]_.

        References
        ----------
        .. [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", ACM Transactions
           on Graphics 23(3), 2004.
        """
        check_is_fitted(self)
        if isinstance(image, (list, tuple)) and any(is_path(item) for item in image):
            raise ValueError("colorize takes one image; predict takes a list of them.")
        name, image = describe(None, image), load_image(None, image)
        parsed = parse_hints([] if hints is None else hints, image)
        if len(parsed) == 0:
            return self._predict([image], tint, [name])[0]
        tints, far = self._parse_tints(tint, n_images=1)
        _warn_of_far_tints(far, stacklevel=3)
        decoder = self._decoder().with_tint(next(iter(tints)))
        return correct_prediction(image, parsed, decoder, effective_n_jobs(self.n_jobs))

    def typical_tints(self, n_tints: int = 4) -> FloatArray:
        """Typical tints of the training images.

        Parameters
        ----------
        n_tints : int, default=4
            Number of tints.

        Returns
        -------
        tints : ndarray of shape (n_tints, 2)
            Mean CIE u*, v* of clusters of training images (k-means), in the order of a self-organizing map,
            row by row, whose neighbours are similar. The map is as square as `n_tints` allows: 9 tints form
            3 rows of 3, 6 tints 2 rows of 3, and 5 tints a single row.

        Raises
        ------
        ValueError
            If the training images have fewer than `n_tints` different tints.
        """
        check_is_fitted(self)
        check_scalar(n_tints, "n_tints", numbers.Integral, min_val=1)
        return typical_tints(self.tints_, n_tints)

    def alternatives(
        self,
        image: Image,
        n_alternatives: int = 4,
        *,
        hints: Hints | None = None,
        max_size: int | None = None,
    ) -> AnyArray:
        """Colour one image in each of the typical tints, as alternatives to pick from.

        Parameters
        ----------
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path
            Grey, or colour whose lightness is used.
        n_alternatives : int, default=4
            Number of tints.
        hints : list of (row, column, colour), or RGBA image of shape (H, W, 4), default=None
            Colours that are known at some pixels, see `colorize`.
        max_size : int, default=None
            Longer side of the alternatives in pixels, for previews of large images; None returns them in
            the size of the image.

        Returns
        -------
        alternatives : ndarray of shape (n_alternatives, H, W, 3)
            In the order of `typical_tints(n_alternatives)`. Pass the tint of the chosen one to `colorize`.

        Raises
        ------
        ValueError
            If a hint is not valid, the training images have too few different tints, or the colorizer was
            trained without tint.

        Warns
        -----
        UserWarning
            If the lightness of the image is unlike that of the training images.

        See Also
        --------
        nncolor.plotting.AlternativesDisplay : Display of the alternatives with their tints.
        """
        check_is_fitted(self)
        if max_size is not None:
            check_scalar(max_size, "max_size", numbers.Integral, min_val=1)
        tints = self.typical_tints(n_alternatives)
        self._check_tint()
        name, image = describe(None, image), load_image(None, image)
        parsed = parse_hints([] if hints is None else hints, image)
        decoder, n_threads = self._decoder(), effective_n_jobs(self.n_jobs)
        lightness = decoder.working_lightness(image, n_threads)
        if self._is_unfamiliar(lightness_statistics(lightness)):
            _warn_of_unfamiliar([name], stacklevel=3)
        # without a working size, the features depend on the size of the image
        shrinks_later = self.working_size_ is None and max_size is not None
        shown, parsed = preview(image, parsed, None if shrinks_later else max_size)
        painted = np.empty((len(tints), *shown.shape[:2], 3), output_dtype(shown.dtype))
        for tint, out in zip(tints, painted, strict=True):
            tinted = decoder.with_tint(tint)
            if len(parsed):
                out[:] = correct_prediction(shown, parsed, tinted, n_threads)
            else:
                tinted.predict(shown, n_threads, lightness, out)
        return np.stack([shrink(one, max_size) for one in painted]) if shrinks_later else painted

    def colorize_film(
        self,
        frames: ImageBatch,
        *,
        keyframes: Mapping[int, Image] | None = None,
        tint: Tint | None = None,
    ) -> Iterator[AnyArray]:
        """Colour the frames of a film without flicker, one after the other, in constant memory.

        Chroma is carried along the optical flow of the lightness, where the lightness agrees, and averaged
        with the prediction of each frame. After a cut, it starts again from the prediction.

        Parameters
        ----------
        frames : iterable of images
            Arrays or paths in order, all of the same size; they are read one by one. Grey, or colour whose
            lightness is used.
        keyframes : dict of int to image, default=None
            Colour images of some frames by frame number, counted from 0; for example frames of the film that
            `colorize` has coloured with hints. They are returned unchanged, and their colours are carried
            forwards, and backwards over at most 24 frames.
        tint : pair (u*, v*), colour or image, default=None
            The overall colour of all frames, see `colorize`. None uses the mean tint of the key frames, if
            the colorizer was trained with tint.

        Returns
        -------
        colored : generator of ndarray of shape (H, W, 3)
            The coloured frames in order; dtypes as in `predict`. Up to 24 frames are held until the key frame
            that follows them has been read.

        Raises
        ------
        ValueError
            If `frames` is a path or a single image. If a frame is not valid or has another size than the
            first one, or a key frame is not valid; the message names it. If a tint is given and the colorizer
            was trained without tint.
        TypeError
            If `keyframes` is not a dict.
        OSError
            If a file cannot be read; the message names it.

        Warns
        -----
        UserWarning
            If a key frame has no chroma, or lies beyond the last frame.

        Notes
        -----
        The optical flow [1]_ is that of standardized lightness, so that a flickering lamp is not taken for
        motion. With every frame the weight of the carried chroma grows by that of one prediction, and it
        falls where the lightness disagrees; a key frame weighs as much as 400 predictions.

        References
        ----------
        .. [1] G. Le Besnerais, F. Champagnat, "Dense optical flow by iterative local window registration",
           ICIP 2005.

        Examples
        --------
        >>> from nncolor import SOMColorizer, to_grey
        >>> from nncolor.datasets import load_sample_photos
        >>> coffee = load_sample_photos().images[2]
        >>> film = [coffee[100:300, left : left + 300] for left in range(0, 40, 10)]
        >>> colorizer = SOMColorizer(random_state=0).fit(film[:1])
        >>> colored = colorizer.colorize_film(map(to_grey, film), keyframes={0: film[0]})
        >>> len(list(colored))
        4
        """
        check_is_fitted(self)
        _check_frames(frames)
        n_threads = effective_n_jobs(self.n_jobs)
        colors = _load_keyframes({} if keyframes is None else keyframes)
        tint_of_all, far = self._film_tint(tint, colors)
        _warn_of_far_tints(far, stacklevel=3)
        decoder = self._decoder().with_tint(tint_of_all)
        return color_frames(_film_frames(frames, colors), decoder, colors, n_threads)

    def score(self, X: ImageBatch | PixelSamples, y: Any = None) -> float:
        """Negative mean CIEDE2000 between the predicted and the true colours, over all pixels.

        Unlike the accuracy of the labels, it can be compared between codebooks of different sizes.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            The true colours; only their lightness is used for the prediction.
        y : None
            Ignored.

        Returns
        -------
        score : float
            0 is best.

        Raises
        ------
        ValueError
            If an image is grey or not valid, or a PixelSamples is empty.
        """
        decoder = self._decoder()
        if isinstance(X, PixelSamples):
            if len(X) == 0:
                raise ValueError("The PixelSamples holds no pixel. Pass at least one.")
            check_working_size(X, self.working_size_)
            predicted = decoder.predict_pixels(decoder.decode_chroma, X)
            rgb = (join_lightness_chroma(X.lightness, chroma, np.float32) for chroma in (X.chroma, predicted))
            return -float(ciede2000(*rgb).mean(dtype=np.float64))
        error, n_pixels = np.sum(self._map_batch(partial(_error_of_image, decoder), X, color=True), axis=0)
        return -float(error / n_pixels)

    @overload
    def quantize(self, X: AnyArray) -> AnyArray: ...

    @overload
    def quantize(self, X: ImageBatch) -> list[AnyArray]: ...

    def quantize(self, X: ImageBatch) -> list[AnyArray] | AnyArray:
        """Replace the chroma of each pixel by its nearest codeword.

        This is the best result that the codebook allows; Figures 8 and 9 of the paper show it.

        Parameters
        ----------
        X : batch of colour images
            Images to quantize.

        Returns
        -------
        quantized : list of ndarray of shape (H, W, 3), or ndarray of shape (n, H, W, 3)
            The lightness of the image with the chroma of the nearest codeword; dtype as in
            `predict`.
        """
        check_is_fitted(self)
        quantize = partial(_quantize_image, quantizer=self.quantizer_)
        return stack_like(self._map_batch(quantize, X, color=True), X)

    def set_params(self, **params: Any) -> "SOMColorizer":
        """Set parameters of the colorizer and, as `component__parameter`, of its components.

        A component that is None is first replaced by its default, so that a search over
        `quantizer__map_shape` does not need an explicit quantizer.

        Parameters
        ----------
        **params : dict
            Parameters and their values.

        Returns
        -------
        self : SOMColorizer
            The estimator itself. If a name is not valid, it does not change.

        Raises
        ------
        ValueError
            If there is no parameter of that name.
        """
        for name, default in DEFAULTS.items():
            nested = any(key.startswith(f"{name}__") for key in params)
            if nested and params.get(name, getattr(self, name)) is None:
                params[name] = default()
        # an error, such as an unknown name, must leave the colorizer and its components as they are
        super(SOMColorizer, clone(self)).set_params(**params)
        return super().set_params(**params)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def _decoder(self):
        check_is_fitted(self)
        self._validate_params()
        return Decoder(
            self.extractor_,
            self.classifier_,
            self.codebook_,
            self._known,
            frequencies=self._frequencies,
            working_size=self.working_size_,
            has_tint=self.has_tint_,
            chroma_scale=self.chroma_scale_,
            temperature=self.temperature,
            smoothing_radius=self.smoothing_radius,
        )

    def _map_batch(self, function, X, arguments=None, *, color=False):
        return map_batch(function, X, arguments, color=color, n_jobs=self.n_jobs, verbose=self.verbose)

    def _predict_rows_or_images(self, X, of_features, of_image):
        """Apply `of_features` to a PixelSamples, or `of_image` to the images of a batch."""
        if isinstance(X, PixelSamples):
            check_working_size(X, self.working_size_)
            return of_features.__self__.predict_pixels(of_features, X)
        return stack_like(self._map_batch(of_image, X), X)

    def _predict(self, X, tint, names=None):
        """Colour images; warn of unfamiliar images, and of tints far from those of the training images."""
        decoder = self._decoder()
        tints, far = self._parse_tints(tint, n_images_of(X))
        _warn_of_far_tints(far, stacklevel=4)
        if self._reference_statistics is None:
            return stack_like(self._map_batch(partial(_predict_image, decoder), X, tints), X)
        results = self._map_batch(partial(_predict_with_statistics, decoder), X, tints)
        colored, statistics = zip(*results, strict=True)
        if names is None:
            items = X if isinstance(X, (list, tuple)) else [None] * len(colored)
            names = [describe(position, item) for position, item in enumerate(items)]
        _warn_of_unfamiliar(list(compress(names, map(self._is_unfamiliar, statistics))), stacklevel=4)
        return stack_like(list(colored), X)

    def _is_unfamiliar(self, statistics):
        reference = self._reference_statistics
        return reference is not None and unfamiliarity(statistics, reference) > 1

    def _check_tint(self):
        if not self.has_tint_:
            raise ValueError(
                "This colorizer was trained without tint: with tint_share=0, on a single image, or with a "
                "frozen classifier trained without it. Fit it on several images with tint_share=0.5."
            )

    def _film_tint(self, tint, keyframes):
        """Tint of a film, by default that of its key frames, and the list of tints to warn of."""
        if tint is None and keyframes and self.has_tint_:
            tints = [parse_tint(image, self.working_size_) for image in keyframes.values()]
            return np.mean(tints, axis=0), []
        tints, far = self._parse_tints(tint, n_images=1)
        return next(iter(tints)), far

    def _parse_tints(self, tint, n_images):
        """Tints of the images of a batch, and those of them that are far from all training tints."""
        tints = parse_tints(tint, n_images, self.working_size_)
        given = [tint for tint in islice(tints, n_images or 1) if tint is not None]
        if not given:
            return repeat(None), []
        self._check_tint()
        return tints, unlike_tints(given, self.tints_)


def _warn_of_unfamiliar(names, stacklevel):
    """Warn once of all images of a batch that are unlike the training images, at the user's line."""
    if names:
        *others, last = names
        of_all = f"{', '.join(others)} and {last}" if others else last
        warnings.warn(
            f"The lightness of {of_all} is unlike that of the training images. Do not rely on the colours; "
            "unfamiliarity() gives the distance of each image.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _warn_of_far_tints(tints, stacklevel):
    """Warn once of all tints that are far from those of the training images, at the user's line."""
    if len(tints):
        pairs = ", ".join(f"({u:.0f}, {v:.0f})" for u, v in tints)
        warnings.warn(
            f"The tint (u*, v*) = {pairs} is far from those of the training images. Do not rely on the "
            "colours; typical_tints() gives typical tints of the training images.",
            UserWarning,
            stacklevel=stacklevel,
        )


def _load_keyframes(keyframes):
    """Colour images of key frames by frame number, in order; warn of those that are grey."""
    if not isinstance(keyframes, Mapping):
        raise TypeError(
            f"keyframes is a {type(keyframes).__name__}. Pass a dict from frame number to colour image, such "
            "as {0: image}."
        )
    for number in keyframes:
        check_scalar(number, "The number of a key frame", numbers.Integral, min_val=0)
    loaded = {
        number: load_image(f"key frame {number}", image, color=True)[..., :3]
        for number, image in sorted(keyframes.items())
    }
    grey = [
        number
        for number, image in loaded.items()
        if np.abs(lightness_chroma(image)[1]).max() < NEUTRAL_CHROMA
    ]
    if grey:
        warnings.warn(
            f"Key frame {', '.join(map(str, grey))}: all pixels are grey, and grey is carried to the frames "
            "around it. Colour it, or leave it out.",
            UserWarning,
            stacklevel=3,
        )
    return loaded


def _check_frames(frames):
    """Raise, before the generator starts, if the frames are a single image or the path of a film."""
    if is_path(frames):
        raise ValueError(
            f"Expected the frames of a film, got the path {os.fspath(frames)!r}. Pass its frames one by one, "
            "as a generator of arrays; examples/colorize_film.py reads and writes film files."
        )
    check_batch(frames)


def _film_frames(frames, keyframes):
    """Yield the frames of a film; raise if a frame or a key frame is not valid or has another size."""
    number, shape = -1, None
    for number, item in enumerate(frames):
        image = load_image(f"frame {number}", item)
        shape = image.shape[:2] if shape is None else shape
        of_key = keyframes[number].shape[:2] if number in keyframes else shape
        for name, found in (("frame", image.shape[:2]), ("key frame", of_key)):
            if found != shape:
                raise ValueError(
                    f"{name} {number} has {found[0]} x {found[1]} pixels, and the frames of the film have "
                    f"{shape[0]} x {shape[1]}. All frames of a film must have the same size: resize it, or "
                    "colour two films."
                )
        yield image
    beyond = [key for key in keyframes if key > number]
    if beyond:
        warnings.warn(
            f"Key frame {', '.join(map(str, beyond))} lies beyond the end of the film, which has "
            f"{number + 1} frames. Frames are counted from 0.",
            UserWarning,
            stacklevel=3,
        )


def _predict_image(decoder, image, n_threads, tint):
    return decoder.with_tint(tint).predict(image, n_threads)


def _predict_with_statistics(decoder, image, n_threads, tint):
    lightness = decoder.working_lightness(image, n_threads)
    return decoder.with_tint(tint).predict(image, n_threads, lightness), lightness_statistics(lightness)


def _image_unfamiliarity(decoder, image, n_threads, *, reference):
    return unfamiliarity(lightness_statistics(decoder.working_lightness(image, n_threads)), reference)


def _error_of_image(decoder, image, n_threads):
    """Sum of CIEDE2000 over the pixels of an image, and their number."""
    predicted = decoder.predict(image, n_threads)
    true, predicted = (to_unit_range(rgb[..., :3]).reshape(-1, 3) for rgb in (image, predicted))
    return np.array([ciede2000(true, predicted).sum(dtype=np.float64), len(true)])


def _quantize_image(image, n_threads, *, quantizer):
    return quantize_image(image, quantizer, output_dtype(image.dtype))
