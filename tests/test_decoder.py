"""Whole images block by block: the fast path against the general one, at every seam."""

import tracemalloc

import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncolor import PatchExtractor, SOMQuantizer
from nncolor._images.blocks import Block, blocks_of
from nncolor._painting.pixel_decoder import PixelDecoder
from nncolor._painting.settings import PaintingSettings
from nncolor._pixels import tiles


class SubclassedExtractor(PatchExtractor):
    """No PatchExtractor by type, so the general path of features serves it."""


FEATURES = {"patch_size": 5, "position": True, "context_scales": (4, 16)}


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("map_shape", [(1, 2), (1, 3), (4, 4)])
@pytest.mark.parametrize("hidden", [(7,), (8, 6, 5)], ids=str)
def test_fast_path_and_general_path_agree(photos, activation, map_shape, hidden):
    network = quick_classifier(hidden_layer_sizes=hidden, activation=activation, random_state=0)
    quantizer = SOMQuantizer(map_shape, n_iter=1000, random_state=0)
    fast, general = (
        quick_colorizer(
            extractor=extractor(**FEATURES),
            quantizer=quantizer,
            classifier=classifier,
            temperature=0.5,
            smoothing_radius=8,  # the network sees every second pixel
        ).fit(photos)
        for extractor, classifier in [
            (PatchExtractor, network),
            (SubclassedExtractor, make_pipeline(network)),
        ]
    )
    assert_array_equal(fast.codebook_, general.codebook_)
    probabilities = fast.predict_proba(photos)
    for one, two in zip(probabilities, general.predict_proba(photos), strict=True):
        assert_allclose(one, two, atol=1e-5)
        assert_allclose(one.sum(axis=-1), 1, rtol=1e-5)
    for one, two, p in zip(
        fast.predict_labels(photos), general.predict_labels(photos), probabilities, strict=True
    ):
        second, first = np.sort(p, axis=-1)[..., -2:].transpose(2, 0, 1)
        assert_array_equal((one == two) | (first - second < 1e-4), True)
        assert_array_equal((one == p.argmax(axis=-1)) | (first - second < 1e-6), True)
    for one, two in zip(fast.predict_chroma(photos), general.predict_chroma(photos), strict=True):
        assert_allclose(one, two, atol=1e-2)


