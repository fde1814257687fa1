"""Distance of an image's lightness statistics from those of the training images."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import LedoitWolf

from .._images.resampling import averaging_matrix, resample
from .._images.working_size import working_shape


@dataclass(frozen=True)
class FamiliaritySettings:
    """Settings of the statistics of lightness and of their distances.

    Attributes
    ----------
    working_size, n_cells : int
        The statistics are those of an image at this working size, so that they depend neither on its own size
        nor on that of the colorizer, and of so many cells along each side.
    quantiles : tuple of float
    noise : float
        Gradients and standard deviations of lightness in [-1, 1] below this count as noise.
    tolerances : tuple of float
        Standard deviation by which each statistic may differ between two grey versions of a photograph:
        rounding, JPEG, or another formula for grey.
    min_images : int
        Smallest number of training images for reference statistics.
    n_folds, margin : int, float
        Number of folds in which the distances of training images from the others are measured; an image is
        unfamiliar if its distance exceeds the largest of these times the margin.
    max_images : int
        Number of images of `partial_fit` whose statistics are kept.
    """

    working_size: int = 128
    n_cells: int = 32
    quantiles: tuple[float, ...] = (0.02, 0.25, 0.5, 0.75, 0.98)
    noise: float = 0.02
    tolerances: tuple[float, ...] = (0.1,) * 6 + (0.05, 0.1, 0.05, 0.03, 0.03, 0.03)
    min_images: int = 20
    n_folds: int = 10
    margin: float = 1.2
    max_images: int = 1000


SETTINGS = FamiliaritySettings()


def lightness_statistics(lightness, settings=SETTINGS):
    """Statistics of the lightness and the layout of an image.

    For the means of cells: quantiles, and mean and standard deviation of the log gradient; for the log
    standard deviations within cells: mean and standard deviation; and the covariances of mean, log standard
    deviation and height in the image.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), or LazyLightness
        CIE L*, 0 to 100.
    settings : FamiliaritySettings

    Returns
    -------
    statistics : ndarray of shape (12,)
    """
    # for an image at its own size, more pixels would only cost time
    every = max(1, int(np.sqrt(lightness.shape[0] * lightness.shape[1])) // (4 * settings.working_size))
    lightness = lightness[::every, ::every]
    shape = working_shape(lightness.shape, settings.working_size)
    plane = resample(lambda rows: lightness[rows][None], lightness.shape, shape, 1)[0]
    plane = plane * np.float32(0.02) - np.float32(1)
    down, across = (averaging_matrix(size, min(size, settings.n_cells)) for size in shape)
    means, squares = (down @ values @ across.T for values in (plane, plane * plane))
    steps = (np.abs(np.diff(means, axis=axis, append=means.take([-1], axis))) for axis in (0, 1))
    gradient = np.log(settings.noise + sum(steps))
    deviation = np.log(settings.noise + np.sqrt(np.maximum(squares - means**2, 0)))
    height = np.broadcast_to(np.linspace(1, -1, len(means))[:, None], means.shape)
    return np.array(
        [
            *np.quantile(means, settings.quantiles),
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


def append_images(known, new, settings=SETTINGS):
    """Distinct rows of the known and the new images: at most `max_images`, or the number of known ones."""
    different = dict.fromkeys(map(tuple, [*known, *new]))
    return np.array(list(different)[: max(settings.max_images, len(known))])


def reference_statistics(statistics, settings=SETTINGS):
    """Mean of the statistics, stacked on a matrix that scales distances: above 1, an image is unfamiliar.

    Parameters
    ----------
    statistics : ndarray of shape (n_images, 12)
    settings : FamiliaritySettings

    Returns
    -------
    reference : ndarray of shape (13, 12), or None for fewer than `min_images`
    """
    n_images = len(statistics)
    if n_images < settings.min_images:
        return None
    fold = np.random.RandomState(0).permutation(n_images) % settings.n_folds
    farthest = max(
        unfamiliarity(values, _whitening(statistics[fold != number], settings))
        for number in range(settings.n_folds)
        for values in statistics[fold == number]
    )
    reference = _whitening(statistics, settings)
    reference[1:] /= settings.margin * max(farthest, 1)
    return reference


def _whitening(statistics, settings):
    """Mean of the statistics, stacked on the matrix that whitens them."""
    mean, tolerances = statistics.mean(axis=0), np.array(settings.tolerances)
    scale = np.sqrt(statistics.var(axis=0) + tolerances**2)
    # shrinks the covariance more if there are fewer images
    covariance = LedoitWolf(assume_centered=True).fit((statistics - mean) / scale).covariance_
    covariance[np.diag_indices_from(covariance)] += (tolerances / scale) ** 2
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
