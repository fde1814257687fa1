"""The list of readers, one for a kind of container, and the choice among them.

A new container is a module with a reader, and a line in `READERS`.
"""

import os
from typing import BinaryIO

import PIL.Image

from ..._utils.types import AnyArray
from ..errors import explained
from .avif import AVIF, HEIC
from .base import Reader, pillow_to_array
from .jpeg import JPEG
from .jpeg2000 import JPEG2000
from .plain import BMP, DIB, GIF, ICO, PCX, TGA, WEBP
from .png import PNG
from .portable import PORTABLE
from .tiff import TIFF
from .unread import UNKNOWN, UNREAD

# The first that claims a file reads it: those with a signature come before those that guess.
READERS: list[Reader] = [
    PNG,
    TIFF,
    JPEG2000,
    AVIF,
    HEIC,
    WEBP,
    GIF,
    BMP,
    ICO,
    PORTABLE,
    UNREAD,
    JPEG,
    DIB,
    PCX,
    TGA,
    UNKNOWN,
]
# Endings of the names of files that are read.
SUFFIXES = tuple(sorted({suffix for reader in READERS for suffix in reader.suffixes}))
# Bytes at the beginning of a file that tell its container.
_HEAD = 1024


def _reader_of(content: BinaryIO) -> Reader:
    content.seek(0)
    head = content.read(_HEAD)
    return next(reader for reader in READERS if reader.claims(head))


def size_of(content: BinaryIO) -> tuple[int, int]:
    """Height and width of an open file, by its header; raises `Refused` or `Damaged` if it is not read."""
    reader = _reader_of(content)
    with explained(reader.name):
        return reader.size(content)


def pixels_of(content: BinaryIO) -> AnyArray:
    """Image of an open file; raises `Refused` or `Damaged` if it is not read.

    Returns
    -------
    image : ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
    """
    reader = _reader_of(content)
    with explained(reader.name):
        return reader.pixels(content)


def pixels_of_pillow(image: PIL.Image.Image) -> AnyArray:
    """Image of a Pillow image, equal to that of its file if its pixels have not been read or changed yet.

    Raises `Refused` or `Damaged` if its file is not read.
    """
    content = getattr(image, "fp", None)
    # Pillow has not read the pixels yet; its plugin for HEIC has no tiles
    if content is not None and (getattr(image, "tile", None) or image.format in HEIC.formats):
        position = content.tell()
        try:
            return pixels_of(content)
        finally:
            content.seek(position)
    # its header is that of its file, whatever has happened to its pixels
    path = getattr(image, "filename", None)
    if path and os.path.isfile(path):
        with open(path, "rb") as content:
            return _pixels_read_by_pillow(_reader_of(content), image, content)
    reader = next((reader for reader in READERS if image.format in reader.formats), None)
    return pillow_to_array(image) if reader is None else _pixels_read_by_pillow(reader, image, None)


def _pixels_read_by_pillow(reader: Reader, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
    with explained(reader.name):
        return reader.pixels_of_pillow(image, content)
