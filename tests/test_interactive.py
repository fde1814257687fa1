"""HintEditor, driven by mouse events and by its widgets."""

import json
import sys

import matplotlib as mpl
import numpy as np
import pytest
from conftest import quick_colorizer
from matplotlib import pyplot
from matplotlib.backend_bases import MouseEvent
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.naive_bayes import GaussianNB

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
    assert_allclose(editor.ax_.images[0].get_array(), editor.colored_ / 255, atol=1e-6)
    for marks in editor.ax_.collections:
        assert_array_equal(marks.get_offsets(), [[20, 10], [42, 30]])
    assert_allclose(editor.ax_.collections[1].get_facecolors(), [[1, 0, 0, 1]] * 2)


def test_other_clicks_add_no_hint(editor):
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
    assert_array_equal(editor.colored_, colorizer.predict([grey])[0])
    editor.undo()
    assert editor.hints == [(1, 4, "teal"), (5, 4, "teal")]
    assert_array_equal(editor.colored_, colorizer.colorize(grey, hints=editor.hints))
    for _ in range(4):
        editor.undo()
    assert editor.hints == []
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
    picker, name, undo, clear, message = controls.children
    picker.value = "#123456"
    click(editor, 7, 8)
    assert editor.hints == [(7, 8, "#123456")]
    name.value = "teal"
    assert picker.value == "#008080"
    click(editor, 9, 9)
    assert editor.hints[1] == (9, 9, "teal")
    before = editor.hints, editor.colored_
    name.value = "<grean>"
    assert "&lt;grean&gt;" in message.value
    assert (editor.hints, editor.color, name.value) == (before[0], "teal", "<grean>")
    assert editor.colored_ is before[1]
    name.value = "navy"
    assert message.value == ""
    undo.click()
    assert len(editor.hints) == 1
    clear.click()
    assert editor.hints == []


def test_without_ipywidgets(editor, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install \"nncolor\[interactive\]\""):
        editor.widget()


@pytest.fixture
def tinted(photos, grey):
    colorizer = quick_colorizer(tint_share=0.5, classifier=GaussianNB()).fit(photos)
    yield HintEditor(colorizer, grey, n_alternatives=3)
    pyplot.close("all")


def click_on_alternative(editor, index):
    canvas, ax = editor.figure_.canvas, editor.alternatives_ax_[index]
    canvas.draw()
    x, y = ax.transAxes.transform((0.5, 0.5))
    canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", canvas, x, y, 1))


def framed(editor):
    return [index for index, ax in enumerate(editor.alternatives_ax_) if ax.lines[0].get_visible()]


def test_a_click_picks_an_alternative(tinted, grey):
    colorizer = tinted.colorizer
    tints = colorizer.typical_tints(3, image=grey)
    assert len(tinted.alternatives_ax_) == 4
    assert framed(tinted) == [0]
    previews = [colorizer.colorize(grey), *colorizer.alternatives(grey, 3, max_size=160)]
    for ax, preview in zip(tinted.alternatives_ax_, previews, strict=True):
        assert_allclose(ax.images[0].get_array(), preview / 255, atol=1e-6)
    tinted.add(3, 4, "red")
    click_on_alternative(tinted, 2)
    assert framed(tinted) == [2]
    assert_array_equal(tinted.tint, tints[1])
    assert_array_equal(tinted.colored_, colorizer.colorize(grey, tint=tints[1], hints=[(3, 4, "red")]))
    click_on_alternative(tinted, 0)
    assert_array_equal(tinted.colored_, colorizer.colorize(grey, hints=[(3, 4, "red")]))
    tinted.undo()
    assert framed(tinted) == [2]
    tinted.undo()
    assert framed(tinted) == [0]
    assert tinted.hints == [(3, 4, "red")]
    tinted.pick(None)
    with pytest.raises(ValueError, match="no alternative 3: there are 3, counted from 0"):
        tinted.pick(3)


def test_where_there_are_no_alternatives(tinted, editor, grey):
    assert editor.alternatives_ax_ == []
    with pytest.raises(ValueError, match="no alternative 0: there are 0"):
        editor.pick(0)
    assert HintEditor(tinted.colorizer, grey, n_alternatives=0).alternatives_ax_ == []
    # the training images have four tints
    assert len(HintEditor(tinted.colorizer, grey, n_alternatives=9).alternatives_ax_) == 5
    ax = pyplot.subplots()[1]
    assert HintEditor(tinted.colorizer, grey, ax=ax, tint=(5, 5)).ax_ is ax


def test_it_is_busy_while_it_colours(tinted, monkeypatch):
    sign = tinted.ax_.texts[0]
    seen = []
    colorize = tinted.colorizer.colorize
    monkeypatch.setattr(
        tinted.colorizer,
        "colorize",
        lambda *args, **options: seen.append(sign.get_visible()) or colorize(*args, **options),
    )
    tinted.add(1, 1, "red")
    assert seen == [True]
    assert not sign.get_visible()
    with pytest.raises(ValueError, match="outside"):
        tinted.add(1000, 1, "red")
    assert not sign.get_visible()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pictures_of_all_dtypes_and_shapes(colorizer, dtype):
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    for shape in ((20, 60), (60, 20), (30, 30)):
        image = (np.arange(np.prod(shape)).reshape(shape) % 200 * scale).astype(dtype)
        editor = HintEditor(colorizer, image)
        assert_allclose(
            editor.ax_.images[0].get_array(), np.float32(editor.colored_) / (255 * scale), atol=1e-6
        )
        width, height = editor.figure_.get_size_inches()
        assert 0.9 < (height / width) / (shape[0] / shape[1]) < 1.3
        pyplot.close("all")


def test_hints_of_json_are_lists(colorizer, grey):
    editor = HintEditor(colorizer, grey, hints=json.loads('[[3, 4, "red"], [5, 6, [0, 0, 255]]]'))
    editor.add(3, 4, "blue")
    assert editor.hints == [(5, 6, [0, 0, 255]), (3, 4, "blue")]
    pyplot.close("all")


def test_clicks_at_the_edges_are_on_the_image(editor, grey):
    height, width = grey.shape
    for row, column in ((-0.45, -0.45), (height - 0.52, width - 0.52)):
        click(editor, row, column)
    assert [hint[:2] for hint in editor.hints] == [(0, 0), (height - 1, width - 1)]


def test_the_chosen_colour_is_checked(editor):
    with pytest.raises(ValueError, match="the chosen colour: 'grean'"):
        editor.color = "grean"
    assert editor.color == "#808000"


def test_static_figures_are_warned_of(editor, capsys):
    with pytest.warns(UserWarning, match="%matplotlib widget in a cell of its own"):
        editor._ipython_display_()


def test_initial_hints(colorizer, grey):
    hints = [(0, 0, "olive")]
    editor = HintEditor(colorizer, grey, hints=hints)
    editor.add(5, 5, np.array([1, 2, 3]))
    assert hints == [(0, 0, "olive")]
    assert len(editor.hints) == 2
    pyplot.close("all")
