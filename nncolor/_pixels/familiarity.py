"""Distance of an image's lightness statistics from those of the training images."""

import numpy as np
from sklearn.covariance import LedoitWolf

from .._images.resampling import averaging_matrix

# Statistics are computed from at most so many rows and columns of an image.
_SAMPLED = 128
# Cells along each side of an image whose means describe its layout.
_CELLS = 16
_QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.98)
# Reference statistics need at least so many training images.
MIN_IMAGES = 20
# An image is unfamiliar beyond so many times the root mean square distance of the training images.
# About one in forty held-out photographs of a class is.
UNFAMILIAR = 1.75
# Number of images of partial_fit whose statistics are kept.
_MAX_IMAGES = 1000


def lightness_statistics(lightness):
    """Numbers that describe the lightness and the layout of an image.

    Quantiles of lightness; mean and standard deviation of the log gradient; the finest gradient; and the
    covariances of lightness, log gradient and height in the image.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), or LazyLightness
        CIE L*, 0 to 100.

    Returns
    -------
    statistics : ndarray of shape (12,)
    """
    shape = lightness.shape
    rows, columns = (np.arange(0, size, -(-size // _SAMPLED)) for size in shape)
    here, below, beside = (
        lightness[np.minimum(rows + down, shape[0] - 1)[:, None], np.minimum(columns + across, shape[1] - 1)]
        * np.float32(0.02)
        - np.float32(1)
        for down, across in [(0, 0), (1, 0), (0, 1)]
    )
    vertical, horizontal = np.abs(below - here), np.abs(beside - here)
    log_gradient = np.log(np.float32(1e-3) + vertical + horizontal)
    down, across = (averaging_matrix(size, min(size, _CELLS)) for size in here.shape)
    means, gradient = (down @ plane @ across.T for plane in (here, log_gradient))
    height = np.broadcast_to(np.linspace(1, -1, len(means))[:, None], means.shape)
    return np.array(
        [
            *np.quantile(here, _QUANTILES),
            gradient.mean(),
            gradient.std(),
            _covariance(means, height),
            _covariance(gradient, height),
            _covariance(means, gradient),
            np.abs(np.diff(means, axis=0)).sum() / means.size,
            np.log(1e-3 + vertical.mean()),
        ]
    )


def _covariance(a, b):
    return ((a - a.mean()) * (b - b.mean())).mean()


def append_statistics(known, new):
    """Statistics of all different images of both, at most _MAX_IMAGES unless more are known."""
    different = dict.fromkeys(map(tuple, [*known, *new]))
    return np.array(list(different)[: max(_MAX_IMAGES, len(known))])


def reference_statistics(statistics):
    """Mean of the statistics of images, stacked on the matrix that whitens them.

    Parameters
    ----------
    statistics : ndarray of shape (n_images, 12)

    Returns
    -------
    reference : ndarray of shape (13, 12), or None for fewer than MIN_IMAGES images
    """
    if len(statistics) < MIN_IMAGES:
        return None
    deviation = statistics.std(axis=0) + 1e-3
    mean = statistics.mean(axis=0)
    # shrinks the covariance as far as the number of images demands
    precision = LedoitWolf(assume_centered=True).fit((statistics - mean) / deviation).precision_
    return np.concatenate([mean[None], np.linalg.cholesky(precision) / deviation[:, None]])


def unfamiliarity(statistics, reference):
    """Root mean square distance of the statistics of an image from the reference; 1 is average."""
    return float(np.sqrt((((statistics - reference[0]) @ reference[1:]) ** 2).mean()))
