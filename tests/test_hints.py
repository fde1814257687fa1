"""Hints: parsing, exact colours at hinted pixels, propagation, and smaller errors."""

import numpy as np
import pytest
from conftest import srgb_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.color import luv2rgb, rgb2luv
from sklearn.neural_network import MLPClassifier
from test_guided_filter import coefficients_by_the_book

from nncolor import SOMColorizer, SOMQuantizer, propagate_hints
from nncolor._images.blocks import Block
from nncolor._images.color import image_lightness
from nncolor._painting.hints import color_by_hints, parse_hints
from nncolor._painting.kriging import krige, similarity_features
from nncolor._painting.propagation import HintPlane, propagate
from nncolor._painting.settings import HintSettings, PaintingSettings
from nncolor.metrics import mean_ciede2000


def true_hints(photo, n, seed=0):
    """Hints at random pixels with the colours of the photograph."""
    places = np.random.default_rng(seed).choice(photo.shape[0] * photo.shape[1], n, replace=False)
    rows, columns = np.divmod(places, photo.shape[1])
    return [(row, column, photo[row, column]) for row, column in zip(rows, columns, strict=True)]


def small_colorizer(**params):
    return SOMColorizer(
        quantizer=SOMQuantizer((3, 3), n_iter=1000),
        classifier=MLPClassifier((5,), max_iter=300, tol=1, n_iter_no_change=2),
        pixels_per_image=200,
        validation_fraction=0,
        random_state=0,
        **params,
    )


def grey_of(photo):
    luv = rgb2luv(photo)
    luv[..., 1:] = 0
    return np.rint(luv2rgb(luv)[..., 0] * 255).astype(np.uint8)


@pytest.fixture
def halves():
    """A dark and a light half, with a little noise."""
    grey = np.full((20, 30), 60, np.uint8)
    grey[:, 15:] = 190
    return grey + np.random.default_rng(0).integers(0, 3, grey.shape).astype(np.uint8)


@pytest.fixture(params=["propagate", "colorize"])
def color(request, colorizer):
    """Both ways to use hints."""
    if request.param == "propagate":
        return propagate_hints
    return lambda image, hints: colorizer.colorize(image, hints=hints)


