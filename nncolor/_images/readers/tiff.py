"""Reader of TIFF: check of what a file declares, and conversion of its samples to an image.

tifffile reads the tags of every file and the samples of most. Fax and JPEG compression, which only libtiff
reads well, are read by Pillow, which includes libtiff. Compressions for which tifffile uses imagecodecs need
the extra `tiff`, unless Pillow keeps all bits of the samples.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import PIL.Image
import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffPage

from ..._utils.types import AnyArray
from ..encoding import D65, Encoding
from ..errors import Damaged, Refused
from ..icc import deep_to_srgb, to_srgb
from .base import (
    Reader,
    as_orientation,
    check_frames,
    check_n_pixels,
    opened_by_pillow,
    pillow_to_array,
    turned,
    widen,
)
from .fax import check_fax
from .jpeg import opened_jpeg

# Number of samples of a pixel without alpha, for each supported photometric interpretation.
_N_COLORS = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.PALETTE: 1,
    PHOTOMETRIC.SEPARATED: 4,
    PHOTOMETRIC.YCBCR: 3,
}
# the last one is CCITT RLE of whole words, which tifffile has no name for
_FAX = {COMPRESSION.CCITTRLE, COMPRESSION.CCITT_T4, COMPRESSION.CCITT_T6, 32771}
# Compressions that Pillow reads with libtiff, of at most 8 bits.
_BY_PILLOW = {*_FAX, COMPRESSION.OJPEG, COMPRESSION.JPEG}
# Compressions that Pillow can also decode, if imagecodecs is missing.
_ALSO_BY_PILLOW = {COMPRESSION.LZW, COMPRESSION.PACKBITS, COMPRESSION.NONE}
_UNSIGNED, _FLOAT = 1, 3
_REDUCED, _MASK = 1, 4
_PREMULTIPLIED = 1
_CMYK_INKS = 1
_BITS, _EXTRA_SAMPLES, _SUBFILE_TYPE, _ORIENTATION = 258, 338, 254, 274
_TAG = {
    "photometric": 262,
    "old_subfile_type": 255,
    "ink_set": 332,
    "color_map": 320,
    "dng": 50706,
    "subsampling": 530,
    "coefficients": 529,
    "black_white": 532,
    "t4_options": 292,
    "white": 318,
    "primaries": 319,
}
_RATIONALS = (5, 10)
_JPEG_2000 = {COMPRESSION.JPEG_2000_LOSSY, COMPRESSION.JPEG2000, COMPRESSION.APERIO_JP2000_YCBC}
_JPEG_2000 |= {COMPRESSION.APERIO_JP2000_RGB}
# Values of YCbCr for black and white, and shares of red, green and blue in Y, where a file does not say.
_BLACK_WHITE, _LUMA = (0, 255, 128, 255, 128, 255), (0.299, 0.587, 0.114)


class _Tiff(Reader):
    name = "TIFF"
    formats = ("TIFF",)
    suffixes = (".tif", ".tiff")

    def claims(self, head: bytes) -> bool:
        return head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))

    def size(self, content: BinaryIO) -> tuple[int, int]:
        with _opened(content) as file:
            page = _picture(file)
            _check(page)
            return page.imagelength, page.imagewidth

    def pixels(self, content: BinaryIO) -> AnyArray:
        with _opened(content) as file:
            page = _picture(file)
            if not _check(page):
                return _upright(_to_image(page, _samples(page)), page)
            _check_segments(page)
            index, encoding = page.index, _encoding_of(page)
            is_declared = "InterColorProfile" not in page.tags and page.photometric != PHOTOMETRIC.SEPARATED
        with opened_by_pillow("TIFF", content) as picture:
            if index:
                picture.seek(index)
            return _pillow_to_array(picture, encoding if is_declared else None)

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is not None:
            self.size(content)
        check_frames(getattr(image, "n_frames", 1) if content is None else 1)
        _check_decoded(image)
        if content is None or "icc_profile" in image.info or image.mode == "CMYK":
            return _pillow_to_array(image)
        with _opened(content) as file:
            return _pillow_to_array(image, _encoding_of(_picture(file)))


TIFF = _Tiff()


def _opened(content: BinaryIO) -> TiffFile:
    content.seek(0)
    try:
        return TiffFile(content)
    except tifffile.TiffFileError as error:
        raise Damaged("its directory of tags is cut off or damaged") from error


def _pillow_to_array(file: PIL.Image.Image, encoding: Encoding | None = None) -> AnyArray:
    bits = 12 if file.tag_v2.get(_BITS) == (12,) else 16  # type: ignore[attr-defined]
    return pillow_to_array(file, encoding=encoding, bits=bits)


def _check_decoded(image: PIL.Image.Image) -> None:
    """Raise `Refused` for a TIFF whose pixels Pillow has read in another way than this module does."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits = max(_each(tags.get(_BITS, 1)))
    is_inverted = tags.get(_TAG["photometric"]) == PHOTOMETRIC.MINISWHITE
    if tags.get(_SUBFILE_TYPE, 0) & (_REDUCED | _MASK):
        reason = "it shows a reduced image of its file"
    elif bits > 8 and (is_inverted or not image.mode.startswith(("I", "F"))):
        reason = f"Pillow has not kept the {bits} bits of its samples"
    elif _PREMULTIPLIED in _each(tags.get(_EXTRA_SAMPLES, ())):
        reason = "Pillow has rounded its colours, which are premultiplied by alpha"
    elif image.mode == "P" and max(tags.get(_TAG["color_map"], (256,))) < 256:
        reason = "Pillow has read its palette of 8 bits as one of 16"
    else:
        return
    raise Refused(f"{reason}; pass the path of the file, or the image before its pixels are read")


