"""Distance of an image's lightness statistics from those of the training images."""

import warnings

import numpy as np
from sklearn.covariance import LedoitWolf

from .._images.resampling import averaging_matrix, resample
from .._images.working_size import working_shape

# The statistics are those of an image at this working size, so that they depend neither on its own size nor
# on that of the colorizer, and of this number of cells along each side.
_WORKING_SIZE, _CELLS = 128, 32
_QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.98)
# Gradients and standard deviations of lightness in [-1, 1] below this count as noise.
_NOISE = 0.02
# Standard deviation by which each statistic may differ between two grey versions of a photograph: rounding,
# JPEG, or another formula for grey.
_TOLERANCE = np.array([0.1] * 5 + [0.1, 0.05, 0.1, 0.05, 0.03, 0.03, 0.03])
# Smallest number of training images for reference statistics.
MIN_IMAGES = 20
# Number of folds in which the distances of training images from the others are measured; an image is
# unfamiliar if its distance exceeds the largest of these times the margin.
_FOLDS, _MARGIN = 10, 1.2
# Number of images of partial_fit whose statistics are kept.
_MAX_IMAGES = 1000


def lightness_statistics(lightness):
    """Statistics of the lightness and the layout of an image.

    For the means of cells: quantiles, and mean and standard deviation of the log gradient; for the log
    standard deviations within cells: mean and standard deviation; and the covariances of mean, log standard
    deviation and height in the image.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), or LazyLightness
        CIE L*, 0 to 100.

    Returns
    -------
    statistics : ndarray of shape (12,)
    """
    # for an image at its own size, more pixels would only cost time
    every = max(1, int(np.sqrt(lightness.shape[0] * lightness.shape[1])) // (4 * _WORKING_SIZE))
    lightness = lightness[::every, ::every]
    shape = working_shape(lightness.shape, _WORKING_SIZE)
    plane = resample(lambda rows: lightness[rows][None], lightness.shape, shape, 1)[0]
    plane = plane * np.float32(0.02) - np.float32(1)
    down, across = (averaging_matrix(size, min(size, _CELLS)) for size in shape)
    means, squares = (down @ values @ across.T for values in (plane, plane * plane))
    steps = (np.abs(np.diff(means, axis=axis, append=means.take([-1], axis))) for axis in (0, 1))
    gradient = np.log(_NOISE + sum(steps))
    deviation = np.log(_NOISE + np.sqrt(np.maximum(squares - means**2, 0)))
    height = np.broadcast_to(np.linspace(1, -1, len(means))[:, None], means.shape)
    return np.array(
        [
            *np.quantile(means, _QUANTILES),
            gradient.mean(),
            gradient.std(),
            deviation.mean(),
            deviation.std(),
            _covariance(means, height),
            _covariance(deviation, height),
            _covariance(means, deviation),
        ],
        np.float64,
    )


def _covariance(a, b):
    return (a * (b - b.mean())).mean()


def append_images(known, new):
    """Distinct rows of the known and the new images: at most _MAX_IMAGES, or the number of known ones."""
    different = dict.fromkeys(map(tuple, [*known, *new]))
    return np.array(list(different)[: max(_MAX_IMAGES, len(known))])


def reference_statistics(statistics):
    """Mean of the statistics, stacked on a matrix that scales distances: above 1, an image is unfamiliar.

    Parameters
    ----------
    statistics : ndarray of shape (n_images, 12)

    Returns
    -------
    reference : ndarray of shape (13, 12), or None for fewer than MIN_IMAGES images
    """
    n_images = len(statistics)
    if n_images < MIN_IMAGES:
        return None
    fold = np.random.RandomState(0).permutation(n_images) % _FOLDS
    farthest = max(
        unfamiliarity(values, _whitening(statistics[fold != number]))
        for number in range(_FOLDS)
        for values in statistics[fold == number]
    )
    reference = _whitening(statistics)
    reference[1:] /= _MARGIN * max(farthest, 1)
    return reference


def _whitening(statistics):
    """Mean of the statistics, stacked on the matrix that whitens them."""
    mean = statistics.mean(axis=0)
    scale = np.sqrt(statistics.var(axis=0) + _TOLERANCE**2)
    # shrinks the covariance more if there are fewer images
    covariance = LedoitWolf(assume_centered=True).fit((statistics - mean) / scale).covariance_
    covariance[np.diag_indices_from(covariance)] += (_TOLERANCE / scale) ** 2
    whitening = np.linalg.cholesky(np.linalg.inv(covariance))
    return np.concatenate([mean[None], whitening / scale[:, None]])


def unfamiliarity(statistics, reference):
    """Root mean square distance of the statistics of an image from the reference."""
    return float(np.sqrt((((statistics - reference[0]) @ reference[1:]) ** 2).mean()))


def warn_of_unfamiliar(names, stacklevel):
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
