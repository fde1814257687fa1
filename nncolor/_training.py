"""Training of the components of SOMColorizer: defaults, cloning and seeding, sampling and fitting."""

import threading
import warnings
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metadata_routing import get_routing_for_object

from ._codebook.quantizer import SOMQuantizer, nearest_codewords
from ._emulsion.simulator import EmulsionSimulator
from ._images.color import NEUTRAL_CHROMA
from ._images.memory import warn_of_memory
from ._model import Model
from ._network import CodewordClassifier, usual_settings
from ._painting.tint import N_TINT_FEATURES, append_tints
from ._pixels.familiarity import lightness_statistics
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, draw_seed, join_pixels, sample_batch
from ._pixels.tiles import to_dense
from ._utils.types import FloatArray, IntArray


class ClassHasMethods(HasMethods):
    """Constraint of an object that has methods, or whose class has them, for those it has after `fit`."""

    def is_satisfied_by(self, val):
        return super().is_satisfied_by(val) or super().is_satisfied_by(type(val))


def _default_extractor():
    return PatchExtractor(patch_size=3, position=True, context_scales=(8, 16, 64))


def _default_quantizer():
    # a third of the updates of "auto" is enough for 25 codewords in two dimensions
    return SOMQuantizer(map_shape=(5, 5), n_iter=40_000)


DEFAULTS = {
    "extractor": _default_extractor,
    "quantizer": _default_quantizer,
    "classifier": CodewordClassifier,
}


class Components(NamedTuple):
    """The components of a colorizer: extractor, quantizer, and classifier."""

    extractor: Any
    quantizer: Any
    classifier: Any


def clone_components(estimator, random_state):
    """Clones of the components of a colorizer, or their defaults, with seeds."""
    components = (getattr(estimator, name) for name in Components._fields)
    return Components(*map(_clone_component, components, DEFAULTS.values(), [random_state] * 3))


def _clone_component(component, default, random_state):
    """Clone of a component, or of its default for None; every `random_state` that is None is seeded."""
    component = default() if component is None else clone(component)
    if isinstance(component, FrozenEstimator):
        return component
    params = component.get_params(deep=True)
    # Frozen parts are shared with the user and must not change.
    frozen = tuple(f"{name}__" for name, value in params.items() if isinstance(value, FrozenEstimator))
    own = {name: value for name, value in params.items() if not name.startswith(frozen)}
    # nested steps keep the output containers that the user has set
    has_parts = any(hasattr(value, "get_params") for value in params.values())
    if isinstance(component, TransformerMixin) and not has_parts and hasattr(component, "set_output"):
        component.set_output(transform="default")
    seeds = {
        name: draw_seed(random_state)
        for name in sorted(own)
        if name.split("__")[-1] == "random_state" and own[name] is None
    }
    return component.set_params(**seeds)


def fit_emulsion(estimator, X, gray, random_state):
    """Emulsion of a colorizer for training images, fitted to grey photographs if there are any; or None.

    Parameters
    ----------
    estimator : SOMColorizer
    X : batch of colour images, or PixelSamples
    gray : batch of images, or None
    random_state : RandomState
    """
    if estimator.emulsion is None and gray is None:
        return None
    if isinstance(X, PixelSamples):
        raise ValueError(
            "A PixelSamples holds the lightness with which it was sampled. Pass the emulsion to "
            "sample_pixels, and neither `gray` nor an emulsion here."
        )
    # a copy: an emulsion that changes nothing must not change the random numbers of training
    emulsion = _clone_component(estimator.emulsion, EmulsionSimulator, deepcopy(random_state))
    if not isinstance(emulsion, FrozenEstimator):
        emulsion.set_params(working_size=estimator.working_size)
        if estimator.verbose:
            emulsion.set_params(verbose=estimator.verbose)
    return emulsion if gray is None else emulsion.fit(gray, X)


class Sample(NamedTuple):
    """Training data: pixels of images.

    Attributes
    ----------
    features : ndarray of shape (n, n_features)
    chroma : ndarray of shape (n, 2)
    lightness : ndarray of shape (n,)
    groups : ndarray of shape (n,), int
        Image of each pixel.
    statistics : ndarray of shape (n_images, n_statistics)
        Of the images, see `lightness_statistics`.
    tints : ndarray of shape (n_images, 2)
        Mean u*, v* of the images.
    working_size : int or None
    has_tint : bool
        Whether the last features are those of the tint.
    """

    features: FloatArray
    chroma: FloatArray
    lightness: FloatArray
    groups: IntArray
    statistics: FloatArray
    tints: FloatArray
    working_size: int | None
    has_tint: bool = False

    def tints_of_pixels(self):
        """Tint of the image of each pixel, (n, 2)."""
        _, image = np.unique(self.groups, return_inverse=True)
        return self.tints[image]


