"""Input images: files, dtypes, layouts; and errors that name the image."""

import io
import struct
import sys
import zlib

import dask.array
import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image
from skimage.io import ImageCollection, imread

from nncolor import PatchExtractor, SOMColorizer, sample_pixels
from nncolor._images.batch import load_image, n_pixels_of


def pixels_of(batch):
    """Centre lightness of all pixels of a batch, through the public API."""
    return PatchExtractor(patch_size=1).transform(batch)[:, 0]


GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


@pytest.mark.parametrize(
    "image",
    [
        GREY,
        GREY.astype(np.uint16) * 257,
        GREY.astype(">u2") * 257,
        (GREY / 255).astype(np.float32),
        GREY / 255,
        np.repeat(GREY[..., None], 3, axis=-1),
        np.repeat(GREY[..., None], 4, axis=-1),
        np.asfortranarray(GREY),
        np.repeat(np.repeat(GREY, 2, axis=0), 2, axis=1)[::2, ::2],
        GREY[::-1, ::-1][::-1, ::-1],
    ],
)
def test_all_ways_to_write_an_image_have_the_same_lightness(image):
    image.flags.writeable = False
    np.testing.assert_allclose(pixels_of([image]), pixels_of([GREY]), atol=2e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_images_smaller_than_the_patch(shape):
    features = PatchExtractor(patch_size=11, position=True, context_scales=(4, 16)).transform(
        [np.full(shape, 255, np.uint8)]
    )
    assert len(features) == np.prod(shape)
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[:, :121], 1, atol=1e-5)


def save_variants(folder):
    """Files that all hold GREY, by name."""
    rgb = np.repeat(GREY[..., None], 3, axis=-1)
    Image.fromarray(GREY).save(folder / "grey.png")
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(rgb).save(folder / "lzw.tif", compression="tiff_lzw")
    sideways = Image.fromarray(np.rot90(rgb))
    exif = sideways.getexif()
    exif[0x0112] = 6  # turn by a quarter, clockwise, to see it upright
    sideways.save(folder / "sideways.png", exif=exif)
    tifffile.imwrite(
        folder / "planar16.tif",
        np.moveaxis(rgb, -1, 0).astype(np.uint16) * 257,
        photometric="rgb",
        planarconfig="separate",
    )
    Image.fromarray(rgb).quantize(256).save(folder / "palette.png")
    Image.fromarray(GREY).convert("LA").save(folder / "grey_alpha.png")
    Image.fromarray(rgb).convert("RGBA").save(folder / "rgba.png")
    Image.fromarray(GREY).save(folder / "grey.bmp")
    Image.fromarray(GREY.astype(np.uint16) * 257).save(folder / "grey16.png")
    Image.fromarray(GREY).quantize(256).save(folder / "palette.tif")
    tifffile.imwrite(folder / "grey16.tif", GREY.astype(np.uint16) * 257)
    tifffile.imwrite(folder / "rgb16.tif", rgb.astype(np.uint16) * 257, photometric="rgb")
    tifffile.imwrite(folder / "float.tif", (GREY / 255).astype(np.float32))
    tifffile.imwrite(folder / "inverted.tif", 255 - GREY, photometric="miniswhite")
    return sorted(folder.iterdir())


def test_all_kinds_of_files_are_read(tmp_path):
    for path in save_variants(tmp_path):
        for item in (path, str(path)):
            np.testing.assert_allclose(pixels_of([item]), pixels_of([GREY]), atol=2e-6, err_msg=path.name)


def test_bilevel_file(tmp_path):
    Image.fromarray(GREY > 100).save(tmp_path / "bilevel.png")
    assert_array_equal(pixels_of([tmp_path / "bilevel.png"]), pixels_of([GREY > 100]))


def test_cmyk_is_not_taken_for_rgba(tmp_path):
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red.save(tmp_path / "cmyk.jpg", quality=100)
    chroma = sample_pixels([tmp_path / "cmyk.jpg"], 10, random_state=0, working_size=None).chroma
    assert (chroma[:, 0] > 100).all()


def test_image_collection_and_generators(photos, tmp_path):
    for number, photo in enumerate(photos):
        Image.fromarray(photo).save(tmp_path / f"{number}.png")
    collection = ImageCollection(str(tmp_path / "*.png"), load_func=imread)
    expected = sample_pixels(photos, 50, random_state=0, working_size=None)
    for batch in (collection, (photo for photo in photos), tuple(photos), sorted(tmp_path.iterdir())):
        pixels = sample_pixels(batch, 50, random_state=0, working_size=None)
        assert_array_equal(pixels.chroma, expected.chroma)


def test_ndarray_batches():
    stack = np.stack([GREY, GREY[::-1]])
    assert_array_equal(pixels_of(stack), pixels_of(list(stack)))
    rgb = np.repeat(stack[..., None], 3, axis=-1)
    np.testing.assert_allclose(pixels_of(rgb), pixels_of(list(stack)), atol=2e-6)


