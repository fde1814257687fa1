"""Film: colours follow the motion, start again at cuts, and are exact at key frames; the script for files."""

import pickle
import struct
import sys
import tracemalloc
import warnings
from fractions import Fraction
from itertools import islice
from types import GeneratorType

import av
import joblib
import numpy as np
import pytest
from conftest import SCRIPT, quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.color import luv2rgb, rgb2luv

from nncolor import SOMColorizer, find_shots, to_gray
from nncolor._images.color import join_lightness_chroma
from nncolor._painting.film import KeyFrames
from nncolor._painting.flow import tv_l1_flow
from nncolor._painting.grid import PredictedFilm
from nncolor._painting.motion import FrameView, Motion, is_cut, motion_between
from nncolor._painting.settings import FillSettings, FilmSettings, PaintingSettings
from nncolor._painting.tracking import KeyFrame, Track
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000

# motion on a grid of a quarter of the pixels takes a quarter of the time, and so does a small forest
SETTINGS = FilmSettings(match_size=96, fill=FillSettings(n_trees=5))


def quick(**params):
    colorizer = quick_colorizer(
        **{"working_size": 128, "temperature": 0.7, "smoothing_radius": 8, "pixels_per_image": 1000, **params}
    )
    colorizer._painting = PaintingSettings(film=SETTINGS)
    return colorizer


def pan(name, n_frames, step=3, size=(96, 128)):
    """Frames of a camera that moves to the right over a photograph."""
    photos = load_sample_photos()
    photo = photos.images[photos.names.index(name)][::2, ::2]
    height, width = size
    return [
        np.ascontiguousarray(photo[40 : 40 + height, step * n : step * n + width]) for n in range(n_frames)
    ]


@pytest.fixture(scope="module")
def coffee():
    return pan("coffee", 16)


@pytest.fixture(scope="module")
def colorizer(coffee):
    """Knows the lightness of the film, and another photograph's colours."""
    luv = rgb2luv(coffee[0])
    luv[..., 1:] = luv[..., [2, 1]] * [-0.5, 0.3]
    return quick().fit([np.clip(luv2rgb(luv), 0, 1)])


def error(truth, colored, but=()):
    pairs = [pair for number, pair in enumerate(zip(truth, colored, strict=True)) if number not in but]
    return mean_ciede2000(*map(list, zip(*pairs, strict=True)))


def test_key_frames_are_exact_and_carried_to_both_sides(coffee, colorizer):
    greys = [to_gray(frame) for frame in coffee]
    plain = list(colorizer.colorize_film(greys))
    keyed = list(colorizer.colorize_film(greys, keyframes={8: coffee[8]}))
    assert len(plain) == len(keyed) == len(coffee)
    assert_array_equal(keyed[8], coffee[8])
    # the neighbours are nearly as good, on either side
    for number in (5, 6, 7, 9, 10, 11):
        assert error([coffee[number]], [keyed[number]]) < 0.5 * error([coffee[number]], [plain[number]])
    assert error(coffee, keyed) < 0.6 * error(coffee, plain)


def test_key_frames_do_not_cross_a_cut(coffee, colorizer):
    bunny = pan("chelsea", 3)
    frames = [to_gray(frame) for frame in [*coffee[:4], *bunny]]
    plain = list(colorizer.colorize_film(frames))
    forwards = list(colorizer.colorize_film(frames, keyframes={2: coffee[2]}))
    backwards = list(colorizer.colorize_film(frames, keyframes={5: bunny[1]}))
    assert_array_equal(forwards[4:], plain[4:])
    assert_array_equal(backwards[:4], plain[:4])
    for keyed, numbers in ((forwards, (0, 1, 3)), (backwards, (4, 6))):
        for number in numbers:
            assert not np.array_equal(keyed[number], plain[number])
    # the first frame of a shot is that of a film of its own, and about that of predict
    assert_array_equal(plain[4], next(colorizer.colorize_film(frames[4:])))
    assert mean_ciede2000([plain[4]], colorizer.predict([frames[4]])) < 2


@pytest.mark.parametrize("noise", [False, True])
def test_cuts_are_found_at_their_frames(colorizer, noise):
    shots = [pan("coffee", 5), pan("chelsea", 5), pan("astronaut", 5)]
    rng = np.random.default_rng(0)
    greys = [to_gray(frame) for shot in shots for frame in shot]
    if noise:
        lit = [np.clip(grey * (1 + 0.1 * rng.standard_normal()), 0, 255) for grey in greys]
        greys = [np.clip(grey + 5 * rng.standard_normal(grey.shape), 0, 255).astype(np.uint8) for grey in lit]
    plain = list(colorizer.colorize_film(greys))
    for shot, (first, last) in enumerate([(0, 4), (5, 9), (10, 14)]):
        middle = first + 2
        keyed = colorizer.colorize_film(greys, keyframes={middle: shots[shot][2]})
        changed = [
            number
            for number, (image, other) in enumerate(zip(keyed, plain, strict=True))
            if not np.array_equal(image, other)
        ]
        assert changed == list(range(first, last + 1))


def test_lamp_and_grain_flicker_less(coffee):
    colorizer = SOMColorizer(working_size=128, random_state=0).fit(coffee[::8])
    rng = np.random.default_rng(0)
    still = [to_gray(coffee[0])] * 12
    frames = [
        np.clip(grey * (1 + 0.1 * rng.standard_normal()) + 6 * rng.standard_normal(grey.shape), 0, 255)
        for grey in still
    ]
    frames = [frame.astype(np.uint8) for frame in frames]

    def flicker(colored):
        chroma = np.array([rgb2luv(image)[..., 1:] for image in colored])
        # in the dark, the chroma that sRGB has follows the noise of the lightness
        return np.abs(np.diff(chroma[4:], axis=0))[:, still[0] > 80].mean()

    assert flicker(list(colorizer.colorize_film(frames))) < 0.55 * flicker(colorizer.predict(frames))


