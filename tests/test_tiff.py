"""TIFF: samples in every supported combination are read back, all others are refused by name."""

import sys

import imagecodecs
import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from skimage.color import rgb2luv
from tifffile import COMPRESSION

from nncolor import PatchExtractor, to_gray
from nncolor._images.files import probe_image, read_image
from nncolor._images.readers.tiff import TIFF


def packs_bits():
    """Whether imagecodecs writes samples of 2, 4, 10, 12 or 14 bits; older versions only read them."""
    try:
        imagecodecs.packints_encode(np.zeros(8, np.uint16), 10)
    except NotImplementedError:
        return False
    return True


PACKED = [10, 12, 14] if packs_bits() else []
needs_packing = pytest.mark.skipif(not PACKED, reason="This version of imagecodecs packs no bits.")
COMPRESSIONS = ["none", "zlib", "lzw", "packbits", "lzma", "zstd"]


def lightness_of(path):
    """CIE L* of a file, as an array of its pixels in their order."""
    return (PatchExtractor(patch_size=1).transform([path]).ravel() + 1) * 50


def expected_lightness(image):
    """CIE L* of floats in [0, 1], grey or RGB."""
    rgb = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    return rgb2luv(rgb.astype(np.float64))[..., 0].ravel()


def turned(image, orientation):
    """The image as it is stored for an orientation, so that a reader that honours it sees `image`."""
    steps = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.swapaxes(0, 1),
        6: np.rot90(image, 1),
        7: image[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(image, -1),
    }
    return np.ascontiguousarray(steps[orientation])


