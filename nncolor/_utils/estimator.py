"""What all estimators of nncolor share beside scikit-learn's BaseEstimator."""

from .._version import __version__

# Goes up when the fitted attributes of an estimator change in name or meaning.
STATE_VERSION = 1


class EstimatorMixin:
    """Links from a notebook into the documentation, and versions in what is saved.

    pickle, joblib and skops all save what `__getstate__` gives, and check it by `__setstate__`.
    """

    _doc_link_module = "nncolor"
    _doc_link_template = (
        "https://nncolor.readthedocs.io/en/latest/generated/{estimator_module}.{estimator_name}.html"
    )

    def __getstate__(self):
        return {**super().__getstate__(), "_nncolor_version": __version__, "_state_version": STATE_VERSION}

    def __setstate__(self, state):
        state = dict(state)
        saved_by = state.pop("_nncolor_version", "of an unknown version")
        saved = state.pop("_state_version", None)
        if saved != STATE_VERSION:
            raise ValueError(
                f"This {type(self).__name__} was saved by nncolor {saved_by}, whose estimators have other "
                f"attributes (state {saved}) than those of nncolor {__version__} (state {STATE_VERSION}). "
                "Load it with that version, or fit it again."
            )
        super().__setstate__(state)
