"""Training of the components of SOMColorizer: defaults, cloning, seeding and fitting."""

import threading
import warnings
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metadata_routing import get_routing_for_object

from ._codebook.quantizer import SOMQuantizer, nearest_codewords
from ._images.color import NEUTRAL_CHROMA
from ._images.memory import warn_of_memory
from ._painting.tint import N_TINT_FEATURES, append_tints
from ._pixels.familiarity import lightness_statistics
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, draw_seed, join_pixels, sample_batch
from ._pixels.tiles import to_dense
from ._utils.progress import training_progress
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


def _default_classifier():
    return MLPClassifier((50, 50), alpha="auto", max_iter="auto")


DEFAULTS = {
    "extractor": _default_extractor,
    "quantizer": _default_quantizer,
    "classifier": _default_classifier,
}


def clone_component(component, default, random_state):
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


# The pixels of an image are similar, so a network soon overfits to the training images. A penalty on its
# weights that falls with the number of images, and a short training, reduce this. The error of held-out
# images changes little around these values, see docs/benchmarks/few_photographs.py. With five images, a
# larger penalty and a shorter training have a slightly smaller error, but dull colours, and halos around
# dark objects.
_PENALTY_IMAGES, _PENALTY = 30, (1.0, 6.0)
_LENGTH_PER_IMAGE, _LENGTH, _LENGTH_OF_ONE = 1000, (50_000, 200_000), 400_000
# Number of epochs of a network that cannot be trained by length; scikit-learn's default.
_MAX_ITER = 200
# Number of pixels in one training step of a network.
_STEP = 12_500


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


def sample_features(X, extractor, n_per_image, working_size, random_state, *, fit=True, n_jobs, verbose):
    """Sample pixels and compute their features; with `fit`, an extractor that requires it is fitted.

    Parameters
    ----------
    X : batch of colour images, or PixelSamples
    extractor : transformer

    Returns
    -------
    sample : Sample
    """
    options = {"n_jobs": n_jobs, "verbose": verbose}
    if not isinstance(X, PixelSamples):
        if not (fit and _requires_fit(extractor)):
            return _sample_image_by_image(X, extractor, n_per_image, working_size, random_state, options)
        X = join_pixels(sample_batch(X, n_per_image, working_size, random_state, **options))
    if len(X) == 0:
        raise ValueError("The PixelSamples holds no pixel. Pass at least one.")
    warn_of_memory(len(X), 4 * _n_features(extractor))
    features = (extractor.fit(X, None) if fit else extractor).transform(X)
    images = np.unique(X.groups)
    statistics = np.array([lightness_statistics(X.image_lightness(group)) for group in images])
    of_images = X.groups, statistics, X.tints[images]
    return Sample(to_dense(features), X.chroma, X.lightness, *of_images, X.working_size)


def _sample_image_by_image(X, extractor, n_per_image, working_size, random_state, options):
    """Sample whose features are computed as each image is read, so that no image is kept in memory."""
    # float32, in memory twice while they are concatenated
    bytes_per_pixel = 8 * _n_features(extractor)
    function = partial(_describe_pixels, extractor)
    options = {**options, "function": function, "bytes_per_pixel": bytes_per_pixel}
    parts = sample_batch(X, n_per_image, working_size, random_state, **options)
    features, chroma, lightness, statistics, tints = zip(*parts, strict=True)
    groups = np.repeat(np.arange(len(chroma)), [len(part) for part in chroma])
    columns = (np.concatenate(parts) for parts in (features, chroma, lightness))
    return Sample(*columns, groups, np.array(statistics), np.concatenate(tints), working_size)


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


def codeword_frequencies(labels, n_codes):
    """Share of each codeword among labels, (n_codes,)."""
    return np.bincount(labels, minlength=n_codes) / len(labels)


def _last_step(estimator):
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


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


def is_trained_by_length(classifier):
    """Whether a classifier is a network with max_iter="auto", trained on a chosen number of pixels."""
    return (
        isinstance(classifier, MLPClassifier)
        and classifier.max_iter == "auto"
        and classifier.solver != "lbfgs"
        and not classifier.early_stopping
    )


