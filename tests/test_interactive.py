"""HintEditor, driven by mouse events and by its widgets."""

import json
import re
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import tifffile
from conftest import quick_colorizer
from matplotlib import pyplot
from matplotlib.backend_bases import KeyEvent, MouseEvent
from numpy.testing import assert_allclose, assert_array_equal
from skimage.transform import resize
from sklearn.naive_bayes import GaussianNB

from nncolor import SOMColorizer, SOMQuantizer, save_image
from nncolor._images.batch import load_image
from nncolor._images.color import ciede2000, lightness_chroma
from nncolor._images.working_size import shrink
from nncolor.interactive import HintEditor


@pytest.fixture
def editor(colorizer, grey):
    mpl.use("agg")
    yield HintEditor(colorizer, grey)
    pyplot.close("all")


def mouse(editor, name, row, column, button=1, ax=None, **options):
    """A press, motion or release of the mouse at a pixel of the photograph, or of other axes."""
    canvas = editor.figure_.canvas
    x, y = (editor.ax_ if ax is None else ax).transData.transform((column, row))
    canvas.callbacks.process(name, MouseEvent(name, canvas, x, y, button, **options))


def click(editor, row, column, button=1, **options):
    editor.figure_.canvas.draw()
    for name in ("button_press_event", "button_release_event"):
        mouse(editor, name, row, column, button, **options)


def drag(editor, start, end):
    editor.figure_.canvas.draw()
    mouse(editor, "button_press_event", *start)
    mouse(editor, "motion_notify_event", *end)
    mouse(editor, "button_release_event", *end)


def press_key(editor, key, row=-1000, column=-1000):
    canvas = editor.figure_.canvas
    canvas.draw()
    x, y = editor.ax_.transData.transform((column, row))
    canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", canvas, key, x, y))


def shown(editor):
    """What is drawn of the photograph."""
    return editor.ax_.images[0].get_array()


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


def test_a_drag_moves_a_hint(editor, colorizer, grey):
    editor.add(10, 20, "red")
    editor.add(30, 40, "teal")
    drag(editor, (10, 20), (15, 25))
    assert editor.hints == [(15, 25, "red"), (30, 40, "teal")]
    assert editor.selected == 0
    assert_array_equal(editor.colored_, colorizer.colorize(grey, hints=editor.hints))
    # onto another hint: that one is replaced
    drag(editor, (30, 40), (15, 25))
    assert editor.hints == [(15, 25, "teal")]
    assert editor.selected == 0
    editor.undo()
    editor.undo()
    assert editor.hints == [(10, 20, "red"), (30, 40, "teal")]


def test_the_ring_follows_the_mouse(editor):
    editor.add(10, 20, "red")
    editor.figure_.canvas.draw()
    colored = editor.colored_
    mouse(editor, "motion_notify_event", 12, 22)
    mouse(editor, "button_press_event", 10, 20)
    mouse(editor, "motion_notify_event", 30, 40)
    for marks in editor.ax_.collections:
        assert_allclose(marks.get_offsets(), [[40, 30]])
    assert editor.hints == [(10, 20, "red")]
    assert editor.colored_ is colored
    # released beside the photograph, it is where it was
    mouse(editor, "button_release_event", -500, 20)
    assert_allclose(editor.ax_.collections[0].get_offsets(), [[20, 10]])
    assert editor.hints == [(10, 20, "red")]
    assert editor.colored_ is colored


def test_move_by_number(editor):
    for row in (1, 5, 9):
        editor.add(row, 4, "teal")
    editor.move(2, 1, 4)
    assert editor.hints == [(5, 4, "teal"), (1, 4, "teal")]
    assert editor.selected == 1
    editor.move(0, 5, 4)
    assert editor.hints == [(5, 4, "teal"), (1, 4, "teal")]
    with pytest.raises(ValueError, match="no hint 2: there are 2, counted from 0"):
        editor.move(2, 1, 1)
    with pytest.raises(ValueError, match="outside the image, which has 40 rows"):
        editor.move(0, 40, 1)
    assert editor.hints == [(5, 4, "teal"), (1, 4, "teal")]


