"""Loading of sample photographs, of photographs of 1910, and of the image files of a folder."""

import mimetypes
import os
import warnings
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from skimage import data
from sklearn.datasets import load_sample_image
from sklearn.utils import Bunch

from ._images.files import probe_image, read_image
from ._images.readers.catalogue import SUFFIXES
from ._utils.archive import default_data_home, download, unpack
from ._utils.types import AnyArray

__all__ = ["fetch_open_country", "load_image_folder", "load_plates", "load_sample_photos"]


class SamplePhotos(Protocol):
    """The Bunch of `load_sample_photos`, for type checkers."""

    images: list[AnyArray]
    names: list[str]
    titles: list[str]
    licenses: list[str]
    DESCR: str

    def __getitem__(self, key: str) -> Any: ...


class Plates(Protocol):
    """The Bunch of `load_plates`, for type checkers."""

    images: list[AnyArray]
    red: list[AnyArray]
    green: list[AnyArray]
    blue: list[AnyArray]
    names: list[str]
    DESCR: str

    def __getitem__(self, key: str) -> Any: ...


class OutdoorScenes(Protocol):
    """The Bunch of `fetch_open_country`, for type checkers."""

    images: list[str]
    category: str
    DESCR: str

    def __getitem__(self, key: str) -> Any: ...


# The outdoor scene categories of Oliva and Torralba.
_OUTDOOR_URL = (
    "http://people.csail.mit.edu/torralba/code/spatialenvelope/"
    "spatial_envelope_256x256_static_8outdoorcategories.zip"
)
_OUTDOOR_CATEGORIES = (
    "coast",
    "forest",
    "highway",
    "insidecity",
    "mountain",
    "opencountry",
    "street",
    "tallbuilding",
)

IMAGE_SUFFIXES = SUFFIXES
# Extensions of other image formats that Python's mimetypes lacks, such as raw files of cameras.
_RAW_SUFFIXES = (".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2")
_OTHER_SUFFIXES = (*_RAW_SUFFIXES, ".jxl", ".tga")

_PLATES = Path(__file__).parent / "plates"
_ABOUT_PLATES = """Photographs of S. M. Prokudin-Gorskii, about 1905 to 1915

Each was taken three times within a second, on black-and-white plates, through a blue, a green and a red
filter. The plates have been aligned, and each stretched to the full range of tones. They are about 256 x 256
pixels.

Source: Library of Congress, Prints and Photographs Division, Prokudin-Gorskii Collection. There are no known
restrictions on publication.
"""

# name: (loader, title, source and licence)
_PHOTOS = {
    "china": (
        lambda: load_sample_image("china.jpg"),
        "Temple in China",
        "scikit-learn; photograph by Daniel Büchele (flickr.com/photos/danielbuechele), CC BY 2.0",
    ),
    "flower": (
        lambda: load_sample_image("flower.jpg"),
        "Red flower",
        "scikit-learn; photograph by vultilion (flickr.com/photos/vultilion), CC BY 2.0",
    ),
    "coffee": (data.coffee, "Cup of coffee", "scikit-image; photograph by Rachel Michetti, CC0"),
    "chelsea": (data.chelsea, "Chelsea the cat", "scikit-image; photograph by Stefan van der Walt, CC0"),
    "astronaut": (data.astronaut, "Eileen Collins", "scikit-image; NASA, public domain"),
    "rocket": (data.rocket, "SpaceX rocket at launch", "scikit-image; SpaceX, public domain"),
    "motorcycle_left": (
        lambda: data.stereo_motorcycle()[0],
        "Motorcycle in a garage, left eye",
        "scikit-image; Middlebury stereo data of D. Scharstein et al., GCPR 2014, no licence stated",
    ),
    "motorcycle_right": (
        lambda: data.stereo_motorcycle()[1],
        "Motorcycle in a garage, right eye",
        "scikit-image; Middlebury stereo data of D. Scharstein et al., GCPR 2014, no licence stated",
    ),
}


