"""Make the golden picture: what the defaults paint, reduced to a quarter of the size.

    python tests/data/make_golden.py

Make it again, and look at it, when the defaults change on purpose.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.transform import downscale_local_mean

from nncolor import SOMColorizer, to_gray
from nncolor.datasets import load_sample_photos

GOLDEN = Path(__file__).parent / "golden.png"


@cache
def halves(name):
    photos = load_sample_photos()
    photo = photos.images[photos.names.index(name)]
    middle = photo.shape[1] // 2
    return photo[:, :middle], photo[:, middle:]


@cache
def painted(name, seed):
    """Right half of a photograph in the colours of a colorizer that was trained on the left half."""
    left, right = halves(name)
    return SOMColorizer(random_state=seed).fit([left]).colorize(to_gray(right))


def reduced(image):
    """Image reduced to a quarter of its size, uint8."""
    return np.rint(downscale_local_mean(image, (4, 4, 1))).astype(np.uint8)


if __name__ == "__main__":
    Image.fromarray(reduced(painted("coffee", 0))).save(GOLDEN)
