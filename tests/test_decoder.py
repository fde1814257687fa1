"""Whole images block by block: the fast path against the general one, at every seam."""

import tracemalloc

import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncolor import PatchExtractor, SOMQuantizer
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
