"""Conversion of images from the ICC profile in their file to sRGB."""

import struct
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from .errors import Refused

_GREY = ("1", "L", "LA", "La")
# For each colour space of a profile: the Pillow modes that it fits, and the mode for the conversion.
_MODES = {
    "GRAY": (_GREY, "L"),
    "RGB": (("RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "YCbCr", *_GREY), "RGB"),
    "CMYK": (("CMYK",), "CMYK"),
}
# cmsFLAGS_BLACKPOINTCOMPENSATION and cmsFLAGS_NOOPTIMIZE of Little CMS
_BLACK_POINT_COMPENSATION, _EXACT = 0x2000, 0x0100
_D50 = struct.pack(">3i", *(round(65536 * value) for value in (0.9642, 1, 0.8249)))
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def to_srgb(image, profile):
    """Pillow image converted from the profile in its file to sRGB.

    Parameters
    ----------
    image : PIL.Image.Image
        Of 8 bits for each channel.
    profile : bytes

    Returns
    -------
    image : PIL.Image.Image
        Grey stays grey; everything else becomes RGB.
    """
    profile, space = _open(profile)
    fitting, mode = _MODES.get(space, ((), None))
    if image.mode not in fitting:
        raise Refused(
            f"its colour profile is for {space}, which does not fit its mode {image.mode}; convert the file "
            "to sRGB"
        )
    if mode == "L":
        return Image.fromarray(_grey_table(profile)[np.asarray(image.convert("L"))])
    if _is_srgb(profile, space):
        return image
    converted = _convert(image if image.mode == mode else image.convert(mode), profile, mode)
    return converted.convert("L") if image.mode in _GREY else converted


def deep_to_srgb(image, profile):
    """Array of 16 bits or floats, grey or RGB, converted from the profile in its file to sRGB.

    Pillow converts grey of 16 bits. The rest needs imagecodecs, which has the same Little CMS.
    """
    (opened, space), bits = _open(profile), image.dtype.itemsize * 8
    if _is_srgb(opened, space):
        return image
    if space not in ("GRAY", "RGB") or (space == "GRAY" and image.ndim == 3):
        raise Refused(
            f"its colour profile is for {space}, which does not fit its {bits} bits for each channel; "
            "convert the file to sRGB"
        )
    if space == "GRAY" and image.dtype == np.uint16:
        return _deep_grey_table(opened)[image]
    try:
        import imagecodecs
    except ImportError as error:
        raise Refused(
            f"its colour profile {opened.profile.profile_description!r} needs imagecodecs at "
            f'{bits} bits for each channel: pip install "nncolor[tiff]", or convert the file to sRGB'
        ) from error
    # grey of a profile of colours is red, green and blue of the same value
    colors = np.stack([image] * 3, axis=-1) if image.ndim == 2 and space == "RGB" else image
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    try:
        converted = imagecodecs.cms_transform(
            np.ascontiguousarray(colors[..., :3] if colors.ndim == 3 else colors),
            profile,
            grey_srgb() if space == "GRAY" else target,
            colorspace=space.lower(),
            outcolorspace=space.lower(),
            intent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=_BLACK_POINT_COMPENSATION | _EXACT,
        )
    except imagecodecs.CmsError as error:
        raise _broken(error) from error
    if converted.dtype.kind == "f":
        converted = converted.clip(0, 1)
    return converted[..., 1] if image.ndim == 2 and space == "RGB" else converted


def _open(profile):
    try:
        opened = ImageCms.getOpenProfile(BytesIO(profile))
    except ImageCms.PyCMSError as error:
        raise _broken(error) from error
    return opened, opened.profile.xcolor_space.strip()


def _is_srgb(profile, space):
    """Whether a profile leaves colours unchanged; its name is not enough, it may be "Linear sRGB"."""
    if space != "RGB":
        return False
    levels = np.arange(0, 256, 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    converted = np.asarray(_convert(Image.fromarray(cube), profile, "RGB", _EXACT))
    return np.abs(converted.astype(int) - cube).max() <= 1


def _grey_table(profile):
    """Level in sRGB of each of the 256 levels of a grey profile."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    return np.asarray(_convert(ramp, profile, "L", _EXACT))[0, :, 1]


def _deep_grey_table(profile):
    """Level in sRGB of each of the 65536 levels of a grey profile."""
    ramp = Image.fromarray(np.arange(65536, dtype=np.uint16)[None])
    return np.asarray(_convert(ramp, profile, "I;16", _EXACT, _open(grey_srgb())[0], "I;16"))[0]


@lru_cache
def grey_srgb():
    """Profile of grey with the curve of sRGB."""
    # parametric curve of type 3: exponent, slope and offset above a threshold, slope below it
    curve = struct.pack(">2H5i", 3, 0, *(round(65536 * value) for value in _SRGB_CURVE))
    tags = {
        b"wtpt": b"XYZ " + bytes(4) + _D50,
        b"kTRC": b"para" + bytes(4) + curve,
        b"desc": b"mluc" + bytes(4) + struct.pack(">2I", 0, 12),
        b"cprt": b"mluc" + bytes(4) + struct.pack(">2I", 0, 12),
    }
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">2I", start + len(data), len(value))
        data += value
    header = (
        struct.pack(">I4xI12s", start + len(data), 0x04000000, b"mntrGRAYXYZ ").ljust(36, b"\0") + b"acsp"
    )
    header = (header.ljust(68, b"\0") + _D50).ljust(128, b"\0")
    return header + table + data


def _convert(image, profile, mode, flags=0, to=None, to_mode="RGB"):
    try:
        transform = ImageCms.buildTransform(
            profile,
            to or ImageCms.createProfile("sRGB"),
            mode,
            to_mode,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=_BLACK_POINT_COMPENSATION | flags,
        )
    except ImageCms.PyCMSError as error:
        raise _broken(error) from error
    return ImageCms.applyTransform(image, transform)


def _broken(error):
    return Refused(
        f"its colour profile is broken ({error}); save the file without a profile, or with that of sRGB"
    )