def at_working_size(colorizer, image, hints, working_size):
    """What both ways paint if hints are propagated at another working size."""
    settings = PaintingSettings(hints=HintSettings(working_size=working_size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(colorizer, "_painting", settings)
        corrected = colorizer.colorize(image, hints=hints)
    return {"propagate": color_by_hints(image, parse_hints(hints, image), settings), "colorize": corrected}


def test_the_propagation_minimizes_its_objective(halves):
    # by hand: the energy of all pairs of neighbours, minimized by dense linear algebra
    image = halves[8:13, 12:18]
    hints = [(0, 0, "brown"), (4, 5, "teal"), (2, 3, (90, 120, 60))]
    lightness = rgb2luv(np.repeat(image[..., None], 3, axis=-1))[..., 0]
    n = image.size
    energy = np.zeros((n, n))
    for row, column in np.ndindex(image.shape):
        for other in [(row + 1, column), (row, column + 1)]:
            if other[0] < image.shape[0] and other[1] < image.shape[1]:
                weight = np.exp(-abs(lightness[row, column] - lightness[other]) / 2) + 1e-3
                pair = np.zeros(n)
                pair[[row * image.shape[1] + column, other[0] * image.shape[1] + other[1]]] = 1, -1
                energy += weight * np.outer(pair, pair)
    known = np.array([row * image.shape[1] + column for row, column, _ in hints])
    colors = np.array([[165, 42, 42], [0, 128, 128], [90, 120, 60]]) / 255
    chroma = np.zeros((n, 2))
    chroma[known] = rgb2luv(colors[None])[0, :, 1:]
    free = np.setdiff1d(np.arange(n), known)
    chroma[free] = np.linalg.solve(energy[np.ix_(free, free)], -energy[np.ix_(free, known)] @ chroma[known])
    luv = np.concatenate([lightness[..., None], chroma.reshape(*image.shape, 2)], axis=-1)
    expected = np.rint(srgb_of(luv) * 255).astype(int)
    assert np.abs(propagate_hints(image, hints) - expected).max() <= 1


def test_one_hint_colours_everything(halves):
    colored = rgb2luv(propagate_hints(halves / 255, [(3, 4, (0.4, 0.35, 0.3))]))
    assert_allclose(colored[..., 1:], np.broadcast_to(colored[3, 4, 1:], (20, 30, 2)), atol=1e-2)


def test_an_edge_keeps_colours_apart(halves):
    colored = propagate_hints(halves, [(10, 2, "saddlebrown"), (10, 27, "lightblue")]).astype(int)
    red, blue = colored[..., 0], colored[..., 2]
    assert (red[:, :15] > blue[:, :15]).all()
    assert (red[:, 15:] < blue[:, 15:]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_a_hinted_pixel_keeps_the_hint(color, photos, dtype):
    grey = grey_of(photos[1])
    # colours that exist at the lightness of their pixel
    expected = {}
    for row, column, rgb in true_hints(photos[1], 12):
        luv = rgb2luv(rgb[None, None] / 255)
        luv[..., 0] = rgb2luv(np.full((1, 1, 3), grey[row, column] / 255))[..., 0]
        expected[row, column] = luv2rgb(luv)[0, 0]
    highest = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    image = (grey / 255 * highest).astype(dtype)
    hints = [(*place, np.asarray(rgb * highest).astype(dtype)) for place, rgb in expected.items()]
    colored = color(image, hints)
    assert colored.dtype == dtype
    for place, rgb in expected.items():
        assert np.abs(colored[place] / highest - rgb).max() <= 2 / 255


def test_a_colour_that_the_lightness_does_not_have_is_clipped(color, grey):
    grey = grey.copy()
    grey[0, 0] = 255
    row, column = np.argwhere(grey < 40)[0]
    colored = color(grey, [(0, 0, "red"), (row, column, "yellow")])
    # no channel of the bright pixel can be brighter; the dark one turns as yellow as it can
    assert colored[0, 0, 0] == 255
    assert colored[row, column, 2] == 0


@pytest.mark.parametrize("hints", [None, [], "transparent"], ids=str)
def test_no_hint_is_the_prediction(colorizer, grey, hints):
    hints = np.zeros((*grey.shape, 4), np.uint8) if hints == "transparent" else hints
    assert_array_equal(colorizer.colorize(grey, hints=hints), colorizer.predict([grey])[0])


@pytest.mark.parametrize("hints", [[], "transparent"], ids=str)
def test_nothing_to_propagate(grey, hints):
    hints = np.zeros((*grey.shape, 4)) if hints == "transparent" else hints
    with pytest.raises(ValueError, match="no hint to propagate"):
        propagate_hints(grey, hints)


def test_hints_and_prediction_together_are_better_than_each_alone(photos):
    network = MLPClassifier((50, 50), alpha=1.0, tol=1e-3, n_iter_no_change=5, max_iter=1000)
    quantizer = SOMQuantizer((5, 5))
    learned = SOMColorizer(
        None, quantizer, network, working_size=None, pixels_per_image=2500, random_state=0
    ).fit([photo[:, :20] for photo in photos])
    errors = []
    for photo in photos:
        grey, hints = grey_of(photo), true_hints(photo, 10)
        both, alone = learned.colorize(grey, hints=hints), propagate_hints(grey, hints)
        errors.append([mean_ciede2000([photo], [image]) for image in (both, alone, learned.colorize(grey))])
    both, alone, prediction = np.mean(errors, axis=0)
    assert both < 0.95 * min(alone, prediction)


def test_similar_pixels_are_corrected_similarly(colorizer):
    # two dark squares in a light field; the hint is in one of them
    grey = np.full((40, 60), 200, np.uint8)
    grey[15:25, 5:15] = grey[15:25, 45:55] = 70
    before = rgb2luv(colorizer.colorize(grey))
    after = rgb2luv(colorizer.colorize(grey, hints=[(20, 10, "darkgreen")]))
    change = np.linalg.norm((after - before)[..., 1:], axis=-1)
    assert change[16:24, 46:54].mean() > 1.5 * change[16:24, 26:34].mean()


def test_names_triples_and_numpy_integers_are_equivalent(color, grey):
    expected = color(grey, [(3, 4, "olive"), (20, 50, "#4682b4")])
    place = np.int64(3), np.uint16(4)
    assert_array_equal(color(grey, [(*place, (128, 128, 0)), (20, 50, np.uint8([70, 130, 180]))]), expected)
    twice = [(3, 4, "olive"), (3, 4, "#808000"), [20, 50, "steelblue"]]
    assert_array_equal(color(grey, twice), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_scribbles_are_hints_at_their_opaque_pixels(color, grey, dtype):
    scribbles = np.zeros((*grey.shape, 4))
    scribbles[5, 10:20] = 0.5, 0.25, 0, 1
    scribbles[30:33, 7] = 0, 1, 0.5, 1
    scribbles[20, 20] = 1, 1, 1, 0.4  # the soft border of a brush
    hints = [(row, column, scribbles[row, column, :3]) for row, column in np.argwhere(scribbles[..., 3] == 1)]
    as_floats = color(grey / 255, hints)
    if np.dtype(dtype).kind == "u":
        scribbles = np.rint(scribbles * np.iinfo(dtype).max)
    assert np.abs(color(grey / 255, scribbles.astype(dtype)) - as_floats).max() < 0.01


@pytest.mark.parametrize("way", ["propagate", "colorize"])
def test_a_large_image_is_solved_on_a_grid(colorizer, photos, way):
    photo = photos[0].repeat(4, axis=0).repeat(4, axis=1)
    grey, hints = grey_of(photo), true_hints(photo, 8)
    sizes = grey.size, round(np.sqrt(grey.size // 9))
    whole, coarse = (at_working_size(colorizer, grey, hints, size)[way] for size in sizes)
    assert not np.array_equal(whole, coarse)
    assert mean_ciede2000([whole], [coarse]) < 0.5 * mean_ciede2000([whole], [grey])
    for row, column, _ in hints:
        assert_array_equal(coarse[row, column], whole[row, column])


def test_scribbles_of_pillow(color, grey, tmp_path):
    scribbles = np.zeros((*grey.shape, 4), np.uint8)
    scribbles[5, 10:20] = 128, 64, 0, 255
    Image.fromarray(scribbles).save(tmp_path / "scribbles.png")
    opened = Image.open(tmp_path / "scribbles.png")
    assert_array_equal(color(grey, opened), color(grey, scribbles))
    with pytest.raises(ValueError, match=r"hints are '.*scribbles.png'. Pass a list of \(row"):
        color(grey, tmp_path / "scribbles.png")


def test_more_scribbles_than_are_kriged(colorizer, photos):
    photo = photos[1]
    scribbles = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    scribbles[::2, ::2, 3] = 255
    grey = grey_of(photo)
    colored = colorizer.colorize(grey, hints=scribbles)
    assert mean_ciede2000([photo], [colored]) < 0.3 * mean_ciede2000([photo], [colorizer.colorize(grey)])


def test_a_filled_region_has_its_hue_and_nothing_changes_beyond_the_reach(colorizer, photos):
    grey = grey_of(photos[1])
    region = np.zeros((*grey.shape, 4), np.uint8)
    region[10:22, 20:40] = 128, 128, 0, 255
    before = colorizer.colorize(grey)
    colored = colorizer.colorize(grey, hints=region, hint_reach=0.05)
    inside = region[..., 3] > 0
    u, v = np.moveaxis(rgb2luv(colored)[inside][:, 1:], -1, 0)
    _, u_of_olive, v_of_olive = rgb2luv(np.uint8([[[128, 128, 0]]]))[0, 0]
    vivid = np.hypot(u, v) > 20
    assert vivid.mean() > 0.9
    assert_allclose(np.arctan2(v, u)[vivid], np.arctan2(v_of_olive, u_of_olive), atol=0.06)
    beyond = distance_transform_edt(~inside) > 0.05 * np.hypot(*grey.shape)
    assert_array_equal(colored[beyond], before[beyond])
    assert (colored != before)[~inside & ~beyond].any()


def test_same_bytes_for_any_n_jobs(photos):
    learned = SOMColorizer(random_state=0).fit(photos)
    grey, hints = np.tile(grey_of(photos[0]), (20, 10)), true_hints(np.tile(photos[0], (20, 10, 1)), 5)
    one, two = (learned.set_params(n_jobs=n).colorize(grey, hints=hints) for n in (1, 2))
    assert_array_equal(one, two)


def test_hints_do_not_change(color, grey):
    scribbles = np.zeros((*grey.shape, 4))
    scribbles[3, 3] = 1, 0, 0, 1
    copy = scribbles.copy()
    color(grey, scribbles)
    assert_array_equal(scribbles, copy)


@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    n=st.integers(1, 6),
    working_size=st.integers(1, 9),
    seed=st.integers(0, 2**31),
)
def test_any_shape_and_any_hints(colorizer, shape, n, working_size, seed):
    rng = np.random.default_rng(seed)
    image = rng.random(shape)
    places = {(int(rng.integers(shape[0])), int(rng.integers(shape[1]))) for _ in range(n)}
    hints = [(*place, rng.random(3)) for place in places]
    for colored in at_working_size(colorizer, image, hints, working_size).values():
        assert colored.shape == (*shape, 3)
        assert colored.min() >= 0
        assert colored.max() <= 1


@pytest.mark.parametrize(
    ("hints", "match"),
    [
        (
            [(0, 0, "red"), (40, 0, "red")],
            "hint 1 at row 40, column 0 lies outside the image, which has 40 r",
        ),
        ([(0, 60, "red")], "hint 0 at row 0, column 60 lies outside"),
        ([(-1, 0, "red")], "hint 0 at row -1, column 0 lies outside"),
        ([(1.5, 0, "red")], "hint 0 at row 1.5, column 0: rows and columns must be whole numbers"),
        ([(float("nan"), 0, "red")], "hint 0 at row nan, column 0: rows and columns must be whole numbers"),
        ([(0, 0, "grean")], "hint 0 at row 0, column 0: 'grean' is neither the name of a CSS colour nor"),
        ([(0, 0, "#12345")], "hint 0 .* '#12345' is neither"),
        ([(0, 0, "#11223344")], "hint 0 .* '#11223344' is neither"),
        ([(0, 0, (1, 2))], r"hint 0 .* \(1, 2\) is not an RGB triple"),
        ([(0, 0, None)], "hint 0 .* None is not an RGB triple"),
        ([(0, 0, [[1], 2, 3])], "hint 0 .* is not an RGB triple"),
        ([(0, 0, (256, 0, 0))], "hint 0 .* whole numbers are from 0 to 255"),
        ([(0, 0, (-1, 0, 0))], "hint 0 .* whole numbers are from 0 to 255"),
        ([(0, 0, (np.nan, 0, 0))], "hint 0 .* whole numbers are from 0 to 255"),
        ([(2, 3, "red"), (5, 5, "red"), (2, 3, "blue")], "hint 2 at row 2, column 3 .* than hint 0 does"),
        ([(0, 0)], r"hint 0 is \(0, 0\); hints are a list of"),
        (["red"], "hint 0 is 'red'; hints are a list of"),
        (np.zeros((40, 60, 3)), r"scribbles have shape \(40, 60, 3\); .* must be \(40, 60, 4\)"),
        (np.zeros((60, 40, 4)), r"scribbles have shape \(60, 40, 4\)"),
        (np.full((40, 60, 4), 200.0), "scribbles are not an RGBA image: .* floats must lie in"),
        (np.full((40, 60, 4), np.nan), "scribbles are not an RGBA image: .* NaN"),
        (np.full((40, 60, 4), 0.5), "No pixel of the scribbles is opaque: the largest alpha is 0.5 of 1"),
    ],
)
def test_bad_hints_are_named(color, grey, hints, match):
    with pytest.raises(ValueError, match=match):
        color(grey, hints)


def test_range_of_colours_is_that_of_their_dtype(color, grey):
    images = grey, grey / 255, grey.astype(np.uint16) * 257, grey > 99
    ways = (
        (255, 0, 0),
        [255, 0, 0],
        np.array([255, 0, 0]),
        np.array([65535, 0, 0], np.uint16),
        (1.0, 0.0, 0.0),
        (np.float32(value) for value in (1, 0, 0)),
        "#ff0000",
    )
    for image in images:
        expected = color(image, [(0, 0, "red")])
        for way in ways:
            if not hasattr(way, "__next__") or image is grey:
                assert_array_equal(color(image, [(0, 0, way)]), expected)


# --- the corrected prediction, by dense linear algebra


def kriged(features, deviation, known, residuals):
    """Rasmussen and Williams (2006), equation 2.25."""
    deviation = deviation.reshape(-1, 1) + 5
    distances = np.linalg.norm(features[:, None] - features[known], axis=2)
    covariance = np.exp(-(distances**2) / 2)
    weights = np.linalg.solve(covariance[known] + 0.1 * np.eye(len(known)), residuals / deviation[known])
    return covariance @ weights * deviation


def test_kriging_by_hand():
    rng = np.random.default_rng(0)
    features, deviation = rng.normal(size=(400, 3)), rng.uniform(0, 20, 400)
    known, residuals = rng.permutation(400)[:7], rng.normal(0, 10, (7, 2))
    assert_allclose(
        krige(features, deviation, known, residuals, HintSettings()),
        kriged(features, deviation, known, residuals),
        rtol=1e-6,
    )


@pytest.mark.parametrize("n_hints", [256, 257, 380])
def test_at_most_256_hints_are_kriged(n_hints):
    rng = np.random.default_rng(0)
    features, deviation = 3 * rng.normal(size=(400, 3)), rng.uniform(0, 20, 400)
    known, residuals = rng.permutation(400)[:n_hints], rng.normal(0, 10, (n_hints, 2))
    # evenly spaced among all, with the first and the last
    chosen = np.linspace(0, n_hints - 1, 256).astype(int)
    expected = kriged(features, deviation, known[chosen], residuals[chosen])
    assert_allclose(krige(features, deviation, known, residuals, HintSettings()), expected, atol=1e-6)


def test_similarity_features_by_hand():
    rng = np.random.default_rng(0)
    lightness, probabilities = rng.uniform(0, 100, (4, 8)), rng.dirichlet(np.ones(3), (4, 8))
    features = similarity_features(lightness, probabilities, HintSettings()).reshape(4, 8, -1)
    for one, other in [((0, 0), (3, 7)), ((2, 5), (2, 6)), ((1, 3), (3, 3))]:
        # in 0.7 of the longer side, 40 L*, and Hellinger distances of half a unit
        squares = [
            *((np.subtract(one, other) / (0.7 * 8)) ** 2),
            ((lightness[one] - lightness[other]) / 40) ** 2,
            *((np.sqrt(probabilities[one]) - np.sqrt(probabilities[other])) / 0.5) ** 2,
        ]
        assert_allclose(np.linalg.norm(features[one] - features[other]), np.sqrt(sum(squares)), rtol=1e-5)


def propagated(lightness, known, values, prior, weight):
    """Minimum of the differences of neighbours and of the weighted differences from a prior."""
    n = lightness.size
    index = np.arange(n).reshape(lightness.shape)
    energy = weight * np.eye(n)
    for first, second in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
        for one, other in zip(first.ravel(), second.ravel(), strict=True):
            edge = np.exp(-abs(lightness.flat[one] - lightness.flat[other]) / 2) + 1e-3
            energy[[one, other], [one, other]] += edge
            energy[[one, other], [other, one]] -= edge
    solution, free = np.zeros((n, 2)), np.setdiff1d(np.arange(n), known)
    solution[known] = values
    right = weight * prior[free] - energy[np.ix_(free, known)] @ values
    solution[free] = np.linalg.solve(energy[np.ix_(free, free)], right)
    return np.moveaxis(solution.reshape(*lightness.shape, 2), -1, 0)


def test_the_weight_of_the_prior():
    rng = np.random.default_rng(0)
    lightness = rng.uniform(40, 50, (5, 7)).astype(np.float32)
    known, values, prior = np.array([3, 17, 30]), rng.normal(0, 10, (3, 2)), rng.normal(0, 10, (35, 2))
    found = propagate(lightness, known, values, HintSettings(), prior)
    assert_allclose(found, propagated(lightness, known, values, prior, 0.03), atol=1e-4)
    # without a prior it has no weight
    found = propagate(lightness, known, values, HintSettings())
    assert_allclose(found, propagated(lightness, known, values, prior, 0), atol=1e-4)


def test_hints_in_the_same_pixel_are_averaged():
    lightness = np.full((2, 3), 50, np.float32)
    values = np.array([[10.0, 0], [20, 6], [30, 3]])
    found = propagate(lightness, np.array([4, 4, 4]), values, HintSettings())
    assert_allclose(found, np.broadcast_to(np.array([20, 3])[:, None, None], (2, 2, 3)), rtol=1e-5)


def test_a_corrected_prediction_by_hand(colorizer, photos):
    photo = photos[0][10:18, 20:32]
    image, hints = grey_of(photo), [(1, 2, "saddlebrown"), (6, 9, "teal"), (4, 4, (90, 120, 60))]
    lightness = rgb2luv(np.repeat(image[..., None], 3, axis=-1))[..., 0]
    prediction, probabilities = colorizer.predict_chroma([image])[0], colorizer.predict_proba([image])[0]
    colors = np.array([[139, 69, 19], [0, 128, 128], [90, 120, 60]]) / 255
    rows, columns = np.array([hint[:2] for hint in hints]).T
    residuals = rgb2luv(colors[None])[0, :, 1:] - prediction[rows, columns]
    known = rows * image.shape[1] + columns
    codebook = colorizer.codebook_
    mean = probabilities @ codebook
    deviation = np.sqrt((probabilities @ codebook**2 - mean**2).sum(axis=-1))
    features = similarity_features(lightness, probabilities, HintSettings())
    prior = kriged(features, deviation, known, residuals)
    chroma = prediction + np.moveaxis(propagated(lightness, known, residuals, prior, 0.03), 0, -1)
    expected = srgb_of(np.concatenate([lightness[..., None], chroma], axis=-1)) * 255
    assert np.abs(colorizer.colorize(image, hints=hints) - expected).max() < 1


def test_planes_are_enlarged_by_a_guided_filter():
    rng = np.random.default_rng(0)
    image = rng.integers(60, 100, (40, 60)).astype(np.uint8)
    plane = HintPlane(image, PaintingSettings(hints=HintSettings(working_size=20)))
    assert plane.shape == (16, 24)
    values, lightness = rng.normal(0, 20, (2, 16, 24)).astype(np.float32), image_lightness(image)
    found = plane.enlarged(values).block(Block(range(40), range(60)), lightness)
    known = [np.arange(n) for n in plane.shape]
    wanted = [(np.arange(n) + 0.5) * 0.4 - 0.5 for n in image.shape]
    for enlarged, small in zip(found, values, strict=True):
        coefficients = np.moveaxis(coefficients_by_the_book(plane.lightness / 100, small, 2), -1, 0)
        down = np.array(
            [[np.interp(wanted[0], known[0], column) for column in one.T] for one in coefficients]
        )
        slope, intercept = (
            np.array([np.interp(wanted[1], known[1], row) for row in one]) for one in np.moveaxis(down, 2, 1)
        )
        assert_allclose(enlarged, slope * lightness / 100 + intercept, atol=1e-3)


def test_hints_of_a_preview_stay_where_they_are(photos):
    colorizer = small_colorizer().fit(photos)
    # 40 x 60 pixels, shown in 20 x 30
    hints = [(30, 50, (255, 0, 0)), (4, 10, (0, 0, 255))]
    shown = colorizer.alternatives(grey_of(photos[0]), 2, hints=hints, max_size=30)
    assert shown.shape == (2, 20, 30, 3)
    for image in shown:
        red, blue = image[15, 25].astype(int), image[2, 5].astype(int)
        assert red[0] - red[2] > 60
        assert blue[2] - blue[0] > 30


# How far a hint reaches, and how vivid the rest is.


def test_beyond_its_reach_a_hint_changes_nothing(photos, colorizer):
    grey = grey_of(photos[0])
    hints = [(20, 10, "red")]
    plain, near, everywhere = (
        colorizer.colorize(grey, **options).astype(int)
        for options in ({}, {"hints": hints, "hint_reach": 0.2}, {"hints": hints})
    )
    rows, columns = np.indices(grey.shape)
    distance = np.hypot(rows - 20, columns - 10) / np.hypot(*grey.shape)
    # enlarging and rounding
    assert np.abs(near - plain)[distance > 0.21].max() <= 1
    assert np.abs(everywhere - plain)[distance > 0.3].max() > 5
    assert_array_equal(near[20, 10], everywhere[20, 10])
    # unchanged up to half of it
    assert_allclose(near[distance < 0.09], everywhere[distance < 0.09], atol=1)
    between = np.abs(near - plain).sum(axis=-1)[(distance > 0.12) & (distance < 0.18)].mean()
    assert 0 < between < np.abs(everywhere - plain).sum(axis=-1)[(distance > 0.12) & (distance < 0.18)].mean()


def test_each_hint_has_its_own_reach(photos, colorizer):
    grey = grey_of(photos[0])
    options = {"hints": [(5, 5, "red"), (35, 55, "blue")], "hint_reach": 0.15}
    changed = np.abs(colorizer.colorize(grey, **options).astype(int) - colorizer.colorize(grey)).sum(axis=-1)
    assert changed[5, 5] > 20
    assert changed[35, 55] > 20
    assert changed[18:22, 28:32].max() <= 1


@pytest.mark.parametrize("value", [0, -1])
def test_a_reach_is_positive(photos, colorizer, value):
    with pytest.raises(ValueError, match="hint_reach"):
        colorizer.colorize(photos[0], hints=[(0, 0, "red")], hint_reach=value)


@pytest.mark.parametrize("working_size", [None, 48])
def test_saturation_multiplies_the_predicted_chroma(photos, working_size):
    colorizer = small_colorizer(working_size=working_size).fit(photos)
    # mid-grey, where sRGB has the chroma
    grey = np.clip(grey_of(photos[0]), 90, 160)
    chroma = colorizer.predict_chroma([grey])[0]
    for factor in (0, 0.5, 1, 1.3):
        painted = rgb2luv(colorizer.colorize(grey, saturation=factor))
        assert_allclose(painted[..., 1:], factor * chroma, atol=1.5)
        assert_allclose(painted[..., 0], image_lightness(grey), atol=0.5)
    hinted = colorizer.colorize(grey, hints=[(3, 4, (180, 100, 90))], saturation=0)
    # a hint is what it says
    assert np.ptp(hinted[3, 4]) > 40
    with pytest.raises(ValueError, match="saturation"):
        colorizer.colorize(grey, saturation=-0.1)


def test_saturation_of_winners(photos, colorizer):
    # temperature 0 without smoothing has a path of its own
    grey = grey_of(photos[0])
    assert_array_equal(colorizer.colorize(grey, saturation=0), np.repeat(grey[..., None], 3, axis=-1))


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [(2, 5, (0, 0)), (17, 24, (15, 19)), (1, 9, None), (9, 4, None), (18, 9, None), (9, 25, None)],
)
def test_hints_within_a_part_of_the_image(row, column, expected):
    hints = parse_hints([(9, 9, "red"), (row, column, "blue")], np.zeros((20, 30), np.uint8))
    inner = hints.within((slice(2, 18), slice(5, 25)))
    if expected is None:
        assert inner is None
    else:
        assert_array_equal(np.column_stack([inner.rows, inner.columns]), [(7, 4), expected])
        assert_array_equal(inner.chroma, hints.chroma)


def test_hints_at_the_corners_of_blocks_are_exact(photos):
    # blocks of 40 x 128 pixels, and hints in their first rows and columns
    grey = np.full((40, 512), 128, np.uint8)
    colors = {0: (150, 120, 110), 1: (110, 130, 150)}
    hints = [(row, column, color) for row, color in colors.items() for column in (0, 127, 128, 511)]
    colorizer = small_colorizer(working_size=48).fit(photos)
    # the plane of hints is smaller than the image, so only the hinted pixels themselves are exact
    colorizer._painting = PaintingSettings(block_pixels=5120, hints=HintSettings(working_size=32))
    painted = rgb2luv(colorizer.colorize(grey, hints=hints))[..., 1:]
    for row, column, color in hints:
        assert_allclose(painted[row, column], rgb2luv(np.uint8([[color]]))[0, 0, 1:], atol=0.7)