def test_ways_to_delete_a_hint(editor, colorizer, grey):
    def restart():
        editor.clear()
        editor.add(10, 20, "red")
        editor.add(30, 40, "teal")

    rest = [(30, 40, "teal")]
    restart()
    editor.delete(0)
    assert editor.hints == rest
    assert_array_equal(editor.colored_, colorizer.colorize(grey, hints=rest))
    editor.undo()
    assert len(editor.hints) == 2
    restart()
    click(editor, 10, 20, button=3)
    assert editor.hints == rest
    restart()
    press_key(editor, "delete", 10, 20)
    assert editor.hints == rest
    restart()
    click(editor, 10, 20)
    assert editor.selected == 0
    assert_allclose(
        editor.ax_.collections[1].get_edgecolors(),
        [mpl.colors.to_rgba("tab:orange"), mpl.colors.to_rgba("white")],
    )
    press_key(editor, "backspace")
    assert editor.hints == rest
    # the one that was added last is selected
    restart()
    editor.delete()
    assert editor.hints == [(10, 20, "red")]
    # now none is
    press_key(editor, "delete")
    assert editor.hints == [(10, 20, "red")]
    with pytest.raises(ValueError, match="No hint is selected"):
        editor.delete()
    for number in (-1, 1):
        with pytest.raises(ValueError, match=f"no hint {number}: there are 1"):
            editor.delete(number)
        with pytest.raises(ValueError, match=f"no hint {number}: there are 1"):
            editor.select(number)
    editor.select(0)
    editor.select(None)
    assert editor.selected is None


def test_keys_of_matplotlib_are_switched_off(editor):
    # with l, the axis would become logarithmic
    press_key(editor, "l", 10, 20)
    assert editor.ax_.get_yscale() == "linear"


def test_saturation_and_reach(editor, colorizer, grey):
    editor.add(10, 20, "red")
    editor.saturation = 0.5
    editor.hint_reach = 0.2
    expected = colorizer.colorize(grey, hints=[(10, 20, "red")], saturation=0.5, hint_reach=0.2)
    assert_array_equal(editor.colored_, expected)
    assert_allclose(shown(editor), expected / 255, atol=1e-6)
    with pytest.raises(ValueError, match="saturation"):
        editor.saturation = -1
    with pytest.raises(ValueError, match="hint_reach"):
        editor.hint_reach = 0
    assert (editor.saturation, editor.hint_reach) == (0.5, 0.2)
    again = HintEditor(colorizer, grey, hints=editor.hints, saturation=0.5, hint_reach=0.2)
    assert_array_equal(again.colored_, expected)
    editor.undo()
    assert (editor.saturation, editor.hint_reach) == (0.5, None)
    editor.undo()
    assert editor.saturation == 1


def test_before_and_after(editor, grey):
    editor.add(10, 20, "red")
    after = shown(editor).copy()
    editor.before = True
    assert_allclose(shown(editor), np.repeat(grey[..., None], 3, axis=-1) / 255, atol=1e-6)
    assert editor.ax_.get_title() == "before"
    assert len(editor.ax_.collections[0].get_offsets()) == 0
    editor.before = False
    assert_array_equal(shown(editor), after)
    assert len(editor.ax_.collections[0].get_offsets()) == 1
    # the next change shows the colours
    editor.before = True
    click(editor, 30, 40)
    assert not editor.before
    assert editor.ax_.get_title().strip() == ""


def hex_at(image, row, column):
    return "#{:02x}{:02x}{:02x}".format(*image[row, column])


def test_a_colour_is_taken_from_the_photograph(editor):
    editor.pick_color(7, 9)
    assert editor.color == hex_at(editor.colored_, 7, 9)
    for options in ({"key": "shift"}, {"modifiers": ["shift"]}):
        editor.color = "red"
        click(editor, 30, 40, **options)
        assert editor.color == hex_at(editor.colored_, 30, 40)
    editor.color = "red"
    editor.picks_color = True
    click(editor, 12, 13)
    assert editor.color == hex_at(editor.colored_, 12, 13)
    assert not editor.picks_color
    assert editor.hints == []
    editor.before = True
    editor.pick_color(7, 9)
    assert len({editor.color[1:3], editor.color[3:5], editor.color[5:7]}) == 1
    with pytest.raises(ValueError, match="Row 40, column 1 lies outside the photograph, which has 40 rows"):
        editor.pick_color(40, 1)


