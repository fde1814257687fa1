import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates, uniform_filter
from skimage.color import rgb2luv
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, sample_pixels
from nncolor._pixels import context

ALL = {"position": True, "context_scales": (4, 16)}


def patches_by_padding(image, size):
    """Patches cut out of the image that numpy pads by reflection."""
    lightness = rgb2luv(np.repeat(image[..., None] / 255, 3, axis=-1))[..., 0] / 50 - 1
    half = size // 2
    padded = np.pad(lightness, half, mode="reflect")
    return np.array(
        [
            padded[row : row + size, column : column + size].ravel()
            for row in range(image.shape[0])
            for column in range(image.shape[1])
        ]
    )


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_patches_are_those_of_the_padded_image(grey, size):
    features = PatchExtractor(patch_size=size).transform([grey])
    assert features.dtype == np.float32
    assert features.flags.c_contiguous
    assert_allclose(features, patches_by_padding(grey, size), atol=1e-5)


def test_images_follow_one_another(photos):
    extractor = PatchExtractor(3, **ALL)
    together = extractor.transform(photos)
    assert_array_equal(together, np.concatenate([extractor.transform([photo]) for photo in photos]))


def test_pixels_and_images_have_the_same_features(photos):
    extractor = PatchExtractor(5, **ALL)
    pixels = sample_pixels(photos, pixels_per_image=200, random_state=0, working_size=None)
    features = extractor.transform(pixels)
    for group, photo in enumerate(photos):
        of_image = pixels.groups == group
        places = pixels.rows[of_image] * photo.shape[1] + pixels.columns[of_image]
        assert_allclose(features[of_image], extractor.transform([photo])[places], atol=2e-6)


def test_pixels_of_a_corner_have_the_features_of_the_image(photos):
    extractor = PatchExtractor(1, context_scales=(2.5, 4, 16))
    photo = photos[0]
    height, width = photo.shape[:2]
    pixels = sample_pixels([photo], pixels_per_image=10**6, random_state=0, working_size=None)
    whole = extractor.transform([photo])
    for at in (pixels.rows > 0.7 * height, pixels.columns > 0.7 * width):
        part = pixels[at]
        assert_allclose(extractor.transform(part), whole[part.rows * width + part.columns], atol=2e-6)


def test_order_of_pixels_does_not_matter(photos):
    extractor = PatchExtractor(3, **ALL)
    pixels = sample_pixels(photos, pixels_per_image=50, random_state=0, working_size=None)
    order = np.random.default_rng(0).permutation(len(pixels))
    assert_array_equal(extractor.transform(pixels[order]), extractor.transform(pixels)[order])


def test_position_by_hand():
    features = PatchExtractor(1, position=True).transform([np.zeros((2, 4), np.uint8)])
    assert_allclose(features[:, 1], [-0.5] * 4 + [0.5] * 4)
    assert_allclose(features[:, 2], [0.5, -0.5, -0.5, 0.5] * 2)


def test_context_of_a_flat_image():
    extractor = PatchExtractor(1, context_scales=(4, 8))
    features = extractor.transform([np.full((20, 30), 255, np.uint8)])
    for name, column in zip(extractor.get_feature_names_out(), features.T, strict=True):
        value = 1 if name.startswith(("lightness", "patch")) and "std" not in name else 0
        assert_allclose(column, value, atol=2e-3, err_msg=name)


def test_context_covers_the_cells_above_and_below():
    image = np.zeros((64, 16), np.uint8)
    image[:32] = 255
    extractor = PatchExtractor(1, context_scales=(8,))
    names = list(extractor.get_feature_names_out())
    features = extractor.transform([image]).reshape(64, 16, -1)
    middle = features[36, 8]
    assert middle[names.index("lightness_above_8")] > 0.8
    assert middle[names.index("lightness_below_8")] < -0.9
    assert features[32, 8, names.index("gradient_8")] > features[60, 8, names.index("gradient_8")] + 0.1
    # a cell from row 28 to 36 would be half bright; these begin at multiples of 8, and row 28 is a sixteenth
    # of the way from the centre of its cell, whose deviation is 1, to the next one without any
    shifted = extractor.transform([np.roll(image, -4, axis=0)]).reshape(64, 16, -1)
    assert_allclose(shifted[[28, 44], 8, names.index("lightness_std_8")], [3.75, 0], atol=1e-5)


