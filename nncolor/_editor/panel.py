"""Buttons, sliders and fields of HintEditor in a notebook."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from .._images.color import parse_color
from .palette import hex_of

# Positions of the slider of the reach, in percent of the diagonal; the last one is no limit.
_REACHES = ("2 %", "5 %", "10 %", "15 %", "20 %", "30 %", "40 %", "60 %", "80 %", "100 %", "no limit")
_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
_USAGE = (
    "click: add a hint &ensp; drag: move it &ensp; right click or Delete: delete it &ensp; "
    "Shift and click: take the colour"
)


def import_ipywidgets() -> Any:
    """The module ipywidgets, which is an optional dependency."""
    try:
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            'HintEditor needs ipywidgets in a notebook: pip install "nncolor[interactive]"'
        ) from error
    return ipywidgets


def make_panel(editor: Any, subscribe: Callable[[Callable[[str], None]], None], source: Any) -> Any:
    """Widget of an editor.

    Parameters
    ----------
    editor : HintEditor
    subscribe : callable
        Called with a function that the editor has to call after each change with "", and with a text while
        something takes its time.
    source : path or None
        File of the photograph, after which the coloured one is named.

    Returns
    -------
    panel : ipywidgets.VBox
    """
    panel = _Panel(import_ipywidgets(), editor, source)
    subscribe(panel.update)
    return panel.widget


class _Panel:
    """Passes changes of widgets to the editor, and changes of the editor to the widgets."""

    def __init__(self, ipywidgets, editor, source):
        self._widgets, self._editor = ipywidgets, editor
        self._is_updating = False
        self._message, self._status = ipywidgets.HTML(), ipywidgets.HTML()
        self._picker = ipywidgets.ColorPicker(concise=True, layout={"width": "40px"})
        self._name = ipywidgets.Text(continuous_update=False, layout={"width": "110px"})
        self._picks = self._toggle("pick a colour", "The next click takes the colour that is there", "110px")
        self._before = self._toggle("before", "The photograph without colour")
        self._delete = self._button("delete", "Delete the hint with the orange ring", editor.delete)
        self._saturation = ipywidgets.FloatSlider(
            min=0, max=2, step=0.05, description="saturation", continuous_update=False
        )
        self._reach = ipywidgets.SelectionSlider(
            options=_REACHES, description="hint reach", continuous_update=False
        )
        self._file = ipywidgets.Text(
            value=_name_of_colored(source), description="save as", layout={"width": "340px"}
        )
        self.update()
        for widget, attribute in (
            (self._picker, "color"),
            (self._name, "color"),
            (self._picks, "picks_color"),
            (self._before, "before"),
            (self._saturation, "saturation"),
        ):
            widget.observe(partial(self._assign, attribute), names="value")
        self._reach.observe(self._assign_reach, names="value")
        self.widget = self._layout()

    def _layout(self):
        box, canvas = self._widgets.HBox, self._editor.figure_.canvas
        undo = self._button("undo", "Undo the last change", self._editor.undo)
        clear = self._button("clear", "Remove all hints", self._editor.clear)
        save = self._button("save", "Write the photograph in its full size, without rings", self._save)
        choices = [self._picker, self._name, self._picks, undo, self._delete, clear, self._before]
        rows = [
            box([*choices, self._status]),
            box([self._saturation, self._reach]),
            box([self._file, save, self._message]),
        ]
        if isinstance(canvas, self._widgets.Widget):
            # over the photograph would be the toolbar, whose disk saves the rings
            canvas.toolbar_visible, canvas.header_visible = False, False
            rows[1].children += tuple(self._zoom_buttons(canvas.toolbar))
            rows.insert(2, canvas)
        return self._widgets.VBox([*rows, self._widgets.HTML(_USAGE)])

    def _zoom_buttons(self, toolbar):
        zoom = self._toggle("zoom", "Drag a rectangle to see it in full size")
        zoom.observe(lambda _: toolbar.zoom(), names="value")

        def show_all():
            zoom.value = False
            toolbar.home()

        return zoom, self._button("whole", "Show the whole photograph", show_all)

    def _button(self, text, tooltip, action):
        button = self._widgets.Button(description=text, tooltip=tooltip, layout={"width": "70px"})
        button.on_click(lambda _: self._attempt(action))
        return button

    def _toggle(self, text, tooltip, width="70px"):
        return self._widgets.ToggleButton(description=text, tooltip=tooltip, layout={"width": width})

    def update(self, status=""):
        """Show the state of the editor in the widgets, and what it is doing."""
        self._status.value = escape(status)
        with self._updating():
            editor = self._editor
            self._picker.value = hex_of(parse_color(editor.color, "the chosen colour"))
            self._name.value = editor.color if isinstance(editor.color, str) else self._picker.value
            self._picks.value, self._before.value = editor.picks_color, editor.before
            self._delete.disabled = editor.selected is None
            self._saturation.value = editor.saturation
            self._reach.value = _nearest_reach(editor.hint_reach)

    @contextmanager
    def _updating(self) -> Iterator[None]:
        self._is_updating = True
        try:
            yield
        finally:
            self._is_updating = False

    def _assign(self, attribute, change):
        if not self._is_updating:
            self._attempt(lambda: setattr(self._editor, attribute, change["new"]))

    def _assign_reach(self, change):
        if not self._is_updating:
            self._attempt(lambda: setattr(self._editor, "hint_reach", _share(change["new"])))

    def _attempt(self, action):
        """Call an action; what the editor refuses is said, and a wrong value stays in its field."""
        self._message.value = ""
        try:
            action()
        except (ValueError, OSError) as error:
            self._message.value = f'<span style="color: #c00">{escape(str(error))}</span>'

    def _save(self):
        path = self._file.value.strip()
        self._editor.save(path)
        height, width = self._editor.image.shape[:2]
        self._message.value = escape(f"{path} is saved, {width} x {height} pixels.")


def _name_of_colored(source):
    """Name of the file of a coloured photograph: beside the grey one, and of its kind if that is written."""
    if source is None:
        return "colored.png"
    path = Path(source)
    suffix = path.suffix if path.suffix.lower() in _SUFFIXES else ".png"
    return str(path.with_name(f"{path.stem}_colored{suffix}"))


def _share(label):
    """Reach of a position of the slider."""
    return None if label == _REACHES[-1] else int(label.split()[0]) / 100


def _nearest_reach(reach):
    """Position of the slider for a reach."""
    return _REACHES[-1] if reach is None else min(_REACHES[:-1], key=lambda label: abs(_share(label) - reach))
