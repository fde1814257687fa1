"""Readers of files: each kind of fault of a file, with similar ones. All files are made here."""

import contextlib
import io
import os
import signal
import struct
import sys
import zlib

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from skimage.color import rgb2xyz
from skimage.io import ImageCollection
from test_headers import box, png, saved, segment
from test_icc import GREY_GAMMA_1, gamma_curve, icc_profile, linear_of_srgb, rgb_profile, srgb_of_linear
from test_tiff import turned

from nncolor import PatchExtractor, to_gray
from nncolor._images.encoding import Encoding
from nncolor._images.errors import Damaged, Refused
from nncolor._images.files import probe_image, read_image
from nncolor._images.readers.catalogue import READERS, pixels_of, size_of
from nncolor.datasets import load_image_folder

A = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)


def read(tmp_path, content, name="x"):
    """Image of the bytes of a file, the same as a path and as an image of Pillow that is not read yet."""
    path = tmp_path / name
    path.write_bytes(content)
    return read_image(path)


def reason(tmp_path, content, name="x"):
    """Why a file is not read."""
    with pytest.raises(OSError, match="cannot be read") as caught:
        read(tmp_path, content, name)
    return str(caught.value)


# --- 26: declared colours

XY = {
    1: [(0.3127, 0.3290), (0.640, 0.330), (0.300, 0.600), (0.150, 0.060)],
    4: [(0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)],
    5: [(0.3127, 0.3290), (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)],
    6: [(0.3127, 0.3290), (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)],
    8: [(0.310, 0.316), (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)],
    9: [(0.3127, 0.3290), (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)],
    11: [(0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)],
    12: [(0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)],
    22: [(0.3127, 0.3290), (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)],
}


def profile_of(xy, gamma):
    """ICC profile with these primaries, adapted to D50 by Bradford, and this gamma."""
    x, y = np.array(xy).T
    columns = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    white, rgb = columns[:, 0], columns[:, 1:]
    xyz = rgb * np.linalg.solve(rgb, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scale = bradford @ [0.9642, 1, 0.8249] / (bradford @ white)
    xyz = np.linalg.inv(bradford) @ np.diag(scale) @ bradford @ xyz
    tags = {
        f"{channel}XYZ": b"XYZ " + bytes(4) + struct.pack(">3i", *np.rint(65536 * xyz[:, i]).astype(int))
        for i, channel in enumerate("rgb")
    }
    return icc_profile("RGB", tags | {f"{channel}TRC": gamma_curve(gamma) for channel in "rgb"})


@pytest.mark.parametrize("gamma", [1.0, 2.2])
@pytest.mark.parametrize("number", XY)
def test_primaries_are_those_of_an_icc_profile(number, gamma, tmp_path):
    # colours inside of sRGB
    rgb = np.random.default_rng(number).integers(90, 150, (16, 16, 3), dtype=np.uint8)
    seen = read(tmp_path, png_of(rgb, (b"cICP", bytes([number, {1.0: 8, 2.2: 4}[gamma], 0, 1]))))
    Image.fromarray(rgb).save(tmp_path / "icc.png", icc_profile=profile_of(XY[number], gamma))
    # Little CMS has 8 bits in between
    assert_allclose(seen.astype(int), read_image(tmp_path / "icc.png"), atol=2)


def png_of(image, *chunks):
    """A PNG of an image with further chunks."""
    image = np.asarray(image)
    color_type = {2: 0, 3: 2}[image.ndim]
    rows = image.astype(image.dtype.newbyteorder(">")).reshape(len(image), -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    size = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8 * image.itemsize, color_type, 0, 0, 0)
    parts = [(b"IHDR", size), *chunks, (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def gama(value):
    return b"gAMA", struct.pack(">I", round(value * 100000))


def chrm(number):
    return b"cHRM", struct.pack(">8I", *(round(100000 * value) for pair in XY[number] for value in pair))


@settings(max_examples=100, deadline=None)
@given(
    exponent=st.sampled_from([0.3, 0.5, 0.55556, 0.6, 0.8, 1.0, 2.0]),
    is_deep=st.booleans(),
    is_grey=st.booleans(),
    seed=st.integers(0, 999),
)
def test_the_gamma_of_png(tmp_path_factory, exponent, is_deep, is_grey, seed):
    dtype, largest = (np.uint16, 65535) if is_deep and is_grey else (np.uint8, 255)
    image = np.random.default_rng(seed).integers(
        0, largest + 1, (9, 8) if is_grey else (9, 8, 3), dtype=dtype
    )
    seen = read(tmp_path_factory.mktemp("gamma"), png_of(image, gama(exponent)))
    assert seen.dtype == dtype
    expected = largest * srgb_of_linear((image / largest) ** (1 / round(exponent, 5)))
    assert_allclose(seen, expected, atol=0.51)


@pytest.mark.parametrize("exponent", [0, 0.4545, 0.45455, 0.46])
def test_a_gamma_close_to_that_of_srgb_changes_nothing(exponent, tmp_path):
    assert_array_equal(read(tmp_path, png_of(A, gama(exponent))), A)
    assert_array_equal(read(tmp_path, png_of(A, gama(exponent), chrm(1))), A)


def test_which_declaration_of_a_png_counts(tmp_path):
    def profile(data):
        return b"iCCP", b"a\0\0" + zlib.compress(data)

    swapped, linear = profile(rgb_profile("bgr", 2.2)), gama(1.0)
    coded, srgb = (b"cICP", bytes([12, 13, 0, 1])), (b"sRGB", b"\0")
    by_code, by_gamma = (read(tmp_path, png_of(A, chunk)) for chunk in (coded, linear))
    by_profile = read(tmp_path, png_of(A, swapped))
    assert len({image.tobytes() for image in (A, by_code, by_gamma, by_profile)}) == 4
    for chunks, expected in (
        ([coded, swapped, srgb, linear], by_code),
        ([linear, srgb, swapped, coded], by_code),
        ([linear, swapped], by_profile),
        ([linear, srgb], A),
        ([chrm(12), gama(0.45455)], by_code),
        ([chrm(12)], by_code),
    ):
        assert_array_equal(read(tmp_path, png_of(A, *chunks)), expected)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), is_deep=st.booleans(), is_grey=st.booleans())
def test_the_narrow_range_of_png(tmp_path_factory, seed, is_deep, is_grey):
    dtype, unit = (np.uint16, 256) if is_deep and is_grey else (np.uint8, 1)
    values = np.random.default_rng(seed).random((9, 8) if is_grey else (9, 8, 3))
    stored = np.rint((16 + 219 * values) * unit).astype(dtype)
    seen = read(tmp_path_factory.mktemp("range"), png_of(stored, (b"cICP", bytes([1, 13, 0, 0]))))
    largest = np.iinfo(dtype).max
    assert_allclose(seen / largest, (stored / unit - 16) / 219, atol=0.51 / largest + 1e-6)


def test_a_code_that_is_no_rgb_is_refused(tmp_path):
    assert "its colours are not RGB (matrix 6)" in reason(tmp_path, png((b"cICP", bytes([1, 13, 6, 1]))))
    assert "its primaries 3 are not supported" in reason(tmp_path, png((b"cICP", bytes([3, 13, 0, 1]))))


def test_transparency_is_no_colour():
    rgba = np.random.default_rng(0).integers(0, 256, (5, 6, 4), dtype=np.uint8)
    converted = Encoding.of_numbers(9, 8).to_srgb(rgba)
    assert_array_equal(converted[..., 3], rgba[..., 3])
    assert_array_equal(converted[..., :3], Encoding.of_numbers(9, 8).to_srgb(rgba[..., :3]))
    assert_array_equal(Encoding.of_numbers(9, 8).to_srgb(rgba[..., 0] > 9), rgba[..., 0] > 9)


def test_the_luminance_of_grey_stays():
    ramp = np.arange(256, dtype=np.uint8)[None]
    linear = Encoding.of_numbers(9, 8).to_srgb(np.repeat(ramp[..., None], 3, axis=2))
    assert_allclose(rgb2xyz(linear)[0, :, 1], np.arange(256) / 255, atol=0.006)
    assert (np.ptp(linear.astype(int), axis=2) <= 1).all()


@settings(max_examples=100, deadline=None)
@given(
    xy=st.tuples(*[st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)) for _ in range(4)]),
    number=st.sampled_from([*XY]),
    exponent=st.sampled_from([0.45455, 0.55556, 1.0]),
    seed=st.integers(0, 999),
)
def test_any_primaries_of_png(tmp_path_factory, xy, number, exponent, seed):
    primaries = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(XY[number], xy, strict=True)]
    stored = [round(100000 * value) for pair in primaries for value in pair]
    chunks = (b"cHRM", struct.pack(">8I", *stored)), gama(exponent)
    rgb = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    rgb[0] = np.linspace(0, 255, 9)[:, None]
    folder = tmp_path_factory.mktemp("primaries")
    seen = read(folder, png_of(rgb, *chunks))
    # grey stays grey, of the same levels as without colour
    grey = np.repeat(read(folder, png_of(rgb[..., 0], *chunks))[0][:, None], 3, axis=1)
    assert_allclose(seen[0].astype(int), grey, atol=1)
    # by a way of its own: XYZ of the colours, adapted to the white of sRGB
    x, y = (np.array(stored) / 100000).reshape(4, 2).T
    columns = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    to_xyz = columns[:, 1:] * np.linalg.solve(columns[:, 1:], columns[:, 0])
    levels = rgb / 255
    linear = linear_of_srgb(levels) if exponent == 0.45455 else levels ** (1 / exponent)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    white = np.array([0.3127 / 0.329, 1, (1 - 0.3127 - 0.329) / 0.329])
    cones = (linear @ to_xyz.T @ bradford.T) * (bradford @ white) / (bradford @ columns[:, 0])
    xyz = cones @ np.linalg.inv(bradford).T
    expected = srgb_of_linear(np.clip(xyz @ np.linalg.inv(srgb_to_xyz()).T, 0, 1))
    is_srgb = np.abs(np.array(stored) / 100000 - np.ravel(XY[1])).max() <= 0.002
    assert_allclose(
        seen / 255, levels if is_srgb and exponent == 0.45455 else expected, atol=0.52 / 255 + 0.002
    )


