"""Make the stored model and the picture that it paints, with the oldest supported versions.

    python tests/data/make_model.py

in an environment of `pip install -c .ci/oldest.txt -e ".[tests]"`.
"""

import zipfile
from pathlib import Path

import numpy as np
import skops.io
from PIL import Image
from sklearn.neural_network import MLPClassifier

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer

HERE = Path(__file__).parent


def landscape(height, width):
    """Blue above green, with waves of lightness."""
    rows, columns = np.mgrid[:height, :width]
    image = np.empty((height, width, 3), np.int64)
    image[:] = np.where(rows[..., None] < height // 2, (120, 150, 200), (90, 130, 60))
    image += (rows * 7 % 23 + columns * 5 % 17)[..., None]
    return image.astype(np.uint8)


def main():
    colorizer = SOMColorizer(
        PatchExtractor(3, position=True),
        SOMQuantizer((2, 2)),
        MLPClassifier((8,), learning_rate_init=0.02, tol=1e-2, n_iter_no_change=3),
        pixels_per_image=300,
        random_state=0,
    ).fit([landscape(24, 32), landscape(30, 20)])
    skops.io.dump(colorizer, HERE / "model.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    Image.fromarray(colorizer.colorize(landscape(20, 28)[..., 1])).save(HERE / "painted.png")


if __name__ == "__main__":
    main()
