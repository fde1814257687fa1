"""Kriging: interpolation of residuals at a few pixels to all others (Gaussian process)."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

# docs/benchmarks/sensitivity.py measures other values of most of these constants.
# Lengths over which residuals are similar: in the plane, as a share of the longer side; in lightness, as a
# share of white; between distributions of codewords, as their Hellinger distance (0 to sqrt(2)).
_PLANE_LENGTH, _LIGHTNESS_LENGTH, _CODEWORD_LENGTH = 1.0, 0.3, 0.5
# Variance of the noise of a residual, as a share of its variance, and a constant that is added to the
# standard deviation of the prediction, in u*, v*.
_NOISE, _MIN_DEVIATION = 0.1, 5.0
# Largest number of hints; more are thinned out, because the cost grows with the square of their number.
_MAX_HINTS = 256
# Pixels whose residual is computed at a time.
_CHUNK = 1 << 14


def similarity_features(lightness, probabilities):
    """Features of pixels whose Euclidean distance measures the similarity of their residuals.

    Parameters
    ----------
    lightness : ndarray of shape (h, w)
        CIE L*, 0 to 100.
    probabilities : ndarray of shape (h, w, n_codes)
        Of the codewords.

    Returns
    -------
    features : ndarray of shape (h * w, n_features)
        Pixels at a distance of about 1 are similar.
    """
    rows, columns = np.indices(lightness.shape, np.float32) / (max(lightness.shape) * _PLANE_LENGTH)
    position = np.stack([rows, columns, lightness / (100 * _LIGHTNESS_LENGTH)], axis=-1)
    features = np.concatenate([position, np.sqrt(probabilities) / _CODEWORD_LENGTH], axis=-1)
    return features.reshape(lightness.size, -1)


def krige(features, deviation, indices, residuals):
    """Posterior mean of the residuals of all pixels, given those of a few (Gaussian process).

    Parameters
    ----------
    features : ndarray of shape (n_pixels, n_features)
        See `similarity_features`.
    deviation : ndarray of n_pixels elements
        Standard deviation of the prediction, in units of u*, v*: residuals are in proportion to it.
    indices : ndarray of shape (n_hints,), int
    residuals : ndarray of shape (n_hints, 2)

    Returns
    -------
    mean : ndarray of shape (n_pixels, 2)

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 2.25.
    """
    if len(indices) > _MAX_HINTS:
        chosen = np.linspace(0, len(indices) - 1, _MAX_HINTS).astype(np.intp)
        indices, residuals = indices[chosen], residuals[chosen]
    deviation = deviation.reshape(-1, 1) + _MIN_DEVIATION
    process = GaussianProcessRegressor(RBF(1.0), alpha=_NOISE, optimizer=None)
    process.fit(features[indices], residuals / deviation[indices])
    mean = np.empty((len(features), 2))
    for start in range(0, len(features), _CHUNK):
        mean[start : start + _CHUNK] = process.predict(features[start : start + _CHUNK])
    return mean * deviation
