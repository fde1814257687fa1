import pickle
import warnings
import weakref

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab, rgb2luv
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from nncolor import sample_pixels, to_gray
from nncolor.metrics import (
    ColorizationScorer,
    MultimetricScorer,
    chroma_rmse,
    colorfulness,
    mean_chroma,
    mean_ciede2000,
    neg_chroma_rmse_scorer,
    neg_mean_ciede2000_scorer,
    psnr,
    psnr_scorer,
    raw_accuracy_auc,
    raw_accuracy_auc_scorer,
    ssim,
    ssim_scorer,
    tint_errors,
)


@pytest.fixture
def other(photos):
    return [photo[:, ::-1] for photo in photos]


def test_mean_ciede2000_is_over_pixels(photos, other):
    errors = [
        deltaE_ciede2000(rgb2lab(one), rgb2lab(two)).ravel() for one, two in zip(photos, other, strict=True)
    ]
    assert_allclose(mean_ciede2000(photos, other), np.concatenate(errors).mean(), rtol=1e-4)


@pytest.mark.parametrize(("dark", "light"), [(40, 60), (20, 30), (0, 100)])
def test_mean_ciede2000_of_greys_by_hand(dark, light):
    # without chroma the formula is the difference of lightness over S_L of the mean lightness
    images = [lab2rgb(np.full((1, 1, 3), [lightness, 0.0, 0.0])) for lightness in (dark, light)]
    offset = (dark + light) / 2 - 50
    expected = (light - dark) / (1 + 0.015 * offset**2 / np.sqrt(20 + offset**2))
    assert_allclose(mean_ciede2000(images[:1], images[1:]), expected, rtol=1e-3)


def test_psnr(photos, other):
    expected = [
        peak_signal_noise_ratio(one / 255, two / 255, data_range=1)
        for one, two in zip(photos, other, strict=True)
    ]
    assert_allclose(psnr(photos, other), np.mean(expected), rtol=1e-5)
    assert psnr(photos, photos) == np.inf


def test_colorfulness_by_hand():
    # half pure red, half pure green: rg is +-255, yb is 127.5
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, :, 0] = image[1, :, 1] = 255
    expected = np.hypot(255, 0) + 0.3 * np.hypot(0, 127.5)
    assert_allclose(colorfulness([image]), expected, rtol=1e-6)
    assert colorfulness([image[..., 0]]) == 0


def test_mean_chroma(photos):
    lengths = [np.linalg.norm(rgb2luv(photo)[..., 1:], axis=-1).ravel() for photo in photos]
    assert_allclose(mean_chroma(photos), np.concatenate(lengths).mean(), rtol=1e-4)


@pytest.mark.parametrize("measure", [mean_ciede2000, psnr, ssim, chroma_rmse, raw_accuracy_auc])
class TestPairs:
    def test_dtypes_and_grey(self, measure, photos):
        grey = photos[0][..., 1]
        rgb = np.repeat(grey[..., None], 3, axis=-1) / 255
        assert_allclose(measure(photos[:1], [grey]), measure(photos[:1], [rgb]), rtol=1e-4)

    def test_alpha_is_dropped(self, measure, photos):
        alpha = np.random.default_rng(0).integers(0, 256, (*photos[0].shape[:2], 1), np.uint8)
        pair = photos[0], photos[0][:, ::-1]
        with_alpha = [[np.concatenate([image, alpha], axis=-1)] for image in pair]
        assert measure(*with_alpha) == measure(*([image] for image in pair))

    def test_different_lengths(self, measure, photos):
        for pair in ((photos, photos[:-1]), (photos[:-1], photos)):
            with pytest.raises(ValueError, match="different numbers of images"):
                measure(*pair)

    def test_different_sizes(self, measure, photos):
        with pytest.raises(ValueError, match="image 1 is 50 x 40 in image_true and 50 x 39 in image_test"):
            measure(photos[:2], [photos[0], photos[1][:, 1:]])

    def test_bad_images_and_their_batch(self, measure, photos):
        bad = photos[0].astype(int)
        with pytest.raises(ValueError, match="image_test: image 0 has dtype"):
            measure(photos[:1], [bad])
        with pytest.raises(ValueError, match="image_true: image 0 has dtype"):
            measure([bad], photos[:1])

    def test_single_image(self, measure, photos):
        with pytest.raises(ValueError, match=r"Write \[image\]"):
            measure(photos[0], photos[0])


