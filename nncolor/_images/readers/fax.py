"""Check of fax compression (ITU-T T.4 and T.6): whether the data of a strip have all rows.

libtiff leaves the rows behind a wrong code word white or black, and tells so on the standard error only.
"""

from functools import lru_cache
from typing import TypeAlias

import numpy as np

from ..errors import Damaged, Refused

_WHITE = """00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100
110101 101010 101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000
00000010 00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001
00101010 00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101
00100100 00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 11011
10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010
011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000
010011001 010011010 011000 010011011"""
_BLACK = """0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111
000011000 0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000
00000010111 00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001
000001101010 000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111
000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111
000001100100 000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111
000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111
0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100
0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011
0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100
0000001010101 0000001011010 0000001011011 0000001100100 0000001100101"""
_LONG = """00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101
000000010110 000000010111 000000011100 000000011101 000000011110 000000011111"""
_PASS, _HORIZONTAL, _UNCOMPRESSED = 10, 11, 12
_MODES = {"0001": _PASS, "001": _HORIZONTAL, "1": 0, "011": 1, "000011": 2, "0000011": 3, "010": -1}
_MODES |= {"000010": -2, "0000010": -3, "0000001111": _UNCOMPRESSED}
_Table: TypeAlias = list[tuple[int, int] | None]
# bits that are looked at together: the longest code word
_LOOK = 13


@lru_cache
def _table(name: str) -> _Table:
    """Value and length of the code word that begins with each sequence of 13 bits."""
    if name == "mode":
        codes = _MODES
    else:
        words = ((_WHITE if name == "white" else _BLACK) + " " + _LONG).split()
        codes = {word: i if i < 64 else 64 * (i - 63) for i, word in enumerate(words)}
    table: _Table = [None] * (1 << _LOOK)
    for word, value in codes.items():
        rest = _LOOK - len(word)
        start = int(word, 2) << rest
        table[start : start + (1 << rest)] = [(value, len(word))] * (1 << rest)
    return table


class _Strip:
    """Rows of the code words of a strip."""

    def __init__(self, data: bytes, width: int, is_reversed: bool):
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little" if is_reversed else "big")
        self.n_bits, self.position, self.width = len(bits), 0, width
        self.bits = bits.tobytes()
        bits = np.concatenate([bits, np.zeros(_LOOK, np.uint8)]).astype(np.uint16)
        windows = np.zeros(self.n_bits + 1, np.uint16)
        for i in range(_LOOK):
            windows |= bits[i : i + self.n_bits + 1] << (_LOOK - 1 - i)
        # indices of a memoryview are faster than those of an array
        self.windows = windows.data
        self.runs = (_table("white"), _table("black"))

    def word(self, table: _Table) -> int | None:
        """Value of the next code word; None if there is none."""
        entry = table[self.windows[self.position]] if self.position < self.n_bits else None
        if entry is None:
            return None
        self.position += entry[1]
        return entry[0]

    def run(self, color: int) -> int | None:
        """Length of a run; None if it is not there."""
        length = 0
        while (part := self.word(self.runs[color])) is not None:
            length += part
            if part < 64:
                return length
        # some encoders leave out a rest of zero before the end of a line
        return length if length and self.is_at_end_of_line() else None

    def row(self) -> list[int] | None:
        """Changes of colour of a row coded by itself; None if it is wrong."""
        changes: list[int] = []
        end = color = 0
        while end < self.width:
            length = self.run(color)
            if length is None:
                return None
            end += length
            changes.append(end)
            color = 1 - color
        return changes if end == self.width else None

    def row_after(self, reference: list[int]) -> list[int] | None:
        """Changes of colour of a row coded by its difference from the row above; None if it is wrong."""
        changes: list[int] = []
        start, color, index = -1, 0, 0
        modes, n_changes, width = _table("mode"), len(reference), self.width
        while start < width:
            # first change to the other colour to the right of the start, and the next one
            index = max(0, index - 2) // 2 * 2 + color
            while index < n_changes and reference[index] <= start:
                index += 2
            first = reference[index] if index < n_changes else width
            mode = self.word(modes)
            if mode is None:
                return None
            if mode == _UNCOMPRESSED:
                raise Refused("its fax compression has an uncompressed part; save it without compression")
            if mode == _PASS:
                start = reference[index + 1] if index + 1 < n_changes else width
            elif mode == _HORIZONTAL:
                one, other = self.run(color), self.run(1 - color)
                if one is None or other is None:
                    return None
                start = max(start, 0) + one + other
                changes += [start - other, start]
            else:
                if first + mode < start:
                    return None
                start = first + mode
                changes.append(start)
                color = 1 - color
        return changes if start == width else None

    def is_at_end_of_line(self) -> bool:
        return self.bits.find(1, self.position) - self.position >= 11

    def skip_end_of_line(self) -> bool:
        """Go behind an end of line, if one is here; returns whether it was."""
        is_here = self.is_at_end_of_line()
        if is_here:
            self.position = self.bits.find(1, self.position) + 1
        return is_here

    def align(self, n_bits: int) -> None:
        self.position += -self.position % n_bits


def check_fax(
    data: bytes, width: int, n_rows: int, compression: int, options: int, is_reversed: bool
) -> None:
    """Raise `Damaged` for a strip that lacks rows.

    Parameters
    ----------
    compression : int
        Value of the tag Compression: 2, 3, 4 or 32771.
    options : int
        Value of the tag T4Options.
    is_reversed : bool
        Whether the first pixel is in the lowest bit of a byte.
    """
    strip = _Strip(data, width, is_reversed)
    is_mixed = compression == 3 and options & 1
    changes: list[int] = []
    for row in range(n_rows):
        alone = compression != 4
        if compression == 3:
            has_end = strip.skip_end_of_line()
            if is_mixed:
                alone = not has_end or strip.bits[strip.position : strip.position + 1] == b"\1"
                strip.position += has_end
        elif compression != 4 and row:
            strip.align(16 if compression == 32771 else 8)
        found = strip.row() if alone else strip.row_after(changes)
        if found is None:
            raise Damaged(f"the code words of its fax compression end or are wrong in row {row} of {n_rows}")
        changes = found