@pytest.mark.parametrize("params", [{}, {"working_size": None}, {"smoothing_radius": 0}, {"temperature": 0}])
def test_same_bytes_for_any_n_jobs(coffee, params):
    colorizer = quick(**params).fit(coffee[:1])
    films = [
        list(
            colorizer.set_params(n_jobs=n_jobs).colorize_film(
                map(to_gray, coffee[:5]), keyframes={3: coffee[3]}
            )
        )
        for n_jobs in (1, 2)
    ]
    assert_array_equal(*films)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_dtypes_and_paths(coffee, colorizer, dtype, tmp_path):
    scale = {"uint8": 1, "uint16": 257}.get(dtype, 1 / 255)
    frames = [(to_gray(frame) * np.float64(scale)).astype(dtype) for frame in coffee[:3]]
    Image.fromarray(coffee[1]).save(tmp_path / "1.png")
    colored = list(colorizer.colorize_film(frames, keyframes={1: tmp_path / "1.png"}))
    assert {image.dtype for image in colored} == {np.dtype(dtype)}
    assert_allclose(colored[1], coffee[1] * np.float64(scale), rtol=1e-6)
    if dtype == "uint8":
        for number, frame in enumerate(frames):
            Image.fromarray(frame).save(tmp_path / f"grey{number}.png")
        again = colorizer.colorize_film(sorted(tmp_path.glob("grey*.png")), keyframes={1: coffee[1]})
        assert_array_equal(list(again), colored)
        transparent = np.dstack([coffee[1], coffee[1][..., 0]])
        assert_array_equal(list(colorizer.colorize_film(frames, keyframes={1: transparent})), colored)


def test_the_tint_is_that_of_the_key_frames(coffee):
    photos = load_sample_photos().images
    colorizer = quick(tint_share=0.5).fit([photo[::4, ::4] for photo in photos])
    greys = [to_gray(frame) for frame in coffee[:3]]
    tint = rgb2luv(coffee[2])[..., 1:].mean(axis=(0, 1))
    # a key frame beyond the film gives its tint alone
    with pytest.warns(
        UserWarning, match="Key frame 9 lies beyond the end of the film, which has 3"
    ) as record:
        by_key = list(colorizer.colorize_film(greys, keyframes={9: coffee[2]}))
    assert record[0].filename == __file__
    assert_allclose(by_key, list(colorizer.colorize_film(greys, tint=tint)), atol=1)
    plain = colorizer.predict(greys[:1])
    assert mean_ciede2000(by_key[:1], plain) > 3
    # the network follows the tint
    distances = [
        np.linalg.norm(rgb2luv(picture)[..., 1:].mean(axis=(0, 1)) - tint)
        for picture in (by_key[0], plain[0])
    ]
    assert distances[0] < distances[1]
    with pytest.warns(UserWarning, match=r"\(150, 100\) is far") as record:
        colorizer.colorize_film(greys, tint=(150, 100))
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    ("frames", "keyframes", "match"),
    [
        (
            [np.zeros((8, 9)), np.zeros((9, 8))],
            {},
            "frame 1 has 9 x 8 pixels, and the frames of the film have 8 x 9",
        ),
        ([np.zeros((8, 9))] * 2, {1: np.eye(3)[[[0, 1]]]}, "key frame 1 has 1 x 2 pixels"),
        ([np.zeros((8, 9)), np.full((8, 9), np.nan)], {}, "frame 1 contains NaN"),
        ([np.zeros((8, 9))], {0: np.zeros((8, 9))}, "key frame 0 is grey"),
        ([np.zeros((8, 9))], {-1: np.zeros((8, 9, 3))}, "The number of a key frame"),
    ],
)
def test_what_is_wrong_is_named(colorizer, frames, keyframes, match):
    with pytest.raises(ValueError, match=match):
        list(colorizer.colorize_film(frames, keyframes=keyframes))


def test_black_frames(colorizer):
    frames = [np.zeros((30, 40), np.uint8)] * 3 + [np.full((30, 40), 128, np.uint8)] * 2
    with pytest.warns(UserWarning, match="Key frame 1: all pixels are grey"):
        colored = list(colorizer.colorize_film(frames, keyframes={1: np.zeros((30, 40, 3), np.uint8)}))
    assert len(colored) == 5


def test_a_key_frame_without_colour(colorizer, coffee):
    greys = [to_gray(frame) for frame in coffee[:2]]
    with pytest.warns(UserWarning, match="Key frame 1: all pixels are grey") as record:
        colored = list(colorizer.colorize_film(greys, keyframes={1: np.dstack([greys[1]] * 3)}))
    assert record[0].filename == __file__
    assert np.ptp(colored[0].astype(int), axis=-1).mean() < 3


def test_key_frames_without_numbers(colorizer, coffee):
    with pytest.raises(TypeError, match="keyframes is a list. Pass a dict from frame number to colour image"):
        colorizer.colorize_film([to_gray(coffee[0])], keyframes=[coffee[0]])


def test_frames_are_taken_when_they_are_needed(colorizer, coffee):
    taken = []
    frames = (taken.append(number) or to_gray(coffee[0]) for number in range(100))
    colored = colorizer.colorize_film(frames)
    assert isinstance(colored, GeneratorType)
    assert taken == []
    next(colored)
    assert taken == [0]
    # a key frame that is far away is not waited for
    taken.clear()
    frames = (taken.append(number) or to_gray(coffee[0]) for number in range(100))
    next(colorizer.colorize_film(frames, keyframes={90: coffee[0]}))
    assert taken == [0]
    taken.clear()
    next(colorizer.colorize_film(frames, keyframes={10: coffee[0]}))
    assert len(taken) == 11


@pytest.mark.parametrize(("number", "n_taken"), [(1, 2), (60, 61), (61, 1)])
def test_how_many_frames_are_held(colorizer, coffee, monkeypatch, number, n_taken):
    monkeypatch.setattr(colorizer, "_painting", PaintingSettings(film=FilmSettings(match_size=32)))
    taken, grey = [], to_gray(coffee[0])[:40, :40]
    frames = (taken.append(number) or grey for number in range(70))
    next(colorizer.colorize_film(frames, keyframes={number: coffee[0][:40, :40]}))
    assert len(taken) == n_taken


# --- motion, tracks and means by hand


def texture(shape=(96, 96), seed=0, sigma=3):
    """Lightness with details of a given size, mean 50 and standard deviation 10."""
    plane = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma, mode="wrap")
    return (50 + 10 * (plane - plane.mean()) / plane.std()).astype(np.float32)


def grey_of(lightness, dtype=np.float32):
    return join_lightness_chroma(lightness, np.zeros((*lightness.shape, 2), np.float32), dtype)[..., 0]


