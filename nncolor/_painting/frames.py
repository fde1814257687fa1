"""Frames of a film, read one by one."""

import os

from .._images.batch import check_batch, is_path, load_image


def check_frames(frames):
    """Raise, before the generator starts, if the frames are a single image or the path of a film."""
    if is_path(frames):
        raise ValueError(
            f"Expected the frames of a film, got the path {os.fspath(frames)!r}. Pass its frames one by one, "
            "as a generator of arrays; examples/colorize_film.py reads and writes film files."
        )
    check_batch(frames)


def iter_frames(frames):
    """Yield the frames of a film as valid images; raise if one is not valid or has another size."""
    shape = None
    for number, item in enumerate(frames):
        image = load_image(f"frame {number}", item)
        shape = image.shape[:2] if shape is None else shape
        check_shape("frame", number, image, shape)
        yield image


def check_shape(name, number, image, shape):
    """Raise if a frame or a key frame has another size than the first frame."""
    height, width = image.shape[:2]
    if (height, width) != shape:
        raise ValueError(
            f"{name} {number} has {height} x {width} pixels, and the frames of the film have {shape[0]} x "
            f"{shape[1]}. All frames of a film must have the same size: resize it, or colour two films."
        )
