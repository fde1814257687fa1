"""
Patch size and layers: the grid search of the paper
====================================================

Table II of the paper compares patch sizes and layers of the network by a grid search over
pixels. This is the same search, smaller, on photographs that come with scikit-image; then it is repeated
with no photograph on both sides of a split.
"""

# %%
# Pixels and their codewords
# --------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    StratifiedShuffleSplit,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from nncolor import PatchExtractor, SOMQuantizer, sample_pixels
from nncolor.datasets import load_sample_photos

pixels = sample_pixels(
    load_sample_photos().images, pixels_per_image=500, random_state=0
)
labels = SOMQuantizer(map_shape=(3, 3), n_iter=20_000, random_state=0).fit_predict(
    pixels.chroma
)
print(pixels)

# %%
# The search
# ----------
# The patch extractor and the network are one pipeline, and a `PixelSamples` goes through it like any
# other `X`: the splitter draws rows, the extractor looks up their patches.

pipe = make_pipeline(
    PatchExtractor(),
    MLPClassifier(max_iter=300, tol=2e-3, n_iter_no_change=4, random_state=0),
)
grid = {
    "patchextractor__patch_size": [1, 3, 7],
    "mlpclassifier__hidden_layer_sizes": [(10,), (50,), (50, 50)],
}
stratified = GridSearchCV(
    pipe,
    grid,
    cv=StratifiedShuffleSplit(
        n_splits=2, train_size=2500, test_size=1500, random_state=0
    ),
).fit(pixels, labels)

# %%
# Splits by photographs
# ---------------------
# Those splits put pixels of one photograph on both sides, so a network that recognises the photograph
# scores too high. Splits by groups keep photographs apart. With eight photographs of different subjects
# the others tell little, so the accuracy is low.

grouped = GridSearchCV(
    pipe, grid, cv=GroupShuffleSplit(n_splits=2, test_size=0.25, random_state=0)
).fit(pixels, labels, groups=pixels.groups)

# %%
# Both tables
# -----------

figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for ax, search, title in zip(
    axes,
    (stratified, grouped),
    ("splits by pixels, as in the paper", "splits by photographs"),
    strict=True,
):
    # the first parameter of the grid by name, the layers, varies slowest
    scores = search.cv_results_["mean_test_score"].reshape(3, 3).T
    ax.imshow(scores, cmap="viridis", vmin=0.1, vmax=0.7)
    for (row, column), score in np.ndenumerate(scores):
        ax.text(column, row, f"{score:.2f}", ha="center", va="center", color="white")
    ax.set_xticks(range(3), ["10", "50", "50+50"])
    ax.set_yticks(range(3), ["1x1", "3x3", "7x7"])
    ax.set(xlabel="hidden layers", ylabel="patch", title=title)
    print(f"{title}: best {search.best_score_:.2f} with {search.best_params_}")
plt.show()