def view_of(lightness):
    return FrameView(grey_of(lightness), SETTINGS, 1)


def test_the_flow_is_the_displacement():
    one = texture() / 50
    other = np.roll(one, (2, -3), axis=(0, 1))
    flow = tv_l1_flow(one, other, np.zeros((2, 96, 96), np.float32), 15, 3, 2, SETTINGS.flow)
    inner = (slice(None), slice(15, -15), slice(15, -15))
    assert flow.dtype == np.float32
    assert_allclose(flow[inner].mean(axis=(1, 2)), [2, -3], atol=0.1)
    # a first guess takes it beyond what the levels find, and is refined
    far = np.roll(one, (0, 30), axis=(0, 1))
    guess = np.zeros((2, 96, 96), np.float32)
    guess[1] = 29
    flow = tv_l1_flow(one, far, guess, 30, 2, 1, SETTINGS.flow)
    assert_allclose(flow[:, 15:-15, 15:50].mean(axis=(1, 2)), [0, 30], atol=0.1)
    # equal planes leave the guess of zero as it is
    assert_array_equal(tv_l1_flow(one, one, 0 * guess, 15, 1, 2, SETTINGS.flow), 0)


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (2, 2), (17, 31)])
def test_the_flow_of_small_planes(shape):
    plane = texture(shape, sigma=1)
    flow = tv_l1_flow(plane, plane, np.zeros((2, *shape), np.float32), 15, 1, 1, SETTINGS.flow)
    assert flow.shape == (2, *shape)
    assert np.isfinite(flow).all()


def test_a_lamp_changes_no_pattern():
    # standardized, with a constant of 1 L* that keeps grain from being amplified
    lightness = texture()
    for lamp in (1, 0.5):
        pattern = view_of(lamp * lightness).pattern
        expected = 0.2 * lamp * (lightness - lightness.mean()) / (lamp * lightness.std() + 1)
        assert_allclose(pattern, expected, atol=1e-3)


@pytest.mark.parametrize(("contrast", "grain", "is_blank"), [(0.4, 0, 1), (0.6, 0, 0), (0, 2, 1), (2, 2, 0)])
def test_a_blank_frame_has_grain_at_most(contrast, grain, is_blank):
    rng = np.random.default_rng(0)
    slope = contrast * np.linspace(-1.73, 1.73, 96)[:, None]
    lightness = 20 + slope + grain * rng.standard_normal((96, 96))
    assert view_of(lightness.astype(np.float32)).is_blank == is_blank


def test_the_motion_between_frames():
    lightness = texture()
    view, moved = view_of(lightness), view_of(np.roll(lightness, 3, axis=1))
    motion = motion_between(view, moved, SETTINGS)
    assert_allclose(np.median(motion.flow[1]), 3, atol=0.1)
    assert motion.agreement[15:-15, 15:-15].min() > 0.5
    assert not is_cut(view, moved, SETTINGS)
    # what covers a part does not agree
    covered = np.roll(lightness, 3, axis=1)
    covered[40:60, 40:60] = texture((20, 20), seed=1)
    agreement = motion_between(view, view_of(covered), SETTINGS).agreement
    assert agreement[45:55, 40:50].mean() < 0.3 < 0.7 < agreement[10:30, 10:80].mean()


def test_cuts_and_blank_frames_have_no_motion():
    one, other = (FrameView(to_gray(pan(name, 1)[0]), SETTINGS, 1) for name in ("coffee", "chelsea"))
    blank = FrameView(np.full((96, 128), 10, np.uint8), SETTINGS, 1)
    for pair in ((one, other), (one, blank), (blank, one), (blank, blank)):
        assert motion_between(*pair, SETTINGS) is None
        assert is_cut(*pair, SETTINGS)
    assert not is_cut(one, one, SETTINGS)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "astronaut"])
def test_the_flow_does_not_hide_a_cut(name):
    """A flow can make one photograph like another, but not its details."""
    views = [
        FrameView(to_gray(pan(other, 1)[0]), SETTINGS, 1) for other in ("coffee", "chelsea", "astronaut")
    ]
    view = FrameView(to_gray(pan(name, 2)[1]), SETTINGS, 1)
    cuts = [is_cut(view, other, SETTINGS) for other in views]
    assert cuts == [other != name for other in ("coffee", "chelsea", "astronaut")]


def key_of(lightness):
    """A key frame whose u* grows with the row, and whose v* grows with the column."""
    rows, columns = np.indices(lightness.shape)
    chroma = np.stack([rows, columns], axis=-1) * np.float32(0.2)
    return KeyFrame(view_of(lightness), join_lightness_chroma(lightness, chroma, np.float32), SETTINGS)


def test_a_track_neither_drifts_nor_breaks():
    wide = texture((96, 200))
    key, step = key_of(wide[:, :96]), 3
    track, before = Track(key), key.view
    for number in range(1, 17):
        view = view_of(np.ascontiguousarray(wide[:, step * number : step * number + 96]))
        look = track.advance(view, motion_between(view, before, SETTINGS).flow)
        before = view
    # 48 pixels to the left of the frame are the right half of the key frame
    seen = (slice(10, -10), slice(5, 40))
    assert_allclose(look.displacement[1][seen], 48, atol=0.7)
    assert_allclose(look.displacement[0][seen], 0, atol=0.7)
    assert look.weight[seen].min() > 0.5
    assert look.weight[:, -20:].mean() < look.weight[seen].mean() - 0.2


def test_what_does_not_move_stays_in_its_place():
    rng, lightness = np.random.default_rng(0), texture()
    key = key_of(lightness)
    track, before = Track(key), key.view
    for _ in range(5):
        grain = rng.standard_normal((96, 96)).astype(np.float32)
        view = view_of(lightness + grain)
        look = track.advance(view, motion_between(view, before, SETTINGS).flow)
        before = view
    assert np.abs(look.displacement).mean() < 0.05
    assert look.weight.min() > 0.3


def test_the_model_of_a_key_frame_knows_its_colours():
    key = key_of(texture())
    found = key.model.predict(key.view.pattern, np.indices((96, 96), np.float32))
    step = SETTINGS.fill.step
    assert found.shape == (2, 48, 48)
    assert np.abs(found - key.grid_chroma[:, ::step, ::step]).mean() < 0.1 * key.grid_chroma.std()


