"""Prediction for whole images: features to codewords, chroma and colour images, block by block in threads.

The classifier is applied at the working size; the predicted chroma is enlarged to the full size, guided by
the full-size lightness. The feature matrix of a whole image is never in memory. A *block* is the part of an
image that one thread processes, including smoothing; a *tile* is a part of a block whose features fit in the
processor's cache. Both depend only on the image and the model, so the result does not depend on the number
of threads.
"""

from copy import copy

import numpy as np
from scipy.ndimage import uniform_filter

from .._codebook.quantizer import nearest_codewords
from .._images.color import (
    LazyLightness,
    image_lightness,
    join_lightness_chroma,
    lightness_chroma,
    output_dtype,
    paint,
)
from .._images.parallel import run_in_threads
from .._images.resampling import resize_linear, resize_nearest
from .._images.working_size import working_lightness, working_shape
from .._pixels.patches import PatchExtractor
from .._pixels.tiles import ExtractorTiles, PatchTiles, to_dense
from .._utils.threads import plain_context
from .guided_filter import EnlargedPlanes, guided_filter, sampling_step, support
from .scores import ClassifierScores, scores_of
from .tint import tint_features

# Number of pixels of a block, and length of its shorter side if the image is large enough.
_BLOCK = 1 << 19
_BLOCK_SIDE = 1 << 9
# Number of pixels of a tile, with and without the direct forward pass, and of one of its rows. OpenBLAS
# multiplies a small matrix with rows of this length twice as fast as with longer ones, which it packs first.
_TILE = 1 << 13
_TILE_ROW = 384
_TILE_GENERAL = 1 << 16


