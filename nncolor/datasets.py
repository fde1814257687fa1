"""Photographs to try things on, and folders of one's own."""

from pathlib import Path

from skimage import data
from sklearn.datasets import load_sample_image
from sklearn.utils import Bunch

from ._images import probe_image

__all__ = ["load_image_folder", "load_sample_photos"]

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

# name: (how to load it, what it shows, where it comes from and under what licence)
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


def load_sample_photos():
    """Colour photographs that scikit-learn and scikit-image bring along.

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
            What they show.
        licenses : list of str
            Where they come from, who took them and under which licence.
        DESCR : str
            All of this as text.

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


def load_image_folder(path, pattern=None):
    """The images of a folder, as a batch that reads each file only when it is needed.

    Parameters
    ----------
    path : str or path-like
        The folder.
    pattern : str, default=None
        Which files, as for :meth:`pathlib.Path.glob`: `*.jpg`, or `**/*.png` for folders within
        the folder too. None takes every file of the folder itself with the ending of an image
        format, in upper or lower case.

    Returns
    -------
    paths : list of str
        Sorted paths; a batch for everything in nncolor.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no file in it that matches.
    NotADirectoryError
        If `path` is a file.
    OSError
        If files cannot be opened as images; the message names them all. A file that breaks off
        in the middle is found out, and named, when it is read.

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
        raise FileNotFoundError(f"There is no folder {str(folder)!r}.")
    if not folder.is_dir():
        raise NotADirectoryError(f"{str(folder)!r} is a file; pass the folder, or [path] as a batch of one.")
    candidates = folder.iterdir() if pattern is None else folder.glob(pattern)
    paths = sorted(
        str(file)
        for file in candidates
        if file.is_file() and (pattern is not None or file.suffix.lower() in IMAGE_SUFFIXES)
    )
    if not paths:
        wanted = f"matches {pattern!r}" if pattern else f"ends in one of {', '.join(IMAGE_SUFFIXES)}"
        raise FileNotFoundError(f"No file in {str(folder)!r} {wanted}.")
    problems = [problem for problem in map(probe_image, paths) if problem]
    if problems:
        raise OSError(
            f"{len(problems)} of {len(paths)} files cannot be read as images:\n" + "\n".join(problems)
        )
    return paths
