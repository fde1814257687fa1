"""Mouse and keys of HintEditor."""

from typing import Any

from .._images.color import to_unit_range
from .palette import hex_of
from .view import EditorView

# Pixels of the screen within which a press and its release are a click.
_CLICK = 3


class Mouse:
    """Calls the methods of an editor for the events of its figure.

    Parameters
    ----------
    editor : HintEditor
    view : EditorView
    """

    def __init__(self, editor: Any, view: EditorView):
        self._editor, self._view = editor, view
        self._grabbed: int | None = None
        self._start = (0.0, 0.0)
        canvas = view.figure.canvas
        canvas.mpl_connect("button_press_event", self._press)
        canvas.mpl_connect("motion_notify_event", self._move)
        canvas.mpl_connect("button_release_event", self._release)
        canvas.mpl_connect("key_press_event", self._key)

    def _press(self, event):
        # while the toolbar zooms or pans, a click does not add a hint
        toolbar = self._view.figure.canvas.toolbar
        if toolbar and toolbar.mode:
            return
        if event.inaxes is self._view.ax:
            self._press_on_photograph(event)
        elif event.button == 1 and event.inaxes is self._view.palette_ax and event.inaxes is not None:
            self._editor.color = self._editor.palette_[max(0, round(event.xdata))]
        elif event.button == 1 and event.inaxes in self._view.alternatives_ax:
            self._press_on_alternative(event)

    def _press_on_photograph(self, event):
        editor, number = self._editor, self._view.hint_at(event)
        if event.button == 3:
            if number is not None:
                editor.delete(number)
        elif event.button == 1:
            if self._takes_color(event):
                editor.pick_color(*self._view.pixel(event))
            elif number is None:
                editor.add(*self._view.pixel(event))
            else:
                self._grabbed, self._start = number, (event.x, event.y)

    def _press_on_alternative(self, event):
        number = self._view.alternatives_ax.index(event.inaxes)
        if self._takes_color(event):
            pixels = event.inaxes.images[0].get_array()
            row, column = max(0, round(event.ydata)), max(0, round(event.xdata))
            self._editor.color = hex_of(to_unit_range(pixels[row, column]))
            self._editor.picks_color = False
        else:
            self._editor.pick(number - 1 if number else None)

    def _takes_color(self, event):
        keys = {*(event.key or "").split("+"), *getattr(event, "modifiers", ())}
        return self._editor.picks_color or "shift" in keys

    def _move(self, event):
        if self._grabbed is not None and event.inaxes is self._view.ax:
            self._view.move_ring(self._grabbed, event.ydata, event.xdata)

    def _release(self, event):
        number, self._grabbed = self._grabbed, None
        if number is None:
            return
        start_x, start_y = self._start
        is_click = max(abs(event.x - start_x), abs(event.y - start_y)) <= _CLICK
        if is_click or event.inaxes is not self._view.ax:
            # selecting it also brings back a ring that was dragged out of the photograph
            self._editor.select(number)
        else:
            self._editor.move(number, *self._view.pixel(event))

    def _key(self, event):
        # letters are commands of a notebook, which takes them from the figure: x cuts the cell
        if event.key in ("delete", "backspace"):
            number = self._view.hint_at(event) if event.inaxes is self._view.ax else None
            if number is not None or self._editor.selected is not None:
                self._editor.delete(number)
