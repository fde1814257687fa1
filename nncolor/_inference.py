"""Codewords and colours of whole images: block by block, tile by tile, in threads.

The patches of a whole image are never in memory. A *block* is what a thread works on and what
smoothing sees; a *tile* is a part of it whose features stay in the processor's cache. The grid of
both depends on the image and the model alone, so the bytes do not depend on the threads.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn import config_context
from sklearn.neural_network import MLPClassifier

from ._color import image_lightness, join_lightness_chroma, output_dtype
from ._parallel import single_threaded
from ._patches import ImageFeatures, PatchExtractor
from ._pixels import pixels_of_image
from ._refine import guided_filter

_BLOCK = 1 << 20
_TILE = 1 << 13
_TILE_GENERAL = 1 << 16


class CodewordModel:
    """From features to codewords and chroma: what is needed of a fitted SOMColorizer to predict.

    Parameters
    ----------
    extractor : transformer
    classifier : classifier or None
        None paints the only codeword of `codes`.
    codebook : ndarray of shape (n_codes, 2)
    codes : ndarray of shape (n_seen,), int
        The codewords that the classifier knows, in the order of its columns.
    temperature : float
    smoothing_radius : int
    """

    def __init__(self, extractor, classifier, codebook, codes, temperature=0.0, smoothing_radius=0):
        self.extractor = extractor
        self.codebook = np.asarray(codebook, np.float32)
        self.codes = np.asarray(codes, np.int32)
        self.temperature = temperature
        self.smoothing_radius = smoothing_radius
        if classifier is None:
            self.scores = _OnlyCode()
        elif type(classifier) is MLPClassifier:
            self.scores = _Network(classifier)
        else:
            self.scores = _AnyClassifier(classifier)
        self.is_patch_extractor = type(extractor) is PatchExtractor
        fast = self.is_patch_extractor and not isinstance(self.scores, _AnyClassifier)
        self.tile_size = _TILE if fast else _TILE_GENERAL

    def features_of(self, image):
        return (ImageFeatures if self.is_patch_extractor else _ExtractedFeatures)(self.extractor, image)

    def labels(self, features):
        """Codewords (n,) of features (n_features, n)."""
        return self.codes[self.scores.winners(features)]

    def probabilities(self, features):
        """Probabilities (n_codes, n)."""
        weights = self.scores.weights(features, 1.0)
        probabilities = np.zeros((len(self.codebook), features.shape[1]), np.float32)
        probabilities[self.codes] = weights / weights.sum(axis=0)
        return probabilities

    def chroma(self, features):
        """Chroma (2, n): of the winner, or the annealed mean of Zhang et al. (2016), equation 5."""
        codebook = self.codebook[self.codes].T
        if self.temperature == 0:
            return codebook[:, self.scores.winners(features)]
        weights = self.scores.weights(features, self.temperature)
        # the last row of the product is the sum of the weights
        total = np.concatenate([codebook, np.ones((1, codebook.shape[1]), np.float32)]) @ weights
        return total[:2] / total[2]

    def predict_labels(self, image, n_jobs=1):
        labels = np.empty(image.shape[:2], np.int32)
        self._fill(image, n_jobs, self.labels, labels)
        return labels

    def predict_proba(self, image, n_jobs=1):
        probabilities = np.empty((*image.shape[:2], len(self.codebook)), np.float32)
        self._fill(image, n_jobs, lambda features: self.probabilities(features).T, probabilities)
        return probabilities

    def predict_chroma(self, image, n_jobs=1):
        chroma = np.empty((*image.shape[:2], 2), np.float32)

        def work(features, rows, columns):
            chroma[rows, columns] = np.moveaxis(self._block_chroma(features, rows, columns)[1], 0, -1)

        self._for_blocks(image, n_jobs, work)
        return chroma

    def predict_colors(self, image, n_jobs=1):
        colors = np.empty((*image.shape[:2], 3), output_dtype(image.dtype))
        if (
            self.temperature == 0
            and self.smoothing_radius == 0
            and image.dtype == np.uint8
            and image.ndim == 2
        ):
            table = color_table(self.codebook)

            def work(features, rows, columns):
                labels = np.empty((rows.stop - rows.start, columns.stop - columns.start), np.intp)
                for tile, where in self._tiles(features.block(*_bounds(rows, columns)), rows, columns):
                    labels[where] = self.labels(tile).reshape(labels[where].shape)
                labels *= 256
                labels += image[rows, columns]
                np.take(table, labels, axis=0, out=colors[rows, columns], mode="clip")
        else:

            def work(features, rows, columns):
                lightness, chroma = self._block_chroma(features, rows, columns)
                colors[rows, columns] = join_lightness_chroma(
                    lightness, np.moveaxis(chroma, 0, -1), colors.dtype
                )

        self._for_blocks(image, n_jobs, work)
        return colors

    def on_pixels(self, method, pixels):
        """Apply `labels`, `probabilities` or `chroma` to a PixelSamples; the pixels are the last axis."""
        parts = []
        with single_threaded(), config_context(transform_output="default"):
            for start in range(0, max(len(pixels), 1), _TILE_GENERAL):
                features = np.asarray(self.extractor.transform(pixels[start : start + _TILE_GENERAL]))
                parts.append(method(features.T))
        return np.concatenate(parts, axis=-1)

    def _fill(self, image, n_jobs, method, out):
        """Write method(features), pixels first, to every pixel of `out`."""

        def work(features, rows, columns):
            block = out[rows, columns]
            for tile, where in self._tiles(features.block(*_bounds(rows, columns)), rows, columns):
                block[where] = method(tile).reshape(block[where].shape)

        self._for_blocks(image, n_jobs, work)

    def _block_chroma(self, features, rows, columns):
        """Lightness (n_rows, n_columns) and chroma (2, n_rows, n_columns) of a block, smoothed."""
        radius = self.smoothing_radius
        height, width = features.shape
        wide_rows = slice(max(rows.start - 2 * radius, 0), min(rows.stop + 2 * radius, height))
        wide_columns = slice(max(columns.start - 2 * radius, 0), min(columns.stop + 2 * radius, width))
        block = features.block(*_bounds(wide_rows, wide_columns))
        chroma = np.empty((2, *block.lightness.shape), np.float32)
        for tile, where in self._tiles(block, wide_rows, wide_columns):
            chroma[:, *where] = self.chroma(tile).reshape(chroma[:, *where].shape)
        if radius:
            chroma = guided_filter(block.lightness * np.float32(0.01), chroma, radius)
        inner = (
            slice(rows.start - wide_rows.start, rows.stop - wide_rows.start),
            slice(columns.start - wide_columns.start, columns.stop - wide_columns.start),
        )
        return block.lightness[inner], chroma[:, *inner]

    def _tiles(self, block, rows, columns):
        """Yield the features of each tile of a block, and where it lies in the block."""
        n_columns = columns.stop - columns.start
        step = max(1, self.tile_size // n_columns)
        for top in range(rows.start, rows.stop, step):
            bottom = min(top + step, rows.stop)
            where = slice(top - rows.start, bottom - rows.start), slice(0, n_columns)
            yield block.tile(top, bottom, columns.start, columns.stop), where

    def _for_blocks(self, image, n_jobs, work):
        """Call work(features, rows, columns) for each block of the image, in n_jobs threads."""

        def task(block):
            with config_context(transform_output="default"):
                work(features, *block)

        with single_threaded(), config_context(transform_output="default"):
            features = self.features_of(image)
            blocks = _block_grid(*image.shape[:2])
            if n_jobs == 1 or len(blocks) == 1:
                for block in blocks:
                    task(block)
            else:
                with ThreadPoolExecutor(n_jobs) as threads:
                    list(threads.map(task, blocks))


def color_table(codebook):
    """8-bit RGB of each codeword at each 8-bit grey level, (n_codes * 256, 3)."""
    lightness = image_lightness(np.arange(256, dtype=np.uint8)[None])[0]
    colors = join_lightness_chroma(lightness[None, :], codebook[:, None, :], np.uint8)
    return colors.reshape(-1, 3)


def _block_grid(height, width):
    n_across = -(-width // _TILE)
    edges = [width * i // n_across for i in range(n_across + 1)]
    step = max(1, _BLOCK // -(-width // n_across))
    return [
        (slice(top, min(top + step, height)), slice(left, right))
        for top in range(0, height, step)
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]


def _bounds(rows, columns):
    return rows.start, rows.stop, columns.start, columns.stop


class _Network:
    """Forward pass of a fitted MLPClassifier on features that come feature by feature."""

    def __init__(self, classifier):
        self.weights_ = [np.ascontiguousarray(w.T, np.float32) for w in classifier.coefs_]
        self.biases = [b.astype(np.float32)[:, None] for b in classifier.intercepts_]
        self.activation = classifier.activation
        # one output neuron stands for two classes
        self.binary = classifier.out_activation_ == "logistic"

    def logits(self, features):
        """Inputs of the output layer's softmax, (n_classes, n)."""
        values = np.asarray(features, np.float32)
        last = len(self.weights_) - 1
        for layer, (weights, bias) in enumerate(zip(self.weights_, self.biases, strict=True)):
            values = weights @ values
            values += bias
            if layer < last:
                _activate(values, self.activation)
        return np.concatenate([np.zeros_like(values), values]) if self.binary else values

    def winners(self, features):
        return _argmax(self.logits(features))

    def weights(self, features, temperature):
        logits = self.logits(features)
        logits -= logits.max(axis=0)
        if temperature != 1:
            logits *= _sharpness(temperature)
        return np.exp(logits, out=logits)


