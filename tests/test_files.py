"""A thousand damaged image files: none crashes, hangs or is read wrongly, and errors name each file."""

import io
import signal
from pathlib import Path

import joblib
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from nncolor import SOMColorizer
from nncolor._images.files import read_image
from nncolor.datasets import load_image_folder

N_FILES = 1000
GREY = (np.add.outer(np.arange(24) * 5, np.arange(20) * 4) % 256).astype(np.uint8)
RGB = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def saved(save, image, *args, **kwargs):
    file = io.BytesIO()
    save(file, image, *args, **kwargs)
    return file.getvalue()


def by_pillow(file, image, *args, **kwargs):
    Image.fromarray(image).save(file, *args, **kwargs)


def whole_files():
    """Contents of whole files, by ending."""
    deep = GREY.astype(np.uint16) * 257
    return [
        (".png", saved(by_pillow, GREY, "PNG")),
        (".png", saved(by_pillow, RGB, "PNG")),
        (".png", saved(by_pillow, deep, "PNG")),
        (".jpg", saved(by_pillow, GREY, "JPEG")),
        (".jpg", saved(by_pillow, RGB, "JPEG", progressive=True)),
        (".bmp", saved(by_pillow, RGB, "BMP")),
        (".gif", saved(by_pillow, GREY, "GIF")),
        (".webp", saved(by_pillow, RGB, "WEBP")),
        (".tif", saved(by_pillow, RGB, "TIFF")),
        (".tif", saved(by_pillow, GREY, "TIFF", compression="tiff_lzw")),
        (".tif", saved(tifffile.imwrite, deep)),
        (".tif", saved(tifffile.imwrite, deep, compression="zlib")),
        (".tif", saved(tifffile.imwrite, np.dstack([deep] * 3), photometric="rgb")),
    ]


def truncated(rng, content):
    return content[: rng.integers(len(content))]


def flipped(rng, content):
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    bits[rng.integers(len(bits), size=rng.integers(1, 6))] ^= 1
    return np.packbits(bits).tobytes()


