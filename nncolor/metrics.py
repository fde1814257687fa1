"""Measures of colour difference and colourfulness, and scorers based on them.

Each measure takes the true and the predicted images as two batches of the same length and sizes. The
scorers are for the `scoring` of :class:`~sklearn.model_selection.GridSearchCV` and similar tools: they
compare a colorizer's prediction with the colour images that it is given, so there is no `y`.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.utils import Bunch

from ._images.batch import iter_batch, load_image
from ._images.color import ciede2000, join_lightness_chroma, lightness_chroma, to_gray, to_unit_range
from ._pixels.samples import PixelSamples
from ._utils.threads import single_threaded
from ._utils.types import ImageBatch

__all__ = [
    "mean_ciede2000",
    "psnr",
    "ssim",
    "colorfulness",
    "mean_chroma",
    "chroma_rmse",
    "raw_accuracy_auc",
    "tint_errors",
    "ColorizationScorer",
    "MultimetricScorer",
    "neg_mean_ciede2000_scorer",
    "neg_chroma_rmse_scorer",
    "psnr_scorer",
    "ssim_scorer",
    "raw_accuracy_auc_scorer",
]

# Largest threshold of raw_accuracy_auc, in units of a*, b*.
_LARGEST_THRESHOLD = 150
# Side of the windows of ssim in pixels, as in scikit-image.
_WINDOW = 7
# Number of images that a scorer predicts at a time.
_PREDICTED = 8


def mean_ciede2000(image_true: ImageBatch, image_test: ImageBatch) -> float:
    """Mean CIEDE2000 colour difference [1]_ over all pixels of all images.

    Side by side, half of the observers of [2]_ perceive a difference of 0.8, and half accept one of 1.8; with
    a difference of 10, two colours are clearly different.

    Parameters
    ----------
    image_true, image_test : batches of colour images
        Of the same length, with images of the same sizes. Grey images have zero chroma.

    Returns
    -------
    error : float
        0 is best.

    Raises
    ------
    ValueError
        If the lengths of the batches or the sizes of their images differ.

    References
    ----------
    .. [1] G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and
       Application 30(1), 2005; computed by :func:`skimage.color.deltaE_ciede2000`.
    .. [2] R. D. Paravina et al., "Color difference thresholds in dentistry", Journal of Esthetic and
       Restorative Dentistry 27(S1), 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import mean_ciede2000
    >>> red = np.zeros((1, 2, 2, 3))
    >>> red[..., 0] = 1
    >>> mean_ciede2000(red, red)
    0.0
    """
    return _of_batches(mean_ciede2000, image_true, image_test)


def psnr(image_true: ImageBatch, image_test: ImageBatch) -> float:
    """Peak signal-to-noise ratio in RGB, mean over the images.

    Parameters
    ----------
    image_true, image_test : batches of colour images
        Of the same length, with images of the same sizes. Grey images have zero chroma.

    Returns
    -------
    ratio : float
        In dB; higher is better, infinite if a prediction equals its truth.

    Raises
    ------
    ValueError
        If the lengths of the batches or the sizes of their images differ.

    See Also
    --------
    skimage.metrics.peak_signal_noise_ratio : The same measure for one image.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import psnr
    >>> round(psnr(np.zeros((1, 4, 4, 3)), np.full((1, 4, 4, 3), 0.1)), 6)
    20.0
    """
    return _of_batches(psnr, image_true, image_test)


def ssim(image_true: ImageBatch, image_test: ImageBatch) -> float:
    """Structural similarity in RGB, mean over the images.

    Parameters
    ----------
    image_true, image_test : batches of colour images
        Of the same length, with images of the same sizes of at least 7 x 7 pixels. Grey images have
        zero chroma.

    Returns
    -------
    similarity : float
        1 is best. Colorizers keep the lightness, and with it most of the structure, so differences
        are small.

    Raises
    ------
    ValueError
        If the lengths of the batches or the sizes of their images differ, or an image is too small.

    See Also
    --------
    skimage.metrics.structural_similarity : The same measure for one image.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
    visibility to structural similarity", IEEE Transactions on Image Processing 13(4), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import ssim
    >>> ssim(np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)))
    1.0
    """
    return _of_batches(ssim, image_true, image_test)


def colorfulness(images: ImageBatch) -> float:
    """Colourfulness of Hasler and Süsstrunk, mean over the images.

    Parameters
    ----------
    images : batch of images
        Images to measure, colour or grey.

    Returns
    -------
    colorfulness : float
        0 for grey; the authors call 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly
        and 109 extremely colourful.

    References
    ----------
    D. Hasler, S. Süsstrunk, "Measuring colorfulness in natural images", SPIE 5007, 2003,
    equation for M^(3) on sRGB in [0, 255].

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import colorfulness
    >>> colorfulness(np.zeros((1, 2, 2, 3)))
    0.0
    """
    values = []
    for position, item in iter_batch(images):
        red, green, blue = np.moveaxis(_rgb(load_image(position, item)), -1, 0) * 255.0
        red_green, yellow_blue = red - green, (red + green) / 2 - blue
        deviation = np.hypot(red_green.std(), yellow_blue.std())
        values.append(deviation + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))
    return float(np.mean(values))


def mean_chroma(images: ImageBatch) -> float:
    """Mean chroma, the length of (u*, v*), over all pixels of all images.

    A prediction with a low error and a low chroma is grey.

    Parameters
    ----------
    images : batch of colour images
        Images to measure.

    Returns
    -------
    chroma : float
        In units of CIE u*, v*; 0 for grey.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import mean_chroma
    >>> round(mean_chroma(np.array([[[[1.0, 0.0, 0.0]]]])), 1)
    179.0
    """
    total = n_pixels = 0
    for position, item in iter_batch(images):
        _, chroma = lightness_chroma(load_image(position, item, color=True))
        total += np.hypot(chroma[..., 0], chroma[..., 1]).sum(dtype=np.float64)
        n_pixels += chroma[..., 0].size
    return float(total / n_pixels)


def chroma_rmse(image_true: ImageBatch, image_test: ImageBatch) -> float:
    """Root of the mean squared distance in (u*, v*) over all pixels of all images.

    Parameters
    ----------
    image_true, image_test : batches of colour images
        Of the same length, with images of the same sizes. Grey images have zero chroma.

    Returns
    -------
    error : float
        In units of CIE u*, v*; 0 is best. It rewards cautious, greyish colours.

    Raises
    ------
    ValueError
        If the lengths of the batches or the sizes of their images differ.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import chroma_rmse
    >>> red = np.array([[[[1.0, 0.0, 0.0]]]])
    >>> round(chroma_rmse(red, np.zeros((1, 1, 1, 3))), 1)
    179.0
    """
    return _of_batches(chroma_rmse, image_true, image_test)


def raw_accuracy_auc(image_true: ImageBatch, image_test: ImageBatch) -> float:
    """Raw accuracy of Zhang et al.: area under the share of pixels within a distance in (a*, b*).

    Parameters
    ----------
    image_true, image_test : batches of colour images
        Of the same length, with images of the same sizes. Grey images have zero chroma.

    Returns
    -------
    area : float in [0, 1]
        The share of pixels whose (a*, b*) lies within a threshold of the truth, integrated over
        thresholds from 0 to 150 and divided by 150. 1 is best.

    Raises
    ------
    ValueError
        If the lengths of the batches or the sizes of their images differ.

    References
    ----------
    R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor.metrics import raw_accuracy_auc
    >>> raw_accuracy_auc(np.ones((1, 2, 2, 3)), np.ones((1, 2, 2, 3)))
    1.0
    """
    return _of_batches(raw_accuracy_auc, image_true, image_test)


def tint_errors(colorizer: Any, images: ImageBatch, n_alternatives: int = 4) -> Any:
    """Errors of a colorizer with and without tints, image by image.

    For a user who picks the best alternative, the error lies between that without a tint, which needs no
    choice, and that with the true tint.

    Parameters
    ----------
    colorizer : SOMColorizer
        Fitted, with tint.
    images : batch of colour images
        The truth; none of them should be a training image.
    n_alternatives : int, default=4
        Number of typical tints.

    Returns
    -------
    errors : :class:`~sklearn.utils.Bunch`
        Mean CIEDE2000 of each image:

        gray : ndarray of shape (n_images,)
            Left grey.
        without_tint : ndarray of shape (n_images,)
            Coloured by `predict`.
        true_tint : ndarray of shape (n_images,)
            Coloured in its own tint.
        alternatives : ndarray of shape (n_images, n_alternatives)
            Coloured in each of the typical tints.
        best_alternative : ndarray of shape (n_images,)
            The smallest error of the alternatives.

    Raises
    ------
    ValueError
        If an image is grey or not valid, the colorizer was trained without tint, or the training images have
        fewer different tints than `n_alternatives`.
    OSError
        If a file cannot be read; the message names it.

    Examples
    --------
    >>> from nncolor import SOMColorizer
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.metrics import tint_errors
    >>> photos = load_sample_photos().images
    >>> colorizer = SOMColorizer(random_state=0).fit(photos[:4])
    >>> tint_errors(colorizer, photos[4:6], n_alternatives=2).alternatives.shape
    (2, 2)
    """
    rows = []
    for position, item in iter_batch(images):
        image = load_image(position, item, color=True)
        pictures = [
            to_gray(image),
            colorizer.predict([image])[0],
            colorizer.colorize(image, tint=image),
            *colorizer.alternatives(image, n_alternatives),
        ]
        rows.append([mean_ciede2000([image], [picture]) for picture in pictures])
    errors = np.array(rows)
    return Bunch(
        gray=errors[:, 0],
        without_tint=errors[:, 1],
        true_tint=errors[:, 2],
        alternatives=errors[:, 3:],
        best_alternative=errors[:, 3:].min(axis=1),
    )


class ColorizationScorer:
    """Make a scorer from a measure, to compare the predictions of a colorizer with the true colours.

    The scorers of :func:`~sklearn.metrics.make_scorer` compare a prediction with `y`. Here the truth
    is `X` itself: colour images, whose lightness is coloured. A few images at a time are in memory.

    Parameters
    ----------
    measure : callable
        A measure of this module, or one of your own, which is called as measure(image_true, image_test) with
        two batches of one image each: its score is the mean over the images. Those of this module that are
        means over pixels stay so.
    greater_is_better : bool, default=True
        Whether a larger value is better; otherwise the score is the negative value.

    See Also
    --------
    MultimetricScorer : Several measures of one prediction.
    SOMColorizer.score : The default score, equal to `neg_mean_ciede2000_scorer`.

    Examples
    --------
    >>> from nncolor.metrics import ColorizationScorer, chroma_rmse
    >>> ColorizationScorer(chroma_rmse, greater_is_better=False)
    ColorizationScorer(chroma_rmse, greater_is_better=False)
    """

    def __init__(self, measure: Callable[[ImageBatch, ImageBatch], float], *, greater_is_better: bool = True):
        self.measure = measure
        self.greater_is_better = greater_is_better

    def __call__(self, estimator: Any, X: ImageBatch | PixelSamples, y: Any = None) -> float:
        """Score a fitted colorizer.

        Parameters
        ----------
        estimator : SOMColorizer
            Fitted.
        X : batch of colour images, or PixelSamples
            The truth. The pixels of a PixelSamples are treated as an image with a single row.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Higher is better.
        """
        (value,) = _measure_predictions([self.measure], estimator, X)
        return value if self.greater_is_better else -value

    def __repr__(self) -> str:
        name = getattr(self.measure, "__name__", repr(self.measure))
        better = "" if self.greater_is_better else ", greater_is_better=False"
        return f"{type(self).__name__}({name}{better})"


class MultimetricScorer:
    """Scorer of several measures, for which each image is predicted once.

    Pass it as `scoring` to :func:`~sklearn.model_selection.cross_validate` or
    :class:`~sklearn.model_selection.GridSearchCV` (with `refit` set to one of the names); a dict of scorers
    would predict each image again for every scorer.

    Parameters
    ----------
    **scorers : ColorizationScorer
        By the names of the scores.

    Examples
    --------
    >>> from nncolor.metrics import MultimetricScorer, neg_mean_ciede2000_scorer, psnr_scorer
    >>> MultimetricScorer(error=neg_mean_ciede2000_scorer, psnr=psnr_scorer)
    MultimetricScorer(error=ColorizationScorer(mean_ciede2000, greater_is_better=False), \
psnr=ColorizationScorer(psnr))
    """

    def __init__(self, **scorers: ColorizationScorer):
        self.scorers = scorers

    def __call__(self, estimator: Any, X: ImageBatch | PixelSamples, y: Any = None) -> dict[str, float]:
        """Score a fitted colorizer.

        Parameters
        ----------
        estimator : SOMColorizer
            Fitted.
        X : batch of colour images, or PixelSamples
            The truth.
        y : None
            Ignored.

        Returns
        -------
        scores : dict of str to float
            Higher is better.
        """
        measures = [scorer.measure for scorer in self.scorers.values()]
        values = _measure_predictions(measures, estimator, X)
        return {
            name: value if scorer.greater_is_better else -value
            for (name, scorer), value in zip(self.scorers.items(), values, strict=True)
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={one}' for name, one in self.scorers.items())})"


neg_mean_ciede2000_scorer: ColorizationScorer = ColorizationScorer(mean_ciede2000, greater_is_better=False)
neg_chroma_rmse_scorer: ColorizationScorer = ColorizationScorer(chroma_rmse, greater_is_better=False)
psnr_scorer: ColorizationScorer = ColorizationScorer(psnr)
ssim_scorer: ColorizationScorer = ColorizationScorer(ssim)
raw_accuracy_auc_scorer: ColorizationScorer = ColorizationScorer(raw_accuracy_auc)


def _measure_predictions(measures, estimator, X):
    """Values of measures of the predictions for a batch of colour images, or for a PixelSamples."""
    means = [_Mean(measure) for measure in measures]
    for truth, predicted in _predicted_pairs(estimator, X):
        for mean in means:
            mean.add(truth, predicted)
    return [mean.value() for mean in means]


def _predicted_pairs(estimator, X):
    """Yield batches of one true and one predicted image; a few images are predicted at a time."""
    if isinstance(X, PixelSamples):
        if len(X) == 0:
            raise ValueError("The PixelSamples holds no pixel. Pass at least one.")
        yield tuple(
            join_lightness_chroma(X.lightness[None], chroma[None], np.float32)[None]
            for chroma in (X.chroma, estimator.predict_chroma(X))
        )
        return
    items = iter_batch(X)
    while part := list(islice(items, _PREDICTED)):
        truth = [load_image(*item, color=True) for item in part]
        for pair in zip(truth, estimator.predict(truth), strict=True):
            yield tuple([image] for image in pair)


def _of_batches(measure, image_true, image_test):
    """Value of a measure of this module for two batches."""
    mean = _Mean(measure)
    for true, predicted in _pairs(image_true, image_test):
        mean.add_pair(true, predicted)
    return mean.value()


class _Mean:
    """Running value of a measure: the mean over pixels or images, as the measure defines it."""

    def __init__(self, measure):
        self.measure = measure
        self.function, self.finish = _OF_PAIRS.get(measure, (None, float))
        self.total, self.n_values, self.n_pairs = 0.0, 0, 0

    def add(self, truth, prediction):
        """Add two batches of one image each."""
        if self.function is None:
            self.add_values(np.float64(self.measure(truth, prediction)))
            return
        for true, predicted in _pairs(truth, prediction):
            self.add_pair(true, predicted)

    def add_pair(self, true, predicted):
        try:
            self.add_values(self.function(true, predicted))
        except ValueError as error:
            raise ValueError(f"image {self.n_pairs} {error}") from error
        self.n_pairs += 1

    def add_values(self, values):
        self.total += float(values.sum(dtype=np.float64))
        self.n_values += values.size

    def value(self):
        return self.finish(self.total / self.n_values)


# Values of a true and a predicted image, RGB in [0, 1]: one for each pixel, or one for the image.


def _differences(true, predicted):
    return ciede2000(true.reshape(-1, 3), predicted.reshape(-1, 3))


def _squared_distances(true, predicted):
    return ((lightness_chroma(true)[1] - lightness_chroma(predicted)[1]) ** 2).sum(axis=-1)


def _shares_of_thresholds(true, predicted):
    with single_threaded():
        distance = np.linalg.norm(rgb2lab(true)[..., 1:] - rgb2lab(predicted)[..., 1:], axis=-1)
    # a pixel at a distance d is inside from the threshold d on
    return np.clip(1 - distance / _LARGEST_THRESHOLD, 0, 1)


def _signal_noise_ratio(true, predicted):
    if np.array_equal(true, predicted):
        return np.float64(np.inf)
    return np.float64(peak_signal_noise_ratio(true, predicted, data_range=1))


def _structural_similarity(true, predicted):
    if min(true.shape[:2]) < _WINDOW:
        raise ValueError(
            f"is {true.shape[0]} x {true.shape[1]} in image_true; structural similarity needs at least 7 x 7 "
            "pixels, and images instead of a PixelSamples."
        )
    # every option is given, since the defaults of scikit-image may change
    similarity = structural_similarity(
        true,
        predicted,
        win_size=_WINDOW,
        data_range=1,
        channel_axis=-1,
        gaussian_weights=False,
        use_sample_covariance=True,
    )
    return np.float64(similarity)


# For each measure: the function of a pair of images, and what is done with the mean of its values.
_OF_PAIRS = {
    mean_ciede2000: (_differences, float),
    chroma_rmse: (_squared_distances, lambda mean: float(mean**0.5)),
    psnr: (_signal_noise_ratio, float),
    ssim: (_structural_similarity, float),
    raw_accuracy_auc: (_shares_of_thresholds, float),
}


def _pairs(image_true, image_test):
    """Yield each true and predicted image as RGB in [0, 1]."""
    ends = object()
    truths, predictions = iter_batch(image_true), iter_batch(image_test)
    while True:
        true, predicted = next(truths, ends), next(predictions, ends)
        if true is ends and predicted is ends:
            return
        if true is ends or predicted is ends:
            raise ValueError("image_true and image_test hold different numbers of images.")
        position = true[0]
        true, predicted = _load("image_true", *true), _load("image_test", *predicted)
        if true.shape != predicted.shape:
            raise ValueError(
                f"image {position} is {true.shape[0]} x {true.shape[1]} in image_true and "
                f"{predicted.shape[0]} x {predicted.shape[1]} in image_test."
            )
        yield true, predicted


def _load(batch, position, item):
    try:
        return _rgb(load_image(position, item))
    except (ValueError, OSError) as error:
        raise type(error)(f"{batch}: {error}") from error


def _rgb(image):
    image = to_unit_range(image)
    return image[..., :3] if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1)
