"""EmulsionSimulator: old films simulated, and found from grey photographs; colorizers trained on them."""

import pickle
import re

import numpy as np
import pytest
from conftest import quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2luv
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from nncolor import EmulsionSimulator, SOMColorizer, sample_pixels, to_gray
from nncolor.datasets import load_plates
from nncolor.plotting import EmulsionDisplay

ORTHOCHROMATIC = np.array([0.05, 0.45, 0.5])


@pytest.fixture(scope="module")
def plates():
    return load_plates()


def linear(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(light):
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def develop(image, weights=(0.2126, 0.7152, 0.0722), gamma=1, black=0, white=1, blur=0, grain=0, seed=0):
    """A grey picture of an 8-bit image; blur in pixels of the image, grain as white noise."""
    tones = gaussian_filter(encoded(linear(image / 255) @ np.array(weights)), blur)
    tones = black + (white - black) * tones**gamma
    tones = tones + grain * np.random.default_rng(seed).standard_normal(tones.shape)
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def lightness_of(gray):
    return rgb2luv(np.repeat(gray[..., None], 3, axis=-1) / np.float64(255))[..., 0]


# Simulation.


def test_a_new_simulator_gives_the_grey_image(photos):
    for picture, photo in zip(EmulsionSimulator().transform(photos), photos, strict=True):
        assert_array_equal(picture, to_gray(photo))


@pytest.mark.parametrize(
    ("sensitivity", "weights"),
    [
        ("orthochromatic", ORTHOCHROMATIC),
        ("blue-sensitive", (0, 0.1, 0.9)),
        ((1, 0, 0), (1, 0, 0)),
        ([0, 3, 1], (0, 0.75, 0.25)),
    ],
)
def test_sensitivity_weighs_linear_light(photos, sensitivity, weights):
    (picture,) = EmulsionSimulator(sensitivity).transform(photos[:1])
    assert_allclose(picture.astype(int), develop(photos[0], weights).astype(int), atol=1)


def test_tones_are_raised_to_gamma_and_faded():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    simulator = EmulsionSimulator(gamma=1.7, fading=0.3, shadow_share=0.2)
    (picture,) = simulator.transform([ramp])
    # 0.06 of black, 0.24 of white
    expected = 0.06 + 0.7 * (np.arange(256) / 255) ** 1.7
    assert_allclose(picture[0] / 255, expected, atol=0.5001 / 255 + 1e-3)


@pytest.mark.parametrize("enlarged", [1, 2])
def test_blur_is_in_pixels_of_the_working_size(enlarged):
    rng = np.random.default_rng(0)
    image = (rng.random((32 * enlarged, 32 * enlarged, 1)) * 255).astype(np.uint8).repeat(3, axis=2)
    (picture,) = EmulsionSimulator(blur=1.5, working_size=32).transform([image])
    expected = gaussian_filter(image[..., 0] / 255, 1.5 * enlarged)
    assert_allclose(picture / 255, expected, atol=2 / 255)


@pytest.mark.parametrize(("grain", "size"), [(0.05, 0.1), (0.04, 0.7), (0.03, 2.0)])
def test_grain_has_its_standard_deviation_and_size(grain, size):
    flat = np.full((256, 256, 3), 128, np.uint8)
    simulator = EmulsionSimulator(grain=grain, grain_size=size, working_size=256, random_state=0)
    tones = simulator.transform([flat / np.float32(255)])[0]
    assert_allclose(tones.mean(), 128 / 255, atol=0.01)
    assert_allclose(tones.std(), grain, rtol=0.1)
    centred = tones - tones.mean()
    correlation = (centred[1:] * centred[:-1]).mean() / centred.var()
    # of white noise through a sampled Gaussian of this standard deviation
    taps = np.exp(-0.5 * (np.arange(-20, 21) / size) ** 2)
    assert_allclose(correlation, (taps[1:] * taps[:-1]).sum() / (taps**2).sum(), atol=0.03)


@pytest.mark.parametrize("file_size", [32, 128])
def test_grain_does_not_depend_on_the_size_of_the_file(file_size):
    image = np.full((file_size, file_size, 3), 128, np.uint8)
    emulsion = EmulsionSimulator(grain=0.05)
    lightness = emulsion.record(image, 64, np.random.default_rng(0))
    of_working_size = emulsion.record(image[:1, :1].repeat(64, 0).repeat(64, 1), 64, np.random.default_rng(0))
    assert_array_equal(lightness, of_working_size)


def test_what_time_does_comes_after_the_blur_and_before_the_grain(photos):
    image = photos[0]
    emulsion = EmulsionSimulator("orthochromatic", gamma=1.5, fading=0.4, blur=1, working_size=None)
    expected = develop(image, ORTHOCHROMATIC, gamma=1.5, black=0.2, white=0.8, blur=1)
    assert_allclose(emulsion.transform([image])[0].astype(int), expected.astype(int), atol=1)


def test_each_image_gets_its_own_film_from_pairs(photos):
    image = photos[0]
    simulator = EmulsionSimulator(gamma=(0.5, 2), random_state=0)
    pictures = simulator.transform([image] * 20)
    # the gamma of each, from a pixel of tone 1/2 or so
    row, column = np.unravel_index(np.abs(to_gray(image).astype(int) - 128).argmin(), image.shape[:2])
    tone = to_gray(image)[row, column] / 255
    gammas = np.array([np.log(picture[row, column] / 255) / np.log(tone) for picture in pictures])
    assert gammas.min() > 0.48
    assert gammas.max() < 2.02
    assert gammas.std() > 0.2
    assert_array_equal(simulator.transform([image] * 20), pictures)
    assert not np.array_equal(
        EmulsionSimulator(gamma=(0.5, 2), random_state=1).transform([image])[0], pictures[0]
    )


def test_a_pair_of_sensitivities_is_a_range(photos):
    image = photos[0]
    pictures = EmulsionSimulator(("panchromatic", "blue-sensitive"), random_state=0).transform([image] * 8)
    low, high = (develop(image, weights).astype(int) for weights in ((0.2126, 0.7152, 0.0722), (0, 0.1, 0.9)))
    between = [
        (np.minimum(low, high) - 1 <= picture).all() and (picture <= np.maximum(low, high) + 1).all()
        for picture in pictures
    ]
    assert all(between)
    assert np.std(pictures, axis=0).max() > 5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_pictures_have_the_dtype_and_shape_of_the_images(photos, dtype):
    image = photos[0] / 255 if np.dtype(dtype).kind == "f" else photos[0].astype(dtype)
    if dtype == np.uint16:
        image = image * 257
    (picture,) = EmulsionSimulator("orthochromatic", fading=0.2).transform([image.astype(dtype)])
    assert picture.dtype == dtype
    assert picture.shape == photos[0].shape[:2]
    scale = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    assert_allclose(
        picture / scale, develop(photos[0], ORTHOCHROMATIC, black=0.1, white=0.9) / 255, atol=0.006
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sensitivity": "infrared"}, "sensitivity"),
        ({"sensitivity": (1, 2)}, "three weights"),
        ({"sensitivity": (0, 0, 0)}, "three weights"),
        ({"sensitivity": (-1, 1, 1)}, "not negative"),
        ({"sensitivity": ("panchromatic", "orthochromatic", "blue-sensitive")}, "pair"),
        ({"gamma": (2, 1)}, "gamma"),
        ({"gamma": -1}, "gamma"),
        ({"fading": 1}, "fading"),
        ({"shadow_share": 1.5}, "shadow_share"),
        ({"grain": (0.1, 0.2, 0.3)}, "grain"),
        ({"blur": "much"}, "blur"),
    ],
)
def test_wrong_parameters_are_named(photos, params, message):
    with pytest.raises(ValueError, match=message):
        EmulsionSimulator(**params).transform(photos[:1])
    with pytest.raises(ValueError, match=message):
        EmulsionSimulator(**params).fit(photos[:1], photos)