def sample_features(X, extractor, sampling, random_state, *, fit=True):
    """Sample pixels and compute their features; with `fit`, an extractor that requires it is fitted.

    Parameters
    ----------
    X : batch of colour images, or PixelSamples
    extractor : transformer
    sampling : Sampling
    random_state : RandomState

    Returns
    -------
    sample : Sample
    """
    if not isinstance(X, PixelSamples):
        if not (fit and _requires_fit(extractor)):
            return _sample_image_by_image(X, extractor, sampling, random_state)
        X = join_pixels(sample_batch(X, sampling, random_state))
    if len(X) == 0:
        raise ValueError("The PixelSamples holds no pixel. Pass at least one.")
    warn_of_memory(len(X), 4 * _n_features(extractor))
    features = (extractor.fit(X, None) if fit else extractor).transform(X)
    images = np.unique(X.groups)
    statistics = np.array([lightness_statistics(X.image_lightness(group)) for group in images])
    of_images = X.groups, statistics, X.tints[images]
    return Sample(to_dense(features), X.chroma, X.lightness, *of_images, X.working_size)


def _sample_image_by_image(X, extractor, sampling, random_state):
    """Sample whose features are computed as each image is read, so that no image is kept in memory."""
    # float32, in memory three times: image by image, together, and with the tint
    bytes_per_pixel = 12 * _n_features(extractor)
    describe = partial(_describe_pixels, extractor)
    parts = sample_batch(X, sampling, random_state, describe, bytes_per_pixel)
    features, chroma, lightness, statistics, tints = zip(*parts, strict=True)
    groups = np.repeat(np.arange(len(chroma)), [len(part) for part in chroma])
    columns = (np.concatenate(parts) for parts in (features, chroma, lightness))
    return Sample(*columns, groups, np.array(statistics), np.concatenate(tints), sampling.working_size)


def _describe_pixels(extractor, pixels):
    features = to_dense(extractor.transform(pixels))
    statistics = lightness_statistics(pixels.image_lightness(0))
    return features, pixels.chroma, pixels.lightness, statistics, pixels.tints


def _n_features(extractor):
    """Number of features; 0 if it is not known before `transform`."""
    try:
        return len(extractor.get_feature_names_out())
    except (AttributeError, ValueError):
        return 0


def _requires_fit(extractor):
    if isinstance(extractor, FrozenEstimator):
        return False
    if isinstance(extractor, Pipeline):
        return any(_requires_fit(step) for _, step in extractor.steps if step not in (None, "passthrough"))
    return get_tags(extractor).requires_fit


def takes_tint(classifier, sample, share, *, is_partial=False):
    """Whether a classifier is trained with tint.

    A classifier that is already fitted, or contains a fitted part, keeps its number of features. A single
    image has only one tint, which carries no information.
    """
    n_features = getattr(classifier, "n_features_in_", None)
    if n_features is not None:
        return n_features == sample.features.shape[1] + N_TINT_FEATURES
    return share > 0 and (is_partial or len(sample.tints) > 1)


def show_tint(sample, share, random_state):
    """Sample with the features of the tint appended, set only for a share of the pixels."""
    features = append_tints(sample.features, sample.tints_of_pixels(), share, random_state)
    return sample._replace(features=features, has_tint=True)


def check_chroma(sample, stacklevel):
    """Raise if no image has any chroma; warn of images that have none, at the user's line."""
    images, group = np.unique(sample.groups, return_inverse=True)
    strongest = np.zeros(len(images), sample.chroma.dtype)
    np.maximum.at(strongest, group, np.abs(sample.chroma).max(axis=1))
    neutral = images[strongest < NEUTRAL_CHROMA]
    if len(neutral) == len(images):
        raise ValueError(
            "The training images have no colour: all sampled pixels are grey, although there are three "
            "channels. Pass colour photographs."
        )
    if len(neutral):
        warnings.warn(
            f"Image {', '.join(map(str, neutral))}: all sampled pixels are grey, although there are three "
            "channels. Grey training images make all colours duller: leave them out.",
            UserWarning,
            stacklevel=stacklevel,
        )


