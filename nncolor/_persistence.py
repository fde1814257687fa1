"""Saved estimators say which version saved them, and are not read as something else."""

from ._version import __version__

# Goes up when the fitted attributes of an estimator change in name or meaning.
STATE_VERSION = 1


class VersionedState:
    """Puts the version into what pickle, joblib and skops save, and checks it when that is loaded."""

    def __getstate__(self):
        return {**super().__getstate__(), "_nncolor_version": __version__, "_state_version": STATE_VERSION}

    def __setstate__(self, state):
        state = dict(state)
        saved_by = state.pop("_nncolor_version", "(unknown)")
        saved = state.pop("_state_version", None)
        if saved != STATE_VERSION:
            raise ValueError(
                f"This {type(self).__name__} was saved by nncolor {saved_by}, whose estimators have other "
                f"attributes (state {saved}) than those of nncolor {__version__} (state {STATE_VERSION}). "
                f"Load it with nncolor {saved_by}, or fit it again."
            )
        super().__setstate__(state)
