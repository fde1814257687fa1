"""Readers of AVIF, which Pillow decodes, and of HEIC, which pillow-heif decodes."""

from typing import Any, BinaryIO

import numpy as np
import PIL.Image

from ..._utils.types import AnyArray
from ..encoding import Encoding
from ..errors import Refused
from ..icc import deep_to_srgb
from .base import PillowReader, Reader, check_depth, check_frames, check_n_pixels, pillow_to_array, widen
from .boxes import picture_of

_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
# brands that say nothing of the codec
_HEIF_BRANDS = (b"mif1", b"msf1", b"mif2", b"miaf")


def _brands(head: bytes) -> list[bytes]:
    """Major and compatible brands of an ISO base media file."""
    if head[4:8] != b"ftyp":
        return []
    end = min(len(head), int.from_bytes(head[:4], "big"))
    return [head[i : i + 4] for i in (8, *range(16, end, 4))]


class _Avif(PillowReader):
    def claims(self, head: bytes) -> bool:
        return any(brand in _AVIF_BRANDS for brand in _brands(head))

    def check(self, content: BinaryIO) -> None:
        picture = picture_of(content)
        check_depth(picture.bits)
        # raises where its numbers are not supported
        _ = picture.encoding

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is None:
            return pillow_to_array(file)
        picture = picture_of(content)
        rows, columns = picture.crop(file.height, file.width)
        if (rows, columns) != (slice(None), slice(None)):
            file = file.crop((columns.start, rows.start, columns.stop, rows.stop))
        return pillow_to_array(file, encoding=picture.encoding)


class _Heic(Reader):
    """Clean apertures, rotations and mirrors are those of libheif; the EXIF of a HEIC does not count."""

    name = "HEIC"
    formats = ("HEIF",)
    suffixes = (".heic", ".heif")

    def claims(self, head: bytes) -> bool:
        brands = _brands(head)
        return any(brand in _HEIC_BRANDS for brand in brands) or head[8:12] in _HEIF_BRANDS and brands != []

    def size(self, content: BinaryIO) -> tuple[int, int]:
        width, height = self._opened(content)[0].size
        return height, width

    def pixels(self, content: BinaryIO) -> AnyArray:
        file, encoding = self._opened(content)
        profile = file.info.get("icc_profile")
        if file.info["bit_depth"] == 8:
            image = PIL.Image.frombuffer(file.mode, file.size, file.data, "raw", file.mode, file.stride, 1)
            return pillow_to_array(image, profile=profile, encoding=encoding, turns=False)
        # pillow-heif shifts the bits to the upper bits of 16
        bits = file.info["bit_depth"]
        samples = widen(np.asarray(file) >> (16 - bits), bits)
        return deep_to_srgb(samples, profile) if profile else (encoding or Encoding()).to_srgb(samples)

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        # the plugin of pillow-heif keeps 8 bits
        if content is None:
            return pillow_to_array(image)
        picture = picture_of(content)
        check_depth(picture.bits)
        return pillow_to_array(image, encoding=picture.encoding, turns=False)

    def _opened(self, content: BinaryIO) -> tuple[Any, Encoding | None]:
        try:
            import pillow_heif
        except ImportError as error:
            raise Refused(
                'it is a HEIC file, whose reader is not installed: pip install "nncolor[heic]", or convert '
                "it to JPEG or PNG"
            ) from error
        encoding = picture_of(content).encoding
        content.seek(0)
        file = pillow_heif.open_heif(content, convert_hdr_to_8bit=False)
        check_frames(len(file))
        check_n_pixels(*file.size)
        return file, encoding


AVIF = _Avif("AVIF", suffixes=(".avif",))
HEIC = _Heic()