def _picture(file: TiffFile) -> Any:
    """Full-size page of a file, in which other pages may only be reduced images or masks."""
    pages: list[Any] = [file.pages[index] for index in range(len(file.pages))]
    if not pages:
        raise Damaged("it is cut off: its directory of tags lies behind its end")
    if file.is_imagej or file.is_shaped or file.is_ome:
        # a single page may declare many images
        check_frames(file.series[0].size // max(file.pages[0].size, 1))
    full = [page for page in pages if not _is_accessory(page)]
    check_frames(len(full))
    if not full:
        if _TAG["dng"] in pages[0].tags or "Make" in pages[0].tags:
            raise Refused(
                "it is a raw file of a camera, whose page is a reduced image; develop it to TIFF or JPEG"
            )
        raise Refused("its page is marked as a reduced image, and there is no full-size page; save it as PNG")
    page = full[0]
    inner = page.pages if page.subifds else None
    if any(page.imagewidth < part.imagewidth for part in inner or ()):
        raise Refused("it holds a larger picture inside its page; convert that one to TIFF or JPEG")
    return page


def _is_accessory(page: Any) -> bool:
    old = page.tags.get(_TAG["old_subfile_type"])
    return bool(page.subfiletype & (_REDUCED | _MASK)) or (old is not None and old.value == 2)


def _check(page: TiffPage) -> bool:
    """Raise `Refused` for a page that is not supported; returns whether Pillow has to read it."""
    # a damaged tag may hold several numbers
    if not all(isinstance(side, int) and side > 0 for side in (page.imagelength, page.imagewidth)):
        raise Damaged("its directory of tags has no width or no height")
    check_n_pixels(page.imagelength, page.imagewidth)
    photometric, bits = page.photometric, page.bitspersample
    if _TAG["photometric"] not in page.tags:
        raise Refused("it does not declare whether zero is black or white; convert it with an image editor")
    n_colors = _N_COLORS.get(photometric)  # type: ignore[call-overload]
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
    if photometric == PHOTOMETRIC.PALETTE and _TAG["color_map"] not in page.tags:
        raise Damaged("its palette is missing")
    return _is_for_pillow(page, bits, sample_format)


def _check_samples(photometric: int, bits: int, sample_format: int) -> None:
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


def _is_for_pillow(page: TiffPage, bits: int, sample_format: int) -> bool:
    compression, is_ycbcr = page.compression, page.photometric == PHOTOMETRIC.YCBCR
    if compression in _BY_PILLOW:
        if bits > 8:
            raise Refused(f"its compression {_name(compression)} has {bits} bits; use another compression")
        return True
    if is_ycbcr and page.tags.valueof(_TAG["subsampling"], (2, 2)) != (1, 1):
        if compression == COMPRESSION.NONE or page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            raise Refused("its colours are subsampled YCbCr without compression; convert it to RGB")
        return True
    missing = _missing_codec(page, bits)
    if missing is None:
        return False
    # Pillow keeps 8 bits, and of one channel also fewer bits, 16 and, in one order of bytes, 12
    of_one = (1, 2, 4, 16, 12) if page.parent.byteorder == "<" else (1, 2, 4, 16)
    is_held = sample_format == _UNSIGNED and (bits == 8 or (page.samplesperpixel == 1 and bits in of_one))
    if compression in _ALSO_BY_PILLOW and is_held and not is_ycbcr:
        return True
    if not isinstance(compression, COMPRESSION):
        raise Refused(f"its compression {compression} is not supported; save it without compression")
    raise Refused(f'{missing}: pip install "nncolor[tiff]", or save the file without compression')


def _missing_codec(page: TiffPage, bits: int) -> str | None:
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


def _has_imagecodecs() -> bool:
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        return False
    return True


def _check_segments(page: TiffPage) -> None:
    """Raise `Damaged` if a strip or tile of fax or JPEG compression lacks pixels, which libtiff paints."""
    if page.compression in _FAX:
        options = page.tags.valueof(_TAG["t4_options"], 0)
        for data, n_rows in _segments(page):
            width = page.tilewidth if page.is_tiled else page.imagewidth
            check_fax(data, width, n_rows, int(page.compression), options, page.fillorder == 2)
    elif page.compression == COMPRESSION.JPEG:
        tables = page.jpegtables or b"\xff\xd8\xff\xd9"
        for data, _ in _segments(page):
            # libtiff also reads what is no picture by itself
            with contextlib.suppress(OSError, SyntaxError, Refused):
                opened_jpeg(tables[:-2] + data[2:])


def _segments(page: TiffPage) -> Iterator[tuple[bytes, int]]:
    """Bytes of each strip or tile, and its number of rows."""
    file, n_rows = page.parent.filehandle, page.tilelength if page.is_tiled else page.rowsperstrip
    n_down = -(-page.imagelength // n_rows)
    for index, (offset, n_bytes) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=False)):
        file.seek(offset)
        left = page.imagelength - index % n_down * n_rows
        yield file.read(n_bytes), n_rows if page.is_tiled else min(n_rows, left)


