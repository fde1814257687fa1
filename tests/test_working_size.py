"""Working size: resizing of images of any size, against scikit-image's."""

import tracemalloc

import numpy as np
import pytest
from conftest import quick_colorizer, srgb_of
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import rgb2luv
from skimage.transform import downscale_local_mean, resize, resize_local_mean

from nncolor import PatchExtractor, SOMColorizer, sample_pixels
from nncolor._images.color import image_lightness
from nncolor._images.resampling import interpolate, interpolation_weights, resample, weights_between
from nncolor._images.working_size import shrink, working_lightness, working_shape
from nncolor._painting.settings import PaintingSettings
from nncolor.datasets import load_sample_photos


@pytest.fixture(scope="module")
def sized(photos):
    """A colorizer with context and smoothing that looks at 64 x 64 pixels."""
    extractor = PatchExtractor(3, position=True, context_scales=(4, 16))
    return quick_colorizer(extractor=extractor, working_size=64).fit(photos)


# --- shapes


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((256, 256), 384, (384, 384)),
        ((300, 1200), 300, (150, 600)),
        ((1200, 300), 300, (600, 150)),
        ((1, 1), 8, (8, 8)),
        ((1, 10_000_000), 384, (1, 384**2)),
        ((10, 20), None, (10, 20)),
    ],
)
def test_shapes(shape, size, expected):
    assert working_shape(shape, size) == expected


@pytest.mark.parametrize("shape", [(481, 321), (7, 5), (333, 3000), (1000, 31)])
def test_area_and_proportions_are_kept(shape):
    height, width = working_shape(shape, 384)
    assert_allclose(height * width, 384**2, rtol=0.02)
    assert_allclose(height / width, shape[0] / shape[1], rtol=0.02)


# --- resampling, against scikit-image


@pytest.mark.parametrize("size", [64, 100, 37])
def test_smaller_is_the_mean_over_areas(size):
    photo = load_sample_photos().images[2]
    lightness = working_lightness(photo, size)
    expected = resize_local_mean(rgb2luv(photo)[..., 0], working_shape(photo.shape[:2], size))
    assert_allclose(lightness, expected, atol=0.02)


def test_an_exact_fraction_is_the_mean_of_its_pixels():
    photo = load_sample_photos().images[4]  # 512 x 512
    expected = downscale_local_mean(rgb2luv(photo), (8, 8, 1))
    pixels = sample_pixels([photo], pixels_per_image=64**2, working_size=64, random_state=0)
    assert_allclose(pixels.image_lightness(0), expected[..., 0], atol=1e-3)
    assert_allclose(pixels.chroma, expected[pixels.rows, pixels.columns, 1:], atol=1e-3)


@pytest.mark.parametrize("width", [50, 8192, 20_000])
def test_interpolation_of_any_width(width):
    plane = np.random.default_rng(0).random((1, 5, 40), np.float32)
    rows, columns = (
        interpolation_weights(np.arange(9), 9, 5),
        interpolation_weights(np.arange(width), width, 40),
    )
    found = interpolate(plane, rows, columns)
    assert_allclose(found[0], resize(plane[0], (9, width), order=1, mode="edge"), atol=1e-5)
    out = np.empty_like(found)
    assert interpolate(plane, rows, columns, out) is out
    assert_array_equal(out, found)


def test_positions_beyond_the_values_are_at_the_outermost():
    positions, values = np.array([-3.0, 0.0, 0.25, 1.5, 3.0, 3.5, 9.0]), np.array([1.0, 5.0, 2.0, 8.0])
    before, after, weight = weights_between(positions, 4)
    assert set(before) | set(after) <= set(range(4))
    found = values[before] * (1 - weight) + values[after] * weight
    assert_allclose(found, np.interp(positions, np.arange(4), values), rtol=1e-6)


def test_an_image_that_is_small_enough_is_not_shrunk(photos):
    longer = max(photos[0].shape)
    assert shrink(photos[0], longer) is photos[0]
    assert max(shrink(photos[0], longer - 1).shape) == longer - 1