def test_ssim(photos, other):
    with warnings.catch_warnings():
        # newer versions of scikit-image warn that their defaults will change
        warnings.simplefilter("ignore")
        expected = [
            structural_similarity(one / 255, two / 255, channel_axis=-1, data_range=1)
            for one, two in zip(photos, other, strict=True)
        ]
    assert_allclose(ssim(photos, other), np.mean(expected), rtol=1e-4)
    assert_allclose(ssim(photos, photos), 1)


def test_ssim_of_small_images_says_how_large_they_must_be(photos):
    small = [photos[0], photos[1][:6]]
    with pytest.raises(ValueError, match="image 1 is 6 x 40 in image_true; structural similarity needs"):
        ssim(small, small)


def test_chroma_rmse(photos, other):
    squares = [
        ((rgb2luv(one) - rgb2luv(two))[..., 1:] ** 2).sum(axis=-1).ravel()
        for one, two in zip(photos, other, strict=True)
    ]
    assert_allclose(chroma_rmse(photos, other), np.sqrt(np.concatenate(squares).mean()), rtol=1e-4)


def test_raw_accuracy_auc_is_the_integral_over_thresholds(photos, other):
    distance = np.concatenate(
        [
            np.linalg.norm((rgb2lab(one) - rgb2lab(two))[..., 1:], axis=-1).ravel()
            for one, two in zip(photos, other, strict=True)
        ]
    )
    thresholds = np.linspace(0, 150, 3001)
    inside = [(distance <= threshold).mean() for threshold in thresholds]
    assert_allclose(raw_accuracy_auc(photos, other), np.mean(inside), rtol=1e-3)


def test_raw_accuracy_auc_by_hand():
    # one pixel is right, one is 30 away in a*, one is farther away than any threshold
    truth = lab2rgb(np.array([[[50, 0, 0], [50, 0, 0]]], float))
    prediction = lab2rgb(np.array([[[50, 0, 0], [50, 30, 0]]], float))
    assert_allclose(raw_accuracy_auc([truth], [prediction]), (1 + 120 / 150) / 2, rtol=1e-3)
    blue, green = np.array([[[0, 0, 1.0]]]), np.array([[[0, 1.0, 0]]])
    assert raw_accuracy_auc([blue], [green]) == 0


