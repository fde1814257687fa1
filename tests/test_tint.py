"""Tint: its features, the forms in which it is given, and the alternatives to pick from."""

import io
import pickle
import warnings
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import skops.io
from conftest import quick_colorizer, srgb_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from skimage.color import luv2rgb, rgb2luv
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncolor import PatchExtractor, SOMQuantizer, sample_pixels, to_gray
from nncolor._images.working_size import working_lightness
from nncolor._painting.settings import PaintingSettings, TintSettings
from nncolor._painting.tint import parse_tint, row_heights, unlike_tints
from nncolor.metrics import mean_ciede2000, tint_errors
from nncolor.plotting import AlternativesDisplay

# Of the images of `tinted`.
COLORS = [(30, 40), (-25, 30), (-20, -40), (20, -20), (5, 5), (35, 0)]


@pytest.fixture(scope="module")
def tinted():
    """Images that differ in their tint alone; each is vivid where it is dark and dull where it is light."""
    lightness = 40 + 30 * np.random.default_rng(0).random((20, 24))
    images = []
    for tint in COLORS:
        luv = np.dstack([lightness, *np.multiply.outer(tint, 1.6 - lightness / 70)])
        images.append((luv2rgb(luv) * 255).round().astype(np.uint8))
    return images


def with_tint(**params):
    return quick_colorizer(
        **{"tint_share": 0.5, "smoothing_radius": 0, "quantizer": SOMQuantizer((4, 4), n_iter=4000), **params}
    )


@pytest.fixture(scope="module")
def colorizer(tinted):
    return with_tint().fit(tinted)


def true_tint(image):
    return rgb2luv(image)[..., 1:].mean(axis=(0, 1))


def true_halves(image):
    """Mean u*, v* of the upper and the lower half."""
    upper, lower = np.array_split(rgb2luv(image)[..., 1:], 2)
    return np.stack([upper.mean(axis=(0, 1)), lower.mean(axis=(0, 1))])


def test_tints_are_the_mean_chroma_of_the_training_images(tinted, colorizer):
    expected = [true_tint(image) for image in tinted]
    assert_allclose(colorizer.tints_, expected, atol=1e-3)
    # not those of the few pixels that were drawn
    few = with_tint(pixels_per_image=20).fit(tinted)
    assert_allclose(few.tints_, expected, atol=1e-3)
    pixels = sample_pixels(tinted, 50, working_size=None, random_state=0)
    assert_allclose(pixels.tints, expected, atol=1e-3)
    assert_allclose(
        with_tint().fit(pixels[pixels.groups != 2][::3]).tints_, np.delete(expected, 2, 0), atol=1e-3
    )
    incremental = with_tint(classifier=GaussianNB())
    for batch in (tinted[:1], tinted[1:], tinted):
        incremental.partial_fit(batch)
    assert_allclose(incremental.tints_, expected, atol=1e-3)
    assert len(incremental.image_statistics_) == len(tinted)


@pytest.mark.parametrize(
    "classifier",
    [
        MLPClassifier((30,), learning_rate_init=0.02, tol=1e-3, n_iter_no_change=5),
        RandomForestClassifier(20),
        KNeighborsClassifier(9),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    ],
    ids=["network", "forest", "neighbours", "pipeline"],
)
def test_the_true_tint_gives_the_colours_back(tinted, classifier):
    colorizer = with_tint(classifier=classifier, temperature=0.5).fit(tinted)
    told = mean_ciede2000(tinted, colorizer.predict(tinted, tint=tinted))
    assert told < 0.4 * mean_ciede2000(tinted, colorizer.predict(tinted))
    for image in tinted:
        painted = colorizer.colorize(to_gray(image), tint=true_tint(image))
        assert_allclose(true_tint(painted), true_tint(image), atol=1)


