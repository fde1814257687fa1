"""scikit-learn's own checks, and their image versions for the estimators over images."""

import pickle

import joblib
import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer

QUANTIZERS = [
    SOMQuantizer(random_state=0),
    SOMQuantizer((2, 3), topology="hexagonal", n_iter=500, random_state=0),
]
IMAGE_ESTIMATORS = [
    PatchExtractor(3, position=True, context_scales=(4,)),
    SOMColorizer(),
    SOMColorizer(PatchExtractor(3), SOMQuantizer(), MLPClassifier()),
    SOMColorizer(make_pipeline(PatchExtractor()), KMeans(4), make_pipeline(MLPClassifier())),
]


@parametrize_with_checks(QUANTIZERS)
def test_quantizer(estimator, check):
    check(estimator)


def test_the_whole_battery_runs():
    # a wrong input tag would reduce it to a single check
    assert len(list(estimator_checks_generator(SOMQuantizer()))) >= 48


@pytest.mark.parametrize("estimator", IMAGE_ESTIMATORS, ids=str)
@pytest.mark.parametrize(
    "name",
    [
        "check_no_attributes_set_in_init",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_get_params_invariance",
        "check_set_params",
        "check_mixin_order",
        "check_parameters_default_constructible",
        "check_estimator_repr",
        "check_estimator_cloneable",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
    ],
)
def test_checks_without_data(estimator, name):
    getattr(estimator_checks, name)(type(estimator).__name__, clone(estimator))


def outputs(estimator, photos):
    if isinstance(estimator, PatchExtractor):
        return [estimator.transform(photos)]
    methods = ("predict", "predict_labels", "predict_proba", "predict_chroma", "quantize")
    return [image for name in methods for image in getattr(estimator, name)(photos)]


@pytest.fixture(params=["extractor", "colorizer"])
def estimator(request):
    return PatchExtractor(3, position=True) if request.param == "extractor" else quick_colorizer()


def assert_same(estimator, other, photos):
    for one, two in zip(outputs(estimator, photos), outputs(other, photos), strict=True):
        assert_array_equal(one, two)


def test_fit_returns_self_and_is_idempotent(estimator, photos):
    other = clone(estimator)
    assert estimator.fit(photos) is estimator
    assert_same(estimator, other.fit(photos).fit(photos), photos)


def test_pickle_and_joblib(estimator, photos, tmp_path):
    estimator.fit(photos)
    assert_same(estimator, pickle.loads(pickle.dumps(estimator)), photos)
    joblib.dump(estimator, tmp_path / "model.joblib")
    assert_same(estimator, joblib.load(tmp_path / "model.joblib"), photos)


def test_fit_does_not_touch_parameters_nor_input(estimator, photos):
    copies = [photo.copy() for photo in photos]
    before = {name: str(value) for name, value in estimator.get_params().items()}
    outputs(estimator.fit(photos), photos)
    assert {name: str(value) for name, value in estimator.get_params().items()} == before
    for photo, copy in zip(photos, copies, strict=True):
        assert_array_equal(photo, copy)


def test_prediction_does_not_change_the_estimator(photos, estimator):
    estimator.fit(photos)
    before = joblib.hash(vars(estimator))
    outputs(estimator, photos)
    assert joblib.hash(vars(estimator)) == before


def test_an_image_does_not_depend_on_its_batch(photos, estimator):
    estimator.fit(photos)
    together = outputs(estimator, photos)
    if isinstance(estimator, PatchExtractor):
        assert_array_equal(together[0], np.concatenate([outputs(estimator, [photo])[0] for photo in photos]))
    else:
        for index, photo in enumerate(photos):
            for one, two in zip(outputs(estimator, [photo]), together[index :: len(photos)], strict=True):
                assert_array_equal(one, two)


@pytest.mark.parametrize(
    "method",
    ["predict", "predict_labels", "predict_proba", "predict_chroma", "quantize", "score", "colorize"],
)
def test_unfitted(photos, method):
    with pytest.raises(NotFittedError, match="This SOMColorizer instance is not fitted yet"):
        getattr(SOMColorizer(), method)(photos)


@pytest.mark.parametrize("estimator", [*QUANTIZERS, *IMAGE_ESTIMATORS], ids=str)
def test_html_representation(estimator):
    html = estimator._repr_html_()
    assert type(estimator).__name__ in html
    assert all(name in html for name in estimator.get_params(deep=False))


def test_pandas_output_changes_no_byte(photos):
    components = {
        "extractor": make_pipeline(PatchExtractor(3)),
        "classifier": make_pipeline(quick_colorizer().classifier),
        "n_jobs": 2,
    }
    expected = outputs(quick_colorizer(**components).fit(photos), photos)
    with config_context(transform_output="pandas"):
        found = outputs(quick_colorizer(**components).fit(photos), photos)
    for one, two in zip(expected, found, strict=True):
        assert_array_equal(one, two)


def test_a_search_predicts_like_its_best_estimator(photos):
    search = GridSearchCV(quick_colorizer(), {"temperature": [0.0, 1.0]}, cv=2).fit(photos)
    best = quick_colorizer(**search.best_params_).fit(photos)
    assert_same(search.best_estimator_, best, photos)
    assert_array_equal(search.predict(photos)[0], best.predict(photos)[0])


def test_output_containers_of_components_are_set_back(photos):
    extractor = PatchExtractor(3).set_output(transform="pandas")
    colorizer = quick_colorizer(extractor=extractor).fit(photos)
    assert isinstance(colorizer.extractor_.transform(photos), np.ndarray)
    assert not isinstance(extractor.transform(photos), np.ndarray)
