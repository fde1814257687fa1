"""Film: colours follow the motion, start again at cuts, and are exact at key frames; the script for files."""

import pickle
import struct
import tracemalloc
import warnings
from itertools import islice
from types import GeneratorType

import av
import joblib
import numpy as np
import pytest
from conftest import SCRIPT, quick_colorizer
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.ndimage import uniform_filter
from skimage.color import luv2rgb, rgb2luv

from nncolor import SOMColorizer, to_gray
from nncolor._painting import film
from nncolor._painting.settings import FilmSettings
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000


def quick(**params):
    return quick_colorizer(
        **{"working_size": 128, "temperature": 0.7, "smoothing_radius": 8, "pixels_per_image": 1000, **params}
    )


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
    shots = [pan("coffee", 8), pan("chelsea", 8), pan("astronaut", 8)]
    rng = np.random.default_rng(0)
    greys = [to_gray(frame) for shot in shots for frame in shot]
    if noise:
        lit = [np.clip(grey * (1 + 0.1 * rng.standard_normal()), 0, 255) for grey in greys]
        greys = [np.clip(grey + 5 * rng.standard_normal(grey.shape), 0, 255).astype(np.uint8) for grey in lit]
    plain = list(colorizer.colorize_film(greys))
    for shot, (first, last) in enumerate([(0, 7), (8, 15), (16, 23)]):
        middle = first + 3
        keyed = colorizer.colorize_film(greys, keyframes={middle: shots[shot][3]})
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

    assert flicker(list(colorizer.colorize_film(frames))) < 0.5 * flicker(colorizer.predict(frames))


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


@pytest.mark.parametrize(("number", "n_taken"), [(1, 2), (24, 25), (25, 1)])
def test_how_many_frames_are_held(colorizer, coffee, number, n_taken):
    taken, grey = [], to_gray(coffee[0])[:40, :40]
    frames = (taken.append(number) or grey for number in range(40))
    next(colorizer.colorize_film(frames, keyframes={number: coffee[0][:40, :40]}))
    assert len(taken) == n_taken


# --- a frame by hand, on a grid of all its pixels, with a given prediction and without motion


class Grid:
    """Stands for FilmGrid: lightness is the image itself."""

    working_size = None
    settings = FilmSettings()

    def __init__(self, predicted=(3, -4)):
        self.predicted = predicted

    def lightness(self, image):
        return image

    def sampled(self, plane):
        return plane

    def chroma(self, lightness):
        return np.broadcast_to(np.reshape(self.predicted, (2, 1, 1)), (2, *lightness.shape)).astype(float)


@pytest.fixture
def patterns(monkeypatch):
    """Two planes with mean 0, standard deviation 1 and correlation 0; nothing moves."""
    monkeypatch.setattr(film, "optical_flow_ilk", lambda one, *_, **__: np.zeros((2, *one.shape)))
    planes = np.random.default_rng(0).standard_normal((2, 30 * 40))
    planes -= planes.mean(axis=1, keepdims=True)
    planes[1] -= planes[0] * (planes[0] @ planes[1]) / (planes[0] @ planes[0])
    return (planes / planes.std(axis=1, keepdims=True)).reshape(2, 30, 40)


def state_of(pattern, chroma, weight):
    planes = np.broadcast_to(np.reshape(chroma, (2, 1, 1)), (2, *pattern.shape)).astype(float)
    return film.State(pattern, planes, np.full(pattern.shape, float(weight)))


def test_a_lamp_changes_no_pattern(patterns):
    # standardized, with a constant of 1 L* that keeps grain from being amplified
    for deviation, mean in ((20, 50), (4, 30), (0.5, 50)):
        frame = film.Frame(mean + deviation * patterns[0], Grid())
        assert_allclose(frame.state.pattern, deviation / (deviation + 1) * patterns[0], atol=1e-9)
        assert_array_equal(frame.state.weight, 1)


@pytest.mark.parametrize(("contrast", "is_blank"), [(0.009, True), (0.01, False), (0.025, False)])
def test_blank_frames_have_no_pattern(contrast, is_blank):
    lightness = contrast * np.linspace(0, 1, 1200).reshape(30, 40)
    assert film.Frame(lightness, Grid()).state.pattern.any() == (not is_blank)


@pytest.mark.parametrize(("correlation", "is_cut"), [(0.64, True), (0.66, False), (0.1, True), (-1.0, True)])
def test_the_correlation_of_a_cut(patterns, correlation, is_cut):
    one, other = patterns
    frame = film.Frame(50 + 20 * one, Grid())
    before = state_of(correlation * one + np.sqrt(1 - correlation**2) * other, (10, 20), 5)
    assert (frame.carried_from(before) is None) == is_cut
    assert frame.carried_from(state_of(0 * one, (10, 20), 5)) is None


@pytest.mark.parametrize("weight", [1, 400])
def test_chroma_is_carried_where_the_patterns_agree(patterns, weight):
    frame = film.Frame(50 + 20 * patterns[0], Grid())
    pattern = frame.state.pattern
    difference = np.full((30, 40), 0.02)
    difference[:, 20:] = 0.1
    difference[10:20, 10:20] = 0.3
    carried = frame.carried_from(state_of(pattern + difference, (10, 20), weight))
    smooth = uniform_filter(difference, 3, mode="nearest")
    # in units of four medians, and of a constant for films without grain
    agreement = np.exp(-((smooth / (4 * (np.median(smooth) + 0.01))) ** 2))
    assert agreement.min() < 0.9 * agreement.max()
    assert_allclose(carried.weight, weight * agreement + 1, rtol=1e-5)
    for plane, before, predicted in zip(carried.chroma, (10, 20), (3, -4), strict=True):
        expected = (weight * agreement * before + predicted) / (weight * agreement + 1)
        assert_allclose(plane, expected, rtol=1e-5)


def test_patterns_that_are_equal_agree(patterns):
    frame = film.Frame(50 + 20 * patterns[0], Grid())
    carried = frame.carried_from(state_of(frame.state.pattern, (10, 20), 3))
    assert_allclose(carried.weight, 4, rtol=1e-6)
    assert_allclose(carried.chroma[0], (3 * 10 + 3) / 4, rtol=1e-6)


def test_a_key_frame_weighs_as_much_as_400_predictions(patterns):
    frame = film.Frame(50 + 20 * patterns[0], Grid())
    colors = np.full((30, 40, 3), (0.4, 0.3, 0.2))
    state = frame.true_state(colors)
    assert_array_equal(state.weight, 400)
    expected = np.broadcast_to(rgb2luv(colors[:1, :1])[0, 0, 1:, None, None], (2, 30, 40))
    assert_allclose(state.chroma, expected, atol=1e-3)


def test_memory_is_flat(colorizer, coffee):
    grey = to_gray(coffee[0])
    peaks = []
    for n_frames in (10, 60):
        tracemalloc.start()
        for _ in colorizer.colorize_film((grey for _ in range(n_frames)), keyframes={5: coffee[0]}):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


# --- the script


@pytest.fixture(scope="module")
def colorize_film():
    import runpy

    with pytest.MonkeyPatch.context() as patch:
        # as for a script that is run: it imports from its neighbour
        patch.syspath_prepend(SCRIPT.parent)
        return runpy.run_path(str(SCRIPT.with_name("colorize_film.py")))["main"]


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
        "name": "not named by its number",
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
    for arguments in ([], ["a.mp4"], ["a.mp4", "b.mp4"], ["a.mp4", "--export", "x", "--every", "0"]):
        with warnings.catch_warnings(), pytest.raises(SystemExit) as caught:
            colorize_film(arguments)
        assert caught.value.code == 2
