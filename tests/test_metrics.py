import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab, rgb2luv
from skimage.metrics import peak_signal_noise_ratio

from nncolor.metrics import colorfulness, mean_chroma, mean_ciede2000, psnr


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


@pytest.mark.parametrize("measure", [mean_ciede2000, psnr])
class TestPairs:
    def test_dtypes_and_grey(self, measure, photos):
        grey = photos[0][..., 1]
        rgb = np.repeat(grey[..., None], 3, axis=-1) / 255
        assert_allclose(measure(photos[:1], [grey]), measure(photos[:1], [rgb]), rtol=1e-4)

    def test_different_lengths(self, measure, photos):
        for pair in ((photos, photos[:-1]), (photos[:-1], photos)):
            with pytest.raises(ValueError, match="different numbers of images"):
                measure(*pair)

    def test_different_sizes(self, measure, photos):
        with pytest.raises(ValueError, match="image 1 is 50 x 40 in truth and 50 x 39 in prediction"):
            measure(photos[:2], [photos[0], photos[1][:, 1:]])

    def test_bad_images_and_their_batch(self, measure, photos):
        bad = photos[0].astype(int)
        with pytest.raises(ValueError, match="prediction: image 0 has dtype"):
            measure(photos[:1], [bad])
        with pytest.raises(ValueError, match="truth: image 0 has dtype"):
            measure([bad], photos[:1])

    def test_single_image(self, measure, photos):
        with pytest.raises(ValueError, match=r"Write \[image\]"):
            measure(photos[0], photos[0])
