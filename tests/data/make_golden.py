"""Make the golden picture: what the defaults paint, reduced to a quarter of the size.

    python tests/data/make_golden.py

Make it again, and look at it, when the defaults change on purpose.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage.transform import downscale_local_mean

from nncolor import SOMColorizer, to_grey
from nncolor.datasets import load_sample_photos

GOLDEN = Path(__file__).parent / "golden.png"


def reduced(image):
    """Image reduced to a quarter of its size, uint8."""
    return np.rint(downscale_local_mean(image, (4, 4, 1))).astype(np.uint8)


def main():
    photos = load_sample_photos()
    coffee = photos.images[photos.names.index("coffee")]
    middle = coffee.shape[1] // 2
    colorizer = SOMColorizer(random_state=0).fit([coffee[:, :middle]])
    Image.fromarray(reduced(colorizer.colorize(to_grey(coffee[:, middle:])))).save(GOLDEN)


if __name__ == "__main__":
    main()