def test_larger_is_interpolated(photos):
    photo = photos[2]  # 36 x 36
    expected = resize(rgb2luv(photo), (90, 90, 3), order=1, mode="edge", anti_aliasing=False)
    pixels = sample_pixels([photo], pixels_per_image=90**2, working_size=90, random_state=0)
    assert_allclose(pixels.image_lightness(0), expected[..., 0], atol=0.02)
    assert_allclose(pixels.chroma, expected[pixels.rows, pixels.columns, 1:], atol=0.02)


def test_the_same_size_is_the_same_image(photos):
    photo = photos[2]
    assert_array_equal(working_lightness(photo, 36)[:], image_lightness(photo))
    one, other = (sample_pixels([photo], 50, working_size=size, random_state=0) for size in (36, None))
    assert_array_equal(one.chroma, other.chroma)


@pytest.mark.parametrize("shape", [(50, 70), (7, 900), (300, 2)])
@pytest.mark.parametrize("size", [16, 60])
def test_bands_and_threads_do_not_show(shape, size):
    lightness = image_lightness(np.random.default_rng(0).random(shape))
    arguments = lambda rows: lightness[rows][None], shape, working_shape(shape, size), 1  # noqa: E731
    whole = resample(*arguments)
    for n_threads in (1, 3):
        assert_allclose(resample(*arguments, n_threads, band=100), whole, atol=1e-4)
    assert_array_equal(resample(*arguments, 3, band=100), resample(*arguments, band=100))


# --- pixels


def test_pixels_hold_their_working_size(photos):
    pixels = sample_pixels(photos, 20, working_size=50, random_state=0)
    assert pixels.working_size == pixels[pixels.groups == 1].working_size == 50
    assert sample_pixels(photos, 20, random_state=0).working_size == 384
    assert sample_pixels(photos, 20, working_size=None, random_state=0).working_size is None
    heights, widths = pixels.heights[pixels.groups == 0], pixels.widths[pixels.groups == 0]
    assert (heights[0], widths[0]) == working_shape(photos[0].shape[:2], 50)


@pytest.mark.parametrize("size", [7, 0, 50.5])
def test_bad_working_sizes(photos, size):
    with pytest.raises(ValueError, match="working_size"):
        sample_pixels(photos, working_size=size)
    with pytest.raises(ValueError, match="working_size"):
        SOMColorizer(working_size=size).fit(photos)


def test_the_smallest_working_size(photos):
    assert sample_pixels(photos, 20, working_size=8, random_state=0).working_size == 8


@pytest.mark.parametrize("size", [None, 50])
def test_a_colorizer_takes_the_working_size_of_its_pixels(photos, size):
    pixels = sample_pixels(photos, 400, working_size=size, random_state=0)
    colorizer = quick_colorizer(working_size=99).fit(pixels)
    assert colorizer.working_size_ == size
    like = quick_colorizer(working_size=size).fit(photos)
    assert like.working_size_ == size
    assert_allclose(colorizer.score(pixels), like.score(pixels), rtol=0.1)


def test_pixels_of_another_working_size_are_refused(sized, photos):
    pixels = sample_pixels(photos, 20, working_size=None, random_state=0)
    message = r"sampled at working_size=None, but .* trained at working_size=64\. Call sample_pixels with"
    for method in (sized.predict_labels, sized.predict_proba, sized.predict_chroma, sized.score):
        with pytest.raises(ValueError, match=message):
            method(pixels)
    incremental = quick_colorizer(working_size=64).partial_fit(photos)
    with pytest.raises(ValueError, match=message):
        incremental.partial_fit(pixels)


def test_the_parameter_takes_effect_at_the_next_fit(sized, photos, grey):
    expected = sized.predict([grey])[0]
    changed = quick_colorizer(extractor=sized.extractor, working_size=64).fit(photos)
    changed.set_params(working_size=None)
    assert_array_equal(changed.predict([grey])[0], expected)
    assert changed.fit(photos).working_size_ is None


# --- prediction