def nan_image():
    image = np.full((4, 4), 0.5)
    image[1, 2] = np.nan
    return image


@pytest.mark.parametrize(
    ("image", "match"),
    [
        (nan_image(), "image 1 contains NaN or infinity"),
        (np.where(nan_image() > 0, 0.5, np.inf), "image 1 contains NaN or infinity"),
        (np.full((4, 4), 255.0), r"image 1 has float values from 255 to 255.*\[0, 1\].*Divide by 255"),
        (np.full((4, 4), -0.1), r"image 1 has float values from -0.1"),
        (np.zeros((4, 4, 2)), r"image 1 has shape \(4, 4, 2\)"),
        (np.zeros((4, 4, 5), np.uint8), r"image 1 has shape \(4, 4, 5\)"),
        (np.zeros((2, 4, 4, 3)), r"image 1 has shape \(2, 4, 4, 3\)"),
        (np.zeros(7), r"image 1 has shape \(7,\)"),
        (np.zeros((0, 4), np.uint8), r"image 1 has shape \(0, 4\).*zero"),
        (np.zeros((4, 0, 3), np.uint8), r"image 1 has shape \(4, 0, 3\).*zero"),
        (np.zeros((4, 4), np.int32), "image 1 has dtype int32"),
        (np.zeros((4, 4), np.int8), "image 1 has dtype int8"),
        (np.zeros((4, 4), np.uint32), "image 1 has dtype uint32"),
        (np.zeros((4, 4), complex), "image 1 has dtype complex128"),
    ],
)
def test_bad_images_are_named(colorizer, photos, image, match):
    with pytest.raises(ValueError, match=match):
        colorizer.predict([photos[0], image])
    with pytest.raises(ValueError, match="image 1"):
        SOMColorizer().fit([photos[0], image])


def test_unreadable_files_are_named(colorizer, photos, tmp_path):
    whole, truncated, text = tmp_path / "whole.jpg", tmp_path / "truncated.jpg", tmp_path / "text.png"
    Image.fromarray(photos[0]).save(whole)
    truncated.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    text.write_text("no image at all")
    for path in (truncated, text):
        with pytest.raises(OSError, match=f"image 1 .*{path.name}.* cannot be read"):
            colorizer.predict([whole, path])
        with pytest.raises(OSError, match=f"image 1 .*{path.name}.* cannot be read"):
            SOMColorizer().fit([whole, path])
    with pytest.raises(FileNotFoundError, match=r"image 0 .*missing.jpg.* does not exist"):
        colorizer.predict([tmp_path / "missing.jpg"])


def test_depth_is_not_lost_silently(colorizer, tmp_path, monkeypatch):
    # a PNG of one pixel with 16 bits for each of red, green and blue
    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + struct.pack(">HHH", 1, 2, 3))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(png)
    assert colorizer.predict([tmp_path / "deep.png"])[0].dtype == np.uint16
    # without imagecodecs
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(OSError, match=r"image 0 .*deep.png.* 16 bits .* convert it to TIFF"):
        colorizer.predict([tmp_path / "deep.png"])


def test_broken_file_of_an_image_collection(photos, tmp_path):
    for number in range(2):
        Image.fromarray(photos[0]).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_text("no image")

    def load(path):
        # scikit-image's own reader leaves the broken file open
        with Image.open(path) as file:
            return np.asarray(file)

    collection = ImageCollection(str(tmp_path / "*.png"), load_func=load)
    with pytest.raises(OSError, match=r"image 1 .*1.png.* cannot be read"):
        sample_pixels(collection, working_size=None)


def test_items_that_are_not_arrays(colorizer):
    with pytest.raises(ValueError, match="image 1"):
        colorizer.predict([GREY, np.array([[1, 2], [3, "four"]])])


