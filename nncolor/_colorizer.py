"""SOMColorizer: train on colour photographs, colour grey ones (Richart, Visca and Baliosian, 2017)."""

import numbers
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import compress
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
from ._emulsion.simulator import EmulsionSimulator
from ._images.batch import describe, is_path, load_image, n_images_of, stack_like
from ._images.border import scaled_part, with_border
from ._images.color import ciede2000, join_lightness_chroma, output_dtype
from ._images.parallel import N_JOBS, map_batch
from ._images.working_size import WORKING_SIZE, shrink
from ._model import FittedAttributes
from ._painting.film import KeyFrames, color_frames
from ._painting.frames import check_frames
from ._painting.grid import FilmGrid
from ._painting.hints import correct_prediction, parse_hints, preview
from ._painting.quantization import quantize_image
from ._painting.settings import PaintingSettings
from ._painting.tint import (
    check_has_tint,
    mean_tint,
    spread,
    tint_of_image,
    tints_of_images,
    typical_tints,
)
from ._pixels.familiarity import (
    FamiliaritySettings,
    append_images,
    lightness_statistics,
    unfamiliarity,
    warn_of_unfamiliar,
)
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, Sampling, check_working_size, number_of_pixels
from ._training import (
    DEFAULTS,
    ClassHasMethods,
    Components,
    check_chroma,
    check_incremental,
    check_known,
    clone_components,
    fit_codebook,
    fit_emulsion,
    fit_on_batch,
    make_model,
    rebalanced,
    sample_features,
    settle_network,
    show_tint,
    spawn_random_state,
    takes_tint,
    train_classifier,
)
from ._utils.estimator import BaseEstimator, fit_context
from ._utils.threads import plain_context
from ._utils.types import AnyArray, FloatArray, Hints, Image, ImageBatch, RandomState, Tint, Tints
from ._validation import ValidationSettings, report_validation, validate