def load_sample_photos() -> SamplePhotos:
    """Load the colour photographs that scikit-learn and scikit-image ship.

    Returns
    -------
    photos : Bunch
        With the attributes

        images : list of ndarray of shape (H, W, 3), uint8
            The photographs, of different sizes.
        names : list of str
            china, flower, coffee, chelsea, astronaut, rocket, motorcycle_left and
            motorcycle_right.
        titles : list of str
            Titles of the photographs.
        licenses : list of str
            Source, photographer and licence of each photograph.
        DESCR : str
            Description of the photographs.

    Examples
    --------
    >>> from nncolor.datasets import load_sample_photos
    >>> photos = load_sample_photos()
    >>> photos.names[2], photos.images[2].shape
    ('coffee', (400, 600, 3))
    """
    names = list(_PHOTOS)
    titles = [title for _, title, _ in _PHOTOS.values()]
    licenses = [license for _, _, license in _PHOTOS.values()]
    lines = [
        f"{name}: {title}. {license}." for name, title, license in zip(names, titles, licenses, strict=True)
    ]
    return Bunch(
        images=[load() for load, _, _ in _PHOTOS.values()],
        names=names,
        titles=titles,
        licenses=licenses,
        DESCR="Colour photographs of scikit-learn and scikit-image\n\n" + "\n".join(lines),
    )


def _is_other_image(name):
    """Whether the name of a file is that of an image in another format than IMAGE_SUFFIXES."""
    suffix = os.path.splitext(name)[1].lower()
    kind = mimetypes.guess_type(name)[0] or ""
    return suffix not in IMAGE_SUFFIXES and (kind.startswith("image/") or suffix in _OTHER_SUFFIXES)


def _is_hidden(path):
    return any(part.startswith(".") and part != ".." for part in path.parts)


def load_plates() -> Plates:
    """Load photographs of an archive of 1910, with the three plates of each.

    A plate is a real black-and-white photograph of its time: the blue one shows what plates recorded before
    there were emulsions for other colours, so that the truth of a coloured blue plate is known.

    Returns
    -------
    plates : Bunch
        With the attributes

        images : list of 24 ndarray of shape (H, W, 3), uint8
            The photographs in colour.
        red, green, blue : list of 24 ndarray of shape (H, W), uint8
            Their plates, which are the channels of the photographs.
        names : list of str
            What they show.
        DESCR : str
            Description and source of the photographs.

    Examples
    --------
    >>> from nncolor.datasets import load_plates
    >>> plates = load_plates()
    >>> plates.names[0], plates.images[0].shape, plates.blue[0].shape
    ('meadow', (237, 276, 3), (237, 276))
    """
    paths = sorted(_PLATES.glob("*.jpg"))
    images = [read_image(path) for path in paths]
    planes = {
        name: [np.ascontiguousarray(image[..., channel]) for image in images]
        for channel, name in enumerate(("red", "green", "blue"))
    }
    names = [path.stem.split("_", 1)[1].replace("_", " ") for path in paths]
    plates: Plates = Bunch(images=images, **planes, names=names, DESCR=_ABOUT_PLATES)
    return plates


def load_image_folder(
    path: str | os.PathLike[str], pattern: str | None = None, *, skip_unreadable: bool = False
) -> list[str]:
    """List the image files of a folder, as a batch that reads each file only when it is needed.

    Parameters
    ----------
    path : str or path-like
        The folder.
    pattern : str, default=None
        Pattern of the file names, as for :meth:`pathlib.Path.glob`: `*.jpg`, or `**/*.png` to
        include subfolders. None takes every file of the folder itself with the extension of an image
        format, in upper or lower case. Hidden files and folders, whose names begin with a dot, are left out.
    skip_unreadable : bool, default=False
        Leave out files that cannot be opened as images, with a warning that names them, instead of an error.

    Returns
    -------
    paths : list of str
        Sorted paths, which can be passed to nncolor as a batch.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist, or no file in it matches.
    NotADirectoryError
        If `path` is a file.
    OSError
        If files cannot be opened as images; the message names them all. Only the headers are
        checked: a truncated file is an error, which names it, when it is read.

    Warns
    -----
    UserWarning
        If files are left out: those with the extension of another image format, such as .jxl, and those
        that `skip_unreadable` leaves out.

    Examples
    --------
    >>> from pathlib import Path
    >>> import sklearn.datasets
    >>> from nncolor.datasets import load_image_folder
    >>> folder = Path(sklearn.datasets.__file__).parent / "images"
    >>> [Path(path).name for path in load_image_folder(folder)]
    ['china.jpg', 'flower.jpg']
    """
    folder = Path(path)
    if not folder.exists():
        raise FileNotFoundError(
            f"There is no folder {str(folder)!r}. A relative path starts at the current folder, "
            f"{os.getcwd()!r}."
        )
    if not folder.is_dir():
        raise NotADirectoryError(f"{str(folder)!r} is a file; pass the folder, or [path] as a batch of one.")
    # operating systems store hidden files beside the images
    candidates = folder.iterdir() if pattern is None else folder.glob(pattern)
    files = sorted(file for file in candidates if not _is_hidden(file.relative_to(folder)) and file.is_file())
    paths = [str(file) for file in files if pattern is not None or file.suffix.lower() in IMAGE_SUFFIXES]
    if not paths:
        wanted = f"matches {pattern!r}" if pattern else f"ends in one of {', '.join(IMAGE_SUFFIXES)}"
        raise FileNotFoundError(f"No file in {str(folder)!r} {wanted}.")
    listed = set(paths)
    others = [file.name for file in files if str(file) not in listed and _is_other_image(file.name)]
    if others:
        warnings.warn(
            f"Images of other formats in {str(folder)!r} are left out: {', '.join(others)}. Convert them to "
            "PNG, JPEG or TIFF, or pass a pattern that matches them.",
            UserWarning,
            stacklevel=2,
        )
    problems = {path: problem for path in paths if (problem := probe_image(path))}
    if problems and (not skip_unreadable or len(problems) == len(paths)):
        raise OSError(
            f"{len(problems)} of {len(paths)} files cannot be read as images; remove them, or pass "
            "skip_unreadable=True:\n" + "\n".join(problems.values())
        )
    if problems:
        warnings.warn(
            f"Files in {str(folder)!r} that cannot be read are left out:\n" + "\n".join(problems.values()),
            UserWarning,
            stacklevel=2,
        )
    return [path for path in paths if path not in problems]


