"""EmulsionSimulator: colour photographs as an old film would have recorded them."""

import numbers
from collections.abc import Sized
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from .._images.batch import check_batch, iter_batch, load_image
from .._images.border import without_border
from .._images.color import lightness_to_gray, output_dtype
from .._images.working_size import WORKING_SIZE, working_shape
from .._utils.estimator import BaseEstimator, EstimatorMixin, TransformerMixin, fit_context
from .._utils.progress import report
from .._utils.threads import plain_context
from .._utils.types import AnyArray, FloatArray, ImageBatch, RandomState
from .recording import KINDS, SENSITIVITIES, Film, record, weights_between
from .search import EmulsionSettings, Point, find_film
from .statistics import Bands, GrayStatistics, SimulatedStatistics, linear_cells, middle_strip

_NUMBERS = ("gamma", "fading", "shadow_share", "blur", "grain", "grain_size")
# Working size of the search if images are not resized.
_DEFAULT_SIZE = 384


class EmulsionSimulator(EstimatorMixin, TransformerMixin, BaseEstimator):
    """Simulate what an old film would have recorded of colour photographs, and what time did to it.

    Old films saw other colours than the eye: plates before about 1880 only blue, so that the sky is white,
    and orthochromatic ones nearly no red, so that lips and roofs are dark. Pictures have faded since, they
    are less sharp than today's and grainy. A colorizer that is trained on colour photographs as such a film
    would have recorded them is right for old photographs.

    A picture is made in this order: the weighted sum of linear R, G and B (`sensitivity`); its sRGB value,
    the tone; blur; a power of the tone (`gamma`); loss of black and white (`fading`); grain.

    Parameters
    ----------
    sensitivity : str, array-like of shape (3,) or pair of these, default="panchromatic"
        Spectral sensitivity, as weights of linear R, G and B. "panchromatic" is the CIE luminance,
        "orthochromatic" (0.05, 0.45, 0.5), "blue-sensitive" (0, 0.1, 0.9). From a pair, each image gets
        weights between them.
    gamma : float or pair, default=1.0
        Exponent of the tones; more than 1 is darker. Here and below, from a pair (low, high) each image gets
        its own number.
    fading : float or pair, default=0.0
        Share of the range of tones that has been lost, from 0 to below 1.
    shadow_share : float or pair, default=0.5
        Share of the fading by which black is lighter; by the rest white is darker.
    blur : float or pair, default=0.0
        Standard deviation of a Gaussian, in pixels of the working size.
    grain : float or pair, default=0.0
        Standard deviation of the grain at the working size, where black is 0 and white is 1.
    grain_size : float or pair, default=0.7
        Standard deviation of the Gaussian through which noise becomes grain, in pixels of the working size.
    working_size : int or None, default=384
        Lengths are in pixels of an image with an area of working_size x working_size pixels, so that they
        mean the same for a scan of any size. None: in pixels of each image. A :class:`~nncolor.SOMColorizer`
        uses its own working size.
    random_state : int, RandomState instance or None, default=None
        Seed of grain, and of the numbers that are drawn from pairs. Pass an int for the same pictures on
        every call.
    verbose : int, default=0
        If positive, `fit` says what it found.

    Attributes
    ----------
    sensitivity_ : ndarray of shape (3,) or (2, 3)
        Found weights of linear R, G and B, or a pair of them.
    gamma_, fading_, shadow_share_, blur_, grain_, grain_size_ : float or tuple (low, high)
        Found values; those of the parameters where the photographs do not tell.

    See Also
    --------
    SOMColorizer : Its `fit(X, gray=...)` fits a simulator to the grey photographs that are to be coloured.
    nncolor.plotting.EmulsionDisplay : Display of a photograph, its simulation, and an old photograph.

    Notes
    -----
    The parameters are those with the largest likelihood of the mean of some statistics of the
    grey photographs, given those of the colour photographs as the film would have recorded them: 38 of the
    ranks of tones within each image, which no tone curve changes and which tell the sensitivity; quantiles of
    the tones; and the power of smooth and rough parts at several frequencies. A parameter that does not raise
    the likelihood enough keeps its value; an uncertain one becomes a pair. Photographs of other subjects must
    give much more evidence.

    `transform` makes grain of pixels of the working size, enlarged for larger images.

    Examples
    --------
    >>> from nncolor import EmulsionSimulator
    >>> from nncolor.datasets import load_sample_photos
    >>> photos = load_sample_photos().images
    >>> old = EmulsionSimulator("orthochromatic", fading=0.3, grain=0.03, random_state=0).transform(photos)
    >>> photos[0].shape, old[0].shape, old[0].dtype
    ((427, 640, 3), (427, 640), dtype('uint8'))
    """

    _parameter_constraints = {
        "sensitivity": [StrOptions(set(SENSITIVITIES)), "array-like"],
        **{name: [Interval(numbers.Real, 0, None, closed="left"), "array-like"] for name in _NUMBERS},
        "working_size": WORKING_SIZE,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    sensitivity: Any
    gamma: Any
    fading: Any
    shadow_share: Any
    blur: Any
    grain: Any
    grain_size: Any
    working_size: int | None
    random_state: RandomState
    verbose: int
    sensitivity_: FloatArray
    gamma_: float | tuple[float, float]
    fading_: float | tuple[float, float]
    shadow_share_: float | tuple[float, float]
    blur_: float | tuple[float, float]
    grain_: float | tuple[float, float]
    grain_size_: float | tuple[float, float]
    # benchmarks and tests use others
    search_settings = EmulsionSettings()

    def __init__(
        self,
        sensitivity: Any = "panchromatic",
        *,
        gamma: Any = 1.0,
        fading: Any = 0.0,
        shadow_share: Any = 0.5,
        blur: Any = 0.0,
        grain: Any = 0.0,
        grain_size: Any = 0.7,
        working_size: int | None = 384,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.sensitivity = sensitivity
        self.gamma = gamma
        self.fading = fading
        self.shadow_share = shadow_share
        self.blur = blur
        self.grain = grain
        self.grain_size = grain_size
        self.working_size = working_size
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, gray_images: ImageBatch, images: ImageBatch) -> "EmulsionSimulator":
        """Find the film of grey photographs.

        Parameters
        ----------
        gray_images : batch of images
            Old photographs, grey or toned, whose lightness is used; twenty tell much, five most. A uniform
            border, such as a mount, is left out.
        images : batch of colour images
            Photographs of similar subjects in colour, such as those that a colorizer is trained on.

        Returns
        -------
        self : EmulsionSimulator
            The estimator itself.

        Raises
        ------
        ValueError
            If a batch is empty or holds an image that is not valid, or a colour image is grey.
        OSError
            If a file cannot be read; the message names it.
        """
        given, settings = self._given(), self.search_settings
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        with plain_context():
            found = self._find(gray_images, images, given, settings, rng)
        self._set_found(found)
        report(f"[EmulsionSimulator] {self._in_words()}", self.verbose)
        return self

    def transform(self, images: ImageBatch) -> list[AnyArray]:
        """Grey pictures of colour images, as the film would have recorded them.

        Before `fit`, the film is that of the parameters.

        Parameters
        ----------
        images : batch of colour images
            Photographs in colour.

        Returns
        -------
        pictures : list of ndarray of shape (H, W)
            Of the size and dtype of the images (float32 for float16, uint8 for bool).

        Raises
        ------
        ValueError
            If an image is grey or not valid.
        OSError
            If a file cannot be read; the message names it.
        """
        self._validate_params()
        random_state, pictures = check_random_state(self.random_state), []
        for position, item in iter_batch(images):
            image = load_image(position, item, color=True)
            rng = np.random.default_rng(random_state.randint(2**31))
            lightness = record(image, self._draw(rng), self.working_size, image.shape[:2], rng)
            pictures.append(np.ascontiguousarray(lightness_to_gray(lightness, output_dtype(image.dtype))))
        return pictures

    def record(self, image: AnyArray, working_size: int | None, rng: np.random.Generator) -> FloatArray:
        """Lightness of one image as the film would have recorded it, at a working size.

        Parameters
        ----------
        image : ndarray of shape (H, W, 3 or 4)
            A valid colour image.
        working_size : int or None
            In place of the parameter.
        rng : numpy.random.Generator
            For grain, and for the numbers that are drawn from pairs.

        Returns
        -------
        lightness : ndarray of shape (h, w), float32
            CIE L*, 0 to 100.
        """
        height, width = image.shape[:2]
        shape = working_shape((height, width), working_size)
        return record(image, self._draw(rng), working_size, shape, rng)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "sensitivity_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def _value(self, name):
        """Fitted value of a parameter, or its own."""
        return getattr(self, f"{name}_", getattr(self, name))

    def _draw(self, rng):
        """Film of one image."""
        low, high = _pair_of_weights(self._value("sensitivity"))
        # one number for all three weights
        weights = low + (high - low) * rng.random()
        values = {}
        for name in _NUMBERS:
            first, last = _pair(self._value(name), name)
            values[name] = first if first == last else float(rng.uniform(first, last))
        return _film(weights, values)

    def _given(self):
        """Point of the parameters; the middle of pairs."""
        film = _middle(partial(getattr, self))
        return Point(_kind_of(film.weights), film)

    def _find(self, gray_images, images, given, settings, rng):
        working_size = self.working_size or _DEFAULT_SIZE
        gray_images, images = _sized(gray_images), _sized(images)
        gray = [
            (linear_cells(image), middle_strip(image, working_size), image.shape)
            for _, image in _evenly(gray_images, settings.max_gray, "gray image")
        ]
        with_strip = set(_spread(min(len(images), settings.max_layout), settings.max_spectrum))
        colors = [
            (
                linear_cells(image),
                middle_strip(image, working_size) if index in with_strip else None,
                image.shape,
            )
            for index, image in _evenly(images, settings.max_layout, "image", color=True)
        ]
        sizes = [np.median([np.sqrt(shape[0] * shape[1]) for _, _, shape in part]) for part in (gray, colors)]
        bands = Bands(min(sizes), working_size)
        of_gray = GrayStatistics([part[:2] for part in gray], bands)
        is_line = given.kind is not None
        # other weights than those between the three kinds of film are kept
        weights_of = weights_between if is_line else lambda kind: given.film.weights
        given = given if is_line else Point(0.0, given.film)
        of_colors = SimulatedStatistics([part[:2] for part in colors], bands, working_size, rng, weights_of)
        return find_film(of_gray, of_colors, given, searches_kind=is_line, settings=settings)

    def _set_found(self, found):
        weights = _pair_of_weights(self.sensitivity)
        if "kind" in found:
            weights = tuple(weights_between(kind) for kind in _as_pair(found["kind"]))
        self.sensitivity_ = weights[0] if np.array_equal(*weights) else np.stack(weights)
        values = {name: _pair(getattr(self, name), name) for name in _NUMBERS}
        values |= {name: _as_pair(value) for name, value in found.items() if name in _NUMBERS}
        if "black" in found or "white" in found:
            given = self._given().film
            black, white = (_as_pair(found.get(name, getattr(given, name))) for name in ("black", "white"))
            values["fading"] = black[0] + 1 - white[1], black[1] + 1 - white[0]
            middle = np.mean(black) + 1 - np.mean(white)
            # rounding may exceed 1
            values["shadow_share"] = (min(1.0, np.mean(black) / middle) if middle > 0 else 0.5,) * 2
        for name, (low, high) in values.items():
            setattr(self, f"{name}_", float(low) if low == high else (float(low), float(high)))

    def _in_words(self):
        """What was found, in a sentence."""
        parts = [_name_of(*map(_kind_of, _pair_of_weights(self.sensitivity_)))]
        film = _middle(self._value)
        if np.mean(_pair(self.gamma_, "gamma")) != 1:
            parts.append(f"gamma {_text(self.gamma_)}")
        if film.black > 0 or film.white < 1:
            parts.append(f"tones from {film.black:.0%} to {film.white:.0%} of white")
        if np.any(self.blur_):
            parts.append(f"blur of {_text(self.blur_)} pixels")
        if np.any(self.grain_):
            parts.append(f"grain of {_text(self.grain_)}")
        if parts == ["panchromatic"]:
            return "The grey photographs are like the colour photographs: nothing is simulated."
        return f"The grey photographs look like this film: {', '.join(parts)}."


def _middle(value_of):
    """Film in the middle of the pairs of parameters, given their values by name."""
    low, high = _pair_of_weights(value_of("sensitivity"))
    return _film((low + high) / 2, {name: float(np.mean(_pair(value_of(name), name))) for name in _NUMBERS})


def _film(weights, values):
    fading, share = values["fading"], values["shadow_share"]
    others = {name: values[name] for name in ("gamma", "blur", "grain", "grain_size")}
    return Film(weights, black=fading * share, white=1 - fading * (1 - share), **others)


def _as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def _pair(value, name):
    """(low, high) of a parameter that is a number or a pair."""
    pair = (value, value) if isinstance(value, numbers.Real) else tuple(value)
    highest = {"fading": 0.99, "shadow_share": 1}.get(name, np.inf)
    is_valid = len(pair) == 2 and all(isinstance(item, numbers.Real) for item in pair)
    if not (is_valid and 0 <= pair[0] <= pair[1] <= highest):
        limits = f" from 0 to {highest:g}" if np.isfinite(highest) else ", at least 0"
        raise ValueError(
            f"{name}={value!r} is neither a number{limits}, nor a pair (low, high) of such numbers."
        )
    return float(pair[0]), float(pair[1])


def _pair_of_weights(sensitivity):
    """Two arrays of weights, with a sum of 1, of a sensitivity or a pair of them."""
    items = [sensitivity] * 2 if _is_single(sensitivity) else list(sensitivity)
    if len(items) != 2:
        raise ValueError(_wrong_sensitivity(sensitivity))
    return tuple(_weights(item, sensitivity) for item in items)


def _is_single(sensitivity):
    return isinstance(sensitivity, str) or _is_triple(sensitivity)


def _is_triple(item):
    return np.shape(item) == (3,) and np.asarray(item).dtype.kind in "uif"


def _weights(item, sensitivity):
    if isinstance(item, str) and item in SENSITIVITIES:
        return SENSITIVITIES[item]
    if not _is_triple(item):
        raise ValueError(_wrong_sensitivity(sensitivity))
    weights = np.asarray(item, float)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise ValueError(_wrong_sensitivity(sensitivity))
    return weights / weights.sum()


def _wrong_sensitivity(sensitivity):
    names = ", ".join(map(repr, SENSITIVITIES))
    return (
        f"sensitivity={sensitivity!r} is none of {names}, three weights of R, G and B that are not negative, "
        "or a pair of these."
    )


def _kind_of(weights):
    """Number from 0 to 2 of weights between the three kinds of film; None for other weights."""
    for first in (0, 1):
        step = KINDS[first + 1] - KINDS[first]
        share = float((weights - KINDS[first]) @ step / (step @ step))
        if -1e-6 <= share <= 1 + 1e-6 and np.allclose(KINDS[first] + share * step, weights, atol=1e-3):
            return first + min(max(share, 0.0), 1.0)
    return None


def _name_of(low, high):
    """Names of the kinds of film nearest to the ends of a range."""
    if low is None or high is None:
        return "sensitivity as given"
    names = list(SENSITIVITIES)
    first, last = names[round(low)], names[round(high)]
    return first if first == last else f"{first} to {last}"


def _text(value):
    low, high = _as_pair(value)
    return f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"


def _spread(n_items, n_wanted):
    """Indices of at most n_wanted of the items, evenly spread."""
    return np.unique(np.linspace(0, n_items - 1, min(n_wanted, n_items)).round().astype(int)).tolist()


def _sized(images):
    """A batch whose length is known."""
    check_batch(images)
    return images if isinstance(images, Sized) else list(images)


def _evenly(images, most, name, color=False):
    """Read at most so many images of a batch, evenly spread, without their borders: (index, image)."""
    chosen = {position: index for index, position in enumerate(_spread(len(images), most))}
    for position, item in iter_batch(images):
        if position in chosen:
            image = load_image(f"{name} {position}", item, color=color)
            yield chosen[position], image[without_border(image)]
