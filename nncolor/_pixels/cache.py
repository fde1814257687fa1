"""Cache of values that are computed from whole images: bounded, and safe for threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
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
        with self._lock:
            future = self._futures.get(key)
            is_new = future is None
            if future is None:
                future = self._futures[key] = Future()
                if len(self._futures) > self.capacity:
                    self._futures.popitem(last=False)
            self._futures.move_to_end(key)
        if is_new:
            try:
                future.set_result(function())
            except BaseException as error:
                with self._lock:
                    self._futures.pop(key, None)
                future.set_exception(error)
        return future.result()