def test_labels_and_probabilities_are_those_of_the_working_size(sized, photos):
    photo = photos[0]
    everything = sample_pixels([photo], pixels_per_image=10**6, working_size=64, random_state=0)
    shape = working_shape(photo.shape[:2], 64)
    labels = sized.predict_labels(everything).reshape(shape)
    rows, columns = (
        np.floor((np.arange(n) + 0.5) * small / n).astype(int)
        for n, small in zip(photo.shape, shape, strict=False)
    )
    assert_array_equal(sized.predict_labels([photo])[0], labels[np.ix_(rows, columns)])
    probabilities = sized.predict_proba(everything).reshape(*shape, -1)
    expected = resize(probabilities, (*photo.shape[:2], 9), order=1, mode="edge", anti_aliasing=False)
    found = sized.predict_proba([photo])[0]
    assert_allclose(found, expected, atol=1e-3)
    assert_allclose(found.sum(axis=-1), 1, rtol=1e-5)
    confidence = sized.predict_confidence([photo])[0]
    assert confidence.shape == photo.shape[:2]
    assert (confidence >= found.max(axis=-1) - 1e-3).all()


def test_an_image_of_the_working_size_is_that_without(photos, grey):
    extractor = PatchExtractor(3, position=True, context_scales=(4,))
    square = photos[2][..., 1]  # 36 x 36
    for settings in ({}, {"temperature": 0, "smoothing_radius": 0}, {"smoothing_radius": 3}):
        one, other = (
            quick_colorizer(extractor=extractor, working_size=size, **settings).fit([photos[2]])
            for size in (36, None)
        )
        assert_allclose(one.predict_chroma([square])[0], other.predict_chroma([square])[0], atol=1e-2)
        assert np.abs(one.predict([square])[0].astype(int) - other.predict([square])[0]).max() <= 1


def test_enlarged_chroma_is_that_of_the_fast_guided_filter(sized, photos):
    # by hand: the filter's linear functions at the working size, interpolated by scikit-image
    from test_guided_filter import coefficients_by_the_book

    photo = resize(photos[0], (120, 180))
    shape = working_shape(photo.shape[:2], 64)
    guide = working_lightness(photo, 64)[:] / 100
    plain = quick_colorizer(extractor=sized.extractor, working_size=64, smoothing_radius=0)
    plain = plain.fit(photos)
    pixels = sample_pixels([photo], pixels_per_image=10**6, working_size=64, random_state=0)
    seen = plain.predict_chroma(pixels).reshape(*shape, 2)[::2, ::2]
    expected = np.empty((*photo.shape[:2], 2))
    # every second pixel is seen: centres of samples and of pixels of the image, in pixels of the working size
    known = [np.arange(0, n, 2) for n in shape]
    wanted = [(np.arange(n) + 0.5) * small / n - 0.5 for n, small in zip(photo.shape, shape, strict=False)]
    for channel in range(2):
        coefficients = coefficients_by_the_book(guide[::2, ::2], seen[..., channel], 4)
        slope, intercept = (
            np.array(
                [
                    np.interp(wanted[1], known[1], row)
                    for row in np.array([np.interp(wanted[0], known[0], column) for column in plane.T]).T
                ]
            )
            for plane in np.moveaxis(coefficients, -1, 0)
        )
        expected[..., channel] = slope * image_lightness(photo) / 100 + intercept
    assert_allclose(sized.predict_chroma([photo])[0], expected, atol=0.02)


def test_without_smoothing_chroma_is_interpolated(photos, colorizer):
    sized = quick_colorizer(working_size=64, temperature=0, smoothing_radius=0).fit(photos)
    large = resize(photos[0], (200, 300))
    chroma = sized.predict_chroma([large])[0]
    low, high = sized.codebook_.min(axis=0), sized.codebook_.max(axis=0)
    assert (chroma >= low - 1e-3).all()
    assert (chroma <= high + 1e-3).all()


@pytest.mark.parametrize("factor", [0.5, 2, 4, 7.3])
def test_colours_do_not_depend_on_the_size(factor):
    photos = load_sample_photos().images[:5]
    extractor = PatchExtractor(3, position=True, context_scales=(8, 16))
    colorizer = quick_colorizer(extractor=extractor, working_size=128).fit(photos)
    photo = resize(photos[2], (200, 300), anti_aliasing=True)
    other = resize(photo, (round(200 * factor), round(300 * factor)), anti_aliasing=True)
    expected, chroma = (colorizer.predict_chroma([image])[0] for image in (photo, other))
    difference = np.hypot(*np.moveaxis(resize(chroma, expected.shape) - expected, -1, 0)).mean()
    assert difference < 0.12 * np.hypot(*np.moveaxis(expected, -1, 0)).mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (20, 2000), (700, 9), (65, 63)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, bool])
