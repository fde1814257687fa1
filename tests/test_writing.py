"""save_image: what is read again is what was written."""

import os

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from nncolor import save_image
from nncolor._images.files import read_image

imagecodecs = pytest.importorskip("imagecodecs")


def picture(dtype, shape=(13, 17, 3)):
    values = np.random.default_rng(0).random(shape)
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("shape", [(13, 17), (13, 17, 3), (1, 1, 3), (5, 1, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF", ".PNG"])
def test_integers_come_back_to_the_bit(tmp_path, suffix, dtype, shape):
    image, path = picture(dtype, shape), tmp_path / f"image{suffix}"
    save_image(path, image)
    # an independent reader
    is_png = suffix.lower() == ".png"
    found = imagecodecs.png_decode(path.read_bytes()) if is_png else tifffile.imread(path)
    assert found.dtype == image.dtype
    assert_array_equal(found.reshape(shape), image)
    if is_png:
        with Image.open(path) as file:
            file.load()
            assert file.size == shape[1::-1]
    if dtype == "uint8" or not is_png:
        # alpha may be dropped
        colors = (slice(None), slice(None), slice(3))[: len(shape)]
        assert_array_equal(read_image(path)[colors], image[colors])


def test_floats(tmp_path):
    image = picture("float32")
    save_image(tmp_path / "a.tif", image)
    assert_array_equal(tifffile.imread(tmp_path / "a.tif"), image)
    save_image(tmp_path / "a.png", image)
    deep = imagecodecs.png_decode((tmp_path / "a.png").read_bytes())
    assert deep.dtype == np.uint16
    assert_allclose(deep / 65535, image, atol=0.5001 / 65535)
    save_image(tmp_path / "b.png", picture("float64", (4, 5)) > 0.5)
    assert set(np.unique(read_image(tmp_path / "b.png"))) == {0, 255}


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp", ".bmp"])
def test_formats_of_8_bits(tmp_path, suffix):
    image = np.full((20, 30, 3), (200, 100, 50), np.uint8)
    save_image(tmp_path / f"a{suffix}", image)
    assert_allclose(read_image(tmp_path / f"a{suffix}").astype(int), image.astype(int), atol=3)
    for dtype in ("uint16", "float32"):
        with pytest.raises(
            ValueError, match=f"dtype {dtype} cannot be kept in a {suffix} file. Use .png or .tif"
        ):
            save_image(tmp_path / f"b{suffix}", picture(dtype))
    assert os.listdir(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.gif", "a.gif: .gif keeps 256 colours only"),
        ("a.xyz", ".xyz is not an ending"),
        ("a", "no ending is not"),
    ],
)
def test_other_endings_are_refused(tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        save_image(tmp_path / name, picture("uint8"))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("source", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_the_resolution_of_the_scan_is_kept(tmp_path, source, suffix, dtype):
    scan = tmp_path / f"scan{source}"
    if source == ".tif":
        tifffile.imwrite(scan, picture("uint8"), resolution=(600, 300), resolutionunit="INCH")
    else:
        Image.fromarray(picture("uint8")).save(scan, dpi=(600, 300))
    if suffix == ".jpg":
        dtype = "uint8"
    save_image(tmp_path / f"out{suffix}", picture(dtype), like=scan)
    with Image.open(tmp_path / f"out{suffix}") as file:
        assert_allclose([float(value) for value in file.info["dpi"]], (600, 300), rtol=1e-3)


def test_without_a_resolution(tmp_path):
    save_image(tmp_path / "plain.png", picture("uint8"))
    save_image(tmp_path / "out.png", picture("uint16"), like=tmp_path / "plain.png")
    with Image.open(tmp_path / "out.png") as file:
        assert "dpi" not in file.info
    # no container that Pillow knows
    (tmp_path / "raw.bin").write_bytes(b"nothing")
    save_image(tmp_path / "other.tif", picture("uint16"), like=tmp_path / "raw.bin")
    with pytest.raises(OSError, match="missing"):
        save_image(tmp_path / "out.png", picture("uint16"), like=tmp_path / "missing.png")


def test_the_scan_is_never_replaced(tmp_path):
    scan = tmp_path / "scan.png"
    Image.fromarray(picture("uint8")).save(scan)
    (tmp_path / "link.png").symlink_to(scan)
    before = scan.read_bytes()
    for path in (scan, tmp_path / "link.png", tmp_path / ".." / tmp_path.name / "scan.png"):
        with pytest.raises(ValueError, match=r"png is the file of `like`, and would be replaced"):
            save_image(path, picture("uint8"), like=scan)
    assert scan.read_bytes() == before
    assert (tmp_path / "link.png").is_symlink()


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    save_image(path, picture("uint8"))
    before = path.read_bytes()

    def fail(*args, **options):
        raise OSError("disk full")

    monkeypatch.setattr("tifffile.imwrite", fail)
    with pytest.raises(OSError, match="disk full"):
        save_image(path, picture("uint16"))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.tif"]


def test_what_is_no_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match="float values"):
        save_image(tmp_path / "a.png", np.full((3, 3, 3), 2.0))
    assert not os.listdir(tmp_path)
