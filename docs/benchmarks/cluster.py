"""Network traffic of prediction, training and searches on a dask cluster.

    python docs/benchmarks/cluster.py --images FOLDER

starts two worker processes on this machine and prints the bytes that its loopback device carried (every
transfer counts, the cluster's own heartbeat too) as Markdown, and writes it to results/cluster.md. In the
last rows one of the workers is killed during the work.
"""

import argparse
import os
import pickle
import signal
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
import psutil
from _report import RESULTS, machine, table
from dask.distributed import Client, LocalCluster
from distributed.client import FutureCancelledError
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels
from nncolor._images.files import read_image
from nncolor._pixels.samples import number_of_pixels
from nncolor.datasets import load_image_folder

# Searches during which a worker is killed.
N_SEARCHES = 8


def carried(function):
    """Result of function() and the megabytes that crossed the loopback device during it."""
    before = psutil.net_io_counters(pernic=True)["lo"].bytes_sent
    result = function()
    return result, (psutil.net_io_counters(pernic=True)["lo"].bytes_sent - before) / 1e6


class Deadly(os.PathLike):
    """A path whose first reader in another process is killed, as by a machine that fails."""

    def __init__(self, path, mark):
        self.path, self.mark, self.home = path, mark, os.getpid()

    def __fspath__(self):
        if os.getpid() != self.home and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return str(self.path)


@contextmanager
def two_workers():
    """Client of a cluster of two processes on this machine."""
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


def scores_with_a_killed_worker(pixels):
    """Scores of a search during which a worker is killed; None if the search fails."""
    with two_workers() as client, joblib.parallel_config(backend="dask", scatter=[pixels]):
        worker = next(iter(client.run(os.getpid).values()))
        threading.Timer(3, os.kill, (worker, signal.SIGKILL)).start()
        try:
            scores = search(pixels).cv_results_["mean_test_score"]
        except FutureCancelledError:
            scores = None
        assert not psutil.pid_exists(worker)
        return scores


def search(pixels):
    labels = SOMQuantizer(random_state=0).fit_predict(pixels.chroma)
    return GridSearchCV(
        make_pipeline(PatchExtractor(), MLPClassifier((10,), tol=1e-2, n_iter_no_change=2, random_state=0)),
        {"patchextractor__patch_size": [1, 3, 5]},
        cv=GroupShuffleSplit(4, random_state=0),
    ).fit(pixels, labels, groups=pixels.groups)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--output", default=RESULTS / "cluster.md", type=Path)
    options = parser.parse_args()
    paths = load_image_folder(options.images)
    images = [read_image(path) for path in paths]
    colorizer = SOMColorizer(random_state=0).fit(paths)
    here = colorizer.predict(paths)
    pixels = sample_pixels(paths, 300, random_state=0)
    size = {
        "model": len(pickle.dumps(colorizer)) / 1e6,
        "images": sum(image.nbytes for image in images) / 1e6,
        "files": sum(Path(path).stat().st_size for path in paths) / 1e6,
        "pixels": len(pickle.dumps(pixels)) / 1e6,
    }
    found_here = search(pixels).cv_results_["mean_test_score"]
    lines = []

    def row(name, function, is_same):
        result, megabytes = carried(function)
        lines.append([name, f"{megabytes:.0f}", "yes" if is_same(result) else "NO"])

    def fit(batch):
        return SOMColorizer(random_state=0).fit(batch)

    def is_colored_alike(colored):
        return all(map(np.array_equal, here, colored))

    def is_trained_alike(fitted):
        return all(map(np.array_equal, fitted.classifier_.coefs_, colorizer.classifier_.coefs_))

    def is_found_alike(searched):
        return np.array_equal(searched.cv_results_["mean_test_score"], found_here)

    with two_workers() as client, TemporaryDirectory() as folder, joblib.parallel_config(backend="dask"):
        batches = {"paths": paths, "arrays": images}
        for name, batch in batches.items():
            row(f"`predict` of {name}", partial(colorizer.predict, batch), is_colored_alike)
        for name, batch in batches.items():
            row(f"`fit` of {name}", partial(fit, batch), is_trained_alike)
        row("`GridSearchCV`, 12 fits", partial(search, pixels), is_found_alike)
        middle = len(paths) // 2
        for name, function, is_same in (
            ("predict", colorizer.predict, is_colored_alike),
            ("fit", fit, is_trained_alike),
        ):
            mark = Path(folder) / name
            deadly = [*paths[:middle], Deadly(paths[middle], mark), *paths[middle + 1 :]]
            row(f"`{name}` of paths, one worker killed", partial(function, deadly), is_same)
            assert mark.exists()
            client.wait_for_workers(2, timeout=60)
    scores = [scores_with_a_killed_worker(pixels) for _ in range(N_SEARCHES)]
    ended = [values for values in scores if values is not None]
    answer = "yes" if all(np.array_equal(values, found_here) for values in ended) else "NO"
    number = f"{len(ended)} of {N_SEARCHES} succeeded"
    lines.append(["`GridSearchCV`, pixels scattered, one worker killed", number, answer])
    n_pixels = number_of_pixels("auto", len(paths)) * len(paths)
    text = (
        f"Measured by `docs/benchmarks/cluster.py`. {machine()}.\n\n"
        f"{len(paths)} images: {size['images']:.0f} MB in memory, {size['files']:.1f} MB on disk; the fitted "
        f"colorizer has {size['model']:.2f} MB, the features of the sample "
        f"{n_pixels * len(colorizer.extractor_.get_feature_names_out()) * 4 / 1e6:.0f} MB, the "
        f"PixelSamples of the search {size['pixels']:.0f} MB.\n\n"
    ) + table(["", "MB over the wire", "same bytes as one process"], lines)
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