class TestScorers:
    SCORERS = [
        (neg_mean_ciede2000_scorer, lambda *pair: -mean_ciede2000(*pair)),
        (neg_chroma_rmse_scorer, lambda *pair: -chroma_rmse(*pair)),
        (psnr_scorer, psnr),
        (ssim_scorer, ssim),
        (raw_accuracy_auc_scorer, raw_accuracy_auc),
    ]

    @pytest.mark.parametrize(("scorer", "value"), SCORERS, ids=[repr(scorer) for scorer, _ in SCORERS])
    def test_the_truth_is_what_is_given(self, scorer, value, photos, colorizer):
        assert_allclose(scorer(colorizer, photos), value(photos, colorizer.predict(photos)))
        assert_allclose(scorer(colorizer, photos, y=np.zeros(3)), scorer(colorizer, photos))

    def test_the_error_is_that_of_score(self, photos, colorizer):
        assert_allclose(neg_mean_ciede2000_scorer(colorizer, photos), colorizer.score(photos), rtol=1e-4)
        pixels = sample_pixels(photos, 50, random_state=0, working_size=None)
        assert_allclose(neg_mean_ciede2000_scorer(colorizer, pixels), colorizer.score(pixels), rtol=1e-4)

    def test_pixels_are_accepted_for_measures_of_pixels(self, photos, colorizer):
        pixels = sample_pixels(photos, 10_000, random_state=0, working_size=None)
        for scorer in (neg_chroma_rmse_scorer, raw_accuracy_auc_scorer):
            plain = clone(colorizer).set_params(smoothing_radius=0, random_state=0).fit(photos)
            assert_allclose(scorer(plain, pixels), scorer(plain, photos), rtol=0.02)
        with pytest.raises(ValueError, match="images instead of a PixelSamples"):
            ssim_scorer(colorizer, pixels)
        with pytest.raises(ValueError, match="holds no pixel"):
            psnr_scorer(colorizer, pixels[:0])

    def test_a_search_tunes_what_the_eye_sees(self, photos):
        search = GridSearchCV(
            quick_colorizer(),
            {"quantizer__map_shape": [(1, 2), (3, 3)], "temperature": [0, 1]},
            cv=[([0, 1, 2, 3], [0, 1, 2, 3])],
            scoring={"error": neg_mean_ciede2000_scorer, "rmse": neg_chroma_rmse_scorer},
            refit="rmse",
        ).fit(photos)
        for params, error in zip(
            search.cv_results_["params"], search.cv_results_["mean_test_error"], strict=True
        ):
            fitted = quick_colorizer().set_params(**params).fit(photos)
            assert_allclose(error, -mean_ciede2000(photos, fitted.predict(photos)))
        # the mean is what a squared error asks for
        assert search.best_params_["temperature"] == 1

    def test_a_custom_measure(self, photos, colorizer):
        def lost_chroma(truth, prediction):
            return mean_chroma(truth) - mean_chroma(prediction)

        scorer = ColorizationScorer(lost_chroma, greater_is_better=False)
        painted = colorizer.predict(photos)
        lost = [mean_chroma([photo]) - mean_chroma([one]) for photo, one in zip(photos, painted, strict=True)]
        assert_allclose(scorer(colorizer, photos), -np.mean(lost))
        assert repr(scorer) == "ColorizationScorer(lost_chroma, greater_is_better=False)"

    def test_several_measures_of_one_prediction(self, photos, colorizer, monkeypatch):
        scorers = {repr(scorer): scorer for scorer, _ in self.SCORERS}
        expected = {name: scorer(colorizer, photos) for name, scorer in scorers.items()}
        predicted, predict = [], type(colorizer).predict

        def counted(self, X, **options):
            predicted.extend(X)
            return predict(self, X, **options)

        monkeypatch.setattr(type(colorizer), "predict", counted)
        assert MultimetricScorer(**scorers)(colorizer, photos) == pytest.approx(expected, rel=1e-12)
        assert len(predicted) == len(photos)

    def test_a_few_images_are_in_memory(self, photos):
        class Images:
            """Images that are made when they are read; there are never many of them."""

            def __init__(self):
                self.alive = weakref.WeakSet()
                self.most = 0

            def __len__(self):
                return 30

            def __getitem__(self, index):
                if index >= len(self):
                    raise IndexError
                image = photos[index % 4].copy()
                self.alive.add(Alive(image))
                self.most = max(self.most, len(self.alive))
                return image

        class Alive:
            """Lives as long as an array."""

            def __init__(self, image):
                weakref.finalize(image, lambda kept=self: None)

        class Painter:
            """A colorizer that leaves images grey, and notes how many it is given."""

            def __init__(self):
                self.given = []

            def predict(self, X):
                self.given.append(len(X))
                return [to_gray(image) for image in X]

        for scorer in (
            neg_mean_ciede2000_scorer,
            MultimetricScorer(rmse=neg_chroma_rmse_scorer, psnr=psnr_scorer),
        ):
            images, painter = Images(), Painter()
            scorer(painter, images)
            assert painter.given == [8, 8, 8, 6]
            assert 8 <= images.most <= 17

    def test_it_can_be_pickled(self, photos, colorizer):
        copy = pickle.loads(pickle.dumps(psnr_scorer))
        assert copy(colorizer, photos) == psnr_scorer(colorizer, photos)


def test_the_smallest_image_of_structural_similarity():
    image = np.random.default_rng(0).random((7, 7, 3))
    assert_allclose(ssim([image], [image]), 1)
    with pytest.raises(ValueError, match="at least 7 x 7"):
        ssim([image[:6]], [image[:6]])


class Painter:
    """Alternatives of which the first is the best, and the truth if its tint is told."""

    def predict(self, X):
        return [np.full_like(image, 90) for image in X]

    def colorize(self, image, *, tint):
        return image if tint is image else None

    def alternatives(self, image, n_alternatives):
        return [np.full_like(image, 40 + 30 * number) for number in range(n_alternatives)]


def test_tint_errors_by_hand():
    image = np.full((4, 5, 3), (40, 40, 42), np.uint8)
    errors = tint_errors(Painter(), [image, image], n_alternatives=3)
    of_alternatives = [mean_ciede2000([image], [np.full_like(image, level)]) for level in (40, 70, 100)]
    assert of_alternatives == sorted(of_alternatives)
    assert_allclose(errors.alternatives, [of_alternatives] * 2)
    assert_allclose(errors.best_alternative, [of_alternatives[0]] * 2)
    assert_allclose(errors.without_tint, [mean_ciede2000([image], [np.full_like(image, 90)])] * 2)
    assert_allclose(errors.gray, [mean_ciede2000([image], [to_gray(image)])] * 2)
    assert_allclose(errors.true_tint, 0, atol=1e-6)
