"""Tint: the overall colour of a photograph, or of its halves, as features for a classifier and as a shift."""

import numbers
import os
import warnings
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, repeat

import numpy as np
import PIL.Image
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from .._codebook.quantizer import SOMQuantizer
from .._images.batch import is_path, load_image
from .._images.color import lightness_chroma, named_color, parse_color
from .._images.working_size import working_lightness_chroma
from .._utils.threads import plain_context
from .settings import TintSettings

# Number of features of a tint.
N_TINT_FEATURES = 3
# Chroma for which a feature is 1.
_SCALE = 5
# Working size of reference photographs if the colorizer has none.
_WORKING_SIZE = 384
# No sRGB colour has a larger u* or v*.
_LARGEST = 180
SETTINGS = TintSettings()


def tint_features(tints):
    """Features of tints: whether there is one, and its u*, v*.

    Parameters
    ----------
    tints : ndarray of shape (..., 2), or None for no tint

    Returns
    -------
    features : ndarray of shape (..., 3), float32
    """
    if tints is None:
        return np.zeros(N_TINT_FEATURES, np.float32)
    ones = np.ones((*tints.shape[:-1], 1))
    return np.concatenate([ones, tints / _SCALE], axis=-1).astype(np.float32)


def row_heights(start, stop, n_rows):
    """Heights in [0, 1] of the middles of some rows of an image, 0 at its upper edge."""
    return (np.arange(start, stop) + 0.5) / n_rows


class TintShift:
    """Shift of the chroma of an image to a tint that was asked for.

    The mean chroma becomes the tint, or those of the upper and the lower half become those of a pair, with a
    transition between them. The shift is in proportion to the chroma that a lightness can have.

    Parameters
    ----------
    chroma : ndarray of shape (2, h, w)
        Predicted chroma of pixels that are evenly spread over the image.
    lightness : ndarray of shape (h, w)
    tint : ndarray of shape (2,) or (2, 2)
    settings : TintSettings
    """

    def __init__(self, chroma, lightness, tint, settings):
        self.settings = settings
        height = len(lightness)
        self.is_pair = tint.ndim == 2 and height > 1
        wanted = tint if self.is_pair else np.atleast_2d(tint).mean(axis=0, keepdims=True)
        halves = np.array_split(np.arange(height), len(wanted))
        amounts = self._amounts(lightness, row_heights(0, height, height))
        matrix = [[amount[rows].mean(dtype=np.float64) for amount in amounts] for rows in halves]
        missing = wanted - [chroma[:, rows].mean(axis=(1, 2), dtype=np.float64) for rows in halves]
        self.shifts = np.linalg.solve(matrix, missing).astype(np.float32)

    def _amounts(self, lightness, heights):
        """Amounts of the shifts of both halves, or of the whole image, for rows at heights in [0, 1]."""
        settings = self.settings
        amount = np.minimum(lightness, 100 - np.float32(settings.light) * lightness) + np.float32(
            settings.base
        )
        if not self.is_pair:
            return [amount]
        lower = np.clip((heights - 0.5) / settings.transition + 0.5, 0, 1).astype(np.float32)[:, None]
        return [amount * (1 - lower), amount * lower]

    def apply(self, chroma, lightness, heights):
        """Shift a chroma (2, h, w) of a lightness (h, w), in place; `heights` of its rows are in [0, 1]."""
        for amount, shift in zip(self._amounts(lightness, heights), self.shifts, strict=True):
            chroma += shift[:, None, None] * amount
        return chroma


def half_tints(chroma):
    """Tints (2, 2) of the upper and the lower half of a chroma of shape (2, h, w)."""
    halves = np.array_split(chroma, min(2, chroma.shape[1]), axis=1)
    return np.stack([half.mean(axis=(1, 2), dtype=np.float64) for half in (halves[0], halves[-1])])


def spread(tints, settings):
    """Tints (n, 2, 2) of the alternatives of an image, moved away from their mean if they are much alike.

    Training photographs with similar tints teach the network to follow no others: without it, nobody could
    tell the alternatives apart.
    """
    mean = tints.mean(axis=0)
    offsets = (tints - mean).mean(axis=1, keepdims=True)
    distance = max(np.sqrt((offsets**2).sum(axis=-1).mean()), 1e-6)
    factor = np.clip(settings.least_distance / distance, 1, settings.most_spread)
    return tints + offsets * (factor - 1)


