"""Validation on held-out images: the choices that depend on it, and its errors and warnings."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from conftest import quick_colorizer, srgb_of
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import deltaE_ciede2000, luv2rgb, rgb2lab, rgb2luv
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from nncolor import CodewordClassifier, PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels, to_gray
from nncolor._images.color import join_lightness_chroma
from nncolor._network import Networks
from nncolor._training import Sample
from nncolor._validation import Validation, ValidationSettings, report_validation, validate
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


# --- a classifier whose probabilities are known

SCALES = np.array([1, 0.75, 0.5, 0.25, 0])
TRIANGLE = np.array([[60, 0], [0, 40], [-30, -30]], np.float32)


class Known(ClassifierMixin, BaseEstimator):
    """Probabilities by formula, of the features and of the images that it was trained on."""

    seen = None

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.trained_on_ = np.unique(X[:, 0])
        self.seen.append((X.copy(), y.copy(), []))
        return self

    def predict_proba(self, X):
        self.seen[-1][2].append(X.copy())
        return known_proba(X, self.trained_on_)


def known_proba(X, trained_on):
    values = np.stack([1 + X[:, 1], 2 + X[:, 2] + X[:, -1], np.full(len(X), trained_on.sum())], axis=1)
    return values / values.sum(axis=1, keepdims=True)


def varied_sample(n_pixels, *, has_tint=False):
    """Pixels of as many images as there are numbers; the first feature is the image, the second the pixel."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(len(n_pixels)), n_pixels)
    n = len(groups)
    features = np.column_stack([groups, rng.random(n), np.arange(n)]).astype(np.float32)
    if has_tint:
        features = np.concatenate([features, rng.random((n, 3), np.float32)], axis=1)
    return Sample(
        features=features,
        chroma=rng.uniform(-25, 25, (n, 2)).astype(np.float32),
        lightness=rng.uniform(40, 70, n).astype(np.float32),
        groups=groups,
        statistics=np.zeros((len(n_pixels), 1)),
        tints=rng.uniform(-10, 10, (len(n_pixels), 2)),
        working_size=None,
        has_tint=has_tint,
    )


def color_errors(sample, pixels, chroma, to_rgb):
    lightness = sample.lightness[pixels]
    true, predicted = (rgb2lab(to_rgb(lightness, values)) for values in (sample.chroma[pixels], chroma))
    return deltaE_ciede2000(true, predicted)


def own_rgb(lightness, chroma):
    return join_lightness_chroma(lightness, chroma, np.float32)


def reference_rgb(lightness, chroma):
    return srgb_of(np.concatenate([lightness[:, None], chroma], axis=1))


def validate_known(sample, *, temperature=1.0, fraction=0.34, settings=ValidationSettings()):  # noqa: B008
    """Result of the validation, and what the classifier saw in each fold."""
    labels = np.arange(len(sample.groups)) % 3
    classifier = type("KnownHere", (Known,), {"seen": []})()
    result = validate(
        classifier,
        TRIANGLE,
        sample,
        labels,
        fraction=fraction,
        temperature=temperature,
        random_state=np.random.RandomState(0),
        settings=settings,
    )
    return result, classifier.seen


def errors_by_hand(sample, seen, temperature, to_rgb):
    """Mean error of the images for each share of chroma."""
    by_image = {}
    for trained, _, (judged, *_) in seen:
        pixels = judged[:, 2].astype(int)
        shown = sample.features[pixels].copy()
        if sample.has_tint:
            shown[:, -3:] = 0
        weights = known_proba(shown, np.unique(trained[:, 0])) ** (1 / temperature)
        chroma = weights @ TRIANGLE / weights.sum(axis=1, keepdims=True)
        errors = [color_errors(sample, pixels, scale * chroma, to_rgb) for scale in SCALES]
        for image in np.unique(judged[:, 0]):
            by_image[image] = np.mean(np.transpose(errors)[judged[:, 0] == image], axis=0)
    assert len(by_image) == len(sample.tints)
    return np.mean(list(by_image.values()), axis=0)