def fit_codebook(quantizer, chroma, verbose):
    """Fit the quantizer on the sampled chroma; returns the codeword of each pixel."""
    if verbose and isinstance(quantizer, SOMQuantizer):
        quantizer.set_params(verbose=verbose)
    quantizer.fit(chroma, None)
    if not hasattr(quantizer, "cluster_centers_"):
        raise TypeError(
            f"The quantizer {type(quantizer).__name__} has no cluster_centers_ after fit. Use one that has, "
            "such as SOMQuantizer, KMeans or MiniBatchKMeans."
        )
    # pairs (u*, v*) are sorted much faster as complex numbers
    n_colors = len(np.unique(np.ascontiguousarray(chroma).view(np.complex64)))
    n_codes = len(quantizer.cluster_centers_)
    if n_colors < n_codes and not isinstance(quantizer, FrozenEstimator):
        raise ValueError(
            f"The sample holds {n_colors} distinct colours, fewer than the {n_codes} codewords of the "
            "quantizer. Use a smaller map_shape, more images or more pixels_per_image."
        )
    return nearest_codewords(quantizer, chroma)


def rebalanced(labels, strength, random_state):
    """Indices of a sample of the same size in which rare labels are oversampled.

    Parameters
    ----------
    labels : ndarray of shape (n,), int
    strength : float in [0, 1]
        A label of frequency p is drawn in proportion to p ** (1 - strength).
    random_state : RandomState

    Returns
    -------
    indices : ndarray of shape (n,), int
    """
    counts = np.bincount(labels).astype(np.float64)
    weights = counts[labels] ** -strength
    return np.sort(random_state.choice(len(labels), len(labels), p=weights / weights.sum()))


def train_classifier(classifier, sample, labels, rows, validation, verbose):
    """Train a classifier on rows of a sample, with what validation chose.

    Returns
    -------
    classifier : classifier or None
        None if there is a single codeword.
    codewords : ndarray of shape (n_classes,), int
        Codeword of each of its classes.
    """
    if len(np.unique(labels[rows])) == 1:
        return None, labels[:1]
    chosen = (None, None) if validation is None else (validation.penalty, validation.n_training_pixels)
    settle_network(classifier, len(sample.statistics), *chosen)
    arguments = sample.features[rows], labels[rows], sample.groups[rows]
    return classifier, fit_classifier(classifier, *arguments, verbose)


def make_model(components, emulsion, codewords, labels, sample, validation, random_state):
    """Model of trained components; `labels` are the codewords of the pixels of training."""
    codebook = np.asarray(components.quantizer.cluster_centers_, np.float32)
    if codewords.max() >= len(codebook):
        raise ValueError(
            f"The classifier was trained on codeword {codewords.max()}, but the quantizer has only "
            f"{len(codebook)} codewords. A frozen component was fitted with another codebook."
        )
    return Model(
        **components._asdict(),
        emulsion=emulsion,
        codebook=codebook,
        codewords=codewords,
        counts=np.bincount(labels, minlength=len(codebook)),
        image_statistics=sample.statistics,
        tints=sample.tints,
        has_tint=sample.has_tint,
        working_size=sample.working_size,
        chroma_scale=1.0 if validation is None else validation.chroma_scale,
        validation_error=None if validation is None else validation.error,
        validation_gray_error=None if validation is None else validation.gray_error,
        random_state=random_state,
    )


def settle_network(classifier, n_images, penalty=None, n_training_pixels=None):
    """Set those parameters of a CodewordClassifier that are "auto", so that its clone trains the same.

    None for a value means that without held-out images.
    """
    network = _last_step(classifier)
    if not isinstance(network, CodewordClassifier):
        return
    usual_penalty, usual_pixels = usual_settings(n_images)
    if network.penalty == "auto":
        network.set_params(penalty=usual_penalty if penalty is None else penalty)
    if network.n_training_pixels == "auto":
        network.set_params(n_training_pixels=usual_pixels if n_training_pixels is None else n_training_pixels)


def _last_step(estimator):
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def fit_classifier(classifier, features, labels, groups, verbose=0):
    """Fit a classifier; Ctrl-C interrupts it.

    Some classifiers need labels without gaps. If codewords are missing, it is trained on their ranks.

    Parameters
    ----------
    classifier : classifier
    features : ndarray of shape (n, n_features)
    labels : ndarray of shape (n,), int
    groups : ndarray of shape (n,), int
        Image of each pixel, for a classifier that requests it, such as a search with GroupKFold.
    verbose : int

    Returns
    -------
    codewords : ndarray of shape (n_classes,), int
        Codeword of each of its classes.
    """
    if isinstance(classifier, FrozenEstimator):
        _check_proba(classifier)
        return codewords_of(classifier)
    known, ranks = np.unique(labels, return_inverse=True)
    network = _last_step(classifier)
    if verbose and isinstance(network, CodewordClassifier):
        network.set_params(verbose=verbose)
    _warn_of_memory(classifier, features, known)
    with _interruptible():
        classifier.fit(features, ranks, **_requested_groups(classifier, groups))
    return _keep_codewords(classifier, known)


