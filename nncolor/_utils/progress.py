"""Progress bars, shown only if `verbose` is positive."""

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

# Seconds between the lines of a bar in a log.
_LOG_INTERVAL = 30.0


def _bar(iterable: Iterable[Any] | None = None, **options: Any) -> Any:
    """Progress bar; where it cannot be redrawn, such as in a log, it writes a line every _LOG_INTERVAL."""
    # in a notebook this imports IPython and ipywidgets
    from tqdm.auto import tqdm

    is_notebook = any(base.__module__ == "tqdm.notebook" for base in tqdm.__mro__)
    if not (is_notebook or sys.stderr.isatty()):
        options = {**options, "mininterval": _LOG_INTERVAL, "maxinterval": _LOG_INTERVAL}
    return tqdm(iterable, **options)


def progress(iterable: Iterable[Any], verbose: int, description: str, total: int | None = None) -> Any:
    """`iterable` with a progress bar if `verbose` is positive."""
    return _bar(iterable, desc=description, total=total, disable=not verbose)


@contextmanager
def training_progress(classifier: Any, verbose: int) -> Iterator[None]:
    """Progress bar of the epochs of a classifier.

    scikit-learn has no callback for this in the versions that are supported, so the classifier's
    public `n_iter_` and `loss_` are read in a separate thread.
    """
    if not verbose:
        yield
        return
    done = threading.Event()
    with _bar(desc="training", unit="epoch") as bar:

        def poll() -> None:
            while not done.wait(0.2):
                show()

        def show() -> None:
            epochs = getattr(classifier, "n_iter_", bar.n)
            loss = getattr(classifier, "loss_", None)
            if isinstance(epochs, int) and epochs > bar.n:
                if loss is not None:
                    bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
                bar.update(epochs - bar.n)

        poller = threading.Thread(target=poll, daemon=True)
        poller.start()
        try:
            yield
        finally:
            done.set()
            poller.join()
            show()