@pytest.mark.parametrize("temperature", [1.0, 0.4])
@pytest.mark.parametrize("has_tint", [False, True])
@pytest.mark.parametrize(("to_rgb", "tolerance"), [(own_rgb, 1e-6), (reference_rgb, 2e-3)])
def test_three_folds_by_hand(has_tint, temperature, to_rgb, tolerance):
    sample = varied_sample([4, 9, 5, 14, 6, 8], has_tint=has_tint)
    result, seen = validate_known(sample, temperature=temperature)
    assert len(seen) == 3
    by_scale = errors_by_hand(sample, seen, temperature, to_rgb)
    # no fold, and no number of pixels, weighs more than another
    assert_allclose(result.full_error, by_scale[0], rtol=tolerance)
    assert_allclose(result.gray_error, by_scale[-1], rtol=tolerance)
    assert_allclose(result.error, by_scale[result.chroma_scale == SCALES][0], rtol=tolerance)
    assert result.chroma_scale > 0
    assert (result.penalty, result.n_training_pixels) == (None, None)
    for trained, labels, predicted in seen:
        held_out = {image for judged in predicted for image in judged[:, 0]}
        assert len(held_out) == 2
        # once trained on all pixels of the other images, in their order
        others = np.flatnonzero(~np.isin(sample.groups, list(held_out)))
        assert_array_equal(trained, sample.features[others])
        assert_array_equal(labels, others % 3)


def test_codewords_where_a_classifier_gives_no_probabilities():
    class Silent(Known):
        seen = []

        def predict_proba(self, X):
            self.seen[-1][2].append(X.copy())
            return np.zeros((len(X), 3))

    sample = varied_sample([6] * 5)
    labels = np.where(sample.groups < 2, 0, np.arange(30) % 3)
    settings = {"fraction": 0.2, "temperature": 1.0, "random_state": np.random.RandomState(0)}
    result = validate(Silent(), TRIANGLE, sample, labels, **settings)
    errors = []
    for _, kept, (judged, *_) in Silent.seen:
        frequencies = np.bincount(kept, minlength=3) / len(kept)
        pixels = judged[:, 2].astype(int)
        errors.append(color_errors(sample, pixels, np.tile(frequencies @ TRIANGLE, (6, 1)), own_rgb).mean())
    assert len(errors) == 5
    assert_allclose(result.full_error, np.mean(errors), rtol=1e-6)


@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_codewords_of_the_folds_are_rebalanced(strength):
    class Rebalanced(Known):
        seen = []

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    sample = varied_sample([4000] * 5)
    # a tenth, and the others
    labels = (np.arange(len(sample.groups)) % 10 == 0).astype(int)
    validate(
        Rebalanced(),
        TRIANGLE[:2],
        sample,
        labels,
        fraction=0.2,
        rebalance=strength,
        temperature=1.0,
        random_state=np.random.RandomState(0),
    )
    few, many = 0.1 ** (1 - strength), 0.9 ** (1 - strength)
    for X, y, _ in Rebalanced.seen:
        assert len(y) == 16_000
        assert abs(y.mean() - few / (few + many)) < (0.02 if strength else 1e-9)
        # the codewords are still those of their pixels
        assert_array_equal(y, X[:, 2].astype(int) % 10 == 0)


@pytest.mark.parametrize(
    ("settings", "trained", "judged"),
    [(ValidationSettings(), 50_000, 4000), (ValidationSettings(max_pixels=30, n_judged=37), 30, 7)],
)
def test_numbers_of_pixels_of_a_fold(settings, trained, judged):
    # 5 folds: a fifth of the judged pixels each
    _, seen = validate_known(varied_sample([12_600] * 5), fraction=0.2, settings=settings)
    assert [len(X) for X, _, _ in seen] == [trained] * 5
    assert [len(predicted[0]) for _, _, predicted in seen] == [judged] * 5
    # drawn at random
    assert all(0.3 < X[:, 1].mean() < 0.7 for X, _, _ in seen)
    assert all(len(np.unique(X[:, 0])) == 4 for X, _, _ in seen)


# --- scripted networks: the search for the penalty and the number of training pixels

