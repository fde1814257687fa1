"""Parallel processing of the images of a batch; results do not depend on the number of workers."""

import numbers
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, islice, repeat

import numpy as np
from joblib import Parallel, cpu_count, delayed, effective_n_jobs
from sklearn.utils._param_validation import Interval

from .._utils.progress import progress
from .._utils.threads import plain_context
from .batch import iter_batch, load_image, n_images_of

_CHUNKS_PER_WORKER = 8
# Allowed values of n_jobs, for scikit-learn's validation: any integer except 0, or None.
N_JOBS = [
    Interval(numbers.Integral, None, -1, closed="right"),
    Interval(numbers.Integral, 1, None, closed="left"),
    None,
]


def run_in_threads(n_threads, function, items, *args):
    """Call function(item, *args) for each of a sequence of items, in threads if there are several.

    There are at most as many threads as the machine has processors: the number may be that of a cluster.
    """
    n_threads = min(n_threads, len(items), cpu_count())
    arguments = items, *map(repeat, args)
    if n_threads == 1:
        list(map(function, *arguments))
    else:
        with ThreadPoolExecutor(n_threads) as threads:
            list(threads.map(partial(_in_plain_context, function), *arguments))


def _in_plain_context(function, *args):
    with plain_context():
        return function(*args)


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
    with plain_context():
        return [
            function(load_image(position, item, color=color), n_threads, *arguments)
            for (position, item), arguments in items
        ]
