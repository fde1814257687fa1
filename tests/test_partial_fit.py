"""Training batch by batch, and on generators and lazy sequences."""

import pickle
import warnings
import weakref

import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from nncolor import PatchExtractor, SOMColorizer, sample_pixels
from nncolor._pixels.familiarity import append_images
from nncolor.metrics import mean_ciede2000


def state(colorizer):
    return pickle.dumps(colorizer)


def learned(colorizer, photos, epochs):
    for _ in range(epochs):
        for batch in (photos[:2], photos[2:]):
            colorizer.partial_fit(batch)
    return colorizer


@pytest.fixture
def incremental():
    return quick_colorizer(classifier=quick_classifier(hidden_layer_sizes=(30,), random_state=0))


def test_batches_are_about_as_good_as_all_images_at_once(photos, incremental):
    grey = [np.repeat(photo.mean(axis=-1, keepdims=True), 3, axis=-1).astype(np.uint8) for photo in photos]
    at_once = clone(incremental).set_params(classifier__tol=0.01, classifier__max_iter=500).fit(photos)
    error = mean_ciede2000(photos, learned(incremental, photos, 40).predict(photos))
    assert error < 1.1 * mean_ciede2000(photos, at_once.predict(photos))
    assert error < mean_ciede2000(photos, grey)


def test_one_batch_is_one_epoch_of_fit_over_the_same_pixels(photos, incremental):
    # every codeword is in the sample, and scikit-learn shuffles alike in the first epoch
    incremental.partial_fit(photos)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one_epoch = clone(incremental).set_params(classifier__max_iter=1).fit(photos)
    assert_array_equal(incremental.codebook_, one_epoch.codebook_)
    assert_array_equal(incremental.classifier_.coefs_[0], one_epoch.classifier_.coefs_[0])


def test_the_codebook_and_the_classes_are_those_of_the_first_batch(photos, incremental):
    codebook = incremental.partial_fit(photos[:1]).codebook_
    assert_array_equal(incremental.classes_, np.arange(len(codebook)))
    assert_array_equal(incremental.partial_fit(photos[1:]).codebook_, codebook)
    assert_array_equal(incremental.classes_, incremental.classifier_.classes_)


def test_every_call_draws_other_pixels(photos):
    class Recorder(GaussianNB):
        def partial_fit(self, X, y, classes=None):
            seen.append(X)
            return super().partial_fit(X, y, classes)

    seen = []
    learned(quick_colorizer(classifier=Recorder(), pixels_per_image=50), photos, 2)
    assert not np.array_equal(seen[0], seen[2])


def test_random_state_and_n_jobs_fix_it(photos, incremental):
    def fitted(n_jobs):
        colorizer = clone(incremental).set_params(classifier__random_state=None, n_jobs=n_jobs)
        return learned(colorizer, photos, 2).predict(photos[:1])[0]

    assert_array_equal(fitted(None), fitted(2))


def test_pickled_in_the_middle(photos, incremental):
    incremental.partial_fit(photos[:2])
    copy = pickle.loads(pickle.dumps(incremental))
    assert_array_equal(
        incremental.partial_fit(photos[2:]).predict(photos[:1])[0],
        copy.partial_fit(photos[2:]).predict(photos[:1])[0],
    )


def test_continues_after_fit(photos, incremental):
    codebook = incremental.fit(photos).codebook_
    before = incremental.predict_proba(photos[:1])[0]
    incremental.partial_fit(photos[2:])
    assert_array_equal(incremental.codebook_, codebook)
    assert not np.array_equal(incremental.predict_proba(photos[:1])[0], before)


def test_fit_starts_again(photos, incremental):
    fresh = clone(incremental).fit(photos).predict(photos[:1])[0]
    assert_array_equal(incremental.partial_fit(photos).fit(photos).predict(photos[:1])[0], fresh)


@pytest.mark.parametrize(
    "changes",
    [
        {"classifier": SGDClassifier(loss="log_loss", random_state=0)},
        {"quantizer": KMeans(4, n_init=1, random_state=0)},
        {"extractor": make_pipeline(PatchExtractor(3), StandardScaler())},
        {"rebalance": 0.5},
    ],
    ids=str,
)
def test_other_components(photos, incremental, changes):
    colorizer = learned(incremental.set_params(**changes), photos, 1)
    assert colorizer.predict(photos[:1])[0].shape == photos[0].shape


def test_the_extractor_is_fitted_once(photos, incremental):
    incremental.set_params(extractor=make_pipeline(PatchExtractor(3), StandardScaler()))
    means = [incremental.partial_fit(batch).extractor_[-1].mean_.copy() for batch in (photos[:2], photos[2:])]
    assert_array_equal(*means)