TRUE, FARTHEST = 40.0, 80.0


def errors_of(u, true=TRUE):
    """CIEDE2000 of pixels of L* 50 and v* 0 painted with u*."""
    u = np.atleast_1d(np.asarray(u, float))
    luv = [np.stack([np.full_like(u, 50), values, 0 * u], axis=1) for values in (np.full_like(u, true), u)]
    return deltaE_ciede2000(*(rgb2lab(srgb_of(values)) for values in luv))


LESS = np.linspace(0, TRUE, 1001)
ERRORS_OF_LESS = errors_of(LESS)
GRAY_ERROR = ERRORS_OF_LESS[0]


def less(error):
    """A u* that is smaller than the true one and has an error."""
    return np.interp(-error, -ERRORS_OF_LESS, LESS)


MORE = np.linspace(TRUE, FARTHEST, 1001)[:-1]
ERRORS_OF_MORE = errors_of(MORE)


def more(error):
    """A u* that is larger than the true one and has an error, up to 8."""
    return np.interp(error, ERRORS_OF_MORE, MORE)


class Scripted:
    """Networks that paint u* = script(fold, penalty, length), or a pair of that without and with tint.

    They stand for those of one fold, and note the lengths and penalties whose weights were used.
    """

    def __init__(self, script, fold, penalties, notes):
        self.script, self.fold, self.penalties, self.notes = script, fold, list(penalties), notes
        self.length = 0

    def train(self, features, labels, rows, n_pixels):
        assert n_pixels >= self.length
        assert len(features) == len(labels)
        self.length = n_pixels

    def keep(self, chosen):
        self.penalties = [self.penalties[index] for index in chosen]

    def weights(self, index):
        penalty = self.penalties[index]
        self.notes.setdefault(self.length, {}).setdefault(self.fold, []).append(penalty)
        painted = np.broadcast_to(self.script(self.fold, penalty, self.length), 2)
        # the codebook is (0, 0) and (FARTHEST, 0), so this is the logit of the mean
        plain, tinted = np.log(painted / (FARTHEST - painted))
        weights = np.zeros((4, 2))
        # the first feature of a tint says that there is one
        weights[1, 1] = tinted - plain
        return [weights], [np.array([0, plain])]


@pytest.fixture
def search(monkeypatch):
    """Function that validates scripted networks: validation, and penalties used for each length and fold."""

    def run(script, *, n_images=5, fraction=None, true=TRUE, codeword=FARTHEST, params=None, **settings):
        notes, folds = {}, []

        def make(classifier, n_features, n_classes, penalties, random_state):
            assert (n_features, n_classes) == (4, 2)
            folds.append(random_state.get_state()[1])
            return Scripted(script, len(folds) - 1, penalties, notes)

        monkeypatch.setattr("nncolor._validation.make_networks", make)
        groups = np.repeat(np.arange(n_images), 2)
        n = len(groups)
        chroma = np.tile(np.array([true, 0], np.float32), (n, 1))
        sample = Sample(
            features=np.zeros((n, 4), np.float32),
            chroma=chroma,
            lightness=np.full(n, 50, np.float32),
            groups=groups,
            statistics=np.zeros((n_images, 1)),
            tints=np.full((n_images, 2), 7.0),
            working_size=None,
            has_tint=True,
        )
        result = validate(
            CodewordClassifier(**(params or {})),
            np.array([[0, 0], [codeword, 0]], np.float32),
            sample,
            np.arange(n) % 2,
            fraction=1 / n_images if fraction is None else fraction,
            temperature=1.0,
            random_state=np.random.RandomState(0),
            settings=ValidationSettings(**settings),
        )
        # the networks of all folds start with the same weights
        assert all(np.array_equal(folds[0], fold) for fold in folds)
        used = {length: {fold: sorted(set(of)) for fold, of in by.items()} for length, by in notes.items()}
        return result, used

    return run


# settings with which nothing but the smallest error counts
PLAIN = {"hopeless": 100.0, "least_gain": -100.0, "complexity": 0.0, "tie": 1.0, "n_few": 0}
TWO = {"penalties": (1.0, 3.0), "first_length": 100, "last_length": 400, "n_continued": (9,), "long": 1000}