def test_wrong_images_are_named(photos):
    with pytest.raises(ValueError, match="image 1 is grey"):
        EmulsionSimulator().transform([photos[0], to_gray(photos[1])])
    with pytest.raises(ValueError, match="gray image 1 has float values"):
        EmulsionSimulator().fit([photos[0], np.full((40, 40), 2.0)], photos)
    with pytest.raises(ValueError, match="image 0 is grey"):
        EmulsionSimulator().fit(photos, [to_gray(photos[0])])
    with pytest.raises(ValueError, match="holds no image"):
        EmulsionSimulator().fit([], photos)
    with pytest.raises(OSError, match=r"gray image 0 .*nothing\.png"):
        EmulsionSimulator().fit(["nothing.png"], photos)


# The film of grey photographs.


def film_of(simulator):
    """Middle of the found sensitivity, gamma, black, white, blur and grain."""
    weights = np.reshape(simulator.sensitivity_, (-1, 3)).mean(axis=0)
    names = ("gamma_", "fading_", "shadow_share_", "blur_", "grain_")
    gamma, fading, share, blur, grain = (np.mean(getattr(simulator, name)) for name in names)
    return weights, gamma, fading * share, 1 - fading * (1 - share), blur, grain


@pytest.mark.parametrize(
    ("film", "tolerance"),
    [
        # weights of blue tell sensitivities apart: .07, .5, .9
        ({"weights": (0.05, 0.45, 0.5)}, {"blue": 0.2}),
        ({"weights": (0, 0.1, 0.9)}, {"blue": 0.25}),
        ({"gamma": 2.0}, {"gamma": 0.25}),
        ({"gamma": 0.5}, {"gamma": 0.12}),
        ({"black": 0.15, "white": 0.8}, {"black": 0.04, "white": 0.04}),
        # 1.4 pixels of a working size of 384 are one of these files of 256
        ({"blur": 1.0}, {"blur": 0.25}),
        ({"grain": 0.05}, {"grain": 0.006}),
    ],
)
def test_the_film_of_other_photographs_is_found(plates, film, tolerance):
    gray = [develop(image, **film, seed=seed) for seed, image in enumerate(plates.images[14:])]
    simulator = EmulsionSimulator(random_state=0).fit(gray, plates.images[:14])
    weights, gamma, black, white, blur, grain = film_of(simulator)
    found = {"blue": weights[2], "gamma": gamma, "black": black, "white": white, "blur": blur, "grain": grain}
    # averages over cells of 1.5 pixels keep 65 % of white noise
    scale = 384 / np.sqrt(237 * 276)
    true = {"blue": film.get("weights", (0, 0, 0.0722))[2], "gamma": film.get("gamma", 1)}
    true |= {"black": film.get("black", 0), "white": film.get("white", 1)}
    true |= {"blur": film.get("blur", 0) * scale, "grain": film.get("grain", 0) * 0.65}
    limits = {"blue": 0.25, "gamma": 0.1, "black": 0.03, "white": 0.03, "blur": 0.2, "grain": 0.002}
    for name, value in found.items():
        assert abs(value - true[name]) <= tolerance.get(name, limits[name]), (name, value, true[name])


