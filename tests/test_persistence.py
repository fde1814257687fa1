"""Saving and loading with pickle, joblib and skops; models of other versions, and tampered files."""

import io
import json
import pickle
import runpy
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncolor import CodewordClassifier, PatchExtractor, SOMColorizer, SOMQuantizer
from nncolor._utils import estimator as base

DATA = Path(__file__).parent / "data"
PAGE = Path(__file__).parent.parent / "docs" / "saving.md"
TRUSTED = [
    "nncolor.CodewordClassifier",
    "nncolor.PatchExtractor",
    "nncolor.SOMColorizer",
    "nncolor.SOMQuantizer",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
]


def by_pickle(estimator, path):
    return pickle.loads(pickle.dumps(estimator))


def by_joblib(estimator, path):
    joblib.dump(estimator, path)
    return joblib.load(path)


def by_skops(estimator, path):
    skops.io.dump(estimator, path)
    return skops.io.load(path, trusted=TRUSTED)


WAYS = pytest.mark.parametrize("save_and_load", [by_pickle, by_joblib, by_skops])


@WAYS
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"extractor": PatchExtractor(3, position=True, context_scales=(4, 8))},
        {"extractor": make_pipeline(PatchExtractor(3), StandardScaler())},
        {"quantizer": KMeans(4, n_init=1), "classifier": GaussianNB()},
        {"quantizer": SOMQuantizer((1, 1))},
    ],
    ids=str,
)
def test_a_colorizer(save_and_load, changes, photos, tmp_path):
    colorizer = quick_colorizer(**changes).fit(photos)
    loaded = save_and_load(colorizer, tmp_path / "model")
    assert loaded.get_params().keys() == colorizer.get_params().keys()
    for one, other in zip(loaded.predict(photos), colorizer.predict(photos), strict=True):
        assert_array_equal(one, other)


@WAYS
def test_partial_fit_continues_after_loading(save_and_load, photos, tmp_path):
    colorizer = quick_colorizer().partial_fit(photos[:2])
    loaded = save_and_load(colorizer, tmp_path / "model")
    assert_array_equal(
        loaded.partial_fit(photos[2:]).predict(photos[:1])[0],
        colorizer.partial_fit(photos[2:]).predict(photos[:1])[0],
    )


@WAYS
@pytest.mark.parametrize("estimator", [SOMColorizer(), SOMQuantizer((2, 4)), PatchExtractor(7)], ids=str)
def test_unfitted(save_and_load, estimator, tmp_path):
    assert repr(save_and_load(estimator, tmp_path / "model")) == repr(estimator)


def test_skops_needs_trust_in_the_documented_types(photos):
    colorizer = quick_colorizer(classifier=CodewordClassifier(n_training_pixels=1000)).fit(photos)
    saved = skops.io.dumps(colorizer)
    found = sorted(skops.io.get_untrusted_types(data=saved))
    assert found == TRUSTED[:4]
    with pytest.raises(Exception, match=r"Untrusted types .*nncolor\.SOMColorizer"):
        skops.io.loads(saved)
    listed = PAGE.read_text(encoding="utf-8")
    for name in found:
        assert f'"{name}"' in listed


def with_schema(saved, change):
    """A skops file whose description of the object is another one."""
    tampered = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as source, zipfile.ZipFile(tampered, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema)
            target.writestr(name, content)
    return tampered.getvalue()


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("ObjectNode", "subprocess", "Popen"),
        ("FunctionNode", "os", "system"),
        ("TypeNode", "nncolor.interactive", "HintEditor"),
    ],
)
def test_a_tampered_skops_file_is_refused(colorizer, loader, module, name):
    def change(schema):
        attributes = schema["content"]["content"]
        attributes["_model"]["content"]["codebook"] = {
            "__module__": module,
            "__class__": name,
            "__loader__": loader,
            "__id__": 1,
            "content": {"module_path": module, "function": name},
        }
        if loader == "ObjectNode":
            attributes["_model"]["content"]["codebook"]["content"] = attributes["extractor"]["content"]

    tampered = with_schema(skops.io.dumps(colorizer), change)
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException, match=rf"{module}\.{name}"):
        skops.io.loads(tampered, trusted=TRUSTED)


def test_a_tampered_skops_file_calls_nothing(colorizer, tmp_path):
    mark = tmp_path / "executed"

    def change(schema):
        # a reconstruction, as pickle would have it: os.mkdir(mark)
        schema["content"]["content"]["_model"]["content"]["codebook"] = {
            "__module__": "os",
            "__class__": "mkdir",
            "__loader__": "ReduceNode",
            "__id__": 1,
            "content": {"args": [str(mark)]},
        }

    with pytest.raises(TypeError, match="Can't find loader ReduceNode for type os.mkdir"):
        skops.io.loads(with_schema(skops.io.dumps(colorizer), change), trusted=TRUSTED)
    assert not mark.exists()


def test_a_damaged_skops_file_is_refused(colorizer):
    damaged = bytearray(skops.io.dumps(colorizer))
    damaged[len(damaged) // 2] ^= 255
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        skops.io.loads(bytes(damaged), trusted=TRUSTED)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_a_model_of_the_oldest_versions_paints_the_same():
    landscape = runpy.run_path(str(DATA / "make_model.py"))["landscape"]
    loaded = skops.io.load(DATA / "model.skops", trusted=TRUSTED)
    painted = loaded.colorize(landscape(20, 28)[..., 1])
    # another library may round the last bit of a float otherwise
    assert_allclose(painted, np.asarray(Image.open(DATA / "painted.png")), atol=1)
    loaded.partial_fit([landscape(24, 32)])


@pytest.mark.parametrize("estimator", [SOMColorizer(), SOMQuantizer(), PatchExtractor()], ids=str)
@pytest.mark.parametrize(
    ("dumps", "loads"),
    [(pickle.dumps, pickle.loads), (skops.io.dumps, lambda data: skops.io.loads(data, trusted=TRUSTED))],
    ids=["pickle", "skops"],
)
@pytest.mark.parametrize("step", [-1, 1])
def test_a_model_of_another_state_is_refused(estimator, dumps, loads, step, monkeypatch):
    state = estimator.STATE_VERSION + step
    with monkeypatch.context() as later:
        later.setattr(type(estimator), "STATE_VERSION", state)
        later.setattr(base, "__version__", "0.9")
        saved = dumps(estimator)
    message = (
        rf"This {type(estimator).__name__} was saved by nncolor 0\.9, .*\(state {state}\).* fit it again"
    )
    with pytest.raises(ValueError, match=message):
        loads(saved)


def test_a_model_without_version_says_so():
    state = vars(SOMQuantizer())
    with pytest.raises(ValueError, match="saved by nncolor of an unknown version"):
        SOMQuantizer().__setstate__(state)


def test_other_versions_of_scikit_learn_are_named(colorizer, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr("sklearn.base.__version__", "1.6.0")
        saved = pickle.dumps(colorizer)
    with pytest.warns(InconsistentVersionWarning) as caught:
        loaded = pickle.loads(saved)
    assert any("MLPClassifier from version 1.6.0" in str(warning.message) for warning in caught)
    assert loaded.predict([np.zeros((3, 3))])[0].shape == (3, 3, 3)
