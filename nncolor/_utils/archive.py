"""Download of an archive by pooch, and extraction of its images."""

import logging
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

# The images of the archive are JPEGs of 256 x 256 pixels, much smaller than this.
_MAX_MEMBER_BYTES = 10_000_000
_TIMEOUT_SECONDS = 30


def default_data_home() -> Path:
    """Folder for downloads: that of the environment variable NNCOLOR_DATA, or the user's cache."""
    if "NNCOLOR_DATA" in os.environ:
        return Path(os.environ["NNCOLOR_DATA"])
    return Path(_pooch().os_cache("nncolor"))


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'Fetching data needs pooch. Install it with: pip install "nncolor[data]", or put the file into '
            "data_home by hand."
        ) from error
    return pooch


def download(url: str, path: Path, verbose: int) -> None:
    """Download a file to `path`.

    Raises
    ------
    OSError
        If the server cannot be reached, or the download is interrupted; nothing is left of it.
    """
    pooch = _pooch()
    pooch.get_logger().setLevel(logging.INFO if verbose else logging.WARNING)
    downloader = pooch.HTTPDownloader(progressbar=bool(verbose), timeout=_TIMEOUT_SECONDS)
    try:
        # the authors publish no checksum; those inside the archive are checked when it is unpacked
        pooch.retrieve(url, None, fname=path.name, path=path.parent, downloader=downloader)
    except OSError as error:
        raise OSError(
            f"{url} cannot be downloaded ({error}). Get the file in another way and put it at {path}, "
            "then call again."
        ) from error


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
