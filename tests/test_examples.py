import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
import tifffile
from conftest import SCRIPT, quick_colorizer
from numpy.testing import assert_array_equal
from PIL import Image
from skimage.color import rgb2luv
from test_icc import GREY_GAMMA_1

from nncolor import SOMColorizer
from nncolor._images.files import read_image


@pytest.fixture
def folders(photos, tmp_path):
    colour, grey, output = tmp_path / "colour", tmp_path / "grey", tmp_path / "output"
    colour.mkdir()
    grey.mkdir()
    for number, photo in enumerate(photos):
        Image.fromarray(photo).save(colour / f"{number}.png")
    Image.fromarray(photos[0][..., 1]).save(grey / "a.jpg")
    Image.fromarray(photos[1][..., 1]).save(grey / "b.PNG")
    tifffile.imwrite(grey / "c.tif", photos[2][..., 1].astype(np.uint16) * 257)
    return colour, grey, output


@pytest.fixture
def model(colorizer, tmp_path):
    path = tmp_path / "quick.joblib"
    joblib.dump(colorizer, path)
    return path


@pytest.fixture
def colorize_folder(colorize_folder_main, model):
    """The script with a model that is there already, which takes less time than to learn one."""
    return lambda *folders: colorize_folder_main([*map(str, folders), "--model", str(model)])


@pytest.fixture
def learn_and_colorize_folder(colorize_folder_main):
    return lambda *arguments: colorize_folder_main([*map(str, arguments)])


def test_names_sizes_and_depths_are_kept(folders, learn_and_colorize_folder):
    colour, grey, output = folders
    assert learn_and_colorize_folder(*folders) == 0
    assert sorted(path.name for path in output.iterdir()) == ["a.jpg", "b.PNG", "c.tif"]
    for path in output.iterdir():
        source, image = read_image(grey / path.name), read_image(path)
        assert image.shape == (*source.shape, 3)
        assert image.dtype == source.dtype


def test_running_again_changes_nothing(folders, colorize_folder, capsys):
    colorize_folder(*folders)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folders[2].iterdir()}
    (folders[2] / "b.PNG").unlink()
    capsys.readouterr()
    assert colorize_folder(*folders) == 0
    said = capsys.readouterr().out
    assert "skipped 2 images" in said
    assert "coloured 1 of 1 images" in said
    for path, (modified, content) in before.items():
        assert path.read_bytes() == content
        assert path.name == "b.PNG" or path.stat().st_mtime_ns == modified
    assert colorize_folder(*folders) == 0
    said = capsys.readouterr().out
    assert "to colour them again, remove them there or name another folder" in said
    assert "nothing to colour" in said


def test_nothing_is_left_out_silently(folders, colorize_folder, capsys):
    colour, grey, output = folders
    (grey / "notes.txt").write_text("bought in 1931")
    whole = (grey / "a.jpg").read_bytes()
    (grey / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.full((5, 5), 40_000, np.uint16)).save(grey / "deep.png")
    Image.fromarray(np.full((5, 5), 40, np.uint8)).save(grey / "few.gif")
    assert colorize_folder(*folders) == 1
    captured = capsys.readouterr()
    assert "left out notes.txt" in captured.out
    assert "coloured 5 of 6 images" in captured.out
    assert "not coloured: broken.jpg" in captured.err
    # a GIF keeps 256 colours only
    names = ["a.jpg", "b.PNG", "c.tif", "deep.png", "few.gif.png"]
    assert sorted(path.name for path in output.iterdir()) == names
    imagecodecs = pytest.importorskip("imagecodecs")
    assert imagecodecs.png_decode((output / "deep.png").read_bytes()).dtype == np.uint16
    # the next run knows them
    (grey / "broken.jpg").unlink()
    assert colorize_folder(*folders) == 0
    assert "skipped 5 images" in capsys.readouterr().out


