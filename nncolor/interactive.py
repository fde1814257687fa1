"""Hints by mouse, in a notebook: click on a photograph, pick a colour, see it coloured again.

It needs ipywidgets and ipympl (`pip install "nncolor[interactive]"`) and, in the notebook,
`%matplotlib widget`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._colorizer import SOMColorizer
from ._images.batch import load_image
from ._utils.figures import axes_grid, show_image
from ._utils.types import AnyArray, Color, Hint, Image

__all__ = ["HintEditor"]


class HintEditor:
    """Colour a photograph by clicks that :meth:`SOMColorizer.colorize` takes as hints.

    A click adds a hint of the chosen colour and colours the photograph again. In a notebook the editor
    shows itself, with a colour picker and buttons, as the last line of a cell.

    Parameters
    ----------
    colorizer : SOMColorizer
        Fitted.
    image : array-like of shape (H, W) or (H, W, 3 or 4), or path
        Grey, or colour whose lightness is used.
    hints : list of (row, column, colour), default=()
        Hints to begin with.
    color : str, default="#808000"
        The chosen colour to begin with, as `"#rrggbb"`.
    ax : matplotlib Axes, default=None
        Where to draw; None makes a new figure.

    Attributes
    ----------
    hints : list of (row, column, colour)
        Goes as it is into `colorize`.
    color : str
        The chosen colour.
    colored_ : ndarray of shape (H, W, 3)
        The photograph, coloured with all hints.
    ax_ : matplotlib Axes
        The axes that were drawn on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SOMColorizer.colorize : Colours with hints.

    Examples
    --------
    >>> from nncolor import SOMColorizer
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.interactive import HintEditor
    >>> coffee = load_sample_photos().images[2]
    >>> colorizer = SOMColorizer(random_state=0).fit([coffee[:, :300]])
    >>> editor = HintEditor(colorizer, coffee[:, 300:, 1])
    >>> editor.add(200, 100, "saddlebrown")
    >>> editor.hints
    [(200, 100, 'saddlebrown')]
    """

    image: AnyArray
    hints: list[Hint]
    color: Color
    colored_: AnyArray
    ax_: Any
    figure_: Any

    def __init__(
        self,
        colorizer: SOMColorizer,
        image: Image,
        *,
        hints: Iterable[Hint] = (),
        color: str = "#808000",
        ax: Any = None,
    ):
        self.colorizer = colorizer
        self.image = load_image(None, image)
        self.hints = list(hints)
        self.color = color
        self.ax_ = axes_grid(ax, 1, 1, (6, 6))[0, 0]
        self.figure_ = self.ax_.figure
        self.colored_ = self.colorizer.colorize(self.image, hints=self.hints)
        self._picture = show_image(self.ax_, self.colored_)
        self._marks = self.ax_.scatter([], [], s=30, facecolors="none", edgecolors="white")
        self._mark()
        self.figure_.canvas.mpl_connect("button_press_event", self._on_click)

    def add(self, row: int, column: int, color: Color | None = None) -> None:
        """Add a hint and colour again; a hint that was at the pixel is replaced.

        Parameters
        ----------
        row, column : int
            The pixel.
        color : str or RGB triple, default=None
            None is the chosen colour.
        """
        others = [hint for hint in self.hints if hint[:2] != (row, column)]
        self._set([*others, (row, column, self.color if color is None else color)])

    def undo(self) -> None:
        """Take the last hint back."""
        self._set(self.hints[:-1])

    def clear(self) -> None:
        """Take all hints back."""
        self._set([])

    def _set(self, hints):
        # a hint that is not valid leaves everything as it was
        self.colored_ = self.colorizer.colorize(self.image, hints=hints)
        self.hints = hints
        self._picture.set_data(self.colored_)
        self._mark()
        self.figure_.canvas.draw_idle()

    def _mark(self):
        pixels = np.array([hint[:2] for hint in self.hints], float).reshape(-1, 2)
        self._marks.set_offsets(pixels[:, ::-1])

    def _on_click(self, event):
        # while the toolbar zooms or pans, a click is no hint
        toolbar = self.figure_.canvas.toolbar
        if event.inaxes is self.ax_ and event.button == 1 and not (toolbar and toolbar.mode):
            self.add(round(event.ydata), round(event.xdata))

    def widget(self) -> Any:
        """The editor as an ipywidgets widget.

        Returns
        -------
        widget : ipywidgets.VBox
            Colour picker, buttons, and the figure where the backend of matplotlib is ipympl.

        Raises
        ------
        ImportError
            If ipywidgets is not installed.
        """
        try:
            import ipywidgets
        except ImportError as error:
            raise ImportError(
                'HintEditor needs ipywidgets in a notebook: pip install "nncolor[interactive]"'
            ) from error
        picker = ipywidgets.ColorPicker(value=self.color, description="colour")
        picker.observe(lambda change: setattr(self, "color", change["new"]), names="value")
        buttons = []
        for name, action in (("undo", self.undo), ("clear", self.clear)):
            button = ipywidgets.Button(description=name)
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        canvas = self.figure_.canvas
        shown = [canvas] if isinstance(canvas, ipywidgets.Widget) else []
        return ipywidgets.VBox([ipywidgets.HBox([picker, *buttons]), *shown])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget())
