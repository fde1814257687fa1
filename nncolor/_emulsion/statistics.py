"""Statistics of photographs that tell what film recorded them.

Three groups: of the layout, from the ranks of tones within an image, which no tone curve changes, so that
they tell the spectral sensitivity alone (is the sky light, are leaves dark); quantiles of the tones; and the
power of smooth and of rough parts at several frequencies, for sharpness and grain.
"""

from functools import lru_cache

import numpy as np
from scipy.fft import fftfreq, rfft2, rfftfreq
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.stats import rankdata

from .._images.color import to_unit_range
from .._images.resampling import resample, resampling_matrix
from .._images.srgb import decode, encode
from .._images.working_size import working_shape
from .recording import KINDS, linear_light, weights_between

# Cells along each side: light is averaged in the finer ones, as by an eye that sees no grain, and tones are
# those of the coarser ones.
_FINE, _CELLS = 96, 48
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# Sensitivities for which statistics of the layout are computed; between them they are interpolated.
_KINDS = np.array([0, 0.5, 1, 1.5, 2])
# Tiles of which the spectrum is computed, and its bands: their number and lowest frequency in 1 / pixels.
_TILE, _TILES, _BANDS, _LOWEST = 32, 24, 7, 0.045
# Standard deviations of blur for which the spectrum is computed; between them its logarithm is interpolated.
BLURS = np.array([0, 0.35, 0.5, 0.7, 1, 1.4, 2, 3.0])
# Power of 8-bit rounding, and of what nobody sees.
_ROUNDING, _INVISIBLE = 1e-6, 0.004**2


