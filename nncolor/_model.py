"""Model: everything that `fit` found, from which a colorizer predicts, and its fitted attributes."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from ._painting.image_decoder import ImageDecoder
from ._painting.pixel_decoder import PixelDecoder
from ._painting.settings import PaintingSettings
from ._pixels.familiarity import reference_statistics, unfamiliarity
from ._utils.estimator import EstimatorMixin
from ._utils.threads import single_threaded
from ._utils.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Model:
    """Fitted model of a SOMColorizer.

    Attributes
    ----------
    extractor, quantizer : estimators
    classifier : classifier or None
        None if the sample held a single codeword.
    emulsion : EmulsionSimulator or None
    codebook : ndarray of shape (n_codes, 2), float32
    codewords : ndarray of shape (n_classes,), int
        Those of the classes of the classifier.
    counts : ndarray of shape (n_codes,), int
        Number of training pixels of each codeword.
    image_statistics : ndarray of shape (n_images, n_statistics)
    tints : ndarray of shape (n_images, 2)
    has_tint : bool
    working_size : int or None
    chroma_scale : float
    validation_error, validation_gray_error : float or None
    random_state : RandomState
        For the next batch of `partial_fit`.
    """

    extractor: Any
    quantizer: Any
    classifier: Any
    emulsion: Any
    codebook: FloatArray
    codewords: IntArray
    counts: IntArray
    image_statistics: FloatArray
    tints: FloatArray
    has_tint: bool
    working_size: int | None
    chroma_scale: float
    validation_error: float | None
    validation_gray_error: float | None
    random_state: np.random.RandomState

    @cached_property
    def reference(self) -> FloatArray | None:
        """Reference statistics, see `reference_statistics`."""
        with single_threaded():
            return reference_statistics(self.image_statistics)

    def is_unfamiliar(self, statistics: FloatArray) -> bool:
        return self.reference is not None and unfamiliarity(statistics, self.reference) > 1

    def decoder(self, temperature: float, smoothing_radius: int, settings: PaintingSettings) -> ImageDecoder:
        """Prediction methods with parameters and settings of prediction."""
        pixels = PixelDecoder(
            self.classifier,
            self.codebook,
            self.codewords,
            self.counts / self.counts.sum(),
            has_tint=self.has_tint,
            chroma_scale=self.chroma_scale,
            temperature=temperature,
        )
        return ImageDecoder(
            self.extractor,
            pixels,
            working_size=self.working_size,
            smoothing_radius=smoothing_radius,
            settings=settings,
        )

    def __getstate__(self) -> dict[str, Any]:
        return self.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Its attributes by name, for saving without the name of this class."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class FittedAttributes(EstimatorMixin):
    """The fitted attributes of a SOMColorizer, all of them from its model."""

    # a class attribute, since __init__ only sets parameters
    _model: Model | None = None

    @property
    def extractor_(self) -> Any:
        return self._fitted.extractor

    @property
    def quantizer_(self) -> Any:
        return self._fitted.quantizer

    @property
    def classifier_(self) -> Any:
        return self._fitted.classifier

    @property
    def emulsion_(self) -> Any:
        return self._fitted.emulsion

    @property
    def codebook_(self) -> FloatArray:
        return self._fitted.codebook

    @property
    def classes_(self) -> IntArray:
        return np.arange(len(self._fitted.codebook))

    @property
    def image_statistics_(self) -> FloatArray:
        return self._fitted.image_statistics

    @property
    def tints_(self) -> FloatArray:
        return self._fitted.tints

    @property
    def has_tint_(self) -> bool:
        return self._fitted.has_tint

    @property
    def working_size_(self) -> int | None:
        return self._fitted.working_size

    @property
    def chroma_scale_(self) -> float:
        return self._fitted.chroma_scale

    @property
    def validation_error_(self) -> float | None:
        return self._fitted.validation_error

    @property
    def validation_gray_error_(self) -> float | None:
        return self._fitted.validation_gray_error

    @property
    def _fitted(self) -> Model:
        if self._model is None:
            # an AttributeError too, so that hasattr says that there is no fitted attribute
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with colour images first."
            )
        return self._model

    def __sklearn_is_fitted__(self) -> bool:
        return self._model is not None

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        # saved models name no private class
        return {**state, "_model": None if self._model is None else self._model.to_dict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # the version is checked first
        super().__setstate__(state)
        model: Any = self._model
        self._model = None if model is None else Model(**model)
