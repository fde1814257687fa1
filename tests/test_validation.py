"""Validation on held-out images: the choices that depend on it, and its errors and warnings."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import luv2rgb, rgb2luv
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels, to_gray
from nncolor._network import Networks
from nncolor._validation import validate
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_chroma, mean_ciede2000


@pytest.fixture(scope="module")
def crops():
    """Crops of one photograph: what some teach is true of the others."""
    photo = load_sample_photos().images[2]
    rng = np.random.default_rng(0)
    places = zip(rng.integers(0, 320, 30), rng.integers(0, 520, 30), strict=True)
    return [photo[row : row + 80, column : column + 80] for row, column in places]


def other_colours(images):
    """The images with chroma that has nothing to do with their lightness, another one in each."""
    changed = []
    for number, image in enumerate(images):
        luv = rgb2luv(image)
        angle = 2.4 * number
        luv[..., 1:] = 30 * np.cos(angle), 30 * np.sin(angle)
        changed.append(np.clip(luv2rgb(luv), 0, 1))
    return changed


def small(**params):
    """The default colorizer with few pixels and features."""
    defaults = {
        "extractor": PatchExtractor(3, position=True),
        "quantizer": SOMQuantizer(n_iter=2000),
        "working_size": None,
        "pixels_per_image": 300,
        "random_state": 0,
    }
    return SOMColorizer(**{**defaults, **params})


@pytest.mark.parametrize(("n_images", "tolerance"), [(5, 0.1), (12, 0.1)])
def test_errors_are_those_of_held_out_images(crops, n_images, tolerance):
    # several draws: 2 held-out crops alone may be easier or harder than the others
    errors, grey, truth, left_grey = [], [], [], []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(crops))
        train, test = ([crops[index] for index in part] for part in (order[:n_images], order[n_images:]))
        colorizer = small(random_state=seed, smoothing_radius=0).fit(train)
        errors.append(colorizer.validation_error_)
        grey.append(colorizer.validation_gray_error_)
        truth.append(mean_ciede2000(test, colorizer.predict(test)))
        left_grey.append(mean_ciede2000(test, [to_gray(image) for image in test]))
    assert_allclose(np.mean(grey), np.mean(left_grey), rtol=0.1)
    assert_allclose(np.mean(errors), np.mean(truth), rtol=tolerance)
    assert np.mean(errors) < 0.8 * np.mean(grey)


@pytest.mark.parametrize(("n_images", "fraction"), [(4, 0.2), (12, 0)])
def test_none_are_held_out(crops, n_images, fraction):
    colorizer = small(validation_fraction=fraction).fit(crops[:n_images])
    assert colorizer.validation_error_ is None
    assert colorizer.validation_gray_error_ is None
    assert colorizer.chroma_scale_ == 1


def test_images_of_pixels_are_held_out_completely(crops):
    pixels = sample_pixels(crops[:12], 300, working_size=None, random_state=0)
    colorizer = small().fit(pixels)
    assert colorizer.validation_error_ < colorizer.validation_gray_error_
    assert small().fit(pixels[pixels.groups < 4]).validation_error_ is None


@pytest.mark.parametrize(
    ("n_images", "fraction", "held_out", "times"),
    [(5, 0.2, 1, 5), (12, 0.2, 2, 5), (12, 0.5, 6, 2), (5, 0.99, 4, 1), (24, 0.45, 11, 1)],
)
def test_how_many_are_held_out(crops, n_images, fraction, held_out, times):
    class Recorder(KNeighborsClassifier):
        n_images = []

        def fit(self, X, y):
            Recorder.n_images.append(len(y) / 300)
            return super().fit(X, y)

    small(classifier=Recorder(), validation_fraction=fraction).fit(crops[:n_images])
    # in turn, until ten have been held out
    assert Recorder.n_images == [n_images - held_out] * times + [n_images]


def test_the_final_model_is_trained_on_all_images(crops):
    colorizer = small().fit(crops[:10])
    assert len(colorizer.image_statistics_) == 10


def test_colours_that_cannot_be_predicted_are_warned_of_and_painted_less(crops):
    images = other_colours(crops[:12])
    with pytest.warns(UserWarning, match="held-out training images are farther from the truth") as caught:
        colorizer = small().fit(images)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert colorizer.chroma_scale_ < 1
    assert colorizer.validation_error_ <= 1.001 * colorizer.validation_gray_error_
    full = mean_chroma(small(validation_fraction=0).fit(images).predict(images))
    assert mean_chroma(colorizer.predict(images)) < 0.9 * full


def test_colours_that_can_be_predicted_are_painted_fully_without_a_warning(crops):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert small().fit(crops[:12]).chroma_scale_ == 1


def test_the_share_of_chroma_is_that_of_every_prediction(crops):
    images = other_colours(crops[:8])
    with pytest.warns(UserWarning, match="farther from the truth"):
        colorizer = small(smoothing_radius=0).fit(images)
    pixels = sample_pixels(images[:1], 50, working_size=None, random_state=0)
    scaled, chroma = colorizer.predict_chroma(pixels), colorizer.predict_chroma(images[:1])[0]
    assert_allclose(scaled, chroma[pixels.rows, pixels.columns], atol=1e-3)
    share = colorizer.chroma_scale_
    colorizer._model = replace(colorizer._model, chroma_scale=1.0)
    assert_allclose(scaled, share * colorizer.predict_chroma(pixels), atol=1e-3)


def test_verbose_prints_both_errors_in_one_line(crops, capsys):
    colorizer = small(verbose=1).fit(crops[:8])
    error, grey = colorizer.validation_error_, colorizer.validation_gray_error_
    assert f"Held-out images: CIEDE2000 {error:.1f}, left grey {grey:.1f}.\n" in capsys.readouterr().err


def test_validation_changes_nothing_else(crops):
    # rebalancing draws pixels after the validation
    settings = {"classifier": KNeighborsClassifier(5), "rebalance": 0.5}
    one, other = (small(**settings, validation_fraction=f).fit(crops[:8]) for f in (0, 0.3))
    assert_array_equal(one.predict(crops[8:9])[0], other.predict(crops[8:9])[0])


def test_a_classifier_of_the_user_keeps_its_parameters(crops):
    network = MLPClassifier((8,), alpha=0.02, max_iter=7, tol=10, n_iter_no_change=2)
    colorizer = small(classifier=network).fit(crops[:8])
    changed = {
        name
        for name, value in colorizer.classifier_.get_params().items()
        if value != network.get_params()[name]
    }
    assert changed == {"random_state"}
    assert colorizer.validation_error_ is not None


def test_a_frozen_classifier_is_not_validated(crops):
    fitted = quick_colorizer().fit(crops[:8])
    frozen = FrozenEstimator(fitted.classifier_)
    quantizer = FrozenEstimator(fitted.quantizer_)
    colorizer = quick_colorizer(classifier=frozen, quantizer=quantizer, validation_fraction=0.2).fit(
        crops[:8]
    )
    assert colorizer.validation_error_ is None


def test_ctrl_c_in_validation_changes_nothing(crops, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    colorizer = small().fit(crops[:6])
    before = {**vars(colorizer)}
    monkeypatch.setattr(Networks, "train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        colorizer.fit(crops[6:12])
    assert vars(colorizer) == before


# --- the default network


@pytest.mark.parametrize(("n_images", "n_pixels"), [(1, 50_000), (12, 60_000), (30, 150_000)])
def test_settings_without_validation(crops, n_images, n_pixels):
    network = small(validation_fraction=0, pixels_per_image=50).fit(crops[:n_images]).classifier_
    assert (network.penalty, network.n_training_pixels) == (1, n_pixels)
    assert (network.penalty_, network.n_training_pixels_) == (1, n_pixels)


def test_nested_parameters_are_kept(crops):
    colorizer = small().set_params(classifier__hidden_layer_sizes=(7,), classifier__penalty=0.5)
    colorizer.set_params(classifier__n_training_pixels=3000).fit(crops[:6])
    network = colorizer.classifier_
    assert (network.penalty_, network.n_training_pixels_) == (0.5, 3000)
    assert [len(bias) for bias in network.intercepts_] == [7, 9]
    assert colorizer.validation_error_ is not None


def test_the_clone_of_the_trained_network_trains_the_same(crops):
    pixels = sample_pixels(crops[:8], 300, working_size=None, random_state=0)
    colorizer = small(tint_share=0).fit(pixels)
    features = colorizer.extractor_.transform(pixels)
    labels = colorizer.quantizer_.predict(pixels.chroma.astype(colorizer.codebook_.dtype))
    again = clone(colorizer.classifier_).fit(features, labels)
    for one, other in zip(again.coefs_, colorizer.classifier_.coefs_, strict=True):
        assert_array_equal(one, other)


def test_what_can_be_predicted_is_trained_with_a_smaller_penalty(crops):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (small().fit(images).classifier_ for images in (crops[:12], other_colours(crops[:12])))
    assert one.penalty < other.penalty


def test_partial_fit_takes_the_default(crops):
    colorizer = small(pixels_per_image="auto").partial_fit(crops[:4]).partial_fit(crops[4:8])
    assert colorizer.classifier_.penalty == 1
    assert colorizer.classifier_.n_iter_ == 2
    assert colorizer.validation_error_ is None


# --- the number of pixels


@pytest.mark.parametrize(("n_images", "expected"), [(1, 20_000), (20, 10_000), (100, 2000), (1000, 500)])
def test_pixels_of_an_image(n_images, expected):
    image = np.random.default_rng(0).random((160, 160, 3))

    class Counter(KNeighborsClassifier):
        def fit(self, X, y):
            self.n_rows_ = len(y)
            return super().fit(X[:500], y[:500])

    colorizer = SOMColorizer(
        PatchExtractor(1),
        SOMQuantizer((2, 2), n_iter=100),
        Counter(),
        working_size=None,
        validation_fraction=0,
    )
    assert colorizer.fit([image] * n_images).classifier_.n_rows_ == n_images * expected
    if n_images == 20:
        assert clone(colorizer).fit(image for _ in range(3)).classifier_.n_rows_ == 3 * 2500


def test_too_few_codewords_are_not_validated(crops):
    sample = sample_pixels(crops[:6], 20, working_size=None, random_state=0)
    result = validate(
        KNeighborsClassifier(),
        np.zeros((1, 2), np.float32),
        sample,
        np.zeros(len(sample), int),
        fraction=0.2,
        rebalance=0,
        temperature=1,
        random_state=np.random.RandomState(0),
    )
    assert result is None