def linear_cells(image):
    """Linear light averaged over the fine cells of an image, (_FINE, _FINE) or (_FINE, _FINE, 3)."""
    every = max(1, min(image.shape[:2]) // 512)
    linear = linear_light(image[::every, ::every])
    planes = np.moveaxis(np.atleast_3d(linear), -1, 0)[:3]
    down, across = (resampling_matrix(size, _FINE) for size in planes.shape[1:])
    cells = np.stack([down @ plane @ across.T for plane in planes], axis=-1)
    return cells[..., 0] if image.ndim == 2 else cells


def tone_cells(linear):
    """Tones of the coarse cells, (n, _CELLS, _CELLS), of linear light in fine ones."""
    step = _FINE // _CELLS
    return encode(linear).reshape(len(linear), _CELLS, step, _CELLS, step).mean(axis=(2, 4))


def tone_quantiles(tones):
    return np.quantile(tones.reshape(len(tones), -1), _QUANTILES, axis=1).T


def layout_statistics(tones):
    """Statistics (n, 38) of the ranks of tones (n, _CELLS, _CELLS) within each image."""
    n = len(tones)
    ranks = rankdata(np.round(tones, 3).reshape(n, -1), axis=1) - 0.5
    ranks = ranks.reshape(tones.shape).astype(np.float32) / _CELLS**2
    bands = np.array_split(ranks, 4, axis=1)
    # lightness by height in the image
    found = [bands[index].mean(axis=(1, 2)) for index in (0, 1, 3)]
    found += [band.std(axis=(1, 2)) for band in bands]
    dx = np.abs(np.diff(ranks, axis=2, append=ranks[:, :, -1:]))
    dy = np.abs(np.diff(ranks, axis=1, append=ranks[:, -1:]))
    gradient = np.log(0.03 + dx + dy)
    # gradient by height, and by lightness
    found += [band.mean(axis=(1, 2)) for band in np.array_split(gradient, 4, axis=1)]
    found += _by_lightness(gradient, ranks, 4)
    # vertical against horizontal edges
    found.append(np.log(0.01 + dx.mean(axis=(1, 2))) - np.log(0.01 + dy.mean(axis=(1, 2))))
    found.append(ranks.mean(axis=1).std(axis=1))
    # lightness of parts with weak and with strong gradients
    nearby = uniform_filter(dx + dy, (0, 3, 3)).reshape(n, -1)
    flat = ranks.reshape(n, -1)
    by_gradient = np.take_along_axis(flat, nearby.argsort(axis=1), 1)
    shares = (np.array([0, 0.1, 0.25, 0.5, 0.75, 1]) * flat.shape[1]).astype(int)
    found += [by_gradient[:, shares[a] : shares[a + 1]].mean(axis=1) for a in (0, 1, 2, 4)]
    nearby = np.log(0.03 + nearby)
    found.append(((flat - 0.5) * (nearby - nearby.mean(axis=1, keepdims=True))).mean(axis=1))
    found.append(((ranks.mean(axis=2) - 0.5) * np.linspace(1, -1, _CELLS)).mean(axis=1))
    # gradient by lightness at three scales
    for step in (1, 2, 4):
        inner = ranks[:, :-step, :-step]
        steps = np.abs(ranks[:, :-step, step:] - inner) + np.abs(ranks[:, step:, :-step] - inner)
        found += _by_lightness(np.log(0.02 + steps), inner, 5)
    return np.stack(found, axis=1)


def _by_lightness(values, ranks, n_classes):
    """Mean of the values of each image in classes of ranks, a list of n_classes arrays (n,)."""
    n = len(values)
    classes = np.minimum((ranks * n_classes).astype(np.intp), n_classes - 1)
    index = (classes + n_classes * np.arange(n)[:, None, None]).ravel()
    sums, counts = (np.bincount(index, weights, n_classes * n) for weights in (values.ravel(), None))
    return list((sums / np.maximum(counts, 1)).reshape(n, n_classes).T)


def logit(quantiles):
    """Quantiles on a scale on which tones near black and white count as much as others."""
    quantiles = np.clip(quantiles, 0, 1)
    return np.log((quantiles + 0.03) / (1.03 - quantiles))


class Bands:
    """Power of tiles in radial bands of frequencies, up to the highest that the files have.

    Parameters
    ----------
    file_size : float
        Square root of the area in pixels of the smaller files: enlarged ones have no higher frequencies.
    working_size : int
    """

    def __init__(self, file_size, working_size):
        highest = 0.72 if file_size >= working_size else max(0.5 * 0.95 * file_size / working_size, 0.12)
        edges = np.geomspace(_LOWEST, highest, _BANDS + 1)
        self.frequency = np.hypot(fftfreq(_TILE)[:, None], rfftfreq(_TILE)).ravel()
        band = np.digitize(self.frequency, edges) - 1
        masks = np.stack([band == index for index in range(_BANDS)])
        self.masks = masks[masks.any(axis=1)].astype(np.float32)
        self.count = self.masks.sum(axis=1)
        window = np.outer(*[np.hanning(_TILE + 2)[1:-1]] * 2).astype(np.float32)
        self.window = window / np.sqrt((window**2).mean())

    def power(self, tiles):
        """Mean (...) and power (..., n_bands) of tiles (..., _TILE, _TILE)."""
        mean = tiles.mean(axis=(-2, -1))
        spectrum = np.abs(rfft2((tiles - mean[..., None, None]) * self.window)) ** 2 / _TILE**2
        return mean, spectrum.reshape(*mean.shape, -1) @ self.masks.T / self.count

    def grain(self, size):
        """Power (n_bands,) of grain of unit variance."""
        spectrum = self.masks @ np.exp(-4 * np.pi**2 * self.frequency**2 * size**2) / self.count
        return spectrum / _grain_variance(size)


@lru_cache
def _grain_variance(size):
    squares = fftfreq(64)[:, None] ** 2 + fftfreq(64) ** 2
    return np.exp(-4 * np.pi**2 * squares * size**2).mean()


def middle_strip(image, working_size):
    """Values in [0, 1], (n_channels, h, w), of the central third of the columns at the working size."""
    height, width = image.shape[:2]
    rows, columns = working_shape((height, width), working_size)
    inner = image[:, width // 3 : width - width // 3]
    shape = max(_TILE, rows), max(_TILE, round(inner.shape[1] * columns / width))

    def read(part):
        return np.moveaxis(np.atleast_3d(to_unit_range(inner[part]))[..., :3], -1, 0)

    return resample(read, inner.shape[:2], shape, 1 if image.ndim == 2 else 3)


def tiles_of(plane):
    """Tiles (_TILES, _TILE, _TILE), evenly spread over a plane; some of them twice if it has too few."""
    rows, columns = (size // _TILE for size in plane.shape)
    tiles = plane[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE).swapaxes(1, 2)
    tiles = tiles.reshape(-1, _TILE, _TILE)
    chosen = np.linspace(0, len(tiles) - 1, min(_TILES, len(tiles))).round().astype(int)
    return tiles[np.resize(chosen, _TILES)]


def spectrum_statistics(power):
    """Log power (n, 3 n_bands) of tiles of low, medium and high power, of (n, n_tiles, n_bands).

    Low power shows the grain, and high power the blur.
    """
    ordered = np.sort(power, axis=1)
    chosen = [ordered[:, int(share * power.shape[1])] for share in (0.15, 0.5, 0.85)]
    return np.log(_INVISIBLE + np.concatenate(chosen, axis=1))


class GrayStatistics:
    """Statistics of grey photographs.

    Parameters
    ----------
    images : list of (cells, strip)
        Of each photograph, see `linear_cells` and `middle_strip`; of a photograph in colour, such as a toned
        print, the luminance is used.
    bands : Bands
    """

    def __init__(self, images, bands):
        cells, strips = zip(*images, strict=True)
        tones = tone_cells(np.stack([_luminance(image) for image in cells]))
        self.n_images = len(images)
        self.layout, self.quantiles = layout_statistics(tones), logit(tone_quantiles(tones))
        tiles = [tiles_of(_tones(strip)) for strip in strips]
        _, power = bands.power(np.stack(tiles))
        self.spectrum = spectrum_statistics(power)
        # grain is everywhere: a film has no more of it than the smoothest parts of a typical photograph
        self.most_grain = 2 * np.median(np.partition(power, 1, axis=1)[:, 1], axis=0)


def _luminance(linear):
    return linear if linear.ndim == 2 else linear @ KINDS[0].astype(np.float32)


def _tones(strip):
    return strip[0] if len(strip) == 1 else encode(_luminance(decode(np.moveaxis(strip, 0, -1))))


class SimulatedStatistics:
    """Statistics of colour photographs as a film would have recorded them.

    Parameters
    ----------
    images : list of (cells, strip)
        Of each photograph, see `linear_cells` and `middle_strip`; the strip may be None for some.
    bands : Bands
    working_size : int
    weights_of : callable
        weights_of(kind): the weights of linear R, G and B, see `weights_between`.
    rng : numpy.random.Generator
    """

    def __init__(self, images, bands, working_size, rng, weights_of=weights_between):
        cells, strips = zip(*images, strict=True)
        self.cells = np.stack(cells)
        self.strips = [decode(np.moveaxis(strip, 0, -1)) for strip in strips if strip is not None]
        self.bands, self.working_size, self.weights_of = bands, working_size, weights_of
        self.noise = rng.standard_normal((len(cells), _CELLS, _CELLS), dtype=np.float32)
        # periodograms of noise fluctuate: chi-squared
        half = bands.count / 2
        self.fluctuation = (rng.gamma(half, size=(len(self.strips), _TILES, len(half))) / half).astype(
            np.float32
        )
        self._layouts, self._spectra = {}, {}

    def layout(self, kind, noise):
        """Statistics of the layout and quantiles of the tones before the tone curve of a film.

        Parameters
        ----------
        kind : float
            Sensitivity, from 0 to 2.
        noise : Film
            Its grain is seen in the ranks.
        """
        seen = (noise.gamma, noise.white - noise.black, noise.grain, noise.grain_size) if noise.grain else ()
        key = (kind, *seen)
        if key not in self._layouts:
            after = int(np.clip(np.searchsorted(_KINDS, kind), 1, len(_KINDS) - 1))
            low, high = _KINDS[after - 1], _KINDS[after]
            if kind in (low, high):
                self._layouts[key] = self._layout(kind, noise)
            else:
                share = (kind - low) / (high - low)
                parts = zip(self.layout(low, noise), self.layout(high, noise), strict=True)
                self._layouts[key] = tuple(below + share * (above - below) for below, above in parts)
        return self._layouts[key]

    def _layout(self, kind, noise):
        tones = tone_cells(self.cells @ self.weights_of(kind).astype(np.float32))
        if noise.grain:
            # the mean of the grain over a cell, before the tone curve
            n_grains = max(1, 4 * np.pi * noise.grain_size**2)
            deviation = noise.grain * min(1, np.sqrt(n_grains) * _CELLS / self.working_size)
            tones = np.maximum(tones + deviation * self.noise / np.maximum(noise.slope(tones), 0.1), 0)
        return layout_statistics(tones), tone_quantiles(tones)

    def spectrum(self, kind, film):
        """Statistics of the spectrum of a film."""
        kind = round(kind * 4) / 4
        blur = min(film.blur, BLURS[-1])
        after = int(np.clip(np.searchsorted(BLURS, blur), 1, len(BLURS) - 1))
        (mean, low), (_, high) = (self._blurred(kind, index) for index in (after - 1, after))
        share = (blur**2 - BLURS[after - 1] ** 2) / (BLURS[after] ** 2 - BLURS[after - 1] ** 2)
        power = np.exp(low + share * (high - low)) * (film.slope(mean) ** 2)[..., None] + _ROUNDING
        if film.grain:
            power = power + film.grain**2 * self.bands.grain(film.grain_size) * self.fluctuation
        return spectrum_statistics(power)

    def _blurred(self, kind, index):
        """Mean and log power of the tiles for a sensitivity and one of BLURS."""
        if (kind, index) not in self._spectra:
            weights = self.weights_of(kind).astype(np.float32)
            tones = [encode(strip @ weights) for strip in self.strips]
            blurred = [gaussian_filter(plane, BLURS[index]) if index else plane for plane in tones]
            mean, power = self.bands.power(np.stack([tiles_of(plane) for plane in blurred]))
            self._spectra[kind, index] = mean, np.log(power + 1e-9)
        return self._spectra[kind, index]

    def excess_grain(self, film, most):
        """Largest logarithm of the power of a film's grain beside the most that it may have."""
        power = film.grain**2 * self.bands.grain(film.grain_size)
        return float(np.log((power + _ROUNDING) / (most + _ROUNDING)).max())