def test_subfolders_are_coloured_on_request(folders, model, colorize_folder_main, capsys):
    colour, grey, output = folders
    (grey / "album" / "1910").mkdir(parents=True)
    (grey / ".thumbnails").mkdir()
    for place in ("album", "album/1910", ".thumbnails"):
        Image.fromarray(np.full((9, 9), 90, np.uint8)).save(grey / place / "d.png")
    arguments = [*map(str, folders), "--model", str(model)]
    assert colorize_folder_main(arguments) == 0
    assert "left out album: it is a folder; --recursive" in capsys.readouterr().out
    assert colorize_folder_main([*arguments, "--recursive"]) == 0
    found = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    assert found == {"a.jpg", "b.PNG", "c.tif", "album/d.png", "album/1910/d.png"}


def test_the_resolution_is_kept(folders, colorize_folder):
    with Image.open(folders[1] / "a.jpg") as file:
        file.save(folders[1] / "scan.jpg", dpi=(300, 300))
    colorize_folder(*folders)
    with Image.open(folders[2] / "scan.jpg") as file:
        assert file.info["dpi"] == (300, 300)


def test_a_tint_and_a_sheet(folders, photos, learn_and_colorize_folder, tmp_path, capsys):
    _, grey, output = folders
    model, sheet = tmp_path / "model", tmp_path / "sheet.png"
    joblib.dump(quick_colorizer(tint_share=0.5, temperature=0.7, working_size=48).fit(photos), model)
    common = [*folders, "--model", model]
    assert learn_and_colorize_folder(*common, "--tint", "nocolour") == 1
    assert "because of --tint or --saturation: the tint: 'nocolour' is neither" in capsys.readouterr().err
    assert not list(output.iterdir())
    assert learn_and_colorize_folder(*common, "--tint", "skyblue, olive", "--sheet", sheet) == 0
    painted = rgb2luv(read_image(output / "b.PNG"))[..., 2]
    half = len(painted) // 2
    assert painted[:half].mean() < 0 < painted[half:].mean()
    page = read_image(sheet)
    # grey, coloured, and four alternatives of three images
    assert page.shape[1] == 6 * 248
    columns = [page[:, number * 248 : number * 248 + 240] for number in range(6)]
    assert np.ptp(columns[0], axis=-1).max() == 0
    assert all(np.ptp(column, axis=-1).max() > 20 for column in columns[1:])
    # titles
    assert all(column[:18].min() < 100 for column in columns)
    # the sheet of a run that has nothing else to do has all images, too
    capsys.readouterr()
    again = tmp_path / "again.png"
    assert learn_and_colorize_folder(*common, "--tint", "skyblue, olive", "--sheet", again) == 0
    assert "skipped 3 images" in capsys.readouterr().out
    assert_array_equal(read_image(again), page)


def test_the_tint_of_an_alternative_by_its_number(
    folders, photos, learn_and_colorize_folder, tmp_path, capsys
):
    _, grey, output = folders
    learned = quick_colorizer(tint_share=0.5, working_size=48).fit(photos)
    joblib.dump(learned, tmp_path / "model")
    assert learn_and_colorize_folder(*folders, "--model", tmp_path / "model", "--tint", "2") == 0
    expected = learned.alternatives(grey / "b.PNG", 4)[2]
    assert_array_equal(read_image(output / "b.PNG"), expected)
    # there is no alternative 3 with three tints
    joblib.dump(quick_colorizer(tint_share=0.5).fit(photos[:3]), tmp_path / "model")
    (output / "b.PNG").unlink()
    assert learn_and_colorize_folder(*folders, "--model", tmp_path / "model", "--tint", "3") == 1
    assert "nothing was coloured, because of --tint" in capsys.readouterr().err
    assert not (output / "b.PNG").exists()


