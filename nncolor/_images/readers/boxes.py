"""Boxes of ISO base media files (AVIF, HEIF) and JPEG 2000, and the properties of the picture in one."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ..encoding import Encoding
from ..errors import Damaged


class Box(NamedTuple):
    kind: bytes
    content: bytes


def boxes(data: bytes, *, is_file: bool = False) -> Iterator[Box]:
    """Boxes in bytes; in a whole file, raises `Damaged` where one ends behind the end."""
    start = 0
    while start + 8 <= len(data):
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        end = len(data) if size == 0 else start + size
        if is_file and end > len(data):
            raise Damaged(f"it is cut off: {end - len(data)} bytes are missing at its end")
        if end < start + head:
            return
        yield Box(kind, data[start + head : end])
        start = end


class Picture(NamedTuple):
    """Properties of the primary item of an AVIF or HEIF."""

    properties: list[Box]
    # those of all items, of which a grid is made
    of_items: list[Box]

    @property
    def bits(self) -> int:
        """Largest number of bits of a channel."""
        return max(_bits_of(self.properties) or _bits_of(self.of_items) or [8])

    @property
    def encoding(self) -> Encoding | None:
        """Encoding by numbers, which a profile overrules; libavif and libheif convert the range."""
        colors = [value for kind, value in self.properties if kind == b"colr"]
        if any(value[:4] in (b"prof", b"rICC") for value in colors):
            return None
        for value in colors:
            if value[:4] == b"nclx" and len(value) >= 8:
                return Encoding.of_numbers(
                    int.from_bytes(value[4:6], "big"), int.from_bytes(value[6:8], "big")
                )
        return None

    def crop(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of the clean aperture of a picture of this size."""
        for kind, value in self.properties:
            if kind == b"clap" and len(value) >= 32:
                numbers = [int.from_bytes(value[i : i + 4], "big", signed=True) for i in range(0, 32, 4)]
                across, down, right, below = (
                    numbers[i] / numbers[i + 1] if numbers[i + 1] else -1 for i in range(0, 8, 2)
                )
                top, left = (height - down) / 2 + below, (width - across) / 2 + right
                area = [top, left, top + down, left + across]
                is_inside = 0 <= top < area[2] <= height and 0 <= left < area[3] <= width
                if is_inside and all(edge == int(edge) for edge in area):
                    return slice(int(top), int(area[2])), slice(int(left), int(area[3]))
        return slice(None), slice(None)


def picture_of(content: BinaryIO) -> Picture:
    """Properties of the primary item of an open file; raises `Damaged` if the file is cut off."""
    content.seek(0)
    meta = next((box.content for box in [*boxes(content.read(), is_file=True)] if box.kind == b"meta"), b"")
    inner = dict(boxes(meta[4:]))
    of_properties = dict(boxes(inner.get(b"iprp", b"")))
    properties = list(boxes(of_properties.get(b"ipco", b"")))
    pitm = inner.get(b"pitm", b"")
    primary = int.from_bytes(pitm[4 : 8 if pitm[:1] == b"\1" else 6], "big")
    indices = _associations(of_properties.get(b"ipma", b"")).get(primary)
    # without associations all properties count
    own = properties if indices is None else [properties[i - 1] for i in indices if 0 < i <= len(properties)]
    return Picture(own, properties)


def _associations(box: bytes) -> dict[int, list[int]]:
    """Numbers of the properties of each item."""
    if len(box) < 8:
        return {}
    id_size, index_size = 2 + 2 * (box[0] > 0), 1 + (box[3] & 1)
    mask, found, start = 0x7F if index_size == 1 else 0x7FFF, {}, 8
    for _ in range(int.from_bytes(box[4:8], "big")):
        if start + id_size >= len(box):
            break
        item, n = int.from_bytes(box[start : start + id_size], "big"), box[start + id_size]
        start += id_size + 1
        entries = box[start : start + n * index_size]
        found[item] = [
            int.from_bytes(entries[i : i + index_size], "big") & mask
            for i in range(0, len(entries), index_size)
        ]
        start += n * index_size
    return found


def _bits_of(properties: list[Box]) -> list[int]:
    found = []
    for kind, value in properties:
        if kind == b"av1C" and len(value) > 2:
            found.append(8 + 2 * (value[2] >> 6 & 1) + 2 * (value[2] >> 5 & value[2] >> 6 & 1))
        elif kind == b"hvcC" and len(value) > 17:
            found.append(8 + (value[17] & 7))
        elif kind == b"pixi" and len(value) > 5:
            found.append(max(value[5 : 5 + value[4]]))
    return found
