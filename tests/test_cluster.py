"""Work distributed over the worker processes of a dask cluster."""

import os
import signal
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from conftest import quick_classifier, quick_colorizer
from dask.distributed import Client, LocalCluster
from numpy.testing import assert_array_equal
from PIL import Image
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMQuantizer, sample_pixels


@pytest.fixture(scope="module")
def client():
    """A client of two worker processes on this machine, that joblib uses."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def cluster(client):
    client.wait_for_workers(2, timeout=60)
    with joblib.parallel_config(backend="dask"):
        yield client


@pytest.fixture
def paths(photos, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(8)]
    for number, path in enumerate(paths):
        Image.fromarray(np.roll(photos[number % 4], number, axis=0)).save(path)
    return paths


class Deadly(os.PathLike):
    """A path whose first reader outside this process is killed, as by a machine that fails."""

    def __init__(self, path):
        self.path, self.home, self.mark = path, os.getpid(), path.with_suffix(".mark")

    def __fspath__(self):
        if os.getpid() != self.home and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return str(self.path)


class Signed(os.PathLike):
    """A path whose readers leave the number of their process, and take their time."""

    def __init__(self, path, readers):
        self.path, self.readers = path, readers

    def __fspath__(self):
        (self.readers / str(os.getpid())).touch()
        time.sleep(0.05)
        return str(self.path)


def test_colours_come_from_both_workers(cluster, colorizer, paths, tmp_path):
    with joblib.parallel_config(n_jobs=1, backend="threading"):
        expected = colorizer.predict(paths)
    readers = tmp_path / "readers"
    readers.mkdir()
    for one, other in zip(colorizer.predict([Signed(p, readers) for p in paths]), expected, strict=True):
        assert_array_equal(one, other)
    assert {int(reader.name) for reader in readers.iterdir()} == set(cluster.run(os.getpid).values())


@pytest.mark.parametrize("as_paths", [True, False])
def test_the_same_model_is_trained(cluster, paths, photos, as_paths):
    batch = paths if as_paths else photos
    on_cluster = quick_colorizer().fit(batch)
    with joblib.parallel_config(n_jobs=1, backend="threading"):
        here = quick_colorizer().fit(batch)
    assert_array_equal(on_cluster.codebook_, here.codebook_)
    for one, other in zip(on_cluster.classifier_.coefs_, here.classifier_.coefs_, strict=True):
        assert_array_equal(one, other)


def test_the_same_search(cluster, paths):
    def search():
        pixels = sample_pixels(paths, 100, random_state=0, working_size=None)
        labels = SOMQuantizer((2, 2), random_state=0).fit_predict(pixels.chroma)
        return GridSearchCV(
            make_pipeline(PatchExtractor(), quick_classifier(random_state=0)),
            {"patchextractor__patch_size": [1, 3]},
            cv=GroupKFold(2),
        ).fit(pixels, labels, groups=pixels.groups)

    on_cluster = search()
    with joblib.parallel_config(n_jobs=1, backend="threading"):
        here = search()
    assert_array_equal(on_cluster.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"])


def test_a_killed_worker_loses_nothing(cluster, colorizer, paths):
    with joblib.parallel_config(n_jobs=1, backend="threading"):
        expected = colorizer.predict(paths)
    deadly = [*paths[:3], Deadly(paths[3]), *paths[4:]]
    for one, other in zip(colorizer.predict(deadly), expected, strict=True):
        assert_array_equal(one, other)
    assert Path(deadly[3].mark).exists()


def test_a_killed_worker_is_replaced_in_training(cluster, paths):
    on_cluster = quick_colorizer().fit([Deadly(paths[0]), *paths[1:]])
    assert paths[0].with_suffix(".mark").exists()
    with joblib.parallel_config(n_jobs=1, backend="threading"):
        here = quick_colorizer().fit(paths)
    assert_array_equal(on_cluster.codebook_, here.codebook_)
    assert_array_equal(on_cluster.classifier_.coefs_[0], here.classifier_.coefs_[0])


def test_a_broken_image_is_named(cluster, colorizer, paths):
    paths[5].write_bytes(b"no image")
    with pytest.raises(OSError, match=r"image 5 \(.*5.png\) cannot be read"):
        colorizer.predict(paths)