def _sharpness(temperature):
    # beyond this the winner takes all, and float32 overflows
    return np.float32(min(1 / temperature, 1e30))


def _activate(values, activation):
    """Apply MLPClassifier's activation function in place."""
    if activation == "relu":
        np.maximum(values, 0, out=values)
    elif activation == "tanh":
        np.tanh(values, out=values)
    elif activation == "logistic":
        # the same function as 1 / (1 + exp(-x)), which overflows
        values *= np.float32(0.5)
        np.tanh(values, out=values)
        values += 1
        values *= np.float32(0.5)


def _argmax(rows):
    """rows.argmax(axis=0), several times as fast where the rows are few and long."""
    dtype = np.uint8 if len(rows) <= 256 else np.uint16
    best, winner = rows[0].copy(), np.zeros(rows.shape[1], dtype)
    for index in range(1, len(rows)):
        # winners only rise, so the larger of the two indices is the later one
        np.maximum(winner, np.multiply(rows[index] > best, dtype(index), dtype=dtype), out=winner)
        np.maximum(best, rows[index], out=best)
    return winner


class _AnyClassifier:
    """Probabilities of any classifier."""

    def __init__(self, classifier):
        self.classifier = classifier

    def probabilities(self, features):
        rows = np.ascontiguousarray(features.T)
        return np.asarray(self.classifier.predict_proba(rows), np.float32).T

    def winners(self, features):
        return self.probabilities(features).argmax(axis=0)

    def weights(self, features, temperature):
        probabilities = self.probabilities(features)
        if temperature == 1:
            return probabilities
        return (probabilities / probabilities.max(axis=0)) ** _sharpness(temperature)


class _OnlyCode:
    """Stands for the classifier where the sample holds a single codeword."""

    def winners(self, features):
        return np.zeros(features.shape[1], np.uint8)

    def weights(self, features, temperature):
        return np.ones((1, features.shape[1]), np.float32)


class _ExtractedFeatures:
    """Features of one image by any transformer of PixelSamples; like ImageFeatures."""

    def __init__(self, extractor, image):
        self.extractor = extractor
        self.image_lightness = image_lightness(image)
        self.shape = self.image_lightness.shape
        self.memo = {}

    def block(self, top, bottom, left, right):
        return _ExtractedBlock(self, top, bottom, left, right)


class _ExtractedBlock:
    def __init__(self, source, top, bottom, left, right):
        self.source = source
        self.lightness = source.image_lightness[top:bottom, left:right]

    def tile(self, top, bottom, left, right):
        rows, columns = np.mgrid[top:bottom, left:right].reshape(2, -1)
        pixels = pixels_of_image(self.source.image_lightness, rows, columns, memo=self.source.memo)
        return np.asarray(self.source.extractor.transform(pixels)).T
