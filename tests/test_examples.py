import runpy
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from nncolor._images import read_image

SCRIPT = Path(__file__).parent.parent / "examples" / "colorize_folder.py"


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
def colorize_folder():
    main = runpy.run_path(str(SCRIPT))["main"]
    return lambda *folders: main([str(folder) for folder in folders])


def test_names_sizes_and_depths_are_kept(folders, colorize_folder):
    colour, grey, output = folders
    assert colorize_folder(*folders) == 0
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
    assert "left alone a.jpg" in said
    assert "coloured 1 of 1 images" in said
    for path, (time, content) in before.items():
        assert path.read_bytes() == content
        assert path.name == "b.PNG" or path.stat().st_mtime_ns == time
    assert colorize_folder(*folders) == 0
    assert "nothing to colour" in capsys.readouterr().out


def test_nothing_is_left_out_silently(folders, colorize_folder, capsys):
    colour, grey, output = folders
    (grey / "notes.txt").write_text("bought in 1931")
    whole = (grey / "a.jpg").read_bytes()
    (grey / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.full((5, 5), 40_000, np.uint16)).save(grey / "deep.png")
    assert colorize_folder(*folders) == 1
    captured = capsys.readouterr()
    assert "left out notes.txt" in captured.out
    assert "coloured 3 of 5 images" in captured.out
    assert "not coloured: broken.jpg" in captured.err
    assert "not coloured: deep.png" in captured.err
    assert "convert it to .tif" in captured.err
    assert sorted(path.name for path in output.iterdir()) == ["a.jpg", "b.PNG", "c.tif"]


def test_bad_training_folder(folders, colorize_folder, capsys):
    colour, grey, output = folders
    (colour / "0.png").write_bytes(b"")
    assert colorize_folder(*folders) == 1
    assert "0.png" in capsys.readouterr().err


@pytest.mark.parametrize("output_is_grey", [True, False])
def test_bad_arguments(folders, colorize_folder, capsys, output_is_grey):
    colour, grey, output = folders
    bad = (colour, grey, grey) if output_is_grey else (colour, grey / "missing", output)
    with pytest.raises(SystemExit) as exit:
        colorize_folder(*bad)
    assert exit.value.code == 2
    assert ("would be overwritten" if output_is_grey else "there is no folder") in capsys.readouterr().err
