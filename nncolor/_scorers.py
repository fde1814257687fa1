"""Scorers whose truth is in the images themselves."""

import numpy as np

from ._images.color import join_lightness_chroma
from ._images.batch import iter_batch, load_image
from ._pixels.samples import PixelSamples
from ._utils.types import ImageBatch


class ColorizationScorer:
    """Make a scorer of a measure: how well a colorizer gives colour images their colours back.

    scikit-learn's :func:`~sklearn.metrics.make_scorer` compares a prediction with `y`. Here the truth
    is `X` itself: colour images, whose lightness is coloured.

    Parameters
    ----------
    measure : callable
        Called as measure(truth, prediction) with two batches of images.
    greater_is_better : bool, default=True
        Whether a larger value is better; otherwise the score is the negative value.

    See Also
    --------
    SOMColorizer.score : The default score, which is `neg_mean_ciede2000_scorer` for any batch.

    Examples
    --------
    >>> from nncolor.metrics import ColorizationScorer, chroma_rmse
    >>> ColorizationScorer(chroma_rmse, greater_is_better=False)
    ColorizationScorer(chroma_rmse, greater_is_better=False)
    """

    def __init__(self, measure, *, greater_is_better: bool = True):
        self.measure = measure
        self.greater_is_better = greater_is_better

    def __call__(self, estimator, X: ImageBatch | PixelSamples, y=None) -> float:
        """Score a fitted colorizer.

        Parameters
        ----------
        estimator : SOMColorizer
            Fitted.
        X : batch of colour images, or PixelSamples
            The truth. The pixels of a PixelSamples count as one image of a single row.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Higher is better.
        """
        if isinstance(X, PixelSamples):
            if len(X) == 0:
                raise ValueError("The PixelSamples holds no pixel to judge by.")
            truth, prediction = (
                join_lightness_chroma(X.lightness[None], chroma[None], np.float32)[None]
                for chroma in (X.chroma, estimator.predict_chroma(X))
            )
        else:
            truth = [load_image(*item, color=True) for item in iter_batch(X)]
            prediction = estimator.predict(truth)
        value = self.measure(truth, prediction)
        return value if self.greater_is_better else -value

    def __repr__(self):
        name = getattr(self.measure, "__name__", repr(self.measure))
        better = "" if self.greater_is_better else ", greater_is_better=False"
        return f"{type(self).__name__}({name}{better})"
