"""Kriging: interpolation of residuals at a few pixels to all others (Gaussian process)."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

# Pixels whose residual is computed at a time.
_CHUNK = 1 << 14


def similarity_features(lightness, probabilities, settings):
    """Features of pixels whose Euclidean distance measures the similarity of their residuals.

    Parameters
    ----------
    lightness : ndarray of shape (h, w)
        CIE L*, 0 to 100.
    probabilities : ndarray of shape (h, w, n_codes)
        Of the codewords.
    settings : HintSettings

    Returns
    -------
    features : ndarray of shape (h * w, n_features)
        Pixels at a distance of about 1 are similar.
    """
    rows, columns = np.indices(lightness.shape, np.float32) / (max(lightness.shape) * settings.plane_length)
    position = np.stack([rows, columns, lightness / (100 * settings.lightness_length)], axis=-1)
    features = np.concatenate([position, np.sqrt(probabilities) / settings.codeword_length], axis=-1)
    return features.reshape(lightness.size, -1)


def krige(features, deviation, indices, residuals, settings):
    """Posterior mean of the residuals of all pixels, given those of a few (Gaussian process).

    Parameters
    ----------
    features : ndarray of shape (n_pixels, n_features)
        See `similarity_features`.
    deviation : ndarray of n_pixels elements
        Standard deviation of the prediction, in units of u*, v*: residuals are in proportion to it.
    indices : ndarray of shape (n_hints,), int
    residuals : ndarray of shape (n_hints, 2)
    settings : HintSettings

    Returns
    -------
    mean : ndarray of shape (n_pixels, 2)

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 2.25.
    """
    n_hints = len(indices)
    chosen = np.linspace(0, n_hints - 1, min(n_hints, settings.max_kriged)).astype(np.intp)
    indices, residuals = indices[chosen], residuals[chosen]
    deviation = deviation.reshape(-1, 1) + settings.min_deviation
    process = GaussianProcessRegressor(RBF(1.0), alpha=settings.noise, optimizer=None)
    process.fit(features[indices], residuals / deviation[indices])
    mean = np.empty((len(features), 2))
    for start in range(0, len(features), _CHUNK):
        mean[start : start + _CHUNK] = process.predict(features[start : start + _CHUNK])
    return mean * deviation