class Predicted:
    """Stands for FilmGrid: a prediction for each frame in turn, and no enlarging."""

    def __init__(self, *values):
        self.values = iter(values)

    def predict(self, image):
        return image, np.full((2, 12, 16), next(self.values), np.float32)

    def enlarged(self, lightness, chroma, shape):
        return chroma


def test_predictions_are_averaged_where_the_frames_agree():
    agreement = np.ones((6, 8), np.float32)
    agreement[:, 4:] = 0
    motion = Motion(np.zeros((2, 6, 8), np.float32), agreement)
    film, image = PredictedFilm(Predicted(1, 3, 8, 5)), np.zeros((12, 16))
    assert_allclose(film.advance(image, None), 1)
    found = film.advance(image, motion)
    assert_allclose(found[:, :, :6], 2)
    assert_allclose(found[:, :, 10:], 3)
    # with every frame the weight grows by one
    assert_allclose(film.advance(image, motion)[:, :, :6], (1 + 3 + 8) / 3, rtol=1e-6)
    assert_allclose(film.advance(image, None), 5)


def test_predictions_follow_the_motion():
    flow = np.zeros((2, 6, 8), np.float32)
    flow[1] = 2  # 4 pixels of the grid of the prediction
    film = PredictedFilm(Predicted(0, 0))
    film.advance(np.zeros((12, 16)), None)
    film.chroma[0] = np.arange(16)
    found = film.advance(np.zeros((12, 16)), Motion(flow, np.ones((6, 8), np.float32)))
    assert_allclose(found[0, :, :12], np.broadcast_to(np.arange(4, 16) / 2, (12, 12)))


# --- key frames


def test_the_details_of_a_key_frame_are_kept(colorizer):
    """Where nothing moves: colours of single pixels, which no coarse grid has."""
    rng = np.random.default_rng(0)
    lightness = texture((96, 128))
    color = join_lightness_chroma(lightness, 15 * rng.standard_normal((96, 128, 2)), np.uint8)
    colored = list(colorizer.colorize_film([to_gray(color)] * 4, keyframes={0: color}))
    for image in colored[1:]:
        assert np.abs(image.astype(int) - color).mean() < 0.5


def test_with_a_key_frame_the_colorizer_does_not_matter(coffee, colorizer):
    greys = [to_gray(frame) for frame in coffee[:4]]
    other = quick().fit([pan("chelsea", 1)[0]])
    for keyframes in ({1: coffee[1]}, {0: coffee[0], 3: coffee[3]}):
        films = [list(model.colorize_film(greys, keyframes=keyframes)) for model in (colorizer, other)]
        assert_array_equal(*films)


def test_colours_are_carried_back_as_they_are_carried_on(coffee, colorizer):
    """The frames before a key frame are coloured much as those after it, in the film run backwards."""
    greys = [to_gray(frame) for frame in coffee[:6]]
    back = list(colorizer.colorize_film(greys, keyframes={5: coffee[5]}))
    on = list(colorizer.colorize_film(greys[::-1], keyframes={0: coffee[5]}))
    # they differ in the order in which their colours are averaged along the motion
    for one, other in zip(back, on[::-1], strict=True):
        assert np.abs(one.astype(int) - other).mean() < 1.5
    assert error(coffee[:5], back[:5]) < 2


def test_key_frames_dissolve_into_each_other(coffee, colorizer):
    greys = [to_gray(coffee[0])] * 7
    luv = rgb2luv(coffee[0])
    red, blue = (np.dstack([luv[..., 0], np.full((96, 128, 2), tint)]) for tint in ((20, 0), (-10, -20)))
    keyframes = {number: np.clip(luv2rgb(image), 0, 1) for number, image in ((0, red), (6, blue))}
    colored = list(colorizer.colorize_film(greys, keyframes=keyframes))
    u = [rgb2luv(image)[..., 1].mean() for image in colored]
    assert (np.diff(u) < 0.01).all()
    assert np.diff(u).min() > 0.5 * (u[-1] - u[0])


def test_the_colours_of_a_late_key_frame_come_in_gradually(coffee, colorizer, monkeypatch):
    settings = PaintingSettings(film=FilmSettings(match_size=96, ahead=6))
    monkeypatch.setattr(colorizer, "_painting", settings)
    greys = [to_gray(coffee[0])] * 12
    plain = list(colorizer.colorize_film(greys))
    keyed = list(colorizer.colorize_film(greys, keyframes={10: coffee[0]}))
    assert_array_equal(keyed[:4], plain[:4])
    errors = [error([coffee[0]], [image]) for image in keyed[3:11]]
    assert (np.diff(errors) < 0.1).all()
    assert errors[4] < 0.8 * errors[0]
    # in seven steps
    assert np.diff(errors).min() > -0.3 * errors[0]


def test_key_frames_are_read_when_their_frame_comes(coffee, colorizer, tmp_path, monkeypatch):
    greys, keyframes = [to_gray(frame) for frame in coffee[:6]], {}
    for number in (1, 4):
        keyframes[number] = tmp_path / f"{number}.png"
        Image.fromarray(coffee[number]).save(keyframes[number])
    colored = colorizer.colorize_film(greys, keyframes=keyframes)
    assert_array_equal([next(colored) for _ in range(2)][1], coffee[1])
    Image.fromarray(coffee[4][:50]).save(keyframes[4])
    with pytest.raises(ValueError, match="key frame 4 has 50 x 128 pixels"):
        list(colored)


@pytest.mark.parametrize("picture", ["chelsea", "noise"])
def test_a_key_frame_of_another_picture_is_named(coffee, colorizer, picture):
    other = pan("chelsea", 1)[0]
    if picture == "noise":
        other = np.random.default_rng(0).integers(0, 255, other.shape, dtype=np.uint8)
    with pytest.warns(UserWarning, match="Key frame 1 does not show what frame 1") as record:
        list(colorizer.colorize_film([to_gray(frame) for frame in coffee[:3]], keyframes={1: other}))
    assert record[0].filename == __file__


# --- shots


def test_the_shots_of_a_film(coffee):
    frames = [to_gray(frame) for frame in [*coffee[:5], *pan("chelsea", 3), *pan("astronaut", 4)]]
    assert find_shots(frames) == [range(5), range(5, 8), range(8, 12)]
    assert find_shots(frames[:1]) == [range(1)]
    assert find_shots(iter([])) == []
    assert find_shots(frame for frame in frames[:6]) == [range(5), range(5, 6)]


