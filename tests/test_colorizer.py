import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer, srgb_of
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from skimage.color import deltaE_ciede2000, luv2rgb, rgb2lab, rgb2luv
from skimage.transform import rescale
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit, KFold, StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels
from nncolor._painting.guided_filter import guided_filter
from nncolor.metrics import mean_chroma, mean_ciede2000


def halves(count=40):
    """Images whose upper half is light and blue, whose lower half is dark and red."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(count):
        luv = np.zeros((16, 20, 3))
        luv[:8] = (75, -25, -45)
        luv[8:] = (35, 55, 15)
        luv += rng.normal(0, 2, luv.shape)
        images.append((luv2rgb(luv) * 255).astype(np.uint8))
    return images


def lightness_only(image):
    luv = rgb2luv(image)
    luv[..., 1:] = 0
    return (luv2rgb(luv)[..., 0] * 255).round().astype(np.uint8)


def test_it_predicts_colours_that_can_be_predicted():
    images = halves()
    colorizer = SOMColorizer(random_state=0).fit(images[:30])
    grey = [lightness_only(image) for image in images[30:]]
    error, grey_error = (
        mean_ciede2000(images[30:], colorizer.predict(grey)),
        mean_ciede2000(images[30:], grey),
    )
    assert error < 0.2 * grey_error


def test_defaults_emit_no_warning_on_very_little_data(photos):
    # warnings are errors in this test run
    SOMColorizer(random_state=0, pixels_per_image=60).fit(photos[:1])
    SOMColorizer(random_state=0).fit(photos)


# --- the steps of the method, against independent computations


def test_prediction_is_lightness_joined_with_the_codeword(colorizer, grey):
    labels = colorizer.predict_labels([grey])[0]
    rgb = np.repeat(grey[..., None], 3, axis=-1)
    luv = np.dstack([rgb2luv(rgb)[..., 0], colorizer.codebook_[labels]])
    assert_allclose(colorizer.predict([grey])[0], srgb_of(luv) * 255, atol=1)


def test_labels_are_those_of_the_classifier_on_the_patches(colorizer, photos):
    features = colorizer.extractor_.transform(photos)
    expected = colorizer.classifier_.predict(features)
    labels = np.concatenate([labels.ravel() for labels in colorizer.predict_labels(photos)])
    assert_array_equal(labels, expected)
    probabilities = np.concatenate([p.reshape(-1, 9) for p in colorizer.predict_proba(photos)])
    assert_allclose(probabilities, colorizer.classifier_.predict_proba(features), atol=1e-5)


def test_classifier_learns_the_labels_of_the_quantizer(photos):
    class Recorder(KNeighborsClassifier):
        def fit(self, X, y):
            self.seen_ = X, y
            return super().fit(X, y)

    colorizer = quick_colorizer(classifier=Recorder()).fit(photos)
    features, labels = colorizer.classifier_.seen_
    # each row of features ends up with the chroma of its pixel: find it again by its patch
    for photo in photos[:1]:
        patches = colorizer.extractor_.transform([photo])
        chroma = rgb2luv(photo)[..., 1:].reshape(-1, 2).astype(np.float32)
        for row in range(0, 400, 37):
            places = np.flatnonzero((patches == features[row]).all(axis=1))
            assert labels[row] in colorizer.quantizer_.predict(chroma[places])


def test_quantize_paints_the_nearest_codeword(colorizer, photos):
    for photo, painted in zip(photos, colorizer.quantize(photos), strict=True):
        luv = rgb2luv(photo)
        distances = np.linalg.norm(
            (luv[..., None, 1:] - colorizer.codebook_) / colorizer.quantizer_.scale_, axis=-1
        )
        luv[..., 1:] = colorizer.codebook_[distances.argmin(axis=-1)]
        wrong = np.abs(srgb_of(luv) * 255 - painted).max(axis=-1) > 1
        assert wrong.mean() < 0.001  # rounding where two codewords are as near


def test_at_most_as_many_chroma_values_as_codewords(colorizer, photos):
    chroma = np.concatenate([chroma.reshape(-1, 2) for chroma in colorizer.predict_chroma(photos)])
    assert len(np.unique(chroma, axis=0)) <= 9


def test_temperature(colorizer, photos, grey):
    probabilities = colorizer.predict_proba([grey])[0].astype(float)
    for temperature in (0.3, 0.6, 1.0):
        warm = quick_colorizer(temperature=temperature, smoothing_radius=0).fit(photos)
        weights = probabilities ** (1 / temperature)
        expected = weights / weights.sum(axis=-1, keepdims=True) @ colorizer.codebook_
        assert_allclose(warm.predict_chroma([grey])[0], expected, atol=1e-2)
    for temperature in (0.001, 1e-39):
        cold = quick_colorizer(temperature=temperature, smoothing_radius=0).fit(photos)
        difference = np.abs(cold.predict_chroma([grey])[0] - colorizer.predict_chroma([grey])[0])
        assert (difference.max(axis=-1) < 0.5).mean() > 0.98


def test_smoothing_is_a_guided_filter_of_the_chroma(colorizer, photos):
    # larger than a block, so that the seams of blocks are looked at too
    image = np.tile(photos[2], (32, 30, 1))
    smooth = quick_colorizer(temperature=0, smoothing_radius=5).fit(photos)
    guide = rgb2luv(image)[..., 0].astype(np.float32) / 100
    chroma = np.moveaxis(colorizer.predict_chroma([image])[0], -1, 0)
    expected = np.moveaxis(guided_filter(guide, chroma, 5), 0, -1)
    assert_allclose(smooth.predict_chroma([image])[0], expected, atol=2e-2)


def test_score_is_negative_mean_ciede2000(colorizer, photos):
    predicted = colorizer.predict(photos)
    errors = [
        deltaE_ciede2000(rgb2lab(photo), rgb2lab(image)).ravel()
        for photo, image in zip(photos, predicted, strict=True)
    ]
    assert_allclose(colorizer.score(photos), -np.concatenate(errors).mean(), rtol=1e-4)
    assert colorizer.score(photos) == colorizer.score(photos, y=[1, 2, 3, 4])


def test_no_pixels_to_score(colorizer, photos):
    with pytest.raises(ValueError, match="holds no pixel"):
        colorizer.score(sample_pixels(photos, 5, working_size=None)[:0])


def test_score_of_pixels_is_close_to_that_of_their_images(colorizer, photos):
    pixels = sample_pixels(photos, pixels_per_image=10_000, random_state=0, working_size=None)
    assert_allclose(colorizer.score(pixels), colorizer.score(photos), atol=0.1)


def test_pixels_are_predicted_as_in_their_images(colorizer, photos):
    pixels = sample_pixels(photos, pixels_per_image=100, random_state=3, working_size=None)
    of_first = pixels[pixels.groups == 0]
    for method in ("predict_labels", "predict_proba", "predict_chroma"):
        image = getattr(colorizer, method)(photos[:1])[0]
        found = getattr(colorizer, method)(of_first)
        assert found.dtype == image.dtype
        assert_allclose(found, image[of_first.rows, of_first.columns], atol=1e-5)


def test_fit_on_images_and_on_their_pixels_agree(photos):
    n = 400
    pixels = sample_pixels(photos, pixels_per_image=n, random_state=0, working_size=None)
    colorizer = quick_colorizer().fit(pixels)
    assert colorizer.codebook_.shape == (9, 2)
    assert abs(colorizer.score(photos) - quick_colorizer().fit(photos).score(photos)) < 1.5


# --- forms of input and output


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.float16, bool])
def test_dtypes(colorizer, grey, dtype):
    kind = np.dtype(dtype).kind
    scale = {"u": np.iinfo(dtype).max if kind == "u" else 1, "f": 1, "b": 1}[kind]
    image = grey > 128 if kind == "b" else (grey / 255 * scale).astype(dtype)
    expected = {bool: np.uint8, np.float16: np.float32}.get(dtype, dtype)
    colored = colorizer.predict([image])[0]
    assert colored.dtype == expected
    assert colored.shape == (*grey.shape, 3)
    reference = colorizer.predict([np.where(image, 255, 0).astype(np.uint8) if kind == "b" else grey])[0]
    out_scale = np.iinfo(colored.dtype).max if colored.dtype.kind == "u" else 1
    # another dtype rounds lightness otherwise, which may tip a label here and there
    close = np.abs(colored / out_scale - reference / 255).max(axis=-1) < 0.01
    assert close.mean() > (0.9 if dtype == np.float16 else 0.99)
    if dtype == np.float64:
        # computed in float32, and not rounded to anything else
        assert_allclose(colored, colorizer.predict([image.astype(np.float32)])[0], rtol=1e-6)
        assert len(np.unique(colored)) > 1000


def test_colour_input_counts_by_its_lightness(colorizer, photos):
    photo = photos[0]
    alpha = np.concatenate([photo, photo[..., :1]], axis=-1)
    assert_array_equal(colorizer.predict([alpha])[0], colorizer.predict([photo])[0])
    lightness = rgb2luv(photo)[..., 0]
    predicted = np.dstack([lightness, colorizer.predict_chroma([photo])[0]])
    assert_allclose(colorizer.predict([photo])[0], srgb_of(predicted) * 255, atol=1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2)])
@pytest.mark.parametrize("temperature", [0, 0.5])
def test_tiny_images(photos, shape, temperature):
    colorizer = quick_colorizer(
        extractor=PatchExtractor(7, position=True, context_scales=(4, 64)),
        temperature=temperature,
        smoothing_radius=4,
    ).fit(photos)
    image = np.full(shape, 100, np.uint8)
    assert colorizer.predict([image])[0].shape == (*shape, 3)
    assert colorizer.predict_proba([image])[0].shape == (*shape, 9)


def test_an_array_for_an_array_and_a_list_for_anything_else(colorizer, photos):
    stack = np.stack([photos[0], photos[0][::-1]])
    grey = stack[..., 1]
    assert colorizer.predict(grey).shape == stack.shape
    assert colorizer.predict(stack).shape == stack.shape
    assert colorizer.predict_labels(grey).shape == grey.shape
    assert colorizer.predict_proba(grey).shape == (*grey.shape, 9)
    assert isinstance(colorizer.predict(list(grey)), list)
    assert isinstance(colorizer.predict(image for image in grey), list)
    for one, two in zip(colorizer.predict(grey), colorizer.predict(list(grey)), strict=True):
        assert_array_equal(one, two)


def test_layouts(colorizer, grey):
    expected = colorizer.predict([grey])[0]
    read_only = grey.copy()
    read_only.flags.writeable = False
    for image in (np.asfortranarray(grey), grey[::-1][::-1], np.repeat(grey, 2, axis=1)[:, ::2], read_only):
        assert_array_equal(colorizer.predict([image])[0], expected)


def test_paths(colorizer, photos, tmp_path):
    for number, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{number}.png")
    paths = sorted(tmp_path.iterdir())
    assert quick_colorizer().fit(paths).score(paths) == quick_colorizer().fit(photos).score(photos)
    for one, two in zip(colorizer.predict(paths), colorizer.predict(photos), strict=True):
        assert_array_equal(one, two)
    assert_array_equal(colorizer.colorize(str(paths[0])), colorizer.predict(paths)[0])


def test_fit_takes_a_generator(photos):
    from_generator = quick_colorizer().fit(photo for photo in photos)
    assert_array_equal(from_generator.codebook_, quick_colorizer().fit(photos).codebook_)


# --- bad and unusual training sets


def test_training_images_without_colour(photos):
    neutral = np.repeat(photos[0][..., :1], 3, axis=-1)
    with pytest.raises(ValueError, match="images have no colour"):
        quick_colorizer().fit([neutral, neutral])
    with pytest.raises(ValueError, match="images have no colour"):
        quick_colorizer().fit(sample_pixels([neutral], 100, working_size=None))
    with pytest.raises(ValueError, match="holds no pixel"):
        quick_colorizer().fit(sample_pixels(photos, 5, working_size=None)[:0])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_one_neutral_image_among_others(photos, method):
    neutral = np.repeat(photos[0][..., :1], 3, axis=-1)
    pixels = sample_pixels([photos[1], neutral], 50, working_size=None)
    for X in ([photos[1], neutral], pixels, pixels[np.random.default_rng(0).permutation(100)]):
        with pytest.warns(UserWarning, match="Image 1: all sampled pixels are grey") as record:
            getattr(quick_colorizer(), method)(X)
        assert record[0].filename == __file__


def test_more_codewords_than_colours():
    image = np.zeros((20, 20, 3), np.uint8)
    image[:10, :, 0], image[10:, :, 2] = 200, 200
    with pytest.raises(ValueError, match=r"2 distinct colours, fewer than the 9 codewords.*smaller"):
        quick_colorizer().fit([image])
    with pytest.raises(ValueError, match="n_samples=3 should be >= 9"):
        quick_colorizer(pixels_per_image=3).fit([image])


def test_a_single_codeword_is_painted(photos, grey):
    colorizer = quick_colorizer(quantizer=SOMQuantizer((1, 1), n_iter=100)).fit(photos)
    assert colorizer.classifier_ is None
    for temperature in (0, 0.5):
        colorizer.set_params(temperature=temperature, smoothing_radius=0)
        chroma = colorizer.predict_chroma([grey])[0]
        assert_allclose(chroma, np.broadcast_to(colorizer.codebook_[0], chroma.shape), rtol=1e-5)
    assert_array_equal(colorizer.predict_proba([grey])[0], 1)
    assert colorizer.score(photos) < 0


@pytest.mark.parametrize("classifier", [quick_classifier(), KNeighborsClassifier()])
def test_codewords_that_the_sample_lacks(photos, grey, classifier):
    quantizer = SOMQuantizer((4, 4), n_iter=2000, random_state=0).fit(
        sample_pixels(photos, 400, random_state=0, working_size=None).chroma
    )
    chroma = sample_pixels(photos[:1], 400, random_state=0, working_size=None)
    some = chroma[np.isin(quantizer.predict(chroma.chroma), quantizer.predict(chroma.chroma)[:40])]
    colorizer = quick_colorizer(quantizer=FrozenEstimator(quantizer), classifier=classifier).fit(some)
    assert_array_equal(colorizer.classes_, np.arange(16))
    probabilities = colorizer.predict_proba([grey])[0]
    assert probabilities.shape[-1] == 16
    assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)
    seen = np.unique(quantizer.predict(some.chroma))
    assert 1 < len(seen) < 16
    assert_array_equal(np.delete(probabilities, seen, axis=-1), 0)
    assert np.isin(colorizer.predict_labels([grey])[0], seen).all()
    assert_array_equal(colorizer.codebook_, quantizer.codebook_.astype(np.float32))


def test_frozen_codebook_and_fewer_colours_than_codewords(photos, grey):
    pixels = sample_pixels(photos, 400, random_state=0, working_size=None)
    som = SOMQuantizer((3, 3), n_iter=1000, random_state=0).fit(pixels.chroma)
    kmeans = KMeans(5, n_init=1, random_state=0).fit(pixels.chroma.astype(float))
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = 200
    for quantizer in (som, kmeans):
        colorizer = quick_colorizer(quantizer=FrozenEstimator(quantizer), temperature=0).fit([red])
        assert colorizer.classifier_ is None
        chroma = colorizer.predict_chroma([grey])[0]
        assert_allclose(chroma, np.broadcast_to(chroma[0, 0], chroma.shape), atol=1e-2)
        assert colorizer.quantize(photos)[0].shape == photos[0].shape


def test_components_of_different_codebooks(photos):
    many = quick_colorizer(quantizer=SOMQuantizer((4, 4), n_iter=500)).fit(photos)
    with pytest.raises(ValueError, match="trained on codeword .* but the quantizer has only 4"):
        quick_colorizer(
            quantizer=SOMQuantizer((2, 2), n_iter=500), classifier=FrozenEstimator(many.classifier_)
        ).fit(photos)


def test_ctrl_c_changes_nothing(photos, grey):
    class Interrupted(KNeighborsClassifier):
        def fit(self, X, y):
            raise KeyboardInterrupt

    colorizer = quick_colorizer().fit(photos)
    expected, fitted = colorizer.predict([grey])[0], {**vars(colorizer)}
    colorizer.set_params(classifier=Interrupted())
    with pytest.raises(KeyboardInterrupt):
        colorizer.fit(photos[:2])
    assert vars(colorizer) == {**fitted, "classifier": colorizer.classifier}
    assert_array_equal(colorizer.predict([grey])[0], expected)
    with pytest.raises(KeyboardInterrupt):
        clone(colorizer).fit(photos)


def test_ctrl_c_inside_the_network_is_not_swallowed(photos, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(MLPClassifier, "_backprop", interrupt)
    colorizer = quick_colorizer()
    with pytest.raises(KeyboardInterrupt):
        colorizer.fit(photos)
    assert not hasattr(colorizer, "classifier_")


def test_bad_input_does_not_lose_the_model(photos, grey):
    colorizer = quick_colorizer().fit(photos)
    expected = colorizer.predict([grey])[0]
    with pytest.raises(ValueError, match="image 0 is grey"):
        colorizer.fit([grey])
    assert_array_equal(colorizer.predict([grey])[0], expected)


# --- parameters and components


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 1.1),
        ("smoothing_radius", -1),
        ("smoothing_radius", 2.5),
        ("pixels_per_image", 0),
        ("classifier", LinearSVC()),
        ("quantizer", StandardScaler()),
        ("n_jobs", "two"),
        ("n_jobs", 0),
    ],
)
def test_bad_parameters(photos, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of SOMColorizer must be"):
        quick_colorizer(**{name: value}).fit(photos)


def test_parameters_are_checked_before_prediction_too(photos, grey):
    colorizer = quick_colorizer().fit(photos).set_params(temperature=7)
    with pytest.raises(ValueError, match="temperature"):
        colorizer.predict([grey])


def test_quantizer_without_centres(photos):
    class Blind(KMeans):
        def fit(self, X, y=None):
            super().fit(X)
            del self.cluster_centers_
            return self

    with pytest.raises(TypeError, match="Blind has no cluster_centers_"):
        quick_colorizer(quantizer=Blind(3, n_init=1)).fit(photos)


def test_nested_names():
    colorizer = quick_colorizer().set_params(
        extractor__patch_size=7, quantizer__map_shape=(2, 2), classifier__hidden_layer_sizes=(3,)
    )
    assert colorizer.extractor.patch_size == 7
    assert colorizer.get_params()["quantizer__map_shape"] == (2, 2)
    assert colorizer.classifier.hidden_layer_sizes == (3,)


def test_nested_names_of_the_defaults(photos):
    colorizer = SOMColorizer().set_params(quantizer__map_shape=(2, 2), classifier__batch_size=7)
    assert colorizer.quantizer.map_shape == (2, 2)
    assert colorizer.classifier.batch_size == 7
    assert colorizer.extractor is None
    with pytest.raises(ValueError, match="Invalid parameter 'flavour'"):
        SOMColorizer().set_params(quantizer__flavour=1)


@pytest.mark.parametrize(
    "components",
    [
        {"quantizer": KMeans(6, n_init=1)},
        {"classifier": KNeighborsClassifier(3)},
        {"classifier": RandomForestClassifier(5)},
        {"classifier": make_pipeline(StandardScaler(), quick_classifier())},
        {"extractor": make_pipeline(PatchExtractor(3), StandardScaler())},
    ],
    ids=["KMeans", "KNeighbors", "RandomForest", "classifier pipeline", "extractor pipeline"],
)
def test_other_components(photos, components):
    colorizer = quick_colorizer(**components, smoothing_radius=0).fit(photos)
    features = colorizer.extractor_.transform(photos[:1])
    probabilities = colorizer.predict_proba(photos[:1])[0]
    expected = colorizer.classifier_.predict_proba(features).reshape(probabilities.shape)
    assert_allclose(probabilities, expected, atol=1e-5)
    single = quick_colorizer(quantizer=SOMQuantizer((1, 1), n_iter=100), smoothing_radius=0).fit(photos)
    assert colorizer.score(photos) > single.score(photos)
    again = quick_colorizer(**components, smoothing_radius=0, n_jobs=2).fit(photos)
    assert_array_equal(again.predict(photos)[1], colorizer.predict(photos)[1])


def test_components_are_cloned_and_seeded(photos):
    classifier = RandomForestClassifier(3)
    colorizer = quick_colorizer(classifier=classifier).fit(photos)
    assert colorizer.classifier_ is not classifier
    assert isinstance(colorizer.classifier_.random_state, int)
    assert classifier.random_state is None
    kept = quick_colorizer(classifier=RandomForestClassifier(3, random_state=5)).fit(photos)
    assert kept.classifier_.random_state == 5


def test_frozen_components(photos, grey):
    extractor = make_pipeline(PatchExtractor(3), StandardScaler()).fit(
        sample_pixels(photos, 100, random_state=0, working_size=None)
    )
    fitted = quick_colorizer(extractor=FrozenEstimator(extractor)).fit(photos)
    assert fitted.predict([grey])[0].shape == (*grey.shape, 3)
    pipe = make_pipeline(FrozenEstimator(StandardScaler()), RandomForestClassifier(2))
    assert fitted.set_params(classifier=pipe).get_params()["classifier"] is pipe


def test_frozen_codebook(photos):
    chroma = sample_pixels(photos, 200, random_state=0, working_size=None).chroma
    frozen = SOMQuantizer((2, 2), n_iter=500, random_state=0).fit(chroma)
    colorizer = quick_colorizer(quantizer=FrozenEstimator(frozen)).fit(photos[:2])
    assert_array_equal(colorizer.codebook_, frozen.codebook_.astype(np.float32))


def test_same_bytes_for_any_n_jobs(photos):
    big = np.tile(photos[0], (18, 30, 1))  # more than one block
    results = []
    for n_jobs in (1, 2):
        colorizer = quick_colorizer(n_jobs=n_jobs, temperature=0.5, smoothing_radius=3).fit(photos)
        results.append([colorizer.codebook_, *colorizer.predict([*photos, big]), *colorizer.predict([big])])
    for one, two in zip(*results, strict=True):
        assert one.tobytes() == two.tobytes()


def test_same_bytes_for_any_number_of_threads(photos):
    # enough pixels for KMeans to use threads, whose sums depend on their number
    photo = np.kron(photos[0], np.ones((4, 4, 1), np.uint8))
    codebooks = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            colorizer = quick_colorizer(quantizer=KMeans(25, n_init=1), pixels_per_image=20_000)
            codebooks.append(colorizer.fit([photo]).codebook_.tobytes())
    assert codebooks[0] == codebooks[1]


def test_another_seed_is_another_model(photos):
    one, two = (quick_colorizer(random_state=seed).fit(photos).codebook_ for seed in (0, 1))
    assert not np.array_equal(one, two)


# --- in scikit-learn's company


def make_halves(photos):
    return [half for photo in photos for half in (photo[:18], photo[18:36])]


def assert_same_search(searches):
    one, two = searches
    assert one.best_params_ == two.best_params_
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert np.isfinite(one.cv_results_["mean_test_score"]).all()


SEARCHES = {
    "pipeline": (
        make_pipeline(PatchExtractor(), quick_classifier(random_state=0)),
        {"patchextractor__patch_size": [1, 3], "mlpclassifier__hidden_layer_sizes": [(5,), (8, 8)]},
    ),
    "colorizer": (
        quick_colorizer(),
        {"extractor__patch_size": [1, 3], "quantizer__map_shape": [(2, 2), (3, 3)]},
    ),
}


@pytest.mark.parametrize("grouped", [False, True], ids=["stratified", "grouped"])
@pytest.mark.parametrize(("estimator", "grid"), SEARCHES.values(), ids=SEARCHES)
def test_search_over_pixels(photos, estimator, grid, grouped):
    pixels = sample_pixels(photos, 150, random_state=0, working_size=None)
    labels = SOMQuantizer(n_iter=1000, random_state=0).fit_predict(pixels.chroma)
    split = GroupShuffleSplit if grouped else StratifiedShuffleSplit
    groups = {"groups": pixels.groups} if grouped else {}
    cv = split(2, test_size=0.5, random_state=0)
    assert_same_search(
        [
            GridSearchCV(estimator, grid, cv=cv, n_jobs=n_jobs).fit(pixels, labels, **groups)
            for n_jobs in (1, 2)
        ]
    )


@pytest.mark.parametrize("as_paths", [False, True], ids=["arrays", "paths"])
def test_search_over_images(photos, as_paths, tmp_path):
    images = make_halves(photos)
    if as_paths:
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{number}.png")
        images = sorted(tmp_path.iterdir())
    grid = {"temperature": [0.0, 0.7], "quantizer__map_shape": [(2, 2), (3, 3)]}
    cv = KFold(3, shuffle=True, random_state=0)
    assert_same_search(
        [GridSearchCV(quick_colorizer(), grid, cv=cv, n_jobs=n_jobs).fit(images) for n_jobs in (1, 2)]
    )


def resize(images):
    halved = (rescale(image, 0.5, channel_axis=-1 if image.ndim == 3 else None) for image in images)
    return [(image * 255).astype(np.uint8) for image in halved]


def test_pipeline_of_images(photos, grey):
    pipe = Pipeline([("resize", FunctionTransformer(resize)), ("colorize", quick_colorizer())])
    colored = pipe.fit(photos).predict([grey])[0]
    assert colored.shape == (grey.shape[0] // 2, grey.shape[1] // 2, 3)
    assert pipe.score(photos) < 0


def test_colorize_is_predict_of_one(colorizer, grey):
    assert_array_equal(colorizer.colorize(grey), colorizer.predict([grey])[0])


def test_pixels_have_no_picture(colorizer, photos):
    pixels = sample_pixels(photos, 10, random_state=0, working_size=None)
    for method in ("predict", "quantize"):
        with pytest.raises(TypeError, match="holds pixels, not images"):
            getattr(colorizer, method)(pixels)


def test_rebalance_draws_rare_codewords_more_often(photos):
    class Recorder(MLPClassifier):
        def fit(self, X, y):
            self.seen_ = np.bincount(y)
            return super().fit(X, y)

    counts = {}
    for strength in (0.0, 0.5, 1.0):
        colorizer = quick_colorizer(
            classifier=Recorder((5,), tol=1, n_iter_no_change=2), pixels_per_image=2000, rebalance=strength
        ).fit(photos)
        counts[strength] = colorizer.classifier_.seen_
    n = counts[0.0].sum()
    assert counts[0.5].sum() == counts[1.0].sum() == n
    expected = counts[0.0] ** 0.5 / (counts[0.0] ** 0.5).sum() * n
    assert_allclose(counts[0.5], expected, atol=5 * np.sqrt(expected).max())
    assert_allclose(counts[1.0], n / 9, atol=5 * np.sqrt(n / 9))


def test_rebalance_is_more_colourful(photos):
    plain, balanced = (quick_colorizer(rebalance=r, temperature=0.5).fit(photos) for r in (0.0, 1.0))
    assert mean_chroma(balanced.predict(photos)) > 1.02 * mean_chroma(plain.predict(photos))


def test_confidence_is_the_largest_probability(colorizer, photos):
    pixels = sample_pixels(photos, pixels_per_image=30, random_state=0, working_size=None)
    for X in (photos, pixels, np.stack([photos[2]] * 2)):
        confidence, probabilities = colorizer.predict_confidence(X), colorizer.predict_proba(X)
        assert type(confidence) is type(probabilities)
        for one, p in zip(confidence, probabilities, strict=True):
            assert_allclose(one, p.max(axis=-1), atol=1e-6)
