"""Download of an archive, and extraction of its images."""

import os
import shutil
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from tqdm.auto import tqdm

_CHUNK = 1 << 16
# The images of the archive are JPEGs of 256 x 256 pixels, much smaller than this.
_MAX_MEMBER_BYTES = 10_000_000
_TIMEOUT_SECONDS = 30


def default_data_home():
    """Folder for downloads: that of the environment variable NNCOLOR_DATA, or the user's cache."""
    if "NNCOLOR_DATA" in os.environ:
        return Path(os.environ["NNCOLOR_DATA"])
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'Fetching data needs pooch. Install it with: pip install "nncolor[data]", or pass data_home.'
        ) from error
    return Path(pooch.os_cache("nncolor"))


def download(url, path, verbose):
    """Download a file to `path`; an interrupted download is resumed.

    Raises
    ------
    OSError
        If the server cannot be reached or the download is interrupted; the part received so far is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            if answer.status != 206:  # the server starts from the beginning
                done = 0
            length = answer.headers.get("Content-Length")
            total = done + int(length) if length else None
            with (
                open(part, "ab" if done else "wb") as file,
                tqdm(
                    total=total, initial=done, unit="B", unit_scale=True, desc=path.name, disable=not verbose
                ) as bar,
            ):
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: the file is already complete
            raise _offline(url, path, error) from error
    except OSError as error:
        raise _offline(url, path, error) from error
    else:
        size = part.stat().st_size
        if total is not None and size < total:
            raise OSError(
                f"The download of {url} stopped after {size:,} of {total:,} bytes. Call again to resume it."
            )
    os.replace(part, path)


def _offline(url, path, error):
    return OSError(
        f"{url} cannot be downloaded ({error}). Get the file in another way and put it at {path}, "
        "then call again."
    )


def unpack(archive, category, folder):
    """Extract the images of a category into a folder; if it fails, the folder is not created.

    Raises
    ------
    OSError
        If the archive is damaged.
    ValueError
        If it holds no image of the category, or files with unsafe names or unexpected sizes.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as file:
            for member in file.infolist():
                name = _checked_name(archive, member)
                if name.startswith(f"{category}_") and name.lower().endswith(".jpg"):
                    (part / name).write_bytes(file.read(member))  # checks the CRC
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        shutil.rmtree(part)
        raise OSError(
            f"The archive {archive} is damaged ({error}). Delete it and call again to download a new copy."
        ) from error
    except ValueError:
        shutil.rmtree(part)
        raise
    if not any(part.iterdir()):
        part.rmdir()
        raise ValueError(f"The archive {archive} holds no image of the category {category!r}.")
    os.replace(part, folder)


def _checked_name(archive, member):
    """File name of a member of the archive, without its folders."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise ValueError(
            f"The archive {archive} is not the expected one: its file {member.filename!r} points "
            "outside the folder."
        )
    if member.file_size > _MAX_MEMBER_BYTES:
        raise ValueError(
            f"The archive {archive} is not the expected one: its file {member.filename!r} unpacks to "
            f"{member.file_size:,} bytes."
        )
    return path.name
