"""A photograph that is edited: a small copy is coloured after each change, and the whole on request."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._colorizer import SOMColorizer
from .._images.batch import is_path, load_image
from .._images.color import to_gray
from .._images.working_size import shrink
from .._painting.hints import parse_hints
from .._utils.types import AnyArray, Hint, Image, Tint

# Pixels of the small copy, more than a notebook shows. Photographs of up to this size are not reduced.
_COPY_PIXELS = 1_000_000


@dataclass(frozen=True, eq=False)
class Edits:
    """All choices of a user, which are arguments of `SOMColorizer.colorize`."""

    hints: tuple[Hint, ...] = ()
    tint: Tint | None = None
    saturation: float = 1.0
    hint_reach: float | None = None


class Photograph:
    """A photograph and a small copy of it, coloured by a colorizer.

    Without a working size, features depend on the size of the image, so there is no small copy: the
    photograph is its own.

    Parameters
    ----------
    colorizer : SOMColorizer
    image : image

    Attributes
    ----------
    source : path or None
        Where the photograph was read from.
    image, copy : ndarray
        The same array if the photograph is not reduced.
    """

    def __init__(self, colorizer: SOMColorizer, image: Image):
        self._colorizer = colorizer
        self.source: Any = image if is_path(image) else None
        self.image = load_image(None, image)
        self.copy = self.image
        working_size = colorizer.working_size_
        if working_size is not None:
            self.copy = _of_area(self.image, max(_COPY_PIXELS, working_size**2))
        self._whole: tuple[Edits | None, Any] = None, None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.image.shape[:2]
        return height, width

    @property
    def is_reduced(self) -> bool:
        return self.copy is not self.image

    def preview(self, edits: Edits) -> AnyArray:
        """The small copy in colour; errors are those of the photograph itself."""
        if not self.is_reduced:
            return self.whole(edits)
        parse_hints(edits.hints, self.image)
        return self._colored(self.copy, edits, _scaled(edits.hints, self.shape, self.copy.shape))

    def whole(self, edits: Edits) -> AnyArray:
        """The photograph in colour; the last result is kept."""
        if not self.has_whole(edits):
            self._whole = edits, self._colored(self.image, edits, edits.hints)
        return self._whole[1]

    def has_whole(self, edits: Edits) -> bool:
        """Whether `whole` has its result already."""
        return self._whole[0] is edits

    def gray(self, part: tuple[slice, slice] | None = None) -> AnyArray:
        """The small copy without colour, or a part of the photograph itself."""
        return np.repeat(to_gray(self.copy if part is None else self.image[part])[..., None], 3, axis=-1)

    def _colored(self, image, edits, hints):
        return self._colorizer.colorize(
            image, hints=hints, tint=edits.tint, saturation=edits.saturation, hint_reach=edits.hint_reach
        )


def _of_area(image, n_pixels):
    """Image reduced to at most about that number of pixels."""
    height, width = image.shape[:2]
    scale = math.sqrt(n_pixels / (height * width))
    return image if scale >= 1 else shrink(image, math.ceil(scale * max(height, width)))


def _scaled(hints, shape, new_shape):
    """The hints in an image of another size; of those that fall on one pixel, the last."""
    down, across = (new / old for new, old in zip(new_shape, shape, strict=False))
    by_pixel = {(int(row * down), int(column * across)): color for row, column, color in hints}
    return [(row, column, color) for (row, column), color in by_pixel.items()]