def test_a_fade_to_black_ends_a_shot(coffee):
    rng = np.random.default_rng(0)
    fade = [coffee[0] * share for share in (1, 1, 0.7, 0.4, 0.1, 0, 0, 0, 0.2, 0.6, 1)]
    noisy = [
        np.clip(to_gray(frame.astype(np.uint8)) + rng.integers(0, 4, (96, 128)), 0, 255) for frame in fade
    ]
    assert find_shots([frame.astype(np.uint8) for frame in noisy]) == [range(8), range(8, 11)]


def test_the_frames_of_shots_are_checked(coffee):
    with pytest.raises(ValueError, match="frame 1 has 50 x 128 pixels"):
        find_shots([coffee[0], coffee[0][:50]])
    with pytest.raises(ValueError, match="got the path 'film.mp4'"):
        find_shots("film.mp4")


def test_memory_is_flat(colorizer, coffee, monkeypatch):
    settings = PaintingSettings(film=FilmSettings(match_size=32))
    monkeypatch.setattr(colorizer, "_painting", settings)
    grey = to_gray(coffee[0])
    peaks = []
    for n_frames in (10, 40):
        tracemalloc.start()
        for _ in colorizer.colorize_film((grey for _ in range(n_frames)), keyframes={5: coffee[0]}):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


# --- the script


@pytest.fixture(scope="module")
def film_files():
    import runpy

    return runpy.run_path(str(SCRIPT.with_name("film_files.py")))


@pytest.fixture(scope="module")
def colorize_film():
    import runpy

    with pytest.MonkeyPatch.context() as patch:
        # as for a script that is run: it imports from its neighbour
        patch.syspath_prepend(SCRIPT.parent)
        patch.setattr(SOMColorizer, "_painting", PaintingSettings(film=SETTINGS))
        yield runpy.run_path(str(SCRIPT.with_name("colorize_film.py")))["main"]


def write_film(path, frames, *, sound=True, stamps=None):
    """A grey film of 10 frames a second, with a tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=16000) if sound else None
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.repeat(image[..., None], 3, axis=2), format="rgb24")
            frame.pts = number if stamps is None else stamps[number]
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound:
            tone = (8000 * np.sin(np.arange(16000) * 0.2)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16000, 0
            for resampled in av.AudioResampler("fltp", "mono", 16000, 1024).resample(frame):
                container.mux(audio.encode(resampled))
            container.mux(audio.encode(None))


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def seconds(path):
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


@pytest.fixture
def keyed(tmp_path, coffee):
    folder = tmp_path / "keyframes"
    folder.mkdir()
    for number in (0, 5):
        Image.fromarray(coffee[number]).save(folder / f"{number:06}.png")
    return folder


def test_a_film_is_coloured(tmp_path, coffee, keyed, colorize_film, colorizer, capsys):
    source, output, model = tmp_path / "film.mp4", tmp_path / "coloured.mp4", tmp_path / "model.joblib"
    stamps = [0, 1, 2, 4, 5, 7, 8, 9, 11, 12]
    write_film(source, [to_gray(frame) for frame in coffee[:10]], stamps=stamps)
    joblib.dump(colorizer, model)
    arguments = [str(source), str(output), "--keyframes", str(keyed), "--model", str(model)]
    assert colorize_film(arguments) == 0
    assert_allclose(seconds(output), seconds(source), atol=1e-3)
    assert packets(output, "audio") == packets(source, "audio")
    with av.open(str(output)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.abs(frames[5].astype(int) - coffee[5]).mean() < 6
    assert error(coffee[:10], frames) < 8
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coloured.mp4",
        "film.mp4",
        "keyframes",
        "model.joblib",
    ]
    # what is there is not overwritten
    with pytest.raises(SystemExit):
        colorize_film(arguments)
    assert "already a file" in capsys.readouterr().err


def test_one_key_frame_serves(tmp_path, coffee, keyed, colorize_film):
    """A colorizer of a single image has no tint."""
    source, output = tmp_path / "film.mp4", tmp_path / "coloured.mp4"
    write_film(source, [to_gray(frame) for frame in coffee[:4]], sound=False)
    (keyed / "000005.png").unlink()
    assert colorize_film([str(source), str(output), "--keyframes", str(keyed)]) == 0
    with av.open(str(output)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert error(coffee[:4], frames) < 8


def test_frames_are_exported(tmp_path, coffee, colorize_film):
    write_film(tmp_path / "film.mkv", [to_gray(frame) for frame in coffee[:7]], sound=False)
    assert (
        colorize_film([str(tmp_path / "film.mkv"), "--export", str(tmp_path / "frames"), "--every", "3"]) == 0
    )
    exported = sorted((tmp_path / "frames").iterdir())
    assert [path.name for path in exported] == ["000000.png", "000003.png", "000006.png"]
    shown = np.asarray(Image.open(exported[1])).astype(int)
    assert np.abs(shown[..., 1] - to_gray(coffee[3])).mean() < 4


def test_a_rotated_film_is_turned_upright(tmp_path, coffee, colorize_film, keyed, colorizer):
    """The matrix in the header of the track turns what is shown by 90 degrees clockwise."""
    source, model = tmp_path / "film.mp4", tmp_path / "model.joblib"
    write_film(source, [to_gray(frame) for frame in coffee[:2]], sound=False)
    content = source.read_bytes()
    matrix = content.index(b"tkhd") + 44
    height, width = coffee[0].shape[:2]
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, height << 16, 0, 1 << 30)
    assert struct.unpack(">9i", content[matrix : matrix + 36]) == (
        1 << 16,
        0,
        0,
        0,
        1 << 16,
        0,
        0,
        0,
        1 << 30,
    )
    source.write_bytes(content[:matrix] + turned + content[matrix + 36 :])
    assert colorize_film([str(source), "--export", str(tmp_path / "frames"), "--every", "1"]) == 0
    shown = np.asarray(Image.open(tmp_path / "frames" / "000000.png")).astype(int)
    assert np.abs(shown[..., 1] - np.rot90(to_gray(coffee[0]), -1)).mean() < 4
    joblib.dump(colorizer, model)
    assert colorize_film([str(source), str(tmp_path / "coloured.mp4"), "--model", str(model)]) == 0
    with av.open(str(tmp_path / "coloured.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (height, width, 0)


@pytest.mark.parametrize("content", [b"no model", pickle.dumps([1, 2]), pickle.dumps(SOMColorizer())])
def test_an_invalid_model_is_named(tmp_path, coffee, colorize_film, content, capsys):
    write_film(tmp_path / "film.mp4", [to_gray(coffee[0])], sound=False)
    (tmp_path / "model").write_bytes(content)
    arguments = [tmp_path / "film.mp4", tmp_path / "out.mp4", "--model", tmp_path / "model"]
    assert colorize_film(list(map(str, arguments))) == 1
    assert f"the model {tmp_path / 'model'}" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("problem", ["missing", "no film", "name", "twice", "size"])
def test_the_script_names_what_is_wrong(tmp_path, coffee, keyed, colorize_film, problem, capsys):
    source, output = tmp_path / "film.mp4", tmp_path / "coloured.mp4"
    write_film(source, [to_gray(frame) for frame in coffee[:6]], sound=False)
    if problem == "missing":
        source.unlink()
    elif problem == "no film":
        source.write_bytes(b"no film")
    elif problem == "name":
        Image.fromarray(coffee[0]).save(keyed / "first.png")
    elif problem == "twice":
        Image.fromarray(coffee[0]).save(keyed / "5.png")
    else:
        Image.fromarray(coffee[0][:50]).save(keyed / "000003.png")
    assert colorize_film([str(source), str(output), "--keyframes", str(keyed)]) == 1
    expected = {
        "missing": "film.mp4",
        "no film": "film.mp4",
        "name": "not named by the number of its frame, counted from 0",
        "twice": "two key frames 5",
        "size": "key frame 3 has 50 x 128 pixels",
    }
    assert expected[problem] in capsys.readouterr().err
    assert not output.exists()
    assert not list(tmp_path.glob(".*"))


def test_ctrl_c_leaves_nothing(tmp_path, coffee, keyed, colorize_film, colorizer, monkeypatch):
    source, output = tmp_path / "film.mp4", tmp_path / "coloured.mp4"
    write_film(source, [to_gray(frame) for frame in coffee[:6]])
    joblib.dump(colorizer, tmp_path / "model.joblib")

    def interrupted(self, frames, **options):
        yield from (np.dstack([to_gray(frame)] * 3) for frame in islice(frames, 2))
        raise KeyboardInterrupt

    monkeypatch.setattr(SOMColorizer, "colorize_film", interrupted)
    with pytest.raises(KeyboardInterrupt):
        colorize_film([str(source), str(output), "--model", str(tmp_path / "model.joblib")])
    assert not output.exists()
    assert not list(tmp_path.glob(".*"))


def test_the_script_wants_arguments_that_fit(colorize_film, tmp_path):
    for arguments in (
        [],
        ["a.mp4"],
        ["a.mp4", "b.mp4"],
        ["a.mp4", "--export", "x", "--every", "0"],
        ["a.mp4", "--export", "x", "--keyframes", "y"],
        ["a.mp4", "b.mp4", "--shots"],
    ):
        with warnings.catch_warnings(), pytest.raises(SystemExit) as caught:
            colorize_film(arguments)
        assert caught.value.code == 2


# --- kinds of files


@pytest.fixture
def model(tmp_path, colorizer):
    joblib.dump(colorizer, tmp_path / "model.joblib")
    return tmp_path / "model.joblib"


def encode(path, frames, pix_fmt="yuv420p", *, codec="libx264", format=None, options=None, **tags):
    """A film of 10 frames a second of RGB frames; tags are those of the codec context."""
    with av.open(str(path), "w", format=format) as container:
        video = container.add_stream(codec, rate=10, options=options or {})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = pix_fmt
        for name, value in tags.items():
            setattr(video.codec_context, name, value)
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(
                format=pix_fmt, dst_colorspace="ITU709" if tags.get("colorspace") == 1 else None
            )
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def stream_of(path):
    """Codec context, and the decoded frames."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        return video.codec_context, list(container.decode(video))