@pytest.mark.parametrize(
    ("name", "message"), [("no/a.png", "no folder for the sheet"), ("a.xyz", "a .jpg or .png")]
)
def test_the_name_of_a_sheet_is_checked_first(folders, colorize_folder, tmp_path, capsys, name, message):
    with pytest.raises(SystemExit):
        colorize_folder(*folders, "--sheet", tmp_path / name)
    assert message in capsys.readouterr().err
    assert not folders[2].exists()


def test_bad_training_folder(folders, learn_and_colorize_folder, capsys):
    colour, grey, output = folders
    (colour / "0.png").write_bytes(b"")
    assert learn_and_colorize_folder(*folders) == 1
    assert "0.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ((0, 1, 1), "the output folder is the grey folder"),
        ((0, 1, 0), "the output folder is the colour folder"),
        ((0, 3, 2), "there is no folder"),
        ((0, 1, 4), "is a file"),
    ],
)
def test_bad_arguments(folders, colorize_folder, capsys, places, message):
    folders = [*folders, folders[1] / "missing", folders[1] / "a.jpg"]
    with pytest.raises(SystemExit) as exit:
        colorize_folder(*(folders[place] for place in places))
    assert exit.value.code == 2
    assert message in capsys.readouterr().err


def test_a_model_is_kept(folders, learn_and_colorize_folder, capsys, tmp_path):
    model = tmp_path / "model.joblib"
    assert learn_and_colorize_folder(*folders, "--model", model) == 0
    painted = (folders[2] / "b.PNG").read_bytes()
    (folders[2] / "b.PNG").unlink()
    for path in folders[0].iterdir():
        path.unlink()
    assert learn_and_colorize_folder(*folders, "--model", model) == 0
    assert "using the fitted colorizer" in capsys.readouterr().out
    assert (folders[2] / "b.PNG").read_bytes() == painted


@pytest.mark.parametrize("content", [b"no model", b"", pickle.dumps([1]), pickle.dumps(SOMColorizer())])
def test_an_invalid_model_is_named(folders, learn_and_colorize_folder, capsys, tmp_path, content):
    (tmp_path / "model").write_bytes(content)
    assert learn_and_colorize_folder(*folders, "--model", tmp_path / "model") == 1
    assert f"the model {tmp_path / 'model'}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        learn_and_colorize_folder(*folders, "--model", tmp_path / "nowhere" / "model")
    assert "there is no folder for the model" in capsys.readouterr().err


