"""Errors for image files that are not read, and the reasons that they give."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import PIL.Image

# Words of the messages of decoders that report missing or wrong data.
_OF_DAMAGE = (
    *("truncated", "corrupt", "broken", "checksum", "crc", "unexpected end", "end of file", "premature"),
    *("incomplete", "data stream", "not enough", "decoder error", "buffer overrun", "failed to read"),
    *("bad_data", "only got", "requires a buffer of at least"),
)


class Refused(ValueError):
    """Error for an intact file that is not supported; the message says why, and what to do."""


class Damaged(ValueError):
    """Error for a file whose data are cut off or wrong; the message says where."""


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Raise `Refused` or `Damaged` in place of any error of the decoder of a container of this name."""
    try:
        yield
    except (Refused, Damaged):
        raise
    except PIL.Image.DecompressionBombError as error:
        raise Refused(
            "it declares more pixels than the limit of Pillow; to read it anyway, set "
            "PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except MemoryError as error:
        raise Refused("it needs more memory than there is; make the picture smaller") from error
    # decoders report data that they cannot read by exceptions of every kind
    except Exception as error:
        text = f"{type(error).__name__} {error}".lower()
        is_damage = isinstance(error, (EOFError, struct.error, zlib.error))
        if is_damage or any(word in text for word in _OF_DAMAGE):
            raise Damaged(f"its data are cut off or damaged, according to the decoder of {name}") from error
        raise Refused(
            f"the decoder of {name} does not read it; open it in an image editor and save it as PNG or TIFF"
        ) from error
