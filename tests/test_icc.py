"""ICC profiles of files are applied or refused. The profiles are made here, number by number."""

import struct
import sys
from io import BytesIO

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from nncolor import PatchExtractor, SOMColorizer, sample_pixels
from nncolor._images.files import read_image
from nncolor._images.icc import grey_srgb

WHITE = (0.9642, 1.0, 0.8249)  # D50, as all profiles have it
# sRGB's primaries, adapted to D50
PRIMARIES = {"r": (0.4361, 0.2225, 0.0139), "g": (0.3851, 0.7169, 0.0971), "b": (0.1431, 0.0606, 0.7141)}


def icc_profile(space, tags):
    """An ICC profile (version 2.1) of a display, out of its tags."""
    tags = {
        "desc": b"desc" + struct.pack(">2I", 0, 5) + b"test\0" + bytes(78),
        "cprt": b"text" + bytes(4) + b"none\0",
        "wtpt": xyz(WHITE),
        **tags,
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name.encode() + struct.pack(">2I", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4xI4s4s4s", start + len(data), 0x02100000, b"mntr", space.ljust(4).encode(), b"XYZ "
    )
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", *(round(65536 * value) for value in WHITE))
    return header.ljust(128, b"\0") + table + data


def xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in values))


def gamma_curve(gamma):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma))


def rgb_profile(order, gamma):
    """Primaries of sRGB, given to the channels in another order."""
    tags = {f"{channel}XYZ": xyz(PRIMARIES[primary]) for channel, primary in zip("rgb", order, strict=True)}
    return icc_profile("RGB", tags | {f"{channel}TRC": gamma_curve(gamma) for channel in "rgb"})


def srgb_of_linear(values):
    return np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)


GREY_GAMMA_1 = icc_profile("GRAY", {"kTRC": gamma_curve(1.0)})
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_a_grey_profile(ending, tmp_path):
    Image.fromarray(RAMP).save(tmp_path / f"a.{ending}", icc_profile=GREY_GAMMA_1, quality=100)
    image = read_image(tmp_path / f"a.{ending}")
    assert image.shape == RAMP.shape
    assert_allclose(image, 255 * srgb_of_linear(RAMP / 255), atol=3 if ending == "jpg" else 1)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_grey_profile_of_16_bits(ending, tmp_path):
    levels = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    if ending == "tif":
        tifffile.imwrite(tmp_path / "a.tif", levels, iccprofile=GREY_GAMMA_1)
    else:
        Image.fromarray(levels).save(tmp_path / "a.png", icc_profile=GREY_GAMMA_1)
    image = read_image(tmp_path / f"a.{ending}")
    assert image.dtype == np.uint16
    # between the 256 points of the curve it is a straight line
    light = levels > 1000
    assert_allclose(image[light] / 65535, srgb_of_linear(levels[light] / 65535), atol=0.003)


def test_the_profile_of_grey_that_is_made_is_whole():
    """What Little CMS reads from it; a broken tag would be left out without a word."""
    made = ImageCms.getOpenProfile(BytesIO(grey_srgb())).profile
    assert (made.xcolor_space.strip(), made.version, made.icc_version) == ("GRAY", 4.0, 0x04000000)
    assert_allclose(made.media_white_point[0], WHITE, atol=1e-4)
    # the header: signature, and illuminant
    content = grey_srgb()
    assert (content[36:40], struct.unpack(">I", content[:4])[0]) == (b"acsp", len(content))
    assert_allclose(np.array(struct.unpack(">3i", content[68:80])) / 65536, WHITE, atol=1e-4)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile(mode, photos, tmp_path):
    # a profile that says blue, green, red, with a gamma close to that of sRGB
    source = photos[1] if mode != "P" else np.asarray(Image.fromarray(photos[1]).convert("P").convert("RGB"))
    Image.fromarray(photos[1]).convert(mode).save(tmp_path / "a.png", icc_profile=rgb_profile("bgr", 2.2))
    image = read_image(tmp_path / "a.png")[..., :3]
    light = source.min(axis=-1) > 60  # the gamma of sRGB is another one in the shadows
    assert_allclose(image[light].astype(int), source[..., ::-1][light].astype(int), atol=4)
    assert light.any()


def test_srgb_changes_no_byte(photos, tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photos[0]).save(tmp_path / "a.png", icc_profile=srgb)
    tifffile.imwrite(
        tmp_path / "a.tif", photos[0].astype(np.uint16) * 257, photometric="rgb", iccprofile=srgb
    )
    assert_array_equal(read_image(tmp_path / "a.png"), photos[0])
    assert_array_equal(read_image(tmp_path / "a.tif"), photos[0].astype(np.uint16) * 257)


def test_grey_with_a_colour_profile_stays_grey(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "a.png", icc_profile=rgb_profile("rgb", 1.0))
    assert_allclose(read_image(tmp_path / "a.png"), 255 * srgb_of_linear(RAMP / 255), atol=1)
    with pytest.raises(ValueError, match="is grey"):
        sample_pixels([tmp_path / "a.png"], working_size=None)


