"""Context in which results do not depend on the number of threads of BLAS and OpenMP."""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from typing import Any

from sklearn import config_context
from threadpoolctl import ThreadpoolController

GetAndSet = tuple[Callable[[], int], Callable[[int], None]]


@lru_cache(maxsize=1)
def _libraries() -> tuple[list[GetAndSet], list[GetAndSet]]:
    """Getter and setter of the number of threads of each library.

    Returns
    -------
    of_process : list of (get, set)
        Libraries with one number for the whole process: BLAS with its own threads.
    of_thread : list of (get, set)
        Libraries with one number for each thread that calls them: OpenMP, and BLAS with OpenMP's threads.
    """
    of_process: list[GetAndSet] = []
    of_thread: list[GetAndSet] = []
    for library in ThreadpoolController().lib_controllers:
        is_openmp = "openmp" in (library.user_api, getattr(library, "threading_layer", None))
        set_number = library.set_num_threads if is_openmp else _setter(library)
        (of_thread if is_openmp else of_process).append((library.get_num_threads, set_number))
    return of_process, of_thread


def _setter(library: Any) -> Callable[[int], None]:
    """Function that sets the number of threads of a BLAS, from any thread.

    threadpoolctl ignores the threads that set that of OpenBLAS, except for the first one, so OpenBLAS's own
    function is called.
    """
    if library.internal_api == "openblas":
        # it is loaded already; this gives access to its functions
        loaded = ctypes.CDLL(library.filepath)
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            function = getattr(loaded, f"{prefix}openblas_set_num_threads{suffix}", None)
            if function is not None:
                own: Callable[[int], None] = function
                return own
    other: Callable[[int], None] = library.set_num_threads
    return other


class _Limit:
    """Limit of the libraries to one thread, until the last thread that needs it has released it.

    The first thread to release it must not restore the number of the process while others need it.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_users = 0
        self.numbers: list[int] = []

    def acquire(self) -> None:
        of_process, _ = _libraries()
        with self.lock:
            if self.n_users == 0:
                self.numbers = [get() for get, _ in of_process]
            # again in each thread: other software may have changed it
            for _, set_number in of_process:
                set_number(1)
            self.n_users += 1

    def release(self) -> None:
        with self.lock:
            self.n_users -= 1
            if self.n_users == 0:
                self.restore()

    def restore(self) -> None:
        for (_, set_number), number in zip(_libraries()[0], self.numbers, strict=True):
            set_number(number)


class _OfThread(threading.local):
    """How many contexts the thread is in."""

    depth = 0


_limit = _Limit()
_of_thread = _OfThread()


def _restore_in_child() -> None:
    """Lift the limit in a forked process, whose only thread is a copy of the one that forked it."""
    global _limit, _of_thread
    inherited, _limit, _of_thread = _limit, _Limit(), _OfThread()
    if inherited.n_users:
        inherited.restore()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_restore_in_child)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Limit BLAS and OpenMP to one thread: their results depend on the number of threads by rounding."""
    limit, of_thread = _limit, _of_thread
    if of_thread.depth == 0:
        libraries = _libraries()[1]
        numbers = [get() for get, _ in libraries]
        limit.acquire()
        for _, set_number in libraries:
            set_number(1)
    of_thread.depth += 1
    try:
        yield
    finally:
        of_thread.depth -= 1
        # in a forked process the limit has been lifted already
        if of_thread.depth == 0 and limit is _limit:
            limit.release()
            for (_, set_number), number in zip(libraries, numbers, strict=True):
                set_number(number)


@contextmanager
def plain_context() -> Iterator[None]:
    """Context of fit and prediction: one thread of BLAS and OpenMP, and arrays as output of transformers.

    Results must depend neither on the number of threads nor on the output containers that the user has set.
    Both settings belong to the thread: each thread that computes enters it.
    """
    with single_threaded(), config_context(transform_output="default"):
        yield
