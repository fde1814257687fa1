"""Sharing out work over images, with results that do not depend on how it is shared."""

import threading
from contextlib import contextmanager
from functools import lru_cache

from joblib import Parallel, delayed, effective_n_jobs
from threadpoolctl import ThreadpoolController

from ._images import check_batch, iter_batch, load_image
from ._progress import progress

_lock = threading.Lock()
_limits = None
_users = 0


@lru_cache(maxsize=1)
def _controller():
    return ThreadpoolController()


@contextmanager
def single_threaded():
    """Hold BLAS and OpenMP to one thread in this process until the last user of this has left.

    The number of threads belongs to the whole process: whoever leaves first must not set it
    back under the others.
    """
    global _limits, _users
    with _lock:
        if _users == 0:
            _limits = _controller().limit(limits=1)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limits.restore_original_limits()
                _limits = None


def map_batch(function, X, *, color=False, n_jobs=None, verbose=0):
    """List of function(image, n_threads) for the images of a batch, in its order.

    A single image gets all threads; several images are shared out over the joblib backend of the
    context, threads unless it says otherwise, and each is read where it is worked on.
    """
    n_jobs = effective_n_jobs(n_jobs)
    n_images = len(check_batch(X)) if hasattr(X, "__len__") else None
    items = progress(iter_batch(X), verbose, "colouring", total=n_images)
    if n_jobs == 1 or n_images == 1:
        return [_read_and_apply(function, *item, color, n_jobs) for item in items]
    return Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_read_and_apply)(function, *item, color, 1) for item in items
    )


def _read_and_apply(function, position, item, color, n_threads):
    return function(load_image(position, item, color=color), n_threads)
