"""The method of Richart, Visca and Baliosian, whole: learn from colour images, colour grey ones."""

import numbers
from copy import deepcopy

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval

from ._utils.estimator import EstimatorMixin
from ._pixels.familiarity import remember
from ._images.parallel import N_JOBS, plain_context
from ._pixels.samples import PixelSamples
from ._prediction import PredictionMixin
from ._training import (
    DEFAULTS,
    check_chroma,
    check_incremental,
    check_known,
    codewords_of,
    fit_classifier,
    fit_codebook,
    own_generator,
    prepare,
    rebalanced,
    sample_features,
)
from ._utils.types import ImageBatch, RandomState

_FITTED = ("extractor_", "quantizer_", "classifier_", "codebook_", "classes_", "profiles_", "_random_state")


class SOMColorizer(EstimatorMixin, PredictionMixin, BaseEstimator):
    """Learn the colours of photographs and give them to grey ones.

    The method of Richart, Visca and Baliosian [1]_: images are taken apart into lightness and
    chroma (CIELUV); a self-organizing map reduces the chroma to a codebook; a neural network
    learns which codeword belongs to the patch of lightness around a pixel; a grey image is its
    lightness, joined with the chroma of the codewords that the network sees in it.

    Parameters
    ----------
    extractor : transformer, default=None
        Makes features of a :class:`~nncolor.PixelSamples`. None means `PatchExtractor` with the
        settings that measure best here: 3x3 patches with position and context.
    quantizer : clusterer with `predict` and `cluster_centers_`, default=None
        Reduces chroma to codewords. None means `SOMQuantizer(map_shape=(5, 5))`. Wrap a fitted
        one in `FrozenEstimator` to use its codebook as it is.
    classifier : classifier with `predict_proba`, default=None
        Learns codewords from features. None means an `MLPClassifier` with two hidden layers of
        50 neurons. A `Pipeline` is welcome.
    pixels_per_image : int, default=2500
        Number of pixels that are drawn from each image to learn from.
    rebalance : float in [0, 1], default=0
        Counters the grey bias [5]_: how far rare codewords are drawn more often than they come. 0
        leaves the sample as it is, 1 draws all codewords equally often. More is more colourful, and
        farther from the truth in the mean.
    temperature : float in [0, 1], default=0.7
        How the probabilities of the codewords become a chroma: 0 takes the winning codeword as
        the paper does, 1 their mean, and between them lies the annealed mean [2]_. Lower is
        more colourful, higher has a smaller mean error.
    smoothing_radius : int, default=8
        Radius in pixels of a guided filter [3]_ that smooths the chroma of an image but not
        across edges of lightness. 0 leaves it out. From 8 on it is the fast variant [4]_: the
        classifier sees every (smoothing_radius // 4)-th pixel in both directions.
    n_jobs : int or None, default=None
        Number of threads. Several images are shared out among them (or over the joblib backend of
        the context), a single one is cut into blocks. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Draws the pixels, and seeds the components whose own `random_state` is None. Pass an int
        for the same result on every call.
    verbose : int, default=0
        Show progress bars if positive.

    Attributes
    ----------
    extractor_, quantizer_, classifier_ : estimators
        The fitted components. `classifier_` is None if the sample held a single codeword; then
        that one is painted.
    codebook_ : ndarray of shape (n_codes, 2), float32
        CIE u*, v* of each codeword.
    classes_ : ndarray of shape (n_seen,), int
        The codewords that the sample held; after `partial_fit` all of them.
    profiles_ : ndarray of shape (n_images, 13)
        How the images learned from are lit and laid out, and how large they are; `unfamiliarity` and the
        warnings of `predict` compare images with them. Of those of `partial_fit` the first 1000
        different ones.

    See Also
    --------
    PatchExtractor, SOMQuantizer : The defaults of the components.
    sample_pixels : Draw the pixels once and search over the components.

    Notes
    -----
    The configuration of the paper is::

        SOMColorizer(
            PatchExtractor(patch_size=5),
            SOMQuantizer(map_shape=(3, 3)),
            MLPClassifier((50, 50)),
            temperature=0,
            smoothing_radius=0,
        )

    While it fits, the features of the sample are in memory: for each pixel 8 bytes a feature, half of
    them only until they are put together, and 9 bytes a codeword; a warning says so if that is more than
    the machine has. The images are not in memory, but for an extractor that has to be fitted itself, such
    as one with a scaler: it needs the lightness of all images at once. `partial_fit` needs what one batch
    needs, however many there are.

    References
    ----------
    .. [1] M. Richart, J. Visca, J. Baliosian, "Image Colorization with Neural Networks", 2017.
    .. [2] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, equation 5.
    .. [3] K. He, J. Sun, X. Tang, "Guided Image Filtering", ECCV 2010.
    .. [4] K. He, J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015.
    .. [5] Zhang et al. [2]_, section 2.2, weigh the loss; here the sample is drawn, so that every
       classifier is served.

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
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "pixels_per_image": [Interval(numbers.Integral, 1, None, closed="left")],
        "rebalance": [Interval(numbers.Real, 0, 1, closed="both")],
        "temperature": [Interval(numbers.Real, 0, 1, closed="both")],
        "smoothing_radius": [Interval(numbers.Integral, 0, None, closed="left")],
        "n_jobs": N_JOBS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        extractor=None,
        quantizer=None,
        classifier=None,
        *,
        pixels_per_image: int = 2500,
        rebalance: float = 0.0,
        temperature: float = 0.7,
        smoothing_radius: int = 8,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.extractor = extractor
        self.quantizer = quantizer
        self.classifier = classifier
        self.pixels_per_image = pixels_per_image
        self.rebalance = rebalance
        self.temperature = temperature
        self.smoothing_radius = smoothing_radius
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ImageBatch | PixelSamples, y=None) -> "SOMColorizer":
        """Learn from colour images.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            A sequence or generator of arrays or paths, or an ndarray of shape (n, H, W, 3 or 4).
            Images are read when they are needed and not kept, unless the extractor has to be fitted.
        y : None
            Ignored; it may hold labels that stratify a split.

        Returns
        -------
        self : SOMColorizer
            The estimator itself.

        Raises
        ------
        ValueError
            If an image is grey or not valid, if no image has any chroma, or if there are more
            codewords than distinct colours.
        OSError
            If a file cannot be read; the message names it.
        """
        try:
            with plain_context():
                fitted = self._fit(X)
        except KeyboardInterrupt:
            for name in _FITTED:
                self.__dict__.pop(name, None)
            raise
        return self._keep(fitted)

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X: ImageBatch | PixelSamples, y=None) -> "SOMColorizer":
        """Learn from colour images, a batch at a time, in constant memory.

        The first call fits the quantizer, so let its batch be like the others: some dozens of images, in
        random order. Every call shows each sampled pixel to the classifier once; `fit` does so about
        twenty times with hundreds of photographs, and more often with few. Go over all batches several
        times, each time other pixels are drawn. Components that are changed after the first call count
        from the next `fit` on.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            As for `fit`.
        y : None
            Ignored.

        Returns
        -------
        self : SOMColorizer
            If an error or Ctrl-C ends the call, it is as it was before.

        Raises
        ------
        TypeError
            If the classifier has no `partial_fit`.
        ValueError
            If the classifier stops early, which needs all pixels at once, and for images as in `fit`.
        OSError
            If a file cannot be read; the message names it.

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
        with plain_context():
            fitted = self._partial_fit(X)
        return self._keep(fitted)

    def _keep(self, fitted):
        # all at once, so that Ctrl-C cannot leave some of them
        vars(self).update(zip(_FITTED, fitted, strict=True))
        return self

    def _prepare(self, random_state):
        """Clones of the components, seeded."""
        return [prepare(getattr(self, name), default, random_state) for name, default in DEFAULTS.items()]

    def _sample(self, X, extractor, random_state, *, fit=True):
        options = {"n_jobs": self.n_jobs, "verbose": self.verbose}
        return sample_features(X, extractor, self.pixels_per_image, random_state, fit=fit, **options)

    def _rebalanced(self, features, labels, random_state):
        if not self.rebalance:
            return features, labels
        chosen = rebalanced(labels, self.rebalance, random_state)
        return features[chosen], labels[chosen]

    def _fit(self, X):
        """Values of the fitted attributes, in the order of _FITTED."""
        random_state = check_random_state(self.random_state)
        extractor, quantizer, classifier = self._prepare(random_state)
        sample = self._sample(X, extractor, random_state)
        check_chroma(sample, self.verbose)
        labels = fit_codebook(quantizer, sample.chroma, self.verbose)
        features, labels = self._rebalanced(sample.features, labels, random_state)
        profiles = np.array(sample.profiles)
        del sample
        classes = np.unique(labels)
        if len(classes) > 1:
            fit_classifier(classifier, features, labels, self.verbose)
            classes = np.asarray(classifier.classes_)
        else:
            classifier = None
        codebook = np.asarray(quantizer.cluster_centers_, np.float32)
        if classes.max() >= len(codebook):
            raise ValueError(
                f"The classifier knows codeword {classes.max()}, but the quantizer has only {len(codebook)}. "
                "A frozen component was fitted with another codebook."
            )
        return extractor, quantizer, classifier, codebook, classes, profiles, own_generator(random_state)

    def _partial_fit(self, X):
        """Values of the fitted attributes after one more batch; those of now are not touched."""
        self._validate_params()
        if hasattr(self, "codebook_"):
            extractor, quantizer = self.extractor_, self.quantizer_
            classifier, random_state = deepcopy((self.classifier_, self._random_state))
            check_incremental(classifier, n_codes=len(self.codebook_))
            sample = self._sample(X, extractor, random_state, fit=False)
            labels = codewords_of(quantizer, sample.chroma)
            classes, profiles = self.classes_, remember(self.profiles_, sample.profiles)
            check_known(labels, classes)
        else:
            is_seed = isinstance(self.random_state, numbers.Integral)
            random_state = check_random_state(self.random_state)
            random_state = random_state if is_seed else own_generator(random_state)
            extractor, quantizer, classifier = self._prepare(random_state)
            check_incremental(classifier)
            sample = self._sample(X, extractor, random_state)
            check_chroma(sample, self.verbose)
            labels = fit_codebook(quantizer, sample.chroma, self.verbose)
            classes, profiles = np.arange(len(quantizer.cluster_centers_)), remember([], sample.profiles)
        features, labels = self._rebalanced(sample.features, labels, random_state)
        if len(classes) > 1:
            fit_classifier(classifier, features, labels, self.verbose, classes=classes)
        else:
            classifier = None
        codebook = np.asarray(quantizer.cluster_centers_, np.float32)
        return extractor, quantizer, classifier, codebook, classes, profiles, random_state

    def set_params(self, **params) -> "SOMColorizer":
        """Set parameters of the colorizer and, as `component__parameter`, of its components.

        A component that is None becomes its default first, so that `quantizer__map_shape` can be
        searched over without writing the quantizer down.

        Parameters
        ----------
        **params : dict
            Parameters and their values.

        Returns
        -------
        self : SOMColorizer
            The estimator itself.
        """
        for name, default in DEFAULTS.items():
            nested = any(key.startswith(f"{name}__") for key in params)
            if nested and params.get(name, getattr(self, name)) is None:
                params[name] = default()
        return super().set_params(**params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
