"""Reader of JPEG, and of the first picture of MPO."""

import contextlib
import io
import re
from typing import BinaryIO

import numpy as np
import PIL.Image

from ..._utils.types import AnyArray
from ..errors import Damaged, Refused
from .base import PillowReader, check_depth, check_n_pixels, opened_by_pillow, pillow_to_array

# Neither a stuffed zero, a restart, nor a fill byte. A search for a repeated first byte is 50 times slower.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_START_OF_SCAN, _END = 0xDA, 0xD9
# Codes of frames: C0 to CF, except those of tables.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_LOSSLESS = 0xC3
_SEQUENTIAL = (0xC0, 0xC1, 0xC9, _LOSSLESS)
# Bytes that are read at first for the header.
_CHUNK = 1 << 16
# Decoders read 8 bytes ahead of the data that they need.
_READ_AHEAD = b"\xfe" * 8
# Data that no picture has.
_JUNK = bytes(range(1, 255)) * 2


class _Jpeg(PillowReader):
    formats = ("JPEG", "MPO")

    def check(self, content: BinaryIO) -> None:
        _header(content)

    def pixels(self, content: BinaryIO) -> AnyArray:
        return pillow_to_array(opened_jpeg(_data(content)))

    def size(self, content: BinaryIO) -> tuple[int, int]:
        with opened_by_pillow("JPEG", io.BytesIO(_header(content))) as file:
            check_n_pixels(file.height, file.width)
            return file.height, file.width

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is not None:
            opened_jpeg(_data(content))
        return pillow_to_array(image)


def _header(content: BinaryIO) -> bytes:
    """Bytes of a file up to its first scan or later; raises `Refused` for more than 8 bits."""
    content.seek(0)
    data = b""
    while more := content.read(max(_CHUNK, len(data))):
        data += more
        if _Segments(data).n_scans:
            break
    return _without_junk(data)


def _data(content: BinaryIO) -> bytes:
    content.seek(0)
    return _without_junk(content.read())


def _without_junk(data: bytes) -> bytes:
    """Data without what stands between the first two markers, which Pillow does not pass over."""
    first = _MARKER.search(data, 2)
    return data if first is None else data[:2] + data[first.start() :]


class _Segments:
    """Segments of a JPEG; raises `Refused` for one of more than 8 bits."""

    def __init__(self, data: bytes):
        self.end: int | None = None
        self.n_scans = 0
        self.frame = 0
        start = 2
        while marker := _MARKER.search(data, start):
            code, start = marker[0][-1], marker.end()
            if code == _END:
                self.end = marker.start()
                return
            if code in _FRAMES and len(data) > start + 2:
                check_depth(data[start + 2])
                self.frame = code
            self.n_scans += code == _START_OF_SCAN
            start += int.from_bytes(data[start : start + 2], "big")


def opened_jpeg(data: bytes) -> PIL.Image.Image:
    """Picture of a JPEG, whose pixels are read; raises `Damaged` if data of it are missing.

    libjpeg paints what is missing grey, without an error that Pillow would pass on.
    """
    segments = _Segments(data)
    if segments.end is None:
        return _loaded(data)
    # without fill bytes before the end
    whole = data[: segments.end].rstrip(b"\xff")
    if segments.n_scans == 1 and segments.frame in _SEQUENTIAL:
        # without the end, libjpeg waits for data that are missing
        with contextlib.suppress(OSError):
            return _loaded(whole + _READ_AHEAD)
        try:
            _loaded(data)
        except OSError as error:
            if segments.frame == _LOSSLESS:
                raise Refused("it is a lossless JPEG that Pillow does not read; convert it to PNG") from error
            raise
        raise Damaged("its data end before the picture does")
    # of several scans libjpeg always waits for the end: what changes with the data behind it is incomplete
    picture, other = _loaded(data), _loaded(whole + _JUNK + data[segments.end :])
    if not np.array_equal(np.asarray(picture), np.asarray(other)):
        raise Damaged("its data end before the picture does")
    return picture


def _loaded(data: bytes) -> PIL.Image.Image:
    file = opened_by_pillow("JPEG", io.BytesIO(data))
    check_n_pixels(file.height, file.width)
    file.load()
    return file


JPEG = _Jpeg("JPEG", b"\xff\xd8", suffixes=(".jpeg", ".jpg"))
