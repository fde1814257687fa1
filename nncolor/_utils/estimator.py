"""Base of the estimators: links into the documentation, and versions in saved models."""

from typing import TYPE_CHECKING, Any

from .._version import __version__

if TYPE_CHECKING:
    # scikit-learn has no type annotations; these are for the type checkers of users
    from collections.abc import Callable
    from typing import Self, TypeVar

    from .types import AnyArray

    F = TypeVar("F", bound=Callable[..., Any])

    def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[F], F]: ...
    def validate_params(
        constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
    ) -> Callable[[F], F]: ...

    class BaseEstimator:
        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...
        def _validate_params(self) -> None: ...

    class TransformerMixin:
        def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> AnyArray: ...
        def set_output(self, *, transform: str | None = None) -> Self: ...

    class ClusterMixin:
        def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> AnyArray: ...

    class ClassNamePrefixFeaturesOutMixin:
        def get_feature_names_out(self, input_features: Any = None) -> AnyArray: ...

else:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        ClusterMixin,
        TransformerMixin,
    )
    from sklearn.base import _fit_context as fit_context
    from sklearn.utils._param_validation import validate_params

__all__ = [
    "BaseEstimator",
    "ClassNamePrefixFeaturesOutMixin",
    "ClusterMixin",
    "EstimatorMixin",
    "TransformerMixin",
    "fit_context",
    "validate_params",
]


class EstimatorMixin:
    """Versions in the saved state of an estimator.

    pickle, joblib and skops save the result of `__getstate__`, and call `__setstate__`, which checks it.
    """

    # increased when the fitted attributes of the class change in name or meaning
    STATE_VERSION = 1

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[misc, assignment]
        return {**state, "_nncolor_version": __version__, "_state_version": self.STATE_VERSION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        saved_by = state.pop("_nncolor_version", "of an unknown version")
        saved = state.pop("_state_version", None)
        if saved != self.STATE_VERSION:
            raise ValueError(
                f"This {type(self).__name__} was saved by nncolor {saved_by}, where it has other attributes "
                f"(state {saved}) than in nncolor {__version__} (state {self.STATE_VERSION}). Load it with "
                "that version, or fit it again."
            )
        super().__setstate__(state)  # type: ignore[misc]
