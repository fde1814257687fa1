"""Reader of PNG."""

import os
import struct
from typing import BinaryIO

import PIL.Image

from ..._utils.types import AnyArray
from ..encoding import Encoding
from ..errors import Refused
from ..icc import deep_to_srgb
from .base import PillowReader, decoder_of_deep, orientation_of, pillow_to_array, turned


class _Png(PillowReader):
    """Colours are those of cICP, else of the ICC profile, else of sRGB, else of gAMA and cHRM."""

    def check(self, content: BinaryIO) -> None:
        if _is_deep(content):
            decoder_of_deep(16)
        _coded(content)

    def pixels(self, content: BinaryIO) -> AnyArray:
        return self._deep_pixels(content) if _is_deep(content) else super().pixels(content)

    def _deep_pixels(self, content: BinaryIO) -> AnyArray:
        """Colour of 16 bits; what it means is said by chunks that Pillow reads."""
        with self.opened(content) as file:
            profile, orientation = file.info.get("icc_profile"), orientation_of(file)
            encoding = self._encoding(file, content)
        content.seek(0)
        image = decoder_of_deep(16).png_decode(content.read())
        # grey with alpha
        image = image[..., 0] if image.shape[-1] == 2 else image
        is_profiled = profile is not None and _coded(content) is None
        image = deep_to_srgb(image, profile) if is_profiled else (encoding or Encoding()).to_srgb(image)
        return turned(image, orientation)

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is not None and _is_deep(content):
            raise Refused(
                "Pillow has not kept its 16 bits; pass the path of the file, or the image before its pixels "
                "are read"
            )
        return super().pixels_of_pillow(image, content)

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        return pillow_to_array(file, encoding=self._encoding(file, content))

    def _encoding(self, file: PIL.Image.Image, content: BinaryIO | None) -> Encoding | None:
        encoding = None if content is None else _coded(content)
        info = file.info
        if encoding is None and "icc_profile" not in info and "srgb" not in info:
            encoding = Encoding.of_gamma(info.get("gamma"), info.get("chromaticity"))
        return encoding


def _is_deep(content: BinaryIO) -> bool:
    """Whether a file has colour or alpha of 16 bits, which Pillow would reduce; it keeps those of grey."""
    content.seek(0)
    header = content.read(26)
    return len(header) == 26 and header[25] != 0 and header[24] > 8


def _coded(content: BinaryIO) -> Encoding | None:
    """Encoding of the chunk cICP, which Pillow does not read; None without one."""
    content.seek(8)
    while len(head := content.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        (length,) = struct.unpack(">I", head[:4])
        if head[4:] == b"cICP" and length == 4 and len(data := content.read(4)) == 4:
            if data[2]:
                raise Refused(f"its colours are not RGB (matrix {data[2]}); convert it to sRGB")
            return Encoding.of_numbers(data[0], data[1], data[3] != 0)
        content.seek(length + 4, os.SEEK_CUR)
    return None


PNG = _Png("PNG", b"\x89PNG\r\n\x1a\n", suffixes=(".png",))