def append_tints(features, tints, share, random_state):
    """Append the features of tints, set for a share of the pixels, drawn at random, and 0 for the others.

    Parameters
    ----------
    features : ndarray of shape (n, n_features)
    tints : ndarray of shape (n, 2)
        Tint of the image of each pixel.
    share : float in [0, 1)
    random_state : RandomState

    Returns
    -------
    features : ndarray of shape (n, n_features + 3)
    """
    columns = tint_features(tints)
    columns[random_state.random_sample(len(columns)) >= share] = tint_features(None)
    return np.concatenate([features, columns], axis=1)


def typical_tints(tints, n_tints, settings):
    """Centres of clusters of tints, in the order of a map.

    Parameters
    ----------
    tints : ndarray of shape (n, 2)
    n_tints : int
    settings : TintSettings

    Returns
    -------
    typical : ndarray of shape (n_tints, 2)
        Row by row of a map of `map_shape(n_tints)`; each is the mean of a cluster.
    """
    n_distinct = len(np.unique(tints, axis=0))
    if n_tints > n_distinct:
        raise ValueError(
            f"There are fewer than {n_tints} typical tints: the training images have {n_distinct} different "
            "ones. Use fewer, or train with more images."
        )
    if n_tints == 1:
        return tints.mean(axis=0, keepdims=True)
    return _cluster_centers(
        np.ascontiguousarray(tints, np.float64).tobytes(), n_tints, settings.n_iter
    ).copy()


# cached, because it is needed again for every image of a collection
@lru_cache(maxsize=16)
@plain_context()
def _cluster_centers(tints, n_tints, n_iter):
    """Centres of clusters of tints, given as the bytes of float64, in the order of a map."""
    tints = np.frombuffer(tints).reshape(-1, 2)
    layout = SOMQuantizer(map_shape(n_tints), n_iter=n_iter, random_state=0).fit(tints)
    return KMeans(n_tints, init=layout.codebook_, n_init=1, random_state=0).fit(tints).cluster_centers_


def map_shape(n):
    """Rows and columns of the map of n alternatives: as square as possible with complete rows."""
    n_rows = max(rows for rows in range(1, int(np.sqrt(n)) + 1) if n % rows == 0)
    return n_rows, n // n_rows


def check_has_tint(model):
    """Raise if a model was trained without tint."""
    if not model.has_tint:
        raise ValueError(
            "This colorizer was trained without tint: with tint_share=0, on a single image, or with a "
            "frozen classifier trained without it. Fit it on several images with tint_share=0.5."
        )


def tints_of_images(tint, model, n_images, stacklevel):
    """Tints of the images of a batch; a warning, at the user's line, names those far from all training tints.

    Parameters
    ----------
    tint : tint, or sequence of one for each image
    model : Model
    n_images : int or None
        None if it is not known.
    stacklevel : int

    Returns
    -------
    tints : iterable of ndarray of shape (2,) or (2, 2), or None
        Of a known length if `n_images` is known.
    """
    tints = parse_tints(tint, n_images, model.working_size)
    _check_tints(islice(tints, n_images or 1), model, stacklevel + 1)
    return tints if n_images is None else list(islice(tints, n_images))


def tint_of_image(tint, model, stacklevel):
    """The same for a single image and its tint."""
    tint = parse_tint(tint, model.working_size)
    _check_tints([tint], model, stacklevel + 1)
    return tint


def _check_tints(tints, model, stacklevel):
    given = [mean_of_halves(tint) for tint in tints if tint is not None]
    if given:
        check_has_tint(model)
        _warn_of_far_tints(unlike_tints(given, model.tints), stacklevel + 1)


def mean_of_halves(tint):
    """Mean tint (2,) of a tint of shape (2,) or (2, 2)."""
    return np.atleast_2d(tint).mean(axis=0)


def _warn_of_far_tints(tints, stacklevel):
    if len(tints):
        pairs = ", ".join(f"({u:.0f}, {v:.0f})" for u, v in tints)
        warnings.warn(
            f"The tint (u*, v*) = {pairs} is far from those of the training images. Do not rely on the "
            "colours; typical_tints() gives typical tints of the training images.",
            UserWarning,
            stacklevel=stacklevel,
        )


def mean_tint(images, working_size):
    """Mean tint (2,) of colour images."""
    return np.mean([mean_of_halves(parse_tint(image, working_size)) for image in images], axis=0)


@plain_context()
def unlike_tints(tints, training_tints, settings=SETTINGS):
    """Select the tints that are far from all tints of the training images.

    Parameters
    ----------
    tints : list of ndarray of shape (2,)
    training_tints : ndarray of shape (n_images, 2)
    settings : TintSettings

    Returns
    -------
    unlike : ndarray of shape (n, 2)
    """
    tints = np.unique(tints, axis=0)
    neighbors = NearestNeighbors(n_neighbors=1).fit(training_tints)
    typical = np.quantile(neighbors.kneighbors()[0], 0.95) if len(training_tints) > 1 else 0
    limit = max(settings.far_margin * typical, settings.far_distance)
    return tints[neighbors.kneighbors(tints)[0][:, 0] > limit]