def settle_network(classifier, n_images, *, is_partial=False):
    """Set the parameters of a network that are "auto", except for the length of training in `fit`."""
    network = _last_step(classifier)
    if not isinstance(network, MLPClassifier):
        return
    if network.alpha == "auto":
        # a single image has few colours, and may be fitted closely
        alpha = _PENALTY[0] if n_images == 1 else float(np.clip(_PENALTY_IMAGES / n_images, *_PENALTY))
        network.set_params(alpha=alpha)
    if network.max_iter == "auto" and (is_partial or not is_trained_by_length(classifier)):
        network.set_params(max_iter=_MAX_ITER)


def training_length(n_images):
    """Number of pixels to train a network on if no images are held out to choose it."""
    return _LENGTH_OF_ONE if n_images == 1 else int(np.clip(_LENGTH_PER_IMAGE * n_images, *_LENGTH))


def train_in_steps(network, features, labels, rows, lengths):
    """Train a network, and yield it after each of several ascending numbers of pixels.

    Parameters
    ----------
    network : MLPClassifier
        Not fitted.
    features : ndarray of shape (n, n_features)
    labels : ndarray of shape (n,), int
    rows : ndarray of int
        Pixels in the order of training; repeated from the first one if they are too few.
    lengths : sequence of int
    """
    classes = np.unique(labels)
    network.set_params(max_iter=1)
    n_shown = 0
    for length in lengths:
        for start in range(n_shown, length, _STEP):
            shown = rows[np.arange(start, min(start + _STEP, length)) % len(rows)]
            with _interruptible():
                network.partial_fit(features[shown], labels[shown], classes=classes)
        n_shown = length
        yield network


def fit_classifier(classifier, features, labels, groups, verbose, *, rows=None, length=None, classes=None):
    """Fit the classifier with a progress bar; Ctrl-C interrupts it.

    Some classifiers need labels without gaps. If codewords are missing, it is trained on their ranks.

    Parameters
    ----------
    classifier : classifier
    features : ndarray of shape (n, n_features)
    labels : ndarray of shape (n,), int
    groups : ndarray of shape (n,), int
        Image of each pixel, for a classifier that requests it, such as a search with GroupKFold.
    verbose : int
    rows : ndarray of int, default=None
    length : int, default=None
        Number of pixels to train on, in the order of the rows, see `train_in_steps`.
    classes : ndarray of int, default=None
        Labels of all batches, for a partial fit on one batch.

    Returns
    -------
    codewords : ndarray of shape (n_classes,), int
        Codeword of each of its classes.
    """
    if isinstance(classifier, FrozenEstimator):
        _check_proba(classifier)
        return codewords_of(classifier)
    known = np.unique(labels) if classes is None else np.asarray(classes)
    labels = np.searchsorted(known, labels)
    # scikit-learn's networks binarize the labels: 8 bytes, and at first one more, for each codeword
    warn_of_memory(len(features), features.itemsize * features.shape[1] + 9 * (labels.max() + 1))
    with _interruptible(), training_progress(_last_step(classifier), verbose):
        if length is not None:
            list(train_in_steps(classifier, features, labels, rows, [length]))
        elif classes is not None:
            classifier.partial_fit(features, labels, classes=np.arange(len(known)))
        else:
            classifier.fit(features, labels, **_routed_groups(classifier, groups))
    _check_proba(classifier)
    if known[-1] >= len(known):
        # needed if it is frozen and used in another colorizer
        classifier.codewords_ = known
    return known


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


def _routed_groups(classifier, groups):
    """Keyword arguments of `fit` for a classifier that requests groups, as scikit-learn routes them."""
    if isinstance(classifier, Pipeline):
        name, last = classifier.steps[-1]
        prefix = "" if get_config()["enable_metadata_routing"] else f"{name}__"
        return {f"{prefix}{key}": value for key, value in _routed_groups(last, groups).items()}
    if not hasattr(classifier, "get_metadata_routing"):
        return {}
    try:
        asks = get_routing_for_object(classifier).consumes("fit", ["groups"])
    except NotImplementedError:  # as in scikit-learn's meta-estimators without routing
        return {}
    return {"groups": groups} if asks else {}


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
