"""Axes and pictures of matplotlib, which is an optional dependency."""

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


def axes_grid(ax: Any, n_rows: int, n_columns: int, figsize: tuple[float, float]) -> AnyArray:
    """Array (n_rows, n_columns) of axes: those given, or those of a new figure for None."""
    if ax is None:
        figure, axes = _pyplot().subplots(
            n_rows, n_columns, figsize=figsize, squeeze=False, layout="constrained"
        )
        return np.asarray(axes)
    axes = np.array(ax, dtype=object)
    if axes.size != n_rows * n_columns:
        raise ValueError(f"This display needs {n_rows} x {n_columns} axes; ax holds {axes.size}.")
    return axes.reshape(n_rows, n_columns)


def show_image(ax: Any, image: AnyArray, title: str | None = None, **options: Any) -> Any:
    """Draw an image without ticks; returns the artist."""
    artist = ax.imshow(image, **options)
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return artist