def test_pixels_and_frozen_quantizer(photos, incremental):
    pixels = sample_pixels(photos, 300, random_state=0, working_size=None)
    quantizer = FrozenEstimator(KMeans(5, n_init=1, random_state=0).fit(pixels.chroma))
    incremental.set_params(quantizer=quantizer).partial_fit(pixels[::2]).partial_fit(pixels[1::2])
    assert_array_equal(incremental.codebook_, quantizer.cluster_centers_)


def test_a_later_batch_without_chroma_is_not_an_error(photos, incremental):
    neutral = np.full((8, 8, 3), 90, np.uint8)
    with pytest.raises(ValueError, match="images have no colour"):
        incremental.partial_fit([neutral])
    incremental.partial_fit(photos).partial_fit([neutral])


def unread():
    raise AssertionError("nothing may be read")
    yield


@pytest.mark.parametrize(
    ("classifier", "error", "message"),
    [
        (MLPClassifier(early_stopping=True), ValueError, "early_stopping=False in the MLPClassifier"),
        (MLPClassifier(solver="lbfgs"), TypeError, "MLPClassifier has no partial_fit"),
        (KNeighborsClassifier(), TypeError, "KNeighborsClassifier has no partial_fit"),
        (make_pipeline(MLPClassifier()), TypeError, "Pipeline has no partial_fit"),
        (FrozenEstimator(MLPClassifier()), TypeError, "FrozenEstimator, which cannot be trained"),
    ],
)
def test_classifiers_that_partial_fit_does_not_support(classifier, error, message):
    with pytest.raises(error, match=message):
        SOMColorizer(classifier=classifier).partial_fit(unread())


@pytest.mark.parametrize("classifier", [MLPClassifier((5,)), SGDClassifier(loss="log_loss")], ids=str)
def test_a_single_codeword_is_painted(photos, classifier):
    colorizer = quick_colorizer(classifier=classifier).set_params(quantizer__map_shape=(1, 1))
    learned(colorizer, photos, 2)
    assert colorizer.classifier_ is None
    assert_array_equal(np.unique(colorizer.predict_labels(photos)[0]), [0])
    assert_array_equal(colorizer.fit(photos).partial_fit(photos).classes_, [0])


def test_partial_fit_cannot_continue_after_a_single_codeword_of_many(photos):
    pixels = sample_pixels(photos, 300, random_state=0, working_size=None)
    kmeans = KMeans(5, n_init=1, random_state=0).fit(pixels.chroma)
    colorizer = quick_colorizer(quantizer=FrozenEstimator(kmeans)).fit(pixels[kmeans.labels_ == 3])
    with pytest.raises(ValueError, match="single codeword. Start again"):
        colorizer.partial_fit(pixels)


class Stateless(TransformerMixin, BaseEstimator):
    """A transformer as people write it, that keeps nothing of fit."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return PatchExtractor(3).transform(X)


@pytest.mark.parametrize(
    "extractor",
    [
        Stateless(),
        make_pipeline(PatchExtractor(3), Normalizer()),
        make_pipeline(PatchExtractor(3), FunctionTransformer(np.abs)),
        FrozenEstimator(PatchExtractor(3)),
    ],
    ids=str,
)
def test_extractors_of_all_kinds(photos, extractor):
    assert quick_colorizer(extractor=extractor).fit(photos).predict(photos[:1])[0].shape == photos[0].shape
    colorizer = learned(quick_colorizer(extractor=extractor), photos, 2)
    assert colorizer.predict(photos[:1])[0].shape == photos[0].shape


def test_two_colorizers_do_not_share_a_generator(photos):
    rng = np.random.RandomState(0)
    one, other = (quick_colorizer(random_state=rng, classifier=GaussianNB()) for _ in range(2))
    with pytest.raises(OSError, match="missing"):
        one.partial_fit(["missing.png"])
    one.partial_fit(photos)
    other.partial_fit(photos)
    assert one._model.random_state is not rng
    assert not np.array_equal(one.classifier_.theta_, other.classifier_.theta_)


def test_parameters_are_checked_in_every_call(photos, incremental):
    incremental.partial_fit(photos).set_params(rebalance=7)
    with pytest.raises(ValueError, match="rebalance"):
        incremental.partial_fit(photos)


def test_codewords_that_fit_did_not_hold(photos, incremental):
    pixels = sample_pixels(photos, 300, random_state=0, working_size=None)
    kmeans = KMeans(5, n_init=1, random_state=0).fit(pixels.chroma)
    some = pixels[kmeans.labels_ != 3]
    incremental.set_params(quantizer=FrozenEstimator(kmeans)).fit(some)
    with pytest.raises(ValueError, match="holds codeword 3, which the sample of fit did not hold"):
        incremental.partial_fit(pixels)


class Interrupted(MLPClassifier):
    """Ctrl-C in the middle of an epoch, as scikit-learn's networks take it."""

    def _update_no_improvement_count(self, *args):
        raise KeyboardInterrupt


