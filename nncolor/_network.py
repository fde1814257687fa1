"""CodewordClassifier: the default network, trained for a chosen number of pixels with a chosen penalty."""

import numbers
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ._utils.estimator import EstimatorMixin, fit_context
from ._utils.progress import progress
from ._utils.threads import single_threaded
from ._utils.types import AnyArray, FloatArray, IntArray, RandomState

# The weights of a network are a mean of those of its last steps, about a ninth of all (polynomial-decay
# averaging). It has the effect of a learning rate that falls to 0, for any number of pixels.
_RECENT = 8
# Penalty, and number of training pixels for each image and its bounds, if no held-out images choose them.
_PENALTY, _PER_IMAGE, _PIXELS = 1.0, 5000, (50_000, 400_000)
# Steps between two updates of the progress bar.
_SHOWN = 50


def usual_settings(n_images: int | None) -> tuple[float, int]:
    """Penalty and number of training pixels without held-out images; None for an unknown number of images."""
    n_pixels = _PIXELS[1] if n_images is None else int(np.clip(_PER_IMAGE * n_images, *_PIXELS))
    return _PENALTY, n_pixels


class Networks:
    """Networks of one shape with different penalties, trained on the same batches by Adam [1]_ in float32.

    The loss, the penalty, the initial weights and the updates are those of MLPClassifier with the activation
    "relu" and the solver "adam". The weights that are used are averaged over the last steps [2]_.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of features, of neurons of each hidden layer, and of classes.
    penalties : sequence of float
        Of each network.
    learning_rate : float
    batch_size : int
    random_state : RandomState

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    .. [2] O. Shamir, T. Zhang, "Stochastic gradient descent for non-smooth optimization", ICML 2013,
       polynomial-decay averaging.
    """

    _BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, sizes, penalties, learning_rate, batch_size, random_state):
        self.sizes, self.learning_rate, self.batch_size = list(sizes), learning_rate, batch_size
        initial, is_weight = [], []
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            # Glorot and Bengio (2010)
            bound = np.sqrt(6 / (n_in + n_out))
            initial += [random_state.uniform(-bound, bound, n_in * n_out)]
            initial += [random_state.uniform(-bound, bound, n_out)]
            is_weight += [np.ones(n_in * n_out), np.zeros(n_out)]
        # a row of all weights and biases for each network: Adam's update is one operation on all of them
        self.values = np.tile(np.concatenate(initial).astype(np.float32), (len(penalties), 1))
        penalties = np.asarray(penalties, np.float32)[:, None]
        self.decay = penalties / np.float32(batch_size) * np.concatenate(is_weight).astype(np.float32)
        self.first, self.second = np.zeros_like(self.values), np.zeros_like(self.values)
        self.mean = self.values.copy()
        self.n_steps = self.n_shown = 0
        self._set_views()

    def get_state(self):
        """Everything that training changes, as plain arrays and numbers."""
        return {name: getattr(self, name) for name in ("values", "first", "second", "mean", "n_steps")}

    def set_state(self, state):
        if state["values"].shape != self.values.shape:
            raise ValueError("The layers of the network have changed since it was trained. Call fit instead.")
        for name, value in state.items():
            setattr(self, name, value.copy() if isinstance(value, np.ndarray) else value)
        self._set_views()

    def _set_views(self):
        self.gradient, self._buffer = np.empty_like(self.values), np.empty_like(self.values)
        self._layers, self._gradients = self._split(self.values), self._split(self.gradient)

    def _split(self, rows):
        """Views of weights (n_networks, n_in, n_out) and biases (n_networks, 1, n_out) of each layer."""
        layers, start = [], 0
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            end = start + n_in * n_out
            weights = rows[:, start:end].reshape(-1, n_in, n_out)
            layers.append((weights, rows[:, end : end + n_out].reshape(-1, 1, n_out)))
            start = end + n_out
        return layers

    def keep(self, chosen):
        """Continue with some of the networks only."""
        for name in ("values", "decay", "first", "second", "mean"):
            setattr(self, name, np.ascontiguousarray(getattr(self, name)[chosen]))
        self._set_views()

    def weights(self, index=0):
        """Averaged weights (n_in, n_out) and biases (n_out,) of each layer of a network."""
        layers = self._split(self.mean)
        return [w[index].copy() for w, _ in layers], [b[index, 0].copy() for _, b in layers]

    def train(self, features, labels, rows, n_pixels):
        """Train until that many pixels have been shown, in the order of the rows, over and over."""
        while self.n_shown < n_pixels:
            stop = min(self.n_shown + self.batch_size, n_pixels)
            shown = rows[np.arange(self.n_shown, stop) % len(rows)]
            self._step(features[shown], labels[shown])
            self.n_shown = stop

    def _step(self, features, labels):
        n, last = len(features), len(self._layers) - 1
        inputs = [features[None]]
        for layer, (weights, bias) in enumerate(self._layers):
            values = np.matmul(inputs[-1], weights)
            values += bias
            if layer < last:
                np.maximum(values, 0, out=values)
            inputs.append(values)
        # gradient of the mean cross-entropy: probabilities minus one-hot labels
        delta = inputs.pop()
        delta -= delta.max(axis=2, keepdims=True)
        np.exp(delta, out=delta)
        delta /= delta.sum(axis=2, keepdims=True) * np.float32(n)
        delta[:, np.arange(n), labels] -= np.float32(1 / n)
        for layer in range(last, -1, -1):
            gradient, of_bias = self._gradients[layer]
            np.matmul(inputs[layer].transpose(0, 2, 1), delta, out=gradient)
            delta.sum(axis=1, keepdims=True, out=of_bias)
            if layer:
                delta = np.matmul(delta, self._layers[layer][0].transpose(0, 2, 1))
                delta *= inputs[layer] > 0
        self._update()

    def _update(self):
        buffer, gradient, one = self._buffer, self.gradient, np.float32
        np.multiply(self.values, self.decay, out=buffer)
        gradient += buffer
        self.n_steps += 1
        self.first *= one(self._BETA_1)
        np.multiply(gradient, one(1 - self._BETA_1), out=buffer)
        self.first += buffer
        np.square(gradient, out=gradient)
        gradient *= one(1 - self._BETA_2)
        self.second *= one(self._BETA_2)
        self.second += gradient
        correction = np.sqrt(1 - self._BETA_2**self.n_steps) / (1 - self._BETA_1**self.n_steps)
        np.sqrt(self.second, out=buffer)
        buffer += one(self._EPSILON)
        np.divide(self.first, buffer, out=buffer)
        buffer *= one(self.learning_rate * correction)
        self.values -= buffer
        np.subtract(self.values, self.mean, out=buffer)
        buffer *= one((_RECENT + 1) / (self.n_steps + _RECENT))
        self.mean += buffer


