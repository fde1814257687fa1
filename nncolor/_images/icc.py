"""Conversion of images from the ICC profile in their file to sRGB."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from .headers import Refused

_GREY = ("1", "L", "LA", "La")
# For each colour space of a profile: the Pillow modes that it fits, and the mode for the conversion.
_MODES = {
    "GRAY": (_GREY, "L"),
    "RGB": (("RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "YCbCr", *_GREY), "RGB"),
    "CMYK": (("CMYK",), "CMYK"),
}
# cmsFLAGS_BLACKPOINTCOMPENSATION and cmsFLAGS_NOOPTIMIZE of Little CMS
_BLACK_POINT_COMPENSATION, _EXACT = 0x2000, 0x0100


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
    """Array of more than 8 bits converted from the profile in its file to sRGB; grey only."""
    profile, space = _open(profile)
    if _is_srgb(profile, space):
        return image
    if space != "GRAY" or image.ndim != 2 or image.dtype != np.uint16:
        name = ImageCms.getProfileDescription(profile).strip()
        raise Refused(
            f"its colour profile {name!r} cannot be converted to sRGB at {image.dtype.itemsize * 8} bits "
            "for each channel; convert the file to sRGB"
        )
    # the curve of a grey profile is smooth: 256 points are enough to interpolate it
    table = np.interp(np.arange(65536) / 257, np.arange(256), _grey_table(profile)) * 257
    return table.round().astype(np.uint16)[image]


def _open(profile):
    try:
        opened = ImageCms.getOpenProfile(BytesIO(profile))
    except ImageCms.PyCMSError as error:
        raise Refused(
            f"its colour profile is broken ({error}); save the file without a profile, or with that of sRGB"
        ) from error
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


def _convert(image, profile, mode, flags=0):
    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=_BLACK_POINT_COMPENSATION | flags,
    )
    return ImageCms.applyTransform(image, transform)
