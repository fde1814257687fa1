"""Context in which results do not depend on the number of threads of BLAS and OpenMP."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from typing import Any

from sklearn import config_context
from threadpoolctl import ThreadpoolController

GetAndSet = tuple[Callable[[], int], Callable[[int], None]]


Libraries = tuple[list[GetAndSet], list[GetAndSet]]


def _libraries() -> Libraries:
    """Getter and setter of the number of threads of each library.

    Returns
    -------
    of_process : list of (get, set)
        Libraries with one number for the whole process: BLAS with its own threads.
    of_thread : list of (get, set)
        Libraries with one number for each thread that calls them: OpenMP, and BLAS with OpenMP's threads.
    """
    # an import may have loaded another library
    return _find_libraries(len(sys.modules))


@lru_cache(maxsize=1)
def _find_libraries(n_modules: int) -> Libraries:
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


class _Before:
    """Numbers of threads of libraries before they were limited."""

    def __init__(self, libraries: list[GetAndSet]):
        self.numbers = [(set_number, get()) for get, set_number in libraries]

    def restore(self) -> None:
        for set_number, number in self.numbers:
            set_number(number)


class _Limit:
    """Limit of the libraries of the process to one thread, until the last user has released it.

    The first user to release it must not restore the numbers while others need it.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users: set[object] = set()
        self.before: _Before | None = None

    def acquire(self, user: object) -> None:
        libraries, _ = _libraries()
        with self.lock:
            self.users.add(user)
            if self.before is None:
                self.before = _Before(libraries)
            # every time: other software may have changed it
            for _, set_number in libraries:
                set_number(1)

    def release(self, user: object) -> None:
        with self.lock:
            self.users.discard(user)
            if not self.users and self.before is not None:
                self.before.restore()
                self.before = None


class _OfThread(threading.local):
    """How many contexts the thread is in, and its numbers of threads before the first of them."""

    depth = 0
    before: _Before | None = None


_limit = _Limit()
_of_thread = _OfThread()


def _lock_before_fork() -> None:
    _limit.lock.acquire()


def _unlock_in_parent() -> None:
    _limit.lock.release()


def _restore_in_child() -> None:
    """Lift the limit in a forked process, whose only thread is a copy of the one that forked it."""
    global _limit, _of_thread
    inherited = _limit.before, _of_thread.before
    _limit, _of_thread = _Limit(), _OfThread()
    for before in inherited:
        if before is not None:
            before.restore()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=_lock_before_fork, after_in_parent=_unlock_in_parent, after_in_child=_restore_in_child
    )


@contextmanager
def single_threaded() -> Iterator[None]:
    """Limit BLAS and OpenMP to one thread: their results depend on the number of threads by rounding."""
    limit, of_thread, user = _limit, _of_thread, object()
    depth = of_thread.depth
    # all of it inside, so that Ctrl-C leaves nothing limited
    try:
        if depth == 0:
            libraries = _libraries()[1]
            of_thread.before = _Before(libraries)
            limit.acquire(user)
            for _, set_number in libraries:
                set_number(1)
        of_thread.depth = depth + 1
        yield
    finally:
        of_thread.depth = depth
        # in a forked process the limit has been lifted already
        if depth == 0 and limit is _limit:
            limit.release(user)
            if of_thread.before is not None:
                of_thread.before.restore()
                of_thread.before = None


@contextmanager
def plain_context() -> Iterator[None]:
    """Context of fit and prediction: one thread of BLAS and OpenMP, and arrays as output of transformers.

    Results must depend neither on the number of threads nor on the output containers that the user has set.
    Both settings belong to the thread: each thread that computes enters it.
    """
    with single_threaded(), config_context(transform_output="default"):
        yield
