"""
Comparison of classifiers
=========================

The network is a good default: it is trained quickly, predicts quickly, and its probabilities are smooth. Any
classifier with `predict_proba` can take its place. This example compares their errors, their times and their
colours.
"""

# %%
# The same task for all
# ---------------------
# All are trained on the left half of the cup of coffee, and colour the right half. All share one codebook,
# fitted beforehand and frozen, so that only the classifiers differ.

from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nncolor import (
    CodewordClassifier,
    PatchExtractor,
    SOMColorizer,
    SOMQuantizer,
    sample_pixels,
)
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_chroma, mean_ciede2000

photos = load_sample_photos()
coffee = photos.images[photos.names.index("coffee")][::2, ::2]
left, right = coffee[:, :150], coffee[:, 150:]
pixels = sample_pixels([left], pixels_per_image=2500, random_state=0)
codebook = FrozenEstimator(
    SOMQuantizer((4, 4), n_iter=20_000, random_state=0).fit(pixels.chroma)
)
classifiers = {
    "CodewordClassifier": CodewordClassifier(),
    "LogisticRegression": make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    ),
    "KNeighborsClassifier": KNeighborsClassifier(50),
    "ExtraTreesClassifier": ExtraTreesClassifier(60, min_samples_leaf=10),
    "GaussianNB": GaussianNB(),
}

# %%
# Error, time, and pictures
# -------------------------

figure, axes = plt.subplots(2, 3, figsize=(7, 5.4), layout="constrained")
axes[0, 0].imshow(right)
axes[0, 0].set_title(f"the truth\nchroma {mean_chroma([right]):.0f}", fontsize=9)
for ax, (name, classifier) in zip(axes.flat[1:], classifiers.items(), strict=True):
    colorizer = SOMColorizer(
        PatchExtractor(3, position=True, context_scales=(8, 16, 64)),
        codebook,
        classifier,
        random_state=0,
    )
    start = perf_counter()
    colorizer.fit([left])
    trained = perf_counter()
    colored = colorizer.colorize(right)
    painted = perf_counter()
    error = mean_ciede2000([right], [colored])
    print(
        f"{name}: CIEDE2000 {error:.1f}, training {trained - start:.1f} s, painting {painted - trained:.2f} s"
    )
    ax.imshow(colored)
    ax.set_title(
        f"{name}\nCIEDE2000 {error:.1f}, chroma {mean_chroma([colored]):.0f}",
        fontsize=9,
    )
for ax in axes.flat:
    ax.set_axis_off()
plt.show()

# %%
# On one half of one photograph, many of them are good enough. They differ with more photographs: nearest
# neighbours and trees grow with the number of pixels, and predict slowly; naive Bayes treats all features as
# independent, and is overconfident. The page "Colour quality" has measurements on many photographs.