def test_the_tint_is_three_features_behind_those_of_the_extractor(tinted, colorizer):
    features = PatchExtractor(3).transform(tinted[:1])
    shape = tinted[0].shape[:2]
    without = np.hstack([features, np.zeros((len(features), 3), np.float32)])
    expected = colorizer.classifier_.predict_proba(without)
    assert_allclose(colorizer.predict_proba(tinted[:1])[0].reshape(expected.shape), expected, atol=1e-5)
    winners = clone(colorizer).set_params(temperature=0).fit(tinted)
    tint = np.array([10.0, -15.0])
    shown = np.hstack([features, np.tile(np.float32([1, *(tint / 5)]), (len(features), 1))])
    chroma = winners.codebook_[winners.classifier_.predict(shown)].reshape(*shape, 2)
    lightness = rgb2luv(tinted[0])[..., 0]
    # then the mean chroma is shifted to the tint, most where there can be much chroma
    amount = np.minimum(lightness, 100 - 0.7 * lightness) + 10
    chroma = chroma + amount[..., None] / amount.mean() * (tint - chroma.mean(axis=(0, 1)))
    luv = np.dstack([lightness, chroma])
    assert_allclose(winners.colorize(tinted[0], tint=tint), srgb_of(luv) * 255, atol=1)


class Recorder(GaussianNB):
    """Keeps the features that it was fitted on."""

    def fit(self, X, y):
        self.seen_ = X
        return super().fit(X, y)


def test_a_share_of_the_pixels_is_shown_the_tint(tinted):
    for share in (0.2, 0.5, 0.9):
        seen = with_tint(classifier=Recorder(), tint_share=share).fit(tinted).classifier_.seen_
        is_shown, of_tint = seen[:, -3], seen[:, -2:]
        assert set(np.unique(is_shown)) == {0, 1}
        assert abs(is_shown.mean() - share) < 0.05
        assert not of_tint[is_shown == 0].any()
        assert len(np.unique(of_tint[is_shown == 1], axis=0)) == len(tinted)
    assert with_tint(classifier=Recorder(), tint_share=0).fit(tinted).classifier_.seen_.shape[1] == 9


