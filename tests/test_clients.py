"""Estimators and tools of other kinds around SOMColorizer, as users of scikit-learn put them together."""

import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from nncolor import PatchExtractor, SOMQuantizer, sample_pixels


class WithoutGaps(GaussianNB):
    """Wants the labels 0 to k-1, as XGBClassifier does."""

    def fit(self, X, y):
        if not np.array_equal(np.unique(y), np.arange(len(np.unique(y)))):
            raise ValueError("Invalid classes inferred from unique values of `y`.")
        return super().fit(X, y)


@pytest.fixture(scope="module")
def pixels(photos):
    return sample_pixels(photos, 200, working_size=None, random_state=0)


@pytest.fixture(scope="module")
def codebook(pixels):
    """More codewords than one photograph has."""
    return FrozenEstimator(SOMQuantizer((6, 6), n_iter=2000, random_state=0).fit(pixels.chroma))


def test_labels_have_no_gaps(photos, codebook):
    with_gaps = quick_colorizer(quantizer=codebook, classifier=GaussianNB())
    without = quick_colorizer(quantizer=codebook, classifier=WithoutGaps())
    assert len(np.unique(codebook.predict(sample_pixels(photos[:1], 100, working_size=None).chroma))) < 36
    assert_array_equal(
        without.fit(photos[:1]).predict(photos)[1], with_gaps.fit(photos[:1]).predict(photos)[1]
    )
    scores = cross_val_score(without, photos, cv=KFold(4))
    assert_allclose(scores, cross_val_score(with_gaps, photos, cv=KFold(4)))
    assert np.isfinite(scores).all()


def test_a_frozen_classifier_keeps_its_codewords(photos, codebook):
    colorizer = quick_colorizer(quantizer=codebook, classifier=WithoutGaps()).fit(photos[:1])
    frozen = quick_colorizer(quantizer=codebook, classifier=FrozenEstimator(colorizer.classifier_)).fit(
        photos[:2]
    )
    assert_array_equal(frozen.predict(photos)[2], colorizer.predict(photos)[2])


def test_columns_of_probabilities_are_the_classes(photos, pixels, codebook):
    colorizer = quick_colorizer(quantizer=codebook).fit(photos[:1])
    assert_array_equal(colorizer.classes_, np.arange(36))
    seen = np.unique(codebook.predict(sample_pixels(photos[:1], 10_000, working_size=None).chroma))
    probabilities = colorizer.predict_proba(pixels)
    assert probabilities.shape == (len(pixels), 36)
    assert not np.delete(probabilities, seen, axis=1).any()
    labels = codebook.predict(pixels.chroma)
    options = {"groups": pixels.groups, "cv": GroupKFold(4), "method": "predict_proba"}
    together = cross_val_predict(quick_colorizer(quantizer=codebook), pixels, **options)
    assert together.shape == (len(pixels), 36)
    # with labels, scikit-learn puts the columns where classes_ says
    if len(np.unique(labels)) == 36:
        aligned = cross_val_predict(quick_colorizer(quantizer=codebook), pixels, labels, **options)
        assert_allclose(aligned, together)


def test_predictions_across_folds_of_images_of_one_size(photos):
    images = np.stack([photo[:36, :36] for photo in photos])
    colored = cross_val_predict(quick_colorizer(), images, cv=2)
    assert colored.shape == images.shape
    expected = quick_colorizer().fit(images[2:]).predict(images[:2])
    assert_array_equal(colored[:2], expected)


def test_inner_steps_keep_their_containers(photos):
    transformer = make_column_transformer((StandardScaler(), ["row"]), remainder="passthrough")
    extractor = make_pipeline(PatchExtractor(3, position=True), transformer).set_output(transform="pandas")
    colorizer = quick_colorizer(extractor=extractor).fit(photos)
    plain = make_column_transformer((StandardScaler(), [9]), remainder="passthrough")
    plain = quick_colorizer(extractor=make_pipeline(PatchExtractor(3, position=True), plain)).fit(photos)
    for one, other in zip(colorizer.predict(photos), plain.predict(photos), strict=True):
        assert_array_equal(one, other)
    # what the user has set globally does not count
    with config_context(transform_output="pandas"):
        assert_array_equal(plain.predict(photos)[0], colorizer.predict(photos)[0])


def test_sparse_features(photos, pixels):
    colorizers = [
        quick_colorizer(
            extractor=make_pipeline(
                PatchExtractor(3), KBinsDiscretizer(4, encode=encode, strategy="uniform")
            ),
            tint_share=0.5,
        )
        for encode in ("onehot", "onehot-dense")
    ]
    sparse, dense = (colorizer.fit(photos) for colorizer in colorizers)
    assert_array_equal(sparse.predict(photos)[0], dense.predict(photos)[0])
    assert_allclose(sparse.predict_proba(pixels), dense.predict_proba(pixels))


class Recorder(GroupKFold):
    """Keeps the groups that it split by."""

    groups = None

    def split(self, X, y=None, groups=None):
        type(self).groups = groups
        return super().split(X, y, groups)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_a_search_inside_gets_the_images_as_groups(photos, routing, in_pipeline):
    with config_context(enable_metadata_routing=routing):
        search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-3]}, cv=Recorder(2))
        classifier = make_pipeline(StandardScaler(), search) if in_pipeline else search
        colorizer = quick_colorizer(classifier=classifier, pixels_per_image=50).fit(photos)
        assert_array_equal(np.bincount(Recorder.groups), [50] * 4)
        assert colorizer.predict(photos)[0].shape == photos[0].shape
        # rebalanced pixels keep their groups
        quick_colorizer(classifier=classifier, pixels_per_image=50, rebalance=1).fit(photos)
        assert len(Recorder.groups) == 200


def test_a_search_that_asks_for_no_groups(photos):
    search = GridSearchCV(quick_classifier(), {"alpha": [0.1, 1]}, cv=2)
    assert quick_colorizer(classifier=search).fit(photos).predict(photos)[0].shape == photos[0].shape


@pytest.mark.parametrize("columns", [[0], ["row"]])
def test_a_column_transformer_is_not_for_pixels(pixels, columns):
    with pytest.raises(TypeError, match="Put a PatchExtractor first"):
        make_column_transformer((StandardScaler(), columns)).fit(pixels)
