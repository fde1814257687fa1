"""Training of the components of SOMColorizer: defaults, cloning and seeding, what each is fitted on."""

import warnings
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
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


def _default_extractor():
    return PatchExtractor(patch_size=3, position=True, context_scales=(8, 16, 64))


def _default_quantizer():
    # a third of the updates of "auto" is enough for 25 codewords of two numbers
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
    # What a user has frozen is shared with the user, and stays as it is.
    frozen = tuple(f"{name}__" for name, value in params.items() if isinstance(value, FrozenEstimator))
    own = {name: value for name, value in params.items() if not name.startswith(frozen)}
    # inner steps keep the containers that the user has set
    has_parts = any(hasattr(value, "get_params") for value in params.values())
    if isinstance(component, TransformerMixin) and not has_parts and hasattr(component, "set_output"):
        component.set_output(transform="default")
    seeds = {
        name: draw_seed(random_state)
        for name in sorted(own)
        if name.split("__")[-1] == "random_state" and own[name] is None
    }
    return component.set_params(**seeds)


# The pixels of an image are alike, so a network soon learns images instead of colours. Against this help a
# penalty on its weights that falls with the number of images, and a short training. The error of held-out
# images is flat about these numbers, see docs/benchmarks/few_photographs.py. A larger penalty and a shorter
# training are a little closer to the truth with five images, but dull, with halos around dark objects.
_PENALTY_IMAGES, _PENALTY = 30, (1.0, 6.0)
_LENGTH_PER_IMAGE, _LENGTH, _LENGTH_OF_ONE = 1000, (50_000, 200_000), 400_000
# Epochs of a network that cannot be trained by length, scikit-learn's default.
_MAX_ITER = 200
# Pixels that a network is shown at a time.
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
    """Draw pixels and compute their features; with `fit`, fits an extractor that has to be fitted.

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
        raise ValueError("The PixelSamples holds no pixel to learn from.")
    warn_of_memory(len(X), 4 * _n_features(extractor))
    features = (extractor.fit(X, None) if fit else extractor).transform(X)
    images = np.unique(X.groups)
    statistics = np.array([lightness_statistics(X.image_lightness(group)) for group in images])
    of_images = X.groups, statistics, X.tints[images]
    return Sample(to_dense(features), X.chroma, X.lightness, *of_images, X.working_size)


def _sample_image_by_image(X, extractor, n_per_image, working_size, random_state, options):
    """Sample whose features are computed where each image is read, so that no image has to be kept."""
    # float32, and twice while they are put together
    bytes_per_pixel = 8 * _n_features(extractor)
    function = partial(_describe_pixels, extractor)
    options = {**options, "function": function, "bytes_per_pixel": bytes_per_pixel}
    parts = sample_batch(X, n_per_image, working_size, random_state, **options)
    features, chroma, lightness, statistics, tints = zip(*parts, strict=True)
    groups = np.repeat(np.arange(len(chroma)), [len(part) for part in chroma])
    columns = (np.concatenate(parts) for parts in (features, chroma, lightness))
    return Sample(*columns, groups, np.array(statistics), np.concatenate(tints), working_size)


def _describe_pixels(extractor, pixels):
    with config_context(transform_output="default"):
        features = to_dense(extractor.transform(pixels))
    statistics = lightness_statistics(pixels.image_lightness(0))
    return features, pixels.chroma, pixels.lightness, statistics, pixels.tints


def _n_features(extractor):
    """Number of features, 0 where the extractor cannot tell beforehand."""
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
    """Whether a classifier is trained with tint: one that is fitted already, or a part of it, decides itself.

    A single image has only one tint, which carries no information.
    """
    n_features = getattr(classifier, "n_features_in_", None)
    if n_features is not None:
        return n_features == sample.features.shape[1] + N_TINT_FEATURES
    return share > 0 and (is_partial or len(sample.tints) > 1)


def show_tint(sample, share, random_state):
    """Sample whose features have those of the tint behind them, shown to a share of the pixels."""
    features = append_tints(sample.features, sample.tints_of_pixels(), share, random_state)
    return sample._replace(features=features, has_tint=True)


def check_chroma(sample, verbose):
    """Raise if no image has any chroma; name those without if `verbose`."""
    images, group = np.unique(sample.groups, return_inverse=True)
    strongest = np.zeros(len(images), sample.chroma.dtype)
    np.maximum.at(strongest, group, np.abs(sample.chroma).max(axis=1))
    neutral = images[strongest < NEUTRAL_CHROMA]
    if len(neutral) == len(images):
        raise ValueError(
            "There is no colour to learn: all pixels are grey, though the images have three "
            "channels. Pass colour photographs."
        )
    if len(neutral) and verbose:
        print(f"[SOMColorizer] There is no chroma in image {', '.join(map(str, neutral))}.")


def fit_codebook(quantizer, chroma, verbose):
    """Fit the quantizer on the sampled chroma; the codeword of each pixel."""
    if verbose and isinstance(quantizer, SOMQuantizer):
        quantizer.set_params(verbose=verbose)
    quantizer.fit(chroma, None)
    if not hasattr(quantizer, "cluster_centers_"):
        raise TypeError(
            f"The quantizer {type(quantizer).__name__} has no cluster_centers_ after fit; SOMQuantizer, "
            "KMeans and MiniBatchKMeans have."
        )
    # one complex number for each pair sorts much faster
    n_colors = len(np.unique(np.ascontiguousarray(chroma).view(np.complex64)))
    n_codes = len(quantizer.cluster_centers_)
    if n_colors < n_codes and not isinstance(quantizer, FrozenEstimator):
        raise ValueError(
            f"The sample holds {n_colors} distinct colours, fewer than the {n_codes} codewords that the "
            "quantizer makes of them. Use a smaller map_shape, more images or more pixels_per_image."
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


def _last_step(estimator):
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def spawn_random_state(random_state):
    """New random number generator, seeded by another."""
    return np.random.RandomState(draw_seed(random_state))


def check_incremental(classifier, n_codes=None):
    """Raise, before any image is read, if a classifier cannot learn batch by batch."""
    if n_codes == 1:
        return
    if classifier is None:
        raise ValueError(
            "There is no classifier to go on with: the sample of fit held a single codeword. Start anew."
        )
    if isinstance(classifier, FrozenEstimator):
        raise TypeError(
            "The classifier is a FrozenEstimator, which learns nothing; pass the classifier in it."
        )
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(
            f"The classifier {type(classifier).__name__} has no partial_fit; MLPClassifier (with a solver "
            "other than lbfgs), SGDClassifier and GaussianNB have. Use fit, which takes all images at once."
        )
    if getattr(classifier, "early_stopping", False):
        raise ValueError(
            "partial_fit cannot stop early: it never sees all pixels. Set early_stopping=False in the "
            f"{type(classifier).__name__}."
        )


def check_known(labels, classes):
    """Raise if a batch holds codewords that the classifier does not know."""
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise ValueError(
            f"The batch holds codeword {', '.join(map(str, unknown))}, which the sample of fit did not hold. "
            "Start anew with partial_fit, which names all codewords in its first call."
        )


def is_trained_by_length(classifier):
    """Whether a classifier is a network with max_iter="auto": it is shown a chosen number of pixels."""
    return (
        isinstance(classifier, MLPClassifier)
        and classifier.max_iter == "auto"
        and classifier.solver != "lbfgs"
        and not classifier.early_stopping
    )


def settle_network(classifier, n_images, *, is_partial=False):
    """Choose the parameters of a network that are "auto", but for its training length in a whole fit."""
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
    """Number of pixels to show a network if no images are held back to choose it by."""
    return _LENGTH_OF_ONE if n_images == 1 else int(np.clip(_LENGTH_PER_IMAGE * n_images, *_LENGTH))


def train_in_steps(network, features, labels, rows, lengths):
    """Yield a network after it was shown each of several ascending numbers of pixels.

    Parameters
    ----------
    network : MLPClassifier
        Not fitted.
    features : ndarray of shape (n, n_features)
    labels : ndarray of shape (n,), int
    rows : ndarray of int
        The pixels to show, in their order, and again from the first on where they are too few.
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
    """Fit the classifier with a progress bar and let Ctrl-C through.

    Some classifiers want labels without gaps. Where codewords are missing, it learns their ranks.

    Parameters
    ----------
    classifier : classifier
    features : ndarray of shape (n, n_features)
    labels : ndarray of shape (n,), int
    groups : ndarray of shape (n,), int
        Image of each pixel, for a classifier that asks for it, such as a search with GroupKFold.
    verbose : int
    rows : ndarray of int, default=None
    length : int, default=None
        Show it so many pixels in the order of the rows, see `train_in_steps`.
    classes : ndarray of int, default=None
        Fit it partially to a batch; these are the labels of all batches.

    Returns
    -------
    codewords : ndarray of shape (n_classes,), int
        Codeword of each of its classes.
    """
    if isinstance(classifier, FrozenEstimator):
        return codewords_of(classifier)
    known = np.unique(labels) if classes is None else np.asarray(classes)
    labels = np.searchsorted(known, labels)
    # scikit-learn's networks hold the labels as 8 bytes and one more for each codeword at first
    warn_of_memory(len(features), features.itemsize * features.shape[1] + 9 * (labels.max() + 1))
    with _interruptible(), training_progress(_last_step(classifier), verbose):
        if length is not None:
            list(train_in_steps(classifier, features, labels, rows, [length]))
        elif classes is not None:
            classifier.partial_fit(features, labels, classes=np.arange(len(known)))
        else:
            classifier.fit(features, labels, **_routed_groups(classifier, groups))
    if known[-1] >= len(known):
        # for whoever freezes it and uses it in another colorizer
        classifier.codewords_ = known
    return known


def codewords_of(classifier):
    """Codewords of the classes of a fitted classifier."""
    return np.asarray(getattr(classifier, "codewords_", classifier.classes_))


def _routed_groups(classifier, groups):
    """Keyword arguments of `fit` for a classifier that asks for groups, as scikit-learn routes them."""
    if isinstance(classifier, Pipeline):
        name, last = classifier.steps[-1]
        prefix = "" if get_config()["enable_metadata_routing"] else f"{name}__"
        return {f"{prefix}{key}": value for key, value in _routed_groups(last, groups).items()}
    if not hasattr(classifier, "get_metadata_routing"):
        return {}
    asks = get_routing_for_object(classifier).consumes("fit", ["groups"])
    return {"groups": groups} if asks else {}


@contextmanager
def _interruptible():
    """Let Ctrl-C through: scikit-learn's networks swallow it, stay half-trained, and only warn."""
    interrupted = "Training interrupted by user"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=interrupted)
        # older versions say this of the list of classes that partial_fit is given
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
        try:
            yield
        except UserWarning as warning:
            if interrupted in str(warning):
                raise KeyboardInterrupt from warning
            raise
