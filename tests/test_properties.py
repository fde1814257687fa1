"""Properties that hold for any image, batch and parameter, tested on random ones.

With HYPOTHESIS_PROFILE=nightly in the environment each property is tested on 10,000 of them.
"""

import numpy as np
import pytest
from conftest import quick_colorizer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import deltaE_ciede2000, rgb2lab, rgb2luv
from skimage.metrics import peak_signal_noise_ratio
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from nncolor import PatchExtractor, metrics, propagate_hints
from nncolor._painting.settings import PaintingSettings
from nncolor.datasets import load_sample_photos

DTYPES = (np.uint8, np.uint16, bool, np.float16, np.float32, np.float64)
OUTPUT = {np.bool_: np.uint8, np.float16: np.float32}


def images(dtypes=DTYPES, max_side=24, channels=((), (3,), (4,))):
    """Images of any allowed dtype, shape and values."""

    def of(dtype, height, width, axes):
        elements = (
            st.floats(0, 1, width=np.dtype(dtype).itemsize * 8) if np.dtype(dtype).kind == "f" else None
        )
        return arrays(dtype, (height, width, *axes), elements=elements)

    sides = st.integers(1, max_side)
    return st.tuples(st.sampled_from(dtypes), sides, sides, st.sampled_from(channels)).flatmap(
        lambda choice: of(*choice)
    )


def layouts(image):
    """The same values in other orders of memory."""
    twice = np.zeros(tuple(2 * side for side in image.shape), image.dtype)
    every_second = tuple(slice(None, None, 2) for _ in image.shape)
    twice[every_second] = image
    backwards = image[::-1, ::-1].copy()[::-1, ::-1]
    return [np.asfortranarray(image), twice[every_second], backwards]


@pytest.fixture(scope="module")
def smooth():
    """A colorizer with all that the defaults have, made small."""
    extractor = PatchExtractor(3, position=True, context_scales=(4, 8))
    photos = [photo[::10, ::10] for photo in load_sample_photos().images]
    return quick_colorizer(extractor=extractor, smoothing_radius=2).fit(photos)


@given(image=images())
def test_any_image_is_coloured_whatever_its_layout(smooth, image):
    colored = smooth.predict([image])[0]
    assert colored.shape == (*image.shape[:2], 3)
    assert colored.dtype == OUTPUT.get(image.dtype.type, image.dtype)
    assert np.isfinite(colored).all()
    if colored.dtype.kind == "f":
        assert colored.min() >= 0
        assert colored.max() <= 1
    for same in layouts(image):
        assert_array_equal(smooth.predict([same])[0], colored)


@given(image=images(dtypes=(np.uint8, np.float32), channels=((),)))
def test_lightness_stays_and_probabilities_are_some(smooth, image):
    probabilities = smooth.predict_proba([image])[0]
    assert probabilities.min() >= 0
    assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
    assert_allclose(smooth.predict_confidence([image])[0], probabilities.max(axis=-1), atol=1e-6)
    chroma = smooth.predict_chroma([image])[0]
    low, high = smooth.codebook_.min(axis=0), smooth.codebook_.max(axis=0)
    # a mean of codewords, smoothed by a filter that is linear where it is
    assert (chroma > low - 0.5 * (high - low)).all()
    assert (chroma < high + 0.5 * (high - low)).all()


@given(
    data=st.data(),
    batch=st.lists(images(max_side=12), min_size=1, max_size=6),
    n_jobs=st.sampled_from([1, 2, 5]),
)
def test_neither_order_nor_split_nor_n_jobs_matters(smooth, data, batch, n_jobs):
    expected = smooth.set_params(n_jobs=None).predict(batch)
    smooth.set_params(n_jobs=n_jobs)
    order = data.draw(st.permutations(range(len(batch))))
    for place, colored in zip(order, smooth.predict([batch[i] for i in order]), strict=True):
        assert_array_equal(colored, expected[place])
    cut = data.draw(st.integers(1, len(batch)))
    parts = [part for part in (batch[:cut], batch[cut:]) if part]
    for colored, whole in zip(sum((smooth.predict(part) for part in parts), []), expected, strict=True):
        assert_array_equal(colored, whole)


