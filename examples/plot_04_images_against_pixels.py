"""
Validation: splits by pixels, by photographs and by scenes
==========================================================

The same colorizer is evaluated three times: on other pixels of the training photographs, on other
photographs of the training scenes, and on scenes that it was not trained on. Only the last error is the one
to expect for *your* grey photographs.
"""

# %%
# Scenes and photographs
# ----------------------
# Eight photographs that come with scikit-learn and scikit-image stand for eight scenes, and six tiles of
# each for six photographs of the scene.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_ciede2000

photos = load_sample_photos()
tiles, scenes = [], []
for scene, photo in enumerate(photos.images):
    height, width = photo.shape[0] // 2, photo.shape[1] // 3
    for row in range(2):
        for column in range(3):
            tile = photo[
                row * height : (row + 1) * height, column * width : (column + 1) * width
            ]
            tiles.append(tile[::2, ::2])
            scenes.append(scene)
scenes = np.array(scenes)
colorizer = SOMColorizer(
    PatchExtractor(3, position=True, context_scales=(8, 16)),
    SOMQuantizer((4, 4), n_iter=5000),
    MLPClassifier((30,), alpha=1.0, tol=1e-2, max_iter=300),
    pixels_per_image=150,
    validation_fraction=0,  # the splits below hold photographs back themselves
    random_state=0,
)

# %%
# Three ways to split
# -------------------
# The score is the negative mean CIEDE2000, so its negative is an error: 0 is perfect, 10 is another shade.

pixels = sample_pixels(tiles, pixels_per_image=150, random_state=0)
shuffled = KFold(3, shuffle=True, random_state=0)
errors = {
    "pixels of known\nphotographs": -cross_val_score(colorizer, pixels, cv=shuffled),
    "photographs of\nknown scenes": -cross_val_score(colorizer, tiles, cv=shuffled),
    "scenes never seen": -cross_val_score(
        colorizer, tiles, groups=scenes, cv=GroupKFold(3)
    ),
}
for name, values in errors.items():
    print(f"{name!r}: CIEDE2000 {values.mean():.1f}")

# %%
# For comparison: the error of leaving everything grey.

grey = [
    np.repeat(tile.mean(axis=-1, keepdims=True), 3, axis=-1).astype(np.uint8)
    for tile in tiles
]
of_grey = mean_ciede2000(tiles, grey)
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name, values in errors.items():
    ax.plot(values, [name] * len(values), "o")
ax.axvline(of_grey, color="0.5", linestyle="--")
ax.text(of_grey, -0.3, " grey", color="0.5", va="top")
ax.set(xlabel="mean CIEDE2000 of a fold", xlim=(0, None), ylim=(2.5, -0.5))

# %%
# Pixels of a photograph whose other pixels are in the training set are easy: the network recognises the
# photograph. Scenes that were never seen are hard, and with eight such different subjects grey is about as
# good. With hundreds of photographs of *one* kind of subject the error is smaller.
#
# Tuning on unseen scenes
# -----------------------
# Which temperature is best? On shuffled pixels a low one does well, since the network recognises the
# photographs. On unseen scenes it does not, and a higher temperature has a smaller error.

grid = {"temperature": [0.0, 0.5, 1.0]}
unseen = GridSearchCV(colorizer, grid, cv=GroupKFold(3)).fit(
    pixels, groups=scenes[pixels.groups]
)
for name, search in {
    "shuffled pixels": GridSearchCV(colorizer, grid, cv=shuffled).fit(pixels),
    "unseen scenes": unseen,
}.items():
    found = ", ".join(
        f"{params['temperature']:g}: {-score:.1f}"
        for params, score in zip(
            search.cv_results_["params"],
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    print(f"{name}: CIEDE2000 by temperature {found}")
plt.show()
