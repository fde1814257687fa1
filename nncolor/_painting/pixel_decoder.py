"""Features of pixels to codewords, probabilities and chroma."""

from copy import copy

import numpy as np

from .scores import scores_of
from .tint import tint_features


class PixelDecoder:
    """Decoder of the features of pixels, of shape (n_groups, n_features, n).

    Parameters
    ----------
    classifier : classifier or None
        None paints the only codeword of `codewords`.
    codebook : ndarray of shape (n_codes, 2)
    codewords : ndarray of shape (n_classes,), int
        Those that the classifier was trained on, in the order of its columns.
    frequencies : ndarray of shape (n_codes,)
        Share of each codeword among the training pixels.
    has_tint : bool
        Whether the last features of the classifier are those of a tint; they are not passed to the methods.
    chroma_scale : float
        Share of the predicted chroma that is painted if no tint is given.
    temperature : float
    """

    def __init__(
        self,
        classifier,
        codebook,
        codewords,
        frequencies,
        *,
        has_tint=False,
        chroma_scale=1.0,
        temperature=0.0,
    ):
        self.classifier = classifier
        self.full_codebook = np.asarray(codebook, np.float32)
        self.codebook = self.full_codebook * np.float32(chroma_scale)
        self.codewords = np.asarray(codewords, np.int32)
        self.frequencies = frequencies[self.codewords]
        self.temperature = temperature
        no_tint = tint_features(None) if has_tint else np.empty(0, np.float32)
        self.scores = scores_of(classifier, no_tint, self.frequencies)

    def with_tint(self, tint):
        """Decoder for pixels of images with a given mean tint, an array of shape (2,); None means no tint."""
        if tint is None:
            return self
        decoder = copy(self)
        decoder.codebook = self.full_codebook
        decoder.scores = scores_of(self.classifier, tint_features(tint), self.frequencies)
        return decoder

    def labels(self, features):
        """Codewords (n_groups, n)."""
        return self.codewords[self.scores.winners(features)]

    def proba(self, features):
        """Probabilities (n_groups, n, n_codes)."""
        weights = self.scores.weights(features, 1.0)
        weights /= weights.sum(axis=1, keepdims=True)
        probabilities = np.zeros((len(weights), weights.shape[2], len(self.codebook)), np.float32)
        probabilities[..., self.codewords] = weights.transpose(0, 2, 1)
        return probabilities

    def confidence(self, features):
        """Probability (n_groups, n) of the most probable codeword."""
        weights = self.scores.weights(features, 1.0)
        return weights.max(axis=1) / weights.sum(axis=1)

    def chroma(self, features):
        """Chroma (n_groups, n, 2): of the winner, or the annealed mean of Zhang et al. (2016), equation 5."""
        codebook = self.codebook[self.codewords]
        if self.temperature == 0:
            return codebook[self.scores.winners(features)]
        weights = self.scores.weights(features, self.temperature)
        # the last row of the product is the sum of the weights
        total = np.concatenate([codebook.T, np.ones((1, len(codebook)), np.float32)]) @ weights
        return (total[:, :2] / total[:, 2:]).transpose(0, 2, 1)
