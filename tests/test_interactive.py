"""The editor of hints, driven as a mouse and its widgets drive it."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backend_bases import MouseEvent
from numpy.testing import assert_array_equal

from nncolor.interactive import HintEditor


@pytest.fixture
def editor(colorizer, grey):
    mpl.use("agg")
    yield HintEditor(colorizer, grey)
    pyplot.close("all")


def click(editor, row, column, button=1):
    canvas = editor.figure_.canvas
    canvas.draw()
    x, y = editor.ax_.transData.transform((column, row))
    canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", canvas, x, y, button))


def test_it_begins_with_the_prediction(editor, colorizer, grey):
    assert_array_equal(editor.colored_, colorizer.predict([grey])[0])
    assert editor.hints == []


def test_a_click_is_a_hint(editor, colorizer, grey):
    editor.color = "#ff0000"
    click(editor, 10, 20)
    click(editor, 30.4, 41.6)
    assert editor.hints == [(10, 20, "#ff0000"), (30, 42, "#ff0000")]
    assert_array_equal(editor.colored_, colorizer.colorize(grey, hints=editor.hints))
    assert_array_equal(editor.ax_.images[0].get_array(), editor.colored_)
    assert_array_equal(editor.ax_.collections[0].get_offsets(), [[20, 10], [42, 30]])


def test_other_clicks_are_none(editor):
    click(editor, 10, 20, button=3)
    click(editor, -500, 20)
    assert editor.hints == []


def test_a_second_hint_at_a_pixel_replaces_the_first(editor):
    editor.add(3, 4, "red")
    editor.add(3, 4, "blue")
    assert editor.hints == [(3, 4, "blue")]


def test_undo_and_clear(editor, colorizer, grey):
    for row in (1, 5, 9):
        editor.add(row, 4, "teal")
    editor.undo()
    assert editor.hints == [(1, 4, "teal"), (5, 4, "teal")]
    editor.clear()
    editor.undo()
    assert_array_equal(editor.colored_, colorizer.predict([grey])[0])


def test_a_bad_hint_changes_nothing(editor):
    editor.add(1, 4, "teal")
    before = editor.colored_.copy()
    with pytest.raises(ValueError, match="'grean'"):
        editor.add(2, 4, "grean")
    assert editor.hints == [(1, 4, "teal")]
    assert_array_equal(editor.colored_, before)


def test_widgets(editor):
    controls = editor.widget().children[0]
    picker, undo, clear = controls.children
    picker.value = "#123456"
    click(editor, 7, 8)
    assert editor.hints == [(7, 8, "#123456")]
    click(editor, 9, 9)
    undo.click()
    assert len(editor.hints) == 1
    clear.click()
    assert editor.hints == []


def test_without_ipywidgets(editor, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install \"nncolor\[interactive\]\""):
        editor.widget()


def test_hints_to_begin_with(colorizer, grey):
    hints = [(0, 0, "olive")]
    editor = HintEditor(colorizer, grey, hints=hints)
    editor.add(5, 5, np.array([1, 2, 3]))
    assert hints == [(0, 0, "olive")]
    assert len(editor.hints) == 2
    pyplot.close("all")