def rgb_of(frame):
    """RGB of a frame with its own matrix, by the formulas of ITU-R BT.601 and BT.709."""
    planes = frame.reformat(format="yuv444p").to_ndarray().astype(float)
    y, u, v = (planes[0] - 16) / 219, (planes[1] - 128) / 224, (planes[2] - 128) / 224
    red, blue = (0.2126, 0.0722) if frame.colorspace == 1 else (0.299, 0.114)
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return 255 * np.clip(np.stack([r, g, b], axis=-1), 0, 1)


@pytest.fixture(scope="module")
def chart():
    colors = [(255, 255, 255), (0, 0, 0), (128, 128, 128), (180, 60, 50), (60, 140, 70), (60, 80, 160)]
    patches = [np.full((96, 32, 3), color, np.uint8) for color in colors]
    return np.concatenate(patches, axis=1)


@pytest.mark.parametrize("matrix", [1, 6])
def test_a_chart_comes_out_as_it_went_in(tmp_path, chart, colorize_film, model, matrix):
    source, output, folder = tmp_path / "film.mp4", tmp_path / "out.mp4", tmp_path / "keys"
    tags = {"colorspace": matrix, "color_primaries": matrix, "color_trc": matrix, "color_range": 1}
    encode(source, [chart] * 3, **tags)
    folder.mkdir()
    Image.fromarray(chart).save(folder / "ref_000001.png")
    arguments = [source, output, "--keyframes", folder, "--model", model]
    assert colorize_film(list(map(str, arguments))) == 0
    context, frames = stream_of(output)
    assert (context.colorspace, context.color_range, context.color_primaries) == (matrix, 1, matrix)
    for frame in frames:
        assert frame.colorspace == matrix
        assert np.abs(rgb_of(frame) - chart)[10:-10, 16::32].max() <= 3