def _samples(page: TiffPage) -> AnyArray:
    """Samples (height, width, n), integers in the range of their bits."""
    if any(not n_bytes for n_bytes in page.databytecounts):
        raise Refused("some of its strips or tiles hold no data; save it whole")
    if page.compression in _JPEG_2000:
        # OpenJPEG paints the missing part
        for data, _ in _segments(page):
            if data.rstrip(b"\0")[-2:] != b"\xff\xd9":
                raise Damaged("a codestream of its JPEG 2000 compression is cut off")
    samples = page.asarray()
    if page.samplesperpixel == 1:
        return samples.reshape(page.imagelength, page.imagewidth, 1)
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        samples = np.moveaxis(samples.reshape(-1, page.imagelength, page.imagewidth), 0, -1)
    return samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _to_image(page: TiffPage, samples: AnyArray) -> AnyArray:
    """Image of samples according to their photometric interpretation; its largest value is white."""
    bits, photometric = page.bitspersample, page.photometric
    n_colors = _N_COLORS[photometric]  # type: ignore[index]
    if photometric == PHOTOMETRIC.PALETTE:
        return _convert(page, _look_up(page.tags[_TAG["color_map"]].value, samples[..., 0], bits))
    if samples.dtype.kind != "f" and bits not in (1, 8, 16):
        samples = widen(samples, bits)
    if samples.dtype == np.float16:
        samples = samples.astype(np.float32)
    colors, alpha = samples[..., :n_colors], samples[..., n_colors:]
    if photometric == PHOTOMETRIC.MINISWHITE:
        colors = ~colors if colors.dtype.kind in "bu" else 1 - colors
    if photometric == PHOTOMETRIC.YCBCR:
        colors = _ycbcr_to_rgb(page, widen(colors, 1) if bits == 1 else colors)
    if alpha.size and page.extrasamples[:1] == (_PREMULTIPLIED,):
        colors = _divide(colors, alpha)
    return _convert(page, colors[..., 0] if n_colors == 1 else colors)


