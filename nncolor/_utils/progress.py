"""Progress bars and messages, shown only if `verbose` is positive; both go to the standard error."""

import sys
from collections.abc import Iterable
from typing import Any

# Seconds between the lines of a bar in a log.
_LOG_INTERVAL = 30.0


def report(message: str, verbose: int) -> None:
    """Write a line where progress bars are written, if `verbose` is positive."""
    if verbose:
        from tqdm.auto import tqdm

        tqdm.write(message, file=sys.stderr)


def progress(iterable: Iterable[Any], verbose: int, description: str, total: int | None = None) -> Any:
    """`iterable` with a progress bar if `verbose` is positive.

    Where the bar cannot be redrawn, such as in a log, it writes a line every _LOG_INTERVAL seconds.
    """
    # in a notebook this imports IPython and ipywidgets
    from tqdm.auto import tqdm

    is_notebook = any(base.__module__ == "tqdm.notebook" for base in tqdm.__mro__)
    options: dict[str, Any] = {}
    if not (is_notebook or sys.stderr.isatty()):
        options = {"mininterval": _LOG_INTERVAL, "maxinterval": _LOG_INTERVAL}
    # of a single item, it would say nothing
    return tqdm(iterable, desc=description, total=total, disable=not verbose or total == 1, **options)
