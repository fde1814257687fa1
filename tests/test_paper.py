"""The steps of the paper, one by one, against independent computations on small real images.

The tables of the paper take an hour and its photographs; docs/benchmarks/paper_tables.py measures them.
"""

import numpy as np
import pytest
from conftest import quick_classifier, srgb_of
from minisom import MiniSom
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import rgb2luv
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels


@pytest.fixture(scope="module")
def pixels(photos):
    return sample_pixels(photos, pixels_per_image=500, random_state=0, working_size=None)


@pytest.fixture(scope="module")
def quantizer(pixels):
    return SOMQuantizer(map_shape=(3, 3), n_iter=5000, random_state=0).fit(pixels.chroma)


def test_section_2a_preprocessing_is_cieluv(photos, pixels):
    for group, photo in enumerate(photos):
        of_image = pixels[pixels.groups == group]
        luv = rgb2luv(photo)[of_image.rows, of_image.columns]
        assert_allclose(np.column_stack([of_image.lightness, of_image.chroma]), luv, atol=2e-3)


def test_section_2b_an_index_is_the_best_matching_unit(pixels, quantizer):
    rows = (pixels.chroma - pixels.chroma.mean(axis=0)) / pixels.chroma.std(axis=0)
    som = MiniSom(3, 3, 2, random_seed=0)
    codebook = (quantizer.codebook_ - pixels.chroma.mean(axis=0)) / pixels.chroma.std(axis=0)
    som.get_weights()[...] = codebook.reshape(3, 3, 2)
    winners = [np.ravel_multi_index(som.winner(row), (3, 3)) for row in rows[::7]]
    assert_array_equal(quantizer.predict(pixels.chroma[::7]), winners)


def test_table_1_error_is_the_mean_distance_of_variance_normalised_chroma(pixels, quantizer):
    rows = (pixels.chroma - pixels.chroma.mean(axis=0)) / pixels.chroma.std(axis=0)
    codes = (quantizer.codebook_ - pixels.chroma.mean(axis=0)) / pixels.chroma.std(axis=0)
    nearest = np.linalg.norm(rows[:, None] - codes, axis=-1).min(axis=1)
    assert_allclose(quantizer.quantization_error_, nearest.mean(), rtol=1e-4)


def test_table_1_errors_fall_with_the_size_of_the_map(pixels):
    errors = [
        SOMQuantizer((side, side), n_iter=8000, random_state=0).fit(pixels.chroma).quantization_error_
        for side in (3, 5, 10, 20)
    ]
    assert (np.diff(errors) < 0).all()
    # a coarser quantizer of a plane has an error in proportion to 1 / side, about
    assert errors[0] / errors[2] > 2


def test_section_2c_a_row_is_the_patch_and_the_index_of_its_middle(photos, pixels, quantizer):
    features = PatchExtractor(patch_size=3).transform(pixels)
    labels = quantizer.predict(pixels.chroma)
    for i in range(0, len(pixels), 101):
        luv = rgb2luv(photos[pixels.groups[i]])
        padded = np.pad(luv[..., 0], 1, mode="reflect")
        row, column = pixels.rows[i], pixels.columns[i]
        assert_allclose(features[i], padded[row : row + 3, column : column + 3].ravel() / 50 - 1, atol=1e-4)
        distances = np.linalg.norm((luv[row, column, 1:] - quantizer.codebook_) / quantizer.scale_, axis=1)
        assert distances[labels[i]] <= distances.min() + 1e-4


def test_section_2d_the_network_has_an_input_a_pixel_and_an_output_a_codeword(pixels):
    colorizer = SOMColorizer(
        PatchExtractor(patch_size=5),
        SOMQuantizer(n_iter=1000),
        quick_classifier(),
        tint_share=0,
        random_state=0,
    ).fit(pixels)
    weights = colorizer.classifier_.coefs_
    assert weights[0].shape[0] == 25
    assert weights[-1].shape[1] == len(colorizer.classes_) == 9
    assert colorizer.classifier_.out_activation_ == "softmax"


def test_section_2e_recovery_joins_lightness_with_the_chroma_of_the_winner(photos, colorizer):
    for photo in photos:
        patches = PatchExtractor(patch_size=3).transform([photo])
        codewords = colorizer.classifier_.predict(patches).reshape(photo.shape[:2])
        luv = np.dstack([rgb2luv(photo)[..., 0], colorizer.codebook_[codewords]])
        assert_allclose(colorizer.predict([photo])[0], srgb_of(luv) * 255, atol=1)


def test_figures_8_and_9_larger_codebooks_are_closer_and_rare_colours_are_lost_first(photos, pixels):
    chroma = rgb2luv(photos[1])[..., 1:]
    distances = []
    for side in (2, 4, 8):
        colorizer = SOMColorizer(
            PatchExtractor(1), SOMQuantizer((side, side), n_iter=4000), quick_classifier(), random_state=0
        ).fit(pixels)
        painted = rgb2luv(colorizer.quantize([photos[1]])[0])[..., 1:]
        distances.append(np.linalg.norm(painted - chroma, axis=-1).mean())
    assert (np.diff(distances) < 0).all()


def test_table_2_runs_as_the_paper_says(pixels, quantizer):
    labels = quantizer.labels_
    splits = StratifiedShuffleSplit(n_splits=3, train_size=1000, test_size=500, random_state=0)
    for _, test in splits.split(labels, labels):
        shares = np.bincount(labels[test], minlength=9) / len(test)
        assert_allclose(shares, np.bincount(labels, minlength=9) / len(labels), atol=2e-3)
    search = GridSearchCV(
        make_pipeline(PatchExtractor(), quick_classifier(random_state=0, tol=2e-3, max_iter=2000)),
        {"patchextractor__patch_size": [3, 5], "mlpclassifier__hidden_layer_sizes": [(10,), (100, 100)]},
        cv=splits,
        return_train_score=True,
    ).fit(pixels, labels)
    found = search.cv_results_
    most_frequent = np.bincount(labels).max() / len(labels)
    assert (found["mean_test_score"] > most_frequent).all()
    # "a big difference between both could indicate over-fitting": the large network's is the larger
    gap = (found["mean_train_score"] - found["mean_test_score"]).reshape(2, 2)
    assert (gap[1] > gap[0] + 0.03).all()


def test_future_work_position_is_a_feature(pixels):
    features = PatchExtractor(patch_size=3, position=True).transform(pixels)
    assert features.shape[1] == 9 + 2
    assert_allclose(features[:, 9], (2 * pixels.rows + 1) / pixels.heights - 1, atol=1e-6)