def test_any_shape(sized, shape, dtype):
    image = np.random.default_rng(0).integers(0, 2, shape)
    image = image.astype(dtype) * (1 if dtype in (bool, np.float32) else np.iinfo(dtype).max)
    colored = sized.predict([image.astype(dtype)])[0]
    assert colored.shape == (*shape, 3)
    assert colored.dtype == (np.uint8 if dtype is bool else dtype)
    assert sized.predict_labels([image.astype(dtype)])[0].shape == shape
    assert sized.predict_proba([image.astype(dtype)])[0].shape == (*shape, 9)


def test_blocks_of_a_large_image_do_not_show(sized, monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (300, 500)).astype(np.uint8)
    whole = sized.predict_chroma([image])[0]
    monkeypatch.setattr(sized, "_painting", PaintingSettings(block_pixels=3000))
    assert_allclose(sized.predict_chroma([image])[0], whole, atol=1e-2)


@pytest.mark.parametrize("kind", ["uint8", "rgb"])
def test_same_bytes_for_any_n_jobs(sized, kind, monkeypatch):
    monkeypatch.setattr(sized, "_painting", PaintingSettings(block_pixels=20_000))
    image = np.random.default_rng(0).integers(0, 256, (300, 401, 3)).astype(np.uint8)
    image = image if kind == "rgb" else image[..., 0]
    results = []
    for n_jobs in (1, 2, 3):
        sized.n_jobs = n_jobs
        hinted = sized.colorize(image, hints=[(5, 7, "red"), (250, 300, "blue")])
        results.append([sized.predict([image])[0], sized.predict_proba([image])[0], hinted])
    sized.n_jobs = None
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            assert_array_equal(one, other)


def test_a_general_extractor_gives_the_same_result(photos):
    class Subclassed(PatchExtractor):
        pass

    one, other = (
        quick_colorizer(extractor=extractor(3, position=True, context_scales=(4,)), working_size=50).fit(
            photos
        )
        for extractor in (PatchExtractor, Subclassed)
    )
    image = resize(photos[1], (90, 70))
    assert_allclose(one.predict_chroma([image])[0], other.predict_chroma([image])[0], atol=1e-2)


def test_memory_stays_flat(sized):
    image = np.zeros((3000, 4000), np.uint8)
    tracemalloc.start()
    try:
        sized.predict([image])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # the result takes 36 MB, the lightness of the whole image would take 48 MB
    assert peak < 36e6 + 45e6


# --- hints


def test_hints_of_a_large_image_are_exact_at_their_pixels(sized):
    image = resize(load_sample_photos().images[2], (600, 900))
    hints = [(10, 20, (0.5, 0.4, 0.3)), (599, 899, (0.2, 0.5, 0.3)), (300, 450, (0.4, 0.4, 0.6))]
    colored = sized.colorize(image, hints=hints)
    for row, column, color in hints:
        luv = rgb2luv(np.array([[color]]))
        luv[..., 0] = image_lightness(image)[row, column]
        assert_allclose(colored[row, column], srgb_of(luv)[0, 0], atol=2e-3)


def test_statistics_do_not_depend_on_the_size(photos):
    photos = [np.roll(photo, number, axis=1) for number in range(6) for photo in photos]
    colorizer = quick_colorizer(working_size=64).fit(photos)
    photo = resize(load_sample_photos().images[2], (200, 300), anti_aliasing=True)
    large = resize(photo, (800, 1200))
    one, other = colorizer.unfamiliarity([photo, large])
    assert_allclose(one, other, rtol=0.05)


# --- previews


@pytest.mark.parametrize(
    ("max_size", "shape"), [(30, (20, 30)), (59, (39, 59)), (60, (40, 60)), (None, (40, 60))]
)
def test_a_preview_has_its_longer_side(photos, max_size, shape):
    assert photos[0].shape == (40, 60, 3)
    shrunk = shrink(photos[0], max_size)
    assert shrunk.shape == (*shape, 3)
    assert shrunk.dtype == np.uint8
    expected = resize_local_mean(photos[0] / 255, shape)
    assert_allclose(shrunk / 255, expected, atol=0.5001 / 255)
    assert shrink(photos[0][..., 0].T, max_size).shape == shape[::-1]
