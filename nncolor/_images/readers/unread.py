"""Readers of containers that are not read: they name them, and say what to do with their files."""

import re
import struct
from typing import BinaryIO, NoReturn

import PIL.Image

from ..errors import Refused
from .base import Reader

_CONVERT = "convert it to PNG or TIFF"
_DEVELOP = "it is a raw file of a camera ({}); develop it to TIFF or JPEG"
_PAGES = "export its page as PNG or TIFF"
_FILM = "it is a film; see colorize_film, or save its frames as PNG"
# What files are that begin with a pattern, and what to do.
_SIGNATURES = [
    (rb"\Z", "it is empty: it has no bytes"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", f"it is a JPEG XL file, which is not supported; {_CONVERT}"),
    (rb"\xff\xd8\xff\xf7", f"it is a JPEG-LS file, which is not supported; {_CONVERT}"),
    (rb"\xff\xd8\xff?\Z", "it is a JPEG file that is cut off after its first bytes"),
    (rb"v/1\x01", "it is an OpenEXR file, which is of high dynamic range; convert it to 16 bits in sRGB"),
    (
        rb"#\?R(ADIANCE|GBE)",
        "it is a Radiance file, which is of high dynamic range; convert it to 16 bits in sRGB",
    ),
    (rb"P7[\s]", f"it is a portable map of kind P7 (PAM), which is not supported; {_CONVERT}"),
    (rb"P[fF][\s4]", "it is a portable map of floats (PFM), which is not supported; convert it to TIFF"),
    (rb"(\xef\xbb\xbf)?\s*%PDF", f"it is a PDF document; {_PAGES}"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", f"it is a PostScript document; {_PAGES}"),
    (rb"8B[PB]S", "it is a Photoshop document, which is not supported; save it as TIFF, flattened"),
    (rb"gimp xcf", "it is a GIMP document, which is not supported; export it as PNG or TIFF"),
    (rb"\0\0\x02\0[\x01-\xff]\0", f"it is a cursor (CUR), which is not supported; {_CONVERT}"),
    (rb"FUJIFILMCCD-RAW", _DEVELOP.format("RAF of Fujifilm")),
    (rb"II\x1a\0\0\0HEAPCCDR", _DEVELOP.format("CRW of Canon")),
    (rb"....ftypcrx ", _DEVELOP.format("CR3 of Canon")),
    (rb"FOVb", _DEVELOP.format("X3F of Sigma")),
    (rb"\0MRM", _DEVELOP.format("MRW of Minolta")),
    (rb"II(RO|RS)|MMOR", _DEVELOP.format("ORF of Olympus")),
    (rb"IIU\0", _DEVELOP.format("RW2 of Panasonic")),
    (rb"II\xbc\x01", f"it is a JPEG XR file, which is not supported; {_CONVERT}"),
    (rb"....ftyp(qt  |isom|iso2|mp4[12]|M4V |avc1|3gp.)|\x1aE\xdf\xa3|RIFF....AVI ", _FILM),
    (rb"RIFF", "it is a RIFF file that holds no WebP picture; save the picture as PNG"),
    (rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf", "it is an archive; unpack it"),
    (
        # declarations and comments come before it; possessive, so that no file takes long
        rb"(?i)(\xef\xbb\xbf)?\s*+((<\?[^<]*+|<!--((?!-->).)*+-->)\s*+)*+<(!doctype )?svg",
        f"it is an SVG drawing; {_PAGES}",
    ),
    (
        rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype )?html",
        "it is a web page, not an image; download the image itself",
    ),
    (rb"(?i)(\xef\xbb\xbf)?\s*<\?xml", "it is an XML document, not an image"),
]


class _Unread(Reader):
    """Containers whose first bytes are known, or everything else."""

    name = "other files"

    def __init__(self, *, takes_all: bool):
        self.takes_all = takes_all

    def claims(self, head: bytes) -> bool:
        return self.takes_all or _reason_by_signature(head) is not None

    def refuse(self, content: BinaryIO) -> NoReturn:
        content.seek(0)
        head = content.read(1024)
        raise Refused(_reason_by_signature(head) or _reason_by_pillow(head))

    def size(self, content: BinaryIO) -> NoReturn:
        self.refuse(content)

    def pixels(self, content: BinaryIO) -> NoReturn:
        self.refuse(content)

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> NoReturn:
        # no format of Pillow is that of this reader, so that the file is known
        assert content is not None
        self.refuse(content)


def _reason_by_signature(head: bytes) -> str | None:
    return next((reason for pattern, reason in _SIGNATURES if re.match(pattern, head, re.DOTALL)), None)


def _reason_by_pillow(head: bytes) -> str:
    PIL.Image.init()
    for kind, (_, accept) in PIL.Image.OPEN.items():
        try:
            # a text means that a codec is missing
            is_accepted = accept is not None and bool(accept(head[:16]))
        # Pillow leaves these to those who call it
        except (SyntaxError, LookupError, TypeError, struct.error):
            is_accepted = False
        if is_accepted:
            return f"it is a {kind} file, which is not supported; {_CONVERT}"
    return "it is not an image, or its format is not supported"


UNREAD = _Unread(takes_all=False)
UNKNOWN = _Unread(takes_all=True)
