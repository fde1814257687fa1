"""Parallel processing of the images of a batch; results do not depend on the number of workers."""

import numbers
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice, repeat

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn import config_context
from sklearn.utils._param_validation import Interval
from threadpoolctl import ThreadpoolController

from .._utils.progress import progress
from .batch import iter_batch, load_image, n_images_of

_CHUNKS_PER_WORKER = 8
# Allowed values of n_jobs, for scikit-learn's validation: any integer except 0, or None.
N_JOBS = [
    Interval(numbers.Integral, None, -1, closed="right"),
    Interval(numbers.Integral, 1, None, closed="left"),
    None,
]

_lock = threading.Lock()
_limits = None
_users = 0


@lru_cache(maxsize=1)
def _controller():
    return ThreadpoolController()


@contextmanager
def single_threaded():
    """Limit BLAS and OpenMP to one thread in this process until the last context has ended.

    The number of threads belongs to the whole process: the first context to end must not restore it
    while others are active.
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


@contextmanager
def plain_context():
    """Context of fit and prediction: one thread of BLAS, and arrays as output of transformers.

    Results must not depend on the number of threads, nor on the output containers that the user has set.
    Threads that are started inside it have scikit-learn's default configuration, with output as arrays.
    """
    with single_threaded(), config_context(transform_output="default"):
        yield


def run_in_threads(n_threads, function, items, *args):
    """Call function(item, *args) for each of a sequence of items, in threads if there are several."""
    arguments = items, *map(repeat, args)
    if n_threads == 1 or len(items) == 1:
        list(map(function, *arguments))
    else:
        with ThreadPoolExecutor(n_threads) as threads:
            list(threads.map(function, *arguments))


def map_batch(function, X, arguments=None, *, color=False, n_jobs=None, verbose=0):
    """List of function(image, n_threads) for the images of a batch, in order.

    `arguments`, if given, has one more argument of the function for each image.

    A single image gets all threads; several images are distributed over the joblib backend of the
    context, by default threads, and each is read by its worker. They are sent in a few chunks for
    each worker, so that the function, which contains the model, is sent only a few times.
    """
    n_jobs = effective_n_jobs(n_jobs)
    n_images = n_images_of(X)
    items = progress(iter_batch(X), verbose, "images", total=n_images)
    items = zip(items, repeat(()) if arguments is None else zip(arguments, strict=False), strict=False)
    if n_jobs == 1 or n_images == 1:
        return _map_items(function, items, color, n_jobs)
    # in a chunk of a lazy sequence, all images would be in memory at once
    in_memory = isinstance(X, (list, tuple, np.ndarray))
    size = max(1, n_images // (_CHUNKS_PER_WORKER * n_jobs)) if in_memory else 1
    results = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_map_items)(function, chunk, color, 1) for chunk in _lists_of(size, items)
    )
    return list(chain.from_iterable(results))


def _lists_of(size, items):
    """Yield lists of `size` items; dask sends a list with its task, and again if a worker is lost."""
    items = iter(items)
    while items_of_list := list(islice(items, size)):
        yield items_of_list


def _map_items(function, items, color, n_threads):
    return [
        function(load_image(position, item, color=color), n_threads, *arguments)
        for (position, item), arguments in items
    ]