class SOMColorizer(FittedAttributes, BaseEstimator):
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
        Predicts codewords from features. None means a :class:`~nncolor.CodewordClassifier`, a network with
        two hidden layers of 50 neurons, whose penalty and number of training pixels are chosen by held-out
        images. A `Pipeline` is accepted.
    emulsion : EmulsionSimulator, default=None
        Simulates the lightness that an old film would have recorded of the training images, so that old
        photographs are coloured well; their chroma, and the lightness that is painted, do not change. It is
        fitted by `fit(X, gray=...)`, which needs none here. Wrap a fitted one in `FrozenEstimator` to use it
        unchanged, as in a search.
    working_size : int or None, default=384
        Every image is resized to an area of working_size x working_size pixels, with its proportions kept,
        before pixels are sampled and before it is classified; the predicted chroma is enlarged to the full
        size, guided by the full-size lightness. All lengths (`patch_size`, `context_scales`,
        `smoothing_radius`, those of the emulsion) are in pixels of the working size. A uniform border around
        an image, such as a mount, is left out, and stays grey. None does not resize images, as in the paper,
        and leaves nothing out. A PixelSamples is used at the size at which it was sampled.
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
    temperature : float in [0, 1], default=0.6
        How the probabilities of the codewords are converted to chroma: 0 takes the most probable
        codeword, as in the paper, 1 the mean of all, and values between them the annealed mean [2]_.
        Lower values give more colourful images, higher ones a smaller mean error.
    smoothing_radius : int, default=8
        Radius in pixels of a guided filter [3]_ that smooths the chroma of an image but not
        across edges of lightness. 0 means no filter. From 8 on it is the fast variant [4]_: chroma is
        predicted for every (smoothing_radius // 4)-th pixel in both directions.
    validation_fraction : float in [0, 1), default=0.2
        Share of the training images that `fit` holds out at first, if there are at least five. Validation is
        repeated with others held out until 60 (10 for your own classifier), or all, have been, at most five
        times for the default network. It chooses the penalty and the number of training pixels of the
        default network, and reduces the painted chroma if the predicted colours are not closer to the truth
        than grey. The final model is trained on all images. 0 holds none out; the number of training pixels
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
    emulsion_ : EmulsionSimulator or None
        The simulator of the training images.
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
    validation_error_, validation_gray_error_ : float or None
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
        "emulsion": [HasMethods(["fit", "record"]), None],
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
    emulsion: Any
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

    def __init__(
        self,
        extractor: Any = None,
        quantizer: Any = None,
        classifier: Any = None,
        *,
        emulsion: Any = None,
        working_size: int | None = 384,
        pixels_per_image: int | str = "auto",
        rebalance: float = 0.0,
        tint_share: float = 0.5,
        temperature: float = 0.6,
        smoothing_radius: int = 8,
        validation_fraction: float = 0.2,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.extractor = extractor
        self.quantizer = quantizer
        self.classifier = classifier
        self.emulsion = emulsion
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

    STATE_VERSION = 5
    # benchmarks and tests use other settings
    _painting = PaintingSettings()
    _validation = ValidationSettings()

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
    def fit(
        self, X: ImageBatch | PixelSamples, y: Any = None, *, gray: ImageBatch | None = None
    ) -> "SOMColorizer":
        """Train the colorizer on colour images.

        Parameters
        ----------
        X : batch of colour images, or PixelSamples
            A sequence or generator of arrays or paths, or an ndarray of shape (n, H, W, 3 or 4).
            Images are read when they are needed and not kept, unless the extractor has to be fitted.
        y : None
            Ignored; a search may use it to stratify its splits.
        gray : batch of images, default=None
            Old grey photographs such as those that are to be coloured, at best twenty or more. The emulsion
            is fitted to them: what film recorded them, and how they have aged. Where they are like the grey
            versions of `X`, nothing is simulated. In a search, fit an :class:`~nncolor.EmulsionSimulator`
            before, since scikit-learn would split `gray` as it splits `X` if both are of one length.

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
            components = clone_components(self, random_state)
            if gray is not None and isinstance(X, Iterator):
                X = list(X)
            emulsion = fit_emulsion(self, X, gray, random_state)
            sample = sample_features(X, components.extractor, self._sampling(emulsion), random_state)
            if takes_tint(components.classifier, sample, self.tint_share):
                sample = show_tint(sample, self.tint_share, random_state)
            check_chroma(sample, stacklevel=4)
            labels = fit_codebook(components.quantizer, sample.chroma, self.verbose)
            validation = self._validate(components, sample, labels, random_state)
            rows = self._training_rows(labels, random_state)
            classifier, codewords = train_classifier(
                components.classifier, sample, labels, rows, validation, self.verbose
            )
            components = components._replace(classifier=classifier)
            random_state = spawn_random_state(random_state)
            # in one assignment, so that Ctrl-C cannot leave half of a model
            self._model = make_model(
                components, emulsion, codewords, labels[rows], sample, validation, random_state
            )
        return self

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
            self._model = self._first_fit(X) if self._model is None else self._next_fit(X, self._model)
        return self

    def _first_fit(self, X):
        random_state = check_random_state(self.random_state)
        if not isinstance(self.random_state, numbers.Integral):
            random_state = spawn_random_state(random_state)
        components = clone_components(self, random_state)
        check_incremental(components.classifier)
        emulsion = fit_emulsion(self, X, None, random_state)
        sampling = self._sampling(emulsion, is_partial=True)
        sample = sample_features(X, components.extractor, sampling, random_state)
        if takes_tint(components.classifier, sample, self.tint_share, is_partial=True):
            sample = show_tint(sample, self.tint_share, random_state)
        check_chroma(sample, stacklevel=5)
        labels = fit_codebook(components.quantizer, sample.chroma, self.verbose)
        codewords = np.arange(len(components.quantizer.cluster_centers_))
        return self._fit_batch(components, emulsion, sample, labels, codewords, random_state)

    def _next_fit(self, X, model):
        """Model after one more batch; the current one does not change."""
        classifier, random_state = deepcopy((model.classifier, model.random_state))
        check_incremental(classifier, n_codes=len(model.codebook))
        if isinstance(X, PixelSamples):
            check_working_size(X, model.working_size)
        sampling = self._sampling(model.emulsion, is_partial=True)
        sampling = replace(sampling, working_size=model.working_size)
        sample = sample_features(X, model.extractor, sampling, random_state, fit=False)
        if model.has_tint:
            sample = show_tint(sample, self.tint_share, random_state)
        labels = nearest_codewords(model.quantizer, sample.chroma)
        check_known(labels, model.codewords)
        components = Components(model.extractor, model.quantizer, classifier)
        known = np.column_stack([model.image_statistics, model.tints])
        after = self._fit_batch(
            components, model.emulsion, sample, labels, model.codewords, random_state, known
        )
        return replace(
            model,
            classifier=after.classifier,
            counts=model.counts + after.counts,
            image_statistics=after.image_statistics,
            tints=after.tints,
            random_state=random_state,
        )

    def _fit_batch(self, components, emulsion, sample, labels, codewords, random_state, known=()):
        """Model whose classifier is trained on one batch more; `known` are the images of earlier batches."""
        rows = self._training_rows(labels, random_state)
        classifier = components.classifier
        if len(codewords) > 1:
            settle_network(classifier, n_images=None)
            codewords = fit_on_batch(classifier, sample.features[rows], labels[rows], codewords)
        else:
            classifier = None
        images = append_images(known, np.column_stack([sample.statistics, sample.tints]))
        sample = sample._replace(statistics=images[:, :-2], tints=images[:, -2:])
        components = components._replace(classifier=classifier)
        return make_model(components, emulsion, codewords, labels[rows], sample, None, random_state)

    def _training_rows(self, labels, random_state):
        """Rows of the sample to train on."""
        return rebalanced(labels, self.rebalance, random_state) if self.rebalance else slice(None)

    def _sampling(self, emulsion, *, is_partial=False):
        n_pixels = self.pixels_per_image
        if is_partial:
            n_pixels = number_of_pixels(n_pixels, n_images=None)
        return Sampling(n_pixels, self.working_size, emulsion, self.n_jobs, self.verbose)

    def _validate(self, components, sample, labels, random_state):
        """Validation on held-out images; None if there are too few, or the classifier is frozen."""
        if isinstance(components.classifier, FrozenEstimator):
            return None
        validation = validate(
            components.classifier,
            np.asarray(components.quantizer.cluster_centers_, np.float32),
            sample,
            labels,
            fraction=self.validation_fraction,
            rebalance=self.rebalance,
            temperature=self.temperature,
            settings=self._validation,
            # a copy: validation must not change the random numbers of training
            random_state=deepcopy(random_state),
        )
        if validation is not None:
            report_validation(validation, self.verbose, stacklevel=4)
        return validation

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
        tints = tints_of_images(tint, self._fitted, n_images_of(X), stacklevel=3)
        return self._predict(X, tints, self._decoder())

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
        return self._predict_values(X, "labels")

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
        return self._predict_values(X, "proba")

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
        return self._predict_values(X, "confidence")

    def unfamiliarity(self, X: ImageBatch) -> FloatArray:
        """Distance of an image's lightness statistics from those of the training images.

        Twelve numbers describe the lightness and the layout of an image: quantiles of lightness, gradients,
        standard deviations within small cells, and how they vary with the height in the image. The result is
        the Mahalanobis distance, with a shrunk covariance [1]_, divided by 1.2 times the largest distance of
        a training image in 10-fold cross-validation. It finds noise, blank images, most photographs that are
        upside down, and some negatives. It does not recognise the subject of an image, and does not predict
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
        reference = self._fitted.reference
        if reference is None:
            raise ValueError(
                f"unfamiliarity() needs at least {FamiliaritySettings.min_images} training images; "
                f"there were {len(self.image_statistics_)}."
            )
        statistics = self._map_batch(self._decoder().statistics, X)
        return np.array([unfamiliarity(values, reference) for values in statistics])

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
        return self._predict_values(X, "chroma")

    def colorize(
        self,
        image: Image,
        *,
        hints: Hints | None = None,
        tint: Tint | None = None,
        saturation: float = 1.0,
        hint_reach: float | None = None,
    ) -> AnyArray:
        """Colour one image, optionally with a chosen tint and with hints.

        Parameters
        ----------
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path
            Grey, or colour whose lightness is used.
        hints : list of (row, column, colour), or RGBA image of shape (H, W, 4), default=None
            Colours that are known at some pixels. A colour is a CSS name such as `"olive"`, `"#rrggbb"`, or
            an RGB triple in the range of its dtype (whole numbers 0 to 255, uint16 0 to 65535, floats 0 to
            1). In an RGBA array, the opaque pixels are hints.
        tint : pair (u*, v*), colour, image, or pair of these, default=None
            The desired overall colour of the image: a mean CIE u*, v*; a colour as in the hints; or a colour
            photograph (array or path), of whose upper and lower half the image gets the tints. A pair has the
            tints of both halves, such as `("skyblue", "olive")`. None colours the image without a tint.
        saturation : float, default=1.0
            Factor of the predicted chroma; 0 leaves grey what is not hinted. sRGB limits it.
        hint_reach : float, default=None
            Share of the diagonal of the image beyond which a hint changes nothing; it fades out over the
            second half of it. None: hints change all pixels that are similar, however far.

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
        check_scalar(saturation, "saturation", numbers.Real, min_val=0)
        if hint_reach is not None:
            check_scalar(hint_reach, "hint_reach", numbers.Real, min_val=0, include_boundaries="neither")
        if isinstance(image, (list, tuple)) and any(is_path(item) for item in image):
            raise ValueError("colorize takes one image; predict takes a list of them.")
        name, image = describe(None, image), load_image(None, image)
        parsed = parse_hints([] if hints is None else hints, image)
        tint = tint_of_image(tint, self._fitted, stacklevel=3)
        decoder = self._decoder().with_saturation(saturation)
        if len(parsed) == 0:
            return self._predict([image], [tint], decoder, [name])[0]
        part = decoder.inner(image)
        inner = parsed.within(part)
        if inner is None:
            # the border is hinted too
            part, inner = (slice(None), slice(None)), parsed
        n_threads = effective_n_jobs(self.n_jobs)
        colored = correct_prediction(image[part], inner, decoder.with_tint(tint), n_threads, hint_reach)
        return with_border(image, part, colored)

    def typical_tints(self, n_tints: int = 4, *, image: Image | None = None) -> FloatArray:
        """Typical tints of the training images, or those of the alternatives of one image.

        Parameters
        ----------
        n_tints : int, default=4
            Number of tints.
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path, default=None
            The tints of both halves that the image has in these tints. Where they differ so little that
            nobody could tell the alternatives apart, they are spread.

        Returns
        -------
        tints : ndarray of shape (n_tints, 2), or (n_tints, 2, 2) for an image
            Mean CIE u*, v* of clusters of training images (k-means), in the order of a self-organizing map,
            row by row, whose neighbours are similar. The map is as square as `n_tints` allows: 9 tints form
            3 rows of 3, 6 tints 2 rows of 3, and 5 tints a single row.

        Raises
        ------
        ValueError
            If the training images have fewer than `n_tints` different tints, or the image is not valid.
        """
        check_is_fitted(self)
        check_scalar(n_tints, "n_tints", numbers.Integral, min_val=1)
        if image is None:
            return typical_tints(self.tints_, n_tints, self._painting.tint)
        check_has_tint(self._fitted)
        pixels, decoder = load_image(None, image), self._decoder()
        n_threads = effective_n_jobs(self.n_jobs)
        lightness = decoder.working_lightness(pixels[decoder.inner(pixels)], n_threads)
        return self._image_tints(n_tints, decoder, lightness, n_threads)

    def _image_tints(self, n_tints, decoder, lightness, n_threads):
        """Tints (n_tints, 2, 2) of the alternatives of an image, given its lightness at the working size."""
        centers = typical_tints(self.tints_, n_tints, self._painting.tint)
        with plain_context():
            tints = [decoder.with_tint(center).half_tints(lightness, n_threads) for center in centers]
        return spread(np.array(tints), self._painting.tint)

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
            In the order of `typical_tints(n_alternatives, image=image)`. Pass the tint of the chosen one to
            `colorize`.

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
        check_scalar(n_alternatives, "n_alternatives", numbers.Integral, min_val=1)
        check_has_tint(self._fitted)
        name, image = describe(None, image), load_image(None, image)
        parsed = parse_hints([] if hints is None else hints, image)
        decoder, n_threads = self._decoder(), effective_n_jobs(self.n_jobs)
        part = decoder.inner(image)
        lightness = decoder.working_lightness(image[part], n_threads)
        tints = self._image_tints(n_alternatives, decoder, lightness, n_threads)
        if self._fitted.is_unfamiliar(lightness_statistics(lightness)):
            warn_of_unfamiliar([name], stacklevel=3)
        # without a working size, the features depend on the size of the image
        shrinks_later = self.working_size_ is None and max_size is not None
        shown, parsed = preview(image, parsed, None if shrinks_later else max_size)
        part = scaled_part(part, image.shape, shown.shape)
        inner = parsed.within(part)
        if inner is None:
            # the border is hinted too
            part, inner = (slice(None), slice(None)), parsed
        painted = np.empty((len(tints), *shown.shape[:2], 3), output_dtype(shown.dtype))
        with plain_context():
            for tint, out in zip(tints, painted, strict=True):
                tinted = decoder.with_tint(tint)
                if len(inner):
                    colored = correct_prediction(shown[part], inner, tinted, n_threads)
                else:
                    colored = tinted.predict(shown[part], n_threads, lightness)
                out[:] = with_border(shown, part, colored)
        return np.stack([shrink(one, max_size) for one in painted]) if shrinks_later else painted

    def colorize_film(
        self,
        frames: ImageBatch,
        *,
        keyframes: Mapping[int, Image] | None = None,
        tint: Tint | None = None,
    ) -> Iterator[AnyArray]:
        """Colour the frames of a film with less flicker, one after the other, in constant memory.

        The colours of a key frame are found again in the frames of its shot, however far; what they do not
        show is coloured by a small model of the colours of the key frame. Shots without a key frame have the
        predicted colours, averaged along the motion. A cut or a blank frame begins a new shot.

        Parameters
        ----------
        frames : iterable of images
            Arrays or paths in order, all of the same size; they are read one by one. Grey, or colour whose
            lightness is used.
        keyframes : dict of int to image, default=None
            Colour images of some frames by frame number, counted from 0; for example frames of the film that
            `colorize` has coloured with hints. They are returned unchanged, and their colours are carried
            forwards to the end of the shot, and backwards over at most 60 frames. Files are read when their
            frame comes.
        tint : pair (u*, v*), colour or image, default=None
            The overall colour of frames without a key frame, see `colorize`. None uses the mean tint of the
            key frames, if the colorizer was trained with tint.

        Returns
        -------
        colored : generator of ndarray of shape (H, W, 3)
            The coloured frames in order; dtypes as in `predict`. Up to 60 frames are held until the key frame
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
            If a key frame has no chroma, shows another picture than its frame, or lies beyond the last frame.

        See Also
        --------
        find_shots : Find the shots of a film; each needs a key frame.

        Notes
        -----
        Motion is the optical flow [1]_ of standardized lightness, so that a flickering lamp is not taken for
        motion. The displacement of a frame to its key frame is that of the frame before, carried along the
        flow between the two, and refined against the key frame, so that it does not drift. The chroma of the
        key frame is sampled at full size, and mixed with that of extremely randomized trees [2]_ trained on
        the key frame where the lightness disagrees. Colours of two key frames dissolve into each other.

        References
        ----------
        .. [1] C. Zach, T. Pock, H. Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow",
           DAGM 2007.
        .. [2] P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.

        Examples
        --------
        >>> from nncolor import SOMColorizer, to_gray
        >>> from nncolor.datasets import load_sample_photos
        >>> coffee = load_sample_photos().images[2]
        >>> film = [coffee[100:300, left : left + 300] for left in range(0, 40, 10)]
        >>> colorizer = SOMColorizer(random_state=0).fit(film[:1])
        >>> colored = colorizer.colorize_film(map(to_gray, film), keyframes={0: film[0]})
        >>> len(list(colored))
        4
        """
        model = self._fitted
        check_frames(frames)
        colors = KeyFrames({} if keyframes is None else keyframes, stacklevel=3)
        if tint is None and colors and model.has_tint:
            tint = mean_tint(colors, model.working_size)
        tint = tint_of_image(tint, model, stacklevel=3)
        grid = FilmGrid(self._decoder().with_tint(tint), effective_n_jobs(self.n_jobs))
        return color_frames(frames, grid, colors)

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
        check_is_fitted(self)
        if isinstance(X, PixelSamples):
            if len(X) == 0:
                raise ValueError("The PixelSamples holds no pixel. Pass at least one.")
            chroma = X.chroma, self._predict_values(X, "chroma")
            true, predicted = (join_lightness_chroma(X.lightness, values, np.float32) for values in chroma)
            return -float(ciede2000(true, predicted).mean(dtype=np.float64))
        errors = self._map_batch(self._decoder().error, X, color=True)
        error, n_pixels = np.sum(errors, axis=0)
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
        self._validate_params()
        quantize = partial(quantize_image, self.quantizer_)
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
        for name, default in {**DEFAULTS, "emulsion": EmulsionSimulator}.items():
            nested = any(key.startswith(f"{name}__") for key in params)
            if nested and params.get(name, getattr(self, name)) is None:
                params[name] = default()
        # an error, such as an unknown name, must leave the colorizer and its components as they are
        copies = {name: clone(value, safe=False) for name, value in params.items()}
        super(SOMColorizer, clone(self)).set_params(**copies)
        return super().set_params(**params)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def _decoder(self):
        self._validate_params()
        return self._fitted.decoder(self.temperature, self.smoothing_radius, self._painting)

    def _map_batch(self, function, X, arguments=None, *, color=False):
        return map_batch(function, X, arguments, color=color, n_jobs=self.n_jobs, verbose=self.verbose)

    def _predict_values(self, X, kind):
        """Labels, proba, confidence or chroma of the pixels of a PixelSamples, or of images."""
        decoder = self._decoder()
        if isinstance(X, PixelSamples):
            check_working_size(X, self.working_size_)
            with plain_context():
                return decoder.predict_pixels(getattr(decoder.pixels, kind), X)
        return stack_like(self._map_batch(getattr(decoder, f"predict_{kind}"), X), X)

    def _predict(self, X, tints, decoder, names=None):
        """Colour images in tints, and warn of unfamiliar images."""
        model = self._fitted
        if model.reference is None:
            return stack_like(self._map_batch(decoder.color, X, tints), X)
        results = self._map_batch(decoder.color_with_statistics, X, tints)
        colored, statistics = zip(*results, strict=True)
        if names is None:
            items = X if isinstance(X, (list, tuple)) else [None] * len(colored)
            names = [describe(position, item) for position, item in enumerate(items)]
        warn_of_unfamiliar(list(compress(names, map(model.is_unfamiliar, statistics))), stacklevel=4)
        return stack_like(list(colored), X)
