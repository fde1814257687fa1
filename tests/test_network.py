"""CodewordClassifier: an estimator of scikit-learn, trained as the formulas say."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nncolor import CodewordClassifier
from nncolor._network import Networks


def quick(**params):
    return CodewordClassifier(**{"n_training_pixels": 20_000, "random_state": 0, **params})


def failing(estimator):
    return {"check_methods_sample_order_invariance": "float32 rounds otherwise in another order of rows"}


@parametrize_with_checks([quick()], expected_failed_checks=failing)
def test_estimator_checks(estimator, check):
    if check.func.__name__ == "check_methods_sample_order_invariance":
        pytest.skip(failing(estimator)[check.func.__name__])
    check(estimator)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X).astype(np.float32), y


def reference(features, labels, rows, sizes, penalty, rate, batch, n_pixels, weights):
    """Adam on the cross-entropy of a ReLU network with averaged weights, in float64, array by array."""
    means = [w.copy() for w in weights]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for step, start in enumerate(range(0, n_pixels, batch), 1):
        chosen = rows[np.arange(start, min(start + batch, n_pixels)) % len(rows)]
        inputs = [features[chosen].astype(float)]
        n_layers = len(sizes) - 1
        for layer in range(n_layers):
            values = inputs[-1] @ weights[2 * layer] + weights[2 * layer + 1]
            inputs.append(np.maximum(values, 0) if layer < n_layers - 1 else values)
        delta = softmax(inputs.pop(), axis=1)
        delta[np.arange(len(chosen)), labels[chosen]] -= 1
        delta /= len(chosen)
        gradients = [None] * len(weights)
        for layer in reversed(range(n_layers)):
            gradients[2 * layer] = inputs[layer].T @ delta + penalty / batch * weights[2 * layer]
            gradients[2 * layer + 1] = delta.sum(axis=0)
            delta = (delta @ weights[2 * layer].T) * (inputs[layer] > 0)
        for number, gradient in enumerate(gradients):
            first[number] = 0.9 * first[number] + 0.1 * gradient
            second[number] = 0.999 * second[number] + 0.001 * gradient**2
            unbiased = first[number] / (1 - 0.9**step), second[number] / (1 - 0.999**step)
            weights[number] -= rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8 / np.sqrt(1 - 0.999**step))
            means[number] += 9 / (step + 8) * (weights[number] - means[number])
    return means


@pytest.mark.parametrize("n_pixels", [200, 1000, 3050])
def test_training_is_adam_with_averaged_weights(iris, n_pixels):
    features, labels = iris
    sizes, penalties = [4, 7, 5, 3], [0.0, 2.0]
    networks = Networks(sizes, penalties, 0.01, 50, np.random.RandomState(0))
    rows = np.random.RandomState(1).permutation(len(labels))
    start = [part for pair in zip(*networks.weights(0), strict=True) for part in pair]
    networks.train(features, labels, rows, n_pixels)
    for index, penalty in enumerate(penalties):
        weights = [part.astype(float) for part in start]
        expected = reference(features, labels, rows, sizes, penalty, 0.01, 50, n_pixels, weights)
        found = [part for pair in zip(*networks.weights(index), strict=True) for part in pair]
        for one, other in zip(found, expected, strict=True):
            assert_allclose(one, other, atol=2e-4)


def test_the_penalty_is_the_alpha_of_scikit_learn(iris):
    """The gradient of the penalty and of the loss are those that MLPClassifier computes."""
    features, labels = iris
    network = MLPClassifier((6,), alpha=3.0, batch_size=150, max_iter=1, shuffle=False, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        network.set_params(learning_rate_init=0.01).fit(features, labels)
    networks = Networks([4, 6, 3], [3.0], 0.01, 150, np.random.RandomState(0))
    start = networks.weights()
    networks.train(features, labels, np.arange(150), 150)
    # the first step of Adam is the sign of the gradient; MLPClassifier draws the same initial weights
    for (before, after), other in zip(
        zip([*start[0], *start[1]], [*networks.weights()[0], *networks.weights()[1]], strict=True),
        [*network.coefs_, *network.intercepts_],
        strict=True,
    ):
        assert_allclose(after - before, other - before, atol=1e-4)


def test_splitting_the_training_changes_nothing(iris):
    features, labels = iris
    rows = np.random.RandomState(1).permutation(len(labels))
    once, twice = (Networks([4, 6, 3], [0.1, 1], 0.01, 50, np.random.RandomState(0)) for _ in range(2))
    once.train(features, labels, rows, 1000)
    twice.train(features, labels, rows, 500)
    twice.keep([1])
    twice.train(features, labels, rows, 1000)
    for one, other in zip(once.weights(1)[0], twice.weights(0)[0], strict=True):
        # another number of networks may be multiplied in another order
        assert_allclose(one, other, atol=1e-6)


def test_it_learns(iris):
    X, y = iris
    assert quick(penalty=0.01).fit(X, y).score(X, y) > 0.95
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    named = quick(penalty=0.01).fit(X, names)
    assert_array_equal(named.classes_, np.unique(names))
    assert (named.predict(X) == names).mean() > 0.95
    assert_allclose(named.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


def test_a_larger_penalty_gives_smaller_weights(iris):
    sizes = [np.abs(quick(penalty=penalty).fit(*iris).coefs_[0]).sum() for penalty in (0.01, 1, 10)]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize(
    ("groups", "n_pixels"), [(None, 400_000), (np.arange(150) % 3, 50_000), (np.arange(150) % 15, 75_000)]
)
def test_auto_without_held_out_images(iris, groups, n_pixels):
    network = CodewordClassifier((2,), batch_size=1000, random_state=0).fit(*iris, groups=groups)
    assert (network.penalty_, network.n_training_pixels_) == (1, n_pixels)
    assert network.n_iter_ == -(-n_pixels // 150)


def test_it_works_in_searches_votes_and_calibration(iris):
    X, y = iris
    search = GridSearchCV(quick(), {"penalty": [0.01, 100.0], "n_training_pixels": [5000]}, cv=3).fit(X, y)
    assert search.best_params_["penalty"] == 0.01
    vote = VotingClassifier([("network", quick()), ("bayes", GaussianNB())], voting="soft").fit(X, y)
    assert vote.score(X, y) > 0.9
    calibrated = CalibratedClassifierCV(quick(), cv=3).fit(X, y)
    assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    assert make_pipeline(StandardScaler(), quick()).fit(X, y).score(X, y) > 0.9


def test_partial_fit_continues(iris):
    X, y = iris
    network = quick(penalty=0.01)
    errors = []
    for _ in range(60):
        network.partial_fit(X, y, classes=[0, 1, 2])
        errors.append(1 - network.score(X, y))
    assert errors[-1] < 0.1 < errors[0]
    copy = pickle.loads(pickle.dumps(network))
    for one in (network, copy):
        one.partial_fit(X[:30], y[:30])
    assert_array_equal(network.coefs_[0], copy.coefs_[0])
    assert network.n_iter_ == 61


def test_partial_fit_needs_the_classes(iris):
    X, y = iris
    with pytest.raises(ValueError, match="first call of partial_fit needs classes"):
        quick().partial_fit(X, y)
    network = quick().partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    with pytest.raises(ValueError, match="are not those of the first call"):
        network.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="not among the classes"):
        network.partial_fit(X[:2], [7, 8])


def test_clones_and_seeds():
    X, y = make_classification(300, random_state=0)
    one = quick().fit(X, y)
    assert_array_equal(one.coefs_[0], clone(one).fit(X, y).coefs_[0])
    assert not np.array_equal(one.coefs_[0], quick(random_state=1).fit(X, y).coefs_[0])


@pytest.mark.parametrize("sizes", [(-1,), (0,), (2.5,), [[3, 4]]])
def test_bad_layers_are_named(iris, sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must hold the number of neurons"):
        quick(hidden_layer_sizes=sizes).fit(*iris)


def test_one_layer_is_a_number(iris):
    assert quick(hidden_layer_sizes=7).fit(*iris).coefs_[0].shape == (4, 7)


def test_an_interrupted_first_call_leaves_it_unfitted(iris, monkeypatch):
    X, y = iris
    network = quick()

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Networks, "train", interrupt)
        with pytest.raises(KeyboardInterrupt):
            network.partial_fit(X, y, classes=[0, 1, 2])
    assert not hasattr(network, "classes_")
    network.partial_fit(X, y, classes=[0, 1, 2])
    network.set_params(hidden_layer_sizes=(9,))
    with pytest.raises(ValueError, match="layers of the network have changed"):
        network.partial_fit(X, y)
