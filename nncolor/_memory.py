"""A warning before what is to be learned from outgrows the memory of the machine."""

import os
import warnings
from pathlib import Path

from ._images import n_pixels_of

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


def watch_memory(items, pixels_per_image, bytes_per_pixel, n_images=None):
    """Pass on the (position, item) of a batch; warn of more pixels than fit in memory.

    Where the number of images is known, the first one stands for all; else they are counted as they come.
    """
    n_pixels = 0
    for position, item in items:
        n_pixels += min(pixels_per_image, n_pixels_of(item))
        expected = n_pixels * (n_images or 1)
        too_many = expected * bytes_per_pixel > machine_memory()
        if too_many:
            warn_of_memory(expected, bytes_per_pixel)
        yield position, item
        if too_many or n_images is not None:
            break
    yield from items