def test_the_palette_is_that_of_the_training_images(editor, colorizer):
    assert 2 < len(editor.palette_) <= len(colorizer.codebook_)
    assert len(set(editor.palette_)) == len(editor.palette_)
    swatches = editor.palette_ax_.images[0].get_array()
    lightness, chroma = lightness_chroma(np.asarray(swatches))
    assert_allclose(lightness, 60, atol=0.5)
    distances = np.linalg.norm(chroma[0][:, None] - colorizer.codebook_[None], axis=-1)
    assert distances.min(axis=1).max() < 1
    click(editor, 0, 2, ax=editor.palette_ax_)
    assert editor.color == editor.palette_[2]
    click(editor, 0, 1, button=3, ax=editor.palette_ax_)
    assert editor.color == editor.palette_[2]
    click(editor, 10, 20)
    assert editor.hints == [(10, 20, editor.palette_[2])]


def test_the_palette_of_a_large_codebook_is_small(photos, grey):
    colorizer = quick_colorizer(quantizer=SOMQuantizer((7, 7), n_iter=2000)).fit(photos)
    assert 15 < len(HintEditor(colorizer, grey).palette_) <= 30
    pyplot.close("all")


def widgets_of(editor):
    """The widgets by their text, also those without one."""
    from ipywidgets import HTML, ColorPicker, Text

    found, queue, htmls = {}, [editor.widget()], iter(["usage", "status", "message"])
    while queue:
        widget = queue.pop(0)
        queue += getattr(widget, "children", ())
        text = getattr(widget, "description", "")
        if isinstance(widget, HTML):
            text = next(htmls)
        found.setdefault(text or {ColorPicker: "picker", Text: "name"}.get(type(widget)), widget)
    return found


def test_widgets_of_colours(editor):
    widgets = widgets_of(editor)
    picker, name, message = (widgets[text] for text in ("picker", "name", "message"))
    picker.value = "#123456"
    click(editor, 7, 8)
    assert editor.hints == [(7, 8, "#123456")]
    name.value = "teal"
    assert picker.value == "#008080"
    click(editor, 9, 19)
    assert editor.hints[1] == (9, 19, "teal")
    before = editor.hints, editor.colored_
    name.value = "<grean>"
    assert "&lt;grean&gt;" in message.value
    assert (editor.hints, editor.color, name.value) == (before[0], "teal", "<grean>")
    assert editor.colored_ is before[1]
    name.value = "navy"
    assert message.value == ""
    widgets["pick a colour"].value = True
    click(editor, 12, 13)
    assert picker.value == name.value == editor.color == hex_at(editor.colored_, 12, 13)
    assert not widgets["pick a colour"].value
    editor.color = (255, 0, 0)
    assert picker.value == name.value == "#ff0000"
    assert editor.color == (255, 0, 0)


def test_widgets_of_changes(editor):
    widgets = widgets_of(editor)
    assert widgets["delete"].disabled
    editor.add(7, 8, "red")
    editor.add(17, 28, "blue")
    click(editor, 7, 8)
    assert not widgets["delete"].disabled
    widgets["delete"].click()
    assert editor.hints == [(17, 28, "blue")]
    assert widgets["delete"].disabled
    widgets["undo"].click()
    assert len(editor.hints) == 2
    widgets["clear"].click()
    assert editor.hints == []
    widgets["before"].value = True
    assert editor.before
    editor.add(7, 8, "red")
    assert not widgets["before"].value
    widgets["saturation"].value = 1.5
    widgets["hint reach"].value = "20 %"
    assert (editor.saturation, editor.hint_reach) == (1.5, 0.2)
    widgets["hint reach"].value = "no limit"
    assert editor.hint_reach is None
    widgets["undo"].click()
    widgets["undo"].click()
    widgets["undo"].click()
    assert (widgets["saturation"].value, widgets["hint reach"].value) == (1, "no limit")
    # sliders stop at their ends and steps, the editor does not
    editor.saturation, editor.hint_reach = 3, 0.12
    assert (widgets["saturation"].value, widgets["hint reach"].value) == (2, "10 %")
    assert (editor.saturation, editor.hint_reach) == (3, 0.12)


def test_zoom_is_left_to_a_notebook(editor):
    assert "zoom" not in widgets_of(editor)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_photograph_is_saved_as_it_was_scanned(colorizer, grey, tmp_path, dtype):
    source = tmp_path / "scan.tif"
    scan = grey.astype(dtype) * (257 if dtype == np.uint16 else 1)
    tifffile.imwrite(source, scan, resolution=(600, 600), resolutionunit="INCH")
    editor = HintEditor(colorizer, source)
    editor.add(10, 20, "red")
    editor.save(tmp_path / "red.tif")
    assert_array_equal(tifffile.imread(tmp_path / "red.tif"), editor.colored_)
    assert editor.colored_.dtype == dtype
    with tifffile.TiffFile(tmp_path / "red.tif") as file:
        assert file.pages[0].resolution == (600, 600)
    pyplot.close("all")


