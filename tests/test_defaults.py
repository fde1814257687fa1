"""The defaults: a golden picture, and the error over several seeds and photographs."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nncolor import SOMColorizer, to_grey
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_chroma, mean_ciede2000

DATA = Path(__file__).parent / "data"
SEEDS = (0, 1, 2)


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
    return SOMColorizer(random_state=seed).fit([left]).colorize(to_grey(right))


@pytest.mark.parametrize("name", ["coffee", "chelsea", "flower"])
def test_the_defaults_are_good_with_any_seed(name):
    right = halves(name)[1]
    colored = [painted(name, seed) for seed in SEEDS]
    grey_error = mean_ciede2000([right], [to_grey(right)])
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
    reduced = runpy.run_path(str(DATA / "make_golden.py"))["reduced"]
    golden = np.asarray(Image.open(DATA / "golden.png"))
    assert mean_ciede2000([golden], [reduced(painted("coffee", 0))]) < 0.15
    # another seed is farther away, so the limit is tight
    assert mean_ciede2000([golden], [reduced(painted("coffee", 1))]) > 0.3
