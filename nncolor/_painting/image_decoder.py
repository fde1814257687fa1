"""Prediction for whole images, block by block in threads, and for the pixels of a PixelSamples.

The classifier is applied at the working size; the predicted chroma is enlarged to the full size, guided by
the full-size lightness. The feature matrix of a whole image is never in memory. A *block* is the part of an
image that one thread processes, including smoothing; a *tile* is a part of a block whose features fit in the
processor's cache. Both depend only on the image and the model, so the result does not depend on the number
of threads.
"""

from copy import copy

import numpy as np

from .._images.blocks import Block, for_blocks
from .._images.border import with_border, without_border
from .._images.color import (
    LazyLightness,
    ciede2000,
    image_lightness,
    join_lightness_chroma,
    output_dtype,
    paint,
    to_unit_range,
)
from .._images.resampling import resize_linear, resize_nearest
from .._images.working_size import working_lightness, working_shape
from .._pixels.familiarity import lightness_statistics
from .._pixels.patches import PatchExtractor
from .._pixels.tiles import ExtractorTiles, PatchTiles, to_dense
from .guided_filter import EnlargedPlanes, guided_filter, sampling_step, support
from .scores import ClassifierScores
from .tint import TintShift, half_tints, mean_of_halves, row_heights


class ImageDecoder:
    """Prediction methods of a fitted SOMColorizer for one image.

    Parameters
    ----------
    extractor : transformer
    pixels : PixelDecoder
    working_size : int or None
    smoothing_radius : int
    settings : PaintingSettings
    """

    def __init__(self, extractor, pixels, *, working_size, smoothing_radius=0, settings):
        self.extractor = extractor
        self.pixels = pixels
        self.working_size = working_size
        self.smoothing_radius = smoothing_radius
        self.settings = settings
        self.tint = None
        self.saturation = np.float32(1)
        self.tiles_type = PatchTiles if type(extractor) is PatchExtractor else ExtractorTiles
        is_general = self.tiles_type is ExtractorTiles or isinstance(pixels.scores, ClassifierScores)
        self.tile_pixels = settings.general_tile_pixels if is_general else settings.tile_pixels

    def with_tint(self, tint):
        """Decoder for images with a tint, or those of both halves: (2,) or (2, 2); None means no tint."""
        decoder = copy(self)
        decoder.tint = tint
        decoder.pixels = self.pixels.with_tint(None if tint is None else mean_of_halves(tint))
        return decoder

    def with_saturation(self, factor):
        """Decoder whose chroma is multiplied by a factor."""
        decoder = copy(self)
        decoder.saturation = np.float32(factor)
        return decoder

    def inner(self, image):
        """Part of a valid image inside of a uniform border; all of it without a working size."""
        if self.working_size is None:
            return slice(0, image.shape[0]), slice(0, image.shape[1])
        return without_border(image)

    # The methods below take a valid image, and the number of threads. Workers of joblib call them.

    def color(self, image, n_threads=1, tint=None):
        """Colour image in a tint; a uniform border stays grey."""
        part = self.inner(image)
        return with_border(image, part, self.with_tint(tint).predict(image[part], n_threads))

    def color_with_statistics(self, image, n_threads=1, tint=None):
        """The same, and the statistics of the lightness."""
        part = self.inner(image)
        lightness = self.working_lightness(image[part], n_threads)
        colored = self.with_tint(tint).predict(image[part], n_threads, lightness)
        return with_border(image, part, colored), lightness_statistics(lightness)

    def statistics(self, image, n_threads=1):
        """Statistics of the lightness inside of a border, see `lightness_statistics`."""
        return lightness_statistics(self.working_lightness(image[self.inner(image)], n_threads))

    def error(self, image, n_threads=1):
        """Sum of CIEDE2000 over the pixels of a colour image, and their number."""
        pair = image, self.color(image, n_threads)
        true, predicted = (to_unit_range(rgb[..., :3]).reshape(-1, 3) for rgb in pair)
        return np.array([ciede2000(true, predicted).sum(dtype=np.float64), len(true)])

    def working_lightness(self, image, n_threads=1):
        """Lightness of an image at the working size."""
        return working_lightness(image, self.working_size, n_threads)

    def predict_labels(self, image, n_threads=1):
        """Codewords (H, W), int32."""
        labels = self._decode_image(image, n_threads, self.pixels.labels, (), np.int32)
        return resize_nearest(labels, image.shape[:2])

    def predict_confidence(self, image, n_threads=1):
        """Probability (H, W) of the most probable codeword."""
        return resize_linear(self._decode_image(image, n_threads, self.pixels.confidence), image.shape[:2])

    def predict_proba(self, image, n_threads=1, shape=None):
        """Probabilities (H, W, n_codes), or resized to another shape."""
        shape = image.shape[:2] if shape is None else shape
        working = working_shape(image.shape[:2], self.working_size)
        step = max(1, min(size // wanted for size, wanted in zip(working, shape, strict=True)))
        n_codes = (len(self.pixels.codebook),)
        proba = self._decode_image(image, n_threads, self.pixels.proba, n_codes, step=step)
        return resize_linear(proba, shape)

    def predict_chroma(self, image, n_threads=1):
        """Chroma (H, W, 2), smoothed."""
        chroma = np.empty((*image.shape[:2], 2), np.float32)
        self._for_smoothed_blocks(image, n_threads, _copy_chroma, chroma)
        return chroma

    def predict(self, image, n_threads=1, lightness=None, out=None):
        """Colour image (H, W, 3), in `out` if given; `lightness` is that at the working size, if known."""
        colors = np.empty((*image.shape[:2], 3), output_dtype(image.dtype)) if out is None else out
        winners = self.pixels.temperature == 0 and self.smoothing_radius == 0 and self.working_size is None
        is_plain = self.tint is None and self.saturation == 1
        if winners and is_plain and image.dtype == np.uint8 and image.ndim == 2:
            table = color_table(self.pixels.codebook)
            tiles = self.tiles_type(self.extractor, LazyLightness(image))
            self._for_blocks(image.shape, n_threads, self._look_up_block, tiles, image, table, colors)
        else:
            self._for_smoothed_blocks(image, n_threads, paint, colors, lightness)
        return colors

    def predict_pixels(self, decode, pixels):
        """Apply one of the methods of the PixelDecoder to a PixelSamples: one row for each pixel."""
        parts = []
        step = self.settings.general_tile_pixels
        for start in range(0, max(len(pixels), 1), step):
            features = to_dense(self.extractor.transform(pixels[start : start + step]))
            parts.append(decode(features.T[None])[0])
        return np.concatenate(parts)

    # The methods below take a lightness at the working size.

    def sampling_step(self, shape):
        """Step between the pixels for which chroma is predicted, for an image of that shape."""
        return self._radius_and_step(shape)[1]

    def sampled_chroma(self, lightness, n_threads):
        """Chroma (2, h, w) of every step-th pixel."""
        step = self.sampling_step(lightness.shape)
        chroma = self._decode_plane(lightness, n_threads, self.pixels.chroma, (2,), step=step)
        return np.moveaxis(chroma, -1, 0)

    def _radius_and_step(self, shape):
        """Radius of the guided filter, and step between the pixels for which chroma is predicted."""
        radius = min(self.smoothing_radius, max(shape))
        return radius, sampling_step(min(radius, *shape))

    def _decode_image(self, image, n_threads, decode, n_values=(), dtype=np.float32, step=1):
        lightness = self.working_lightness(image, n_threads)
        return self._decode_plane(lightness, n_threads, decode, n_values, dtype, step)

    def _decode_plane(self, lightness, n_threads, decode, n_values=(), dtype=np.float32, step=1):
        """Values (h, w, *n_values) of decode(features) of every step-th pixel of a lightness."""
        shape = (-(-size // step) for size in lightness.shape)
        values = np.empty((*shape, *n_values), dtype)
        tiles = self.tiles_type(self.extractor, lightness)
        self._for_blocks(lightness.shape, n_threads, self._decode_block, tiles, decode, values, step)
        return values

    def _for_smoothed_blocks(self, image, n_threads, write, out, lightness=None):
        """Call write(lightness, chroma, block of out) for each block of the image."""
        full = LazyLightness(image)
        # without a working size, the planes of a whole image may be large, so each block is smoothed alone
        if self.working_size is None:
            tiles = self.tiles_type(self.extractor, full)
            shift = None
            if self.tint is not None:
                shift = TintShift(*self._spread_chroma(full, n_threads), self.tint, self.settings.tint)
            self._for_blocks(full.shape, n_threads, self._smoothed_block, tiles, shift, write, out)
            return
        lightness = (self.working_lightness(image, n_threads) if lightness is None else lightness)[:]
        chroma = self.sampled_chroma(lightness, n_threads)
        radius, step = self._radius_and_step(lightness.shape)
        if self.tint is not None:
            sampled = lightness[::step, ::step]
            shift = TintShift(chroma, sampled, self.tint, self.settings.tint)
            chroma = shift.apply(chroma, sampled, row_heights(0, len(sampled), len(sampled)))
        if self.saturation != 1:
            chroma = chroma * self.saturation
        self.write_enlarged(full, lightness, chroma, radius, step, n_threads, write, out)

    def write_enlarged(self, full, lightness, chroma, radius, step, n_threads, write, out):
        """Enlarge chroma of every step-th pixel at the working size, and write it block by block.

        Parameters
        ----------
        full : LazyLightness
            Lightness of the image (H, W).
        lightness : ndarray of shape (h, w)
            The same at the working size.
        chroma : ndarray of shape (2, ceil(h / step), ceil(w / step))
        radius : int
            Of the guided filter.
        step, n_threads : int
        write : callable
            write(lightness, chroma, block of out).
        out : ndarray
        """
        guide, epsilon = lightness * np.float32(0.01), self.settings.epsilon
        planes = EnlargedPlanes(guide, chroma, radius, step, full.shape, epsilon)
        self._for_blocks(full.shape, n_threads, _write_enlarged_block, full, planes, write, out)

    def half_tints(self, lightness, n_threads):
        """Mean predicted chroma (2, 2) of the upper and the lower half, before it is shifted to a tint."""
        return half_tints(self._spread_chroma(lightness, n_threads)[0])

    def _spread_chroma(self, lightness, n_threads):
        """Chroma (2, h, w) and lightness of pixels that are evenly spread over an image."""
        step = self.sampling_step(lightness.shape)
        if self.working_size is None:
            step = max(step, max(lightness.shape) // self.settings.tint.grid_size)
        chroma = self._decode_plane(lightness, n_threads, self.pixels.chroma, (2,), step=step)
        return np.moveaxis(chroma, -1, 0), lightness[::step, ::step]

    def _for_blocks(self, shape, n_threads, function, *args):
        for_blocks(shape, self.settings.block_pixels, n_threads, function, *args)

    def _decode_block(self, block, tiles, decode, out, step):
        """Write decode(features) of every step-th pixel of a block to `out`."""
        sampled = block.sampled(step)
        self._decode_tiles(tiles.block(block), sampled, decode, out[sampled.divided(step).index])

    def _look_up_block(self, block, tiles, image, table, out):
        """Write the colours of the winners of a block of 8-bit grey to `out`."""
        labels = np.empty(block.shape, np.intp)
        self._decode_tiles(tiles.block(block), block, self.pixels.labels, labels)
        labels *= 256
        labels += image[block.index]
        np.take(table, labels, axis=0, out=out[block.index], mode="clip")

    def _smoothed_block(self, block, tiles, shift, write, out):
        """Smooth the chroma of a block of an image without a working size, and write it."""
        radius, step = self._radius_and_step(tiles.shape)
        wide = block.widened(support(radius, step) if radius else 0, step, tiles.shape)
        features, sampled = tiles.block(wide), wide.sampled(step)
        chroma = np.empty((2, *sampled.shape), np.float32)
        self._decode_tiles(features, sampled, self.pixels.chroma, np.moveaxis(chroma, 0, -1))
        if radius:
            guide = features.lightness * np.float32(0.01)
            chroma = guided_filter(guide, chroma, radius, step, self.settings.epsilon)
        inner = block.within(wide.rows.start, wide.columns.start)
        lightness, chroma = features.lightness[inner], chroma[:, *inner]
        if shift is not None:
            heights = row_heights(block.rows.start, block.rows.stop, tiles.shape[0])
            chroma = shift.apply(chroma, lightness, heights)
        if self.saturation != 1:
            chroma = chroma * self.saturation
        write(lightness, chroma, out[block.index])

    def _decode_tiles(self, features, block, decode, out):
        """Write decode(features) of the pixels of a block, tile by tile, to `out`."""
        rows, columns = block.rows, block.columns
        n_columns = min(len(columns), self.settings.tile_row)
        n_rows = max(1, self.tile_pixels // n_columns)
        for top in range(0, len(rows), n_rows):
            for left in range(0, len(columns), n_columns):
                part = slice(top, top + n_rows), slice(left, left + n_columns)
                tile = features.tile(Block(rows[part[0]], columns[part[1]]))
                out[part] = decode(tile).reshape(out[part].shape)


def _write_enlarged_block(block, full, planes, write, out):
    lightness = full[block.index]
    write(lightness, planes.block(block, lightness), out[block.index])


def _copy_chroma(lightness, chroma, out):
    out[:] = np.moveaxis(chroma, 0, -1)


def color_table(codebook):
    """8-bit RGB of each codeword at each 8-bit grey level, (n_codes * 256, 3)."""
    lightness = image_lightness(np.arange(256, dtype=np.uint8)[None])[0]
    colors = join_lightness_chroma(lightness[None, :], codebook[:, None, :], np.uint8)
    return colors.reshape(-1, 3)
