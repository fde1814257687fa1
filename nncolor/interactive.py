"""Interactive editor for notebooks: pick the tint of a photograph, and add hints by mouse.

It needs ipywidgets and ipympl (`pip install "nncolor[interactive]"`) and, in the notebook,
`%matplotlib widget`.
"""

import warnings
from collections.abc import Iterable
from contextlib import contextmanager
from html import escape
from typing import Any

import numpy as np

from ._colorizer import SOMColorizer
from ._images.batch import load_image
from ._images.color import parse_color, to_unit_range
from ._images.working_size import shrink
from ._utils.figures import axes_grid, picture_and_row, show_image
from ._utils.types import AnyArray, Color, Hint, Image, Tint

__all__ = ["HintEditor"]

# Longer side in pixels of the alternatives below the picture.
_PREVIEW_SIZE = 160


class HintEditor:
    """Edit the tint and the hints of a photograph by mouse.

    Below the photograph are a version without a tint and the alternatives of
    :meth:`SOMColorizer.alternatives`: a click on one picks it. A click on the photograph adds a hint of the
    chosen colour. As the last line of a notebook cell, the editor is displayed with a colour picker and
    buttons.

    Parameters
    ----------
    colorizer : SOMColorizer
        Fitted.
    image : array-like of shape (H, W) or (H, W, 3 or 4), or path
        Grey, or colour whose lightness is used.
    hints : list of (row, column, colour), default=()
        Initial hints.
    tint : pair (u*, v*), colour or image, default=None
        Initial tint, see `SOMColorizer.colorize`.
    n_alternatives : int, default=4
        Number of alternatives, 0 for none. A colorizer that was trained without tint has none, others have
        at most as many as there are different tints of training images.
    color : str, default="#808000"
        The initial chosen colour: `"#rrggbb"` or a CSS name.
    ax : matplotlib Axes, default=None
        Where to draw the photograph, without alternatives; None makes a new figure with the alternatives.

    Attributes
    ----------
    hints : list of (row, column, colour)
        The hints, which can be passed to `SOMColorizer.colorize`.
    tint : tint or None
        The picked tint, which can be passed to `SOMColorizer.colorize`.
    color : str or RGB triple
        The chosen colour.
    colored_ : ndarray of shape (H, W, 3)
        The photograph, coloured with the tint and all hints.
    tints_ : list
        The tints of the alternatives; the first is None.
    ax_ : matplotlib Axes
        The axes of the photograph.
    alternatives_ax_ : list of matplotlib Axes
        The axes of the alternatives.
    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    SOMColorizer.colorize : Colour an image with hints and a tint.

    Examples
    --------
    >>> from nncolor import SOMColorizer
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.interactive import HintEditor
    >>> photos = load_sample_photos().images
    >>> colorizer = SOMColorizer(random_state=0).fit(photos[:4])
    >>> editor = HintEditor(colorizer, photos[4][..., 1], n_alternatives=2)
    >>> editor.pick(1)
    >>> editor.add(200, 100, "saddlebrown")
    >>> editor.hints
    [(200, 100, 'saddlebrown')]
    """

    image: AnyArray
    hints: list[Hint]
    tint: Tint | None
    colored_: AnyArray
    tints_: list[Any]
    ax_: Any
    alternatives_ax_: list[Any]
    figure_: Any

    def __init__(
        self,
        colorizer: SOMColorizer,
        image: Image,
        *,
        hints: Iterable[Hint] = (),
        tint: Tint | None = None,
        n_alternatives: int = 4,
        color: Color = "#808000",
        ax: Any = None,
    ):
        self.colorizer = colorizer
        self.image = load_image(None, image)
        self.color = color
        hints = [_as_tuple(hint) for hint in hints]
        self.colored_ = colorizer.colorize(self.image, hints=hints, tint=tint)
        self.hints, self.tint = hints, tint
        self._history: list[tuple[list[Hint], Tint | None]] = []
        self._make_axes(n_alternatives if ax is None else 0, ax)
        self.figure_ = self.ax_.figure
        self._picture = show_image(self.ax_, to_unit_range(self.colored_))
        # a black ring around a white one is visible on any background
        self._rings = self.ax_.scatter([], [], s=70, facecolors="none", edgecolors="black", linewidths=2.5)
        self._marks = self.ax_.scatter([], [], s=50, edgecolors="white", linewidths=1.5)
        self._busy_sign = self.ax_.text(
            0.5, 0.5, "colouring …", transform=self.ax_.transAxes, ha="center", visible=False
        )
        self._busy_sign.set_bbox({"facecolor": "white", "edgecolor": "black"})
        self._show()
        self.figure_.canvas.mpl_connect("button_press_event", self._on_click)

    def _make_axes(self, n_alternatives, ax):
        """Axes of the photograph and, in a figure of its own, those of the alternatives."""
        self.tints_, self.alternatives_ax_ = [], []
        if self.colorizer.has_tint_:
            n_alternatives = min(n_alternatives, len(np.unique(self.colorizer.tints_, axis=0)))
        else:
            n_alternatives = 0
        if ax is not None or n_alternatives == 0:
            height, width = self.image.shape[:2]
            self.ax_ = axes_grid(ax, 1, 1, (6, 6 * height / width), interactive=False)[0, 0]
            return
        self.tints_ = [None, *self.colorizer.typical_tints(n_alternatives, image=self.image)]
        without = self.colorizer.colorize(self.image)
        previews = [
            shrink(without, _PREVIEW_SIZE),
            *self.colorizer.alternatives(self.image, n_alternatives, max_size=_PREVIEW_SIZE),
        ]
        self.ax_, self.alternatives_ax_ = picture_and_row(self.image.shape[:2], len(previews))
        titles = ["no tint", *map(str, range(n_alternatives))]
        self._frames = []
        for cell, preview, title in zip(self.alternatives_ax_, previews, titles, strict=True):
            show_image(cell, to_unit_range(preview), title)
            height, width = preview.shape[:2]
            outline = np.array([[0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]) * [[width], [height]] - 0.5
            self._frames += cell.plot(*outline, color="tab:orange", linewidth=4, clip_on=False)

    @property
    def color(self) -> Color:
        """The chosen colour."""
        return self._color

    @color.setter
    def color(self, color: Color) -> None:
        parse_color(color, "the chosen colour")
        self._color = color

    def add(self, row: int, column: int, color: Color | None = None) -> None:
        """Add a hint and colour again; an earlier hint at the same pixel is replaced.

        Parameters
        ----------
        row, column : int
            Row and column of the pixel.
        color : str or RGB triple, default=None
            Colour of the hint; None means the chosen colour.
        """
        others = [hint for hint in self.hints if tuple(hint[:2]) != (row, column)]
        self._change([*others, (row, column, self.color if color is None else color)], self.tint)

    def pick(self, number: int | None) -> None:
        """Pick an alternative and colour again; the hints stay.

        Parameters
        ----------
        number : int or None
            Number of the alternative, counted from 0; None is the version without a tint.

        Raises
        ------
        ValueError
            If there is no alternative with that number.
        """
        if number is not None and not 0 <= number < len(self.tints_) - 1:
            raise ValueError(
                f"There is no alternative {number}: there are {max(len(self.tints_) - 1, 0)}, counted from 0."
            )
        self._change(self.hints, None if number is None else self.tints_[number + 1])

    def undo(self) -> None:
        """Undo the last change: a hint, a picked tint, or `clear`."""
        if self._history:
            hints, tint = self._history[-1]
            self._set(hints, tint)
            self._history.pop()

    def clear(self) -> None:
        """Remove all hints; the tint stays."""
        self._change([], self.tint)

    def _change(self, hints, tint):
        before = self.hints, self.tint
        self._set(hints, tint)
        self._history.append(before)

    def _set(self, hints, tint):
        # a hint that is not valid raises here, before anything is changed
        with self._busy():
            self.colored_ = self.colorizer.colorize(self.image, hints=hints, tint=tint)
        self.hints, self.tint = hints, tint
        self._show()

    @contextmanager
    def _busy(self):
        canvas = self.figure_.canvas
        self._busy_sign.set_visible(True)
        canvas.draw()
        canvas.flush_events()
        try:
            yield
        finally:
            self._busy_sign.set_visible(False)
            canvas.draw_idle()

    def _show(self):
        """Draw the photograph, its hints in their colours, and a frame around the picked alternative."""
        self._picture.set_data(to_unit_range(self.colored_))
        pixels = np.array([hint[:2] for hint in self.hints], float).reshape(-1, 2)
        for marks in (self._rings, self._marks):
            marks.set_offsets(pixels[:, ::-1])
        self._marks.set_facecolors([parse_color(hint[2], "a hint") for hint in self.hints])
        for number, tint in enumerate(self.tints_):
            self._frames[number].set_visible(tint is self.tint)
        self.figure_.canvas.draw_idle()

    def _on_click(self, event):
        # while the toolbar zooms or pans, a click does not add a hint
        toolbar = self.figure_.canvas.toolbar
        if event.button != 1 or (toolbar and toolbar.mode):
            return
        if event.inaxes is self.ax_:
            height, width = self.image.shape[:2]
            self.add(min(round(event.ydata), height - 1), min(round(event.xdata), width - 1))
        elif event.inaxes in self.alternatives_ax_:
            number = self.alternatives_ax_.index(event.inaxes)
            self.pick(number - 1 if number else None)

    def widget(self) -> Any:
        """The editor as an ipywidgets widget.

        Returns
        -------
        widget : ipywidgets.VBox
            Colour picker, name of the colour, buttons, and the figure if the backend of matplotlib is
            ipympl.

        Raises
        ------
        ImportError
            If ipywidgets is not installed.
        """
        ipywidgets = _ipywidgets()
        picker = ipywidgets.ColorPicker(concise=True, value=self._hex(), layout={"width": "40px"})
        name = ipywidgets.Text(value=str(self.color), continuous_update=False, layout={"width": "120px"})
        message = ipywidgets.HTML()

        def choose(change):
            try:
                self.color = change["new"]
            except ValueError as error:
                # the wrong value stays in the field, and the chosen colour does not change
                message.value = f'<span style="color: #c00">{escape(str(error))}</span>'
                return
            message.value = ""
            picker.value, name.value = self._hex(), str(self.color)

        picker.observe(choose, names="value")
        name.observe(choose, names="value")
        buttons = []
        for text, action in (("undo", self.undo), ("clear", self.clear)):
            button = ipywidgets.Button(description=text, layout={"width": "80px"})
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        canvas = self.figure_.canvas
        shown = [canvas] if isinstance(canvas, ipywidgets.Widget) else []
        return ipywidgets.VBox([ipywidgets.HBox([picker, name, *buttons, message]), *shown])

    def _hex(self):
        rgb = np.rint(255 * parse_color(self.color, "the chosen colour")).astype(int)
        return "#{:02x}{:02x}{:02x}".format(*rgb)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if isinstance(self.figure_.canvas, _ipywidgets().Widget):
            display(self.widget())
            return
        display(self.figure_)
        warnings.warn(
            "This HintEditor does not react to clicks, because the figures of the notebook are static. Run "
            "%matplotlib widget in a cell of its own, and create the editor again.",
            UserWarning,
            stacklevel=2,
        )


def _as_tuple(hint):
    """Hint as a tuple; hints that were saved as JSON are lists."""
    return tuple(hint) if isinstance(hint, list) else hint


def _ipywidgets():
    try:
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            'HintEditor needs ipywidgets in a notebook: pip install "nncolor[interactive]"'
        ) from error
    return ipywidgets
