"""Reader of PNG."""

import os
import struct
from typing import BinaryIO

import PIL.Image

from ..._utils.types import AnyArray
from ..encoding import Encoding
from ..errors import Refused
from .base import PillowReader, check_depth, pillow_to_array


class _Png(PillowReader):
    """Colours are those of cICP, else of the ICC profile, else of sRGB, else of gAMA and cHRM."""

    def check(self, content: BinaryIO) -> None:
        content.seek(0)
        header = content.read(26)
        if len(header) == 26 and header[25] != 0:  # 16-bit grey keeps its bits
            check_depth(header[24])
        _coded(content)

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        encoding = None if content is None else _coded(content)
        info = file.info
        if encoding is None and "icc_profile" not in info and "srgb" not in info:
            encoding = Encoding.of_gamma(info.get("gamma"), info.get("chromaticity"))
        return pillow_to_array(file, encoding=encoding)


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
