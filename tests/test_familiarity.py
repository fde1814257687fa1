"""Unfamiliarity: twenty-four crops of one photograph are the training images."""

import warnings
from io import BytesIO

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose
from PIL import Image
from skimage.transform import resize
from sklearn.covariance import LedoitWolf

from nncolor import sample_pixels, to_gray
from nncolor._pixels.familiarity import (
    append_images,
    lightness_statistics,
    reference_statistics,
    unfamiliarity,
)
from nncolor.datasets import load_sample_photos


@pytest.fixture(scope="module")
def crops():
    photo = load_sample_photos().images[3]
    rng = np.random.default_rng(0)
    places = zip(rng.integers(0, 180, 30), rng.integers(0, 330, 30), strict=True)
    return [photo[row : row + 120, column : column + 120] for row, column in places]


@pytest.fixture(scope="module")
def learned(crops):
    return quick_colorizer(n_jobs=2).fit(crops[:24])


def test_training_and_held_out_images_are_familiar(learned, crops):
    assert (learned.unfamiliarity(crops[:24]) < 1).all()
    assert (learned.unfamiliarity(crops[24:]) < 1).all()


def jpeg(grey):
    file = BytesIO()
    Image.fromarray(grey).save(file, "jpeg", quality=70)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize(
    "make_grey",
    [
        lambda photo: np.asarray(Image.fromarray(photo).convert("L")),
        lambda photo: photo[..., 1],
        lambda photo: jpeg(to_gray(photo)),
        lambda photo: to_gray(photo) // 8 * 8,
    ],
    ids=["luma", "green", "jpeg", "rounded"],
)
def test_it_does_not_matter_how_the_grey_was_made(learned, crops, make_grey):
    exact = learned.unfamiliarity([to_gray(crop) for crop in crops])
    other = learned.unfamiliarity([make_grey(crop) for crop in crops])
    assert (other < 1).all()
    assert_allclose(other, exact, atol=0.2)


@pytest.mark.parametrize("n_kinds", [1, 2])
def test_images_of_one_or_two_kinds(crops, n_kinds):
    few = quick_colorizer().fit([crops[number % n_kinds] for number in range(24)])
    assert (few.unfamiliarity(crops[:n_kinds]) < 1).all()
    assert few.unfamiliarity([np.zeros((120, 120), np.uint8)])[0] > 1
    few.predict(crops[:n_kinds])


@pytest.mark.parametrize("kind", ["noise", "black", "white", "stripes"])
def test_strange_images_are_found_and_named_once(learned, crops, kind):
    strange = {
        "noise": np.random.default_rng(0).integers(0, 256, (120, 120)).astype(np.uint8),
        "black": np.zeros((120, 120), np.uint8),
        "white": np.full((120, 120), 255, np.uint8),
        "stripes": np.tile(np.array([0, 255], np.uint8), (120, 60)),
    }[kind]
    assert learned.unfamiliarity([crops[0], strange])[1] > 1
    with pytest.warns(UserWarning, match="The lightness of image 1 and image 2 is unlike that of") as found:
        learned.predict([crops[0], strange, strange])
    assert len(found) == 1
    assert found[0].filename == __file__
    with pytest.warns(UserWarning, match="lightness of the image is unlike that of the training images. Do"):
        learned.colorize(strange)


def test_paths_are_named(learned, tmp_path):
    path = str(tmp_path / "black.png")
    Image.fromarray(np.zeros((120, 120), np.uint8)).save(path)
    with pytest.warns(UserWarning, match=r"lightness of image 0 \(.*black.png\) is unlike"):
        learned.predict([path])


def test_the_warning_of_one_image_is_at_the_callers_line(learned, tmp_path):
    path = tmp_path / "black.png"
    Image.fromarray(np.zeros((120, 120), np.uint8)).save(path)
    for color in (lambda: learned.colorize(path), lambda: learned.predict([path])):
        with pytest.warns(UserWarning, match=r"lightness of (the )?image .*black.png") as caught:
            color()
        assert caught[0].filename == __file__


@pytest.mark.parametrize("factor", [4, 2, 1 / 3])
def test_no_size_is_unfamiliar(crops, factor):
    sized = quick_colorizer(working_size=100).fit(crops[:24])
    size = tuple(round(side * factor) for side in crops[0].shape[:2])
    grey = [resize(crop[..., 1], size, anti_aliasing=True) for crop in crops[:3]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sized.predict([crops[0], *grey])


def test_all_ways_to_write_an_image_are_as_unfamiliar(learned, crops):
    grey = [crop[..., 1] for crop in crops[24:]]
    expected = learned.unfamiliarity(grey)
    assert_allclose(learned.unfamiliarity([image / 255 for image in grey]), expected, rtol=1e-3)
    assert_allclose(learned.unfamiliarity(np.stack(grey)), expected, rtol=1e-12)
    assert_allclose(learned.unfamiliarity([np.dstack([image] * 3) for image in grey]), expected, rtol=1e-3)


def test_pixels_of_images_give_the_same_statistics(learned, crops):
    pixels = sample_pixels(crops[:24], pixels_per_image=400, random_state=0, working_size=None)
    assert_allclose(quick_colorizer().fit(pixels).image_statistics_, learned.image_statistics_, rtol=1e-5)


def test_too_few_training_images(colorizer):
    assert colorizer.image_statistics_.shape == (4, 12)
    with pytest.raises(ValueError, match="at least 20 training images; there were 4"):
        colorizer.unfamiliarity([np.zeros((9, 9))])
    colorizer.predict([np.zeros((9, 9))])


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (129, 257)])
def test_any_shape(learned, shape):
    assert np.isfinite(learned.unfamiliarity([np.random.default_rng(0).random(shape)])).all()


