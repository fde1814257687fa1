"""Uniform borders around photographs are left out of training, statistics and colouring."""

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal

from nncolor import SOMColorizer, sample_pixels, to_gray
from nncolor.datasets import load_plates

MOUNT = 20


@pytest.fixture(scope="module")
def plates():
    return load_plates().images


@pytest.fixture(scope="module")
def colorizer(plates):
    return quick_colorizer(working_size=96, tint_share=0.5, smoothing_radius=4).fit(plates[::2])


def mounted(image, tone=215, noise=0, sides=((MOUNT, MOUNT), (MOUNT, MOUNT))):
    sides = (*sides, (0, 0)) if image.ndim == 3 else sides
    framed = np.pad(image, sides, constant_values=tone)
    if not noise:
        return framed
    framed = framed + np.random.default_rng(0).normal(0, noise, framed.shape)
    return np.clip(framed, 0, 255).astype(np.uint8)


def inner(image):
    return image[MOUNT:-MOUNT, MOUNT:-MOUNT]


@pytest.mark.parametrize(("tone", "noise"), [(10, 0), (150, 0), (215, 0), (215, 3)])
def test_a_mount_stays_grey_and_the_photograph_has_its_own_colours(colorizer, plates, tone, noise):
    gray = [to_gray(image) for image in plates[14:18]]
    framed = [mounted(image, tone, noise) for image in gray]
    for colored, alone, frame in zip(colorizer.predict(framed), colorizer.predict(gray), framed, strict=True):
        mount = np.ones(frame.shape, bool)
        # the line beside the photograph is left out, too
        mount[MOUNT - 1 : 1 - MOUNT, MOUNT - 1 : 1 - MOUNT] = False
        assert_array_equal(colored[mount], np.repeat(frame[mount][:, None], 3, axis=1))
        difference = np.abs(inner(colored)[4:-4, 4:-4].astype(int) - alone[4:-4, 4:-4])
        # the one pixel that is left out moves the grid of the working size
        assert difference.mean() < 2 + noise
        assert np.ptp(inner(colored)[4:-4, 4:-4], axis=-1).mean() > 5


def test_borders_on_two_opposite_sides(colorizer, plates):
    gray = to_gray(plates[16])
    framed = mounted(gray, 90, sides=((0, 0), (15, 15)))
    colored = colorizer.predict([framed])[0]
    assert_array_equal(np.ptp(colored[:, :14], axis=-1), 0)
    assert np.ptp(colored[:, 20:-20], axis=-1).mean() > 5
    # a lower border alone may be a lawn
    framed = mounted(gray, 60, sides=((0, 15), (0, 0)))
    assert np.ptp(colorizer.predict([framed])[0][-12:], axis=-1).max() > 0


def test_photographs_without_a_border_are_whole(plates):
    whole = quick_colorizer(working_size=96).fit(plates[:3])
    for image in plates[5:12]:
        assert np.ptp(whole.predict([to_gray(image)])[0][0], axis=-1).max() > 0


def test_a_small_or_blank_image_has_no_border(colorizer):
    blank = np.full((100, 120), 200, np.uint8)
    # coloured by chance, all alike
    assert np.ptp(colorizer.predict([blank])[0], axis=(0, 1)).max() < 90
    small = np.pad(np.arange(400, dtype=np.uint8).reshape(20, 20), 10, constant_values=255)
    assert colorizer.predict([small])[0].shape == (40, 40, 3)


def test_all_ways_of_colouring_leave_the_border_out(colorizer, plates):
    gray = to_gray(plates[17])
    framed, hints = mounted(gray), [(100, 100, "olive"), (60, 200, "skyblue")]
    moved = [(row + MOUNT, column + MOUNT, color) for row, column, color in hints]
    alone = colorizer.colorize(gray, hints=hints)
    colored = colorizer.colorize(framed, hints=moved)
    assert_array_equal(np.ptp(colored[: MOUNT - 1], axis=-1), 0)
    assert np.abs(inner(colored)[4:-4, 4:-4].astype(int) - alone[4:-4, 4:-4]).mean() < 3
    for max_size, step in ((None, 1), (140, 2)):
        painted = colorizer.alternatives(framed, 2, max_size=max_size)
        assert_array_equal(np.ptp(painted[:, : MOUNT // step - 2], axis=-1), 0)
        assert np.ptp(painted[:, 40 // step : -40 // step, 40 // step : -40 // step], axis=-1).mean() > 5
    assert_allclose(
        colorizer.score([mounted(plates[17])]), -_error(colorizer, mounted(plates[17])), atol=1e-4
    )


def _error(colorizer, image):
    from nncolor.metrics import mean_ciede2000

    return mean_ciede2000([image], colorizer.predict([image]))


def test_a_hint_on_the_border_colours_it(colorizer, plates):
    framed = mounted(to_gray(plates[17]))
    colored = colorizer.colorize(framed, hints=[(5, 5, "gold")])
    assert np.ptp(colored[5, 5]) > 50


def test_training_leaves_borders_out(plates):
    framed = [mounted(image, 0) for image in plates[:3]]
    pixels = sample_pixels(framed, 2000, working_size=96, random_state=0)
    assert (pixels.lightness < 1).mean() < 0.03
    assert (
        pixels.image_lightness(0).shape
        == sample_pixels(plates[:1], 9, working_size=96).image_lightness(0).shape
    )
    # the paper looks at the pixels as they are
    as_they_are = sample_pixels(framed, 2000, working_size=None, random_state=0)
    assert as_they_are.image_lightness(0).shape == framed[0].shape[:2]


def test_the_paper_leaves_nothing_out(plates):
    paper = SOMColorizer.paper(random_state=0, pixels_per_image=300).set_params(classifier__max_iter=5)
    with pytest.warns(match="Maximum iterations"):
        paper.fit(plates[:3])
    framed = mounted(to_gray(plates[17]))
    assert np.ptp(paper.predict([framed])[0][: MOUNT - 2], axis=-1).max() > 0


def test_a_mount_is_no_reason_to_be_unfamiliar(plates):
    many = [
        image[offset : offset + 160, offset : offset + 160] for image in plates[:20] for offset in (0, 60)
    ]
    colorizer = quick_colorizer(working_size=96).fit(many)
    gray = [to_gray(image) for image in plates[20:]]
    plain, framed = (colorizer.unfamiliarity(images) for images in (gray, [mounted(image) for image in gray]))
    assert_allclose(framed, plain, atol=0.1)
