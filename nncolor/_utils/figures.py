"""Helpers for matplotlib, which is an optional dependency."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from .types import AnyArray


def _pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            'The displays of nncolor need matplotlib. Install it with: pip install "nncolor[plot]"'
        ) from error
    return pyplot


def axes_grid(
    ax: Any, n_rows: int, n_columns: int, figsize: tuple[float, float], *, interactive: bool = True
) -> AnyArray:
    """Array (n_rows, n_columns) of axes: those given, or those of a new figure for None.

    A figure that is not `interactive` is not shown automatically by a notebook.
    """
    if ax is None:
        pyplot = _pyplot()
        with nullcontext() if interactive else pyplot.rc_context({"interactive": False}):
            _, axes = pyplot.subplots(n_rows, n_columns, figsize=figsize, squeeze=False, layout="constrained")
        return np.asarray(axes)
    axes = np.array(ax, dtype=object)
    if axes.size != n_rows * n_columns:
        raise ValueError(f"This display needs {n_rows} x {n_columns} axes; ax holds {axes.size}.")
    return axes.reshape(n_rows, n_columns)


def axes_rows(width: float, rows: Sequence[tuple[int, float]], more_height: float) -> list[list[Any]]:
    """Rows of axes in a new figure that is not interactive and does without matplotlib's keys.

    Parameters
    ----------
    width : float
        In inches.
    rows : list of (number of axes, height in inches)
    more_height : float
        Height of texts between the rows.
    """
    pyplot = _pyplot()
    heights = [height for _, height in rows]
    with pyplot.rc_context({"interactive": False}):
        figure = pyplot.figure(figsize=(width, sum(heights) + more_height), layout="constrained")
    manager = figure.canvas.manager
    if manager is not None and manager.key_press_handler_id is not None:
        figure.canvas.mpl_disconnect(manager.key_press_handler_id)
    outer = figure.add_gridspec(len(rows), 1, height_ratios=heights)
    inner = [outer[index].subgridspec(1, n_columns) for index, (n_columns, _) in enumerate(rows)]
    return [[figure.add_subplot(grid[index]) for index in range(grid.ncols)] for grid in inner]


def show_image(ax: Any, image: AnyArray, title: str | None = None, **options: Any) -> Any:
    """Draw an image without ticks; returns the artist."""
    artist = ax.imshow(image, **options)
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return artist