def test_grey_photographs_like_the_others_change_nothing(plates):
    gray = [to_gray(image) for image in plates.images[::2]]
    simulator = EmulsionSimulator(random_state=0, verbose=0).fit(gray, plates.images[1::2])
    assert_allclose(simulator.sensitivity_, (0.2127, 0.7152, 0.0722), atol=1e-4)
    others = [getattr(simulator, f"{name}_") for name in ("gamma", "fading", "blur", "grain")]
    assert others == [1, 0, 0, 0]
    assert_array_equal(simulator.transform(plates.images[:1])[0], to_gray(plates.images[0]))


def test_what_nothing_tells_keeps_the_value_of_its_parameter(plates):
    given = EmulsionSimulator((0.2, 0.2, 0.6), gamma=(1, 1.2), blur=0.3, random_state=0)
    gray = given.transform(plates.images[14:])
    found = clone(given).fit(gray, plates.images[:14])
    # weights that are those of no film are kept
    assert_allclose(found.sensitivity_, (0.2, 0.2, 0.6))
    assert found.gamma_ == (1, 1.2)
    assert found.blur_ == 0.3
    assert found.grain_ == 0


def test_a_single_grey_photograph_tells_no_tones(plates):
    gray = [develop(plates.images[20], gamma=2)]
    simulator = EmulsionSimulator(random_state=0).fit(gray, plates.images[:14])
    assert (simulator.gamma_, simulator.fading_) == (1, 0)


def test_toned_photographs_and_mounts_are_those_of_the_grey_ones(plates):
    gray = [develop(image, gamma=2) for image in plates.images[14:]]
    mounted = [np.pad(image, 20, constant_values=225) for image in gray]
    # equal lightness, brown
    simulator = EmulsionSimulator(random_state=0)
    found = [np.mean(clone(simulator).fit(old, plates.images[:14]).gamma_) for old in (gray, mounted)]
    assert_allclose(found, 2, atol=0.25)
    toned = [np.repeat(image[..., None], 3, axis=-1) for image in gray]
    of_toned = clone(simulator).fit(toned, plates.images[:14])
    assert_allclose(of_toned.gamma_, clone(simulator).fit(gray, plates.images[:14]).gamma_)