def table(rows):
    """Script of a table of u*: a row for each penalty, with a value for each length 100, 200, 400, ..."""
    return lambda fold, penalty, length: rows[penalty][int(np.log2(length / 100))]


def test_settings_that_are_tried(search):
    used = search(lambda fold, penalty, length: less(15 - np.log2(length / 12_500) - 0.01 * penalty))[1]
    assert {length: by[0] for length, by in used.items()} == {
        12_500: [0.05, 0.3, 1, 3, 10],
        25_000: [0.05, 0.3, 1, 3, 10],
        50_000: [1, 3, 10],
        100_000: [3, 10],
        200_000: [10],
        400_000: [10],
        800_000: [10],
        1_600_000: [10],
    }
    # the longest are trained in two folds only
    assert [len(by) for by in used.values()] == [5, 5, 5, 5, 5, 2, 2, 2]


@pytest.mark.parametrize(("n_images", "n_folds"), [(5, 5), (7, 5), (100, 3)])
def test_number_of_folds(n_images, n_folds, search):
    # 1, 1 and 20 images are held out at a time
    used = search(lambda *_: 30, n_images=n_images, fraction=0.2)[1]
    assert len(used[12_500]) == n_folds


@pytest.mark.parametrize(
    ("params", "penalties", "lengths"),
    [
        ({"penalty": 0.7}, [0.7], [100, 200, 400]),
        ({"n_training_pixels": 300}, [1, 3], [300]),
        ({"penalty": 0.7, "n_training_pixels": 300}, [0.7], [300]),
    ],
)
def test_settings_of_the_user_are_the_only_ones(params, penalties, lengths, search):
    result, used = search(lambda fold, _, length: less(9 - length / 100), params=params, **(PLAIN | TWO))
    assert {length: by[0] for length, by in used.items()} == dict.fromkeys(lengths, penalties)
    assert (result.penalty, result.n_training_pixels) == (penalties[0], lengths[-1])


@pytest.mark.parametrize(("ratio", "continued"), [(1.045, [1, 3]), (1.055, [1])])
def test_hopeless_penalties_are_not_continued(ratio, continued, search):
    # both fall
    rows = {1.0: [less(10), less(9.9), less(9)], 3.0: [less(12), less(9.9 * ratio), less(9)]}
    used = search(table(rows), **TWO)[1]
    # large penalties are slow, so the first length decides nothing
    assert used[200][0] == [1, 3]
    assert used[400][0] == continued


@pytest.mark.parametrize(("error", "continued"), [(9.984, False), (9.975, True)])
def test_penalties_whose_errors_do_not_fall_are_not_continued(error, continued, search):
    # 9.968 would come next, 0.16 % less than 9.984; and 9.95, 0.25 % less than 9.975
    rows = {1.0: [less(10), less(error), less(error)], 3.0: [less(10), less(10.2), less(10.2)]}
    used = search(table(rows), **(TWO | {"hopeless": 1.05}))[1]
    assert (400 in used) == continued


def test_the_smallest_error_of_all_lengths_is_the_one_to_beat(search):
    # the second penalty was best at first, and has become worse
    rows = {1.0: [less(10), less(9.8), less(9)], 3.0: [less(9), less(9.3), less(9)]}
    used = search(table(rows), **(TWO | {"hopeless": 1.2}))[1]
    assert used[200] == {fold: [1, 3] for fold in range(5)}
    # 9.6 would come next
    assert 400 not in used
    rows[1.0][1] = less(9.4)
    # 8.8
    assert search(table(rows), **(TWO | {"hopeless": 1.2}))[1][400][0] == [1]