@given(
    image=images(dtypes=(np.uint8,), channels=((),)),
    size=st.sampled_from([1, 3, 5, 9]),
    scales=st.lists(st.integers(8, 400), max_size=3, unique=True).map(
        lambda fourths: tuple(n / 4 for n in fourths)
    ),
)
def test_a_mirrored_image_has_mirrored_features(image, size, scales):
    extractor = PatchExtractor(size, position=True, context_scales=scales)
    shape = (*image.shape, -1)
    features = extractor.transform([image]).reshape(shape)
    mirrored = extractor.transform([image[:, ::-1]]).reshape(shape)[:, ::-1]
    assert np.isfinite(features).all()
    patch = features[..., : size**2].reshape(*image.shape, size, size)
    patch_of_mirrored = mirrored[..., : size**2].reshape(*image.shape, size, size)
    assert_array_equal(patch, patch_of_mirrored[..., ::-1])
    # spread is a square root, which magnifies rounding near zero
    assert_allclose(features[..., size**2 :], mirrored[..., size**2 :], atol=4e-3)


@given(image=images(dtypes=(np.uint8,), channels=((),), max_side=60), tile=st.integers(50, 2000))
def test_another_size_of_tiles_matters_only_where_codewords_tie(smooth, image, tile):
    labels, probabilities = smooth.predict_labels([image])[0], smooth.predict_proba([image])[0]
    with pytest.MonkeyPatch.context() as other:
        other.setattr(smooth, "_painting", PaintingSettings(tile_pixels=tile, block_pixels=2 * tile))
        others = smooth.predict_labels([image])[0]
    second, first = np.sort(np.log(probabilities + 1e-30), axis=-1)[..., -2:].transpose(2, 0, 1)
    assert ((labels == others) | (first - second < 1e-4)).all()


@given(
    patch_size=st.sampled_from([1, 3, 7]),
    map_shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    pixels_per_image=st.sampled_from([1, 16, 10**9]),
    temperature=st.sampled_from([0, 1e-9, 0.5, 1]),
    smoothing_radius=st.sampled_from([0, 1, 7, 8, 9, 10**6]),
    rebalance=st.sampled_from([0, 0.5, 1]),
)
def test_parameters_at_their_bounds(
    patch_size, map_shape, pixels_per_image, temperature, smoothing_radius, rebalance
):
    rng = np.random.default_rng(0)
    chroma_rows = rng.uniform(-50, 50, (map_shape[0] * map_shape[1], 2)).astype(np.float32)
    codebook = KMeans(len(chroma_rows), n_init=1, random_state=0).fit(chroma_rows)
    colorizer = quick_colorizer(
        extractor=PatchExtractor(patch_size),
        quantizer=FrozenEstimator(codebook),
        classifier=GaussianNB(),
        pixels_per_image=pixels_per_image,
        temperature=temperature,
        smoothing_radius=smoothing_radius,
        rebalance=rebalance,
    )
    colored = colorizer.fit(rng.random((3, 9, 11, 3))).predict(rng.random((2, 5, 30)))
    assert colored.shape == (2, 5, 30, 3)
    assert np.isfinite(colored).all()


same_shape_pairs = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda shape: st.tuples(*[arrays(np.uint8, (*shape, 3)) for _ in range(2)])
)


@given(pair=same_shape_pairs)
def test_measures_are_those_of_scikit_image(pair):
    truth, prediction = pair
    expected = deltaE_ciede2000(rgb2lab(truth), rgb2lab(prediction)).mean()
    assert metrics.mean_ciede2000([truth], [prediction]) == pytest.approx(expected, abs=2e-2)
    if (truth != prediction).any():
        expected = peak_signal_noise_ratio(truth, prediction, data_range=255)
        assert metrics.psnr([truth], [prediction]) == pytest.approx(expected, rel=1e-6)
    distance = rgb2luv(truth)[..., 1:] - rgb2luv(prediction)[..., 1:]
    expected = np.sqrt((distance**2).sum(axis=-1).mean())
    assert metrics.chroma_rmse([truth], [prediction]) == pytest.approx(expected, abs=2e-2)
    assert metrics.mean_ciede2000([truth], [truth]) == 0


@given(
    image=images(dtypes=(np.uint8,), channels=((),), max_side=16),
    hints=st.lists(
        st.tuples(st.floats(0, 0.999), st.floats(0, 0.999), st.sampled_from(["red", "teal", "#808080"])),
        min_size=1,
        max_size=4,
        unique_by=lambda hint: hint[:2],
    ),
)
def test_any_hints_colour_any_image(smooth, image, hints):
    places = {
        (int(down * image.shape[0]), int(across * image.shape[1])): colour for down, across, colour in hints
    }
    hints = [(*place, colour) for place, colour in places.items()]
    for colored in (smooth.colorize(image, hints=hints), propagate_hints(image, hints)):
        assert colored.shape == (*image.shape, 3)
        assert colored.dtype == np.uint8
