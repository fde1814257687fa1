"""Readers of containers of at most 8 bits that Pillow decodes as they declare."""

from typing import BinaryIO

import PIL.Image

from ..._utils.types import AnyArray
from ..errors import Refused
from .base import PillowReader, pillow_to_array

# Kinds of colour space in the header of a BMP, of which Pillow reads none.
_EMBEDDED, _LINKED = b"DEBM", b"KNIL"


class _Bmp(PillowReader):
    def check(self, content: BinaryIO) -> None:
        if _header_of_bmp(content)[70:74] == _LINKED:
            raise Refused("its colour profile is another file; convert it to sRGB")

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is None or (header := _header_of_bmp(content))[70:74] != _EMBEDDED:
            return pillow_to_array(file)
        start, size = (int.from_bytes(header[i : i + 4], "little") for i in (126, 130))
        # after the first header
        content.seek(14 + start)
        return pillow_to_array(file, profile=content.read(size))


def _header_of_bmp(content: BinaryIO) -> bytes:
    """Both headers of a BMP; without the second half of the second one if it has no colour space."""
    content.seek(0)
    header = content.read(138)
    return header if len(header) == 138 and header[14] in (108, 124) else header[:54]


class _Bitmap(PillowReader):
    """A bitmap without a file header, as in resources and on the clipboard."""

    def claims(self, head: bytes) -> bool:
        # size of the header, one plane, bits of a pixel
        return head[:1] in (b"\x28", b"\x6c", b"\x7c") and head[1:4] == bytes(3) and head[12:14] == b"\1\0"


class _Pcx(PillowReader):
    def claims(self, head: bytes) -> bool:
        return (
            head[:1] == b"\x0a"
            and head[1:2] in (b"\0", b"\2", b"\3", b"\4", b"\5")
            and head[2:3] in (b"\0", b"\1")
        )


class _Targa(PillowReader):
    """TGA has no signature: its fields are tried."""

    def claims(self, head: bytes) -> bool:
        return (
            len(head) >= 18
            and head[1] in (0, 1)
            and head[2] in (1, 2, 3, 9, 10, 11)
            and head[16] in (1, 8, 15, 16, 24, 32)
            and 0 not in (int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little"))
        )


class _Webp(PillowReader):
    def claims(self, head: bytes) -> bool:
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


BMP = _Bmp("BMP", b"BM", suffixes=(".bmp",))
DIB = _Bitmap("DIB")
GIF = PillowReader("GIF", b"GIF87a", b"GIF89a", suffixes=(".gif",))
ICO = PillowReader("ICO", b"\0\0\1\0")
PCX = _Pcx("PCX")
TGA = _Targa("TGA")
WEBP = _Webp("WEBP", suffixes=(".webp",))