def test_the_best_penalties_are_continued(search):
    settings = PLAIN | TWO | {"penalties": (0.1, 1.0, 3.0, 10.0), "n_continued": (3, 1), "last_length": 800}
    rows = {0.1: [less(10)] * 4, 1.0: [less(14)] * 4, 3.0: [less(11)] * 4, 10.0: [less(12), *[less(9)] * 3]}
    result, used = search(table(rows), **settings)
    tried = {length: by[0] for length, by in used.items()}
    assert tried == {100: [0.1, 1, 3, 10], 200: [0.1, 3, 10], 400: [10], 800: [10]}
    assert result.penalty == 10
    assert_allclose(result.full_error, 9, rtol=1e-4)


def test_the_first_length_only_begins_the_curves(search):
    rows = {1.0: [less(5), less(8), less(9)], 3.0: [less(6), less(8.5), less(7.5)]}
    result, _ = search(table(rows), **(PLAIN | TWO))
    assert (result.penalty, result.n_training_pixels) == (3, 400)
    # the errors of the full chroma are those of the selected setting
    assert_allclose([result.full_error, result.gray_error], [7.5, GRAY_ERROR], rtol=1e-4)
    result, _ = search(table(rows), **(PLAIN | TWO | {"last_length": 100}))
    assert (result.penalty, result.n_training_pixels) == (1, 100)


def test_selection_counts_predictions_with_tint_but_not_the_error(search):
    rows = {1.0: [(less(10), less(14))] * 3, 3.0: [(less(11), less(11))] * 3}
    result, _ = search(table(rows), **(PLAIN | TWO))
    assert result.penalty == 3
    assert_allclose(result.full_error, 11, rtol=1e-4)
    rows[1.0] = [(less(10), less(11.9))] * 3
    result, _ = search(table(rows), **(PLAIN | TWO))
    assert result.penalty == 1
    assert_allclose(result.full_error, 10, rtol=1e-4)


@pytest.mark.parametrize(("ratio", "penalty"), [(1.004, 1), (1.006, 3)])
def test_the_most_chroma_decides_between_equal_errors(ratio, penalty, search):
    rows = {1.0: [more(6 * ratio)] * 3, 3.0: [less(6)] * 3}
    result, _ = search(table(rows), **(TWO | {"complexity": 0.0}))
    assert result.penalty == penalty
    # the chroma is the mean of that without and with tint
    rows = {1.0: [(less(6), more(6))] * 3, 3.0: [(more(6), more(6))] * 3, 10.0: [(more(6), less(6))] * 3}
    result, _ = search(table(rows), **(TWO | {"complexity": 0.0, "penalties": (1.0, 3.0, 10.0)}))
    assert result.penalty == 3


# the simplest setting has the largest penalty and 25,000 pixels
SIMPLE = {**PLAIN, "long": 1_000_000, "first_length": 12_500, "last_length": 200_000, "n_continued": (5,)}
del SIMPLE["complexity"]


@pytest.mark.parametrize(
    ("penalty", "length", "distance"),
    [
        (9, 50_000, 1),
        (9, 200_000, 3),
        (3, 25_000, 1),
        (1, 25_000, 2),
        (3, 50_000, np.sqrt(2)),
        (1 / 3, 50_000, np.sqrt(10)),
    ],
)
@pytest.mark.parametrize("n_images", [5, 20])
def test_a_complex_setting_has_to_be_better(penalty, length, distance, n_images, search):
    def script(gain):
        return lambda fold, *setting: less(10 / (1 + gain) if setting == (penalty, length) else 10)

    settings = SIMPLE | {"penalties": (1 / 3, 1.0, 3.0, 9.0), "n_images": n_images}
    share = 0.1 * distance / n_images
    for gain, expected in ((0.97 * share, (9, 25_000)), (1.03 * share, (penalty, length))):
        result, _ = search(script(gain), **settings)
        assert (result.penalty, result.n_training_pixels) == expected


def test_a_small_penalty_of_the_only_length_has_to_be_better(search):
    settings = SIMPLE | {"penalties": (1.0, 3.0), "params": {"n_training_pixels": 50_000}}
    for error, penalty in ((9.82, 3), (9.79, 1)):
        result, _ = search(lambda fold, penalty, length, e=error: less(e if penalty == 1 else 10), **settings)
        assert result.penalty == penalty


