"""Simulation of films: the lightness that they record of a colour image, and how pictures age."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.color.colorconv import xyz_from_rgb

from .._images.color import image_lightness, to_unit_range
from .._images.resampling import resample
from .._images.srgb import decode, encode, lightness_of, luminance_of
from .._images.working_size import working_shape

# Weights of linear R, G and B. Panchromatic film is taken to see as the eye does (CIE Y). Orthochromatic
# plates (from about 1880) are hardly sensitive to red, plates before them only to blue and violet.
SENSITIVITIES = {
    "panchromatic": xyz_from_rgb[1] / xyz_from_rgb[1].sum(),
    "orthochromatic": np.array([0.05, 0.45, 0.5]),
    "blue-sensitive": np.array([0.0, 0.1, 0.9]),
}
KINDS = np.stack(list(SENSITIVITIES.values()))


class Film(NamedTuple):
    """A film and the state of its pictures. Tones are the values of grey sRGB pixels, in [0, 1].

    Attributes
    ----------
    weights : ndarray of shape (3,)
        Of linear R, G and B; their sum is 1.
    gamma : float
        Exponent of the tones.
    black, white : float
        Tones to which black and white have changed.
    blur : float
        Standard deviation of a Gaussian, in pixels of the working size.
    grain : float
        Standard deviation of the grain, in tones.
    grain_size : float
        Standard deviation of the Gaussian that makes grain of white noise, in pixels of the working size.
    """

    weights: np.ndarray
    gamma: float = 1.0
    black: float = 0.0
    white: float = 1.0
    blur: float = 0.0
    grain: float = 0.0
    grain_size: float = 0.7

    def curve(self, tones):
        """Tones after development and fading."""
        return self.black + (self.white - self.black) * np.maximum(tones, 0) ** self.gamma

    def slope(self, tones):
        """Derivative of the curve."""
        return (self.white - self.black) * self.gamma * np.maximum(tones, 0.03) ** (self.gamma - 1)


def weights_between(kind):
    """Weights of linear R, G, B for a number from 0 to 2: panchromatic, orthochromatic, blue-sensitive."""
    first = min(int(kind), 1)
    return KINDS[first] + (kind - first) * (KINDS[first + 1] - KINDS[first])


def linear_light(image):
    """Linear light, float32, of a valid image."""
    if image.dtype == np.uint8:
        return decode(np.linspace(0, 1, 256, dtype=np.float32)).take(image, mode="clip")
    return decode(to_unit_range(image))


def record(image, film, working_size, shape, rng):
    """Lightness of the picture that a film makes of a colour image.

    The image is blurred at its own size if that is below `shape`, since enlarging a scan does not sharpen it;
    grain belongs to the film, and has its size at the working size for any image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3 or 4)
        A valid image.
    film : Film
    working_size : int or None
        Lengths are in pixels of this size; None stands for the size of the image.
    shape : (height, width)
        Of the picture.
    rng : numpy.random.Generator

    Returns
    -------
    lightness : ndarray of that shape, float32
        CIE L*, 0 to 100.
    """
    size = image.shape[:2]
    working = working_shape(size, working_size)
    own = shape if shape[0] * shape[1] < size[0] * size[1] else size
    is_panchromatic = np.array_equal(film.weights, KINDS[0])
    weights = np.asarray(film.weights, np.float32)

    def exposed(rows):
        if is_panchromatic:
            return image_lightness(image[rows])[None]
        return lightness_of(linear_light(image[rows, :, :3]) @ weights)[None]

    lightness = exposed(slice(None))[0] if own == size else resample(exposed, size, own, 1)[0]
    is_worn = film.gamma != 1 or film.black != 0 or film.white != 1
    if is_worn or film.blur or film.grain:
        tones = _tones(lightness)
        if film.blur:
            tones = gaussian_filter(tones, film.blur * np.sqrt(tones.size / (working[0] * working[1])))
        if is_worn:
            tones = film.curve(tones)
        tones = _resized(tones, shape)
        if film.grain:
            grain = _resized(grain_field(working, film.grain_size, rng), shape)
            tones = tones + np.float32(film.grain) * grain
        return lightness_of(decode(np.clip(tones, 0, 1)))
    return _resized(lightness, shape)


def _tones(lightness):
    return encode(luminance_of(lightness))


def _resized(plane, shape):
    if plane.shape == shape:
        return plane
    return resample(lambda rows: plane[rows][None], plane.shape, shape, 1)[0]


def grain_field(shape, size, rng):
    """Gaussian noise of unit variance: white noise through a Gaussian of standard deviation `size`."""
    white = rng.standard_normal(shape, dtype=np.float32)
    if size < 0.2:
        return white
    # below 1.5 pixels the sampled Gaussian needs more of its tail
    field = gaussian_filter(white, size, truncate=6 / size if size < 1.5 else 4, mode="wrap")
    offsets = np.arange(-int(4 * size + 6), int(4 * size + 7))
    kernel = np.exp(-0.5 * (offsets / size) ** 2)
    # of both directions
    return field * np.float32(kernel.sum() ** 2 / (kernel**2).sum())