@pytest.mark.parametrize(
    ("shape", "pix_fmt", "expected"),
    [
        ((720, 1280), "yuv420p", 1),
        ((576, 720), "yuv420p", 5),
        ((96, 128), "yuv420p", 6),
        ((96, 128), "gbrp", 1),
    ],
)
def test_the_matrix_of_films_without_tags(tmp_path, film_files, shape, pix_fmt, expected):
    codec = "libx264rgb" if pix_fmt == "gbrp" else "libx264"
    encode(
        tmp_path / "film.mkv",
        [np.full((*shape, 3), 200, np.uint8)],
        pix_fmt if codec == "libx264" else "rgb24",
        codec=codec,
    )
    reader = film_files["Reader"](tmp_path / "film.mkv")
    (image,) = reader
    assert (reader.picture.matrix, reader.picture.primaries) == (expected, expected)
    assert np.abs(image.astype(int) - 200).max() <= 1


def test_ten_bits_are_kept(tmp_path, colorize_film, film_files, model):
    ramp = np.repeat(np.linspace(0, 255, 128)[None, :, None], 96, axis=0).repeat(3, axis=2).astype(np.uint8)
    encode(tmp_path / "film.mkv", [ramp] * 2, "yuv422p10le", options={"crf": "0"})
    image = next(iter(film_files["Reader"](tmp_path / "film.mkv")))
    assert image.dtype == np.uint16
    assert image.max() == 65535
    assert np.abs(image / 257 - ramp).max() < 1
    arguments = [tmp_path / "film.mkv", tmp_path / "out.mkv", "--model", model]
    assert colorize_film(list(map(str, arguments))) == 0
    context, frames = stream_of(tmp_path / "out.mkv")
    assert context.pix_fmt == "yuv420p10le"
    luma = np.frombuffer(frames[0].planes[0], np.uint16)
    assert luma.max() == pytest.approx(940, abs=2)


def test_the_shape_of_pixels_is_kept(tmp_path, chart, colorize_film, model):
    encode(tmp_path / "film.mp4", [chart], sample_aspect_ratio=Fraction(32, 27))
    arguments = [tmp_path / "film.mp4", tmp_path / "out.mp4", "--model", model]
    assert colorize_film(list(map(str, arguments))) == 0
    assert stream_of(tmp_path / "out.mp4")[0].sample_aspect_ratio == Fraction(32, 27)


@pytest.mark.parametrize(
    ("matrix", "turned"),
    [
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((-1, 0, 0, -1), lambda image: image[::-1, ::-1]),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((0, -1, 1, 0), lambda image: np.rot90(image)),
        ((0, 1, 1, 0), lambda image: image.swapaxes(0, 1)),
        ((0.8, 0.6, -0.6, 0.8), None),
    ],
)
def test_turned_and_mirrored_films(tmp_path, chart, film_files, matrix, turned):
    """x' = a x + c y, y' = b x + d y, in the header of the track."""
    source = tmp_path / "film.mp4"
    encode(source, [chart])
    content = source.read_bytes()
    start = content.index(b"tkhd") + 44
    a, b, c, d = (round(value * 65536) for value in matrix)
    stored = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    source.write_bytes(content[:start] + stored + content[start + 36 :])
    reader = film_files["Reader"](source)
    if turned is None:
        with pytest.raises(ValueError, match="an angle that is not a multiple of 90 degrees"):
            list(reader)
    else:
        assert np.abs(next(iter(reader)).astype(int) - turned(chart)).mean() < 6


def test_films_without_usable_time_stamps(tmp_path, coffee, colorize_film, model):
    """Raw streams have none, AVI has those of packets."""
    encode(tmp_path / "film.h264", coffee[:6], format="h264")
    encode(tmp_path / "film.avi", coffee[:6], options={"bf": "2"})
    for name in ("film.h264", "film.avi"):
        output = tmp_path / f"{name}.mp4"
        assert colorize_film([str(tmp_path / name), str(output), "--model", str(model)]) == 0
        assert_allclose(seconds(output), np.arange(6) / 10, atol=1e-3)


def test_time_stamps_that_jump_back_are_named(tmp_path, coffee, colorize_film, model, capsys):
    encode(tmp_path / "film.ts", coffee[:6])
    content = (tmp_path / "film.ts").read_bytes()
    (tmp_path / "film.ts").write_bytes(content * 2)
    assert colorize_film([str(tmp_path / "film.ts"), str(tmp_path / "out.mp4"), "--model", str(model)]) == 1
    assert "the time stamps of the film jump back at frame" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("kind", ["cut.ts", "cut.mkv", "cut.mp4", "damaged.mkv"])