def test_no_penalty_at_all_is_as_complex_as_the_smallest_one(search):
    settings = SIMPLE | {"penalties": (1 / 9, 1.0), "params": {"penalty": 0.0}}
    # 10 is less than 9.7 (1 + 0.02 * 2)
    for error, length in ((9.7, 25_000), (9.5, 100_000)):
        script = {100_000: error}
        result, _ = search(lambda fold, _, n, script=script: less(script.get(n, 10)), **settings)
        assert (result.penalty, result.n_training_pixels) == (0, length)


def test_the_error_is_corrected_for_the_choice_of_the_smallest(search):
    # mean 10 and 10.1; even images would choose 1 and odd ones 3
    errors = {1.0: [8, 12, 8, 12], 3.0: [12.2, 8, 12.2, 8]}
    result, _ = search(
        lambda fold, penalty, _: less(errors[penalty][fold]), n_images=4, min_images=4, **(PLAIN | TWO)
    )
    assert result.penalty == 1
    # each half chooses, and the other one measures: odd images have 12 with 1, even ones 12.2 with 3
    optimism = (12 + 12.2) / 2 / 10
    assert_allclose(result.full_error, 10 * optimism, rtol=1e-4)
    assert_allclose(result.gray_error, GRAY_ERROR, rtol=1e-4)
    assert (result.chroma_scale, result.error) == (1, result.full_error)


def test_the_error_is_never_corrected_to_a_smaller_one(search):
    # even images would choose 3, because of its errors with tint, and it is better without tint in odd ones
    errors = {1.0: [(8, 8), (12, 12)] * 2, 3.0: [(8.2, 7), (9, 16)] * 2}

    def script(fold, penalty, length):
        return [less(error) for error in errors[penalty][fold]]

    result, _ = search(script, n_images=4, min_images=4, **(PLAIN | TWO))
    assert result.penalty == 1
    assert_allclose(result.full_error, 10, rtol=1e-4)


def test_the_error_of_few_folds_is_extrapolated_to_all(search):
    # the longest are measured in the first two of four folds, whose images are easier
    curves = {0: [9, 8, 4, 3], 1: [10, 8, 6, 5], 2: [14, 12], 3: [14, 12]}
    settings = PLAIN | TWO | {"n_continued": (2, 1), "last_length": 800, "long": 400, "n_long_folds": 2}

    def script(fold, penalty, length):
        return less(curves[fold][int(np.log2(length / 100))] + (penalty == 3))

    result, used = search(script, n_images=4, min_images=4, **settings)
    assert used == {
        100: {fold: [1, 3] for fold in range(4)},
        200: {fold: [1, 3] for fold in range(4)},
        400: {0: [1], 1: [1]},
        800: {0: [1], 1: [1]},
    }
    assert (result.penalty, result.n_training_pixels) == (1, 800)
    # 10 in all folds and 8 in two of them; then 5, and then 4 in these two
    assert_allclose(result.full_error, 10 * 5 / 8 * 4 / 5, rtol=1e-4)
    assert_allclose(result.gray_error, GRAY_ERROR, rtol=1e-4)


def test_the_error_of_a_share_of_chroma_is_extrapolated_too(search):
    true, settings = 10.0, PLAIN | {"first_length": 100, "last_length": 200, "long": 200, "n_long_folds": 2}
    first, last = (25, 25, 30, 30), 27

    def script(fold, penalty, length):
        return first[fold] if length == 100 else last

    given = {"true": true, "params": {"penalty": 1.0}, **settings}
    result, used = search(script, n_images=4, min_images=4, **given)
    assert [len(by) for by in used.values()] == [4, 2]
    extrapolated = errors_of(first, true).mean() * errors_of(last, true)[0] / errors_of(25, true)[0]
    of_shares = errors_of(SCALES * last, true) / errors_of(last, true) * extrapolated
    assert_allclose(result.full_error, of_shares[0], rtol=1e-3)
    assert result.chroma_scale == 0.75
    assert_allclose(result.error, of_shares[1], rtol=1e-3)
    assert_allclose(result.gray_error, errors_of(0, true)[0], rtol=1e-3)


