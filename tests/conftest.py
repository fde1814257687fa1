import os
import runpy
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import settings
from PIL import Image
from skimage.color import luv2rgb, luv2xyz
from skimage.color.colorconv import rgb_from_xyz
from skimage.transform import resize
from sklearn.neural_network import MLPClassifier

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer
from nncolor.datasets import load_sample_photos

# a script for a type checker, which nothing runs
collect_ignore = ["typed"]

# The same examples on every run; machines are too different for deadlines.
settings.register_profile("repeatable", derandomize=True, deadline=None)
# Far more of them, others on every run: HYPOTHESIS_PROFILE=nightly python -m pytest tests/test_properties.py
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def quick_classifier(**params):
    """A network that stops, converged by a loose tolerance, after a few epochs."""
    return MLPClassifier(**{"hidden_layer_sizes": (10,), "tol": 1, "n_iter_no_change": 2, **params})


def quick_colorizer(**params):
    defaults = {
        "extractor": PatchExtractor(patch_size=3),
        "quantizer": SOMQuantizer(map_shape=(3, 3), n_iter=2000),
        "classifier": quick_classifier(),
        "working_size": None,
        "pixels_per_image": 400,
        "tint_share": 0,
        "validation_fraction": 0,
        "random_state": 0,
    }
    return SOMColorizer(**{**defaults, **params})


def srgb_of(luv):
    """RGB in [0, 1] of CIELUV: by bisection, the largest chroma that sRGB has at that lightness and hue."""
    luv = np.asarray(luv, float)
    low, high = np.zeros(luv.shape[:-1]), np.ones(luv.shape[:-1])

    def at(share):
        linear = luv2xyz(np.concatenate([luv[..., :1], luv[..., 1:] * share[..., None]], axis=-1))
        return linear @ rgb_from_xyz.T

    for _ in range(40):
        share = (low + high) / 2
        # scikit-image's white is rounded
        inside = ((at(share) > -1e-6) & (at(share) < 1 + 1e-4)).all(axis=-1)
        low, high = np.where(inside, share, low), np.where(inside, high, share)
    return luv2rgb(np.concatenate([luv[..., :1], luv[..., 1:] * low[..., None]], axis=-1))


@pytest.fixture(scope="session")
def photos():
    """Four photographs of different subjects and sizes, made small."""
    bunch = load_sample_photos()
    sizes = {"china": (40, 60), "coffee": (50, 40), "chelsea": (36, 36), "astronaut": (48, 56)}
    images = [
        (resize(bunch.images[bunch.names.index(name)], size, anti_aliasing=True) * 255).astype(np.uint8)
        for name, size in sizes.items()
    ]
    for image in images:
        image.flags.writeable = False
    return images


@pytest.fixture(scope="session")
def colorizer(photos):
    """A quickly fitted colorizer that paints winners; tests must not change it."""
    return quick_colorizer(temperature=0, smoothing_radius=0).fit(photos)


@pytest.fixture
def grey(photos):
    return photos[0][..., 1]


SCRIPT = Path(__file__).parent.parent / "examples" / "colorize_folder.py"


@pytest.fixture(scope="session")
def colorize_folder_main():
    """The function of the script that colours folders: main(list of arguments), its exit status."""
    return runpy.run_path(str(SCRIPT))["main"]


@pytest.fixture
def at_home(photos, tmp_path, monkeypatch):
    """A working directory with the folders that the README and the pages name."""
    for folder in ("colour", "grey"):
        (tmp_path / folder).mkdir()
    for number in range(8):
        photo = np.roll(photos[number % 4], number, axis=0)
        Image.fromarray(photo).save(tmp_path / "colour" / f"{number}.png")
        Image.fromarray(photo[..., 1]).save(tmp_path / "grey" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