class Decoder:
    """The prediction methods of a fitted SOMColorizer for one image, and for a PixelSamples.

    Parameters
    ----------
    extractor : transformer
    classifier : classifier or None
        None paints the only codeword of `codes`.
    codebook : ndarray of shape (n_codes, 2)
    codes : ndarray of shape (n_seen,), int
        The codewords that the classifier was trained on, in the order of its columns.
    frequencies : ndarray of shape (n_codes,)
        Share of each codeword among the training pixels.
    working_size : int or None
    has_tint : bool
        Whether the last features of the classifier are those of a tint.
    chroma_scale : float
        Share of the predicted chroma that is painted if no tint is given.
    temperature : float
    smoothing_radius : int
    """

    def __init__(
        self,
        extractor,
        classifier,
        codebook,
        codes,
        *,
        frequencies,
        working_size,
        has_tint=False,
        chroma_scale=1.0,
        temperature=0.0,
        smoothing_radius=0,
    ):
        self.extractor = extractor
        self.classifier = classifier
        self.full_codebook = np.asarray(codebook, np.float32)
        self.codebook = self.full_codebook * np.float32(chroma_scale)
        self.codes = np.asarray(codes, np.int32)
        self.working_size = working_size
        self.temperature = temperature
        self.smoothing_radius = smoothing_radius
        self.frequencies = frequencies[self.codes]
        no_tint = tint_features(None) if has_tint else np.empty(0, np.float32)
        self.scores = scores_of(classifier, no_tint, self.frequencies)
        self.tiles_type = PatchTiles if type(extractor) is PatchExtractor else ExtractorTiles
        general = self.tiles_type is ExtractorTiles or isinstance(self.scores, ClassifierScores)
        self.tile_size = _TILE_GENERAL if general else _TILE

    def with_tint(self, tint):
        """Decoder for images with a given tint, an array of shape (2,); None means no tint."""
        if tint is None:
            return self
        decoder = copy(self)
        decoder.codebook = self.full_codebook
        decoder.scores = scores_of(self.classifier, tint_features(tint), self.frequencies)
        return decoder

    # The methods below take features of shape (n_groups, n_features, n).

    def decode_labels(self, features):
        """Codewords (n_groups, n)."""
        return self.codes[self.scores.winners(features)]

    def decode_proba(self, features):
        """Probabilities (n_groups, n, n_codes)."""
        weights = self.scores.weights(features, 1.0)
        weights /= weights.sum(axis=1, keepdims=True)
        probabilities = np.zeros((len(weights), weights.shape[2], len(self.codebook)), np.float32)
        probabilities[..., self.codes] = weights.transpose(0, 2, 1)
        return probabilities

    def decode_confidence(self, features):
        """Probability (n_groups, n) of the most probable codeword."""
        weights = self.scores.weights(features, 1.0)
        return weights.max(axis=1) / weights.sum(axis=1)

    def decode_chroma(self, features):
        """Chroma (n_groups, n, 2): of the winner, or the annealed mean of Zhang et al. (2016), equation 5."""
        codebook = self.codebook[self.codes]
        if self.temperature == 0:
            return codebook[self.scores.winners(features)]
        weights = self.scores.weights(features, self.temperature)
        # the last row of the product is the sum of the weights
        total = np.concatenate([codebook.T, np.ones((1, len(codebook)), np.float32)]) @ weights
        return (total[:, :2] / total[:, 2:]).transpose(0, 2, 1)

    # The methods below take a valid image, and the number of threads.

    def working_lightness(self, image, n_threads=1):
        """Lightness of an image at the working size."""
        return working_lightness(image, self.working_size, n_threads)

    def predict_labels(self, image, n_threads=1):
        """Codewords (H, W), int32."""
        return resize_nearest(
            self._decode_image(image, n_threads, self.decode_labels, (), np.int32), image.shape[:2]
        )

    def predict_confidence(self, image, n_threads=1):
        """Probability (H, W) of the most probable codeword."""
        return resize_linear(self._decode_image(image, n_threads, self.decode_confidence), image.shape[:2])

    def predict_proba(self, image, n_threads=1, shape=None):
        """Probabilities (H, W, n_codes), or resized to another shape."""
        shape = image.shape[:2] if shape is None else shape
        working = working_shape(image.shape[:2], self.working_size)
        step = max(1, min(size // wanted for size, wanted in zip(working, shape, strict=True)))
        n_codes = (len(self.codebook),)
        return resize_linear(
            self._decode_image(image, n_threads, self.decode_proba, n_codes, step=step), shape
        )

    def predict_chroma(self, image, n_threads=1):
        """Chroma (H, W, 2), smoothed."""
        chroma = np.empty((*image.shape[:2], 2), np.float32)
        self._for_smoothed_blocks(image, n_threads, _copy_chroma, chroma)
        return chroma

    def predict(self, image, n_threads=1, lightness=None, out=None):
        """Colour image (H, W, 3), in `out` if given; `lightness` is that at the working size, if known."""
        colors = np.empty((*image.shape[:2], 3), output_dtype(image.dtype)) if out is None else out
        winners = self.temperature == 0 and self.smoothing_radius == 0 and self.working_size is None
        if winners and image.dtype == np.uint8 and image.ndim == 2:
            table = color_table(self.codebook)
            with plain_context():
                tiles = self.tiles_type(self.extractor, LazyLightness(image))
                for_blocks(image.shape, n_threads, self._look_up_block, tiles, image, table, colors)
        else:
            self._for_smoothed_blocks(image, n_threads, paint, colors, lightness)
        return colors

    # The methods below are for films: they work on the grid, every step-th pixel of the working size.

    def on_grid(self, plane):
        """Every step-th pixel of a plane (h, w) at the working size, averaged over its surroundings."""
        _, step = self._radius_and_step(plane.shape)
        return plane if step == 1 else uniform_filter(plane, step + 1, mode="nearest")[::step, ::step]

    def grid_chroma(self, lightness, n_threads):
        """Chroma (2, h, w) on the grid of an image, from its lightness at the working size."""
        _, step = self._radius_and_step(lightness.shape)
        chroma = np.empty((*_sampled_shape(lightness.shape, step), 2), np.float32)
        self._decode_plane(lightness, n_threads, self.decode_chroma, chroma, step)
        return np.moveaxis(chroma, -1, 0)

    def paint_grid(self, image, lightness, chroma, n_threads):
        """Colour image (H, W, 3) with a given chroma (2, h, w) on its grid."""
        colors = np.empty((*image.shape[:2], 3), output_dtype(image.dtype))
        # the smallest windows: carried chroma is smooth in time, and keeps the details of key frames
        planes = self._enlarged_planes(lightness, chroma, image.shape[:2], is_smoothed=False)
        for_blocks(image.shape, n_threads, _enlarged_block, LazyLightness(image), planes, paint, colors)
        return colors

    def predict_pixels(self, decode, pixels):
        """Apply one of the `decode` methods to a PixelSamples: one row for each pixel."""
        parts = []
        with plain_context():
            for start in range(0, max(len(pixels), 1), _TILE_GENERAL):
                features = to_dense(self.extractor.transform(pixels[start : start + _TILE_GENERAL]))
                parts.append(decode(features.T[None])[0])
        return np.concatenate(parts)

    def _decode_image(self, image, n_threads, decode, n_values=(), dtype=np.float32, step=1):
        """Values (h, w, *n_values) of decode(features) of every step-th pixel at the working size."""
        lightness = self.working_lightness(image, n_threads)
        values = np.empty((*_sampled_shape(lightness.shape, step), *n_values), dtype)
        self._decode_plane(lightness, n_threads, decode, values, step)
        return values

    def _decode_plane(self, lightness, n_threads, decode, out, step=1):
        """Write decode(features) of every step-th pixel of a lightness to `out`."""
        with plain_context():
            tiles = self.tiles_type(self.extractor, lightness)
            for_blocks(lightness.shape, n_threads, self._decode_block, tiles, decode, out, step)

    def _for_smoothed_blocks(self, image, n_threads, write, out, lightness=None):
        """Call write(lightness, chroma, block of out) for each block of the image."""
        full = LazyLightness(image)
        with plain_context():
            if self.working_size is None:
                tiles = self.tiles_type(self.extractor, full)
                for_blocks(full.shape, n_threads, self._smoothed_block, tiles, write, out)
            else:
                lightness = self.working_lightness(image, n_threads) if lightness is None else lightness
                lightness = lightness[:]
                chroma = self.grid_chroma(lightness, n_threads)
                chroma = self._enlarged_planes(lightness, chroma, full.shape)
                for_blocks(full.shape, n_threads, _enlarged_block, full, chroma, write, out)

    def _decode_block(self, rows, columns, tiles, decode, out, step):
        """Write decode(features) of every step-th pixel of a block to `out`."""
        block = tiles.block(rows, columns)
        rows, columns = _every(rows, step), _every(columns, step)
        indices = _slices(*(range(seen.start // step, -(-seen.stop // step)) for seen in (rows, columns)))
        self._decode_tiles(block, rows, columns, decode, out[indices])

    def _enlarged_planes(self, lightness, chroma, shape, is_smoothed=True):
        """Chroma (2, h, w) on the grid of a lightness at the working size, enlarged to a shape.

        The windows have the smoothing_radius, or that of one grid pixel if it is not `is_smoothed`.
        """
        radius, step = self._radius_and_step(lightness.shape)
        if not is_smoothed:
            radius = min(radius, step)
        return EnlargedPlanes(lightness * np.float32(0.01), chroma, radius, step, shape)

    def _radius_and_step(self, shape):
        """Radius of the guided filter, and step between the pixels for which chroma is predicted."""
        radius = min(self.smoothing_radius, max(shape))
        return radius, sampling_step(min(radius, *shape))

    def _look_up_block(self, rows, columns, tiles, image, table, out):
        """Write the colours of the winners of a block of 8-bit grey to `out`."""
        labels = np.empty((len(rows), len(columns)), np.intp)
        self._decode_tiles(tiles.block(rows, columns), rows, columns, self.decode_labels, labels)
        labels *= 256
        labels += image[_slices(rows, columns)]
        np.take(table, labels, axis=0, out=out[_slices(rows, columns)], mode="clip")

    def _smoothed_block(self, rows, columns, tiles, write, out):
        """Smooth the chroma of a block of an image without a working size, and write it."""
        height, width = tiles.shape
        radius, step = self._radius_and_step(tiles.shape)
        margin = support(radius, step) if radius else 0
        wide_rows, wide_columns = _widen(rows, margin, step, height), _widen(columns, margin, step, width)
        block = tiles.block(wide_rows, wide_columns)
        seen_rows, seen_columns = wide_rows[::step], wide_columns[::step]
        chroma = np.empty((2, len(seen_rows), len(seen_columns)), np.float32)
        self._decode_tiles(block, seen_rows, seen_columns, self.decode_chroma, np.moveaxis(chroma, 0, -1))
        if radius:
            chroma = guided_filter(block.lightness * np.float32(0.01), chroma, radius, step)
        inner = _slices(rows, columns, wide_rows.start, wide_columns.start)
        write(block.lightness[inner], chroma[:, *inner], out[_slices(rows, columns)])

    def _decode_tiles(self, block, rows, columns, decode, out):
        """Write decode(features) of the pixels where rows and columns of a block cross to `out`."""
        n_columns = min(len(columns), _TILE_ROW)
        n_rows = max(1, self.tile_size // n_columns)
        for top in range(0, len(rows), n_rows):
            for left in range(0, len(columns), n_columns):
                part = slice(top, top + n_rows), slice(left, left + n_columns)
                features = block.tile(rows[part[0]], columns[part[1]])
                out[part] = decode(features).reshape(out[part].shape)


def for_blocks(shape, n_threads, function, *args):
    """Call function(rows, columns, *args) for each block of an image of that shape, in threads."""
    run_in_threads(n_threads, _call_on_block, _block_grid(*shape[:2]), function, *args)


def _call_on_block(block, function, *args):
    function(*block, *args)


def _enlarged_block(rows, columns, full, chroma, write, out):
    """Enlarge the chroma of a block of an image, guided by its full-size lightness, and write it."""
    block = _slices(rows, columns)
    lightness = full[block]
    write(lightness, chroma.block(rows, columns, lightness), out[block])


def _copy_chroma(lightness, chroma, out):
    out[:] = np.moveaxis(chroma, 0, -1)


def quantize_image(image, quantizer, dtype):
    """Colour image whose chroma is replaced by that of the nearest codewords."""
    lightness, chroma = lightness_chroma(image)
    codebook = np.asarray(quantizer.cluster_centers_)
    return join_lightness_chroma(lightness, codebook[nearest_codewords(quantizer, chroma)], dtype)


def color_table(codebook):
    """8-bit RGB of each codeword at each 8-bit grey level, (n_codes * 256, 3)."""
    lightness = image_lightness(np.arange(256, dtype=np.uint8)[None])[0]
    colors = join_lightness_chroma(lightness[None, :], codebook[:, None, :], np.uint8)
    return colors.reshape(-1, 3)


def _block_grid(height, width):
    """Rows and columns, as ranges, of the blocks of an image."""
    across = max(_BLOCK // min(height, _BLOCK_SIDE), 1)
    n_across = -(-width // across)
    edges = [width * i // n_across for i in range(n_across + 1)]
    step = max(1, _BLOCK // -(-width // n_across))
    return [
        (range(top, min(top + step, height)), range(left, right))
        for top in range(0, height, step)
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]


def _sampled_shape(shape, step):
    """Shape of every step-th pixel of both axes."""
    return tuple(-(-size // step) for size in shape)


def _slices(rows, columns, top=0, left=0):
    """Slices of ranges of rows and columns in an array whose first pixel is (top, left)."""
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def _every(indices, step):
    """Multiples of the step in a range of rows or columns."""
    return range(-(-indices.start // step) * step, indices.stop, step)


def _widen(indices, margin, step, size):
    """Range of rows or columns with a margin, clipped to the image, that starts at a multiple of the step."""
    start = max(indices.start - margin, 0)
    return range(start - start % step, min(indices.stop + margin, size))
