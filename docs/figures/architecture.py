"""Draw the two flows, training and prediction, for the page on the architecture.

python docs/figures/architecture.py OUTPUT.svg
"""

import sys

import matplotlib as mpl
from matplotlib.figure import Figure

# Name, shape or unit of the output, package.
FIT = [
    ("colour images", "files, arrays", "_images"),
    ("lightness, chroma\nat the working size", "L* (h, w), u* v* (h, w, 2)", "_images"),
    ("pixels", "n rows of PixelSamples", "_pixels"),
    ("features, tint", "(n, n_features + 3), float32", "_pixels"),
    ("codewords", "labels (n,), codebook (n_codes, 2)", "_codebook"),
    ("held-out images", "penalty, length of training, error", "_validation"),
    ("model", "classifier trained on all images", "_training"),
]
PREDICT = [
    ("grey image", "(H, W), any dtype", "_images"),
    ("lightness\nat the working size", "L* (h, w), about 384 x 384", "_images"),
    ("tiles of features", "(n_features, 8192), float32", "_pixels"),
    ("probabilities", "(n_codes, 8192)", "_painting"),
    ("chroma", "u* v* of every 2nd pixel", "_painting"),
    ("hints, film", "residuals, chroma of other frames", "_painting"),
    ("colour image", "(H, W, 3), at full size", "_painting"),
]
COLORS = {
    "_images": "#cfe3f5",
    "_pixels": "#d8efd3",
    "_codebook": "#f8e3c4",
    "_painting": "#f5d3d3",
    "_training": "#e3d9f2",
    "_validation": "#e3d9f2",
}


def draw(path):
    mpl.rcParams["svg.hashsalt"] = "nncolor"
    figure = Figure(figsize=(7.6, 8.6), layout="constrained")
    ax = figure.subplots()
    ax.set(xlim=(0, 2), ylim=(-len(FIT) + 0.4, 0.9))
    ax.set_axis_off()
    for left, title, steps in ((0.02, "fit", FIT), (1.04, "predict", PREDICT)):
        ax.text(left + 0.46, 0.7, title, ha="center", fontsize=15, weight="bold")
        for row, (name, shape, package) in enumerate(steps):
            box = {"boxstyle": "round,pad=0.02", "facecolor": COLORS[package], "edgecolor": "0.4"}
            rectangle = mpl.patches.FancyBboxPatch((left, -row - 0.3), 0.92, 0.66, **box)
            ax.add_patch(rectangle)
            ax.text(left + 0.46, -row + 0.13, name, ha="center", va="center", fontsize=11)
            ax.text(left + 0.46, -row - 0.2, shape, ha="center", va="center", fontsize=9, color="0.25")
            ax.text(left + 0.9, -row + 0.29, package, ha="right", va="center", fontsize=8, color="0.4")
            if row:
                arrow = {"arrowstyle": "->", "color": "0.3"}
                ax.annotate("", (left + 0.46, -row + 0.38), (left + 0.46, -row + 0.68), arrowprops=arrow)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    draw(sys.argv[1])
