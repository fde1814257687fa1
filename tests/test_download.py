"""fetch_open_country against a server on this machine."""

import io
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nncolor import sample_pixels
from nncolor.datasets import fetch_open_country

NAME = "spatial_envelope_256x256_static_8outdoorcategories.zip"


class Handler(SimpleHTTPRequestHandler):
    """A file server that breaks off when it is told to."""

    break_after = None

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if type(self).break_after is None else body[: type(self).break_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """Folder that is served, and the address of the archive in it."""
    folder = tmp_path / "served"
    folder.mkdir()
    Handler.break_after = None
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield folder, f"http://127.0.0.1:{httpd.server_port}/{NAME}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def jpeg(seed):
    buffer = io.BytesIO()
    image = np.random.default_rng(seed).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    Image.fromarray(image).save(buffer, "JPEG")
    return buffer.getvalue()


def write_archive(path, extra=()):
    """A small archive of the layout of the real one."""
    with zipfile.ZipFile(path, "w") as file:
        for number in range(6):
            category = "coast" if number % 3 == 0 else "opencountry"
            file.writestr(f"{Path(NAME).stem}/{category}_land{number}.jpg", jpeg(number))
        file.writestr(f"{Path(NAME).stem}/Thumbs.db", b"not an image")
        for name, content in extra:
            file.writestr(name, content)


def test_download_and_categories(server, tmp_path):
    folder, url = server
    write_archive(folder / NAME)
    scenes = fetch_open_country(tmp_path / "home", url=url, verbose=0)
    assert [Path(path).name for path in scenes.images] == [f"opencountry_land{i}.jpg" for i in (1, 2, 4, 5)]
    assert scenes.category == "opencountry"
    assert "Torralba" in scenes.DESCR
    assert len(sample_pixels(scenes.images, 10, working_size=None)) == 40
    (folder / NAME).unlink()  # from here on all comes from the cache
    assert fetch_open_country(tmp_path / "home", url=url).images == scenes.images
    coast = fetch_open_country(tmp_path / "home", url=url, category="coast", download_if_missing=False)
    assert len(coast.images) == 2


def test_progress_bar(server, tmp_path, capfd):
    folder, url = server
    write_archive(folder / NAME)
    fetch_open_country(tmp_path / "silent", url=url, verbose=0)
    assert capfd.readouterr().err == ""
    fetch_open_country(tmp_path / "loud", url=url)
    assert "100%" in capfd.readouterr().err


def test_an_interrupted_download_leaves_nothing(server, tmp_path):
    folder, url = server
    write_archive(folder / NAME)
    Handler.break_after = 1000
    home = tmp_path / "home"
    with pytest.raises(OSError, match=rf"cannot be downloaded .* put it at {home / NAME}"):
        fetch_open_country(home, url=url, verbose=0)
    assert not list(home.iterdir())
    Handler.break_after = None
    assert len(fetch_open_country(home, url=url, verbose=0).images) == 4
    assert (home / NAME).read_bytes() == (folder / NAME).read_bytes()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no zip"])
def test_damaged_archives(server, tmp_path, damage):
    folder, url = server
    write_archive(folder / NAME)
    content = bytearray((folder / NAME).read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = b"<html>gone</html>"
    (folder / NAME).write_bytes(content)
    home = tmp_path / "home"
    with pytest.raises(OSError, match=f"{NAME} is damaged .* Delete it and call again"):
        [fetch_open_country(home, url=url, category=name, verbose=0) for name in ("opencountry", "coast")]
    # nothing half-unpacked is left behind
    assert not list(home.glob("*.part"))
    (home / NAME).unlink()
    write_archive(folder / NAME)
    assert len(fetch_open_country(home, url=url, verbose=0).images) == 4


@pytest.mark.parametrize(
    "name",
    [
        "../opencountry_evil.jpg",
        "/tmp/opencountry_evil.jpg",
        "a/../../opencountry_evil.jpg",
        "C:\\opencountry_evil.jpg",
    ],
)
def test_hostile_names(server, tmp_path, name):
    folder, url = server
    write_archive(folder / NAME, [(name, jpeg(0))])
    with pytest.raises(ValueError, match="points outside"):
        fetch_open_country(tmp_path / "home", url=url, verbose=0)
    assert not list(tmp_path.rglob("*evil*"))
    assert [path.name for path in (tmp_path / "home").iterdir()] == [NAME]


def test_hostile_sizes(server, tmp_path):
    folder, url = server
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("opencountry_bomb.jpg", bytes(20_000_000))
    with pytest.raises(ValueError, match="unpacks to 20,000,000 bytes"):
        fetch_open_country(tmp_path / "home", url=url, verbose=0)


def test_another_archive(server, tmp_path):
    folder, url = server
    with zipfile.ZipFile(folder / NAME, "w") as file:
        file.writestr("readme.txt", "other things")
    with pytest.raises(ValueError, match="no image of the category 'opencountry'"):
        fetch_open_country(tmp_path / "home", url=url, verbose=0)


def test_offline(server, tmp_path):
    folder, url = server
    home = tmp_path / "home"
    with pytest.raises(FileNotFoundError, match=f"{NAME} is not there.*by hand"):
        fetch_open_country(home, download_if_missing=False)
    with pytest.raises(OSError, match=rf"cannot be downloaded .*404.* put it at {home / NAME}"):
        fetch_open_country(home, url=url, verbose=0)
    closed = "http://127.0.0.1:9/" + NAME
    with pytest.raises(OSError, match=rf"cannot be downloaded .* put it at {home / NAME}"):
        fetch_open_country(home, url=closed, verbose=0)
    # by hand, as the message says
    home.mkdir(exist_ok=True)
    write_archive(home / NAME)
    assert len(fetch_open_country(home, download_if_missing=False).images) == 4


def test_default_folder_and_bad_category(tmp_path, monkeypatch):
    monkeypatch.setenv("NNCOLOR_DATA", str(tmp_path / "from_environment"))
    (tmp_path / "from_environment").mkdir()
    write_archive(tmp_path / "from_environment" / NAME)
    assert len(fetch_open_country().images) == 4
    with pytest.raises(ValueError, match="category must be one of coast, forest"):
        fetch_open_country(category="moon")
