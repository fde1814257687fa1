"""The defaults: a golden picture, and the error over several seeds and photographs."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nncolor import to_gray
from nncolor.metrics import mean_chroma, mean_ciede2000

SEEDS = (0, 1, 2)
names = ("GOLDEN", "halves", "painted", "reduced")
GOLDEN, halves, painted, reduced = map(
    runpy.run_path(str(Path(__file__).parent / "data" / "make_golden.py")).get, names
)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "flower"])
def test_the_defaults_are_good_with_any_seed(name):
    right = halves(name)[1]
    colored = [painted(name, seed) for seed in SEEDS]
    grey_error = mean_ciede2000([right], [to_gray(right)])
    errors = [mean_ciede2000([right], [image]) for image in colored]
    assert max(errors) < 0.4 * grey_error
    assert max(errors) < 1.15 * min(errors)
    # not dull
    for image in colored:
        assert mean_chroma([image]) > 0.8 * mean_chroma([right])
    for image in colored[1:]:
        assert mean_ciede2000([colored[0]], [image]) < 2


def test_golden_picture():
    """The picture is nearly the same with any version of the libraries; see make_golden.py."""
    golden = np.asarray(Image.open(GOLDEN))
    assert mean_ciede2000([golden], [reduced(painted("coffee", 0))]) < 0.15
    # another seed is farther away, so the limit is tight
    assert mean_ciede2000([golden], [reduced(painted("coffee", 1))]) > 0.3