def srgb_to_xyz():
    x, y = np.array(XY[1]).T
    columns = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    return columns[:, 1:] * np.linalg.solve(columns[:, 1:], columns[:, 0])


def avif(image, primaries=1, transfer=13, is_full=True, **options):
    """An AVIF whose colours have these numbers."""
    content = saved(Image.fromarray(image), "AVIF", quality=100, subsampling="4:4:4", **options)
    start = content.index(b"colrnclx") + 8
    return content[:start] + struct.pack(">2H", primaries, transfer) + content[start + 4 :]


@pytest.mark.parametrize("number", XY)
def test_the_primaries_of_avif(number, tmp_path):
    plain = read(tmp_path, avif(A))
    for transfer in (13, 8, 4):
        seen = read(tmp_path, avif(A, number, transfer))
        assert_array_equal(seen, Encoding.of_numbers(number, transfer).to_srgb(plain))
    assert "high dynamic range (transfer function 16)" in reason(tmp_path, avif(A, number, 16))


@pytest.mark.parametrize("number", [1, 9, 12])
@pytest.mark.parametrize("compression", ["none", "lzw", "jpeg"])
def test_the_primaries_of_tiff(number, compression, tmp_path):
    (white, *others), path = XY[number], tmp_path / "a.tif"
    tags = [
        (code, "2I", n, tuple(part for value in np.ravel(xy) for part in (round(value * 10**6), 10**6)), True)
        for code, n, xy in ((318, 2, white), (319, 6, others))
    ]
    image = SMOOTH if compression == "jpeg" else A.astype(np.uint16) * 257
    options = {"metadata": None, "photometric": "rgb", "compression": compression}
    tifffile.imwrite(path, image, **options)
    plain = read_image(path)
    tifffile.imwrite(path, image, extratags=tags, **options)
    assert_array_equal(read_image(path), Encoding.of_numbers(number, 13).to_srgb(plain))
    # a profile counts more
    tifffile.imwrite(path, image, extratags=tags, iccprofile=rgb_profile("rgb", 2.2), **options)
    with_tags = read_image(path)
    tifffile.imwrite(path, image, iccprofile=rgb_profile("rgb", 2.2), **options)
    assert_array_equal(with_tags, read_image(path))
    if number > 1 and compression == "none":
        tifffile.imwrite(path, A.astype(np.float32) / 255, extratags=tags, **options)
        with pytest.raises(OSError, match="its floats have other primaries than those of sRGB"):
            read_image(path)