def test_damaged_films_are_coloured_as_far_as_they_can_be_read(
    tmp_path, coffee, colorize_film, model, kind, capsys
):
    source, output = tmp_path / kind, tmp_path / "out.mkv"
    rng = np.random.default_rng(0)
    frames = [np.clip(coffee[0] + rng.integers(-20, 20, coffee[0].shape), 0, 255).astype(np.uint8)] * 30
    encode(source, frames, options={"movflags": "faststart", "g": "5", "crf": "10"})
    content = source.read_bytes()
    if kind.startswith("cut"):
        source.write_bytes(content[: len(content) * 6 // 10])
    else:
        middle = len(content) // 2
        source.write_bytes(content[:middle] + bytes(3000) + content[middle + 3000 :])
    status = colorize_film([str(source), str(output), "--model", str(model)])
    err = capsys.readouterr().err
    if kind == "cut.mp4" and status == 1:
        # the table of frames is at the end
        assert "moov" in err or "Invalid data" in err
        return
    assert status == 3
    n_frames = len(seconds(output))
    assert f"the film is damaged, and {n_frames} frames of it were read" in err
    assert 5 < n_frames <= 30


@pytest.mark.parametrize(
    ("tags", "match"),
    [({"color_trc": 18}, "HLG"), ({"color_trc": 16}, "PQ"), ({"color_primaries": 9}, "BT.2020")],
)
def test_films_of_a_high_dynamic_range_are_refused(
    tmp_path, chart, colorize_film, model, tags, match, capsys
):
    encode(tmp_path / "film.mkv", [chart], **tags)
    assert colorize_film([str(tmp_path / "film.mkv"), str(tmp_path / "out.mkv"), "--model", str(model)]) == 1
    assert match in capsys.readouterr().err


def test_languages_chapters_and_titles_are_copied(tmp_path, coffee, colorize_film, model, capsys):
    source, text = tmp_path / "film.mkv", tmp_path / "film.srt"
    text.write_text("1\n00:00:00,000 --> 00:00:00,200\nCoffee?\n")
    with av.open(str(source), "w") as container, av.open(str(text)) as subtitles:
        container.metadata["title"] = "Coffee"
        video = container.add_stream("libx264", rate=10)
        video.height, video.width, video.pix_fmt = 96, 128, "yuv420p"
        audio = container.add_stream("aac", rate=16000)
        audio.metadata["language"], audio.disposition = "ger", av.stream.Disposition.forced.value
        titles = container.add_stream_from_template(subtitles.streams.subtitles[0])
        titles.metadata["language"] = "eng"
        container.add_attachment("notes.txt", "text/plain", b"notes")
        container.set_chapters(
            [{"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000), "metadata": {"title": "one"}}]
        )
        for number, image in enumerate(coffee[:3]):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
        for packet in subtitles.demux():
            if packet.dts is not None:
                packet.stream = titles
                container.mux(packet)
    assert colorize_film([str(source), str(tmp_path / "out.mkv"), "--model", str(model)]) == 0
    assert "not copied: attachment" in capsys.readouterr().out
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert container.metadata["title"] == "Coffee"
        (sound,) = container.streams.audio
        assert sound.language == "ger"
        assert av.stream.Disposition(sound.disposition) == av.stream.Disposition.forced
        assert [stream.language for stream in container.streams.subtitles] == ["eng"]
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["one"]
    # MP4 has subtitles of another kind
    assert colorize_film([str(source), str(tmp_path / "out.mp4"), "--model", str(model)]) == 0
    assert "not copied: subtitle 2 (subrip), which this container cannot hold" in capsys.readouterr().out
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.language for stream in container.streams.audio] == ["ger"]


# --- nothing that a user made is overwritten, and what is wrong is said before anything is written


def test_coloured_frames_are_not_overwritten(tmp_path, coffee, colorize_film, capsys):
    write_film(tmp_path / "film.mkv", [to_gray(frame) for frame in coffee[:4]], sound=False)
    arguments = [str(tmp_path / "film.mkv"), "--export", str(tmp_path / "frames"), "--every", "2"]
    assert colorize_film(arguments) == 0
    by_hand = tmp_path / "frames" / "000002.png"
    Image.fromarray(coffee[2]).save(by_hand)
    content = by_hand.read_bytes()
    (tmp_path / "frames" / "000000.png").unlink()
    assert colorize_film(arguments) == 0
    assert by_hand.read_bytes() == content
    assert "wrote 1 of 4 frames" in (out := capsys.readouterr().out)
    assert "1 files were already there, and are kept" in out


@pytest.mark.parametrize("problem", ["picture", "noise", "beyond"])
def test_key_frames_are_checked_before_anything_is_written(
    tmp_path, coffee, keyed, colorize_film, model, problem, capsys
):
    write_film(tmp_path / "film.mkv", [to_gray(frame) for frame in coffee[:6]], sound=False)
    image, name = pan("chelsea", 1)[0], "ref_000003.png"
    if problem == "noise":
        image = np.random.default_rng(0).integers(0, 255, image.shape, dtype=np.uint8)
    elif problem == "beyond":
        name = "000006.png"
    Image.fromarray(image).save(keyed / name)
    arguments = [tmp_path / "film.mkv", tmp_path / "out.mkv", "--keyframes", keyed, "--model", model]
    assert colorize_film(list(map(str, arguments))) == 1
    expected = "key frame 6 lies beyond the end of the film, which has 6 frames"
    if problem != "beyond":
        expected = "ref_000003.png: the lightness is not that of frame 3"
    assert expected in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mkv", "keyframes", "model.joblib"]


def test_shots_and_their_key_frames_are_listed(tmp_path, coffee, keyed, colorize_film, capsys):
    frames = [*coffee[:6], *pan("chelsea", 3)]
    write_film(tmp_path / "film.mkv", [to_gray(frame) for frame in frames], sound=False)
    assert colorize_film([str(tmp_path / "film.mkv"), "--shots", "--keyframes", str(keyed)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "shot 1: frames 0 to 5 (6), key frame 0, 5",
        "shot 2: frames 6 to 8 (3), no key frame",
        "1 of 2 shots have a key frame",
    ]


def test_a_stopped_run_goes_on(tmp_path, coffee, keyed, colorize_film, model, monkeypatch, capsys):
    source, output = tmp_path / "film.mp4", tmp_path / "out.mp4"
    frames = [*coffee[:6], *pan("chelsea", 2), *pan("astronaut", 1)]
    write_film(source, [to_gray(frame) for frame in frames])
    monkeypatch.setitem(colorize_film.__globals__, "PART_LENGTH", 2)
    arguments = list(map(str, [source, output, "--keyframes", keyed, "--model", model]))
    assert colorize_film(arguments) == 0
    whole = [frame.to_ndarray() for frame in stream_of(output)[1]]
    output.unlink()

    calls, original = [], SOMColorizer.colorize_film

    def stops(self, *args, **kwargs):
        calls.append(kwargs["keyframes"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(SOMColorizer, "colorize_film", stops)
    with pytest.raises(KeyboardInterrupt):
        colorize_film(arguments)
    assert "1 parts are kept" in capsys.readouterr().err
    # with another key frame the colours would not be those of one film
    extra = keyed / "000003.png"
    Image.fromarray(coffee[3]).save(extra)
    assert colorize_film(arguments) == 1
    assert "parts of another run: the key frames changed" in capsys.readouterr().err
    extra.unlink()
    calls[:] = [None, None]
    assert colorize_film(arguments) == 0
    assert len(calls) == 4
    assert_array_equal([frame.to_ndarray() for frame in stream_of(output)[1]], whole)
    assert len(seconds(output)) == 9
    assert not (tmp_path / "out.parts").exists()


def test_help_needs_no_pyav(monkeypatch, capsys):
    import runpy

    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "film_files", raising=False)
    monkeypatch.syspath_prepend(SCRIPT.parent)
    main = runpy.run_path(str(SCRIPT.with_name("colorize_film.py")))["main"]
    monkeypatch.delitem(sys.modules, "film_files")
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert main(["film.mp4", "--shots"]) == 1
    assert 'pip install "nncolor[film]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "ahead", "expected"), [(3, 2, True), (2, 2, False), (4, 1, True), (5, 9, False)]
)
def test_a_key_frame_among_the_next_frames(coffee, number, ahead, expected):
    assert KeyFrames({5: coffee[0]}, stacklevel=1).follows(number, ahead) == expected
