"""Scores of codewords: the forward pass of a network, or the probabilities of any classifier."""

from typing import Any, Protocol

import numpy as np
from sklearn.neural_network import MLPClassifier

from .._network import CodewordClassifier
from .._utils.types import AnyArray, FloatArray


class Scores(Protocol):
    """Scores of classes for features of shape (n_groups, n_features, n)."""

    def winners(self, features: FloatArray) -> AnyArray:
        """Index of the best class, (n_groups, n)."""

    def weights(self, features: FloatArray, temperature: float) -> FloatArray:
        """Probabilities to the power of 1 / temperature, up to a factor, (n_groups, n_classes, n)."""


def scores_of(classifier: Any, constants: FloatArray, frequencies: FloatArray) -> Scores:
    """Scores of a fitted classifier.

    Parameters
    ----------
    classifier : classifier or None
        None stands for a single codeword.
    constants : ndarray
        Its last features, which are the same for all pixels; the methods take the other features.
    frequencies : ndarray of shape (n_classes,)
        Probabilities where the classifier gives none.
    """
    if classifier is None:
        return SingleCodewordScores()
    if type(classifier) in (CodewordClassifier, MLPClassifier):
        return NetworkScores(classifier, constants)
    return ClassifierScores(classifier, constants, frequencies)


class NetworkScores:
    """Forward pass of a fitted network, without MLPClassifier's transposed copies and float64."""

    def __init__(self, classifier, constants):
        self.layers = [np.ascontiguousarray(w.T, np.float32) for w in classifier.coefs_]
        self.biases = [b.astype(np.float32)[:, None] for b in classifier.intercepts_]
        if len(constants):
            first, of_constants = np.split(self.layers[0], [-len(constants)], axis=1)
            self.layers[0] = np.ascontiguousarray(first)
            self.biases[0] = self.biases[0] + of_constants @ constants[:, None]
        self.activation = classifier.activation
        if self.activation == "relu":
            # max(x + b, 0) = max(x, -b) + b, and the last b is added to the next layer's bias: one pass less
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
    # beyond this only the winner has a weight, and float32 overflows
    return np.float32(min(1 / temperature, 1e30))


def _activate(values, bias, activation):
    """Apply MLPClassifier's activation function to values + bias in place; for relu, minus the bias."""
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
    """scores.argmax(axis=1), several times as fast for few classes and long rows."""
    n_classes = scores.shape[1]
    dtype = np.uint8 if n_classes <= 256 else np.uint16
    best, winner = scores[:, 0].copy(), np.zeros((len(scores), scores.shape[2]), dtype)
    for index in range(1, n_classes):
        score = scores[:, index]
        # indices only increase, so the larger of the two is the later one
        np.maximum(winner, np.multiply(score > best, dtype(index), dtype=dtype), out=winner)
        np.maximum(best, score, out=best)
    return winner


class ClassifierScores:
    """Scores of any classifier, from its `predict_proba`.

    Where the probabilities are all 0 or not finite, they are the frequencies of the classes.
    """

    def __init__(self, classifier, constants, frequencies):
        self.classifier = classifier
        self.constants = constants
        self.frequencies = np.asarray(frequencies, np.float32)

    def probabilities(self, features):
        n_groups, n_features, n = features.shape
        rows = np.ascontiguousarray(features.transpose(0, 2, 1)).reshape(-1, n_features)
        if len(self.constants):
            constants = np.broadcast_to(self.constants, (len(rows), len(self.constants)))
            rows = np.concatenate([rows, constants.astype(rows.dtype)], axis=1)
        probabilities = np.asarray(self.classifier.predict_proba(rows), np.float32)
        total = probabilities.sum(axis=1)
        # NaN and infinity propagate to the sum
        is_missing = ~(np.isfinite(total) & (total > 0))
        if is_missing.any():
            probabilities = np.where(is_missing[:, None], self.frequencies, probabilities)
        return probabilities.reshape(n_groups, n, -1).transpose(0, 2, 1)

    def winners(self, features):
        return self.probabilities(features).argmax(axis=1)

    def weights(self, features, temperature):
        probabilities = self.probabilities(features)
        if temperature == 1:
            return probabilities
        return (probabilities / probabilities.max(axis=1, keepdims=True)) ** _sharpness(temperature)


class SingleCodewordScores:
    """Scores if the training sample held a single codeword and there is no classifier."""

    def winners(self, features):
        return np.zeros((len(features), features.shape[2]), np.uint8)

    def weights(self, features, temperature):
        return np.ones((len(features), 1, features.shape[2]), np.float32)
