"""Codewords and colours of whole images: block by block, tile by tile, in threads.

The patches of a whole image are never in memory. A *block* is what a thread works on and what
smoothing sees; a *tile* is a part of it whose features stay in the processor's cache. The grid of
both depends on the image and the model alone, so the bytes do not depend on the threads.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn import config_context
from sklearn.neural_network import MLPClassifier

from .._images.color import image_lightness, join_lightness_chroma, output_dtype, paint
from .._images.parallel import plain_context
from .._pixels.patches import ImageFeatures, PatchExtractor
from .._pixels.samples import pixels_of_image
from .guided_filter import guided_filter, reach, sampling_step

# Pixels of a block, and how long its shorter side is where the image allows it.
_BLOCK = 1 << 19
_BLOCK_SIDE = 1 << 9
# Pixels of a tile, with the direct forward pass and without, and of a row of it. OpenBLAS multiplies a
# small matrix with rows of this length twice as fast as with longer ones, which it packs first.
_TILE = 1 << 13
_TILE_ROW = 384
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
        """Codewords (n_groups, n) of features (n_groups, n_features, n)."""
        return self.codes[self.scores.winners(features)]

    def probabilities(self, features):
        """Probabilities (n_groups, n, n_codes)."""
        weights = self.scores.weights(features, 1.0)
        weights /= weights.sum(axis=1, keepdims=True)
        probabilities = np.zeros((len(weights), weights.shape[2], len(self.codebook)), np.float32)
        probabilities[..., self.codes] = weights.transpose(0, 2, 1)
        return probabilities

    def confidence(self, features):
        """Probability (n_groups, n) of the most probable codeword."""
        weights = self.scores.weights(features, 1.0)
        return weights.max(axis=1) / weights.sum(axis=1)

    def chroma(self, features):
        """Chroma (n_groups, n, 2): of the winner, or the annealed mean of Zhang et al. (2016), equation 5."""
        codebook = self.codebook[self.codes]
        if self.temperature == 0:
            return codebook[self.scores.winners(features)]
        weights = self.scores.weights(features, self.temperature)
        # the last row of the product is the sum of the weights
        total = np.concatenate([codebook.T, np.ones((1, len(codebook)), np.float32)]) @ weights
        return (total[:, :2] / total[:, 2:]).transpose(0, 2, 1)

    def predict_labels(self, image, n_jobs=1):
        labels = np.empty(image.shape[:2], np.int32)
        self._fill(image, n_jobs, self.labels, labels)
        return labels

    def predict_proba(self, image, n_jobs=1, step=1):
        """Probabilities (h, w, n_codes) at every step-th pixel."""
        shape = (-(-size // step) for size in image.shape[:2])
        probabilities = np.empty((*shape, len(self.codebook)), np.float32)
        self._fill(image, n_jobs, self.probabilities, probabilities, step)
        return probabilities

    def predict_confidence(self, image, n_jobs=1):
        confidence = np.empty(image.shape[:2], np.float32)
        self._fill(image, n_jobs, self.confidence, confidence)
        return confidence

    def predict_chroma(self, image, n_jobs=1):
        chroma = np.empty((*image.shape[:2], 2), np.float32)

        def work(features, rows, columns):
            planes = self._block_chroma(features, rows, columns)[1]
            chroma[_slices(rows, columns)] = np.moveaxis(planes, 0, -1)

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
                where = _slices(rows, columns)
                labels = np.empty((len(rows), len(columns)), np.intp)
                self._fill_block(features.block(rows, columns), rows, columns, self.labels, labels)
                labels *= 256
                labels += image[where]
                np.take(table, labels, axis=0, out=colors[where], mode="clip")
        else:

            def work(features, rows, columns):
                paint(*self._block_chroma(features, rows, columns), colors[_slices(rows, columns)])

        self._for_blocks(image, n_jobs, work)
        return colors

    def on_pixels(self, method, pixels):
        """Apply `labels`, `probabilities`, `confidence` or `chroma` to a PixelSamples: one row a pixel."""
        parts = []
        with plain_context():
            for start in range(0, max(len(pixels), 1), _TILE_GENERAL):
                features = np.asarray(self.extractor.transform(pixels[start : start + _TILE_GENERAL]))
                parts.append(method(features.T[None])[0])
        return np.concatenate(parts)

    def _fill(self, image, n_jobs, method, out, step=1):
        """Write method(features) of every step-th pixel to `out`."""

        def work(features, rows, columns):
            block = features.block(rows, columns)
            rows, columns = _every(rows, step), _every(columns, step)
            where = _slices(*(range(seen.start // step, -(-seen.stop // step)) for seen in (rows, columns)))
            self._fill_block(block, rows, columns, method, out[where])

        self._for_blocks(image, n_jobs, work)

    def _fill_block(self, block, rows, columns, method, out):
        """Write method(features) to every pixel of `out`."""
        for tile, where in self._tiles(block, rows, columns):
            out[where] = method(tile).reshape(out[where].shape)

    def _block_chroma(self, features, rows, columns):
        """Lightness (n_rows, n_columns) and chroma (2, n_rows, n_columns) of a block, smoothed."""
        height, width = features.shape
        radius = min(self.smoothing_radius, max(height, width))
        step = sampling_step(min(radius, height, width))
        margin = reach(radius, step) if radius else 0
        wide_rows, wide_columns = _widen(rows, margin, step, height), _widen(columns, margin, step, width)
        block = features.block(wide_rows, wide_columns)
        seen_rows, seen_columns = wide_rows[::step], wide_columns[::step]
        chroma = np.empty((2, len(seen_rows), len(seen_columns)), np.float32)
        self._fill_block(block, seen_rows, seen_columns, self.chroma, np.moveaxis(chroma, 0, -1))
        if radius:
            chroma = guided_filter(block.lightness * np.float32(0.01), chroma, radius, step)
        inner = _slices(rows, columns, wide_rows.start, wide_columns.start)
        return block.lightness[inner], chroma[:, *inner]

    def _tiles(self, block, rows, columns):
        """Yield the features of each tile of a block, and where it lies among the rows and columns."""
        n_columns = min(len(columns), _TILE_ROW)
        n_rows = max(1, self.tile_size // n_columns)
        for top in range(0, len(rows), n_rows):
            for left in range(0, len(columns), n_columns):
                where = slice(top, top + n_rows), slice(left, left + n_columns)
                yield block.tile(rows[where[0]], columns[where[1]]), where

    def _for_blocks(self, image, n_jobs, work):
        """Call work(features, rows, columns) for each block of the image, in n_jobs threads."""

        def task(block):
            with config_context(transform_output="default"):
                work(features, *block)

        with plain_context():
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


def _slices(rows, columns, top=0, left=0):
    """Where ranges of rows and columns lie in an array whose first pixel is (top, left)."""
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def _every(indices, step):
    """Those of a range of rows or columns that are multiples of the step."""
    return range(-(-indices.start // step) * step, indices.stop, step)


def _widen(indices, margin, step, size):
    """Range of rows or columns with a margin, as far as the image goes, from a multiple of the step."""
    start = max(indices.start - margin, 0)
    return range(start - start % step, min(indices.stop + margin, size))


class _Network:
    """Forward pass of a fitted MLPClassifier on features that come group by group, feature by feature."""

    def __init__(self, classifier):
        self.layers = [np.ascontiguousarray(w.T, np.float32) for w in classifier.coefs_]
        self.biases = [b.astype(np.float32)[:, None] for b in classifier.intercepts_]
        self.activation = classifier.activation
        if self.activation == "relu":
            # max(x + b, 0) = max(x, -b) + b, and the next layer's bias takes up the last b: one pass less
            for layer, weights in enumerate(self.layers[1:]):
                self.biases[layer + 1] = self.biases[layer + 1] + weights @ self.biases[layer]
        # one output neuron stands for two classes
        self.binary = classifier.out_activation_ == "logistic"

    def logits(self, features):
        """Inputs of the output layer's softmax, (n_groups, n_classes, n)."""
        values = np.asarray(features, np.float32)
        for weights, bias in zip(self.layers[:-1], self.biases[:-1], strict=True):
            values = weights @ values
            _activate(values, bias, self.activation)
        values = self.layers[-1] @ values
        values += self.biases[-1]
        return np.concatenate([np.zeros_like(values), values], axis=1) if self.binary else values

    def winners(self, features):
        return _argmax(self.logits(features))

    def weights(self, features, temperature):
        logits = self.logits(features)
        logits -= logits.max(axis=1, keepdims=True)
        if temperature != 1:
            logits *= _sharpness(temperature)
        return np.exp(logits, out=logits)


