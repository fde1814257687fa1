"""What all readers of image files share: their methods, and pictures that Pillow decodes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import PIL.Image
from PIL import ImageFile

from ..._utils.types import AnyArray
from ..encoding import Encoding
from ..errors import Refused
from ..icc import deep_to_srgb, to_srgb

# Bits of a sample that Pillow keeps; it reduces deeper samples without a warning.
_BITS = 8
_ORIENTATION = 274
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


class Reader:
    """A kind of container: what claims its files, their size, and their pixels.

    All methods raise `Refused` or `Damaged`, or an error of a decoder, for a file that is not read.
    """

    #: Name of the container in messages.
    name: str
    #: Pillow's names of its files.
    formats: tuple[str, ...] = ()
    #: Endings of the names of its files for which a folder is searched.
    suffixes: tuple[str, ...] = ()

    def claims(self, head: bytes) -> bool:
        """Whether the first bytes of a file are those of this container."""
        raise NotImplementedError

    def size(self, content: BinaryIO) -> tuple[int, int]:
        """Height and width of an open file whose header says that it is read."""
        raise NotImplementedError

    def pixels(self, content: BinaryIO) -> AnyArray:
        """Image of an open file."""
        raise NotImplementedError

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        """Image of a Pillow image whose pixels Pillow has read; `content` is its file, if it is known."""
        raise NotImplementedError


class PillowReader(Reader):
    """A container that Pillow decodes.

    Parameters
    ----------
    kind : str
        Pillow's name of the container.
    *signatures : bytes
        First bytes of its files.
    suffixes : tuple of str
    """

    def __init__(self, kind: str, *signatures: bytes, suffixes: tuple[str, ...] = ()):
        self.name = self.kind = kind
        self.suffixes = suffixes
        self.formats = self.formats or (kind,)
        self.signatures = signatures

    def claims(self, head: bytes) -> bool:
        return head.startswith(self.signatures)

    def check(self, content: BinaryIO) -> None:
        """Raise `Refused` for a file that Pillow would read with a loss."""

    def size(self, content: BinaryIO) -> tuple[int, int]:
        with self.opened(content) as file:
            return file.height, file.width

    def pixels(self, content: BinaryIO) -> AnyArray:
        with self.opened(content) as file:
            return self.to_array(file, content)

    def pixels_of_pillow(self, image: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        if content is not None:
            self.check(content)
        check_pictures(image)
        return self.to_array(image, content)

    def to_array(self, file: PIL.Image.Image, content: BinaryIO | None) -> AnyArray:
        """Image of a picture of Pillow."""
        return pillow_to_array(file)

    @contextmanager
    def opened(self, content: BinaryIO) -> Iterator[ImageFile.ImageFile]:
        """The file opened by Pillow, if Pillow reads everything that it declares."""
        self.check(content)
        with opened_by_pillow(self.kind, content) as file:
            check_n_pixels(file.height, file.width)
            check_pictures(file)
            yield file


def opened_by_pillow(kind: str, content: BinaryIO) -> ImageFile.ImageFile:
    """File of a known container; unlike those of `PIL.Image.open`, errors tell what is wrong with it."""
    PIL.Image.init()
    if kind not in PIL.Image.OPEN:
        raise Refused(f"this installation of Pillow does not read {kind}; convert it to PNG")
    content.seek(0)
    return PIL.Image.OPEN[kind][0](content, "")  # type: ignore[return-value]


def check_n_pixels(height: int, width: int) -> None:
    limit = PIL.Image.MAX_IMAGE_PIXELS
    if limit is not None and height * width > 2 * limit:
        raise Refused(
            f"its {height * width} pixels are more than {2 * limit}, the limit of Pillow; to read "
            "it anyway, set PIL.Image.MAX_IMAGE_PIXELS"
        )


def check_pictures(image: PIL.Image.Image) -> None:
    """Raise `Refused` for a picture of Pillow that is one of several in its file."""
    # the further frames of a phone's MPO are other renderings of the same photograph
    if image.format != "MPO":
        check_frames(getattr(image, "n_frames", 1))
    if len(image.info.get("sizes", ())) > 1:
        raise Refused(f"it holds {len(image.info['sizes'])} pictures; save the one you need as PNG")


def check_frames(n_frames: int) -> None:
    if n_frames > 1:
        raise Refused(f"it holds {n_frames} frames; save each as a separate file")


def check_depth(bits: int) -> None:
    if bits > _BITS:
        raise Refused(f"its {bits} bits for each channel would be reduced to {_BITS}; convert it to TIFF")


def decoder_of_deep(bits: int) -> Any:
    """imagecodecs, which decodes colour that Pillow would reduce to 8 bits."""
    try:
        import imagecodecs
    except ImportError as error:
        raise Refused(
            f'its {bits} bits for each channel need imagecodecs: pip install "nncolor[tiff]", or convert it '
            "to TIFF"
        ) from error
    return imagecodecs


def as_orientation(value: Any) -> int:
    """Orientation of the value of a tag of any type, 1 to 8; 1 if it is none of them."""
    while isinstance(value, (tuple, list, bytes)) and len(value):
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return 1
    return int(number) if number in (1, *_TURNS) else 1


def turned(image: AnyArray, orientation: int) -> AnyArray:
    """Array of an image of an orientation, 1 to 8, turned upright."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def orientation_of(file: PIL.Image.Image) -> int:
    """Orientation of a picture of Pillow; 1 if its EXIF is broken."""
    try:
        return as_orientation(file.getexif().get(_ORIENTATION, 1))
    # text that is not hexadecimal, offsets beyond the end, a header that is none
    except (ValueError, SyntaxError, LookupError, TypeError, OverflowError, OSError, EOFError):
        return 1


