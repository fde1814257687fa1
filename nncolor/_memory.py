"""A warning before what is to be learned from outgrows the memory of the machine."""

import os
import warnings
from collections.abc import Sized
from pathlib import Path

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def machine_memory():
    """Bytes of memory of the machine or of the container it is; infinity where the system does not tell."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows has no sysconf, others not these names
        return float("inf")
    if _CONTAINER_LIMIT.exists():
        limit = _CONTAINER_LIMIT.read_text().strip()
        if limit.isdigit():
            memory = min(memory, int(limit))
    return memory


def warn_of_memory(n_pixels, bytes_per_pixel):
    """Warn if that many pixels do not fit in memory."""
    needed, memory = n_pixels * bytes_per_pixel, machine_memory()
    if needed > memory:
        warnings.warn(
            f"fit on {n_pixels:,} pixels needs about {needed / 2**30:.3g} GiB, and this machine has "
            f"{memory / 2**30:.3g} GiB of memory. Use partial_fit, fewer pixels_per_image or fewer features.",
            UserWarning,
            stacklevel=2,
        )


def watch_memory(X, pixels_per_image, bytes_per_pixel):
    """The batch `X`; warns of more images than fit in memory: at once, or of a generator when it is there."""
    if isinstance(X, Sized):
        warn_of_memory(len(X) * pixels_per_image, bytes_per_pixel)
        return X
    return _watched(X, pixels_per_image, bytes_per_pixel)


def _watched(X, pixels_per_image, bytes_per_pixel):
    most = machine_memory() / (pixels_per_image * bytes_per_pixel)
    for n, item in enumerate(X, start=1):
        if n - 1 <= most < n:
            warn_of_memory(n * pixels_per_image, bytes_per_pixel)
        yield item