def test_forms_of_a_tint(tinted, colorizer, tmp_path):
    path = tmp_path / "reference.png"
    Image.fromarray(tinted[2]).save(path)
    same = [path, str(path), tinted[2], np.uint16(tinted[2]) * 257, np.dstack([tinted[2], tinted[2][..., 0]])]
    upper, lower = true_halves(tinted[2])
    same += [(upper, lower), [upper, lower], np.stack([upper, lower]), (tinted[2], tinted[2]), (path, lower)]
    expected = colorizer.colorize(tinted[0], tint=(tuple(upper), list(lower)))
    for tint in same:
        assert_allclose(colorizer.colorize(tinted[0], tint=tint), expected, atol=1)
    assert not np.array_equal(colorizer.colorize(tinted[0], tint=(lower, upper)), expected)
    tint = rgb2luv(np.array([[[128, 128, 0]]], np.uint8))[0, 0, 1:]
    same = ["olive", "#808000", (128, 128, 0), np.array([128, 128, 0], np.uint8), (128 / 255, 128 / 255, 0.0)]
    same += [np.array([128, 128, 0], np.uint16) * 257, list(tint), tuple(tint)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # olive is a vivid tint
        expected = colorizer.colorize(tinted[0], tint=tint)
        for tint in same:
            assert_allclose(colorizer.colorize(tinted[0], tint=tint), expected, atol=1)


def test_the_height_of_a_row_is_that_of_its_middle():
    assert_allclose(row_heights(0, 4, 4), [0.125, 0.375, 0.625, 0.875])
    assert_allclose(row_heights(5, 6, 10), [0.55])


def test_an_array_of_photographs_is_one_tint_for_each_image(colorizer, tinted):
    references = np.stack([tinted[2], tinted[3]])
    expected = colorizer.predict(tinted[:2], tint=[tinted[2], tinted[3]])
    assert_array_equal(colorizer.predict(tinted[:2], tint=references), expected)
    assert not np.array_equal(colorizer.predict(tinted[:2], tint=references[::-1]), expected)


def test_a_pair_of_colours_may_be_an_array(colorizer, tinted):
    colors = np.array([(130, 150, 160), (120, 130, 90)], np.uint8)
    expected = colorizer.colorize(tinted[0], tint=tuple(map(tuple, colors.tolist())))
    assert_array_equal(colorizer.colorize(tinted[0], tint=colors), expected)
    assert not np.array_equal(colorizer.colorize(tinted[0], tint=colors[::-1]), expected)


@given(st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_a_colour_and_its_triple_are_one_tint(colorizer, tinted, rgb):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = colorizer.colorize(tinted[0], tint="#{:02x}{:02x}{:02x}".format(*rgb))
        assert_array_equal(colorizer.colorize(tinted[0], tint=rgb), named)


@pytest.mark.parametrize(
    ("tint", "message"),
    [
        ("oliv", "the tint: 'oliv' is neither the name of a CSS colour nor '#rrggbb', and there is no file"),
        (2, r"the tint: 2 is a single value. Pass a pair \(u\*, v\*\), such as typical_tints\(4\)\[2\]"),
        (Path("missing.png"), "missing.png"),
        ((1, 2, 3, 4), "neither a pair"),
        ((np.nan, 3), "neither a pair"),
        ((500, 3), "from -180 to 180"),
        ((-1, 2, 3), "is not a colour: whole numbers"),
        ((0.5, 0.5, 1.5), "is not a colour: .* floats from 0 to 1"),
        (np.zeros((4, 5)), "the tint is grey"),
        (np.zeros((4, 5, 3), int), "the tint has dtype int64"),
        ([], "There are 0 tints for 1 images"),
        ([(1, 2), "oliv"], "There are 2 tints for 1 images"),
        ([None, "oliv"], "There are 2 tints"),
    ],
)
def test_an_invalid_tint_is_named(colorizer, tinted, tint, message):
    with pytest.raises((ValueError, OSError), match=message):
        colorizer.predict(tinted[:1], tint=tint)


def test_the_number_of_an_invalid_tint_is_named(colorizer, tinted):
    with pytest.raises(ValueError, match="tint 1: 'oliv' is neither"):
        colorizer.predict(tinted[:2], tint=[(1, 2), "oliv"])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_tint_for_all_or_one_for_each(tinted, n_jobs):
    colorizer = with_tint(n_jobs=n_jobs).fit(tinted)
    greys, tints = [to_gray(image) for image in tinted[:3]], colorizer.tints_[3:]
    one = [colorizer.colorize(grey, tint=tints[0]) for grey in greys]
    each = [colorizer.colorize(grey, tint=tint) for grey, tint in zip(greys, tints, strict=True)]
    for X in (greys, np.stack(greys), tuple(greys)):
        assert_array_equal(colorizer.predict(X, tint=tints[0]), one)
        assert_array_equal(colorizer.predict(X, tint=tints), each)
        assert_array_equal(colorizer.predict(X, tint=[tuple(tint) for tint in tints]), each)
    assert_array_equal(colorizer.predict(iter(greys), tint=tints[0]), one)
    with pytest.raises(ValueError, match="batch whose length is known"):
        colorizer.predict(iter(greys), tint=tints)
    mixed = colorizer.predict(greys, tint=[None, tints[1], None])
    assert_array_equal(mixed, [colorizer.predict(greys)[0], each[1], colorizer.predict(greys)[2]])


def test_an_array_of_colours_is_a_sequence_of_tints(tinted, colorizer):
    colors = np.array([[150, 120, 90], [90, 120, 150], [120, 125, 120]], np.uint8)
    found = colorizer.predict(tinted[:3], tint=colors)
    for image, color, picture in zip(tinted, colors, found, strict=False):
        assert_array_equal(colorizer.colorize(image, tint=color), picture)
    assert not np.array_equal(colorizer.colorize(tinted[0], tint=colors[1]), found[0])


def test_without_tint(tinted, photos):
    untinted = with_tint(tint_share=0).fit(tinted)
    single = with_tint().fit(tinted[:1])
    frozen = with_tint(
        classifier=FrozenEstimator(untinted.classifier_), quantizer=FrozenEstimator(untinted.quantizer_)
    )
    for colorizer in (untinted, single, frozen.fit(tinted)):
        for call in (colorizer.colorize, colorizer.alternatives):
            arguments = {"tint": (5, 5)} if call == colorizer.colorize else {"n_alternatives": 1}
            with pytest.raises(ValueError, match=r"trained without tint.*tint_share=0.5"):
                call(tinted[0], **arguments)
        assert_array_equal(colorizer.colorize(tinted[0], tint=None), colorizer.predict(tinted[:1])[0])
    # a single image is learned as if there were no tint
    assert_array_equal(single.predict(photos)[0], with_tint(tint_share=0).fit(tinted[:1]).predict(photos)[0])


def test_a_frozen_classifier_that_was_trained_with_tint_has_it(tinted, colorizer):
    components = {
        name: FrozenEstimator(getattr(colorizer, f"{name}_")) for name in ("quantizer", "classifier")
    }
    for images in (tinted, tinted[:1]):
        frozen = with_tint(**components, tint_share=0).fit(images)
        expected = colorizer.colorize(tinted[0], tint=COLORS[2])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the single image has another tint
            assert_array_equal(frozen.colorize(tinted[0], tint=COLORS[2]), expected)


def test_partial_fit_learns_the_tint_image_by_image(tinted):
    colorizer = with_tint(quantizer=KMeans(6), classifier=KNeighborsLike())
    colorizer.partial_fit(tinted)
    for _ in range(2):
        for image in tinted:
            colorizer.partial_fit([image])
    told = mean_ciede2000(tinted, colorizer.predict(tinted, tint=tinted))
    assert told < 0.6 * mean_ciede2000(tinted, colorizer.predict(tinted))


class KNeighborsLike(GaussianNB):
    """GaussianNB without `n_features_in_`, like the estimators of other libraries."""

    @property
    def n_features_in_(self):
        raise AttributeError

    @n_features_in_.setter
    def n_features_in_(self, value):
        pass


def test_a_tint_far_from_all_is_warned_of_once(tinted, colorizer):
    with pytest.warns(UserWarning, match=r"The tint \(u\*, v\*\) = \(150, 100\) is far") as record:
        colorizer.predict(tinted, tint=(150, 100))
    assert len(record) == 1
    assert record[0].filename == __file__
    for arguments in ({}, {"hints": [(0, 0, "red")]}):
        with pytest.warns(UserWarning, match="typical_tints") as record:
            colorizer.colorize(tinted[0], tint=(150, 100), **arguments)
        assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        colorizer.predict(tinted, tint=tinted)
        colorizer.colorize(tinted[0], tint=colorizer.tints_.mean(axis=0))


@pytest.mark.parametrize(
    ("step", "distance", "is_far"),
    [
        # the least distance is 30
        (2, 30.0, False),
        (2, 30.1, True),
        # twice the usual distance of a training tint from the nearest other one
        (20, 40.0, False),
        (20, 40.1, True),
    ],
)
def test_how_far_a_tint_is_far(step, distance, is_far):
    line = np.column_stack([step * np.arange(60.0), np.zeros(60)])
    # two lonely training tints are not usual
    known = np.concatenate([line, [[0, 300], [0, -300]]])
    far = unlike_tints([np.array([3.0 * step, 0]), np.array([-distance, 0])], known)
    assert_allclose(far, [[-distance, 0]] if is_far else np.zeros((0, 2)))


def test_a_single_training_tint():
    far = unlike_tints([np.array([29.9, 0]), np.array([0, 30.1])], np.zeros((1, 2)))
    assert_allclose(far, [[0, 30.1]])


@pytest.mark.parametrize("value", [180, -180, 180.1, -180.1])
def test_the_largest_tint(value):
    if abs(value) <= 180:
        assert_array_equal(parse_tint((3, value), None), [3, value])
        return
    with pytest.raises(ValueError, match="from -180 to 180"):
        parse_tint((3, value), None)


def test_typical_tints_are_clusters_of_those_of_the_training_images(tinted):
    rng = np.random.default_rng(0)
    colorizer = with_tint().fit(tinted)
    tints = rng.normal(size=(200, 2)) @ [[12, 5], [0, 8]]
    colorizer._model = replace(colorizer._model, tints=tints)
    assert_allclose(colorizer.typical_tints(1), colorizer.tints_.mean(axis=0, keepdims=True))
    for n in (2, 4, 5, 9):
        typical = colorizer.typical_tints(n)
        distances = np.linalg.norm(colorizer.tints_[:, None] - typical, axis=2)
        nearest = distances.argmin(axis=1)
        assert_allclose([colorizer.tints_[nearest == k].mean(axis=0) for k in range(n)], typical, atol=1e-6)
        best = KMeans(n, n_init=20, random_state=0).fit(colorizer.tints_).inertia_
        assert (distances.min(axis=1) ** 2).sum() < 1.15 * best
        assert_array_equal(colorizer.typical_tints(n), typical)
    assert_allclose(
        np.sort(colorizer.typical_tints(200), axis=0), np.sort(colorizer.tints_, axis=0), atol=1e-6
    )


def test_typical_tints_are_laid_out_as_a_map(colorizer):
    colorizer = pickle.loads(pickle.dumps(colorizer))
    tints = np.random.default_rng(1).uniform(-40, 40, (300, 2))
    colorizer._model = replace(colorizer._model, tints=tints)
    grid = colorizer.typical_tints(9).reshape(3, 3, 2)
    of_neighbors = [np.linalg.norm(np.diff(grid, axis=axis), axis=2).mean() for axis in (0, 1)]
    all_pairs = [np.linalg.norm(a - b) for a, b in combinations(grid.reshape(-1, 2), 2)]
    assert max(of_neighbors) < 0.75 * np.mean(all_pairs)


def test_too_many_alternatives(tinted, colorizer):
    with pytest.raises(ValueError, match="fewer than 7 typical tints: the training images have 6 different"):
        colorizer.alternatives(tinted[0], 7)
    for arguments in ({"n_alternatives": 0}, {"max_size": 0}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            colorizer.alternatives(tinted[0], **arguments)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("hints", [None, [(3, 4, "red"), (15, 20, "blue")]])
def test_alternatives_are_colorize_in_each_typical_tint(tinted, colorizer, dtype, hints):
    image = to_gray(tinted[0])
    image = {"uint8": image, "uint16": np.uint16(image) * 257, "float32": np.float32(image / 255)}[dtype]
    alternatives = colorizer.alternatives(image, 4, hints=hints)
    tints = colorizer.typical_tints(4, image=image)
    assert tints.shape == (4, 2, 2)
    assert alternatives.dtype == dtype
    assert_array_equal(alternatives, [colorizer.colorize(image, tint=tint, hints=hints) for tint in tints])
    again = pickle.loads(pickle.dumps(colorizer)).set_params(n_jobs=2)
    assert_array_equal(again.alternatives(image, 4, hints=hints), alternatives)


@pytest.mark.parametrize("working_size", [None, 64])
@pytest.mark.parametrize("color", [False, True])
def test_previews_are_the_alternatives_made_small(photos, working_size, color):
    colorizer = with_tint(working_size=working_size, temperature=0.7, smoothing_radius=8).fit(photos)
    image = np.tile(photos[3], (4, 5, 1))[:150, :270]
    image = image if color else to_gray(image)
    full, small = (colorizer.alternatives(image, 2, max_size=size) for size in (None, 90))
    assert small.shape == (2, 50, 90, 3)
    # three by three pixels make one
    averaged = full.reshape(2, 50, 3, 90, 3, 3).mean(axis=(2, 4))
    assert np.abs(small - averaged).mean() < 1.5
    assert_array_equal(colorizer.alternatives(image, 2, max_size=270), full)


def test_hints_of_a_preview_lie_where_they_do_in_the_image(tinted):
    colorizer = with_tint(working_size=64).fit(tinted)
    image = np.full((60, 90), 128, np.uint8)
    hints = [(10, 10, "red"), (50, 80, "blue"), (59, 89, "blue")]
    preview = colorizer.alternatives(image, 1, hints=hints, max_size=30)[0]
    full = colorizer.alternatives(image, 1, hints=hints)[0]
    assert_allclose(preview[3, 3], full[10, 10], atol=1)
    assert_allclose(preview[16, 26], full[50, 80], atol=1)


def test_alternatives_of_an_unfamiliar_image_warn_once(tinted):
    images = [np.roll(image, shift, axis=0) for shift in range(4) for image in tinted]
    colorizer = with_tint().fit(images)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    with pytest.warns(UserWarning, match="The lightness of the image is unlike") as record:
        colorizer.alternatives(noise, 2)
    assert len(record) == 1
    assert record[0].filename == __file__


def test_chroma_is_reduced_only_without_tint(tinted):
    # their tints have nothing to do with their lightness, so grey is as close as any colour
    with pytest.warns(UserWarning, match="farther from the truth"):
        colorizer = with_tint(classifier=KNeighborsClassifier(9), validation_fraction=0.4).fit(tinted)
    assert colorizer.chroma_scale_ < 1
    told = [true_tint(painted) for painted in colorizer.predict(tinted, tint=tinted)]
    assert_allclose(told, colorizer.tints_, atol=1)


def test_search_over_the_share(tinted):
    search = GridSearchCV(with_tint(classifier=GaussianNB()), {"tint_share": [0, 0.5]}, cv=2).fit(tinted)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    pixels = sample_pixels(tinted, 100, working_size=None, random_state=0)
    search.fit(pixels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    for share in (-0.1, 1.0):
        with pytest.raises(ValueError, match="tint_share"):
            with_tint(tint_share=share).fit(tinted)


def test_saved_models_keep_the_tint(tinted, colorizer):
    buffer = io.BytesIO()
    buffer.write(skops.io.dumps(colorizer))
    trusted = skops.io.get_untrusted_types(data=buffer.getvalue())
    for again in (pickle.loads(pickle.dumps(colorizer)), skops.io.loads(buffer.getvalue(), trusted=trusted)):
        assert_array_equal(again.typical_tints(3), colorizer.typical_tints(3))
        of_image = [one.typical_tints(3, image=tinted[0]) for one in (again, colorizer)]
        assert_array_equal(*of_image)
        assert_array_equal(again.alternatives(tinted[0], 3), colorizer.alternatives(tinted[0], 3))


def test_tint_errors_are_those_of_the_pictures(tinted, colorizer, tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(tinted[1]).save(path)
    errors = tint_errors(colorizer, [tinted[0], path], 4)
    assert errors.alternatives.shape == (2, 4)
    for row, image in enumerate(tinted[:2]):
        assert_allclose(errors.gray[row], mean_ciede2000([image], [to_gray(image)]))
        assert_allclose(errors.without_tint[row], mean_ciede2000([image], colorizer.predict([image])))
        told = colorizer.colorize(image, tint=true_halves(image))
        assert_allclose(errors.true_tint[row], mean_ciede2000([image], [told]), rtol=1e-3)
        each = [mean_ciede2000([image], [picture]) for picture in colorizer.alternatives(image, 4)]
        assert_allclose(errors.alternatives[row], each)
        assert errors.best_alternative[row] == min(each)


def test_display_of_alternatives(tinted, colorizer):
    display = AlternativesDisplay.from_estimator(colorizer, tinted[0], 6)
    assert display.ax_.shape == (2, 3)
    tints = colorizer.typical_tints(6, image=tinted[0])
    for number, (ax, picture) in enumerate(
        zip(display.ax_.flat, colorizer.alternatives(tinted[0], 6), strict=True)
    ):
        (u0, v0), (u1, v1) = tints[number]
        assert ax.get_title() == f"{number}: ({u0:.0f}, {v0:.0f}) over ({u1:.0f}, {v1:.0f})"
        assert_allclose(ax.images[0].get_array(), np.float32(picture / 255), atol=1e-6)
    with pytest.raises(ValueError, match="6 alternatives, but 5 tints"):
        AlternativesDisplay.from_predictions(display.alternatives, tints[:5])


# The asked-for tint is that of the picture.


@pytest.mark.parametrize("working_size", [None, 128])
@pytest.mark.parametrize("radius", [0, 4])
def test_a_picture_has_the_tint_that_was_asked_for(photos, working_size, radius):
    colorizer = with_tint(working_size=working_size, temperature=0.7, smoothing_radius=radius).fit(photos)
    # mid-grey, where sRGB has the chroma
    image = np.random.default_rng(0).integers(100, 150, (160, 200), dtype=np.uint8)
    for tint in ((10, -12), (0, 0), (-8, 15)):
        assert_allclose(true_tint(colorizer.colorize(image, tint=tint)), tint, atol=0.7)
    halves = np.array([[-10, -20], [5, 20]])
    assert_allclose(true_halves(colorizer.colorize(image, tint=halves)), halves, atol=1.5)
    named = colorizer.colorize(image, tint=("skyblue", "olive"))
    assert true_halves(named)[0, 1] < -15
    assert true_halves(named)[1, 1] > 15
    # a smooth transition in the middle
    rows = rgb2luv(named)[..., 2].mean(axis=1)
    assert np.abs(np.diff(rows)).max() < 12


def test_the_shift_spares_black_and_white(photos):
    colorizer = with_tint().fit(photos)
    image = np.repeat(np.uint8([0, 90, 130, 255])[:, None], 40, axis=1).repeat(10, axis=0)
    chroma = [
        np.hypot(*rgb2luv(colorizer.colorize(image, tint=tint))[..., 1:].T) for tint in ((0, 0), (20, 25))
    ]
    change = np.abs(chroma[1] - chroma[0]).reshape(40, 4, 10).mean(axis=(0, 2))
    assert change[[0, 3]].max() < 0.3 * change[[1, 2]].min()


def test_a_single_row_has_one_tint(colorizer):
    row = np.full((1, 50), 120, np.uint8)
    painted = colorizer.colorize(row, tint=((10, 0), (0, 10)))
    assert_allclose(true_tint(painted), (5, 5), atol=0.7)


def test_the_bytes_of_a_tinted_picture_do_not_depend_on_threads(photos):
    image = np.tile(photos[3][..., 0], (20, 20))
    for working_size in (None, 64):
        colorizer = with_tint(working_size=working_size, temperature=0.7, smoothing_radius=8).fit(photos)
        one, three = (
            colorizer.set_params(n_jobs=n_jobs).colorize(image, tint=("skyblue", "olive"))
            for n_jobs in (1, 3)
        )
        assert_array_equal(one, three)


def test_alternatives_of_training_photographs_that_are_alike_differ(photos):
    # one photograph, hardly changed
    alike = [np.clip(photos[1] * gain, 0, 255).astype(np.uint8) for gain in (0.9, 0.95, 1, 1.05)]
    colorizer = with_tint(working_size=48).fit(alike)
    image = to_gray(photos[1])
    tints = colorizer.typical_tints(4, image=image).mean(axis=1)
    plain = np.array(
        [
            colorizer._decoder().with_tint(tint).half_tints(_lightness(image), 1)
            for tint in colorizer.typical_tints(4)
        ]
    ).mean(axis=1)
    distance = [
        np.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=1).mean()) for values in (tints, plain)
    ]
    assert distance[1] < 12
    assert_allclose(distance[0], min(12, 4 * distance[1]), rtol=1e-5)
    assert_allclose(tints.mean(axis=0), plain.mean(axis=0), atol=1e-6)
    pictures = colorizer.alternatives(image, 4)
    # no warning that the tint is far from those of the training images, and the same picture
    tint = colorizer.typical_tints(4, image=image)[2]
    assert_array_equal(colorizer.colorize(image, tint=tint), pictures[2])
    differences = [mean_ciede2000([a], [b]) for a, b in combinations(pictures, 2)]
    assert min(differences) > 0.3 * distance[0]


def test_alternatives_that_differ_are_those_of_the_network(tinted, colorizer):
    image, colorizer = to_gray(tinted[0]), pickle.loads(pickle.dumps(colorizer))
    colorizer._painting = PaintingSettings(tint=TintSettings(least_distance=0))
    tints = colorizer.typical_tints(4, image=image)
    for tint, center in zip(tints, colorizer.typical_tints(4), strict=True):
        chroma = (
            colorizer._decoder()
            .with_tint(center)
            .pixels.chroma(PatchExtractor(3).transform([image]).T[None])[0]
            .reshape(*image.shape, 2)
        )
        halves = np.array_split(chroma, 2)
        assert_allclose(tint, [half.mean(axis=(0, 1)) for half in halves], atol=1e-3)


def _lightness(image):
    return working_lightness(image, 48)