class CodewordClassifier(EstimatorMixin, MLPClassifier):
    """Network that classifies pixels into codewords, trained for a number of pixels.

    It is scikit-learn's MLPClassifier with ReLU and Adam, with another training: it ends after a number of
    pixels, however often each was shown, and the weights are averaged over the last ninth of the steps. This
    reaches the error on held-out photographs after about a quarter of the pixels.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(50, 50)
        Number of neurons of each hidden layer.
    penalty : float or "auto", default="auto"
        Penalty on the squares of the weights, MLPClassifier's `alpha`. As the `classifier` of
        :class:`~nncolor.SOMColorizer`, "auto" is chosen by the held-out images; otherwise, inside a Pipeline
        too, it is 1.
    n_training_pixels : int or "auto", default="auto"
        Number of pixels (rows of `X`) to train on, repeated if `X` has fewer. In
        :class:`~nncolor.SOMColorizer`, "auto" is chosen by the held-out images; otherwise it is 5000 for each
        image, from 50,000 to 400,000, and 400,000 for an unknown number of images.
    learning_rate_init : float, default=0.004
        Learning rate of Adam.
    batch_size : int, default=200
        Number of pixels of a step.
    random_state : int, RandomState instance or None, default=None
        Initial weights, and order of the pixels. Pass an int for the same network on every call.
    verbose : int, default=0
        Show a progress bar if positive.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    coefs_, intercepts_ : list of ndarray, float32
        Weights (n_in, n_out) and biases (n_out,) of each layer.
    penalty_, n_training_pixels_ : float, int
        What it was trained with.
    n_features_in_ : int
        Number of features.
    n_iter_ : int
        Number of passes over the rows, or of calls of `partial_fit`.
    n_layers_, n_outputs_, out_activation_ : int, int, str
        As in MLPClassifier; the last is "softmax".

    See Also
    --------
    SOMColorizer : It is the default classifier there.
    sklearn.neural_network.MLPClassifier : More solvers and activations.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from nncolor import CodewordClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = CodewordClassifier(penalty=0.01, n_training_pixels=20_000, random_state=0).fit(X, y)
    >>> bool(classifier.score(X, y) > 0.95)
    True
    """

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(numbers.Integral, 1, None, closed="left")],
        "penalty": [Interval(numbers.Real, 0, None, closed="left"), StrOptions({"auto"})],
        "n_training_pixels": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "learning_rate_init": [Interval(numbers.Real, 0, None, closed="neither")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    hidden_layer_sizes: Sequence[int]
    penalty: float | str
    n_training_pixels: int | str
    learning_rate_init: float
    batch_size: int
    random_state: RandomState
    verbose: int
    classes_: AnyArray
    coefs_: list[FloatArray]
    intercepts_: list[FloatArray]
    penalty_: float
    n_training_pixels_: int
    n_features_in_: int
    n_iter_: int

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (50, 50),
        *,
        penalty: float | str = "auto",
        n_training_pixels: int | str = "auto",
        learning_rate_init: float = 0.004,
        batch_size: int = 200,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        super().__init__(
            hidden_layer_sizes,
            learning_rate_init=learning_rate_init,
            batch_size=batch_size,
            random_state=random_state,
            verbose=verbose,
        )
        self.penalty = penalty
        self.n_training_pixels = n_training_pixels

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> "CodewordClassifier":
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_pixels, n_features)
            Features, which are used as float32.
        y : array-like of shape (n_pixels,)
            Labels.
        groups : array-like of shape (n_pixels,), default=None
            Image of each pixel; "auto" depends on the number of images.

        Returns
        -------
        self : CodewordClassifier
            The estimator itself.
        """
        X, labels, classes = self._validate(X, y, None)
        n_images = None if groups is None else len(np.unique(groups))
        penalty, n_pixels = self._settings(n_images)
        random_state = check_random_state(self.random_state)
        networks = make_networks(self, X.shape[1], len(classes), [penalty], random_state)
        rows = random_state.permutation(len(X))
        step = _SHOWN * networks.batch_size
        with single_threaded():
            for shown in progress(range(step, n_pixels + step, step), self.verbose, "training"):
                networks.train(X, labels, rows, min(shown, n_pixels))
        self.penalty_, self.n_training_pixels_ = penalty, n_pixels
        return self._set_weights(networks, classes, random_state, -(-n_pixels // len(X)))

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> "CodewordClassifier":
        """Train the network once on each row of a batch.

        Parameters
        ----------
        X : array-like of shape (n_pixels, n_features)
            Features.
        y : array-like of shape (n_pixels,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will come; needed in the first call only.

        Returns
        -------
        self : CodewordClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If the first call is made without `classes`, a later one with others, or `y` holds others.
        """
        is_first = not hasattr(self, "_state")
        if is_first and classes is None:
            raise ValueError("The first call of partial_fit needs classes: all labels that will come.")
        if not is_first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes!r} are not those of the first call, {self.classes_!r}.")
        X, labels, known = self._validate(X, y, classes if is_first else self.classes_, reset=is_first)
        penalty, n_pixels = self._settings(None)
        random_state = check_random_state(self.random_state) if is_first else self._random_state
        start = random_state if is_first else np.random.RandomState(0)
        networks = make_networks(self, X.shape[1], len(known), [penalty], start)
        if not is_first:
            networks.set_state(self._state)
        with single_threaded():
            networks.train(X, labels, random_state.permutation(len(X)), len(X))
        self.penalty_, self.n_training_pixels_ = penalty, n_pixels
        return self._set_weights(networks, known, random_state, 1 if is_first else self.n_iter_ + 1)

    def predict(self, X: ArrayLike) -> AnyArray:
        """Most probable label of each row.

        Parameters
        ----------
        X : array-like of shape (n_pixels, n_features)
            Features.

        Returns
        -------
        labels : ndarray of shape (n_pixels,)
            The labels.
        """
        probabilities = self.predict_proba(X)
        labels: AnyArray = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probability of each label for each row.

        Parameters
        ----------
        X : array-like of shape (n_pixels, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_pixels, n_classes), float32
            In the order of `classes_`.
        """
        check_is_fitted(self)
        values = np.asarray(validate_data(self, X, dtype=np.float32, reset=False))
        last = len(self.coefs_) - 1
        with single_threaded():
            for layer, (weights, bias) in enumerate(zip(self.coefs_, self.intercepts_, strict=True)):
                values = values @ weights + bias
                if layer < last:
                    np.maximum(values, 0, out=values)
        return np.asarray(softmax(values, axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.classifier_tags.multi_label = False
        return tags

    def _validate(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None, *, reset: bool = True
    ) -> tuple[FloatArray, IntArray, AnyArray]:
        """Features as float32, indices of the labels among the classes, and the classes."""
        sizes = np.atleast_1d(self.hidden_layer_sizes)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or (sizes < 1).any():
            raise ValueError(
                "hidden_layer_sizes must hold the number of neurons of each hidden layer, such as (50, 50); "
                f"got {self.hidden_layer_sizes!r}."
            )
        X, y = validate_data(self, X, y, dtype=np.float32, reset=reset)
        check_classification_targets(y)
        known = np.unique(y if classes is None else np.asarray(classes))
        unknown = np.setdiff1d(y, known)
        if len(unknown):
            raise ValueError(f"y holds the labels {unknown}, which are not among the classes {known}.")
        return np.asarray(X), np.searchsorted(known, y), known

    def _settings(self, n_images: int | None) -> tuple[float, int]:
        """Penalty and number of training pixels."""
        penalty, n_pixels = usual_settings(n_images)
        return (
            penalty if self.penalty == "auto" else float(self.penalty),
            n_pixels if self.n_training_pixels == "auto" else int(self.n_training_pixels),
        )

    def _set_weights(
        self, networks: Networks, classes: AnyArray, random_state: np.random.RandomState, n_iter: int
    ) -> "CodewordClassifier":
        self.classes_ = classes
        self.coefs_, self.intercepts_ = networks.weights()
        self.n_layers_, self.n_outputs_ = len(networks.sizes), len(classes)
        self.out_activation_, self.n_iter_ = "softmax", n_iter
        # for partial_fit
        self._state, self._random_state = networks.get_state(), random_state
        return self


def make_networks(
    classifier: CodewordClassifier,
    n_features: int,
    n_classes: int,
    penalties: Sequence[float],
    random_state: np.random.RandomState,
) -> Networks:
    """Networks with the settings of a classifier, not trained, for each of several penalties."""
    sizes = [n_features, *np.atleast_1d(classifier.hidden_layer_sizes).tolist(), n_classes]
    return Networks(sizes, penalties, classifier.learning_rate_init, classifier.batch_size, random_state)


def with_weights(
    classifier: CodewordClassifier, networks: Networks, index: int, classes: AnyArray
) -> CodewordClassifier:
    """Copy of a classifier with the weights of one of several networks."""
    network = copy(classifier)
    network.coefs_, network.intercepts_ = networks.weights(index)
    network.classes_, network.out_activation_ = classes, "softmax"
    return network
