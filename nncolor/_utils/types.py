"""Types of public names."""

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = ArrayLike | str | os.PathLike
ImageBatch = Iterable[Image]
RandomState = int | np.random.RandomState | None
FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
Images = list[np.ndarray] | np.ndarray
Hints = Iterable[tuple[int, int, str | ArrayLike]] | np.ndarray
