"""Type aliases of the public API."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import ArrayLike, NDArray

#: An image: an array of shape (H, W) or (H, W, 3 or 4), the path of a file, or a Pillow image.
Image: TypeAlias = ArrayLike | str | os.PathLike[str] | PIL.Image.Image
ImageBatch: TypeAlias = Iterable[Image]
RandomState: TypeAlias = int | np.random.RandomState | None
AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
#: A colour: an RGB triple in the range of its dtype, the name of a CSS colour, or "#rrggbb".
Color: TypeAlias = str | Sequence[Any] | AnyArray
#: A tint: a pair (u*, v*), a colour, or a reference photograph.
Tint: TypeAlias = Color | Image
Tints: TypeAlias = Iterable[Tint | None]
Hint: TypeAlias = tuple[int, int, Color]
Hints: TypeAlias = Iterable[Hint] | AnyArray | PIL.Image.Image