def test_fit_says_in_words_what_it_found(plates, capsys):
    blue_sensitive = [develop(image, (0, 0.1, 0.9)) for image in plates.images[14:]]
    EmulsionSimulator(random_state=0, verbose=1).fit(blue_sensitive, plates.images[:14])
    assert "look like this film: blue-sensitive." in capsys.readouterr().err
    faded = [develop(image, black=0.15, white=0.8) for image in plates.images[14:]]
    EmulsionSimulator(random_state=0, verbose=1).fit(faded, plates.images[:14])
    assert re.search(r"tones from 1\d% to (79|8\d)% of white", capsys.readouterr().err)
    worn = [develop(image, blur=1, grain=0.05) for image in plates.images[14:]]
    EmulsionSimulator(random_state=0, verbose=1).fit(worn, plates.images[:14])
    assert re.search(r"blur of 1\.\d pixels, grain of 0\.03", capsys.readouterr().err)
    EmulsionSimulator(random_state=0, verbose=1).fit(plates.images[::2], plates.images[1::2])
    assert "nothing is simulated" in capsys.readouterr().err


# Colorizers.


def blue(image):
    return np.ascontiguousarray(image[..., 2])


def test_the_lightness_of_the_sample_is_simulated_and_its_chroma_is_not(photos):
    plain = sample_pixels(photos, 50, working_size=32, random_state=0)
    emulsion = EmulsionSimulator("blue-sensitive", gamma=2)
    simulated = sample_pixels(photos, 50, working_size=32, emulsion=emulsion, random_state=0)
    assert_array_equal(simulated.chroma, plain.chroma)
    assert_array_equal(simulated.tints, plain.tints)
    for group, photo in enumerate(photos):
        expected = emulsion.record(photo, 32, np.random.default_rng(0))
        assert_array_equal(simulated.image_lightness(group), expected)
    assert np.abs(simulated.lightness - plain.lightness).max() > 10


def test_a_colorizer_is_trained_on_what_the_film_saw(photos):
    emulsion = EmulsionSimulator("blue-sensitive", gamma=1.5)
    colorizer = quick_colorizer(emulsion=emulsion).fit(photos)
    pixels = sample_pixels(photos, 400, working_size=None, emulsion=emulsion, random_state=0)
    assert isinstance(colorizer.emulsion_, EmulsionSimulator)
    # as accurate on the pictures of the film as one that was trained on their pixels
    of_film = emulsion.transform(photos)
    chroma = [colorizer.predict_chroma(images) for images in (of_film, [to_gray(photo) for photo in photos])]
    other = quick_colorizer().fit(pixels).predict_chroma(of_film)
    true = [rgb2luv(photo)[..., 1:] for photo in photos]

    def error(values):
        return np.mean([np.abs(a - b).mean() for a, b in zip(values, true, strict=True)])

    assert error(chroma[0]) < 0.95 * error(chroma[1])
    assert abs(error(chroma[0]) - error(other)) < 0.1 * error(other)


def test_the_painted_lightness_is_that_of_the_photograph(photos):
    colorizer = quick_colorizer(emulsion=EmulsionSimulator("blue-sensitive", gamma=2, fading=0.5)).fit(photos)
    gray = to_gray(photos[0])
    painted = rgb2luv(colorizer.predict([gray])[0])[..., 0]
    assert_allclose(painted, lightness_of(gray), atol=1)


def test_fit_finds_the_film_of_gray(plates):
    small = {"pixels_per_image": 200, "validation_fraction": 0, "random_state": 0}
    gray = [blue(image) for image in plates.images[14:]]
    colorizer = SOMColorizer(**small).fit(plates.images[:14], gray=gray)
    assert np.reshape(colorizer.emulsion_.sensitivity_, (-1, 3))[:, 2].min() > 0.4
    again = SOMColorizer(**small, n_jobs=2).fit((image for image in plates.images[:14]), gray=gray)
    assert_array_equal(again.predict(gray[:1])[0], colorizer.predict(gray[:1])[0])


def test_gray_like_the_training_images_changes_no_byte(plates):
    small = {"pixels_per_image": 200, "random_state": 0, "classifier__n_training_pixels": 5000}
    colors, gray = plates.images[1::2], [to_gray(image) for image in plates.images[::2]]
    plain, with_gray = (
        SOMColorizer().set_params(**small).fit(colors, **arguments).predict(gray[:2])
        for arguments in ({}, {"gray": gray})
    )
    assert_array_equal(with_gray, plain)


def test_a_search_tunes_the_emulsion(photos):
    colorizer = quick_colorizer(emulsion=EmulsionSimulator())
    search = GridSearchCV(colorizer, {"emulsion__gamma": [1, 3], "emulsion__blur": [0, 1]}, cv=KFold(2))
    search.fit(photos)
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    # without an emulsion, its default
    assert quick_colorizer().set_params(emulsion__gamma=2).emulsion.gamma == 2