def _ycbcr_to_rgb(page: TiffPage, samples: AnyArray) -> AnyArray:
    """RGB of YCbCr of 8 bits (TIFF 6.0, section 21)."""
    black_white = np.reshape(_numbers(page, "black_white", _BLACK_WHITE), (3, 2))
    red, green, blue = _numbers(page, "coefficients", _LUMA)
    black, white = black_white.T
    y, cb, cr = np.moveaxis((samples - black) * ([255, 127, 127] / (white - black)), -1, 0)
    r, b = y + (2 - 2 * red) * cr, y + (2 - 2 * blue) * cb
    rgb = np.stack([r, (y - red * r - blue * b) / green, b], axis=-1)
    return np.rint(rgb).clip(0, 255).astype(np.uint8)


def _numbers(page: TiffPage, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    """Numbers of a tag, which may be fractions."""
    tag = page.tags.get(_TAG[name])
    if tag is None:
        return default
    values = _each(tag.value)
    if tag.dtype in _RATIONALS:
        values = tuple(values[i] / (values[i + 1] or 1) for i in range(0, len(values), 2))
    return tuple(values)


def _divide(colors: AnyArray, alpha: AnyArray) -> AnyArray:
    """Divide premultiplied colours by alpha."""
    largest = 1 if colors.dtype.kind in "fb" else np.iinfo(colors.dtype).max
    share = alpha.astype(np.float64) / largest
    divided = np.divide(colors, share, out=np.zeros(colors.shape), where=share > 0)
    divided = np.minimum(divided, largest)
    return (divided if colors.dtype.kind == "f" else np.rint(divided)).astype(colors.dtype)


def _look_up(color_map: Any, samples: AnyArray, bits: int) -> AnyArray:
    """Colours of a palette: 16 bits, usually those of 8 bits times 256 or 257, or, in old files, 8 bits."""
    colors = np.asarray([*color_map] if isinstance(color_map, bytes) else color_map, np.uint16)
    colors = colors.reshape(3, -1)[:, : 1 << bits].T
    if colors.max() < 256:
        colors = colors.astype(np.uint8)
    elif not (colors & 255).any() or (colors & 255 == colors >> 8).all():
        colors = (colors >> 8).astype(np.uint8)
    return colors[samples.astype(np.uint8)]


def _convert(page: TiffPage, image: AnyArray) -> AnyArray:
    """Convert an image from its ICC profile, or from inks, to sRGB."""
    tag = page.tags.get("InterColorProfile")
    profile = None if tag is None else bytes(tag.value)
    image = np.ascontiguousarray(image)
    if page.photometric == PHOTOMETRIC.SEPARATED:
        height, width = image.shape[:2]
        inks = widen(image[..., :4], 1) if image.dtype == bool else image[..., :4]
        file = PIL.Image.frombytes("CMYK", (width, height), np.ascontiguousarray(inks).tobytes())
        return np.asarray(file.convert("RGB") if profile is None else to_srgb(file, profile))
    if profile is None:
        return image if image.ndim == 2 else _encoding_of(page).to_srgb(image)
    if image.ndim == 3 and image.dtype == bool:
        image = widen(image, 1)
    if image.dtype in (bool, np.uint8):
        return np.asarray(to_srgb(PIL.Image.fromarray(image), profile))
    return deep_to_srgb(image, profile)


def _encoding_of(page: TiffPage) -> Encoding:
    """Encoding by the primaries that a page declares."""
    white, others = (_numbers(page, name, ()) for name in ("white", "primaries"))
    return Encoding.of_gamma(None, (*(white or D65)[:2], *others) if len(others) == 6 else None)


def _upright(image: AnyArray, page: TiffPage) -> AnyArray:
    """Rotate and mirror an image according to its Orientation tag, of any type."""
    tag = page.tags.get(_ORIENTATION)
    value: Any = 1 if tag is None else tag.value
    if tag is not None and tag.dtype in _RATIONALS:
        value = value[0] / value[1] if value[1] else 1
    orientation = as_orientation(value)
    return turned(image, orientation)


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _name(value: Any) -> str:
    return getattr(value, "name", str(value) if isinstance(value, int) else "unknown")