@pytest.mark.parametrize("failure", ["Ctrl-C", "broken image"])
def test_what_fails_changes_nothing(photos, incremental, failure, tmp_path):
    incremental.partial_fit(photos)
    before = state(incremental)
    if failure == "Ctrl-C":
        incremental.classifier_.__class__ = Interrupted
        with pytest.raises(KeyboardInterrupt):
            incremental.partial_fit(photos)
        incremental.classifier_.__class__ = MLPClassifier
    else:
        with pytest.raises(OSError, match="image 1 .*missing.png"):
            incremental.partial_fit([photos[0], tmp_path / "missing.png"])
    assert state(incremental) == before


def test_ctrl_c_in_the_first_call_leaves_it_unfitted(photos, incremental):
    incremental.set_params(classifier=Interrupted((5,)))
    with pytest.raises(KeyboardInterrupt):
        incremental.partial_fit(photos)
    assert not hasattr(incremental, "codebook_")


def test_statistics_of_an_image_are_kept_once(photos):
    colorizer = learned(quick_colorizer(classifier=GaussianNB()), photos, 3)
    assert colorizer.image_statistics_.shape == (4, 12)
    many = np.random.default_rng(0).random((1500, 12))
    kept = append_images(append_images([], many[:700]), many[500:])
    assert_array_equal(kept, many[:1000])
    assert_array_equal(append_images(many, many[:3] + 1), many)


class Lazy:
    """A sequence that makes its images when they are asked for, and counts those that are alive."""

    def __init__(self, photos, n_images=4):
        self.photos, self.n_images, self.asked = photos, n_images, []
        self.alive, self.most_alive = 0, 0

    def __len__(self):
        return self.n_images

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError
        self.asked.append(index)
        image = self.photos[index % len(self.photos)].copy()
        self.alive += 1
        self.most_alive = max(self.alive, self.most_alive)
        weakref.finalize(image, self.let_go)
        return image

    def let_go(self):
        self.alive -= 1


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_generators_and_lazy_sequences(photos, method):
    expected = getattr(quick_colorizer(), method)(photos).predict(photos[:1])[0]
    lazy = Lazy(photos)
    for batch in (lazy, (photo for photo in photos)):
        assert_array_equal(getattr(quick_colorizer(), method)(batch).predict(photos[:1])[0], expected)
    assert lazy.asked == [0, 1, 2, 3]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "predict_labels"])
def test_images_are_released(photos, colorizer, method, n_jobs):
    learns = method.endswith("fit")
    estimator = quick_colorizer(n_jobs=n_jobs) if learns else clone(colorizer).set_params(n_jobs=n_jobs)
    if not learns:
        estimator.fit(photos)
    lazy = Lazy(photos, 100)
    getattr(estimator, method)(lazy)
    assert lazy.asked == list(range(100))
    # joblib asks for some in advance
    assert lazy.most_alive <= 8 * n_jobs


def test_many_images_come_back_in_their_order(photos):
    colorizer = quick_colorizer().fit(photos)
    batch = [np.full((3, 4), number, np.uint8) for number in range(100)]
    expected = colorizer.predict(batch)
    for one, other in zip(colorizer.set_params(n_jobs=2).predict(batch), expected, strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [list, iter])
def test_warns_before_memory_is_full(photos, monkeypatch, kind):
    # 4 images of 400 pixels with 9 features of 4 bytes, three times: 172,800 bytes
    colorizer = quick_colorizer().set_params(quantizer__map_shape=(2, 2))
    monkeypatch.setattr("nncolor._images.memory.machine_memory", lambda: 170_000)
    with pytest.warns(UserWarning, match=r"1,600 pixels at once needs about .* GiB.*Use partial_fit"):
        colorizer.fit(kind(photos))
    monkeypatch.setattr("nncolor._images.memory.machine_memory", lambda: 180_000)
    colorizer.fit(kind(photos))


def test_warns_of_many_codewords(photos, monkeypatch):
    # 1600 pixels, 9 features of 4 bytes, 20 codewords of 9 bytes: 345,600 bytes
    colorizer = quick_colorizer().set_params(quantizer__map_shape=(4, 5))
    monkeypatch.setattr("nncolor._images.memory.machine_memory", lambda: 300_000)
    with pytest.warns(UserWarning, match="1,600 pixels at once needs about"):
        colorizer.fit(photos)


def test_memory_of_this_machine(monkeypatch, tmp_path):
    from nncolor._images import memory

    assert 2**28 < memory.machine_memory() < 2**50
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_CONTAINER_LIMIT", limit)
    everything = memory.machine_memory()
    limit.write_text("max\n")
    assert memory.machine_memory() == everything
    limit.write_text("123456\n")
    assert memory.machine_memory() == 123456
    monkeypatch.delattr("os.sysconf")
    assert memory.machine_memory() == float("inf")