def test_a_search_keeps_a_frozen_emulsion_that_was_fitted_before(plates):
    gray, colors = [blue(image) for image in plates.images[14:]], plates.images[:14]
    emulsion = EmulsionSimulator(random_state=0).fit(gray, colors)
    colorizer = quick_colorizer(emulsion=FrozenEstimator(emulsion), pixels_per_image=50)
    search = GridSearchCV(colorizer, {"temperature": [0, 1]}, cv=KFold(2)).fit(colors)
    assert search.best_estimator_.emulsion_.estimator is emulsion
    pixels = sample_pixels(colors, 50, working_size=None, emulsion=emulsion, random_state=0)
    recorded = emulsion.record(colors[0], None, np.random.default_rng(0))
    assert recorded.shape == pixels.image_lightness(0).shape


def test_an_emulsion_is_no_business_of_pixels(photos):
    pixels = sample_pixels(photos, 50, random_state=0)
    for arguments in ({"gray": photos}, {}):
        emulsion = None if arguments else EmulsionSimulator()
        with pytest.raises(ValueError, match="Pass the emulsion to sample_pixels"):
            SOMColorizer(emulsion=emulsion).fit(pixels, **arguments)


def test_batches_are_seen_through_the_emulsion_of_fit(photos):
    emulsion = EmulsionSimulator("blue-sensitive", gamma=2)
    colorizer = quick_colorizer(emulsion=emulsion).fit(photos)
    statistics = colorizer.partial_fit([photos[0][:, ::-1]]).image_statistics_
    simulated = quick_colorizer(emulsion=emulsion).partial_fit([photos[0][:, ::-1]]).image_statistics_
    assert_allclose(statistics[-1], simulated[0])
    plain = quick_colorizer().partial_fit([photos[0][:, ::-1]]).image_statistics_
    assert np.abs(simulated - plain).max() > 0.1


def test_a_saved_colorizer_keeps_its_emulsion(photos):
    colorizer = quick_colorizer(emulsion=EmulsionSimulator("blue-sensitive", gamma=2)).fit(photos)
    loaded = pickle.loads(pickle.dumps(colorizer))
    assert_array_equal(loaded.emulsion_.transform(photos)[0], colorizer.emulsion_.transform(photos)[0])
    assert quick_colorizer().fit(photos).emulsion_ is None


def test_display_of_an_emulsion(plates):
    simulator = EmulsionSimulator("blue-sensitive")
    display = EmulsionDisplay.from_estimator(simulator, plates.images[:2], plates.blue[:3])
    assert display.ax_.shape == (2, 4)
    shown = [cell.images[0] for cell in display.ax_[0]]
    expected = [
        plates.images[0],
        to_gray(plates.images[0]),
        simulator.transform(plates.images[:1])[0],
        plates.blue[0],
    ]
    for artist, image in zip(shown, expected, strict=True):
        assert_allclose(np.asarray(artist.get_array()), image / 255, atol=1e-6)
    assert [(artist.cmap.name, artist.get_clim()) for artist in shown[1:]] == [("gray", (0, 1))] * 3
    with pytest.raises(ValueError, match="only 1 old photographs"):
        EmulsionDisplay.from_estimator(simulator, plates.images[:2], plates.blue[:1])
    assert EmulsionDisplay.from_estimator(simulator, plates.images[:1]).ax_.shape == (1, 3)


def test_black_alone_may_have_changed(plates):
    # a share that rounding could make larger than 1
    gray = [develop(image, black=0.2) for image in plates.images[14:]]
    simulator = EmulsionSimulator(random_state=0).fit(gray, plates.images[:14])
    assert 0.9 <= np.max(simulator.shadow_share_) <= 1
    assert_allclose(np.mean(simulator.fading_), 0.2, atol=0.05)
    assert simulator.transform(plates.images[:1])[0].min() > 40


@pytest.mark.parametrize("routing", [False, True])
def test_gray_reaches_a_colorizer_in_a_pipeline_whole(plates, routing):
    # as many as there are training images
    gray, colors = [blue(image) for image in plates.images[10:]], plates.images[:14]
    colorizer = quick_colorizer(pixels_per_image=50)
    expected = clone(colorizer).fit(colors, gray=gray).emulsion_
    with config_context(enable_metadata_routing=routing):
        if routing:
            colorizer.set_fit_request(gray=True)
        pipeline = make_pipeline(colorizer)
        pipeline.fit(colors, **{"gray" if routing else "somcolorizer__gray": gray})
    assert_array_equal(pipeline[-1].emulsion_.sensitivity_, expected.sensitivity_)
    assert pipeline[-1].emulsion_.gamma_ == expected.gamma_