def nonsense(rng, content):
    return rng.bytes(len(content))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A folder of damaged files, and how each was damaged, by name."""
    folder = tmp_path_factory.mktemp("damaged")
    rng = np.random.default_rng(0)
    files, kinds = whole_files(), {}
    endings = sorted({ending for ending, _ in files})
    for number in range(N_FILES):
        ending, content = files[number % len(files)]
        kind = ("truncated", "flipped", "truncated", "flipped", "ending", "nonsense")[number % 6]
        if kind == "ending":
            ending = endings[rng.integers(len(endings))]
        else:
            content = globals()[kind](rng, content)
        name = f"{number:04}{ending}"
        (folder / name).write_bytes(content)
        kinds[name] = kind, number % len(files)
    return folder, kinds


@pytest.fixture(scope="module")
def readable(damaged, tmp_path_factory):
    """What can be read of the damaged files, by name."""
    folder, kinds = damaged
    images, messages = {}, {}
    for name in kinds:
        try:
            images[name] = read_image(folder / name)
        except OSError as error:
            messages[name] = str(error)
    assert all(name in message for name, message in messages.items())
    return {name: image for name, image in images.items() if image.size}


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def test_truncated_files_are_refused_or_complete(damaged, readable):
    folder, kinds = damaged
    whole = [read_image(io_path) for io_path in write_all(folder.parent / "whole")]
    for name, image in readable.items():
        kind, number = kinds[name]
        if kind in ("truncated", "ending"):
            assert_array_equal(image, whole[number])
        assert kind != "nonsense"
    refused = [kinds[name][0] for name in kinds.keys() - readable.keys()]
    assert refused.count("nonsense") == N_FILES // 6
    assert refused.count("truncated") > 0.9 * N_FILES / 3
    assert refused.count("flipped") > 0.3 * N_FILES / 3
    assert refused.count("ending") == 0


def write_all(folder):
    folder.mkdir(exist_ok=True)
    for number, (ending, content) in enumerate(whole_files()):
        path = folder / f"{number}{ending}"
        path.write_bytes(content)
        yield path


def test_a_folder_names_all_whose_header_is_broken(damaged, readable):
    folder, kinds = damaged
    with pytest.raises(OSError, match=rf"of {N_FILES} files cannot be read as images") as error:
        load_image_folder(folder)
    lines = str(error.value).splitlines()[1:]
    named = {line.removeprefix(f"{folder}/").split(":")[0] for line in lines}
    assert len(lines) == len(named)
    assert named <= kinds.keys() - readable.keys()
    # the header is all there is of so many
    assert len(named) > N_FILES / 6


def test_the_script_colours_what_can_be_read_and_names_the_rest(
    damaged,
    readable,
    colorizer,
    colorize_folder_main,
    capsys,
    tmp_path,
):
    folder, kinds = damaged
    joblib.dump(colorizer, tmp_path / "model")
    output = tmp_path / "output"
    arguments = [tmp_path, folder, output, "--model", tmp_path / "model", "--n-jobs", "1"]
    assert colorize_folder_main([*map(str, arguments)]) == 1
    captured = capsys.readouterr()
    reasons = {
        line.removeprefix("not coloured: ").split(":")[0]: line
        for line in captured.err.splitlines()
        if line.startswith("not coloured")
    }
    # some become PNG, since their format cannot keep them
    written = {path.name if path.name in kinds else path.stem: path for path in output.iterdir()}
    coloured = written.keys()
    assert coloured | reasons.keys() == kinds.keys()
    assert not coloured & reasons.keys()
    assert f"coloured {len(coloured)} of {N_FILES} images" in captured.out
    # all that can be read
    assert coloured == readable.keys()
    for name, path in written.items():
        image = read_image(path)
        assert image.shape[:2] == readable[name].shape[:2]
        assert image.dtype.itemsize >= min(2, readable[name].dtype.itemsize)


def _stop(signum, frame):
    raise TimeoutError("reading did not end")


CUT = {
    "x.png": {},
    "x.jpg": {},
    "progressive.jpg": {"progressive": True},
    "x.jp2": {},
    "x.j2k": {},
    "x.gif": {},
    "x.bmp": {},
    "x.webp": {},
    "lossless.webp": {"lossless": True},
    "x.avif": {},
    "x.ppm": {},
    "x.tga": {},
    "rle.tga": {"compression": "tga_rle"},
    "x.pcx": {},
    "x.tif": {},
    "lzw.tif": {"compression": "tiff_lzw"},
}


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="This system has no alarm.")
@pytest.mark.parametrize("name", CUT)
def test_a_file_cut_at_any_byte_of_its_header_is_refused_in_time(name, tmp_path, monkeypatch):
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    whole, path = tmp_path / name, tmp_path / f"cut{Path(name).suffix}"
    Image.fromarray(image).save(whole, **CUT[name])
    content = whole.read_bytes()
    before = signal.signal(signal.SIGALRM, _stop)
    try:
        for length in range(min(400, len(content) - 1)):
            path.write_bytes(content[:length])
            signal.setitimer(signal.ITIMER_REAL, 20)
            with pytest.raises(OSError, match=r"cut\.\w+\) cannot be read"):
                read_image(path)
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("rest", [b"", b"\xff\xe0", b"\xff\xe0\x00\x00", b"\xff\xda"])
def test_the_beginning_of_a_jpeg_is_refused(rest, colorizer, tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"\xff\xd8" + rest)
    for read in (lambda: colorizer.predict([path]), lambda: SOMColorizer().fit([path])):
        with pytest.raises(OSError, match=r"image 0 \(.*x.jpg\) cannot be read"):
            read()
    with pytest.raises(OSError, match=r"x.jpg"):
        load_image_folder(tmp_path)
