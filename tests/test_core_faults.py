"""Unusual inputs: components of any kind, state after errors, batches of tables, dark colours."""

import io
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sklearn
import tifffile
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from skimage.color import rgb2luv
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from nncolor import (
    PatchExtractor,
    SOMColorizer,
    SOMQuantizer,
    propagate_hints,
    sample_pixels,
    to_gray,
)
from nncolor._images.color import join_lightness_chroma
from nncolor.datasets import load_image_folder


def noisy_photos(n=6):
    """Photographs whose lightness says nothing of their colours."""
    rng = np.random.default_rng(2)
    return [
        np.clip(rng.integers(0, 200, (30, 40, 1)) + rng.integers(0, 120, 3), 0, 255).astype(np.uint8)
        for _ in range(n)
    ]


def quick(**params):
    defaults = {"quantizer": SOMQuantizer((2, 2), n_iter=100), "pixels_per_image": 50, "random_state": 0}
    return SOMColorizer(**{**defaults, **params})


# --- colours


def lightness_of(image):
    image = np.asarray(image)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=-1)
    return rgb2luv(image)[..., 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_hints_and_tints_keep_the_lightness_of_a_ramp(photos, dtype):
    colorizer = quick_colorizer(tint_share=0.5).fit(photos)
    ramp = np.tile(np.linspace(0, 255, 256), (8, 1))
    ramp = ramp.astype(np.uint8) if dtype == np.uint8 else (ramp / 255).astype(dtype)
    hints = [(4, 5, "navy"), (4, 60, "yellow"), (4, 128, "firebrick"), (4, 250, "blue")]
    painted = [
        colorizer.colorize(ramp),
        colorizer.colorize(ramp, hints=hints),
        propagate_hints(ramp, hints),
        *colorizer.alternatives(ramp, 2),
    ]
    with pytest.warns(UserWarning, match="is far from those"):
        painted.append(colorizer.colorize(ramp, tint=(-20, -60)))
    for image in painted:
        assert np.abs(lightness_of(image) - lightness_of(ramp)).max() < (0.5 if dtype == np.uint8 else 0.05)


def test_a_blue_hint_in_the_dark_is_blue(photos):
    colorizer = quick_colorizer().fit(photos)
    red, green, blue = colorizer.colorize(np.full((20, 20), 5, np.uint8), hints=[(3, 3, "navy")])[3, 3]
    assert blue > red
    assert blue > green


# --- what a fit says


class Counter(BaseEstimator, ClassifierMixin):
    """A classifier that only counts: its prediction is the frequencies of the labels."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.share_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.share_, (len(X), 1))

    def predict(self, X):
        return self.classes_[np.full(len(X), self.share_.argmax())]


def test_the_validation_error_is_that_of_the_rebalanced_model(photos):
    crops = [photo[row : row + 18, :30] for photo in photos for row in (0, 10)]
    errors = [
        quick_colorizer(classifier=Counter(), rebalance=strength, validation_fraction=0.3, temperature=1)
        .fit(crops)
        .validation_error_
        for strength in (0, 0.5, 1)
    ]
    assert len(set(errors)) == 3


def test_partial_fit_keeps_what_validation_chose():
    photos = noisy_photos()
    with pytest.warns(UserWarning, match="farther from the truth"):
        colorizer = quick().fit(photos)
    share, errors = colorizer.chroma_scale_, (colorizer.validation_error_, colorizer.validation_gray_error_)
    assert share < 1
    colorizer.partial_fit(photos[:2])
    assert colorizer.chroma_scale_ == share
    assert (colorizer.validation_error_, colorizer.validation_gray_error_) == errors


# --- classifiers


class Silent(GaussianNB):
    """A classifier that has no probabilities for some pixels: zeros, NaN or infinity."""

    def predict_proba(self, X):
        probabilities = super().predict_proba(X)
        probabilities[::3] = 0
        probabilities[1::3] = np.nan
        probabilities[2::6] = np.inf
        return probabilities


@pytest.mark.parametrize("temperature", [0, 0.5, 1])
@pytest.mark.parametrize("is_partial", [False, True])
def test_missing_probabilities_are_the_frequencies_of_the_codewords(photos, temperature, is_partial):
    colorizer = quick_colorizer(classifier=Silent(), temperature=temperature, pixels_per_image=3000)
    if is_partial:
        for batch in (photos[:3], photos[3:]):
            colorizer.partial_fit(batch)
    else:
        colorizer.fit(photos)
    # all pixels of these small images were drawn
    chroma = np.concatenate([rgb2luv(photo)[..., 1:].reshape(-1, 2) for photo in photos])
    counts = np.bincount(colorizer.quantizer_.predict(chroma), minlength=9)
    frequencies = counts / counts.sum()
    pixels = sample_pixels(photos, 12, working_size=None, random_state=0)
    found = colorizer.predict_proba(pixels)
    assert_allclose(found[::3], np.tile(frequencies, (len(found[::3]), 1)), atol=2e-3)
    assert_allclose(found[1::3], np.tile(frequencies, (len(found[1::3]), 1)), atol=2e-3)
    assert np.isfinite(colorizer.predict_chroma(photos[:1])[0]).all()
    if temperature == 0:
        assert (colorizer.predict_labels(pixels)[::3] == frequencies.argmax()).all()
    if temperature == 1:
        assert_allclose(colorizer.predict_chroma(pixels)[0], frequencies @ colorizer.codebook_, atol=0.05)


class Float32Only(GaussianNB):
    def fit(self, X, y):
        assert X.dtype == np.float32
        return super().fit(X, y)

    def predict_proba(self, X):
        assert X.dtype == np.float32
        return super().predict_proba(X)


@pytest.mark.parametrize("tint_share", [0, 0.5])
def test_a_classifier_sees_float32(photos, tint_share):
    crops = [photo[row : row + 18, :30] for photo in photos for row in (0, 10)]
    colorizer = quick_colorizer(
        classifier=Float32Only(), tint_share=tint_share, rebalance=0.3, validation_fraction=0.3
    ).fit(crops)
    grey = photos[0][..., 1]
    colorizer.predict([grey])
    colorizer.predict_proba([grey])
    colorizer.score(crops[:1])
    colorizer.colorize(grey, hints=[(1, 1, "red")])
    list(colorizer.colorize_film([grey, grey]))
    if tint_share:
        colorizer.alternatives(grey, 2)


@pytest.mark.parametrize(
    "classifier",
    [
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=3),
        StackingClassifier([("bayes", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=3))]),
        StackingClassifier([("bayes", GaussianNB())], LogisticRegression(max_iter=1000)),
        make_pipeline(AdaBoostClassifier(n_estimators=2)),
    ],
    ids=["AdaBoost", "Stacking", "Stacking with a last step", "AdaBoost in a pipeline"],
)
@pytest.mark.parametrize("routing", [False, True])
def test_meta_estimators_are_trained(photos, classifier, routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        colorizer = quick_colorizer(classifier=classifier, pixels_per_image=100).fit(photos)
    assert colorizer.predict_proba(photos[:1])[0].shape == (40, 60, 9)


def test_a_classifier_without_probabilities_is_named(photos):
    with pytest.raises(TypeError, match="SVC has no predict_proba after fit.*CalibratedClassifierCV"):
        quick_colorizer(classifier=SVC(), pixels_per_image=30).fit(photos)


# --- parameters and calls


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"classifier__foo": 1}, "foo"),
        ({"temperature": 0.1, "extractor__patch_size": 7, "classifier__foo": 1}, "foo"),
        ({"n_jobs": 2, "nothing": 1}, "nothing"),
    ],
)
def test_set_params_that_fails_changes_nothing(params, wrong):
    extractor = PatchExtractor(3)
    colorizer = SOMColorizer(extractor)
    with pytest.raises(ValueError, match=f"Invalid parameter '{wrong}'"):
        colorizer.set_params(**params)
    assert colorizer.classifier is None
    assert colorizer.extractor is extractor
    assert extractor.patch_size == 3
    assert (colorizer.temperature, colorizer.n_jobs) == (0.6, None)


def test_a_wrong_parameter_of_a_component_is_named(photos):
    with pytest.raises(ValueError, match="'patch_size' parameter of PatchExtractor must be an int"):
        quick_colorizer(extractor=PatchExtractor("3")).fit(photos)


def test_labels_are_not_taken_for_a_tint(colorizer, photos):
    with pytest.raises(TypeError, match="positional"):
        colorizer.predict(photos[:2], [0, 1])


def test_a_tint_is_routed_to_the_last_step(photos):
    class Passed(BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    colorizer = quick_colorizer(tint_share=0.5)
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(Passed(), colorizer.set_predict_request(tint=True)).fit(photos)
        tint = pipeline[-1].tints_[0]
        painted = pipeline.predict(photos, tint=tint)
    for one, other in zip(painted, pipeline[-1].predict(photos, tint=tint), strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("frames", "error", "match"),
    [
        ("film.mp4", ValueError, "got the path 'film.mp4'. Pass its frames one by one"),
        (np.zeros((30, 40, 3), np.uint8), ValueError, "single colour image"),
        (np.zeros((30, 40), np.uint8), ValueError, "single grey image"),
        (None, TypeError, "NoneType"),
    ],
)
def test_a_film_that_is_none_is_refused_before_it_starts(colorizer, frames, error, match):
    with pytest.raises(error, match=match):
        colorizer.colorize_film(frames)


def test_hints_that_are_none_are_refused():
    with pytest.raises(TypeError, match="hints are of type NoneType; pass a list of"):
        propagate_hints(np.zeros((4, 4), np.uint8), None)


# --- films


@pytest.mark.parametrize("level", [0, 3, 5, 6, 9, 100, 255])
def test_a_blank_frame_is_a_new_shot(colorizer, photos, level):
    grey = to_gray(photos[0])
    film = [grey, np.full_like(grey, level), grey]
    painted = list(colorizer.colorize_film(film, keyframes={0: photos[0]}))
    alone = [next(colorizer.colorize_film([frame])) for frame in film]
    assert_array_equal(painted[1], alone[1])
    assert_array_equal(painted[2], alone[2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_a_key_frame_comes_back_unchanged(colorizer, dtype):
    key = np.random.default_rng(0).random((20, 30, 3))
    key = key.astype(dtype) if np.dtype(dtype).kind == "f" else (key * np.iinfo(dtype).max).astype(dtype)
    (painted,) = colorizer.colorize_film([to_gray(key)], keyframes={0: key})
    assert painted.dtype == dtype
    assert_array_equal(painted, key)
    assert not np.shares_memory(painted, key)


# --- batches


def test_columns_of_tables_are_batches(colorizer, photos, tmp_path):
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for path, photo in zip(paths, photos, strict=False):
        Image.fromarray(photo).save(path)
    expected = colorizer.predict(paths)
    pandas = pytest.importorskip("pandas")
    columns = [pandas.Series(paths), pandas.Series(paths, dtype="string")]
    try:
        import polars
    except ImportError:
        pass
    else:
        columns.append(polars.Series("path", paths))
        with pytest.raises(TypeError, match="got a DataFrame, which is a table. Pass the column"):
            colorizer.predict(polars.DataFrame({"path": paths}))
        with pytest.raises(ValueError, match="image 1 is missing"):
            colorizer.predict(polars.Series([paths[0], None]))
    for column in columns:
        for one, other in zip(colorizer.predict(column), expected, strict=True):
            assert_array_equal(one, other)
    with pytest.raises(TypeError, match="got a DataFrame, which is a table. Pass the column"):
        colorizer.predict(pandas.DataFrame({"path": paths}))
    for gap in (None, np.nan, pandas.NA):
        with pytest.raises(ValueError, match="image 1 is missing: there is .* Leave it out"):
            colorizer.predict(pandas.Series([paths[0], gap], dtype=object))


def test_hidden_folders_are_left_out(photos, tmp_path):
    for folder in (".thumbnails", "a", "a/.git"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photos[0]).save(tmp_path / folder / "x.png")
    assert load_image_folder(tmp_path, "**/*.png") == [str(tmp_path / "a" / "x.png")]
    # only below the folder that was named
    assert len(load_image_folder(tmp_path / ".thumbnails")) == 1


def test_a_folder_of_many_files_is_listed_in_linear_time(photos, tmp_path, monkeypatch):
    compared = 0

    class Name(str):
        __slots__ = ()

        def __hash__(self):
            nonlocal compared
            compared += 1
            return super().__hash__()

    monkeypatch.setattr("nncolor.datasets.str", Name, raising=False)
    counts = []
    for n_files in (20, 40):
        folder = tmp_path / f"{n_files}"
        folder.mkdir()
        Image.fromarray(photos[0]).save(folder / "x.png")
        for number in range(n_files):
            (folder / f"{number}.txt").touch()
        compared = 0
        load_image_folder(folder)
        counts.append(compared)
    assert counts[1] < 2.5 * counts[0]


# --- cache


def test_the_cache_is_bounded(photos):
    pixels = sample_pixels(photos, 20, working_size=None, random_state=0)
    for scale in range(4, 64):
        PatchExtractor(3, context_scales=(scale,)).transform(pixels)
    assert len(pixels._images.cache) <= 64


def test_threads_compute_a_value_once(photos):
    pixels = sample_pixels(photos, 20, working_size=None, random_state=0)
    calls, together = [], threading.Barrier(4)

    def value():
        calls.append(1)
        time.sleep(0.05)
        return 7

    def work(_):
        together.wait(timeout=60)
        return pixels.cached("key", value)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [7] * 4
    assert len(calls) == 1


def test_an_error_is_not_cached(photos):
    pixels = sample_pixels(photos, 20, working_size=None, random_state=0)

    def fail():
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        pixels.cached("key", fail)
    assert pixels.cached("key", lambda: 3) == 3


# --- dead codewords


def test_dead_codewords_are_moved_a_third_at_a_time(monkeypatch):
    """The number of passes over the rows grows with the logarithm of the number of dead codewords."""
    from nncolor._codebook import quantizer as module

    passes = []

    class Tree(module.cKDTree):
        def query(self, *args, **kwargs):
            passes.append(1)
            return super().query(*args, **kwargs)

    monkeypatch.setattr(module, "cKDTree", Tree)
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 10, (6, 2))
    rows = np.concatenate([rng.normal(centre, 0.01, (500, 2)) for centre in centres])
    quantizer = SOMQuantizer((20, 20), n_iter=500, random_state=0).fit(rows)
    assert len(passes) < 30
    assert len(np.unique(quantizer.labels_)) > 390


# --- images of Pillow


def _saved(tmp_path, kind):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (24, 32, 3)).astype(np.uint8)
    path = tmp_path / f"x.{'mpo' if kind == 'mpo' else 'jp2' if kind == 'jp2' else 'tif'}"
    if kind == "mpo":
        others = [Image.fromarray(image[::2, ::2])]
        Image.fromarray(image).save(path, "MPO", save_all=True, append_images=others)
    elif kind == "thumbnail":
        with tifffile.TiffWriter(path) as file:
            file.write(image, photometric="rgb", metadata=None)
            file.write(image[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
    elif kind == "jp2":
        imagecodecs = pytest.importorskip("imagecodecs")
        deep = rng.integers(0, 4096, (24, 32)).astype(np.uint16)
        path.write_bytes(imagecodecs.jpeg2k_encode(deep, bitspersample=12, level=0, reversible=True))
    else:
        alpha = rng.integers(1, 256, (24, 32, 1)).astype(np.uint8)
        premultiplied = np.concatenate([(image * (alpha / 255)).astype(np.uint8), alpha], axis=-1)
        tifffile.imwrite(path, premultiplied, photometric="rgb", extrasamples=["assocalpha"], metadata=None)
    return path


@pytest.mark.parametrize("kind", ["mpo", "thumbnail", "jp2", "premultiplied"])
@pytest.mark.parametrize("from_memory", [False, True])
def test_an_image_of_pillow_is_its_file(tmp_path, kind, from_memory):
    path = _saved(tmp_path, kind)
    expected = to_gray(path)
    with Image.open(io.BytesIO(path.read_bytes()) if from_memory else path) as image:
        assert_array_equal(to_gray(image), expected)
        # reading it has not disturbed it
        assert image.size == (32, 24)
        image.load()
        if kind == "mpo" or (kind == "jp2" and not from_memory) or (kind == "thumbnail" and not from_memory):
            assert_array_equal(to_gray(image), expected)


def test_an_edit_of_an_image_of_pillow_counts(tmp_path):
    path = _saved(tmp_path, "thumbnail")
    with Image.open(path) as image:
        image.load()
        image.paste((255, 255, 255), (0, 0, 32, 24))
        assert (to_gray(image) == 255).all()


@pytest.mark.parametrize("kind", ["premultiplied", "deep", "inverted", "thumbnail first"])
def test_pixels_that_pillow_has_read_otherwise_are_refused(tmp_path, kind):
    rng = np.random.default_rng(0)
    image, path = rng.integers(0, 65536, (24, 32, 3)).astype(np.uint16), tmp_path / "x.tif"
    if kind == "premultiplied":
        path = _saved(tmp_path, kind)
    elif kind == "deep":
        tifffile.imwrite(path, image, photometric="rgb", metadata=None)
    elif kind == "inverted":
        tifffile.imwrite(path, image[..., 0], photometric="miniswhite", metadata=None)
    else:
        with tifffile.TiffWriter(path) as file:
            file.write(image[::4, ::4] >> 8, photometric="rgb", subfiletype=1, metadata=None)
            file.write((image >> 8).astype(np.uint8), photometric="rgb", metadata=None)
    expected = to_gray(path)
    with Image.open(path) as opened:
        assert_array_equal(to_gray(opened), expected)
        opened.load()
        with pytest.raises(OSError, match="pass the path of the file, or the image before"):
            to_gray(opened)


def test_a_pillow_image_is_a_tint(photos, tmp_path):
    colorizer = quick_colorizer(tint_share=0.5).fit(photos)
    path = _saved(tmp_path, "premultiplied")
    grey = to_gray(photos[0])
    expected = colorizer.colorize(grey, tint=path)
    with Image.open(path) as opened:
        assert_array_equal(colorizer.colorize(grey, tint=opened), expected)
    with Image.open(path) as opened:
        assert_array_equal(colorizer.predict([grey], tint=[opened])[0], expected)


@pytest.mark.parametrize(
    "way",
    [
        lambda tints: np.array(["red", "olive"]),
        lambda tints: (name for name in ("red", "olive")),
        lambda tints: np.array([[255, 0, 0], [128, 128, 0]], np.uint8),
        lambda tints: [(1.0, 0.0, 0.0), "#808000"],
        lambda tints: [np.array([65535, 0, 0], np.uint16), np.array([128, 128, 0])],
    ],
    ids=["names", "generator", "array of RGB", "list", "dtypes"],
)
def test_tints_of_a_batch_in_any_container(photos, way):
    colorizer = quick_colorizer(tint_share=0.5).fit(photos)
    greys = [to_gray(photo) for photo in photos[:2]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tints are far from those of the photographs
        expected = colorizer.predict(greys, tint=["red", "olive"])
        found = colorizer.predict(greys, tint=way(colorizer.tints_))
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_photographs_in_one_array_are_tints(photos):
    colorizer = quick_colorizer(tint_share=0.5).fit(photos)
    greys, stack = [to_gray(photo) for photo in photos[:2]], np.stack([photos[0], photos[0][::-1]])
    for one, other in zip(
        colorizer.predict(greys, tint=stack), colorizer.predict(greys, tint=list(stack)), strict=True
    ):
        assert_array_equal(one, other)


def test_a_waiting_thread_computes_what_failed_in_another(photos):
    pixels = sample_pixels(photos, 20, working_size=None, random_state=0)
    started, fail = threading.Event(), threading.Event()

    def failing():
        started.set()
        fail.wait(timeout=60)
        raise KeyboardInterrupt

    def first():
        with pytest.raises(KeyboardInterrupt):
            pixels.cached("key", failing)

    one = threading.Thread(target=first)
    one.start()
    started.wait(timeout=60)
    found = []
    other = threading.Thread(target=lambda: found.append(pixels.cached("key", lambda: 5)))
    other.start()
    fail.set()
    one.join()
    other.join()
    assert found == [5]


def test_no_division_by_zero_where_v_vanishes():
    lightness = np.full((1, 1), 0.1000999, np.float32)
    with np.errstate(all="raise"):
        join_lightness_chroma(lightness, np.array([[[0, -0.6094454]]], np.float32), np.uint8)


def test_a_model_with_other_fields_is_refused_by_its_version(colorizer):
    state = colorizer.__getstate__()
    state = {**state, "_state_version": 99, "_model": {**state["_model"], "emulsion": None}}
    with pytest.raises(ValueError, match="has other attributes"):
        SOMColorizer().__setstate__(state)
