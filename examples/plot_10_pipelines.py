"""
Other components, and pipelines
===============================

All components are estimators of scikit-learn: they can be exchanged, put into pipelines, searched over
together, or written by yourself.
"""

# %%
# KMeans, and a pipeline as classifier
# ------------------------------------
# Any clusterer with `cluster_centers_` makes the codebook. A `Pipeline` that ends in a classifier with
# `predict_proba` is a classifier: here the features are scaled and reduced before a network is trained.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from nncolor import PatchExtractor, SOMColorizer
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000

photos = load_sample_photos()
china = photos.images[photos.names.index("china")][::2, ::2]
left, right = china[:, :160], china[:, 160:]
network = MLPClassifier((30,), alpha=0.1, tol=2e-3, n_iter_no_change=4, max_iter=500)
reduced = SOMColorizer(
    PatchExtractor(7, position=True, context_scales=(8, 32)),
    KMeans(12, n_init=1),
    make_pipeline(StandardScaler(), PCA(20), network),
    random_state=0,
).fit([left])
print(reduced)

# %%
# A transformer of your own
# -------------------------
# It takes a `PixelSamples`, which has the lightness, the row and the column of every pixel, and gives the
# lightness at any other row and column of its image. This one adds the lightness at some distances straight
# above the pixel. `make_union` puts its features beside those of the patch.


class LookUp(TransformerMixin, BaseEstimator):
    """Lightness at some distances above each pixel, and distance from the top."""

    def __init__(self, distances=(10, 40, 160)):
        self.distances = distances

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        rows = np.maximum(X.rows[:, None] - np.array(self.distances), 0)
        columns = np.repeat(X.columns[:, None], len(self.distances), axis=1)
        above = X.lightness_at(rows, columns) / 50 - 1
        return np.hstack([above, (X.rows / X.heights)[:, None]]).astype(np.float32)


own = SOMColorizer(
    make_union(PatchExtractor(5), LookUp()),
    KMeans(12, n_init=1),
    network,
    random_state=0,
).fit([left])

# %%
# Search over the components
# --------------------------
# Whole components are parameters too. The score is that of whole images, here of held-out tiles.

tiles = np.array_split(left, 4, axis=0)
search = GridSearchCV(
    SOMColorizer(classifier=network, pixels_per_image=500, random_state=0),
    {"extractor": [PatchExtractor(5), make_union(PatchExtractor(5), LookUp())]},
    cv=KFold(2, shuffle=True, random_state=0),
).fit(tiles)
best = search.best_estimator_
print("best:", search.best_params_)

figure, axes = plt.subplots(1, 4, figsize=(7, 3), layout="constrained")
axes[0].imshow(right)
axes[0].set_title("the truth", fontsize=9)
colorizers = {
    "scaled and reduced": reduced,
    "looking up": own,
    "best of the search": best,
}
for ax, (name, colorizer) in zip(axes[1:], colorizers.items(), strict=True):
    colored = colorizer.colorize(right)
    ax.imshow(colored)
    ax.set_title(
        f"{name}\nCIEDE2000 {mean_ciede2000([right], [colored]):.1f}", fontsize=9
    )
for ax in axes.flat:
    ax.set_axis_off()
plt.show()