def fit_on_batch(classifier, features, labels, codewords):
    """Train a classifier on one batch more, given the codewords of all batches; Ctrl-C interrupts it."""
    ranks = np.searchsorted(codewords, labels)
    _warn_of_memory(classifier, features, codewords)
    with _interruptible():
        classifier.partial_fit(features, ranks, classes=np.arange(len(codewords)))
    return _keep_codewords(classifier, codewords)


def _warn_of_memory(classifier, features, codewords):
    # scikit-learn's networks binarize the labels: 8 bytes, and at first one more, for each codeword
    of_labels = 8 if isinstance(_last_step(classifier), CodewordClassifier) else 9 * len(codewords)
    warn_of_memory(len(features), features.itemsize * features.shape[1] + of_labels)


def _keep_codewords(classifier, codewords):
    _check_proba(classifier)
    if codewords[-1] >= len(codewords):
        # needed if it is frozen and used in another colorizer
        classifier.codewords_ = codewords
    return codewords


def _check_proba(classifier):
    # some classifiers have it only after fit
    if not hasattr(classifier, "predict_proba"):
        raise TypeError(
            f"The classifier {type(classifier).__name__} has no predict_proba after fit, so it gives no "
            "probabilities of codewords. Use one that has, such as MLPClassifier, or wrap it in "
            "CalibratedClassifierCV."
        )


def codewords_of(classifier):
    """Codewords of the classes of a fitted classifier."""
    return np.asarray(getattr(classifier, "codewords_", classifier.classes_))


def _requested_groups(classifier, groups):
    """Keyword arguments of `fit` for a classifier that requests groups, as scikit-learn routes them."""
    is_routed = get_config()["enable_metadata_routing"]
    if isinstance(classifier, Pipeline):
        name, last = classifier.steps[-1]
        prefix = "" if is_routed else f"{name}__"
        return {f"{prefix}{key}": value for key, value in _requested_groups(last, groups).items()}
    if not hasattr(classifier, "get_metadata_routing"):
        return {}
    try:
        asks = get_routing_for_object(classifier).consumes("fit", ["groups"])
    except NotImplementedError:  # as in scikit-learn's meta-estimators without routing
        return {}
    # without routing, scikit-learn passes groups to whatever takes them
    asks = asks or (isinstance(classifier, CodewordClassifier) and not is_routed)
    return {"groups": groups} if asks else {}


def spawn_random_state(random_state):
    """New random number generator, seeded by another."""
    return np.random.RandomState(draw_seed(random_state))


def check_incremental(classifier, n_codes=None):
    """Raise, before any image is read, if a classifier cannot be trained batch by batch."""
    if n_codes == 1:
        return
    if classifier is None:
        raise ValueError(
            "There is no classifier to continue with: the sample of fit held a single codeword. Start again "
            "with a new colorizer."
        )
    if isinstance(classifier, FrozenEstimator):
        raise TypeError(
            "The classifier is a FrozenEstimator, which cannot be trained. Pass the classifier inside it."
        )
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(
            f"The classifier {type(classifier).__name__} has no partial_fit; MLPClassifier (with a solver "
            "other than lbfgs), SGDClassifier and GaussianNB have one. Or use fit with all images at once."
        )
    if getattr(classifier, "early_stopping", False):
        raise ValueError(
            "partial_fit does not support early stopping, which needs all pixels at once. Set "
            f"early_stopping=False in the {type(classifier).__name__}."
        )


def check_known(labels, classes):
    """Raise if a batch holds codewords that the classifier was not trained on."""
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise ValueError(
            f"The batch holds codeword {', '.join(map(str, unknown))}, which the sample of fit did not hold. "
            "Start again with a new colorizer and partial_fit, whose first call accepts all codewords."
        )


@contextmanager
def _interruptible():
    """Raise KeyboardInterrupt on Ctrl-C: scikit-learn's networks catch it, stop training, and only warn.

    Only the main thread is interrupted. The filters of warnings belong to the process, and several threads
    that changed them at once would leave them changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = "Training interrupted by user"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=interrupted)
        # older versions warn of this for the classes that are passed to partial_fit
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
        try:
            yield
        except UserWarning as warning:
            if interrupted in str(warning):
                raise KeyboardInterrupt from warning
            raise