def bmp_with_profile(kind, profile):
    """A BMP of version 5 with a profile behind its pixels."""
    rows = A[::-1, :, ::-1].tobytes()
    size = 14 + 124 + len(rows)
    info = struct.pack("<IiiHHIIiiII", 124, A.shape[1], A.shape[0], 1, 24, 0, len(rows), 0, 0, 0, 0)
    info += bytes(16) + kind + bytes(48) + struct.pack("<4I", 4, size - 14, len(profile), 0)
    return b"BM" + struct.pack("<IHHI", size + len(profile), 0, 0, 14 + 124) + info + rows + profile


def test_the_profile_of_bmp(tmp_path):
    assert_array_equal(read(tmp_path, bmp_with_profile(b"BGRs", b"")), A)
    profile = rgb_profile("bgr", 2.2)
    Image.fromarray(A).save(tmp_path / "a.png", icc_profile=profile)
    assert_array_equal(read(tmp_path, bmp_with_profile(b"DEBM", profile)), read_image(tmp_path / "a.png"))
    assert "its colour profile is another file" in reason(tmp_path, bmp_with_profile(b"KNIL", b"a.icc\0"))


# --- 27, 28: tags of TIFF, and what is beside the picture


def test_a_palette_of_8_bits_that_pillow_has_read(tmp_path):
    samples = np.array([[255, 0]], np.uint8)
    ramp = np.tile(np.arange(256, dtype=np.uint16), (3, 1))
    tifffile.imwrite(tmp_path / "x.tif", samples, metadata=None, photometric="palette", colormap=ramp)
    assert_array_equal(read_image(tmp_path / "x.tif"), [[[255] * 3, [0] * 3]])
    with Image.open(tmp_path / "x.tif") as file:
        file.load()
        with pytest.raises(OSError, match="palette of 8 bits as one of 16; pass the path"):
            to_gray(file)


@pytest.mark.parametrize("bits", [1, 8])
def test_inks_of_any_bits(bits, tmp_path):
    inks = np.random.default_rng(0).integers(0, 2, (8, 16, 4)).astype(bool)
    largest = 2**bits - 1
    # libtiff's samples of four inks, side by side in each byte
    data = np.packbits(inks.reshape(8, -1), axis=1) if bits == 1 else inks.astype(np.uint8) * largest
    tags = [
        (256, 3, 1, 16),
        (257, 3, 1, 8),
        (258, 3, 4, bits),
        (259, 3, 1, 1),
        (262, 3, 1, 5),
        (273, 4, 1, 8),
        (277, 3, 1, 4),
        (278, 3, 1, 8),
        (279, 4, 1, data.nbytes),
    ]
    content = tiff_of(data.tobytes(), tags)
    expected = Image.frombytes("CMYK", (16, 8), (inks * np.uint8(255)).tobytes()).convert("RGB")
    assert_array_equal(read(tmp_path, content), expected)


def tiff_of(data, tags):
    """A TIFF with these bytes at byte 8, and tags (code, type, count, value)."""
    data += bytes(len(data) % 2)
    bits = struct.pack("<4H", *[next((tag[3] for tag in tags if tag[0] == 258), 8)] * 4)
    start, entries = 8 + len(data), b""
    for code, kind, count, value in tags:
        if code == 258 and count > 2:
            value = struct.pack("<I", start)
        elif isinstance(value, int):
            value = struct.pack({1: "<B3x", 3: "<H2x", 4: "<I"}[kind], value)
        entries += struct.pack("<2HI", code, kind, count) + value
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", start + 8) + data + bits + directory


# types of tags of TIFF that hold a number, and how the number 1 to 8 is stored
NUMBERS = {
    "BYTE": (1, "B"),
    "SHORT": (3, "H"),
    "LONG": (4, "I"),
    "RATIONAL": (5, "2I"),
    "SBYTE": (6, "b"),
    "UNDEFINED": (7, "B"),
    "SSHORT": (8, "h"),
    "SLONG": (9, "i"),
    "SRATIONAL": (10, "2i"),
    "FLOAT": (11, "f"),
    "DOUBLE": (12, "d"),
}


