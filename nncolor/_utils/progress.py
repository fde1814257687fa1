"""Progress bars: silent unless asked for."""

import threading
from contextlib import contextmanager

from tqdm.auto import tqdm


def progress(iterable, verbose, description, total=None):
    """`iterable` with a progress bar if `verbose` is positive."""
    return tqdm(iterable, desc=description, total=total, disable=not verbose)


@contextmanager
def training_progress(classifier, verbose):
    """Bar of the epochs of a classifier while it fits.

    scikit-learn has no callback for this in the versions that are supported, so the classifier's
    public `n_iter_` and `loss_` are read from a thread of their own.
    """
    if not verbose:
        yield
        return
    done = threading.Event()
    with tqdm(desc="training", unit="epoch") as bar:

        def watch():
            while not done.wait(0.2):
                show()

        def show():
            epochs = getattr(classifier, "n_iter_", bar.n)
            loss = getattr(classifier, "loss_", None)
            if isinstance(epochs, int) and epochs > bar.n:
                if loss is not None:
                    bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
                bar.update(epochs - bar.n)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            show()