def test_the_grey_photograph_is_not_overwritten(colorizer, grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_image("scan.png", grey)
    before = (tmp_path / "scan.png").read_bytes()
    editor = HintEditor(colorizer, "scan.png")
    with pytest.raises(ValueError, match=r"scan\.png is the grey photograph itself"):
        editor.save(tmp_path / "scan.png")
    assert (tmp_path / "scan.png").read_bytes() == before
    # a photograph that has been moved meanwhile is saved, too
    (tmp_path / "scan.png").rename("moved.png")
    editor.save("scan.png")
    assert_array_equal(load_image(None, "scan.png"), editor.colored_)
    pyplot.close("all")


def test_the_button_saves(colorizer, grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_image("scan.jpg", grey)
    editor = HintEditor(colorizer, "scan.jpg", hints=[(10, 20, "red")])
    widgets = widgets_of(editor)
    message = widgets["message"]
    assert widgets["save as"].value == "scan_colored.jpg"
    widgets["save as"].value = " red.png "
    widgets["save"].click()
    assert message.value == "red.png is saved, 60 x 40 pixels."
    assert_array_equal(load_image(None, "red.png"), editor.colored_)
    for name, expected in (
        ("<b>.gif", "&lt;b&gt;.gif: .gif keeps 256 colours only"),
        ("", "is not an ending"),
        ("scan.jpg", "the grey photograph itself"),
        ("missing/red.png", "The folder missing does not exist"),
    ):
        widgets["save as"].value = name
        widgets["save"].click()
        assert expected in message.value
        assert "<b>" not in message.value
    assert sorted(path.name for path in tmp_path.iterdir()) == ["red.png", "scan.jpg"]
    pyplot.close("all")


def test_names_of_saved_files(colorizer, grey, tmp_path, editor):
    assert widgets_of(editor)["save as"].value == "colored.png"
    for name, expected in (("a.TIF", "a_colored.TIF"), ("b.webp", "b_colored.png")):
        save_image(tmp_path / name, grey)
        assert widgets_of(HintEditor(colorizer, tmp_path / name))["save as"].value == str(tmp_path / expected)
    pyplot.close("all")


@pytest.fixture
def large(photos, monkeypatch):
    """A colorizer with a working size, and a photograph with a mount, larger than a copy may be."""
    monkeypatch.setattr("nncolor._editor.photograph._COPY_PIXELS", 20_000)
    colorizer = quick_colorizer(tint_share=0.5, classifier=GaussianNB(), working_size=64).fit(photos)
    grey = np.full((260, 380), 250, np.uint8)
    grey[12:-12, 12:-12] = resize(photos[0][..., 1], (236, 356), preserve_range=True)
    yield colorizer, grey
    pyplot.close("all")


HINTS = [(60, 80, "red"), (80, 300, "teal"), (180, 300, "olive")]


def test_the_copy_of_a_large_photograph_has_a_megapixel(photos):
    colorizer = quick_colorizer(working_size=64).fit(photos)
    for shape, copy in (((1300, 1900), (827, 1209)), ((1000, 1000), (1000, 1000))):
        editor = HintEditor(colorizer, np.tile(np.arange(shape[1], dtype=np.uint8), (shape[0], 1)))
        assert shown(editor).shape[:2] == copy
        assert editor.image.shape == shape
    pyplot.close("all")


def test_a_large_photograph_is_edited_as_a_small_copy(large, monkeypatch):
    colorizer, grey = large
    sizes = []
    colorize = colorizer.colorize
    monkeypatch.setattr(
        colorizer,
        "colorize",
        lambda image, **options: sizes.append(image.shape) or colorize(image, **options),
    )
    editor = HintEditor(colorizer, grey, hints=HINTS[:2], n_alternatives=2)
    click(editor, *HINTS[2][:2])
    hints = editor.hints
    assert [hint[:2] for hint in hints] == [hint[:2] for hint in HINTS]
    editor.pick(1)
    editor.hint_reach = 0.3
    assert set(sizes) == {shown(editor).shape[:2]}
    assert 19_000 < np.prod(sizes[0]) < 21_000
    preview = shown(editor).copy()
    # now the whole, once
    expected = colorize(grey, hints=hints, tint=editor.tint, hint_reach=0.3)
    assert_array_equal(editor.colored_, expected)
    assert editor.colored_ is editor.colored_
    assert sizes.count(grey.shape) == 1
    whole = shrink(expected, max(preview.shape)) / 255
    errors = ciede2000(whole.reshape(-1, 3), preview.reshape(-1, 3))
    assert errors.mean() < 0.7
    assert np.quantile(errors, 0.99) < 7
    # and hints count: without them the two differ far more
    plain = shrink(colorize(grey, tint=editor.tint), max(preview.shape)) / 255
    assert ciede2000(plain.reshape(-1, 3), preview.reshape(-1, 3)).mean() > 2 * errors.mean()


def test_hints_that_are_neighbours_in_a_large_photograph(large):
    colorizer, grey = large
    hints = [(61, 80, "red"), (62, 80, "teal")]
    editor = HintEditor(colorizer, grey, n_alternatives=0, hints=hints)
    assert editor.hints == hints
    # they are one pixel of the copy
    once = HintEditor(colorizer, grey, n_alternatives=0, hints=hints[1:])
    assert_array_equal(shown(editor), shown(once))


def test_a_large_photograph_is_saved_whole(large, tmp_path):
    colorizer, grey = large
    editor = HintEditor(colorizer, grey, n_alternatives=0, hints=HINTS[2:])
    with pytest.raises(ValueError, match="row 260, column 5 lies outside the image, which has 260 rows"):
        editor.add(260, 5, "red")
    drag(editor, HINTS[2][:2], (160, 280))
    editor.save(tmp_path / "whole.png")
    written = load_image(None, tmp_path / "whole.png")
    assert_array_equal(written, colorizer.colorize(grey, hints=editor.hints))
    assert abs(editor.hints[0][0] - 160) < 3
    editor.pick_color(259, 379)
    assert editor.color == "#fafafa"


def test_zoomed_in_it_is_shown_in_full_size(large):
    colorizer, grey = large
    editor = HintEditor(colorizer, grey, n_alternatives=0)
    whole = shown(editor).copy()
    editor.ax_.set(xlim=(99.5, 199.5), ylim=(179.5, 79.5))
    assert_array_equal(shown(editor), editor.colored_[80:180, 100:200] / np.float32(255))
    assert editor.ax_.images[0].get_extent() == [99.5, 199.5, 179.5, 79.5]
    click(editor, 120, 150)
    assert editor.hints == [(120, 150, "#808000")]
    assert_array_equal(shown(editor), editor.colored_[80:180, 100:200] / np.float32(255))
    assert editor.ax_.get_xlim() == (99.5, 199.5)
    editor.before = True
    assert_array_equal(shown(editor)[..., 1], grey[80:180, 100:200] / np.float32(255))
    editor.undo()
    editor.ax_.set(xlim=(-0.5, 379.5), ylim=(259.5, -0.5))
    assert_array_equal(shown(editor), whole)


def test_without_a_working_size_there_is_no_copy(photos):
    colorizer = quick_colorizer(smoothing_radius=0).fit(photos)
    grey = np.tile(photos[0][..., 1], (32, 17))
    editor = HintEditor(colorizer, grey)
    assert shown(editor).shape[:2] == grey.shape
    assert_array_equal(editor.colored_, colorizer.colorize(grey))
    pyplot.close("all")


def test_without_ipywidgets(editor, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install \"nncolor\[interactive\]\""):
        editor.widget()


@pytest.fixture
def tinted(photos, grey):
    colorizer = quick_colorizer(tint_share=0.5, classifier=GaussianNB()).fit(photos)
    yield HintEditor(colorizer, grey, n_alternatives=3)
    pyplot.close("all")


def click_on_alternative(editor, index, **options):
    ax = editor.alternatives_ax_[index]
    height, width = ax.images[0].get_array().shape[:2]
    click(editor, height // 2, width // 2, ax=ax, **options)


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


def test_a_colour_is_taken_from_an_alternative(tinted):
    pixels = np.rint(255 * tinted.alternatives_ax_[2].images[0].get_array()).astype(int)
    row, column = (size // 2 for size in pixels.shape[:2])
    click_on_alternative(tinted, 2, modifiers=["shift"])
    assert tinted.color == hex_at(pixels, row, column)
    assert tinted.tint is None
    tinted.color, tinted.picks_color = "red", True
    click_on_alternative(tinted, 2)
    assert tinted.color == hex_at(pixels, row, column)
    assert not tinted.picks_color
    click_on_alternative(tinted, 2, button=3)
    assert tinted.tint is None


def test_the_tints_of_the_alternatives_are_computed_once(tinted, grey, monkeypatch):
    calls = []
    original = SOMColorizer._image_tints
    monkeypatch.setattr(
        SOMColorizer, "_image_tints", lambda *arguments: calls.append(1) or original(*arguments)
    )
    HintEditor(tinted.colorizer, grey, n_alternatives=3)
    assert len(calls) == 1


def test_it_is_busy_while_it_colours(tinted, monkeypatch):
    seen = []
    colorize = tinted.colorizer.colorize
    monkeypatch.setattr(
        tinted.colorizer,
        "colorize",
        lambda *args, **options: seen.append(tinted.ax_.get_title()) or colorize(*args, **options),
    )
    status = widgets_of(tinted)["status"]
    statuses = []
    status.observe(lambda change: statuses.append(change["new"]), names="value")
    tinted.add(1, 1, "red")
    assert seen == ["colouring …"]
    assert statuses == ["colouring …", ""]
    assert tinted.ax_.get_title().strip() == ""
    with pytest.raises(ValueError, match="outside"):
        tinted.add(1000, 1, "red")
    assert tinted.ax_.get_title().strip() == ""


def test_nothing_covers_the_photograph(tinted):
    canvas = tinted.figure_.canvas
    boxes = []
    for text in ("", "colouring …"):
        tinted.ax_.set_title(text or tinted.ax_.get_title())
        canvas.draw()
        boxes.append(tinted.ax_.get_window_extent().bounds)
        assert tinted.ax_.title.get_window_extent().y0 >= tinted.ax_.get_window_extent().y1
    # the picture does not move when the text comes and goes; matplotlib 3.7 rounds its layout
    assert_allclose(boxes[0], boxes[1], atol=0.5)
    assert len(tinted.ax_.texts) == 0
    others = [*tinted.alternatives_ax_, tinted.palette_ax_]
    assert all(ax.get_window_extent().y1 <= boxes[0][1] for ax in others)


def test_axes_of_the_user_keep_their_title(colorizer, grey):
    ax = pyplot.subplots()[1]
    ax.set_title("mine")
    editor = HintEditor(colorizer, grey, ax=ax)
    editor.before = True
    assert ax.get_title() == "before"
    editor.add(3, 4)
    assert ax.get_title() == "mine"
    assert editor.palette_ax_ is None
    # beside all axes there is nothing to click on
    canvas = editor.figure_.canvas
    canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", canvas, 1, 1, 1))
    assert len(editor.hints) == 1
    pyplot.close("all")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pictures_of_all_dtypes_and_shapes(colorizer, dtype):
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    for shape in ((20, 60), (60, 20), (30, 30)):
        image = (np.arange(np.prod(shape)).reshape(shape) % 200 * scale).astype(dtype)
        editor = HintEditor(colorizer, image)
        assert_allclose(
            editor.ax_.images[0].get_array(), np.float32(editor.colored_) / (255 * scale), atol=1e-6
        )
        editor.figure_.canvas.draw()
        box = editor.ax_.get_window_extent()
        # it fills the figure, which is at most 6 inches wide and 5 high without the palette
        assert_allclose(box.height / box.width, shape[0] / shape[1], rtol=1e-3)
        assert max(box.width / 6, box.height / 5) > 0.9 * editor.figure_.dpi
        assert editor.figure_.get_size_inches()[0] >= 4
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


def test_the_three_lines_of_the_page(colorizer, grey, tmp_path, monkeypatch):
    page = (Path(__file__).parent.parent / "docs" / "editor.md").read_text(encoding="utf-8")
    magic, imported, opened = re.search(r"```text\n(%.*?)\n```", page, re.DOTALL)[1].splitlines()
    assert magic == "%matplotlib widget"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grey").mkdir()
    save_image("grey/photograph.png", grey)
    namespace = {"colorizer": colorizer}
    exec(imported, namespace)
    editor = eval(opened, namespace)
    assert_array_equal(editor.image, grey)
    assert widgets_of(editor)["save as"].value == str(Path("grey", "photograph_colored.png"))
    pyplot.close("all")


def test_the_page_names_all_widgets(editor):
    page = (Path(__file__).parent.parent / "docs" / "editor.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE))
    named = {name for line in named for name in line.split(", ")}
    texts = {text for text in widgets_of(editor) if isinstance(text, str)}
    assert texts - {"picker", "name", "save as", "usage", "status", "message", ""} <= named


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
