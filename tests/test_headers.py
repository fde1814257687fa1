"""Headers of files: images of every container are read at their full depth, or refused by name."""

import io
import struct
import sys
import zlib
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms
from test_tiff import expected_lightness, lightness_of, turned

from nncolor import SOMColorizer
from nncolor._images.errors import Damaged, Refused
from nncolor._images.files import probe_image, read_image
from nncolor._images.readers.avif import AVIF
from nncolor._images.readers.base import check_pictures
from nncolor._images.readers.jpeg import JPEG
from nncolor._images.readers.jpeg2000 import JPEG2000
from nncolor._images.readers.png import PNG
from nncolor._images.readers.portable import PORTABLE
from nncolor.datasets import load_image_folder

LOSSLESS = {
    ".png": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    ".bmp": ("1", "L", "P", "RGB"),
    ".gif": ("L",),
    ".webp": ("RGB", "RGBA"),
    ".pgm": ("L",),
    ".ppm": ("RGB",),
    ".tga": ("L", "RGB", "RGBA"),
    ".tif": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    ".jp2": ("L", "RGB", "RGBA"),
}
HAVE_EXIF = (".png", ".webp")


@st.composite
def pictures(draw):
    """Values in [0, 1] as they shall be seen, an image of Pillow, an ending, and options to save it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ending = draw(st.sampled_from(sorted(LOSSLESS)))
    mode = draw(st.sampled_from(LOSSLESS[ending]))
    height, width = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    levels = rng.integers(0, 65536 if mode == "I;16" else 256, (height, width, 4))
    orientation = draw(st.integers(1, 8)) if ending in HAVE_EXIF else 1

    def image_of(array, dtype):
        return Image.fromarray(turned(array.astype(dtype), orientation))

    if mode == "1":
        values = levels[..., 0] > 127
        image = image_of(values, bool)
    elif mode == "I;16":
        values = levels[..., 0] / 65535
        image = image_of(levels[..., 0], np.uint16)
    elif mode == "P":
        palette = rng.integers(0, 256, (256, 3))
        values = palette[levels[..., 0]] / 255
        image = image_of(levels[..., 0], np.uint8).convert("P")
        image.putpalette(palette.astype(np.uint8).ravel().tolist())
    else:
        bands = len(mode)
        values = levels[..., : bands - (bands in (2, 4))].squeeze(-1 if bands < 3 else ()) / 255
        image = Image.merge(mode, [image_of(levels[..., band], np.uint8) for band in range(bands)])
    options = {".webp": {"lossless": True, "exact": True}, ".tif": {"compression": "tiff_lzw"}}.get(
        ending, {}
    )
    if orientation > 1:
        exif = Image.Exif()
        exif[274] = orientation
        options["exif"] = exif
    return values, image, ending, options


@settings(max_examples=300, deadline=None)
@given(pictures())
def test_every_container_and_mode_comes_back(tmp_path_factory, picture):
    values, image, ending, options = picture
    path = tmp_path_factory.mktemp("picture") / f"a{ending}"
    image.save(path, **options)
    assert probe_image(path) is None
    assert_allclose(lightness_of(path), expected_lightness(values), atol=0.02)
    # an image of Pillow means what its file does
    with Image.open(path) as file:
        assert_allclose(lightness_of(file), expected_lightness(values), atol=0.02)
    if ending in (".png", ".webp") and image.mode in ("L", "RGB", "I;16"):
        # an independent reader
        seen = pyvips.Image.new_from_file(str(path)).autorot().numpy()
        assert_array_equal(read_image(path), seen.reshape(read_image(path).shape))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([8, *range(10, 17)]), st.integers(0, 2**32 - 1), st.booleans())
def test_grey_jpeg_2000_of_any_bits(tmp_path_factory, bits, seed, bare):
    samples = np.random.default_rng(seed).integers(0, 2**bits, (9, 11))
    path = tmp_path_factory.mktemp("grey") / "a.jp2"
    kind = "j2k" if bare else "jp2"
    samples = samples.astype(np.uint8 if bits <= 8 else np.uint16)
    path.write_bytes(imagecodecs.jpeg2k_encode(samples, bitspersample=bits, codecformat=kind))
    assert_allclose(lightness_of(path), expected_lightness(samples / (2**bits - 1)), atol=0.02)


@pytest.mark.parametrize("kind", ["jp2", "j2k"])
@pytest.mark.parametrize("bits", [1, 4, 7, 8, 9, 10, 12, 16])
@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_jpeg_2000_keeps_its_depth(tmp_path, bits, n_channels, kind):
    samples = np.random.default_rng(bits).integers(0, 2**bits, (9, 11, n_channels))
    samples = samples.astype(np.uint8 if bits <= 8 else np.uint16).squeeze(axis=() if n_channels > 1 else 2)
    path = tmp_path / "a.jp2"
    path.write_bytes(imagecodecs.jpeg2k_encode(samples, bitspersample=bits, codecformat=kind))
    image = read_image(path)
    largest = np.iinfo(image.dtype).max
    assert largest == (255 if bits <= 8 else 65535)
    assert_array_equal(image, np.rint(samples / (2**bits - 1) * largest))
    assert probe_image(path) is None


def test_deep_jpeg_2000_without_imagecodecs(tmp_path, monkeypatch):
    path = tmp_path / "a.jp2"
    path.write_bytes(imagecodecs.jpeg2k_encode(np.zeros((9, 11, 3), np.uint16), bitspersample=12))
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(OSError, match=r"its 12 bits for each channel need imagecodecs: .*nncolor\[tiff\]"):
        read_image(path)
    assert "need imagecodecs" in probe_image(path)


DEEP = (np.random.default_rng(0).random((8, 9, 3)) * 1023).astype(np.uint16)


def png(*chunks, depth=8, color_type=2):
    """A PNG of one pixel."""
    size = {0: 1, 2: 3, 4: 2, 6: 4}[color_type] * depth // 8
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, depth, color_type, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(bytes(1 + size))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def saved(image, *args, **options):
    file = io.BytesIO()
    image.save(file, *args, **options)
    return file.getvalue()


REFUSED = {
    "10-bit AVIF": (".avif", imagecodecs.avif_encode(DEEP, bitspersample=10), "its 10 bits"),
    "12-bit AVIF": (".avif", imagecodecs.avif_encode(DEEP, bitspersample=12), "its 12 bits"),
    "12-bit JPEG": (".jpg", imagecodecs.jpeg8_encode(DEEP, bitspersample=12), "its 12 bits"),
    "16-bit PPM": (".ppm", b"P6\n# a comment\n2 1\n65535\n" + bytes(12), "its 16 bits"),
    "10-bit text PPM": (".ppm", b"P3\n1 1 1023 1 2 1023", "its 10 bits"),
    "float map": (".pfm", b"Pf\n1 1\n-1.0\n" + bytes(4), "portable map of floats"),
    "HDR PNG": (".png", png((b"cICP", bytes([9, 16, 0, 1]))), "high dynamic range"),
    "SGI": (".rgb", saved(Image.new("L", (8, 8)), "SGI", bpc=2), "a SGI file, which is not supported"),
    "text": (".png", b"no image at all", "not an image, or its format is not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_would_lose_information_are_refused_by_name(tmp_path, name):
    ending, content, match = REFUSED[name]
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(OSError, match=match) as caught:
        read_image(path)
    assert "truncated" not in str(caught.value)
    assert match in probe_image(path)


@pytest.mark.parametrize("color_type", [2, 4, 6])
def test_deep_png_needs_a_decoder(tmp_path, monkeypatch, color_type):
    path = tmp_path / "a.png"
    path.write_bytes(png(depth=16, color_type=color_type))
    assert read_image(path).dtype == np.uint16
    assert probe_image(path) is None
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(OSError, match=r'its 16 bits .* pip install "nncolor\[tiff\]"'):
        read_image(path)
    assert "its 16 bits" in probe_image(path)


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7, 4), (5, 7, 2)])
def test_deep_png_is_read_at_full_depth(tmp_path, shape):
    image = np.random.default_rng(0).integers(0, 65536, shape, dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image))
    expected = image[..., 0] if shape[2] == 2 else image
    assert_array_equal(read_image(tmp_path / "a.png"), expected)


def test_deep_png_is_turned_and_converted(tmp_path):
    image = np.random.default_rng(0).integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    plain = imagecodecs.png_encode(image)

    def with_chunk(kind, data):
        chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        # behind the header
        return plain[:33] + chunk + plain[33:]

    exif = Image.Exif()
    exif[274] = 6
    (tmp_path / "turned.png").write_bytes(with_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    assert_array_equal(read_image(tmp_path / "turned.png"), np.rot90(image, -1))
    # linear light
    (tmp_path / "linear.png").write_bytes(with_chunk(b"gAMA", struct.pack(">I", 100_000)))
    light = image / 65535
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    assert_allclose(read_image(tmp_path / "linear.png") / 65535, srgb, atol=2e-3)


def test_a_png_of_srgb_by_number_is_read(tmp_path):
    (tmp_path / "a.png").write_bytes(png((b"cICP", bytes([1, 13, 0, 1]))))
    assert_array_equal(read_image(tmp_path / "a.png"), [[[0, 0, 0]]])


def test_eight_bits_of_avif_are_read(tmp_path):
    rgb = np.full((8, 9, 3), (200, 100, 50), np.uint8)
    Image.fromarray(rgb).save(tmp_path / "a.avif", quality=100)
    assert np.abs(read_image(tmp_path / "a.avif").astype(int) - rgb).max() < 8


def test_icons_of_several_pictures_are_refused(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.ico", sizes=[(16, 16), (32, 32)])
    with pytest.raises(OSError, match="2 pictures"):
        read_image(tmp_path / "a.ico")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
def test_a_broken_profile_is_named(tmp_path, ending):
    Image.new("RGB", (8, 8)).save(tmp_path / f"a{ending}", icc_profile=b"junk" * 50)
    with pytest.raises(OSError, match="its colour profile is broken") as caught:
        read_image(tmp_path / f"a{ending}")
    assert "truncated" not in str(caught.value)


def test_the_profile_of_a_jpeg_2000_counts(tmp_path):
    gamma = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    plain = imagecodecs.jpeg2k_encode(rgb, codecformat="jp2")
    # the enumerated colour space gives way to a profile
    start = plain.index(b"colr") - 4
    length = int.from_bytes(plain[start : start + 4], "big")
    box = b"colr" + bytes([2, 0, 0]) + gamma
    header = plain.index(b"jp2h") - 4
    grown = 4 + len(box) - length
    content = bytearray(plain[:start] + struct.pack(">I", 4 + len(box)) + box + plain[start + length :])
    content[header : header + 4] = struct.pack(
        ">I", int.from_bytes(plain[header : header + 4], "big") + grown
    )
    (tmp_path / "a.jp2").write_bytes(content)
    assert_array_equal(read_image(tmp_path / "a.jp2"), rgb)
    (tmp_path / "b.jp2").write_bytes(bytes(content).replace(gamma, b"junk" * (len(gamma) // 4)))
    with pytest.raises(OSError, match="its colour profile is broken"):
        read_image(tmp_path / "b.jp2")


def test_images_of_pillow_are_items(tmp_path, colorizer, photos):
    rgb = Image.fromarray(photos[0])
    inks, ycbcr, sideways = rgb.convert("CMYK"), rgb.convert("YCbCr"), rgb.copy()
    sideways.getexif()[274] = 6
    for image, ending in ((inks, ".tif"), (ycbcr, ".jpg"), (sideways, ".png"), (rgb, ".png")):
        options = {"exif": image.getexif()} if image is sideways else {}
        image.save(tmp_path / f"a{ending}", **({"quality": 100} if ending == ".jpg" else options))
        seen, expected = lightness_of(image), lightness_of(tmp_path / f"a{ending}")
        assert np.abs(seen - expected).mean() < 0.5
    SOMColorizer.paper(classifier=colorizer.classifier, pixels_per_image=50).fit([rgb, inks])
    with pytest.raises(ValueError, match=r"one Pillow image.*\[image\]"):
        colorizer.predict(rgb)
    frames = [Image.fromarray(photo) for photo in (photos[2], photos[2][::-1].copy())]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "a.gif") as file:
        with pytest.raises(OSError, match="2 frames"):
            colorizer.predict([file])
        assert colorizer.predict([file.copy()])[0].shape == photos[2].shape
    deep = np.uint16(photos[0]) * 257
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    with Image.open(tmp_path / "deep.png") as file:
        assert_array_equal(lightness_of(file), lightness_of(deep))
        file.load()
        with pytest.raises(OSError, match="Pillow has not kept its 16 bits"):
            colorizer.predict([file])


def test_a_folder_names_what_is_refused(tmp_path, photos):
    Image.fromarray(photos[0]).save(tmp_path / "a.png")
    (tmp_path / "b.avif").write_bytes(imagecodecs.avif_encode(DEEP, bitspersample=10))
    with pytest.raises(OSError, match=r"1 of 2 files.*\n.*b.avif: its 10 bits"):
        load_image_folder(tmp_path)


# --- headers byte by byte


CHECKED = {"PNG": PNG, "HEIF": AVIF, "AVIF": AVIF, "JPEG": JPEG, "JPEG2000": JPEG2000, "PPM": PORTABLE}


def refusal(kind, content):
    """Why a file with a header is refused, or None."""
    try:
        CHECKED[kind].check(io.BytesIO(content))
    except (Refused, Damaged) as error:
        return str(error)
    return None


def box(kind, content, *, size=None, is_long=False):
    """A box of an ISO base media file."""
    if is_long:
        return struct.pack(">I", 1) + kind + struct.pack(">Q", 16 + len(content)) + content
    return struct.pack(">I", 8 + len(content) if size is None else size) + kind + content


def heif(*properties, **options):
    """A file with properties of an item, between boxes that do not count."""
    free = box(b"free", b"\xff" * 7)
    container = box(b"ipco", free + b"".join(properties))
    meta = box(b"meta", bytes(4) + free + box(b"iprp", box(b"ipma", b"\xff" * 9) + container), **options)
    return box(b"ftyp", b"heic") + free + meta


def transfer(number):
    return box(b"colr", b"nclx" + struct.pack(">3HB", 9, number, 6, 0x80))


# with powers (4, 5) and linear light (8)
SDR = (1, 2, 4, 5, 6, 8, 13, 14, 15)


@pytest.mark.parametrize("number", range(32))
def test_transfer_functions(number):
    # 16 is PQ and 18 is HLG; 9 to 12 are no curves of today's pictures
    files = {
        "PNG": png((b"gAMA", bytes(4)), (b"cICP", bytes([9, number, 0, 1])), (b"tEXt", b"a")),
        "HEIF": heif(transfer(number)),
    }
    for kind, content in files.items():
        reason = refusal(kind, content)
        if number in SDR:
            assert reason is None
        elif number in (16, 18):
            assert f"high dynamic range (transfer function {number}); convert" in reason
        else:
            assert reason == f"its transfer function {number} is not supported; convert it to sRGB"


def test_high_numbers_of_transfer_functions():
    # the number has two bytes
    assert "transfer function 256 is" in refusal("HEIF", heif(transfer(256)))
    # a profile is no number
    assert refusal("HEIF", heif(box(b"colr", b"prof" + bytes([0, 0, 0, 16, 0, 0])))) is None


def hevc(bits):
    return box(b"hvcC", bytes(17) + bytes([0xF8 | (bits - 8)]))


@pytest.mark.parametrize(
    ("properties", "bits"),
    [
        ([box(b"av1C", bytes([0x81, 8, 0x0C]))], 8),
        ([box(b"av1C", bytes([0x81, 8, 0x20]))], 8),
        ([box(b"av1C", bytes([0x81, 8, 0x40]))], 10),
        ([box(b"av1C", bytes([0x81, 8, 0x60, 0]))], 12),
        ([box(b"av1C", bytes([0x81, 8]))], 8),
        ([hevc(8)], 8),
        ([hevc(9)], 9),
        ([hevc(12)], 12),
        ([hevc(8), hevc(10)], 10),
        ([box(b"hvcC", bytes(17))], 8),
        ([box(b"pixi", bytes([0, 0, 0, 0, 3, 8, 8, 8, 99]))], 8),
        ([box(b"pixi", bytes([0, 0, 0, 0, 3, 8, 8, 10]))], 10),
        ([box(b"pixi", bytes([0, 0, 0, 0, 1, 16]))], 16),
        ([box(b"pixi", bytes([0, 0, 0, 0, 3]))], 8),
        ([], 8),
    ],
)
def test_bits_of_heif(properties, bits):
    for kind in ("HEIF", "AVIF"):
        reason = refusal(kind, heif(*properties))
        assert (reason is None) if bits == 8 else (f"its {bits} bits for each channel" in reason)


def test_sizes_of_boxes():
    # of 8 bytes, and up to the end of the file
    assert "10 bits" in refusal("HEIF", heif(hevc(10), is_long=True))
    assert "10 bits" in refusal("HEIF", heif(hevc(10), size=0))
    long = box(b"free", bytes(5), is_long=True)
    assert "10 bits" in refusal("HEIF", long + heif(box(b"skip", bytes(9), is_long=True), hevc(10)))
    # an empty one
    assert "10 bits" in refusal("HEIF", box(b"skip", b"") + heif(hevc(10)))
    # after a box that is smaller than its own head, nothing can be read
    assert refusal("HEIF", box(b"skip", b"", size=7) + heif(hevc(10))) is None
    assert refusal("HEIF", b"\0\0") is None


def jpeg(*segments):
    return b"\xff\xd8" + b"".join(segments)


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


@pytest.mark.parametrize("marker", range(0xB8, 0xE0))
def test_frames_of_jpeg(marker):
    is_frame = 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
    for bits in (8, 12):
        start = segment(0xE0, b"JFIF" + bytes(9)) + segment(0xFE, b"")
        content = jpeg(start, segment(marker, bytes([bits]) + bytes(14)), segment(0xDB, bytes(3)))
        reason = refusal("JPEG", content)
        if is_frame and bits == 12:
            assert reason.startswith("its 12 bits for each channel would be reduced to 8")
        else:
            assert reason is None


def test_markers_of_jpeg():
    deep = segment(0xC1, bytes([12]) + bytes(14))
    for content in (
        # fill bytes
        jpeg(b"\xff\xff" + deep),
        # an empty segment
        jpeg(segment(0xFE, b""), deep),
        # several others
        jpeg(segment(0xC4, bytes(40)), segment(0xDB, bytes(300)), deep),
        # junk before and between segments
        jpeg(b"\0\0", deep),
        jpeg(segment(0xFE, b""), b"junk", deep),
    ):
        assert "its 12 bits" in refusal("JPEG", content)
    # cut off; the decoder says so
    for content in (jpeg(b"\xff\xe0"), jpeg(b"\xff"), jpeg(b"\xff\xc0\0\x11\x0c"[:4]), b"\xff\xd8"):
        assert refusal("JPEG", content) is None


def jpeg_2000(bits, color=None, *, signed=False):
    """A JPEG 2000 file, or a bare codestream if it has no colour."""
    sizes = b"".join(bytes([(number - 1) | (0x80 if signed else 0), 1, 1]) for number in bits)
    stream = b"\xff\x4f\xff\x51" + bytes(36) + struct.pack(">H", len(bits)) + sizes + b"\0\x20\xff\xd9"
    if color is None:
        return stream
    head = box(b"ihdr", bytes(14)) + box(b"colr", color) + box(b"res ", b"\xff" * 4)
    return box(b"jP  ", bytes(4)) + box(b"jp2h", head) + box(b"jp2c", stream)


@pytest.mark.parametrize("bits", range(1, 18))
def test_bits_of_jpeg_2000(bits):
    grey = refusal("JPEG2000", jpeg_2000([bits]))
    color = refusal("JPEG2000", jpeg_2000([8, bits, 8]))
    assert (grey is None) == (bits <= 16)
    assert (refusal("JPEG2000", jpeg_2000([bits] * 3)) is None) == (bits <= 16)
    # channels of different bits
    assert (color is None) == (bits == 8)
    for reason in {grey, color} - {None}:
        assert f"its {max(bits, 8) if reason is color else bits} bits" in reason
    assert "samples are signed" in refusal("JPEG2000", jpeg_2000([bits], signed=True))


@pytest.mark.parametrize("number", [0, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 24, 27, 16 << 8, 16 << 24])
def test_color_spaces_of_jpeg_2000(number):
    # bytes may follow the number
    for more in (b"", b"\0\0\0\1"):
        color = bytes([1, 0, 0]) + struct.pack(">I", number) + more
        reason = refusal("JPEG2000", jpeg_2000([8] * 3, color))
        if number in (16, 17, 18):
            assert reason is None
        else:
            assert f"colour space has the number {number}, which is not supported" in reason
    # profiles have no number
    for method in (2, 3):
        color = bytes([method, 0, 0]) + struct.pack(">I", number)
        assert refusal("JPEG2000", jpeg_2000([8] * 3, color)) is None


@pytest.mark.parametrize(
    ("content", "bits"),
    [
        (b"P6 2 1 255\n", 8),
        (b"P6 2 1 256\n", 9),
        (b"P3\n# 9 9\n2 # 4000\n1\n# more\n127\n65535", 7),
        (b"P3\n2\n1\n65535\n1", 16),
        (b"P5 2 1 65535\n", 0),
        (b"P4 2 1\n", 0),
        (b"P2 2 1 65535\n", 0),
        (b"P1 2 1\n", 0),
    ],
)
def test_bits_of_portable_maps(content, bits):
    reason = refusal("PPM", content)
    assert (reason is None) if bits <= 8 else (f"its {bits} bits" in reason)


@pytest.mark.parametrize(("depth", "color_type"), [(16, 0), (8, 0), (8, 2), (8, 4), (8, 6)])
def test_bits_of_png_that_are_kept(depth, color_type):
    assert refusal("PNG", png(depth=depth, color_type=color_type)) is None


def test_chunks_of_png_end_with_its_data():
    high = (b"cICP", bytes([9, 16, 0, 1]))
    assert "transfer function 16" in refusal("PNG", png((b"iCCP", bytes(90)), high))
    # too short, after the data, or cut off
    assert refusal("PNG", png((b"cICP", bytes([9, 16, 0])))) is None
    assert refusal("PNG", png((b"IDAT", b""), high)) is None
    assert refusal("PNG", png(high)[:40]) is None


@pytest.mark.parametrize(
    ("kind", "n_frames", "sizes", "reason"),
    [
        ("GIF", 1, None, None),
        ("GIF", 2, None, "it holds 2 frames"),
        # the other frames of a phone's picture are renderings of the same one
        ("MPO", 2, None, None),
        ("ICO", 1, {(16, 16)}, None),
        ("ICO", 1, {(16, 16), (32, 32)}, "it holds 2 pictures"),
    ],
)
def test_frames_and_pictures(kind, n_frames, sizes, reason):
    file = SimpleNamespace(format=kind, n_frames=n_frames, info={} if sizes is None else {"sizes": sizes})
    if reason is None:
        check_pictures(file)
    else:
        with pytest.raises(Refused, match=reason):
            check_pictures(file)
