"""Validation on held-out images: the choices that depend on it, and its errors and warnings."""

import warnings

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import luv2rgb, rgb2luv
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels, to_grey
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
        grey.append(colorizer.validation_grey_error_)
        truth.append(mean_ciede2000(test, colorizer.predict(test)))
        left_grey.append(mean_ciede2000(test, [to_grey(image) for image in test]))
    assert_allclose(np.mean(grey), np.mean(left_grey), rtol=0.1)
    assert_allclose(np.mean(errors), np.mean(truth), rtol=tolerance)
    assert np.mean(errors) < 0.8 * np.mean(grey)


@pytest.mark.parametrize(("n_images", "fraction"), [(4, 0.2), (12, 0)])
def test_none_are_held_out(crops, n_images, fraction):
    colorizer = small(validation_fraction=fraction).fit(crops[:n_images])
    assert colorizer.validation_error_ is None
    assert colorizer.validation_grey_error_ is None
    assert colorizer.chroma_scale_ == 1


def test_images_of_pixels_are_held_out_completely(crops):
    pixels = sample_pixels(crops[:12], 300, working_size=None, random_state=0)
    colorizer = small().fit(pixels)
    assert colorizer.validation_error_ < colorizer.validation_grey_error_
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
    assert colorizer.validation_error_ <= 1.001 * colorizer.validation_grey_error_
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
    share, colorizer.chroma_scale_ = colorizer.chroma_scale_, 1.0
    assert_allclose(scaled, share * colorizer.predict_chroma(pixels), atol=1e-3)


def test_verbose_prints_both_errors_in_one_line(crops, capsys):
    colorizer = small(verbose=1).fit(crops[:8])
    error, grey = colorizer.validation_error_, colorizer.validation_grey_error_
    assert f"Held-out images: CIEDE2000 {error:.1f}, left grey {grey:.1f}.\n" in capsys.readouterr().out


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
    monkeypatch.setattr(MLPClassifier, "_backprop", interrupt)
    with pytest.raises(KeyboardInterrupt):
        colorizer.fit(crops[6:12])
    assert vars(colorizer) == before


# --- the default network


@pytest.mark.parametrize(("n_images", "alpha"), [(1, 1), (2, 6), (10, 3), (30, 1)])
def test_the_penalty_falls_with_the_number_of_images(crops, n_images, alpha):
    colorizer = small(validation_fraction=0, pixels_per_image=50).fit(crops[:n_images])
    assert colorizer.classifier_.alpha == alpha


def test_nested_parameters_keep_the_rule(crops):
    colorizer = small().set_params(classifier__hidden_layer_sizes=(7,)).fit(crops[:6])
    assert colorizer.classifier_.alpha == 5
    assert [len(bias) for bias in colorizer.classifier_.intercepts_] == [7, 9]
    assert small().set_params(classifier__alpha=0.5).fit(crops[:6]).classifier_.alpha == 0.5


def test_the_length_of_training_is_chosen(crops):
    lengths = set()
    for images in (crops[:12], other_colours(crops[:12])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = small().fit(images).classifier_
        lengths.add(network.t_)  # pixels that it was shown
    assert lengths <= {50_000, 100_000, 200_000, 400_000}
    assert small(validation_fraction=0).fit(crops[:6]).classifier_.t_ == 50_000


@pytest.mark.parametrize("change", [{"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
def test_networks_that_are_not_trained_by_length(crops, change):
    network = MLPClassifier((5,), alpha="auto", max_iter="auto", tol=1, **change)
    colorizer = small(classifier=network).fit(crops[:6])
    assert colorizer.classifier_.max_iter == 200
    assert colorizer.validation_error_ is not None


def test_partial_fit_takes_the_default(crops):
    colorizer = small(pixels_per_image="auto").partial_fit(crops[:4]).partial_fit(crops[4:8])
    assert colorizer.classifier_.alpha == 1
    assert colorizer.classifier_.t_ == 8 * 2500
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
        None,
        np.zeros((1, 2), np.float32),
        sample,
        np.zeros(len(sample), int),
        fraction=0.2,
        rebalance=0,
        temperature=1,
        random_state=np.random.RandomState(0),
    )
    assert result is None
