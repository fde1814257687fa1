"""ICC colour profiles: what a file means by its numbers, converted to sRGB."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

# The modes of Pillow that its colour management takes as they are, by the colour space of a profile.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
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
    if _is_srgb(profile):
        return image
    mode = _MODES.get(space)
    if mode is None:
        raise ValueError(f"its colour profile is of the kind {space}; convert the file to sRGB")
    if mode == "L":
        return Image.fromarray(_grey_table(profile)[np.asarray(image.convert("L"))])
    is_grey = image.mode in ("1", "L", "LA", "La")
    converted = _convert(image if image.mode == mode else image.convert(mode), profile, mode)
    return converted.convert("L") if is_grey else converted


def deep_to_srgb(image, profile):
    """Array of more than 8 bits converted from the profile in its file to sRGB; only grey can be."""
    profile, space = _open(profile)
    if _is_srgb(profile):
        return image
    if space != "GRAY" or image.ndim != 2 or image.dtype.kind not in "ui":
        name = ImageCms.getProfileDescription(profile).strip()
        raise ValueError(
            f"its colour profile {name!r} cannot be converted to sRGB at {image.dtype.itemsize * 8} bits "
            "for each channel; convert the file to sRGB"
        )
    # the curve of a grey profile is smooth: 256 points of it tell the rest
    most = np.iinfo(image.dtype).max
    table = np.interp(np.arange(65536) / 257, np.arange(256), _grey_table(profile)) * 257
    return table[(image / most * 65535).astype(np.uint16)].round().astype(np.uint16)


def _open(profile):
    opened = ImageCms.getOpenProfile(BytesIO(profile))
    return opened, opened.profile.xcolor_space.strip()


def _is_srgb(profile):
    return "sRGB" in ImageCms.getProfileDescription(profile) and profile.profile.xcolor_space == "RGB "


def _grey_table(profile):
    """The sRGB level of each of the 256 levels of a grey profile."""
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