def _upright(file: PIL.Image.Image) -> PIL.Image.Image:
    # Pillow turns some files when it reads their pixels
    file.load()
    orientation = orientation_of(file)
    return file.transpose(_TURNS[orientation]) if orientation in _TURNS else file


def pillow_to_array(
    file: PIL.Image.Image,
    *,
    profile: bytes | None = None,
    encoding: Encoding | None = None,
    bits: int = 16,
    unused_bits: int = 0,
    turns: bool = True,
) -> AnyArray:
    """Image of a picture of Pillow: upright, grey or RGB, in sRGB.

    Parameters
    ----------
    profile : bytes or None
        ICC profile, in place of that in its `info`.
    encoding : Encoding or None
        What its values mean, in place of any profile.
    bits : int
        Number of bits that integers of 16 bits have.
    unused_bits : int
        Number of zeros behind them.
    turns : bool
        Whether an orientation in its EXIF counts.
    """
    profile = None if encoding is not None else profile or file.info.get("icc_profile")
    encoding = encoding or Encoding()
    if turns:
        file = _upright(file)
    if file.mode.startswith("I"):
        image = _integers(file) >> unused_bits
        image = widen(image, bits) if bits < 16 and image.dtype == np.uint16 else image
        return deep_to_srgb(image, profile) if profile else encoding.to_srgb(image)
    if profile:
        file = to_srgb(file, profile)
    if file.mode in ("LA", "La"):
        file = file.convert("LA").getchannel("L")
    elif file.mode in ("P", "PA"):
        file = file.convert("RGBA" if "transparency" in file.info else "RGB")
    elif file.mode not in ("1", "L", "F", "RGB", "RGBA"):
        file = file.convert("RGBA" if file.mode == "RGBa" else "RGB")
    return encoding.to_srgb(np.asarray(file))


def _integers(file: PIL.Image.Image) -> AnyArray:
    image = np.asarray(file)
    if file.mode == "I" and image.min() >= 0 and image.max() <= 65535:
        image = image.astype(np.uint16)  # older Pillow gives 16-bit PNG this mode
    return image.astype(image.dtype.newbyteorder("="), copy=False)


def widen(samples: AnyArray, bits: int) -> AnyArray:
    """Integers or bools with any number of bits, scaled to the range of 8 or 16 bits."""
    dtype, largest = (np.uint8, 255) if bits <= 8 else (np.uint16, 65535)
    levels = np.rint(np.arange(1 << bits) * (largest / ((1 << bits) - 1))).astype(dtype)
    return levels[samples.astype(np.uint8) if samples.dtype == bool else samples]
