"""Network traffic of prediction, training and searches on a dask cluster.

    python docs/benchmarks/cluster.py --images FOLDER

starts two worker processes on this machine and prints the bytes that its loopback device carried (every
transfer counts, the cluster's own heartbeat too) as Markdown, and writes it to results/cluster.md.
"""

import argparse
import pickle
from pathlib import Path

import joblib
import numpy as np
import psutil
from _report import RESULTS, machine, table
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV, GroupShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels
from nncolor._images.files import read_image
from nncolor._pixels.samples import number_of_pixels
from nncolor.datasets import load_image_folder


def carried(function):
    """Result of function() and the megabytes that crossed the loopback device during it."""
    before = psutil.net_io_counters(pernic=True)["lo"].bytes_sent
    result = function()
    return result, (psutil.net_io_counters(pernic=True)["lo"].bytes_sent - before) / 1e6


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
    lines = []
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        for name, batch in {"paths": paths, "arrays": images}.items():
            there, megabytes = carried(lambda batch=batch: colorizer.predict(batch))
            same = all(np.array_equal(*pair) for pair in zip(here, there, strict=True))
            lines.append([f"`predict` of {name}", f"{megabytes:.0f}", "yes" if same else "NO"])
        for name, batch in {"paths": paths, "arrays": images}.items():
            fitted, megabytes = carried(lambda batch=batch: SOMColorizer(random_state=0).fit(batch))
            same = all(
                np.array_equal(*pair)
                for pair in zip(fitted.classifier_.coefs_, colorizer.classifier_.coefs_, strict=True)
            )
            lines.append([f"`fit` of {name}", f"{megabytes:.0f}", "yes" if same else "NO"])
        searched, megabytes = carried(lambda: search(pixels))
    same = np.array_equal(
        searched.cv_results_["mean_test_score"], search(pixels).cv_results_["mean_test_score"]
    )
    lines.append(["`GridSearchCV`, 12 fits", f"{megabytes:.0f}", "yes" if same else "NO"])
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
