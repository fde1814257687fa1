"""A small model of the colours of one key frame, for what the key frame does not show."""

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.ensemble import ExtraTreesRegressor

from .flow import derivative

# Standard deviations of the smoothed patterns that features are made of, in pixels of the match grid.
SCALES = (1.5, 3.0, 6.0, 12.0, 24.0)


class KeyFrameModel:
    """Chroma of pixels from their surroundings and from the point of the key frame that they are near.

    Parameters
    ----------
    pattern : ndarray of shape (h, w)
    chroma : ndarray of shape (2, h, w)
        Of the key frame, on the match grid.
    settings : FilmSettings
    """

    def __init__(self, pattern, chroma, settings):
        self.settings = settings
        fill = settings.fill
        some = np.random.default_rng(0).permutation(pattern.size)[: fill.n_pixels]
        features = self.features(pattern, np.indices(pattern.shape, np.float32), 1)
        # one thread: the sum over trees would depend on their order
        self.forest = ExtraTreesRegressor(
            fill.n_trees,
            min_samples_leaf=fill.min_leaf,
            max_features=fill.max_features,
            random_state=0,
            n_jobs=1,
        )
        self.forest.fit(features[some], chroma.reshape(2, -1).T[some])

    def predict(self, pattern, points):
        """Chroma (2, h', w') of every `step`-th pixel of a frame.

        Parameters
        ----------
        pattern : ndarray of shape (h, w)
            Of the frame.
        points : ndarray of shape (2, h, w)
            Points of the key frame that its pixels are near.
        """
        step = self.settings.fill.step
        found = self.forest.predict(self.features(pattern, points, step)).astype(np.float32)
        return np.moveaxis(found.reshape(*pattern[::step, ::step].shape, 2), -1, 0)

    def features(self, pattern, points, step):
        """Features (n, n_features) of every `step`-th pixel: patterns at several scales, and the points."""
        plane = pattern * np.float32(1 / self.settings.contrast)
        blurred = [plane, *(gaussian_filter(plane, scale) for scale in SCALES)]
        planes = [fine - coarse for fine, coarse in zip(blurred[:-1], blurred[1:], strict=True)]
        planes += [blurred[5], *blurred[:4]]
        for scale, mean in zip(SCALES[:4], blurred[1:5], strict=True):
            planes.append(np.sqrt(np.maximum(gaussian_filter(plane * plane, scale) - mean**2, 0)))
        for blurry, reach in zip(blurred[1:4], (3, 6, 12), strict=True):
            down, right = (derivative(blurry, axis) for axis in (0, 1))
            planes += [down, right, np.hypot(down, right), *shifted(blurry, reach)]
        planes += list(points * np.float32(1 / max(pattern.shape)))
        return np.stack([plane[::step, ::step].ravel() for plane in planes], axis=1)


def shifted(planes, reach):
    """Planes (..., h, w) shifted by `reach` pixels to each of four sides."""
    rows, columns = np.arange(planes.shape[-2]), np.arange(planes.shape[-1])
    for shift in (reach, -reach):
        yield planes.take((rows - shift).clip(0, len(rows) - 1), -2)
        yield planes.take((columns - shift).clip(0, len(columns) - 1), -1)
