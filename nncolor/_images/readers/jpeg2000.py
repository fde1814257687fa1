"""Reader of JPEG 2000: 8 bits, and grey of up to 16, by Pillow; colour of up to 16 bits by imagecodecs."""

from typing import BinaryIO, NamedTuple

import PIL.Image

from ..._utils.types import AnyArray
from ..errors import Damaged, Refused
from ..icc import deep_to_srgb
from .base import PillowReader, check_n_pixels, decoder_of_deep, pillow_to_array, widen
from .boxes import boxes

_CODESTREAM = b"\xff\x4f\xff\x51"
# Enumerated colour spaces: sRGB, grey and sYCC.
_SRGB, _GREY, _SYCC = 16, 17, 18


class _Header(NamedTuple):
    # of each component
    bits: list[int]
    height: int
    width: int
    profile: bytes | None
    color_space: int | None
    has_palette: bool

    @property
    def is_for_pillow(self) -> bool:
        """Whether Pillow keeps all bits: it takes fewer than 8 bits as the upper bits of 8, and 9 as 8."""
        return {*self.bits} == {8} or (len(self.bits) == 1 and 10 <= self.bits[0] <= 16)


class _Jpeg2000(PillowReader):
    def check(self, content: BinaryIO) -> None:
        header = _header_of(content)
        if header.color_space not in (None, _SRGB, _GREY, _SYCC):
            raise Refused(
                f"its colour space has the number {header.color_space}, which is not supported; convert it "
                "to sRGB"
            )
        if not header.is_for_pillow:
            is_plain = len({*header.bits}) == 1 and header.color_space != _SYCC and not header.has_palette
            if not is_plain or max(header.bits) > 16:
                raise Refused(
                    f"its {max(header.bits)} bits for each channel are not supported; convert it to TIFF"
                )
            decoder_of_deep(max(header.bits))

    def size(self, content: BinaryIO) -> tuple[int, int]:
        header = _header_of(content)
        if header.is_for_pillow:
            return super().size(content)
        self.check(content)
        check_n_pixels(header.height, header.width)
        return header.height, header.width

    def pixels(self, content: BinaryIO) -> AnyArray:
        header = _header_of(content)
        if header.is_for_pillow:
            return super().pixels(content)
        self.size(content)
        content.seek(0)
        bits = header.bits[0]
        image = decoder_of_deep(bits).jpeg2k_decode(content.read())
        if image.ndim == 3 and image.shape[2] in (1, 2):
            image = image[..., 0]
        image = widen(image, bits)
        return deep_to_srgb(image, header.profile) if header.profile else image

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        header = None if content is None else _header_of(content)
        if header is not None and not header.is_for_pillow:
            raise Refused(
                f"Pillow has not kept its {max(header.bits)} bits; pass the path of the file, or the image "
                "before its pixels are read"
            )
        return super().pixels_of_pillow(image, content)

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is None:
            return pillow_to_array(file)
        header = _header_of(content)
        bits = max(header.bits)
        # Pillow shifts the bits of grey to the upper bits of 16
        return pillow_to_array(
            file, profile=header.profile, bits=max(bits, 10), unused_bits=16 - max(bits, 10)
        )


def _header_of(content: BinaryIO) -> _Header:
    """Header of a JPEG 2000 file or bare codestream."""
    content.seek(0)
    data = content.read()
    profile = color_space = None
    stream, has_palette = data, False
    if data[:4] != _CODESTREAM:
        outer = list(boxes(data, is_file=True))
        for box in (inner for kind, inside in outer if kind == b"jp2h" for inner in boxes(inside)):
            has_palette |= box.kind == b"pclr"
            if box.kind == b"colr" and profile is None and color_space is None and box.content:
                if box.content[0] == 1:
                    color_space = int.from_bytes(box.content[3:7], "big")
                elif box.content[0] in (2, 3):
                    profile = box.content[3:]
        stream = next((inside for kind, inside in outer if kind == b"jp2c"), b"")
    # OpenJPEG paints the missing part black
    if stream.rstrip(b"\0")[-2:] != b"\xff\xd9":
        raise Damaged("it is cut off: the end of its codestream is missing")
    right, below, left, top = (int.from_bytes(stream[i : i + 4], "big") for i in range(8, 24, 4))
    n_components = int.from_bytes(stream[40:42], "big")
    sizes = stream[42 : 42 + 3 * n_components : 3]
    if not sizes:
        raise Damaged("its codestream has no components")
    if any(size & 0x80 for size in sizes):
        raise Refused("its samples are signed; convert it to TIFF")
    bits = [size + 1 for size in sizes]
    return _Header(bits, below - top, right - left, profile, color_space, has_palette)


JPEG2000 = _Jpeg2000("JPEG2000", _CODESTREAM, b"\0\0\0\x0cjP  \r\n\x87\n", suffixes=(".j2k", ".jp2"))