def test_one_image_has_no_position(colorizer, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the image \(no.png\) does not exist.*current folder"):
        colorizer.colorize("no.png")
    with pytest.raises(ValueError, match="the image has shape"):
        colorizer.colorize(np.zeros(3))
    with pytest.raises(ValueError, match="colorize takes one image; predict takes a list"):
        colorizer.colorize(["a.png", "b.png"])
    with pytest.raises(IsADirectoryError, match="image 0 .* is a folder; .*load_image_folder"):
        colorizer.predict([tmp_path])


def test_rounding_beyond_the_range_is_clipped():
    image = GREY / 255 * 1.000001 - 1e-7
    np.testing.assert_allclose(pixels_of([image]), pixels_of([GREY]), atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("side", ["below", "above"])
def test_how_far_floats_may_lie_outside(side, dtype):
    distances = [(0, True), (0.9e-5, True), (1.2e-5, False), (2.5e-5, False)]
    # float32 does not hold it exactly
    distances += [(1e-5, True)] if dtype is np.float64 else []
    for distance, is_allowed in distances:
        image = np.linspace(0, 1, 48, dtype=dtype).reshape(6, 8)
        image[0, 0], image[-1, -1] = (-distance, 1) if side == "below" else (0, 1 + distance)
        if is_allowed:
            loaded = load_image(0, image)
            assert (loaded.min(), loaded.max()) == (0, 1)
            np.testing.assert_array_equal(loaded, np.clip(image, 0, 1))
        else:
            with pytest.raises(ValueError, match="floats must lie in"):
                load_image(0, image)


def test_an_array_of_objects_gives_a_list(colorizer, tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    colored = colorizer.predict(np.array([tmp_path / "a.png"] * 2, dtype=object))
    assert isinstance(colored, list)
    assert isinstance(colorizer.predict(np.stack([GREY, GREY])), np.ndarray)
    np.testing.assert_array_equal(colored, colorizer.predict(np.stack([GREY, GREY])))


def test_valid_floats_are_not_copied():
    image = np.linspace(0, 1, 48).reshape(6, 8)
    assert np.shares_memory(load_image(0, image), image)


def test_numbers_of_pixels_of_items(tmp_path):
    photo = np.zeros((6, 8, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "a.png")
    items = [photo, photo[..., 0], photo.tolist(), Image.fromarray(photo), tmp_path / "a.png", "missing.png"]
    assert [n_pixels_of(item) for item in items] == [48] * 5 + [0]


def test_files_of_many_frames_are_refused(colorizer, tmp_path):
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "pages.tif", save_all=True, append_images=frames[1:])
    for name in ("film.gif", "pages.tif"):
        with pytest.raises(OSError, match=rf"image 0 .*{name}.*2 frames"):
            colorizer.predict([tmp_path / name])


@pytest.mark.parametrize(
    ("batch", "match"),
    [
        ([], "holds no image"),
        ((), "holds no image"),
        (np.zeros((0, 4, 5), np.uint8), "holds no image"),
        (iter([]), "holds no image"),
        (np.zeros((4, 4), np.uint8), r"single grey image. Write \[image\]"),
        (np.zeros((4, 5, 3), np.uint8), r"single colour image. Write \[image\]"),
        (np.zeros((4, 5, 4)), r"single colour image. Write \[image\]"),
        (np.zeros(5), r"got an array of shape \(5,\)"),
        ("photo.jpg", r"single path 'photo.jpg'. Write \[path\]"),
    ],
)
def test_arguments_that_are_not_batches(colorizer, batch, match):
    with pytest.raises(ValueError, match=match):
        colorizer.predict(batch)


def test_none_is_not_a_batch(colorizer):
    with pytest.raises(TypeError, match="got NoneType"):
        colorizer.predict(None)


def test_grey_images_are_refused_where_colour_is_needed(photos, tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(GREY).save(path)
    with pytest.raises(ValueError, match="image 1 is grey"):
        sample_pixels([photos[0], GREY], working_size=None)
    with pytest.raises(ValueError, match=r"image 2 .*grey.png.* is grey"):
        SOMColorizer().fit([photos[0], photos[1], path])


class ArrayLike:
    """An array of another library: a shape, a dtype, and items."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return ArrayLike(self.array[index])

    def __array__(self, dtype=None, copy=None):
        return self.array


def test_arrays_of_other_libraries_are_judged_by_their_shape(colorizer):
    for image in (GREY, np.repeat(GREY[..., None], 3, axis=2)):
        with pytest.raises(ValueError, match=r"which is a single .* image. Write \[image\]"):
            colorizer.predict(ArrayLike(image))
        with pytest.raises(ValueError, match=r"which is a single"):
            colorizer.predict(dask.array.from_array(image))
    stack = np.stack([GREY, GREY[::-1]])
    expected = colorizer.predict(stack)
    for batch in (ArrayLike(stack), dask.array.from_array(stack)):
        assert_array_equal(colorizer.predict(batch), expected)


@pytest.mark.parametrize("batch", [np.array("a.png"), np.array(3.0), np.array(None, dtype=object)])
def test_arrays_without_axes(colorizer, batch):
    with pytest.raises(ValueError, match=r"Write \[?"):
        colorizer.predict(batch)


@pytest.mark.parametrize("item", [b"a.png", {}, io.BytesIO(b"a")])
def test_items_that_are_not_images(colorizer, item):
    with pytest.raises(ValueError, match=rf"image 1 is of type {type(item).__name__}; an image is an array"):
        colorizer.predict([GREY, item])


class Sequence:
    """A lazy sequence that has a shape, as a column of a table has, and no dtype."""

    def __init__(self, images):
        self.images, self.shape = images, (len(images),)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index]


def test_a_sequence_with_a_shape_is_a_batch():
    images = list(np.random.default_rng(0).integers(0, 256, (3, 6, 7), np.uint8))
    extractor = PatchExtractor(3)
    for one, other in zip(extractor.transform(Sequence(images)), extractor.transform(images), strict=True):
        assert_array_equal(one, other)
