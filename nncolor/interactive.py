"""Interactive editor for notebooks: the tint of a photograph, hints by mouse, and the file it is saved to.

It needs ipywidgets and ipympl (`pip install "nncolor[interactive]"`) and, in the notebook,
`%matplotlib widget`.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ._colorizer import SOMColorizer
from ._editor.mouse import Mouse
from ._editor.palette import hex_of, palette_of
from ._editor.panel import import_ipywidgets, make_panel
from ._editor.photograph import Edits, Photograph
from ._editor.view import EditorView
from ._images.color import parse_color, to_unit_range
from ._images.working_size import shrink
from ._images.writing import save_image
from ._utils.types import AnyArray, Color, Hint, Image, Tint

__all__ = ["HintEditor"]

# Longer side in pixels of the alternatives below the picture.
_THUMBNAIL_SIZE = 160


class HintEditor:
    """Edit the tint and the hints of a photograph by mouse.

    Below the photograph are a version without a tint, the alternatives of
    :meth:`SOMColorizer.alternatives`, and a palette of the training images. A click on the photograph adds a
    hint of the chosen colour, a drag moves it, a right click or the Delete key deletes it; a click on an
    alternative picks its tint, one on the palette chooses a colour, and one with Shift chooses the colour
    that is there. As the last line of a notebook cell, the editor is displayed with buttons and sliders.

    Parameters
    ----------
    colorizer : SOMColorizer
        Fitted.
    image : array-like of shape (H, W) or (H, W, 3 or 4), or path
        Grey, or colour whose lightness is used. If it has more than a megapixel, a smaller copy is coloured
        while it is edited, unless the colorizer has no working size.
    hints : list of (row, column, colour), default=()
        Initial hints.
    tint : pair (u*, v*), colour or image, default=None
        Initial tint, see `SOMColorizer.colorize`.
    saturation : float, default=1.0
        Initial saturation, see `SOMColorizer.colorize`.
    hint_reach : float, default=None
        Initial reach of the hints, see `SOMColorizer.colorize`.
    n_alternatives : int, default=4
        Number of alternatives, 0 for none. A colorizer that was trained without tint has none, others have
        at most as many as there are different tints of training images.
    color : str, default="#808000"
        The initial chosen colour: `"#rrggbb"` or a CSS name.
    ax : matplotlib Axes, default=None
        Where to draw the photograph, without alternatives and palette; None makes a new figure with them.

    Attributes
    ----------
    hints : list of (row, column, colour)
        The hints, which can be passed to `SOMColorizer.colorize`. Rows and columns are those of the
        photograph in its full size.
    tint : tint or None
        The picked tint, which can be passed to `SOMColorizer.colorize`.
    saturation : float
        Factor of the predicted chroma; setting it colours again.
    hint_reach : float or None
        Share of the diagonal beyond which a hint changes nothing; setting it colours again.
    color : str or RGB triple
        The chosen colour.
    selected : int or None
        Number of the selected hint, counted from 0: the last that was added, moved or clicked on.
    picks_color : bool
        Whether the next click chooses the colour that is there, and adds no hint.
    before : bool
        Whether the photograph is shown without colour, until the next change.
    colored_ : ndarray of shape (H, W, 3)
        The photograph, coloured in its full size with all of the above. Computed when it is used.
    tints_ : list
        The tints of the alternatives; the first is None.
    palette_ : list of str
        Colours of the training images, as `"#rrggbb"`: the codebook at medium lightness.
    ax_ : matplotlib Axes
        The axes of the photograph.
    alternatives_ax_ : list of matplotlib Axes
        The axes of the alternatives.
    palette_ax_ : matplotlib Axes or None
        The axes of the palette.
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
    >>> editor.move(0, 210, 100)
    >>> editor.hints
    [(210, 100, 'saddlebrown')]
    """

    image: AnyArray
    selected: int | None
    tints_: list[Any]
    palette_: list[str]
    ax_: Any
    alternatives_ax_: list[Any]
    palette_ax_: Any
    figure_: Any

    def __init__(
        self,
        colorizer: SOMColorizer,
        image: Image,
        *,
        hints: Iterable[Hint] = (),
        tint: Tint | None = None,
        saturation: float = 1.0,
        hint_reach: float | None = None,
        n_alternatives: int = 4,
        color: Color = "#808000",
        ax: Any = None,
    ):
        self.colorizer = colorizer
        self._photograph = Photograph(colorizer, image)
        self.image = self._photograph.image
        self._listeners: list[Callable[[str], None]] = []
        self._history: list[Edits] = []
        self._before, self._picks_color, self.selected = False, False, None
        self.color = color
        self._edits = Edits(tuple(map(_as_tuple, hints)), tint, saturation, hint_reach)
        self.palette_ = palette_of(colorizer.codebook_)
        self.tints_, thumbnails = self._alternatives(n_alternatives if ax is None else 0)
        self._preview = self._photograph.preview(self._edits)
        self._view = EditorView(self._photograph.shape, thumbnails, self.palette_, ax)
        self.ax_, self.figure_ = self._view.ax, self._view.figure
        self.alternatives_ax_, self.palette_ax_ = self._view.alternatives_ax, self._view.palette_ax
        self._mouse = Mouse(self, self._view)
        for limits in ("xlim_changed", "ylim_changed"):
            self.ax_.callbacks.connect(limits, self._on_zoom)
        self._show()

    def _alternatives(self, n_alternatives):
        """Tints and thumbnails of the alternatives; the first has no tint."""
        if self.colorizer.has_tint_:
            n_alternatives = min(n_alternatives, len(np.unique(self.colorizer.tints_, axis=0)))
        if n_alternatives == 0 or not self.colorizer.has_tint_:
            return [], []
        copy = self._photograph.copy
        tints = [None, *self.colorizer.typical_tints(n_alternatives, image=copy)]
        with warnings.catch_warnings():
            # colouring the photograph itself warns of what is wrong with it
            warnings.simplefilter("ignore", UserWarning)
            previews = [self._photograph.preview(Edits(tint=tint)) for tint in tints]
        return tints, [shrink(preview, _THUMBNAIL_SIZE) for preview in previews]

    @property
    def hints(self) -> list[Hint]:
        """The hints: a list of (row, column, colour)."""
        return list(self._edits.hints)

    @property
    def tint(self) -> Tint | None:
        """The picked tint."""
        return self._edits.tint

    @property
    def saturation(self) -> float:
        """Factor of the predicted chroma."""
        return self._edits.saturation

    @saturation.setter
    def saturation(self, saturation: float) -> None:
        self._change(replace(self._edits, saturation=saturation))

    @property
    def hint_reach(self) -> float | None:
        """Share of the diagonal beyond which a hint changes nothing."""
        return self._edits.hint_reach

    @hint_reach.setter
    def hint_reach(self, hint_reach: float | None) -> None:
        self._change(replace(self._edits, hint_reach=hint_reach))

    @property
    def color(self) -> Color:
        """The chosen colour."""
        return self._color

    @color.setter
    def color(self, color: Color) -> None:
        parse_color(color, "the chosen colour")
        self._color = color
        self._notify()

    @property
    def picks_color(self) -> bool:
        """Whether the next click chooses the colour that is there."""
        return self._picks_color

    @picks_color.setter
    def picks_color(self, picks_color: bool) -> None:
        self._picks_color = picks_color
        self._notify()

    @property
    def before(self) -> bool:
        """Whether the photograph is shown without colour."""
        return self._before

    @before.setter
    def before(self, before: bool) -> None:
        self._before = before
        self._show()

    @property
    def colored_(self) -> AnyArray:
        """The photograph in colour, in its full size."""
        if self._photograph.has_whole(self._edits):
            return self._photograph.whole(self._edits)
        with self._busy("colouring the whole …"):
            return self._photograph.whole(self._edits)

    def add(self, row: int, column: int, color: Color | None = None) -> None:
        """Add a hint and colour again; an earlier hint at the same pixel is replaced.

        Parameters
        ----------
        row, column : int
            Row and column of the pixel.
        color : str or RGB triple, default=None
            Colour of the hint; None means the chosen colour.
        """
        hint = (row, column, self.color if color is None else color)
        hints = [*_elsewhere(self._edits.hints, hint), hint]
        self._change(replace(self._edits, hints=tuple(hints)), selected=len(hints) - 1)

    def move(self, number: int, row: int, column: int) -> None:
        """Move a hint to another pixel and colour again; an earlier hint at that pixel is replaced.

        Parameters
        ----------
        number : int
            Number of the hint in `hints`, counted from 0.
        row, column : int
            Row and column of the new pixel.

        Raises
        ------
        ValueError
            If there is no hint with that number, or the pixel lies outside the photograph.
        """
        self._check_number(number)
        hints = self._edits.hints
        hint = (row, column, hints[number][2])
        earlier = _elsewhere(hints[:number], hint)
        moved = (*earlier, hint, *_elsewhere(hints[number + 1 :], hint))
        self._change(replace(self._edits, hints=moved), selected=len(earlier))

    def delete(self, number: int | None = None) -> None:
        """Delete a hint and colour again.

        Parameters
        ----------
        number : int, default=None
            Number of the hint in `hints`, counted from 0; None means the selected one.

        Raises
        ------
        ValueError
            If there is no hint with that number, or none is selected.
        """
        number = self.selected if number is None else number
        if number is None:
            raise ValueError("No hint is selected. Click on one, or pass its number.")
        self._check_number(number)
        hints = self._edits.hints
        self._change(replace(self._edits, hints=hints[:number] + hints[number + 1 :]))

    def select(self, number: int | None) -> None:
        """Select a hint, which `delete` and the Delete key then delete.

        Parameters
        ----------
        number : int or None
            Number of the hint in `hints`, counted from 0; None selects none.

        Raises
        ------
        ValueError
            If there is no hint with that number.
        """
        if number is not None:
            self._check_number(number)
        self.selected = number
        self._show()

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
        self._change(replace(self._edits, tint=None if number is None else self.tints_[number + 1]))

    def pick_color(self, row: int, column: int) -> None:
        """Choose the colour that the photograph shows at a pixel.

        Parameters
        ----------
        row, column : int
            Row and column of the pixel.

        Raises
        ------
        ValueError
            If the pixel lies outside the photograph.
        """
        shape, shown = self._photograph.shape, self._shown()
        if not (0 <= row < shape[0] and 0 <= column < shape[1]):
            raise ValueError(
                f"Row {row}, column {column} lies outside the photograph, which has {shape[0]} rows and "
                f"{shape[1]} columns."
            )
        down, across = (size / full for size, full in zip(shown.shape[:2], shape, strict=True))
        self._picks_color = False
        self.color = hex_of(to_unit_range(shown[int(row * down), int(column * across)]))

    def undo(self) -> None:
        """Undo the last change: of a hint, the tint, the saturation or the reach, or `clear`."""
        if self._history:
            self._set(self._history[-1])
            self._history.pop()

    def clear(self) -> None:
        """Remove all hints; the tint, the saturation and the reach stay."""
        self._change(replace(self._edits, hints=()))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the coloured photograph to a file, in its full size and without rings.

        Parameters
        ----------
        path : str or path-like
            Ends in .png, .tif or .jpg, see :func:`~nncolor.save_image`; an existing file is replaced. The
            depth of the photograph is kept, and its resolution (dpi) if it was given as a path.

        Raises
        ------
        ValueError
            If the format cannot keep the photograph, or the file is the grey photograph itself.
        FileNotFoundError
            If the folder of the file does not exist.
        OSError
            If the file cannot be written.
        """
        source = self._photograph.source
        like = source if source is not None and Path(source).exists() else None
        if like is not None and Path(path).exists() and Path(path).samefile(like):
            raise ValueError(f"{Path(path).name} is the grey photograph itself. Choose another name.")
        if not Path(path).parent.is_dir():
            raise FileNotFoundError(f"The folder {Path(path).parent} does not exist.")
        colored = self.colored_
        with self._busy("saving …"):
            save_image(path, colored, like=like)

    def _check_number(self, number):
        n_hints = len(self._edits.hints)
        if not 0 <= number < n_hints:
            raise ValueError(f"There is no hint {number}: there are {n_hints}, counted from 0.")

    def _change(self, edits, selected=None):
        before = self._edits
        self._set(edits, selected)
        self._history.append(before)

    def _set(self, edits, selected=None):
        # a hint that is not valid raises here, before anything is changed
        with self._busy("colouring …"):
            preview = self._photograph.preview(edits)
        self._edits, self._preview = edits, preview
        self._before, self.selected = False, selected
        self._show()

    def _shown(self):
        return self._photograph.gray() if self._before else self._preview

    def _show(self):
        """Draw the photograph, its hints in their colours, and a frame around the picked alternative."""
        self._view.say("before" if self._before else "")
        self._show_picture()
        self._view.show_hints([] if self._before else self.hints, self.selected)
        self._view.show_picked(
            next((number for number, tint in enumerate(self.tints_) if tint is self.tint), None)
        )
        self._notify()

    def _show_picture(self):
        """Draw the small copy, or that part of the whole photograph to which the axes are zoomed."""
        rows, columns = part = self._view.visible_part()
        n_pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
        copy = self._photograph.copy
        is_zoomed = 0 < n_pixels < copy.shape[0] * copy.shape[1]
        if self._photograph.is_reduced and is_zoomed:
            self._view.show_picture(self._photograph.gray(part) if self.before else self.colored_[part], part)
        else:
            self._view.show_picture(self._shown())

    def _on_zoom(self, _):
        self._show_picture()

    @contextmanager
    def _busy(self, text):
        self._notify(text)
        try:
            with self._view.busy(text):
                yield
        finally:
            self._notify()

    def _notify(self, status=""):
        for listener in self._listeners:
            listener(status)

    def widget(self) -> Any:
        """The editor as an ipywidgets widget.

        Returns
        -------
        widget : ipywidgets.VBox
            Buttons, sliders and fields, and the figure if the backend of matplotlib is ipympl.

        Raises
        ------
        ImportError
            If ipywidgets is not installed.
        """
        return make_panel(self, self._listeners.append, self._photograph.source)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if isinstance(self.figure_.canvas, import_ipywidgets().Widget):
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


def _elsewhere(hints, hint):
    """Those of the hints that are at other pixels than `hint`."""
    return [other for other in hints if tuple(other[:2]) != tuple(hint[:2])]
