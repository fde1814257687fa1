"""Reading of TIFF files: check of what a file declares, and conversion of its samples to an image.

tifffile reads the tags of every file and the samples of most. Fax and JPEG compression, which only libtiff
reads well, are read by Pillow, which includes libtiff. Compressions for which tifffile uses imagecodecs need
the extra `tiff`, unless Pillow keeps all bits of the samples.
"""

import numpy as np
import tifffile
from PIL import Image
from tifffile import COMPRESSION, PHOTOMETRIC

from .headers import Refused, check_frames
from .icc import deep_to_srgb, to_srgb

# Number of samples of a pixel without alpha, for each supported photometric interpretation.
_N_COLORS = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.PALETTE: 1,
    PHOTOMETRIC.SEPARATED: 4,
    PHOTOMETRIC.YCBCR: 3,
}
# Compressions that Pillow reads with libtiff, of at most 8 bits.
_BY_PILLOW = {
    COMPRESSION.CCITTRLE,
    COMPRESSION.CCITT_T4,
    COMPRESSION.CCITT_T6,
    COMPRESSION.OJPEG,
    COMPRESSION.JPEG,
}
# Compressions that Pillow can also decode, if imagecodecs is missing.
_ALSO_BY_PILLOW = {COMPRESSION.LZW, COMPRESSION.PACKBITS}
_UNSIGNED, _FLOAT = 1, 3
_REDUCED, _MASK = 1, 4
_PREMULTIPLIED = 1
_CMYK_INKS = 1
_TAG = {
    "photometric": 262,
    "old_subfile_type": 255,
    "ink_set": 332,
    "color_map": 320,
    "dng": 50706,
    "subsampling": 530,
}


def is_tiff(content):
    content.seek(0)
    return content.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def check_tiff(content):
    """Number of pixels of a TIFF; raises `Refused` for a file that is not supported."""
    content.seek(0)
    with tifffile.TiffFile(content) as file:
        page = _picture(file)
        _check(page)
        return page.imagelength * page.imagewidth


def read_tiff(content, read_by_pillow):
    """Image of a TIFF.

    Parameters
    ----------
    content : file
        Opened to read bytes.
    read_by_pillow : callable
        read_by_pillow(file): the image of the current frame of a file opened by Pillow.

    Returns
    -------
    image : ndarray of shape (H, W) or (H, W, 3)
        bool, uint8, uint16 or floating.
    """
    content.seek(0)
    with tifffile.TiffFile(content) as file:
        page = _picture(file)
        if not _check(page):
            return _upright(_to_image(page, _samples(page)), page)
        index = page.index
    content.seek(0)
    with Image.open(content) as file:
        if index:
            file.seek(index)
        return read_by_pillow(file)


def check_decoded(image):
    """Raise `Refused` for a TIFF whose pixels Pillow has read in another way than this module does."""
    tags = image.tag_v2
    bits = max(_each(tags.get(258, 1)))
    is_inverted = tags.get(_TAG["photometric"]) == PHOTOMETRIC.MINISWHITE
    if tags.get(254, 0) & (_REDUCED | _MASK):
        reason = "it shows a reduced image of its file"
    elif bits > 8 and (is_inverted or not image.mode.startswith(("I", "F"))):
        reason = f"Pillow has not kept the {bits} bits of its samples"
    elif _PREMULTIPLIED in _each(tags.get(338, ())):
        reason = "Pillow has rounded its colours, which are premultiplied by alpha"
    else:
        return
    raise Refused(f"{reason}; pass the path of the file, or the image before its pixels are read")