# --- statistics and distances by hand


def statistics_by_hand(lightness):
    """Statistics of 32 x 32 cells of an image of 128 x 128 pixels."""
    cells = (lightness / 50 - 1).reshape(32, 4, 32, 4)
    means, deviations = cells.mean(axis=(1, 3)), cells.std(axis=(1, 3))
    steps = np.zeros((2, 32, 32))
    steps[0, :-1], steps[1, :, :-1] = np.abs(means[1:] - means[:-1]), np.abs(means[:, 1:] - means[:, :-1])
    gradient, deviation = np.log(0.02 + steps.sum(axis=0)), np.log(0.02 + deviations)
    height = np.linspace(1, -1, 32)[:, None].repeat(32, axis=1)
    pairs = (means, height), (deviation, height), (means, deviation)
    return [
        *np.quantile(means, [0.02, 0.25, 0.5, 0.75, 0.98]),
        *(gradient.mean(), gradient.std(), deviation.mean(), deviation.std()),
        *(np.cov(one.ravel(), other.ravel(), bias=True)[0, 1] for one, other in pairs),
    ]


@pytest.fixture
def plane():
    """Lightness of an image with a gradient and noise that grows downwards."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((128, 128)) * np.linspace(0.1, 12, 128)[:, None]
    return np.clip(np.linspace(90, 20, 128)[:, None] + noise, 0, 100).astype(np.float32)


def test_statistics_by_hand(plane):
    assert_allclose(lightness_statistics(plane), statistics_by_hand(plane.astype(float)), atol=1e-4)
    # larger images are averaged
    large = plane.repeat(3, axis=0).repeat(3, axis=1)
    assert_allclose(lightness_statistics(large), statistics_by_hand(plane.astype(float)), atol=1e-4)


@pytest.mark.parametrize(("factor", "every"), [(7, 1), (8, 2), (11, 2), (12, 3)])
def test_large_images_are_thinned_out(plane, factor, every):
    # from four times the working size of 128 on, every second pixel of a row is enough; and so on
    large = plane.repeat(factor, axis=0).repeat(factor, axis=1)
    large += 5 * np.random.default_rng(1).standard_normal(large.shape).astype(np.float32)
    thinned = large[::every, ::every]
    assert_allclose(
        lightness_statistics(large), lightness_statistics(np.ascontiguousarray(thinned)), atol=1e-5
    )
    other = large[:: every + 1, :: every + 1]
    assert (
        np.abs(lightness_statistics(large) - lightness_statistics(np.ascontiguousarray(other))).max() > 1e-4
    )


TOLERANCE = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.1, 0.05, 0.03, 0.03, 0.03])


def distances_by_hand(statistics, known):
    """Root mean squares of whitened differences, with the covariance of the known images."""
    scale = np.sqrt(known.var(axis=0) + TOLERANCE**2)
    covariance = LedoitWolf(assume_centered=True).fit((known - known.mean(axis=0)) / scale).covariance_
    covariance = covariance + np.diag((TOLERANCE / scale) ** 2)
    differences = (statistics - known.mean(axis=0)) / scale
    return np.sqrt((differences * np.linalg.solve(covariance, differences.T).T).sum(axis=1) / 12)


@pytest.mark.parametrize(("n_images", "spread"), [(20, 1), (45, 1), (33, 1e-3)])
def test_unfamiliarity_by_hand(n_images, spread):
    rng = np.random.default_rng(0)
    statistics = spread * rng.normal(size=(n_images, 12)) @ rng.normal(size=(12, 12))
    others = rng.normal(size=(5, 12))
    # each tenth is measured with the others
    fold = np.random.RandomState(0).permutation(n_images) % 10
    held_out = [distances_by_hand(statistics[fold == k], statistics[fold != k]) for k in range(10)]
    limit = 1.2 * max(np.concatenate(held_out).max(), 1)
    reference = reference_statistics(statistics)
    expected = distances_by_hand(others, statistics) / limit
    assert_allclose([unfamiliarity(values, reference) for values in others], expected, rtol=1e-6)


def test_the_least_number_of_images():
    statistics = np.random.default_rng(0).normal(size=(20, 12))
    assert reference_statistics(statistics[:19]) is None
    assert reference_statistics(statistics).shape == (13, 12)


@pytest.mark.parametrize(("n_known", "n_new", "expected"), [(3, 5, 8), (990, 30, 1000), (1200, 30, 1200)])
def test_at_most_1000_images_are_kept(n_known, n_new, expected):
    rows = np.random.default_rng(0).normal(size=(n_known + n_new, 12))
    # those that are known already are no new ones
    kept = append_images(rows[:n_known], np.concatenate([rows[:2], rows[n_known:]]))
    assert_allclose(kept, rows[:expected])