def test_several_penalties_are_trained_in_all_folds(search):
    settings = PLAIN | TWO | {"long": 200, "n_long_folds": 2}
    used = search(lambda *_: less(9), **settings)[1]
    assert [len(by) for by in used.values()] == [5, 5, 5]


# --- the share of chroma, of networks of a single setting

SINGLE = {"params": {"penalty": 1.0, "n_training_pixels": 100}}


def shares(painted, true):
    return errors_of(SCALES * painted, true)


def painted_with_error(share, true):
    """A u* beyond the true one whose error is a share of that of grey."""
    grid = np.linspace(true, 79.9, 2000)
    errors = errors_of(grid, true)
    return np.interp(share * errors_of(0, true)[0], errors, grid)


@pytest.mark.parametrize(
    ("n_images", "fraction", "share", "scale"),
    [
        (50, 0.2, 0.96, 1),
        (50, 0.2, 0.98, 0.75),
        (10, 0.2, 0.96, 1),
        (9, 0.12, 0.91, 1),
        (9, 0.12, 0.93, 0.75),
    ],
)
def test_the_largest_share_of_chroma_that_is_worth_it(n_images, fraction, share, scale, search):
    true = 10.0
    painted = painted_with_error(share, true)
    result, _ = search(lambda *_: painted, n_images=n_images, fraction=fraction, true=true, **SINGLE)
    expected = shares(painted, true)
    assert result.chroma_scale == scale
    assert_allclose(result.full_error, expected[0], rtol=1e-3)
    assert_allclose(result.gray_error, expected[-1], rtol=1e-3)
    assert_allclose(result.error, expected[scale == SCALES][0], rtol=1e-3)


@pytest.mark.parametrize(("painted", "scale"), [(12, 1), (28, 0.75), (40, 0.5), (79.9, 0.25)])
def test_all_shares_of_chroma(painted, scale, search):
    result, _ = search(lambda *_: painted, n_images=50, fraction=0.2, true=10.0, **SINGLE)
    expected = errors_of(np.array([painted, scale * painted]), 10.0)
    assert result.chroma_scale == scale
    assert_allclose([result.full_error, result.error], expected, rtol=1e-3)


@pytest.mark.parametrize(("n_images", "scale"), [(10, 0), (9, 0.25), (5, 0.25)])
def test_colors_that_are_wrong_are_painted_as_little_as_possible(n_images, scale, search):
    # the opposite hue; with few held-out images a quarter is painted nevertheless
    result, _ = search(lambda *_: 40, n_images=n_images, fraction=0.2, codeword=-FARTHEST, **SINGLE)
    assert result.chroma_scale == scale
    assert_allclose(result.error, errors_of(-40 * scale)[0], rtol=1e-3)
    assert_allclose(result.full_error, errors_of(-40)[0], rtol=1e-3)


def test_grey_is_not_corrected_for_a_choice(search):
    settings = PLAIN | TWO
    chroma = {1.0: [30, 50, 30, 50], 3.0: [52, 30, 52, 30]}
    result, _ = search(
        lambda fold, penalty, _: chroma[penalty][fold],
        n_images=4,
        min_images=4,
        codeword=-FARTHEST,
        **settings,
    )
    assert result.chroma_scale == 0
    assert result.error == result.gray_error
    each = {penalty: [errors_of(-u)[0] for u in of] for penalty, of in chroma.items()}
    honest = np.mean([each[1.0][1], each[3.0][0]])
    assert_allclose(result.full_error, honest, rtol=1e-3)


@pytest.mark.parametrize(("full_error", "warns"), [(9.9, False), (10.0, True), (10.1, True)])
def test_colours_no_better_than_grey_are_warned_of(full_error, warns, recwarn, capsys):
    validation = Validation(None, None, chroma_scale=0.5, error=9.5, gray_error=10.0, full_error=full_error)
    report_validation(validation, verbose=1, stacklevel=1)
    assert "CIEDE2000 9.5, left grey 10.0" in capsys.readouterr().err
    assert ["with 50% of the chroma" in str(warning.message) for warning in recwarn] == [True] * warns