def test_mean_of_cells_by_hand():
    image = np.zeros((4, 8), np.uint8)
    image[:, 4:] = 255
    extractor = PatchExtractor(1, context_scales=(4,))
    column = list(extractor.get_feature_names_out()).index("lightness_4")
    mean = extractor.transform([image]).reshape(4, 8, -1)[0, :, column]
    # cells of 4 pixels with means -1 and 1, and centres at 1.5 and 5.5
    assert_allclose(mean, [-1, -1, -0.75, -0.25, 0.25, 0.75, 1, 1], atol=1e-5)


def test_context_values_by_hand():
    # 3 x 4 cells of 4 x 4 pixels, each of one level
    levels = np.array([[10, 200, 30, 40], [50, 90, 70, 250], [90, 20, 110, 0]])
    image = levels.repeat(4, axis=0).repeat(4, axis=1).astype(np.uint8)
    extractor = PatchExtractor(1, context_scales=(4,))
    features = extractor.transform([image]).reshape(12, 16, -1)
    cells = rgb2luv(np.repeat(levels[..., None] / 255, 3, axis=-1))[..., 0] / 50 - 1
    left, right = cells[:, [0, 0, 1, 2]], cells[:, [1, 2, 3, 3]]
    expected = {
        "lightness": cells,
        "lightness_above": cells[[0, 0, 1]],
        "lightness_below": cells[[1, 2, 2]],
        "lightness_min_beside": np.minimum(left, right),
        "lightness_max_beside": np.maximum(left, right),
        "lightness_max_upwards": [cells[: row + 1].max(axis=0) for row in range(3)],
        "lightness_min_upwards": [cells[: row + 1].min(axis=0) for row in range(3)],
        "lightness_max_downwards": [cells[row:].max(axis=0) for row in range(3)],
        "lightness_min_downwards": [cells[row:].min(axis=0) for row in range(3)],
        "lightness_max_of_row": cells.max(axis=1, keepdims=True).repeat(4, axis=1),
        "lightness_min_of_row": cells.min(axis=1, keepdims=True).repeat(4, axis=1),
        "lightness_mean_of_row": cells.mean(axis=1, keepdims=True).repeat(4, axis=1),
    }
    names = list(extractor.get_feature_names_out())
    # interpolated between the centres of the cells, which lie between pixels
    points = (np.indices((12, 16)) - 1.5) / 4
    for name, values in expected.items():
        interpolated = map_coordinates(np.asarray(values), points, order=1, mode="nearest")
        assert_allclose(features[..., names.index(f"{name}_4")], interpolated, atol=1e-5, err_msg=name)