def test_a_linear_profile_is_not_taken_for_srgb_by_its_name(photos, tmp_path):
    linear = rgb_profile("rgb", 1.0).replace(b"test\0", b"sRGB\0")
    Image.fromarray(photos[1]).save(tmp_path / "a.png", icc_profile=linear)
    expected = 255 * srgb_of_linear(photos[1] / 255)
    light = (photos[1] > 20).all(axis=-1)
    assert_allclose(read_image(tmp_path / "a.png")[light], expected[light], atol=3)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_a_grey_profile_on_all_kinds_of_grey(mode, tmp_path):
    Image.fromarray(RAMP).convert(mode).save(tmp_path / "a.png", icc_profile=GREY_GAMMA_1)
    image = read_image(tmp_path / "a.png")
    assert image.shape == RAMP.shape
    levels = np.asarray(Image.fromarray(RAMP).convert(mode).convert("L"))
    assert_allclose(image, 255 * srgb_of_linear(levels / 255), atol=1)


@pytest.mark.parametrize(
    ("mode", "ending", "profile"),
    [
        ("RGB", "png", GREY_GAMMA_1),
        ("RGBA", "png", GREY_GAMMA_1),
        ("P", "png", GREY_GAMMA_1),
        ("CMYK", "jpg", GREY_GAMMA_1),
        ("CMYK", "jpg", rgb_profile("rgb", 2.2)),
    ],
)
def test_a_profile_of_another_kind_than_the_image_is_refused(mode, ending, profile, photos, tmp_path):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(photos[0]).convert(mode).save(path, icc_profile=profile)
    with pytest.raises(OSError, match=rf"does not fit its mode {mode}; convert the file to sRGB"):
        read_image(path)


@pytest.mark.parametrize(
    ("dtype", "profile", "match"),
    [
        (np.uint16, GREY_GAMMA_1, "is for GRAY, which does not fit its 16 bits"),
        (np.int16, GREY_GAMMA_1, "signed integers of 16 bits"),
        (np.uint16, b"no profile", "cannot open profile"),
        (np.uint8, b"no profile", "cannot open profile"),
        (
            np.uint8,
            icc_profile("Lab", {}),
            "is for Lab, which does not fit its mode RGB; convert the file to sRGB",
        ),
    ],
)
def test_unsupported_profiles_are_refused(dtype, profile, match, photos, tmp_path):
    image = (photos[0] / 255 if dtype is np.float32 else photos[0]).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", iccprofile=profile)
    with pytest.raises(OSError, match=rf"image 0 \(.*a.tif\) cannot be read .*{match}"):
        SOMColorizer().fit([tmp_path / "a.tif"])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("kind", ["colour", "grey", "grey in a profile of colours"])
def test_a_profile_at_full_depth(dtype, kind, tmp_path, monkeypatch):
    gamma = 2.19921875
    profile = icc_profile("GRAY", {"kTRC": gamma_curve(2.2)}) if kind == "grey" else rgb_profile("bgr", 2.2)
    values = np.random.default_rng(0).random((40, 50, 3) if kind == "colour" else (40, 50))
    largest = 65535 if dtype is np.uint16 else 1
    stored = (values * largest).astype(dtype)
    photometric = "rgb" if kind == "colour" else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=photometric, iccprofile=profile)
    image = read_image(tmp_path / "a.tif")
    assert image.dtype == dtype
    expected = srgb_of_linear((stored / largest) ** gamma)
    # the numbers of the profile have 16 bits
    assert_allclose(image / largest, expected[..., ::-1] if kind == "colour" else expected, atol=3e-3)
    if kind == "grey":
        assert_allclose(image / largest, expected, atol=3e-5)
    if kind != "grey" or dtype is not np.uint16:
        monkeypatch.setitem(sys.modules, "imagecodecs", None)
        match = rf"profile 'test' needs imagecodecs at {stored.itemsize * 8} bits .*nncolor\[tiff\]"
        with pytest.raises(OSError, match=match):
            read_image(tmp_path / "a.tif")


def test_the_lightness_is_that_of_the_profile(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "a.png", icc_profile=GREY_GAMMA_1)
    lightness = PatchExtractor(1).transform([tmp_path / "a.png"]).ravel() * 50 + 50
    y = RAMP.ravel() / 255
    expected = np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, (29 / 3) ** 3 * y)
    assert_allclose(lightness, expected, atol=0.21)  # half a level


def table_curve(values):
    values = np.rint(65535 * np.asarray(values)).astype(int).tolist()
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


@pytest.mark.parametrize("black", [0.02, 0.1])
def test_the_black_point_is_compensated(black, tmp_path):
    # the black of the profile reflects light; black remains black, and white white
    profile = icc_profile("GRAY", {"kTRC": table_curve(np.linspace(black, 1, 1024))})
    Image.fromarray(RAMP).save(tmp_path / "a.png", icc_profile=profile)
    image = read_image(tmp_path / "a.png")
    assert image.ravel()[[0, -1]].tolist() == [0, 255]
    assert_allclose(image, 255 * srgb_of_linear(RAMP / 255), atol=1)


def linear_of_srgb(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize(("shift", "is_converted"), [(1, False), (2, True)])
def test_a_profile_that_differs_by_one_level_is_srgb(shift, is_converted, photos, tmp_path):
    levels = np.arange(256) / 255
    # the middle levels are brighter by one or two of 255
    brighter = levels + shift / 255 * np.clip(10 * np.minimum(levels, 1 - levels), 0, 1)
    tags = {f"{channel}XYZ": xyz(PRIMARIES[channel]) for channel in "rgb"}
    tags |= {f"{channel}TRC": table_curve(linear_of_srgb(brighter)) for channel in "rgb"}
    Image.fromarray(photos[1]).save(tmp_path / "a.png", icc_profile=icc_profile("RGB", tags))
    image = read_image(tmp_path / "a.png")
    assert (not np.array_equal(image, photos[1])) == is_converted
    assert np.abs(image.astype(int) - photos[1]).max() <= 3