def parse_tints(tint, n_images, working_size):
    """Parse the `tint` of `SOMColorizer.predict`: tints of the images of a batch.

    Parameters
    ----------
    tint : tint, or sequence of one for each image
    n_images : int or None
        None if it is not known; then there can only be one tint for all.
    working_size : int or None
        Working size of reference photographs.

    Returns
    -------
    tints : iterable of ndarray of shape (2,) or (2, 2), or None
    """
    if isinstance(tint, Iterator):
        tint = list(tint)
    if _is_single(tint):
        return repeat(parse_tint(tint, working_size))
    if n_images is None:
        raise ValueError(
            "Tints for each image need a batch whose length is known. Pass the images as a list."
        )
    if len(tint) != n_images:
        raise ValueError(
            f"There are {len(tint)} tints for {n_images} images. Pass one for each image, or a single one "
            "for all of them."
        )
    return [parse_tint(item, working_size, f"tint {number}") for number, item in enumerate(tint)]


def _is_single(tint):
    if tint is None or is_path(tint) or isinstance(tint, PIL.Image.Image):
        return True
    if isinstance(tint, tuple) and len(tint) == 2:
        # numbers, or the tints of both halves
        return True
    if isinstance(tint, (list, tuple)):
        return len(tint) > 0 and all(isinstance(value, numbers.Real) for value in tint)
    array = np.asarray(tint)
    if array.ndim == 1:
        return array.dtype.kind not in "OU"
    # an array of pairs, of RGB triples or of images is a sequence of tints; any other is an image
    return array.ndim == 0 or (array.ndim < 4 and array.shape[1:] not in ((2,), (3,)))


def parse_tint(tint, working_size, where="the tint"):
    """Check a tint and convert it to u*, v*.

    Parameters
    ----------
    tint : None, pair (u*, v*), colour, reference photograph, or a pair of these for both halves
        A colour is what `parse_color` takes.
    working_size : int or None
    where : str
        Name of the tint in messages.

    Returns
    -------
    tint : ndarray of shape (2,), or (2, 2) for the upper and the lower half, or None for None
    """
    if tint is None:
        return None
    if _is_pair(tint):
        halves = [parse_tint(half, working_size, f"{where}, half {index}") for index, half in enumerate(tint)]
        # of a photograph, its own half
        return np.stack([half if half.ndim == 1 else half[index] for index, half in enumerate(halves)])
    if isinstance(tint, str):
        rgb = named_color(tint)
        if rgb is not None:
            return _chroma_of(rgb)
        if not os.path.exists(tint):
            raise ValueError(
                f"{where}: {tint!r} is neither the name of a CSS colour nor '#rrggbb', and there is no file "
                "of that name. A relative path starts at the current folder."
            )
    n_axes = None if is_path(tint) or isinstance(tint, PIL.Image.Image) else np.ndim(tint)
    if n_axes == 0:
        raise ValueError(
            f"{where}: {tint!r} is a single value. Pass a pair (u*, v*), such as typical_tints(4)[2] for the "
            "alternative with the number 2."
        )
    if n_axes == 1:
        return _parse_numbers(tint, where)
    image = load_image(where, tint, color=True)
    size = _WORKING_SIZE if working_size is None else working_size
    return half_tints(np.moveaxis(working_lightness_chroma(image, size)[1], -1, 0))


def _is_pair(tint):
    """Whether a tint consists of two, of the upper and the lower half."""
    if isinstance(tint, np.ndarray):
        return tint.shape in ((2, 2), (2, 3))
    if not isinstance(tint, (list, tuple)) or len(tint) != 2:
        return False
    return not any(half is None or isinstance(half, numbers.Real) for half in tint)


def _parse_numbers(tint, where):
    values = np.asarray(tint)
    if values.shape == (3,):
        return _chroma_of(parse_color(values, where))
    is_pair = values.shape == (2,) and values.dtype.kind in "uif"
    if is_pair and np.isfinite(values).all() and np.abs(values).max() <= _LARGEST:
        return values.astype(np.float64)
    raise ValueError(
        f"{where}: {tint!r} is neither a pair (u*, v*) of numbers from {-_LARGEST} to {_LARGEST}, nor an RGB "
        "triple."
    )


def _chroma_of(rgb):
    return lightness_chroma(np.asarray(rgb, np.float32).reshape(1, 1, 3))[1][0, 0].astype(np.float64)
