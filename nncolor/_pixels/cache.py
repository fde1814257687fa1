"""Cache of values that are computed from whole images: bounded, and safe for threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Any


class Cache:
    """The values that were used last.

    Parameters
    ----------
    capacity : int
        Largest number of values.
    """

    def __init__(self, capacity: int):
        self.capacity = capacity
        self._lock = threading.Lock()
        self._futures: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._futures)

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy in another process starts empty
        return Cache, (self.capacity,)

    def get(self, key: Hashable, function: Callable[[], Any]) -> Any:
        """Value of a key; if it is new, that of function(), for which other threads wait."""
        while True:
            new: Future[Any] = Future()
            try:
                with self._lock:
                    future = self._futures.setdefault(key, new)
                    self._futures.move_to_end(key)
                    if len(self._futures) > self.capacity:
                        self._futures.popitem(last=False)
                if future is new:
                    future.set_result(function())
                return future.result()
            except CancelledError:
                # it failed in another thread; this one tries itself
                continue
            except BaseException:
                # a value that was not computed must not stay, and nobody must wait for it
                with self._lock:
                    if self._futures.get(key) is new:
                        del self._futures[key]
                new.cancel()
                raise
