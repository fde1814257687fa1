"""Tables I and II of the paper, measured again, with splits by pixels and by images.

    python docs/benchmarks/paper_tables.py --images FOLDER

prints the tables as Markdown and writes them to results/paper_tables.md. It can be stopped and started again:
what was measured is kept in --state. `--protocol grouped` measures Table II with no image on both sides of a
split, `--protocol future` the future work of the paper.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

# joblib's workers are two processes; each may use one thread of BLAS
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from _report import RESULTS, Results, machine, table  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedShuffleSplit  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels, to_gray  # noqa: E402
from nncolor.datasets import load_image_folder, load_sample_photos  # noqa: E402
from nncolor.metrics import mean_chroma, mean_ciede2000  # noqa: E402

TABLE_ONE = {3: 0.621739, 5: 0.4585945, 10: 0.19889, 20: 0.100954}
LAYOUTS = [(10,), (50,), (100,), (50, 50), (100, 100), (200, 200), (300, 300)]
# the row with positions, which the paper does not have: the layout that the paper chose, and the next
WITH_POSITION = [(50, 50), (100, 100)]
# train and test accuracy, in the order of LAYOUTS
TABLE_TWO = {
    3: [
        (0.376, 0.371),
        (0.383, 0.379),
        (0.387, 0.378),
        (0.419, 0.409),
        (0.429, 0.405),
        (0.474, 0.402),
        (0.497, 0.399),
    ],
    5: [
        (0.349, 0.346),
        (0.370, 0.367),
        (0.373, 0.366),
        (0.423, 0.407),
        (0.444, 0.403),
        (0.513, 0.382),
        (0.549, 0.384),
    ],
    11: [
        (0.312, 0.309),
        (0.353, 0.347),
        (0.345, 0.328),
        (0.401, 0.383),
        (0.416, 0.383),
        (0.433, 0.376),
        (0.417, 0.365),
    ],
}
N_TRAIN, N_TEST = 50_000, 5_000


def layout_name(layout):
    return "+".join(map(str, layout))


def measure_map(side, chroma):
    """Errors and seconds of a map and of KMeans on the same rows."""
    start = time.perf_counter()
    quantizer = SOMQuantizer(map_shape=(side, side), random_state=0).fit(chroma)
    seconds = time.perf_counter() - start
    rows = (chroma - quantizer.mean_) / quantizer.scale_
    kmeans = KMeans(side**2, n_init=1, random_state=0).fit(rows)
    return {
        "error": quantizer.quantization_error_,
        "kmeans": float(np.linalg.norm(rows - kmeans.cluster_centers_[kmeans.labels_], axis=1).mean()),
        "topographic": quantizer.topographic_error_,
        "seconds": seconds,
    }


def table_one(results, pixels):
    rows = np.random.default_rng(0).choice(len(pixels), 100_000, replace=False)
    chroma = pixels.chroma[np.sort(rows)]
    lines = []
    for side, published in TABLE_ONE.items():
        found = results.measure(f"map {side}", measure_map, side, chroma)
        lines.append(
            [
                side**2,
                f"{published:.3f}",
                f"{found['error']:.3f}",
                f"{found['kmeans']:.3f}",
                f"{found['error'] / found['kmeans']:.3f}",
                f"{found['topographic']:.3f}",
                f"{found['seconds']:.1f}",
            ]
        )
    header = ["neurons", "paper", "nncolor", "KMeans", "ratio to KMeans", "topographic error", "seconds"]
    return "## Table I: quantization error\n\n" + table(header, lines)


def splits_of(protocol, pixels, labels, n_splits):
    """Splits of 50,000 and 5,000 pixels, drawn from all images or with no image on both sides."""
    if protocol == "stratified":
        split = StratifiedShuffleSplit(n_splits, train_size=N_TRAIN, test_size=N_TEST, random_state=0)
        return list(split.split(labels, labels))
    # every image is in a test set once, so the result does not depend on which ones were chosen
    rng = np.random.default_rng(0)
    split = StratifiedGroupKFold(n_splits, shuffle=True, random_state=0)
    return [
        (rng.choice(train, min(N_TRAIN, len(train)), replace=False), rng.choice(test, N_TEST, replace=False))
        for train, test in split.split(labels, labels, groups=pixels.groups)
    ]


def measure_cell(pixels, labels, splits, patch_size, position, layout):
    """Mean train and test accuracy of a patch size and a layout, and the seconds it took."""
    pipe = make_pipeline(
        PatchExtractor(position=position),
        MLPClassifier(max_iter=100, learning_rate_init=0.001, random_state=0),
    )
    grid = {"patchextractor__patch_size": [patch_size], "mlpclassifier__hidden_layer_sizes": [layout]}
    start = time.perf_counter()
    search = GridSearchCV(pipe, grid, cv=splits, n_jobs=2, refit=False, return_train_score=True)
    found = search.fit(pixels, labels).cv_results_
    return {
        "train": float(found["mean_train_score"][0]),
        "test": float(found["mean_test_score"][0]),
        "seconds": time.perf_counter() - start,
    }


def table_two(results, protocol, pixels, labels, patch_sizes, layouts, n_splits):
    splits = splits_of(protocol, pixels, labels, n_splits)
    lines, seconds = [], 0
    rows = [(size, False) for size in patch_sizes]
    if 3 in patch_sizes:
        rows.append((3, True))
    for patch_size, position in rows:
        name = f"{patch_size}x{patch_size}" + (" and position" if position else "")
        line = [f"{name}, nncolor"]
        for layout in layouts:
            if position and layout not in WITH_POSITION:
                line.append("")
                continue
            cell = results.measure(
                f"{protocol}, {n_splits} splits, {name}, {layout_name(layout)}",
                measure_cell,
                *(pixels, labels, splits, patch_size, position, layout),
            )
            line.append(f"{cell['train']:.3f}/{cell['test']:.3f}")
            if not position:
                seconds += cell["seconds"]
        if not position:
            published = dict(zip(LAYOUTS, TABLE_TWO.get(patch_size, []), strict=False))
            pairs = [published.get(layout) for layout in layouts]
            lines.append(
                [f"{name}, paper", *("{:.3f}/{:.3f}".format(*pair) if pair else "" for pair in pairs)]
            )
        lines.append(line)
    title = {
        "stratified": "## Table II: train/test accuracy, splits drawn from the pixels (the paper's protocol)",
        "grouped": "## Table II again: train/test accuracy, no image on both sides of a split",
    }[protocol]
    sizes = f"{n_splits} splits of {N_TRAIN:,}/{N_TEST:,} pixels"
    note = f"{sizes}, at most 100 epochs; {seconds / 60:.0f} minutes, the row with positions apart.\n"
    return f"{title}\n\n{table(['patch', *map(layout_name, layouts)], lines)}\n{note}"


def measure_colours(train, test, extractor, map_shape, temperature=0):
    """CIEDE2000 and chroma on held-out images; a temperature of 0 paints winners, as the paper does."""
    colorizer = SOMColorizer(
        extractor,
        SOMQuantizer(map_shape=map_shape),
        MLPClassifier((50, 50), max_iter=30),
        temperature=temperature,
        smoothing_radius=0,
        random_state=0,
        n_jobs=2,
    ).fit(train)
    predicted = colorizer.predict(test)
    return {"error": mean_ciede2000(test, predicted), "chroma": mean_chroma(predicted)}


def halves(photo):
    middle = photo.shape[1] // 2
    return [photo[:, :middle]], [photo[:, middle:]]


def future_work(results, paths):
    """Future work of the paper, measured by the colours of held-out images."""
    order = np.random.default_rng(0).permutation(len(paths))
    n_train = round(0.8 * len(paths))
    train, test = ([paths[i] for i in part] for part in (order[:n_train], order[n_train:]))
    trials = {"the paper: 5x5 patch, 9 codewords": (PatchExtractor(5), (3, 3))}
    for size in (1, 3, 7, 11):
        trials[f"{size}x{size} patch"] = (PatchExtractor(size), (3, 3))
    for side in (5, 10, 20):
        trials[f"{side**2} codewords"] = (PatchExtractor(5), (side, side))
    trials["position"] = (PatchExtractor(5, position=True), (3, 3))
    trials["position, 25 codewords"] = (PatchExtractor(5, position=True), (5, 5))
    for side in (3, 5, 10, 20):
        trials[f"{side**2} codewords, temperature 0.6"] = (PatchExtractor(5), (side, side), 0.6)
    lines = []
    for name, settings in trials.items():
        found = results.measure(f"future, {name}", measure_colours, train, test, *settings)
        lines.append([name, f"{found['error']:.2f}", f"{found['chroma']:.1f}"])
    note = f"{len(train)} training images, {len(test)} held-out images; "
    note += f"the true mean chroma is {mean_chroma(test):.1f}.\n"
    text = "## Future work: other patches, larger maps, position\n\n"
    text += table(["configuration", "mean CIEDE2000", "mean chroma"], lines) + "\n" + note

    photos = load_sample_photos()
    lines = []
    for name, photo in zip(photos.names, photos.images, strict=True):
        left, right = halves(photo)
        trials = {
            "paper": (PatchExtractor(5), (3, 3)),
            "position": (PatchExtractor(5, position=True), (3, 3)),
        }
        found = [
            results.measure(f"future, {name}, {trial}", measure_colours, left, right, *settings)
            for trial, settings in trials.items()
        ]
        grey = mean_ciede2000(right, [to_gray(right[0])])
        lines.append(
            [
                name,
                f"{grey:.1f}",
                *(f"{f['error']:.1f} ({f['chroma']:.0f})" for f in found),
                f"{mean_chroma(right):.0f}",
            ]
        )
    text += "\n## Future work: other classes of image\n\n"
    text += (
        "Each photograph's right half, coloured after training on its left half: CIEDE2000, and mean chroma "
    )
    text += "in brackets.\n\n"
    return text + table(["photograph", "left grey", "paper", "with position", "true chroma"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument(
        "--protocol", nargs="+", choices=["stratified", "grouped", "future"], default=["stratified"]
    )
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--folds", type=int, default=5, help="folds of the grouped protocol")
    parser.add_argument("--patch-sizes", type=int, nargs="+", default=[3, 5, 11])
    parser.add_argument("--layouts", nargs="+", default=[layout_name(layout) for layout in LAYOUTS])
    parser.add_argument("--state", default="paper_tables.json", help="file that keeps the results so far")
    parser.add_argument("--output", default=RESULTS / "paper_tables.md", type=Path)
    options = parser.parse_args()
    # the networks stop after 100 epochs on purpose
    warnings.filterwarnings("ignore", "Stochastic Optimizer", ConvergenceWarning)
    layouts = [tuple(int(size) for size in layout.split("+")) for layout in options.layouts]

    paths = load_image_folder(options.images)
    results = Results(options.state)
    pixels = sample_pixels(paths, pixels_per_image=2500, random_state=0, n_jobs=2)
    # the authors trained their maps with SOMPY, whose neighbourhood has a radius of 1 to the end
    labels = SOMQuantizer(map_shape=(3, 3), sigma=(1, 1), random_state=0).fit_predict(pixels.chroma)
    parts = [
        "Measured by `docs/benchmarks/paper_tables.py` on "
        f"{len(paths)} images, {len(pixels):,} pixels. {machine()}.\n",
        table_one(results, pixels),
    ]
    for protocol, n_splits in [("stratified", options.splits), ("grouped", options.folds)]:
        if protocol in options.protocol:
            parts.append(table_two(results, protocol, pixels, labels, options.patch_sizes, layouts, n_splits))
    if "future" in options.protocol:
        parts.append(future_work(results, paths))
    text = "\n".join(parts)
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
