"""
Temperature, smoothing and confidence
=====================================

The classifier gives each pixel a probability for every codeword. How these become one colour
and a confidence is decided after training: nothing has to be trained again.
"""

# %%
# Temperature and smoothing
# -------------------------
# `temperature=0` paints the most probable codeword, as the paper does: colourful, noisy, and often
# far from the truth. `temperature=1` paints the mean of all: close on average, but greyish.
# `smoothing_radius` removes the noise but stops at the edges of lightness.

import matplotlib.pyplot as plt

from nncolor import SOMColorizer
from nncolor.datasets import load_sample_photos
from nncolor.metrics import mean_chroma, mean_ciede2000
from nncolor.plotting import ColorizationDisplay

photos = load_sample_photos()
halves = {
    name: (photo[:, : photo.shape[1] // 2], photo[:, photo.shape[1] // 2 :])
    for name, photo in zip(photos.names, photos.images, strict=True)
}
left, right = halves["motorcycle_left"]
colorizer = SOMColorizer(random_state=0).fit([left])

figure, axes = plt.subplots(2, 4, figsize=(7, 6.4), layout="constrained")
for row, radius in zip(axes, (0, 8), strict=True):
    row[0].imshow(right)
    row[0].set_title("the truth")
    for ax, temperature in zip(row[1:], (0.0, 0.6, 1.0), strict=True):
        colorizer.set_params(temperature=temperature, smoothing_radius=radius)
        colored = colorizer.colorize(right)
        ax.imshow(colored)
        error, chroma = mean_ciede2000([right], [colored]), mean_chroma([colored])
        ax.set_title(
            f"temperature {temperature:g}\nradius {radius}\n"
            f"CIEDE2000 {error:.1f}\nchroma {chroma:.0f}",
            fontsize=10,
        )
for ax in axes.flat:
    ax.set_axis_off()

# %%
# Good and bad
# ------------
# There is one colorizer for each photograph: it was trained on the left half, and the rows show the right
# half. The last columns show the error and the confidence, the probability of the most probable codeword
# (`predict_confidence`).
#
# Good: the saucer, the flower, the fur, the sky behind the rocket. Bad: things that the left half does not
# show, like the eye of the cat, the lights in front of the rocket, and the tank of the
# motorcycle. The confidence is low at the motorcycle, but high at the eye: it shows what is ambiguous, not
# what is new.

truth, predictions, confidences = [], [], []
for name in ("coffee", "flower", "chelsea", "rocket", "motorcycle_left"):
    left, right = halves[name]
    colorizer = SOMColorizer(random_state=0).fit([left])
    colored = colorizer.colorize(right)
    truth.append(right)
    predictions.append(colored)
    confidences.append(colorizer.predict_confidence([right])[0])
    print(f"{name}: CIEDE2000 {mean_ciede2000([right], [colored]):.1f}")
ColorizationDisplay.from_predictions(
    truth, predictions, confidence=confidences, error_map=True
)
plt.show()