def fetch_open_country(
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    *,
    category: str = "opencountry",
    url: str = _OUTDOOR_URL,
    verbose: int = 1,
) -> OutdoorScenes:
    """Fetch the photographs of the paper: "Open Country" of the outdoor scenes of Oliva and Torralba.

    The authors' archive of 2,688 colour photographs of 256 x 256 pixels in eight categories is
    downloaded once (about 120 MB) and the category is unpacked. The images are for research.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the archive and the images. None means the folder in the environment variable
        NNCOLOR_DATA, or the user's cache folder.
    download_if_missing : bool, default=True
        If False, raise an error if the archive is not in the folder.
    category : str, default="opencountry"
        One of coast, forest, highway, insidecity, mountain, opencountry, street, tallbuilding.
    url : str
        Address of the archive; change it to use a mirror.
    verbose : int, default=1
        Show a progress bar of the download if positive.

    Returns
    -------
    scenes : Bunch
        With the attributes

        images : list of str
            Sorted paths, which can be passed to nncolor as a batch.
        category : str
            Category of the photographs.
        DESCR : str
            Source of the photographs.

    Raises
    ------
    FileNotFoundError
        If the archive is not there and `download_if_missing` is False.
    OSError
        If the archive cannot be downloaded or is damaged. The message says where to
        put it by hand.
    ValueError
        If the category does not exist, or the archive is not the expected one.

    References
    ----------
    A. Oliva, A. Torralba, "Modeling the shape of the scene: a holistic representation of the
    spatial envelope", International Journal of Computer Vision 42(3), 2001.

    Examples
    --------
    >>> from nncolor.datasets import fetch_open_country
    >>> scenes = fetch_open_country()  # doctest: +SKIP
    >>> len(scenes.images)  # doctest: +SKIP
    410
    """
    if category not in _OUTDOOR_CATEGORIES:
        raise ValueError(f"category must be one of {', '.join(_OUTDOOR_CATEGORIES)}; got {category!r}.")
    home = Path(data_home) if data_home is not None else default_data_home()
    archive, folder = home / url.rsplit("/", 1)[-1], home / category
    if not folder.is_dir():
        if not archive.exists():
            if not download_if_missing:
                raise FileNotFoundError(
                    f"The archive {archive} is not there. Pass download_if_missing=True, or put it "
                    f"there by hand; it is at {url}."
                )
            download(url, archive, verbose)
        unpack(archive, category, folder)
    return Bunch(
        images=load_image_folder(folder, "*.jpg"),
        category=category,
        DESCR=(
            f"The category {category!r} of the outdoor scenes of A. Oliva and A. Torralba, IJCV 42(3), 2001, "
            f"from {url}: colour photographs of 256 x 256 pixels, for research."
        ),
    )
