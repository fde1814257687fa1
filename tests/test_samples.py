import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import rgb2luv
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold
from sklearn.utils import _safe_indexing

from nncolor import PixelSamples, sample_pixels


@pytest.fixture
def pixels(photos):
    return sample_pixels(photos, pixels_per_image=300, random_state=0, working_size=None)


def test_pixels_are_those_of_the_images(photos, pixels):
    assert isinstance(pixels, PixelSamples)
    assert pixels.shape == (1200,)
    assert len(pixels) == 1200
    assert_array_equal(pixels.groups, np.repeat(np.arange(4), 300))
    for group, photo in enumerate(photos):
        of_image = pixels[pixels.groups == group]
        expected = rgb2luv(photo)[of_image.rows, of_image.columns]
        assert_allclose(of_image.lightness, expected[:, 0], atol=1e-3)
        assert_allclose(of_image.chroma, expected[:, 1:], atol=1e-2)
        assert_array_equal(of_image.heights, photo.shape[0])
        assert_array_equal(of_image.widths, photo.shape[1])


def test_pixels_are_drawn_without_replacement_over_the_whole_image(photos, pixels):
    for group, photo in enumerate(photos):
        of_image = pixels[pixels.groups == group]
        places = of_image.rows * photo.shape[1] + of_image.columns
        assert len(np.unique(places)) == 300
        assert places.max() > 0.95 * photo[..., 0].size


def test_small_images_give_all_their_pixels():
    assert (
        len(
            sample_pixels(
                [np.random.default_rng(0).random((3, 4, 3))], pixels_per_image=100, working_size=None
            )
        )
        == 12
    )


def test_random_state_and_n_jobs(photos):
    one, same, other = (
        sample_pixels(photos, 50, random_state=seed, n_jobs=jobs, working_size=None)
        for seed, jobs in [(0, 1), (0, 2), (1, 1)]
    )
    assert_array_equal(one.chroma, same.chroma)
    assert_array_equal(one.rows, same.rows)
    assert not np.array_equal(one.rows, other.rows)


@pytest.mark.parametrize(
    "index", [np.array([5, 3, 3]), slice(2, 9, 2), np.arange(1200) % 7 == 0, [0, 1199]], ids=str
)
def test_selection_is_that_of_an_array(pixels, index):
    for selected in (pixels[index], pixels[index, ...]):
        assert_array_equal(selected.chroma, pixels.chroma[index])
        assert_array_equal(selected.lightness, pixels.lightness[index])
        assert_array_equal(selected.groups, pixels.groups[index])


def test_selection_of_a_selection(pixels):
    assert_array_equal(pixels[100:][::2][[3]].chroma, pixels.chroma[[106]])


def test_selection_shares_the_lightness_of_the_images(pixels):
    assert np.shares_memory(pixels.image_lightness(0), pixels[5:9].image_lightness(0))


def test_scikit_learn_can_slice_and_split(pixels):
    assert_array_equal(_safe_indexing(pixels, [4, 2]).chroma, pixels.chroma[[4, 2]])
    train, test = next(GroupShuffleSplit(1, random_state=0).split(pixels, groups=pixels.groups))
    assert not set(pixels[train].groups) & set(pixels[test].groups)
    labels = (pixels.chroma[:, 0] > 0).astype(int)
    for train, test in StratifiedGroupKFold(2).split(pixels, labels, pixels.groups):
        assert not set(pixels.groups[train]) & set(pixels.groups[test])


def test_it_is_not_an_array(pixels):
    with pytest.raises(TypeError, match="Put a PatchExtractor first"):
        np.asarray(pixels)
    with pytest.raises(TypeError, match="Put a PatchExtractor first"):
        LogisticRegression().fit(pixels, pixels.groups)


def test_it_has_one_axis_and_no_single_pixels(pixels):
    with pytest.raises(TypeError, match=r"pixels\[\[3\]\]"):
        pixels[3]
    for index in ((slice(3, 5), 0), np.array([[3, 4]]), None):
        with pytest.raises(IndexError, match="one axis"):
            pixels[index]
    with pytest.raises(TypeError, match="not images"):
        list(pixels)


def test_pickle(pixels):
    again = pickle.loads(pickle.dumps(pixels))
    assert_array_equal(again.lightness, pixels.lightness)
    assert repr(again) == "<PixelSamples: 1200 pixels of 4 images>"


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_n_per_image_is_checked(photos, n):
    with pytest.raises(ValueError, match="pixels_per_image"):
        sample_pixels(photos, pixels_per_image=n, working_size=None)
