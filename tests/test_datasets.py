import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

from nncolor import sample_pixels
from nncolor.datasets import IMAGE_SUFFIXES, load_image_folder, load_sample_photos


def test_sample_photos():
    photos = load_sample_photos()
    assert photos.names == [
        *("china", "flower", "coffee", "chelsea", "astronaut", "rocket"),
        *("motorcycle_left", "motorcycle_right"),
    ]
    assert len(photos.images) == len(photos.titles) == len(photos.licenses) == 8
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image in photos.images)
    assert_array_equal(photos.images[0], load_sample_image("china.jpg"))
    assert_array_equal(photos.images[4], data.astronaut())
    assert all(name in photos.DESCR for name in photos.names)


@pytest.fixture
def folder(photos, tmp_path):
    for name, photo in zip(["b.png", "a.JPG", "c.tif", "d.jpeg"], photos, strict=True):
        Image.fromarray(photo).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "inner").mkdir()
    Image.fromarray(photos[0]).save(tmp_path / "inner" / "e.png")
    return tmp_path


def names(paths):
    return [Path(path).name for path in paths]


def test_folder_is_a_sorted_batch_of_images(folder):
    paths = load_image_folder(folder)
    assert names(paths) == ["a.JPG", "b.png", "c.tif", "d.jpeg"]
    assert len(sample_pixels(paths, 10, working_size=None)) == 40
    assert load_image_folder(str(folder)) == paths


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("*.png", ["b.png"]), ("**/*.png", ["b.png", "e.png"]), ("[ab]*", ["a.JPG", "b.png"])],
)
def test_pattern(folder, pattern, expected):
    assert sorted(names(load_image_folder(folder, pattern=pattern))) == expected


def test_hidden_files_are_left_out(folder):
    before = load_image_folder(folder)
    (folder / "._a.jpg").write_bytes(b"notes of a system")
    assert load_image_folder(folder) == before


def test_all_unreadable_files_are_named(folder):
    (folder / "broken.png").write_text("no image")
    (folder / "empty.tif").write_bytes(b"")
    with pytest.raises(OSError, match="2 of 6 files") as error:
        load_image_folder(folder)
    assert "broken.png" in str(error.value)
    assert "empty.tif" in str(error.value)
    assert "b.png" not in str(error.value).replace("broken.png", "")


def test_a_truncated_file_is_named_when_it_is_read(folder):
    path = folder / "a.JPG"
    path.write_bytes(path.read_bytes()[:-400])
    paths = load_image_folder(folder)
    with pytest.raises(OSError, match=r"image 0 .*a.JPG.* cannot be read"):
        sample_pixels(paths, working_size=None)


def test_paths_that_are_not_folders(folder):
    with pytest.raises(FileNotFoundError, match="no folder"):
        load_image_folder(folder / "nothing")
    with pytest.raises(NotADirectoryError, match="batch of one"):
        load_image_folder(folder / "b.png")
    with pytest.raises(FileNotFoundError, match=r"No file in .* matches '\*.gif'"):
        load_image_folder(folder, "*.gif")
    (folder / "bare").mkdir()
    with pytest.raises(FileNotFoundError, match="ends in one of .avif, .bmp"):
        load_image_folder(folder / "bare")


def test_images_of_other_formats_are_named(folder):
    for name in ("a.JXL", "b.dng", "c.tga", "notes.txt", "d.HEIC.xmp"):
        (folder / name).write_bytes(b"")
    with pytest.warns(
        UserWarning, match=r"Images of other formats .* left out: a.JXL, b.dng, c.tga\. Convert"
    ):
        paths = load_image_folder(folder)
    assert all(Path(path).suffix.lower() in IMAGE_SUFFIXES for path in paths)
    # a pattern says which are meant
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_image_folder(folder, "*.png")


def test_unreadable_files_are_left_out_on_request(folder):
    whole = load_image_folder(folder)
    (folder / "broken.png").write_bytes(b"nothing")
    with pytest.warns(UserWarning, match=r"cannot be read .*:\n.*broken.png: it is not an image"):
        assert load_image_folder(folder, skip_unreadable=True) == whole
    with pytest.raises(OSError, match="1 of 1 files"):
        load_image_folder(folder, "broken.png", skip_unreadable=True)