@pytest.mark.parametrize("shape", [(700, 33), (3, 17_000), (1, 9000), (300, 4000)], ids=str)
def test_seams_of_tiles_and_blocks_do_not_show(colorizer, monkeypatch, shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    colored, labels = colorizer.predict([image])[0], colorizer.predict_labels([image])[0]
    chroma, probabilities = colorizer.predict_chroma([image])[0], colorizer.predict_proba([image])[0]
    monkeypatch.setattr(colorizer, "_painting", PaintingSettings(block_pixels=5000, tile_pixels=700))
    assert (colorizer.predict([image])[0] != colored).any(axis=-1).mean() < 1e-5
    assert (colorizer.predict_labels([image])[0] != labels).mean() < 1e-5
    assert (colorizer.predict_chroma([image])[0] != chroma).any(axis=-1).mean() < 1e-5
    assert_allclose(colorizer.predict_proba([image])[0], probabilities, atol=1e-5)


def test_context_of_an_image_is_worked_out_once(photos, monkeypatch):
    made = []
    original = tiles.ContextPlanes

    def counted(*args):
        made.append(args)
        return original(*args)

    colorizer = quick_colorizer(
        extractor=make_pipeline(PatchExtractor(3, context_scales=(4,)), StandardScaler()), smoothing_radius=2
    ).fit(photos)
    monkeypatch.setattr(tiles, "ContextPlanes", counted)
    colorizer._painting = PaintingSettings(general_tile_pixels=500)
    colorizer.predict([np.tile(photos[0], (2, 2, 1))])
    assert len(made) == 1


def test_table_of_colours_and_direct_conversion_agree(colorizer, grey):
    # the same lightness as 8-bit grey goes through the table, as 8-bit RGB it does not
    rgb = np.repeat(grey[..., None], 3, axis=-1)
    difference = colorizer.predict([grey])[0].astype(int) - colorizer.predict([rgb])[0]
    assert np.abs(difference).max() <= 1


def test_many_codewords(photos):
    colorizer = quick_colorizer(
        quantizer=SOMQuantizer((17, 16), n_iter=2000), temperature=0, smoothing_radius=0
    ).fit(photos)
    labels, probabilities = colorizer.predict_labels(photos)[0], colorizer.predict_proba(photos)[0]
    assert probabilities.shape[-1] == 272
    chosen = np.take_along_axis(probabilities, labels[..., None].astype(int), axis=-1)[..., 0]
    assert_allclose(chosen, probabilities.max(axis=-1), atol=1e-6)


def test_patch_matrix_is_never_whole(photos):
    colorizer = quick_colorizer(extractor=PatchExtractor(11), temperature=0, smoothing_radius=0).fit(photos)
    image = np.zeros((1500, 2000), np.uint8)
    tracemalloc.start()
    try:
        colorizer.predict([image])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # the matrix alone would take 1500 * 2000 * 121 * 4 bytes = 1.45 GB; the result takes 9 MB
    assert peak < 100e6


# --- decoding of pixels by hand


class Given:
    """A classifier whose probabilities are its features."""

    def predict_proba(self, X):
        self.seen = X
        return X[:, :3]


CODEBOOK = np.array([[10, 0], [99, 99], [-20, 5], [0, -30]], np.float32)
# the second codeword is not among those that it was trained on
KNOWN, FREQUENCIES = np.array([0, 2, 3]), np.array([0.2, 0, 0.3, 0.5])
PROBABILITIES = np.array([[0.5, 0.3, 0.2], [0.1, 0.15, 0.75], [0, 0, 0], [np.nan, 0.5, 0.5]], np.float32)
# where there are none, they are the frequencies
FOUND = np.array([*PROBABILITIES[:2], *[[0.2, 0.3, 0.5]] * 2])


@pytest.mark.parametrize("temperature", [1, 0.38, 2, 0])
@pytest.mark.parametrize("scale", [1, 0.5])
def test_pixels_by_hand(temperature, scale):
    pixels = PixelDecoder(Given(), CODEBOOK, KNOWN, FREQUENCIES, chroma_scale=scale, temperature=temperature)
    features = PROBABILITIES.T[None]
    weights = FOUND ** (1 / temperature) if temperature else FOUND.max(axis=1, keepdims=True) == FOUND
    chroma = weights @ CODEBOOK[KNOWN] / weights.sum(axis=1, keepdims=True)
    assert_allclose(pixels.chroma(features)[0], scale * chroma, rtol=1e-5, atol=1e-5)
    assert_array_equal(pixels.labels(features)[0], KNOWN[FOUND.argmax(axis=1)])
    assert_allclose(pixels.confidence(features)[0], FOUND.max(axis=1), rtol=1e-6)
    assert_allclose(pixels.proba(features)[0][:, KNOWN], FOUND, rtol=1e-6)
    assert_array_equal(pixels.proba(features)[0][:, 1], 0)
    # the sum of the probabilities does not matter
    doubled = 2 * features[..., :2]
    assert_allclose(pixels.confidence(doubled)[0], FOUND[:2].max(axis=1), rtol=1e-6)
    assert_allclose(pixels.proba(doubled)[0][:, KNOWN], FOUND[:2], rtol=1e-6)


def test_pixels_with_a_tint_by_hand():
    pixels = PixelDecoder(
        Given(), CODEBOOK, KNOWN, FREQUENCIES, has_tint=True, chroma_scale=0.5, temperature=1
    )
    features, expected = PROBABILITIES[:2].T[None], FOUND[:2] @ CODEBOOK[KNOWN]
    assert_allclose(pixels.chroma(features)[0], 0.5 * expected, rtol=1e-5)
    assert_array_equal(pixels.classifier.seen[:, 3:], 0)
    # the share of chroma is for images without a tint
    told = pixels.with_tint(np.array([10.0, -15]))
    assert_allclose(told.chroma(features)[0], expected, rtol=1e-5)
    assert_allclose(told.classifier.seen[:, 3:], [[1, 2, -3]] * 2)
    assert pixels.with_tint(None) is pixels


def test_a_very_low_temperature_paints_winners():
    pixels = PixelDecoder(Given(), CODEBOOK, KNOWN, FREQUENCIES, temperature=1e-38)
    winners = CODEBOOK[KNOWN[FOUND[:2].argmax(axis=1)]]
    assert_allclose(pixels.chroma(PROBABILITIES[:2].T[None])[0], winners)


# --- blocks


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (600, 700), (512, 1024), (513, 1025), (3000, 4000), (3, 10**6), (10**6, 3), (100, 70_001)],
)
def test_blocks_tile_the_image(shape):
    found = blocks_of(*shape, PaintingSettings.block_pixels)
    rows = sorted({(block.rows.start, block.rows.stop) for block in found})
    columns = sorted({(block.columns.start, block.columns.stop) for block in found})
    for spans, size in ((rows, shape[0]), (columns, shape[1])):
        assert [start for start, _ in spans] == [0, *[stop for _, stop in spans[:-1]]]
        assert spans[-1][1] == size
    assert [(block.rows[0], block.columns[0]) for block in found] == [
        (row[0], column[0]) for row in rows for column in columns
    ]
    # half a million pixels each, and no narrow strips
    sizes = [np.prod(block.shape) for block in found]
    assert max(sizes) <= 2**19
    assert len(found) <= 3 * np.ceil(np.prod(shape) / 2**19)
    assert max(len(found[0].columns), len(found[0].rows)) / min(found[0].shape) <= max(
        4, 2**19 / min(*shape, 512) ** 2
    )


@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("margin", [0, 1, 7])
def test_samples_and_margins_of_blocks(step, margin):
    image = np.arange(40 * 50).reshape(40, 50)
    spans = [(0, 11, 6, 25), (11, 40, 25, 50), (11, 25, 20, 30)]
    for top, bottom, left, right in spans:
        block = Block(range(top, bottom), range(left, right))
        assert_array_equal(image[block.index], image[np.ix_(block.rows, block.columns)])
        sampled = block.sampled(step)
        assert list(sampled.rows) == [row for row in block.rows if row % step == 0]
        assert list(sampled.columns) == [column for column in block.columns if column % step == 0]
        # the same pixels in an array of every step-th pixel
        assert_array_equal(
            image[::step, ::step][sampled.divided(step).index], image[np.ix_(sampled.rows, sampled.columns)]
        )
        wide = block.widened(margin, step, image.shape)
        for near, own, size in ((wide.rows, block.rows, 40), (wide.columns, block.columns, 50)):
            first = max(own[0] - margin, 0)
            assert near[0] == first - first % step
            assert near[-1] == min(own[-1] + margin, size - 1)
        inside = block.within(wide.rows[0], wide.columns[0])
        assert_array_equal(image[wide.index][inside], image[block.index])
