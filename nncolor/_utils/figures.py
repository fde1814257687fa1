"""Helpers for matplotlib, which is an optional dependency."""

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


def picture_and_row(shape: tuple[int, int], n_columns: int) -> tuple[Any, list[Any]]:
    """Axes of a picture of that shape and of a row below it, in a new figure that is not interactive."""
    pyplot = _pyplot()
    aspect = shape[0] / shape[1]
    # as wide as a notebook, but no higher than a screen
    width = min(6, 5 / aspect)
    with pyplot.rc_context({"interactive": False}):
        figure = pyplot.figure(
            figsize=(width, width * aspect * (1 + 1 / n_columns) + 0.3), layout="constrained"
        )
    grid = figure.add_gridspec(2, n_columns, height_ratios=[n_columns, 1])
    return figure.add_subplot(grid[0, :]), [figure.add_subplot(grid[1, index]) for index in range(n_columns)]


def show_image(ax: Any, image: AnyArray, title: str | None = None, **options: Any) -> Any:
    """Draw an image without ticks; returns the artist."""
    artist = ax.imshow(image, **options)
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return artist
