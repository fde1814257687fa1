"""The grid of a film: the pixels of the working size for which chroma is predicted and carried."""

import numpy as np
from scipy.ndimage import uniform_filter

from .._images.color import LazyLightness, output_dtype, paint


class FilmGrid:
    """Prediction for frames of a film on their grid, and painting of chroma that is given on it.

    Parameters
    ----------
    decoder : ImageDecoder
    n_threads : int
    """

    def __init__(self, decoder, n_threads):
        self.decoder = decoder
        self.working_size = decoder.working_size
        self.settings = decoder.settings.film
        self.n_threads = n_threads

    def lightness(self, image):
        """Lightness of a frame at the working size."""
        return self.decoder.working_lightness(image, self.n_threads)[:]

    def sampled(self, plane):
        """Plane (h, w) at the working size on the grid, averaged over the surroundings of each pixel."""
        step = self.decoder.sampling_step(plane.shape)
        return plane if step == 1 else uniform_filter(plane, step + 1, mode="nearest")[::step, ::step]

    def chroma(self, lightness):
        """Predicted chroma (2, h, w) on the grid."""
        return self.decoder.sampled_chroma(lightness, self.n_threads)

    def painted(self, image, lightness, chroma):
        """Colour image (H, W, 3) with a given chroma (2, h, w) on its grid."""
        step = self.decoder.sampling_step(lightness.shape)
        # the smallest windows: carried chroma is smooth in time, and keeps the details of key frames
        radius = min(self.decoder.smoothing_radius, max(lightness.shape), step)
        colors = np.empty((*image.shape[:2], 3), output_dtype(image.dtype))
        sizes = radius, step, self.n_threads
        self.decoder.write_enlarged(LazyLightness(image), lightness, chroma, *sizes, paint, colors)
        return colors
