"""Predicted chroma of the frames of a film, averaged along the motion."""

import numpy as np

from .._images.resampling import resize_linear
from .flow import sample
from .guided_filter import EnlargedPlanes


class FilmGrid:
    """Prediction for frames of a film on their grid: the pixels for which chroma is predicted.

    Parameters
    ----------
    decoder : ImageDecoder
    n_threads : int
    """

    def __init__(self, decoder, n_threads):
        self.decoder = decoder
        self.settings = decoder.settings.film
        self.n_threads = n_threads

    def predict(self, image):
        """Lightness (h, w) of a frame at the working size, and predicted chroma of every step-th pixel."""
        lightness = self.decoder.working_lightness(image, self.n_threads)[:]
        return lightness, self.decoder.sampled_chroma(lightness, self.n_threads)

    def enlarged(self, lightness, chroma, shape):
        """EnlargedPlanes of chroma on the grid of a frame, given its lightness at the working size."""
        step = self.decoder.sampling_step(lightness.shape)
        # the smallest windows: averaged chroma is smooth
        radius = min(self.decoder.smoothing_radius, max(lightness.shape), step)
        guide = lightness * np.float32(0.01)
        return EnlargedPlanes(guide, chroma, radius, step, shape, self.decoder.settings.epsilon)


class PredictedFilm:
    """Running mean, along the motion, of the chroma that a colorizer predicts for the frames of a shot.

    Parameters
    ----------
    grid : FilmGrid
    """

    def __init__(self, grid):
        self.grid = grid
        self.chroma = self.weight = None

    def reset(self):
        """Begin a shot."""
        self.chroma = self.weight = None

    def advance(self, image, motion):
        """EnlargedPlanes of the chroma of the next frame, given its Motion to the last one, if any."""
        lightness, predicted = self.grid.predict(image)
        weight = np.ones(predicted.shape[1:], np.float32)
        if motion is None or self.chroma is None:
            self.chroma, self.weight = predicted, weight
        else:
            self._mix(predicted, motion)
        return self.grid.enlarged(lightness, self.chroma, image.shape[:2])

    def _mix(self, predicted, motion):
        """With every frame the weight of what was carried grows by one prediction, where patterns agree."""
        shape = predicted.shape[1:]
        scale = np.array(shape, np.float32) / motion.agreement.shape
        flow = np.moveaxis(resize_linear(np.moveaxis(motion.flow, 0, -1), shape) * scale, -1, 0)
        points = np.indices(shape, np.float32) + flow
        weight = sample(self.weight, points) * resize_linear(motion.agreement, shape)
        chroma = (weight * sample(self.chroma, points) + predicted) / (weight + 1)
        self.chroma, self.weight = chroma, weight + 1