def test_names_that_the_console_cannot_show(folders, model):
    Image.fromarray(np.full((9, 9), 90, np.uint8)).save(folders[1] / "łąka.png")
    (folders[1] / "żaba.png").write_bytes(b"")
    command = [sys.executable, str(SCRIPT), *map(str, folders), "--model", str(model)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert b"coloured 4 of 5 images" in done.stdout
    assert (folders[2] / "łąka.png").exists()


def test_orientation_and_profile_are_honoured(folders, colorize_folder):
    colour, grey, output = folders
    upright = read_image(grey / "b.PNG")
    sideways = Image.fromarray(np.rot90(upright))
    exif = sideways.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    sideways.save(grey / "sideways.png", exif=exif)
    Image.fromarray(upright).save(grey / "linear.png", icc_profile=GREY_GAMMA_1)
    assert colorize_folder(*folders) == 0
    assert_array_equal(read_image(output / "sideways.png"), read_image(output / "b.PNG"))
    with Image.open(output / "sideways.png") as file:
        assert not file.getexif()
    assert read_image(output / "linear.png").mean() > read_image(output / "b.PNG").mean() + 10


def many(folders, n):
    for number in range(n):
        Image.fromarray(np.full((300, 300), number, np.uint8)).save(folders[1] / f"x{number:03}.png")


def started(folders, model):
    """The script in a process of its own, as soon as it has coloured something."""
    command = [sys.executable, "-u", str(SCRIPT), *map(str, folders), "--n-jobs", "1", "--model", str(model)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        if folders[2].exists() and len([p for p in folders[2].iterdir() if p.name[0] != "."]) >= 3:
            break
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_complete_files_and_continues(
    folders, model, colorize_folder, interruption
):
    many(folders, 60)
    process = started(folders, model)
    process.send_signal(interruption)
    error = process.communicate()[1]
    assert process.returncode == (130 if interruption == signal.SIGINT else -signal.SIGKILL)
    assert ("all output files are complete" in error) == (interruption == signal.SIGINT)
    done = [path for path in folders[2].iterdir() if not path.name.startswith(".")]
    assert 3 <= len(done) < 63
    for path in done:
        assert read_image(path).shape[:2] == read_image(folders[1] / path.name).shape
    assert interruption == signal.SIGKILL or len(done) == len(list(folders[2].iterdir()))
    assert colorize_folder(*folders) == 0
    # a killed process may leave a hidden part of a file
    visible = {path.name for path in folders[2].iterdir() if not path.name.startswith(".")}
    assert visible == {path.name for path in folders[1].iterdir()}


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_disk_that_is_full_is_reported(folders, colorize_folder, capsys, monkeypatch, step):
    def full(*args, **kwargs):
        if step == "write":
            Path(args[0] if isinstance(args[0], (str, Path)) else args[1]).write_bytes(b"half of")
        raise OSError("No space left on device")

    if step == "rename":
        monkeypatch.setattr("os.replace", full)
    else:
        monkeypatch.setattr(Image.Image, "save", full)
        monkeypatch.setattr(tifffile, "imwrite", full)
    assert colorize_folder(*folders) == 1
    assert "not coloured: a.jpg: No space left on device" in capsys.readouterr().err
    assert list(folders[2].iterdir()) == []


def test_items_that_are_not_files_are_named_and_set_the_exit_status(folders, colorize_folder, capsys):
    _, grey, output = folders
    (grey / "d.png").mkdir()
    (grey / "e.png").symlink_to(grey / "nowhere.png")
    assert colorize_folder(*folders) == 1
    error = capsys.readouterr().err
    assert "not coloured: d.png: it is not a file but a folder" in error
    assert "not coloured: e.png: it is a link to a file that does not exist" in error
    assert len(list(output.iterdir())) == 3
    # what is left to do is nothing, and still not all is well
    assert colorize_folder(*folders) == 1


def test_names_of_the_maximum_length(folders, colorize_folder):
    _, grey, output = folders
    name = "n" * 245 + ".png"
    Image.new("L", (8, 8), 100).save(grey / name)
    assert colorize_folder(*folders) == 0
    assert (output / name).exists()


def test_an_output_folder_that_cannot_be_made(folders, colorize_folder, capsys, tmp_path):
    colour, grey, _ = folders
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as caught:
        colorize_folder(colour, grey, tmp_path / "file" / "output")
    assert caught.value.code == 2
    assert "cannot be made" in capsys.readouterr().err


def test_broken_colour_photographs_are_skipped_on_request(folders, learn_and_colorize_folder, capsys):
    colour, grey, output = folders
    content = (colour / "0.png").read_bytes()
    (colour / "truncated.png").write_bytes(content[: len(content) // 2])
    (colour / "header.png").write_bytes(b"nothing")
    Image.new("L", (30, 30), 100).save(colour / "grey.png")
    Image.new("RGB", (30, 30), (9, 9, 9)).save(colour / "neutral.png")
    (colour / "photo.heic").write_bytes(b"")
    assert learn_and_colorize_folder(*folders) == 1
    assert "header.png" in capsys.readouterr().err
    (colour / "header.png").unlink()
    assert learn_and_colorize_folder(*folders) == 1
    assert not list(output.iterdir())
    (colour / "header.png").write_bytes(b"nothing")
    assert learn_and_colorize_folder(*folders, "--skip-broken") == 0
    printed = capsys.readouterr().out
    for name in ("truncated.png", "header.png", "grey.png", "neutral.png", "photo.heic"):
        assert name in printed
    assert len(list(output.iterdir())) == 3
