"""Warning of training data that does not fit in memory."""

import os
import warnings
from pathlib import Path

from .batch import n_pixels_of

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def machine_memory():
    """Bytes of memory of the machine, or the limit of its container (cgroup v2) if that is smaller.

    Infinity if the system does not report it.
    """
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows has no sysconf, other systems lack these names
        return float("inf")
    if _CONTAINER_LIMIT.exists():
        limit = _CONTAINER_LIMIT.read_text().strip()
        if limit.isdigit():
            memory = min(memory, int(limit))
    return memory


def warn_of_memory(n_pixels, bytes_per_pixel):
    """Warn if that many pixels do not fit in memory; returns whether it warned."""
    needed, memory = n_pixels * bytes_per_pixel, machine_memory()
    if needed > memory:
        warnings.warn(
            f"Training on {n_pixels:,} pixels at once needs about {needed / 2**30:.3g} GiB, and this "
            f"machine has {memory / 2**30:.3g} GiB of memory. Use partial_fit with smaller batches, fewer "
            "pixels_per_image or fewer features.",
            UserWarning,
            stacklevel=2,
        )
    return needed > memory


def iter_with_memory_warning(items, pixels_per_image, bytes_per_pixel, n_images=None):
    """Yield the (position, item) of a batch; warn once if their pixels will not fit in memory.

    If the number of images is known, the number of pixels is extrapolated from the images so far.
    """
    n_pixels = 0
    for position, item in items:
        n_pixels += min(pixels_per_image, n_pixels_of(item))
        expected = n_pixels if n_images is None else n_pixels * n_images // (position + 1)
        yield position, item
        if warn_of_memory(expected, bytes_per_pixel):
            break
    yield from items