@st.composite
def tiffs(draw):
    """Values in [0, 1] as they shall be seen, the samples that say so, and how to write them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    photometric = draw(st.sampled_from(["minisblack", "miniswhite", "rgb"]))
    n_colors = 3 if photometric == "rgb" else 1
    of_grey = [1, *([2, 4] if PACKED else [])] if n_colors == 1 else []
    bits = draw(st.sampled_from([8, 16, "f2", "f4", "f8", *PACKED, *of_grey]))
    is_float = isinstance(bits, str)
    is_packed = bits in (1, 2, 4, 10, 12, 14)
    dtype = bits if is_float else bool if bits == 1 else np.uint8 if bits <= 8 else np.uint16
    largest = 1 if is_float else 2**bits - 1

    def samples(lowest, n):
        shape = (*draw(st.shared(st.tuples(st.integers(1, 40), st.integers(1, 40)), key="shape")), n)
        values = rng.uniform(lowest, 1, shape)
        return values.astype(dtype) if is_float else np.rint(values * largest).astype(dtype)

    colors = samples(0, n_colors)
    values = colors / largest
    kinds = [None, "unassalpha", "unspecified", *(["assocalpha"] if photometric != "miniswhite" else [])]
    alpha = None if is_packed else draw(st.sampled_from(kinds))
    if alpha:
        opacity = samples(0.3, 1)
        if alpha == "assocalpha":
            values = np.minimum(colors.astype(float) / opacity, 1)
        colors = np.concatenate([colors, opacity], axis=2)
    if photometric == "miniswhite":
        values = 1 - values.astype(float)
    orientation = draw(st.integers(1, 8))
    stored = turned(colors, orientation)
    options = {
        "photometric": photometric,
        # tifffile packs bits of big-endian samples in the wrong order
        "byteorder": "<" if is_packed else draw(st.sampled_from("<>")),
        "extratags": [(274, "H", 1, orientation, True)],
        "metadata": None,
    }
    if is_packed:
        options |= {} if bits == 1 else {"bitspersample": bits}
    else:
        options["compression"] = draw(st.sampled_from(COMPRESSIONS))
        options["tile"] = draw(st.sampled_from([None, (16, 32)]))
        if options["compression"] in ("zlib", "lzw", "zstd"):
            options["predictor"] = draw(st.booleans())
    if alpha:
        options["extrasamples"] = [alpha]
    if stored.shape[2] == 1:
        stored = stored[..., 0]
    elif draw(st.booleans()):
        stored, options["planarconfig"] = np.moveaxis(stored, -1, 0), "separate"
    else:
        options["planarconfig"] = "contig"
    return values[..., 0] if n_colors == 1 else values, np.ascontiguousarray(stored), options, bits


@settings(max_examples=300, deadline=None)
@given(tiffs())
def test_every_combination_comes_back(tmp_path_factory, tiff):
    values, stored, options, bits = tiff
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    tifffile.imwrite(path, stored, **options)
    assert probe_image(path) is None
    # dividing alpha out rounds once more
    divided = options.get("extrasamples") == ["assocalpha"]
    assert_allclose(
        lightness_of(path), expected_lightness(values), atol=0.3 if divided and bits == 8 else 0.02
    )
    # an independent reader; what its libtiff knows depends on how it was built
    if (
        bits in (8, 16)
        and "extrasamples" not in options
        and options["compression"] in ("none", "zlib", "lzw")
    ):
        try:
            seen = pyvips.Image.new_from_file(str(path)).autorot().numpy()
        except pyvips.Error:
            return
        assert_array_equal(read_image(path), seen.reshape(read_image(path).shape))


def write_with_tags(path, samples, tags, **options):
    """Write a TIFF, and overwrite tags with what tifffile would not write."""
    tifffile.imwrite(path, samples, metadata=None, **options)
    with tifffile.TiffFile(path, mode="r+") as file:
        for name, value in tags.items():
            file.pages[0].tags[name].overwrite(value)


@pytest.mark.parametrize("bits", [1, *([2, 4] if PACKED else []), 8])
@pytest.mark.parametrize("scale", [1, 256, 257])
def test_palettes(tmp_path, bits, scale):
    rng = np.random.default_rng(bits)
    colors = rng.integers(0, 256, (3, 2**bits))
    samples = rng.integers(0, 2**bits, (9, 11)).astype(np.uint8)
    write_with_tags(
        tmp_path / "a.tif",
        samples.astype(bool) if bits == 1 else samples,
        {"PhotometricInterpretation": 3},
        photometric="minisblack",
        extratags=[(320, "H", colors.size, (colors * scale).ravel().tolist(), True)],
        **({"bitspersample": bits} if bits > 1 else {}),
    )
    image = read_image(tmp_path / "a.tif")
    assert image.dtype == np.uint8
    assert_array_equal(image, colors.T[samples])
    with Image.open(tmp_path / "a.tif") as file:
        assert_array_equal(to_gray(file), to_gray(tmp_path / "a.tif"))


RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
GREY = RGB[..., 0]


@pytest.mark.parametrize("compression", ["jpeg", "group3", "group4", "tiff_ccitt"])
def test_compressions_of_libtiff(tmp_path, compression):
    path = tmp_path / "a.tif"
    if compression == "jpeg":
        smooth = np.repeat(np.repeat(RGB[::10, ::10], 16, axis=0), 16, axis=1)
        Image.fromarray(smooth).save(path, compression="jpeg", quality=100)
        assert np.abs(read_image(path).astype(int) - smooth).mean() < 3
    else:
        for t4_options in (0, 1, 5) if compression == "group3" else (0,):
            Image.fromarray(GREY > 100).save(path, compression=compression, tiffinfo={292: t4_options})
            assert_array_equal(read_image(path), GREY > 100)


@pytest.mark.parametrize("compression", ["none", "lzw", "zlib", "packbits"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_ycbcr_of_full_resolution(compression, planar, tmp_path, monkeypatch):
    ycbcr = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
    write_with_tags(
        tmp_path / "a.tif",
        np.ascontiguousarray(ycbcr if planar == "contig" else np.moveaxis(ycbcr, -1, 0)),
        {"PhotometricInterpretation": 6},
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        extratags=[(530, "H", 2, (1, 1), True)],
    )
    expected = np.asarray(Image.frombytes("YCbCr", RGB.shape[1::-1], ycbcr.tobytes()).convert("RGB"))
    assert_allclose(read_image(tmp_path / "a.tif").astype(int), expected, atol=1)
    if compression == "none":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
        assert_allclose(read_image(tmp_path / "a.tif").astype(int), expected, atol=1)


def test_the_range_of_ycbcr(tmp_path):
    # black is 16, white 235, and the chroma has 224 steps (ITU-R BT.601)
    rgb = RGB / 255
    y = rgb @ [0.299, 0.587, 0.114]
    cb, cr = (rgb[..., 2] - y) / 1.772, (rgb[..., 0] - y) / 1.402
    stored = np.rint(np.stack([16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr], axis=2)).astype(np.uint8)
    black_white = (532, "2I", 6, (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1), True)
    write_with_tags(
        tmp_path / "a.tif",
        stored,
        {"PhotometricInterpretation": 6},
        photometric="rgb",
        extratags=[(530, "H", 2, (1, 1), True), black_white],
    )
    assert_allclose(read_image(tmp_path / "a.tif").astype(int), RGB, atol=3)


def test_inks(tmp_path):
    inks = np.zeros((4, 5, 4), np.uint8)
    inks[..., 1:3] = 255  # magenta and yellow make red
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", metadata=None)
    assert (read_image(tmp_path / "a.tif") == [255, 0, 0]).all()
    write_with_tags(tmp_path / "b.tif", inks, {}, photometric="separated", extratags=[(332, "H", 1, 2, True)])
    with pytest.raises(OSError, match="inks are not cyan"):
        read_image(tmp_path / "b.tif")


REFUSED = {
    "16-bit inks": (
        (np.zeros((4, 5, 4), np.uint16), {}),
        {"photometric": "separated"},
        r"16 bits \(SEPARATED\)",
    ),
    "12-bit palette": (
        (np.zeros((4, 5), np.uint8), {"PhotometricInterpretation": 3, "BitsPerSample": 12}),
        {"photometric": "minisblack", "extratags": [(320, "H", 3, [0, 0, 0], True)]},
        r"integers of 12 bits \(PALETTE\)",
    ),
    "signed": ((np.zeros((4, 5), np.int16), {}), {"photometric": "minisblack"}, "signed integers of 16 bits"),
    "32 bits": ((np.zeros((4, 5), np.uint32), {}), {"photometric": "minisblack"}, "integers of 32 bits"),
    "Lab": ((RGB, {}), {"photometric": "cielab"}, "CIELAB"),
    "sensor": ((GREY, {"PhotometricInterpretation": 32803}), {"photometric": "minisblack"}, "kind CFA"),
    "log": ((GREY, {"PhotometricInterpretation": 32844}), {"photometric": "minisblack"}, "kind LOGL"),
    "mask": ((GREY, {"PhotometricInterpretation": 4}), {"photometric": "minisblack"}, "kind MASK"),
    "bands": ((RGB, {}), {"photometric": "minisblack", "planarconfig": "contig"}, "3 values for each pixel"),
    "five": (
        (np.zeros((4, 5, 5), np.uint8), {}),
        {"photometric": "rgb", "planarconfig": "contig"},
        "5 values for each pixel",
    ),
    "volume": (
        (np.zeros((16, 16, 16), np.uint8), {}),
        {"volumetric": True, "tile": (16, 16, 16)},
        "values for",
    ),
    "YCbCr": (
        (RGB, {"PhotometricInterpretation": 6}),
        {"photometric": "rgb"},
        "subsampled YCbCr",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_files_are_refused(tmp_path, name):
    (samples, tags), options, match = REFUSED[name]
    path = tmp_path / "a.tif"
    write_with_tags(path, samples, tags, **options)
    with pytest.raises(OSError, match=match):
        read_image(path)
    assert str(path) in probe_image(path)


def test_pages(tmp_path):
    path = tmp_path / "a.tif"

    def write(*pages):
        with tifffile.TiffWriter(path) as file:
            for image, options in pages:
                file.write(image, photometric="rgb", metadata=None, **options)

    small = RGB[::4, ::4].copy()
    # the reduced image of a page, or a mask, is no further picture, wherever it stands
    write((RGB, {}), (small, {"subfiletype": 1}))
    assert_array_equal(read_image(path), RGB)
    write((small, {"subfiletype": 1}), (RGB, {}))
    assert_array_equal(read_image(path), RGB)
    write((RGB, {"subifds": 1}), (small, {"subfiletype": 1}))
    assert_array_equal(read_image(path), RGB)
    write((small, {"subifds": 1}), (RGB, {}))
    with pytest.raises(OSError, match="larger picture inside"):
        read_image(path)
    write((small, {"subfiletype": 1, "subifds": 1}), (RGB, {}))
    with pytest.raises(OSError, match="is marked as a reduced image"):
        read_image(path)
    write((RGB, {}), (RGB, {}), (small, {"subfiletype": 1}))
    with pytest.raises(OSError, match="2 frames"):
        read_image(path)


@pytest.mark.parametrize("kind", ["imagej", "shaped", "ome"])
def test_one_page_that_declares_many_images(tmp_path, kind):
    path = tmp_path / "a.ome.tif"
    stack = np.zeros((3, 20, 30), np.uint16)
    options = {"imagej": {"imagej": True}, "ome": {"ome": True}, "shaped": {}}[kind]
    tifffile.imwrite(path, stack, photometric="minisblack", **options)
    with pytest.raises(OSError, match="3 frames"):
        read_image(path)
    tifffile.imwrite(path, stack[:1], photometric="minisblack", **options)
    assert read_image(path).shape == (20, 30)


@pytest.mark.parametrize("compression", ["zstd", "lzw", "lerc"])
def test_a_missing_codec_is_named(tmp_path, monkeypatch, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, RGB.astype(np.uint16), photometric="rgb", compression=compression)
    code = {"zstd": COMPRESSION.ZSTD, "lzw": COMPRESSION.LZW, "lerc": COMPRESSION.LERC}[compression]
    codecs = tifffile.TIFF.DECOMPRESSORS

    class Missing:
        def __getitem__(self, key):
            if key == code:
                raise ModuleNotFoundError("No module named 'compression'")
            return codecs[key]

    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", Missing())
    with pytest.raises(OSError, match=rf"compression {code.name} needs imagecodecs.*nncolor\[tiff\]"):
        read_image(path)
    # of 16-bit grey and 8 bits, Pillow loses nothing
    if compression == "lzw":
        for image in (GREY.astype(np.uint16) * 257, RGB, GREY):
            photometric = "rgb" if image.ndim == 3 else "minisblack"
            tifffile.imwrite(path, image, photometric=photometric, compression=compression)
            assert_array_equal(read_image(path), image)


@needs_packing
@pytest.mark.parametrize("bits", [12, 10])
def test_packed_bits_without_imagecodecs(tmp_path, monkeypatch, bits):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.array([[0, 2**bits - 1]], np.uint16), photometric="minisblack", bitspersample=bits
    )
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    if bits == 12:  # Pillow has them
        assert_array_equal(read_image(path), [[0, 65535]])
    else:
        with pytest.raises(OSError, match=r"unpacking its 10 bits .*nncolor\[tiff\]"):
            read_image(path)


@needs_packing
def test_colour_of_few_bits_without_imagecodecs(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    samples = np.random.default_rng(0).integers(0, 16, (8, 10, 3)).astype(np.uint8)
    tifffile.imwrite(path, samples, photometric="rgb", bitspersample=4, metadata=None)
    assert_array_equal(read_image(path), samples * 17)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    # Pillow has grey of 4 bits only
    with pytest.raises(OSError, match=r"unpacking its 4 bits .*nncolor\[tiff\]"):
        read_image(path)


def test_a_file_that_does_not_declare_what_zero_is(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, photometric="minisblack", metadata=None)
    content = path.read_bytes()
    tag = np.array([262, 3], "<u2").tobytes()
    assert content.count(tag) == 1
    path.write_bytes(content.replace(tag, np.array([65000, 3], "<u2").tobytes()))
    with pytest.raises(OSError, match="whether zero is black or white"):
        read_image(path)


def test_a_page_of_a_document_is_a_picture(tmp_path):
    # 2 is one page of several; 1 is a reduced image and 4 a mask
    picture = np.arange(48, dtype=np.uint8).reshape(6, 8)
    for kind in (2, 0):
        tifffile.imwrite(tmp_path / f"{kind}.tif", picture, subfiletype=kind)
        assert_array_equal(read_image(tmp_path / f"{kind}.tif"), picture)
    for kind in (1, 4, 5):
        # masks have two levels
        content = picture if kind == 1 else picture > 20
        tifffile.imwrite(tmp_path / f"{kind}.tif", content, subfiletype=kind, photometric="minisblack")
        with pytest.raises(OSError, match="its page is marked as a reduced image"):
            read_image(tmp_path / f"{kind}.tif")


def test_the_raw_samples_of_a_camera_are_no_grey(tmp_path):
    version = [(50706, 1, 4, (1, 4, 0, 0), True)]
    picture = np.arange(48, dtype=np.uint8).reshape(6, 8)
    tifffile.imwrite(tmp_path / "raw.dng", picture, photometric="minisblack", extratags=version)
    with pytest.raises(OSError, match="its colours are of the kind MINISBLACK; convert it"):
        read_image(tmp_path / "raw.dng")
    color = np.dstack([picture] * 3)
    tifffile.imwrite(tmp_path / "color.dng", color, photometric="rgb", extratags=version)
    assert_array_equal(read_image(tmp_path / "color.dng"), color)


def test_size(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((6, 8, 3), np.uint8), photometric="rgb")
    with open(tmp_path / "a.tif", "rb") as content:
        assert TIFF.size(content) == (6, 8)