@pytest.mark.parametrize("compression", ["none", "lzw", "fax", "jpeg"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", NUMBERS)
def test_orientation_by_every_type_of_tag(kind, orientation, compression, tmp_path):
    upright = np.kron(np.arange(12).reshape(3, 4) % 5 > 1, np.ones((8, 8), bool))
    stored = turned(upright, orientation)
    code, form = NUMBERS[kind]
    path = tmp_path / "a.tif"
    if compression in ("none", "lzw"):
        tifffile.imwrite(path, stored, photometric="minisblack", compression=compression, metadata=None)
    else:
        image = Image.fromarray(stored if compression == "fax" else stored.astype(np.uint8) * 255)
        image.save(path, compression={"fax": "group4", "jpeg": "jpeg"}[compression])
    content = path.read_bytes()
    path.write_bytes(with_tag(content, 274, code, struct.pack("<" + form, *[orientation, 1][: len(form)])))
    assert_array_equal(read_image(path) > 100 if compression == "jpeg" else read_image(path), upright)


def with_tag(content, code, kind, value):
    """A little-endian TIFF with another tag in its first directory, which goes to its end."""
    (start,) = struct.unpack("<I", content[4:8])
    (n,) = struct.unpack("<H", content[start : start + 2])
    entries = [content[i : i + 12] for i in range(start + 2, start + 2 + 12 * n, 12)]
    content += bytes(len(content) % 2)
    place = struct.pack("<I", len(content)) if len(value) > 4 else value.ljust(4, b"\0")
    content += value if len(value) > 4 else b""
    entries = [entry for entry in entries if struct.unpack("<H", entry[:2])[0] != code]
    n_bytes = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}.get(kind, 1)
    entries.append(struct.pack("<2HI", code, kind, len(value) // n_bytes) + place)
    directory = struct.pack("<H", len(entries)) + b"".join(sorted(entries, key=lambda e: e[:2][::-1]))
    return content[:4] + struct.pack("<I", len(content)) + content[8:] + directory + bytes(4)


@pytest.mark.parametrize("kind", [kind for kind in NUMBERS if kind != "UNDEFINED"])
@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_orientation_in_exif_by_every_type_of_tag(kind, ending, tmp_path):
    upright = np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, np.ones((8, 8), np.uint8))
    code, form = NUMBERS[kind]
    value = struct.pack("<" + form, *[6, 1][: len(form)])
    exif = with_tag(b"II*\0" + struct.pack("<IH", 8, 0) + bytes(4), 274, code, value)
    options = {".webp": {"lossless": True}, ".jpg": {"quality": 100}}.get(ending, {})
    Image.fromarray(turned(upright, 6)).save(tmp_path / f"a{ending}", exif=b"Exif\0\0" + exif, **options)
    seen = read_image(tmp_path / f"a{ending}")
    assert_allclose(seen if seen.ndim == 2 else seen[..., 0], upright, atol=2)


def with_property(content, kind, value):
    """An AVIF or HEIF with a further property of its first item."""
    content = bytearray(content)
    entry, added = content.index(b"ipma") + 12, box(kind, value)
    assert content[entry - 5] in (0, 1)
    ipco = content.index(b"ipco") - 4
    (size,) = struct.unpack(">I", content[ipco : ipco + 4])
    n_properties = sum(1 for _ in properties_in(content[ipco + 8 : ipco + size]))
    content[entry + 2] += 1
    content.insert(entry + 3, 0x80 | (n_properties + 1))
    content[ipco + size : ipco + size] = added
    grown = len(added) + 1
    for name, more in (b"ipma", 1), (b"ipco", len(added)), (b"iprp", grown), (b"meta", grown):
        start = content.index(name) - 4
        content[start : start + 4] = struct.pack(
            ">I", struct.unpack(">I", content[start : start + 4])[0] + more
        )
    # the data move by as much
    iloc = content.index(b"iloc")
    mdat = content.index(b"mdat") + 4
    old = struct.pack(">I", mdat - grown)
    place = bytes(content).index(old, iloc)
    content[place : place + 4] = struct.pack(">I", mdat)
    return bytes(content)


def properties_in(data):
    start = 0
    while start < len(data):
        yield start
        start += struct.unpack(">I", data[start : start + 4])[0]


def clean_aperture(top, bottom, left, right, height, width):
    down, across = bottom - top, right - left
    below, beside = top + bottom - height, left + right - width
    return struct.pack(">8i", across, 1, down, 1, beside, 2, below, 2)


def test_the_clean_aperture_of_avif(tmp_path):
    whole = read(tmp_path, avif(A))
    content = with_property(avif(A), b"clap", clean_aperture(4, 20, 6, 40, 30, 40))
    assert_array_equal(read(tmp_path, content), whole[4:20, 6:40])
    # one that is not inside is none
    content = with_property(avif(A), b"clap", clean_aperture(4, 50, 6, 40, 30, 40))
    assert_array_equal(read(tmp_path, content), whole)


# --- 29: what decoders paint

SMOOTH = np.kron(
    np.random.default_rng(1).integers(0, 255, (8, 10, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8)
)
JPEGS = {
    "plain": {},
    "grey": {"mode": "L"},
    "inks": {"mode": "CMYK"},
    "restarts": {"restart_marker_blocks": 4},
    "subsampled": {"subsampling": 2},
    "progressive": {"progressive": True},
}


def jpeg_of(kind):
    options = dict(JPEGS[kind])
    return saved(Image.fromarray(SMOOTH).convert(options.pop("mode", "RGB")), "JPEG", **options)


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_ends_early_is_refused(kind, tmp_path):
    whole = jpeg_of(kind)
    with Image.open(io.BytesIO(whole)) as file:
        assert_array_equal(read(tmp_path, whole), file.convert("L" if kind == "grey" else "RGB"))
    for start, end in scans_of(whole):
        # libjpeg reads 8 bytes ahead
        for cut in range(start + 1, end - 24, max(1, (end - start) // 10)):
            message = reason(tmp_path, whole[:cut].removesuffix(b"\xff") + b"\xff\xd9", "x.jpg")
            assert message.endswith("x.jpg) cannot be read (its data end before the picture does).")
            with (
                Image.open(tmp_path / "x.jpg") as file,
                pytest.raises(OSError, match="end before the picture"),
            ):
                to_gray(file)


def scans_of(content):
    """Start and end of the data of the scans of a JPEG; cut between two of them it is a JPEG of fewer."""
    start = 2
    while content[start + 1] != 0xD9:
        code, start = content[start + 1], start + 2 + int.from_bytes(content[start + 2 : start + 4], "big")
        if code == 0xDA:
            end = start
            while content[end] != 0xFF or content[end + 1] in (0, *range(0xD0, 0xD8)):
                end += 1
            yield start, end
            start = end


@pytest.mark.parametrize("kind", JPEGS)
def test_junk_that_harms_no_jpeg(kind, tmp_path):
    whole = jpeg_of(kind)
    expected, start = read(tmp_path, whole), whole.index(b"\xff\xdb")
    for junk in (b"\0" * 7, b"junk", segment(0xFE, b"a comment \xff\xd9 with an end")):
        assert_array_equal(read(tmp_path, whole[:start] + junk + whole[start:]), expected)
        assert_array_equal(read(tmp_path, whole[:2] + junk + whole[2:]), expected)
        assert_array_equal(read(tmp_path, whole + junk), expected)
    # before the end
    for junk in (b"\0" * 7, b"junk", segment(0xFE, b"a comment")):
        assert_array_equal(read(tmp_path, whole[:-2] + junk + whole[-2:]), expected)


@pytest.mark.parametrize("kind", JPEGS)
def test_fill_bytes_and_large_headers_of_jpeg(kind, tmp_path):
    whole = jpeg_of(kind)
    expected = read(tmp_path, whole)
    assert_array_equal(read(tmp_path, whole[:-2] + b"\xff" * 20 + whole[-2:]), expected)
    large = whole[:2] + segment(0xE5, bytes(65_000)) * 9 + whole[2:]
    assert_array_equal(read(tmp_path, large), expected)
    assert probe_image(tmp_path / "x") is None
    frame = large.index(b"\xff\xc2" if kind == "progressive" else b"\xff\xc0")
    assert "its 12 bits" in reason(tmp_path, large[: frame + 4] + b"\x0c" + large[frame + 5 :])
    assert "its 12 bits" in probe_image(tmp_path / "x")


def test_a_second_jpeg_behind_the_first_is_no_matter(tmp_path):
    one, two = jpeg_of("plain"), jpeg_of("progressive")
    assert_array_equal(read(tmp_path, one + two), read(tmp_path, one))


def test_a_lossless_jpeg_is_named(tmp_path):
    content = imagecodecs.ljpeg_encode(A[..., 0])
    with pytest.MonkeyPatch.context() as patch:
        # whether Pillow reads it depends on its libjpeg
        patch.setattr(
            JpegImageFile, "load", lambda self: (_ for _ in ()).throw(OSError("broken data stream"))
        )
        message = reason(tmp_path, content)
    assert "it is a lossless JPEG that Pillow does not read; convert it to PNG" in message


PAGE = np.kron(np.random.default_rng(2).random((25, 30)) > 0.5, np.ones((4, 9), bool))
FAX = {
    "group4": {"compression": "group4"},
    "group3": {"compression": "group3"},
    "group3 in two dimensions": {"compression": "group3", "tiffinfo": {292: 1}},
    "group3 with fill bits": {"compression": "group3", "tiffinfo": {292: 5}},
    "rle": {"compression": "tiff_ccitt"},
    "strips": {"compression": "group4", "tiffinfo": {278: 16}},
}


def fax(kind, page=PAGE):
    """A fax, and offset and size of each of its strips."""
    content = saved(Image.fromarray(page), "TIFF", **FAX[kind])
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        return content, list(zip(file.pages[0].dataoffsets, file.pages[0].databytecounts, strict=True))


@pytest.mark.parametrize("damage", ["zeros", "zeros at the end", "wrong words"])
@pytest.mark.parametrize("kind", FAX)
def test_a_fax_that_lacks_rows_is_refused(kind, damage, tmp_path):
    content, strips = fax(kind)
    assert_array_equal(read(tmp_path, content), PAGE)
    start, size = strips[-1]
    bad = bytearray(content)
    if damage == "zeros":
        bad[start : start + size] = bytes(size)
    elif damage == "zeros at the end":
        bad[start + size // 2 : start + size] = bytes(size - size // 2)
    else:
        bad[start + size // 2 : start + size // 2 + 4] = b"\0\0\0\x01"
    assert "the code words of its fax compression end or are wrong in row" in reason(tmp_path, bytes(bad))


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([*FAX]),
    height=st.integers(1, 40),
    width=st.integers(1, 3000),
    length=st.sampled_from([0.5, 0.1, 0.01, 0.001, 0]),
    seed=st.integers(0, 2**31),
)
def test_every_fax_is_read(tmp_path_factory, kind, height, width, length, seed):
    page = np.cumsum(np.random.default_rng(seed).random((height, width)) < length, axis=1) % 2 > 0
    content, strips = fax(kind, page)
    folder = tmp_path_factory.mktemp("fax")
    assert_array_equal(read(folder, content), page)
    # as scanners write it, from the lowest bit on
    turn = np.packbits(
        np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1
    ).tobytes()
    bits = bytearray(content)
    for start, size in strips:
        bits[start : start + size] = bits[start : start + size].translate(turn)
    assert_array_equal(read(folder, with_tag(bytes(bits), 266, 3, struct.pack("<H", 2))), page)


def test_a_fax_that_leaves_out_a_rest_of_zero(tmp_path):
    # white of no pixel, black of 64 pixels without the word for no more, and the end of the line
    words = "00110101" + "0000001111" + "000000000001"
    words = "000000000001" + words * 2
    data = np.packbits([int(bit) for bit in words]).tobytes()
    tags = [(256, 3, 1, 64), (257, 3, 1, 2), (258, 3, 1, 1), (259, 3, 1, 3), (262, 3, 1, 0), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 3, 1, 2), (279, 4, 1, len(data))]
    assert_array_equal(read(tmp_path, tiff_of(data, tags)), np.zeros((2, 64), bool))


def test_a_jpeg_inside_a_tiff_that_ends_early(tmp_path):
    content = saved(Image.fromarray(SMOOTH), "TIFF", compression="jpeg")
    read(tmp_path, content)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        start, size = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    half = start + size * 2 // 3
    bad = content[:half] + b"\xff\xd9" + bytes(start + size - half - 2) + content[start + size :]
    assert "its data end before the picture does" in reason(tmp_path, bad)


@pytest.mark.parametrize("damage", [bytes, lambda n: b""])
def test_jpeg_2000_inside_a_tiff_that_ends_early(damage, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", SMOOTH, photometric="rgb", compression="jpeg2000", metadata=None)
    content = (tmp_path / "a.tif").read_bytes()
    assert_array_equal(read(tmp_path, content), SMOOTH)
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        start, size = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    half = start + size // 2
    message = reason(tmp_path, content[:half] + damage(start + size - half) + content[start + size :])
    assert "a codestream of its JPEG 2000 compression is cut off" in message


# --- 30: full depth


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_grey_profile_at_full_depth(ending, tmp_path):
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for profile, gamma in (GREY_GAMMA_1, 1), (icc_profile("GRAY", {"kTRC": gamma_curve(2.2)}), 2.19921875):
        if ending == "tif":
            tifffile.imwrite(tmp_path / "a.tif", levels, iccprofile=profile)
        else:
            Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=profile)
        image = read_image(tmp_path / f"a.{ending}")
        assert_allclose(image, 65535 * srgb_of_linear((levels / 65535) ** gamma), atol=2)
        assert (np.diff(image.astype(int).ravel()) >= 0).all()


# --- 31: names

NAMED = {
    "HEIC": (box(b"ftyp", b"heic\0\0\0\0mif1heic"), r'it is a HEIC file.*pip install "nncolor\[heic\]"'),
    "HEIC of a brand": (box(b"ftyp", b"mif1\0\0\0\0mif1heic"), "it is a HEIC file"),
    "JPEG XL": (b"\xff\x0a\xfa\x7f\x01", "it is a JPEG XL file, .*convert it to PNG or TIFF"),
    "JPEG XL in a container": (b"\0\0\0\x0cJXL \r\n\x87\n", "it is a JPEG XL file"),
    "JPEG-LS": (b"\xff\xd8\xff\xf7\0\x0b\x08\0\x09\0\x09\x01", "it is a JPEG-LS file"),
    "EXR": (b"v/1\x01\x02\0\0\0channels", "it is an OpenEXR file, which is of high dynamic range; convert"),
    "Radiance": (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "it is a Radiance file"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "it is a PDF document; export its page"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "it is an SVG drawing"),
    "SVG in XML": (b'<?xml version="1.0"?>\n<!-- a\n-->\n<!DOCTYPE svg><svg/>', "it is an SVG drawing"),
    "RAF": (b"FUJIFILMCCD-RAW 0201FF", r"raw file of a camera \(RAF of Fujifilm\); develop it to TIFF"),
    "CR3": (box(b"ftyp", b"crx \0\0\0\x01crx isom"), r"raw file of a camera \(CR3 of Canon\)"),
    "HTML": (b"\r\n<!DOCTYPE html><html>404</html>", "it is a web page, not an image; download the image"),
    "XML": (b"<?xml version='1.0'?><a/>", "it is an XML document"),
    "film": (box(b"ftyp", b"isom\0\0\0\0isom"), "it is a film; see colorize_film"),
    "archive": (b"PK\x03\x04\x14\0", "it is an archive; unpack it"),
    "Photoshop": (b"8BPS\0\x01", "it is a Photoshop document"),
    "cursor": (b"\0\0\x02\0\x01\0\x20\x20", r"it is a cursor \(CUR\)"),
    "nothing": (b"", "it is empty: it has no bytes"),
    "zeros": (bytes(999), "it is not an image, or its format is not supported"),
    "sun raster": (b"\x59\xa6\x6a\x95" + bytes(28), "it is a SUN file, which is not supported; convert it"),
    "wave": (b"RIFF\x24\0\0\0WAVEfmt ", "it is a RIFF file that holds no WebP picture"),
}


@pytest.mark.parametrize("ending", [".bin", ".jpg"])
@pytest.mark.parametrize("name", NAMED)
def test_what_is_not_read_is_named(name, ending, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    content, match = NAMED[name]
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    with pytest.raises(OSError, match=match) as caught:
        read_image(path)
    assert "damaged" not in str(caught.value)
    assert probe_image(path) == f"{path}: {str(caught.value).split(' (', 2)[2].removesuffix(').')}"


@pytest.mark.parametrize(
    "text", [b"<!---->", b"<!---->\n", b"<?xml ?>", b"<!--", b" ", b"<?", b"\n<!-- - -->"]
)
def test_no_beginning_takes_long(text, tmp_path):
    with in_time(5):
        assert "cannot be read" in reason(tmp_path, text * 2000)


def heic(image, **options):
    return saved(pillow_heif.from_pillow(Image.fromarray(image)), quality=-1, chroma=444, **options)


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L"])
def test_heic(kind, tmp_path):
    image = np.asarray(Image.fromarray(SMOOTH).convert(kind))
    seen = read(tmp_path, heic(image), "x.jpg")
    assert seen.shape == image.shape
    assert_allclose(seen.astype(int), image, atol=2)
    assert probe_image(tmp_path / "x.jpg") is None
    assert load_image_folder(tmp_path) == [str(tmp_path / "x.jpg")]


def test_the_profile_and_the_numbers_of_heic(tmp_path):
    plain = read(tmp_path, heic(SMOOTH))
    image = Image.fromarray(SMOOTH)
    image.info["icc_profile"] = rgb_profile("bgr", 2.2)
    with_profile = read(tmp_path, saved(pillow_heif.from_pillow(image), quality=-1, chroma=444))
    assert np.abs(with_profile.astype(int) - plain[..., ::-1]).mean() < 5
    for primaries, transfer in (12, 13), (9, 8):
        seen = read(tmp_path, heic_of_numbers(primaries, transfer))
        assert_array_equal(seen, Encoding.of_numbers(primaries, transfer).to_srgb(plain))
    assert "high dynamic range" in reason(tmp_path, heic_of_numbers(9, 16))


def heic_of_numbers(primaries, transfer):
    """A HEIC whose colours have these numbers."""
    content, numbers = heic(SMOOTH), struct.pack(">2H", primaries, transfer)
    if b"colrnclx" not in content:  # older pillow-heif
        return with_property(content, b"colr", b"nclx" + numbers + struct.pack(">HB", 6, 0x80))
    start = content.index(b"colrnclx") + 8
    return content[:start] + numbers + content[start + 4 :]


def test_heic_keeps_its_depth(tmp_path):
    levels = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None], 64, axis=0)
    image = pillow_heif.from_bytes("RGB;16", (64, 64), np.repeat(levels, 3, axis=2).tobytes())
    seen = read(tmp_path, saved(image, quality=-1, chroma=444))
    assert seen.dtype == np.uint16
    assert (seen.min(), seen.max()) == (0, 65535)
    assert_allclose(seen, np.repeat(levels, 3, axis=2), atol=200)


def test_several_pictures_of_heic_are_refused(tmp_path):
    file = pillow_heif.from_pillow(Image.fromarray(SMOOTH))
    file.add_from_pillow(Image.fromarray(SMOOTH[::-1].copy()))
    assert "it holds 2 frames" in reason(tmp_path, saved(file))


def test_heic_of_pillow(tmp_path):
    (tmp_path / "x.heic").write_bytes(heic(SMOOTH))
    expected = to_gray(tmp_path / "x.heic")
    for source in (tmp_path / "x.heic", io.BytesIO(heic(SMOOTH))):
        # as Pillow opens it where its plugin is registered
        with pillow_heif.HeifImageFile(source) as file:
            assert_array_equal(to_gray(file), expected)


# --- 32: true reasons


@pytest.mark.parametrize("length", [8, 9, 20, 100])
def test_a_tiff_without_its_directory(length, tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", A, photometric="rgb", metadata=None)
    message = reason(tmp_path, (tmp_path / "x.tif").read_bytes()[:length], "x.tif")
    assert "directory of tags" in message
    assert "cut off" in message
    assert "camera" not in message


def test_a_directory_behind_the_end(tmp_path):
    message = reason(tmp_path, b"II*\0" + struct.pack("<I", 30000) + bytes(range(256)))
    assert "it is cut off: its directory of tags lies behind its end" in message


@pytest.mark.parametrize("code", [256, 257])
def test_a_size_of_several_numbers(code, tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", A, photometric="rgb", metadata=None)
    content = with_tag((tmp_path / "x.tif").read_bytes(), code, 3, struct.pack("<900H", *[1] * 900))
    with in_time(5):
        # tifffile itself needs the number of rows
        expected = {256: "its directory of tags has no width", 257: "the decoder of TIFF does not read it"}
        assert expected[code] in reason(tmp_path, content)


def test_a_cut_avif_is_named(tmp_path):
    content = avif(A)
    assert "it is cut off: 60 bytes are missing at its end" in reason(tmp_path, content[:-60], "x.jpg")


def test_a_property_of_another_item_is_none_of_the_picture(tmp_path):
    # the properties of a gain map: high dynamic range and 10 bits
    content = avif(A)
    other = bytearray(with_property(content, b"colr", b"nclx" + struct.pack(">3HB", 9, 16, 0, 0x80)))
    assert "high dynamic range" in reason(tmp_path, bytes(other))
    # the first item has it no more, but another one twice
    entry = other.index(b"ipma") + 12
    other[entry + 3] = other[entry + 4]
    assert_array_equal(read(tmp_path, bytes(other)), read(tmp_path, content))


# --- 33: raw errors


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_is_no_reason(tmp_path):
    text = b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  6\nnot hex\n")
    for chunk in (b"zTXt", text), (b"eXIf", b"junk"), (b"eXIf", b"II*\0\xff\xff\xff\xff"):
        assert_array_equal(read(tmp_path, png_of(A, chunk)), A)
    assert read(tmp_path, saved(Image.fromarray(A), "JPEG", exif=b"Exif\0\0MM\0*\0\0")).shape == A.shape


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_a_profile_with_a_sound_header_only(ending, tmp_path):
    profile = icc_profile("RGB", {"rXYZ": bytes(20), "gXYZ": b"junk" * 5})
    Image.fromarray(A).save(tmp_path / f"a.{ending}", icc_profile=profile)
    with pytest.raises(OSError, match="its colour profile is broken"):
        read_image(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("profile", [rgb_profile("bgr", 2.2), rgb_profile("rgb", 1.0)])
def test_colour_of_one_bit_with_a_profile(profile, tmp_path):
    bits = np.random.default_rng(0).random((9, 16, 3)) > 0.5
    data = np.packbits(bits.reshape(9, -1), axis=1).tobytes()
    tags = [(256, 3, 1, 16), (257, 3, 1, 9), (258, 3, 3, 1), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 8)]
    content = tiff_of(data, [*tags, (277, 3, 1, 3), (278, 3, 1, 9), (279, 4, 1, len(data))])
    assert_array_equal(read(tmp_path, content), bits)
    (tmp_path / "a.tif").write_bytes(with_tag(content, 34675, 7, profile))
    Image.fromarray(bits.astype(np.uint8) * 255).save(tmp_path / "a.png", icc_profile=profile)
    assert_array_equal(read_image(tmp_path / "a.tif"), read_image(tmp_path / "a.png"))


# --- 34: what is no file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no pipes with names.")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo.png")
    with in_time():
        for path in (tmp_path / "fifo.png", "/dev/zero"):
            with pytest.raises(OSError, match="it is a pipe or a device, not a file; save what it gives"):
                to_gray(path)
            assert "a pipe or a device" in probe_image(path)
        Image.fromarray(A).save(tmp_path / "a.png")
        assert load_image_folder(tmp_path) == [str(tmp_path / "a.png")]


@contextlib.contextmanager
def in_time(seconds=20):
    """Fail if something does not end."""

    def stop(signum, frame):
        raise TimeoutError("reading did not end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- the list of readers

WHOLE = {
    "PNG": lambda: png_of(A),
    "TIFF": lambda: saved(Image.fromarray(A), "TIFF"),
    "JPEG": lambda: jpeg_of("plain"),
    "JPEG2000": lambda: imagecodecs.jpeg2k_encode(A, codecformat="jp2"),
    "AVIF": lambda: avif(A),
    "HEIC": lambda: heic(A),
    "WEBP": lambda: saved(Image.fromarray(A), "WEBP"),
    "GIF": lambda: saved(Image.fromarray(A).convert("P"), "GIF"),
    "BMP": lambda: saved(Image.fromarray(A), "BMP"),
    "DIB": lambda: saved(Image.fromarray(A), "DIB"),
    "ICO": lambda: saved(Image.fromarray(A), "ICO", sizes=[(16, 16)]),
    "PPM": lambda: saved(Image.fromarray(A), "PPM"),
    "PCX": lambda: saved(Image.fromarray(A), "PCX"),
    "TGA": lambda: saved(Image.fromarray(A), "TGA"),
}


def test_every_reader_claims_its_files_only(tmp_path):
    readers = {reader.name: reader for reader in READERS}
    assert readers.keys() - WHOLE.keys() == {"other files"}
    for name, make in WHOLE.items():
        content = make()
        claimed = next(reader for reader in READERS if reader.claims(content[:1024]))
        assert claimed is readers[name]
        height, width = claimed.size(io.BytesIO(content))
        assert (height, width) == claimed.pixels(io.BytesIO(content)).shape[:2]
        # whatever it is called
        assert read(tmp_path, content, "x.jpg").shape[:2] == (height, width)


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "HEIC"])
def test_an_image_of_pillow_is_its_file(name, tmp_path):
    content = WHOLE[name]()
    read(tmp_path, content)
    expected = PatchExtractor(1).transform([tmp_path / "x"])
    for source in (tmp_path / "x", io.BytesIO(content)):
        for is_read in (False, True):
            with Image.open(source) as file:
                if is_read:
                    file.load()
                assert_array_equal(PatchExtractor(1).transform([file]), expected)


def test_a_file_is_opened_once(tmp_path, monkeypatch):
    opened = []
    plain_open = open

    def counting_open(path, *args, **kwargs):
        opened.append(str(path))
        return plain_open(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", counting_open)
    for name, make in WHOLE.items():
        path = tmp_path / f"{name}.x"
        path.write_bytes(make())
        for read_it in (read_image, probe_image):
            opened.clear()
            read_it(path)
            assert opened == [str(path)]


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="This system has no alarm.")
@pytest.mark.parametrize("name", [*WHOLE, "fax", "group3", "jpeg tif", "cmyk jpg", "progressive"])
def test_a_file_cut_at_any_byte_of_its_header_is_named(name):
    more = {
        "fax": lambda: fax("group4")[0],
        "group3": lambda: fax("group3")[0],
        "jpeg tif": lambda: saved(Image.fromarray(A), "TIFF", compression="jpeg"),
        "cmyk jpg": lambda: jpeg_of("inks"),
        "progressive": lambda: jpeg_of("progressive"),
    }
    content = (WHOLE | more)[name]()
    for length in range(min(400, len(content) - 1)):
        # no error of a decoder
        with in_time(), pytest.raises((Refused, Damaged)):
            pixels_of(io.BytesIO(content[:length]))
        with contextlib.suppress(Refused, Damaged):
            size_of(io.BytesIO(content[:length]))


# --- pixels that Pillow has read


def test_pixels_that_pillow_has_read_of_files_that_it_reads_otherwise(tmp_path):
    rgb16 = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8, 1), 3, axis=2)
    deep_heic = saved(pillow_heif.from_bytes("RGB;16", (8, 8), rgb16.tobytes()), quality=-1)
    deep_jp2 = imagecodecs.jpeg2k_encode(rgb16[..., 0] >> 7, bitspersample=9, codecformat="jp2")
    plain = {"a.heic": (heic(SMOOTH), None), "b.heic": (deep_heic, "its 10 bits|its 12 bits")}
    plain |= {"c.jp2": (deep_jp2, "Pillow has not kept its 9 bits; pass the path")}
    plain |= {"d.sgi": (saved(Image.fromarray(A), "SGI"), "it is a SGI file, which is not supported")}
    for name, (content, match) in plain.items():
        path = tmp_path / name
        path.write_bytes(content)
        with (pillow_heif.HeifImageFile if "heic" in name else Image.open)(path) as file:
            file.load()
            if match is None:
                assert_array_equal(to_gray(file), to_gray(path))
            else:
                with pytest.raises(OSError, match=match):
                    to_gray(file)


def test_tags_of_a_tiff_that_pillow_has_read(tmp_path):
    tags = [(319, "2I", 6, tuple(n for v in np.ravel(XY[9][1:]) for n in (round(v * 10**6), 10**6)), True)]
    tifffile.imwrite(tmp_path / "a.tif", A, photometric="rgb", metadata=None, extratags=tags)
    with Image.open(tmp_path / "a.tif") as file:
        file.load()
        assert_array_equal(to_gray(file), to_gray(tmp_path / "a.tif"))
    assert (to_gray(tmp_path / "a.tif") != to_gray(A)).any()


# --- errors


def test_jpeg_2000_of_grey_and_alpha(tmp_path):
    samples = np.random.default_rng(0).integers(0, 4096, (9, 11, 2)).astype(np.uint16)
    content = imagecodecs.jpeg2k_encode(samples, bitspersample=12, codecformat="jp2", planar=False)
    assert_array_equal(read(tmp_path, content), np.rint(samples[..., 0] * (65535 / 4095)))


@pytest.mark.parametrize(
    "words", ["0000001111", "001" + "00110101" * 2, "001" + "0" * 20, "011" + "0000010" * 9]
)
def test_wrong_words_of_group_4(words, tmp_path):
    data = np.packbits([int(bit) for bit in words]).tobytes()
    tags = [(256, 3, 1, 64), (257, 3, 1, 2), (258, 3, 1, 1), (259, 3, 1, 4), (262, 3, 1, 0), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 3, 1, 2), (279, 4, 1, len(data))]
    message = reason(tmp_path, tiff_of(data, tags))
    if words == "0000001111":
        assert "its fax compression has an uncompressed part; save it without compression" in message
    else:
        assert "the code words of its fax compression end or are wrong in row" in message


def test_errors_of_the_machine(tmp_path, monkeypatch):
    (tmp_path / "x.png").write_bytes(png_of(A))
    for error, match in (
        (MemoryError(), "it needs more memory than there is; make the picture smaller"),
        (
            Image.DecompressionBombError(),
            "more pixels than the limit of Pillow; .*MAX_IMAGE_PIXELS",
        ),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(PngImageFile, "load", lambda self, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(OSError, match=match):
                read_image(tmp_path / "x.png")
    monkeypatch.setattr(
        "builtins.open", lambda *args: (_ for _ in ()).throw(PermissionError(13, "Not allowed"))
    )
    with pytest.raises(OSError, match=r"x.png\) cannot be read \(the system says: Not allowed\)"):
        read_image(tmp_path / "x.png")


def test_a_collection_whose_reader_fails_on_a_sound_file(tmp_path):
    (tmp_path / "x.png").write_bytes(png_of(A))

    def load(path):
        raise KeyError("no key")

    with pytest.raises(OSError, match=r"image 0 \(.*x.png\) cannot be read \(KeyError: 'no key'\)"):
        PatchExtractor(1).transform(ImageCollection(str(tmp_path / "*.png"), load_func=load))
    (tmp_path / "x.png").write_bytes(b"%PDF-1.4")
    with pytest.raises(OSError, match="it is a PDF document"):
        PatchExtractor(1).transform(ImageCollection(str(tmp_path / "*.png"), load_func=load))