def test_gradients_and_deviations_by_hand():
    image = np.random.default_rng(0).integers(0, 256, (24, 32)).astype(np.uint8)
    extractor = PatchExtractor(1, context_scales=(8,))
    features = extractor.transform([image]).reshape(24, 32, -1)
    lightness = rgb2luv(np.repeat(image[..., None] / 255, 3, axis=-1))[..., 0] / 50 - 1

    def gradient(plane):
        # central differences; no difference across the border
        steps = np.zeros((2, *plane.shape))
        steps[0, 1:-1], steps[1, :, 1:-1] = plane[2:] - plane[:-2], plane[:, 2:] - plane[:, :-2]
        return np.hypot(*steps) / 2

    def mean(plane):
        return plane.reshape(3, 8, 4, 8).mean(axis=(1, 3))

    fine = 4 * mean(gradient(lightness))
    cells = {
        "lightness_std": 4 * np.sqrt(mean(lightness**2) - mean(lightness) ** 2),
        "gradient": fine,
        "coarse_gradient": 8 * mean(gradient(uniform_filter(lightness, 5, mode="reflect"))),
        "gradient_above": fine[[0, 0, 1]],
        "gradient_below": fine[[1, 2, 2]],
        "gradient_min_beside": np.minimum(fine[:, [0, 0, 1, 2]], fine[:, [1, 2, 3, 3]]),
        "gradient_max_beside": np.maximum(fine[:, [0, 0, 1, 2]], fine[:, [1, 2, 3, 3]]),
        "gradient_max_upwards": np.maximum.accumulate(fine, axis=0),
        "gradient_max_downwards": np.maximum.accumulate(fine[::-1], axis=0)[::-1],
        "gradient_max_of_row": fine.max(axis=1, keepdims=True).repeat(4, axis=1),
        "gradient_min_of_row": fine.min(axis=1, keepdims=True).repeat(4, axis=1),
        "gradient_mean_of_row": fine.mean(axis=1, keepdims=True).repeat(4, axis=1),
    }
    names = list(extractor.get_feature_names_out())
    points = (np.indices((24, 32)) - 3.5) / 8
    for name, values in cells.items():
        expected = map_coordinates(values, points, order=1, mode="nearest")
        assert_allclose(features[..., names.index(f"{name}_8")], expected, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("n_rows", [1, 3, 5, 7])
def test_strips_change_nothing(n_rows, monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (23, 30)).astype(np.uint8)
    extractor = PatchExtractor(1, context_scales=(2.5, 4, 16))
    whole = extractor.transform([image])
    # a rest of the width is no row of its own
    monkeypatch.setattr(context, "_STRIP", 30 * n_rows + 29)
    assert_allclose(extractor.transform([image]), whole, atol=1e-5)


@given(image=st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda shape: arrays(np.uint8, shape)))
def test_features_are_finite_and_of_the_order_of_one(image):
    features = PatchExtractor(3, position=True, context_scales=(2, 4.5, 64)).transform([image])
    assert np.isfinite(features).all()
    assert np.abs(features).max() < 6
    assert np.abs(features[:, :11]).max() <= 1 + 1e-6


def test_feature_names():
    names = PatchExtractor(3, position=True, context_scales=(4, 2.5)).get_feature_names_out()
    assert list(names[:11]) == [
        *("patch_-1_-1", "patch_-1_+0", "patch_-1_+1"),
        *("patch_+0_-1", "patch_+0_+0", "patch_+0_+1"),
        *("patch_+1_-1", "patch_+1_+0", "patch_+1_+1"),
        *("row", "centre_distance"),
    ]
    assert "gradient_above_2.5" in names
    assert len(set(names)) == len(names)


def test_set_output(photos):
    extractor = PatchExtractor(3, **ALL).set_output(transform="pandas")
    frame = extractor.fit_transform(photos)
    assert list(frame.columns) == list(extractor.get_feature_names_out())
    assert_array_equal(frame.to_numpy(), PatchExtractor(3, **ALL).transform(photos))
    pixels = sample_pixels(photos, 10, random_state=0, working_size=None)
    assert extractor.transform(pixels).shape == (40, frame.shape[1])


def test_it_needs_no_fit_and_generators_pass(photos):
    pipe = make_pipeline(PatchExtractor(3))
    assert_array_equal(pipe.fit_transform(photo for photo in photos), PatchExtractor(3).transform(photos))


@pytest.mark.parametrize("size", [2, 0, -3, 4])
def test_even_and_non_positive_sizes(photos, size):
    for method in ("fit", "transform"):
        with pytest.raises(ValueError, match="patch_size"):
            getattr(PatchExtractor(size), method)(photos)


@pytest.mark.parametrize("scales", [2, "big"])
def test_scales_that_are_not_a_sequence(photos, scales):
    for call in (lambda e: e.transform(photos), lambda e: e.fit(photos), lambda e: e.get_feature_names_out()):
        with pytest.raises(ValueError, match="context_scales"):
            call(PatchExtractor(3, context_scales=scales))


def test_even_size_says_what_to_use(photos):
    with pytest.raises(ValueError, match="Use 3 or 5"):
        PatchExtractor(4).transform(photos)


@pytest.mark.parametrize("scales", [(1,), (4, -2), (np.inf,), ("a",), 4, (4, 4), (4, 4.0000001)])
def test_bad_scales(photos, scales):
    with pytest.raises(ValueError, match="context_scales"):
        PatchExtractor(context_scales=scales).fit(photos)
