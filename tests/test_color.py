import matplotlib.colors
import numpy as np
import pytest
from conftest import srgb_of
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import luv2rgb, rgb2luv

from nncolor import to_gray
from nncolor._images.color import (
    image_lightness,
    join_lightness_chroma,
    lightness_chroma,
    named_color,
    output_dtype,
    parse_color,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_of_grey_integers_is_that_of_scikit_image(dtype):
    levels = np.linspace(0, np.iinfo(dtype).max, 256).astype(dtype).reshape(16, 16)
    grey = np.repeat(levels[..., None] / np.iinfo(dtype).max, 3, axis=-1)
    lightness = image_lightness(levels)
    assert lightness.dtype == np.float32
    assert_allclose(lightness, rgb2luv(grey)[..., 0], atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_lightness_of_grey_floats_is_that_of_scikit_image(dtype):
    levels = np.linspace(0, 1, 64, dtype=dtype).reshape(8, 8)
    grey = np.repeat(levels[..., None].astype(float), 3, axis=-1)
    assert_allclose(image_lightness(levels), rgb2luv(grey)[..., 0], atol=1e-3)


def test_lightness_of_bool():
    assert_allclose(image_lightness(np.array([[False, True]])), [[0, 100]], atol=1e-4)


def test_grey_and_neutral_rgb_have_the_same_lightness():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgb = np.repeat(levels[..., None], 3, axis=-1)
    assert_allclose(image_lightness(levels), image_lightness(rgb), atol=1e-4)


def test_lightness_and_chroma_are_those_of_scikit_image(photos):
    lightness, chroma = lightness_chroma(photos[0])
    luv = rgb2luv(photos[0])
    assert lightness.dtype == chroma.dtype == np.float32
    assert_allclose(lightness, luv[..., 0], atol=1e-3)
    assert_allclose(chroma, luv[..., 1:], atol=1e-2)


def test_alpha_is_dropped(photos):
    alpha = np.full(photos[0].shape[:2] + (1,), 7, np.uint8)
    with_alpha = np.concatenate([photos[0], alpha], axis=-1)
    assert_array_equal(lightness_chroma(with_alpha)[1], lightness_chroma(photos[0])[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_round_trip(photos, dtype):
    image = photos[0] / 255
    image = (
        (image * np.iinfo(dtype).max).astype(dtype) if np.dtype(dtype).kind == "u" else image.astype(dtype)
    )
    joined = join_lightness_chroma(*lightness_chroma(image), dtype)
    assert joined.dtype == dtype
    scale = np.iinfo(dtype).max if joined.dtype.kind == "u" else 1
    assert_allclose(joined / scale, image / scale, atol=1e-4 if scale != 255 else 0)


def luv_of(lightness, chroma):
    return np.concatenate([lightness[..., None], chroma], axis=-1).astype(float)


def test_joining_is_luv2rgb_where_srgb_has_the_colour():
    rng = np.random.default_rng(0)
    luv = rgb2luv(rng.random((100, 100, 3))).astype(np.float32)
    joined = join_lightness_chroma(luv[..., 0], luv[..., 1:], np.float64)
    assert_allclose(joined, luv2rgb(luv.astype(float)), atol=2e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_srgb_has_stays_to_the_byte(dtype):
    largest = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    inside = rng.integers(0, largest + 1, (300, 300, 3))
    # the faces of the cube of sRGB: one channel is 0 or the largest
    faces = inside.copy()
    np.put_along_axis(faces, rng.integers(0, 3, (300, 300, 1)), rng.choice([0, largest], (300, 300, 1)), 2)
    corners = np.stack(np.meshgrid([0, 1, largest], [0, 1, largest], [0, 1, largest]), -1).reshape(1, -1, 3)
    for image in (inside, faces, corners):
        image = image.astype(dtype)
        joined = join_lightness_chroma(*lightness_chroma(image), dtype)
        # float32 holds 16 bits to half a level
        assert np.abs(joined.astype(int) - image).max() <= (0 if dtype == np.uint8 else 1)


# any colour, far outside sRGB too
LIGHTNESS = st.floats(0, 100, width=32)
CHROMA = st.floats(-300, 300, width=32)


@given(LIGHTNESS, CHROMA, CHROMA)
@example(9, -5, -55)
@example(np.float32(1e-3), 30, -200)
@example(0, 100, 100)
@example(100, 100, 100)
@example(np.float32(99.99), -5, 3)
def test_a_colour_keeps_its_lightness_and_hue(lightness, u, v):
    lightness, chroma = np.array([[lightness]], np.float32), np.array([[[u, v]]], np.float32)
    joined = join_lightness_chroma(lightness, chroma, np.float64)
    assert joined.min() >= 0
    assert joined.max() <= 1
    found = rgb2luv(joined)
    assert_allclose(found[..., 0], lightness, atol=0.05)
    levels = join_lightness_chroma(lightness, chroma, np.uint8)
    assert_allclose(rgb2luv(levels)[..., 0], lightness, atol=1)
    if np.hypot(*found[0, 0, 1:]) > 2:
        turned = np.angle(complex(*found[0, 0, 1:]) / complex(u, v), deg=True)
        assert abs(turned) <= 1


@given(LIGHTNESS, st.floats(0, 2 * np.pi))
def test_the_chroma_is_monotone_and_the_largest_of_srgb(lightness, hue):
    wanted = np.linspace(0, 300, 61)
    chroma = (wanted[:, None] * [np.cos(hue), np.sin(hue)]).astype(np.float32)
    lightness = np.full(len(wanted), lightness, np.float32)
    joined = join_lightness_chroma(lightness, chroma, np.float64)
    found = np.hypot(*np.moveaxis(rgb2luv(joined)[:, 1:], -1, 0))
    assert (np.diff(found) > -0.02).all()
    assert_allclose(joined, srgb_of(luv_of(lightness, chroma)), atol=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_ramp_of_grey_keeps_its_lightness_in_any_tint(dtype):
    lightness = np.linspace(0, 100, 256, dtype=np.float32)[:, None]
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    chroma = 100 * np.stack([np.cos(angles), np.sin(angles)], -1).astype(np.float32)
    found = rgb2luv(join_lightness_chroma(lightness, chroma[None], dtype))[..., 0]
    assert np.abs(found - lightness).max() < (0.3 if dtype == np.uint8 else 0.01)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.uint8, np.uint8),
        (np.uint16, np.uint16),
        (bool, np.uint8),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
    ],
)
def test_output_dtype(dtype, expected):
    assert output_dtype(dtype) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_grey_keeps_the_lightness_of_scikit_image(photos, dtype):
    photo = photos[0] / 255
    if np.issubdtype(dtype, np.integer):
        photo = np.rint(photo * np.iinfo(dtype).max)
    photo = photo.astype(dtype)
    grey = to_gray(photo)
    assert grey.dtype == dtype
    assert grey.shape == photo.shape[:2]
    found = rgb2luv(np.repeat(grey[..., None], 3, axis=-1))[..., 0]
    # half a level of 255 is up to 0.26 of L*
    assert_allclose(found, rgb2luv(photo)[..., 0], atol=0.26 if dtype == np.uint8 else 0.01)


def test_grey_stays_grey(grey):
    assert_array_equal(to_gray(grey), grey)
    assert not np.shares_memory(to_gray(grey), grey)
    assert np.abs(to_gray(np.dstack([grey] * 3)).astype(int) - grey).max() <= 1


def test_the_prediction_of_a_grey_is_that_of_its_colour(colorizer, photos):
    floats = photos[1] / 255
    for one, other in zip(colorizer.predict([floats]), colorizer.predict([to_gray(floats)]), strict=True):
        assert (np.abs(one - other).max(axis=-1) < 1e-3).mean() > 0.99


@pytest.mark.parametrize("name", ["olive", "skyblue", "rebeccapurple", "#12ab9f"])
def test_a_named_colour_is_that_of_matplotlib(name):
    expected = matplotlib.colors.to_rgb(name)
    assert_allclose(named_color(name), expected, atol=1e-9)
    assert_allclose(parse_color(name, "the colour"), expected, atol=1e-9)


@pytest.mark.parametrize(
    "color",
    [(51, 102, 255), np.array([51, 102, 255], np.uint16) * 257, (0.2, 0.4, 1.0), iter([51, 102, 255])],
)
def test_a_triple_is_in_the_range_of_its_dtype(color):
    assert_allclose(parse_color(color, "the colour"), [0.2, 0.4, 1.0], atol=1e-9)


@pytest.mark.parametrize(
    "color",
    [(51, 102, 256), (51, 102, -1), (0.2, 0.4, 1.01), (0.2, -0.01, 1.0), (0.2, np.nan, 1.0), "bleu", (1, 2)],
)
def test_what_is_no_colour_is_named(color):
    with pytest.raises(ValueError, match="the roof: .* is (not|neither)"):
        parse_color(color, "the roof")
