"""Reader of portable maps: PBM, PGM and PPM."""

from typing import BinaryIO

from .base import PillowReader, check_depth


class _Portable(PillowReader):
    def check(self, content: BinaryIO) -> None:
        # P1 and P4 are bilevel; Pillow keeps all bits of grey (P2 and P5)
        content.seek(0)
        if content.read(2) in (b"P3", b"P6"):
            tokens: list[bytes] = []
            for line in content.read(1 << 16).splitlines():
                tokens += line.split(b"#")[0].split()
                if len(tokens) >= 3:
                    break
            check_depth(int(tokens[2]).bit_length())


PORTABLE = _Portable(
    "PPM",
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\n\v\f\r"),
    suffixes=(".pbm", ".pgm", ".pnm", ".ppm"),
)