def _picture(file):
    """Full-size page of a file, in which other pages may only be reduced images or masks."""
    if file.is_imagej or file.is_shaped or file.is_ome:
        # a single page may declare many images
        check_frames(file.series[0].size // max(file.pages[0].size, 1))
    pages = [file.pages[index] for index in range(len(file.pages))]
    full = [page for page in pages if not _is_accessory(page)]
    check_frames(len(full))
    if not full:
        raise Refused(
            "its page is marked as a reduced image, and there is no full-size page, as in raw files of "
            "cameras; develop it to TIFF or JPEG"
        )
    inner = full[0].pages if full[0].subifds else None
    if any(page.imagewidth > full[0].imagewidth for page in inner or ()):
        raise Refused("it holds a larger picture inside its page; convert that one to TIFF or JPEG")
    return full[0]


def _is_accessory(page):
    old = page.tags.get(_TAG["old_subfile_type"])
    return bool(page.subfiletype & (_REDUCED | _MASK)) or (old is not None and old.value == 2)


def _check(page):
    """Raise `Refused` for a page that is not supported; returns whether Pillow has to read it."""
    n_pixels = page.imagelength * page.imagewidth
    if Image.MAX_IMAGE_PIXELS is not None and n_pixels > 2 * Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError(
            f"its {n_pixels} pixels are more than {2 * Image.MAX_IMAGE_PIXELS}, the limit of Pillow; to read "
            "it anyway, set PIL.Image.MAX_IMAGE_PIXELS"
        )
    photometric, bits = page.photometric, page.bitspersample
    n_colors = _N_COLORS.get(photometric)
    if _TAG["photometric"] not in page.tags:
        raise Refused("it does not declare whether zero is black or white; convert it with an image editor")
    if n_colors is None or (_TAG["dng"] in page.tags and photometric != PHOTOMETRIC.RGB):
        raise Refused(f"its colours are of the kind {_name(photometric)}; convert it to RGB or grey")
    if page.imagedepth > 1 or not n_colors <= page.samplesperpixel <= n_colors + 1:
        raise Refused(
            f"it holds {page.samplesperpixel * page.imagedepth} values for each pixel, where {n_colors} or, "
            f"with alpha, {n_colors + 1} are expected; save it as a single picture"
        )
    sample_formats = {*_each(page.sampleformat)}
    if not isinstance(bits, int) or len(sample_formats) > 1:
        raise Refused(f"its channels have different numbers of bits ({bits}); convert it to 8 or 16 bits")
    (sample_format,) = sample_formats
    _check_samples(photometric, bits, sample_format)
    if photometric == PHOTOMETRIC.SEPARATED and page.tags.valueof(_TAG["ink_set"], _CMYK_INKS) != _CMYK_INKS:
        raise Refused("its inks are not cyan, magenta, yellow and black; convert it to RGB")
    return _is_for_pillow(page, bits, sample_format)


def _check_samples(photometric, bits, sample_format):
    greys = photometric in (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
    most = 16 if greys or photometric == PHOTOMETRIC.RGB else 8
    if sample_format == _FLOAT and most == 16 and bits in (16, 32, 64):
        return
    if sample_format != _UNSIGNED or bits > most:
        kind = {_UNSIGNED: "integers", 2: "signed integers", _FLOAT: "floats"}.get(sample_format, "unknown")
        raise Refused(
            f"its samples are {kind} of {bits} bits ({_name(photometric)}); convert it to RGB or grey of 8 "
            "or 16 bits"
        )


def _is_for_pillow(page, bits, sample_format):
    compression = page.compression
    is_subsampled = page.tags.valueof(_TAG["subsampling"], (2, 2)) != (1, 1)
    if page.photometric == PHOTOMETRIC.YCBCR and compression == COMPRESSION.NONE and is_subsampled:
        raise Refused("its colours are subsampled YCbCr without compression; convert it to RGB")
    if compression in _BY_PILLOW or page.photometric == PHOTOMETRIC.YCBCR:
        if bits > 8:
            raise Refused(f"its compression {_name(compression)} has {bits} bits; use another compression")
        return True
    missing = _missing_codec(page, bits)
    if missing is None:
        return False
    # Pillow keeps 8 bits, and 16 bits of grey
    is_held = bits <= 8 or (page.samplesperpixel == 1 and bits in (12, 16) and sample_format == _UNSIGNED)
    if compression in {*_ALSO_BY_PILLOW, COMPRESSION.NONE} and is_held:
        return True
    raise Refused(f'{missing}: pip install "nncolor[tiff]", or save the file without compression')


def _missing_codec(page, bits):
    """Reason why tifffile needs imagecodecs to decode a page; None if it does not."""
    for codecs, key, what in (
        (tifffile.TIFF.DECOMPRESSORS, page.compression, f"its compression {_name(page.compression)}"),
        (tifffile.TIFF.UNPREDICTORS, page.predictor, f"its predictor {_name(page.predictor)}"),
    ):
        try:
            codecs[key]
        # tifffile imports some codecs from packages of newer Python versions
        except (KeyError, ImportError):
            return f"{what} needs imagecodecs"
    if bits not in (1, 8, 16, 32, 64) and not _has_imagecodecs():
        return f"unpacking its {bits} bits for each sample needs imagecodecs"
    return None


def _has_imagecodecs():
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        return False
    return True


def _samples(page):
    """Samples (height, width, n), integers in the range of their bits."""
    samples = page.asarray()
    if page.samplesperpixel == 1:
        return samples.reshape(page.imagelength, page.imagewidth, 1)
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        samples = np.moveaxis(samples.reshape(-1, page.imagelength, page.imagewidth), 0, -1)
    return samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _to_image(page, samples):
    """Image of samples according to their photometric interpretation; its largest value is white."""
    bits, photometric = page.bitspersample, page.photometric
    n_colors = _N_COLORS[photometric]
    if photometric == PHOTOMETRIC.PALETTE:
        return _convert(page, _look_up(page.tags[_TAG["color_map"]].value, samples[..., 0], bits))
    if samples.dtype.kind != "f" and bits not in (1, 8, 16):
        samples = _widen(samples, bits)
    if samples.dtype == np.float16:
        samples = samples.astype(np.float32)
    colors, alpha = samples[..., :n_colors], samples[..., n_colors:]
    if photometric == PHOTOMETRIC.MINISWHITE:
        colors = ~colors if colors.dtype.kind in "bu" else 1 - colors
    if alpha.size and page.extrasamples[:1] == (_PREMULTIPLIED,):
        colors = _divide(colors, alpha)
    return _convert(page, colors[..., 0] if n_colors == 1 else colors)


def _widen(samples, bits):
    """Integers with any number of bits, scaled to the range of 8 or 16 bits."""
    dtype, largest = (np.uint8, 255) if bits < 8 else (np.uint16, 65535)
    levels = np.rint(np.arange(1 << bits) * (largest / ((1 << bits) - 1))).astype(dtype)
    return levels[samples]


def _divide(colors, alpha):
    """Divide premultiplied colours by alpha."""
    largest = 1 if colors.dtype.kind in "fb" else np.iinfo(colors.dtype).max
    share = alpha.astype(np.float64) / largest
    divided = np.divide(colors, share, out=np.zeros(colors.shape), where=share > 0)
    divided = np.minimum(divided, largest)
    return (divided if colors.dtype.kind == "f" else np.rint(divided)).astype(colors.dtype)


def _look_up(color_map, samples, bits):
    """Colours of a palette; its 16-bit values are usually 8-bit values times 256 or 257."""
    colors = np.asarray(color_map, np.uint16).reshape(3, -1)[:, : 1 << bits].T
    if not (colors & 255).any() or (colors & 255 == colors >> 8).all():
        colors = (colors >> 8).astype(np.uint8)
    return colors[samples.astype(np.uint8)]


def _convert(page, image):
    """Convert an image from its ICC profile, or from inks, to sRGB."""
    tag = page.tags.get("InterColorProfile")
    profile = None if tag is None else bytes(tag.value)
    image = np.ascontiguousarray(image)
    if page.photometric == PHOTOMETRIC.SEPARATED:
        height, width = image.shape[:2]
        inks = Image.frombytes("CMYK", (width, height), np.ascontiguousarray(image[..., :4]).tobytes())
        return np.asarray(inks.convert("RGB") if profile is None else to_srgb(inks, profile))
    if profile is None:
        return image
    if image.dtype in (bool, np.uint8):
        return np.asarray(to_srgb(Image.fromarray(image), profile))
    return deep_to_srgb(image, profile)


def _upright(image, page):
    """Rotate and mirror an image according to its Orientation tag."""
    orientation = page.tags.valueof("Orientation", 1)
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _each(value):
    return value if isinstance(value, tuple) else (value,)


def _name(value):
    return getattr(value, "name", str(value))