def _sharpness(temperature):
    # beyond this the winner takes all, and float32 overflows
    return np.float32(min(1 / temperature, 1e30))


def _activate(values, bias, activation):
    """Apply MLPClassifier's activation function to values + bias in place; short of the bias for relu."""
    if activation == "relu":
        np.maximum(values, -bias, out=values)
        return
    values += bias
    if activation == "tanh":
        np.tanh(values, out=values)
    elif activation == "logistic":
        # the same function as 1 / (1 + exp(-x)), which overflows
        values *= np.float32(0.5)
        np.tanh(values, out=values)
        values += 1
        values *= np.float32(0.5)


def _argmax(scores):
    """scores.argmax(axis=1), several times as fast where classes are few and rows are long."""
    n_classes = scores.shape[1]
    dtype = np.uint8 if n_classes <= 256 else np.uint16
    best, winner = scores[:, 0].copy(), np.zeros((len(scores), scores.shape[2]), dtype)
    for index in range(1, n_classes):
        score = scores[:, index]
        # winners only rise, so the larger of the two indices is the later one
        np.maximum(winner, np.multiply(score > best, dtype(index), dtype=dtype), out=winner)
        np.maximum(best, score, out=best)
    return winner


class _AnyClassifier:
    """Probabilities of any classifier."""

    def __init__(self, classifier):
        self.classifier = classifier

    def probabilities(self, features):
        n_groups, n_features, n = features.shape
        rows = np.ascontiguousarray(features.transpose(0, 2, 1)).reshape(-1, n_features)
        probabilities = np.asarray(self.classifier.predict_proba(rows), np.float32)
        return probabilities.reshape(n_groups, n, -1).transpose(0, 2, 1)

    def winners(self, features):
        return self.probabilities(features).argmax(axis=1)

    def weights(self, features, temperature):
        probabilities = self.probabilities(features)
        if temperature == 1:
            return probabilities
        return (probabilities / probabilities.max(axis=1, keepdims=True)) ** _sharpness(temperature)


class _OnlyCode:
    """Stands for the classifier where the sample holds a single codeword."""

    def winners(self, features):
        return np.zeros((len(features), features.shape[2]), np.uint8)

    def weights(self, features, temperature):
        return np.ones((len(features), 1, features.shape[2]), np.float32)


class _ExtractedFeatures:
    """Features of one image by any transformer of PixelSamples; like ImageFeatures."""

    def __init__(self, extractor, image):
        self.extractor = extractor
        self.image_lightness = image_lightness(image)
        self.shape = self.image_lightness.shape
        self.memo = {}

    def block(self, rows, columns):
        return _ExtractedBlock(self, rows, columns)


class _ExtractedBlock:
    def __init__(self, source, rows, columns):
        self.source = source
        self.lightness = source.image_lightness[_slices(rows, columns)]

    def tile(self, rows, columns):
        rows, columns = np.meshgrid(rows, columns, indexing="ij")
        pixels = pixels_of_image(
            self.source.image_lightness, rows.ravel(), columns.ravel(), memo=self.source.memo
        )
        return np.asarray(self.source.extractor.transform(pixels)).T[None]
