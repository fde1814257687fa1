"""Shots of a film: the frames from one cut to the next."""

from itertools import pairwise

from .._utils.threads import plain_context
from .._utils.types import ImageBatch
from .frames import check_frames, iter_frames
from .motion import FrameView, is_cut
from .settings import FilmSettings


def find_shots(frames: ImageBatch) -> list[range]:
    """Find the shots of a film, from one cut to the next.

    Parameters
    ----------
    frames : iterable of images
        Arrays or paths in order, all of the same size; they are read one by one. Of colour, the lightness is
        used.

    Returns
    -------
    shots : list of range
        Numbers of the frames of each shot, counted from 0: `shot.start` is the first frame of a shot,
        `len(shot)` its length, and `number in shot` tells whether a frame belongs to it.

    Raises
    ------
    ValueError
        If `frames` is a path or a single image. If a frame is not valid or has another size than the first
        one; the message names it.
    OSError
        If a file cannot be read; the message names it.

    See Also
    --------
    SOMColorizer.colorize_film : Colour the frames; the colours of a key frame last as long as its shot.

    Notes
    -----
    There is a cut where a frame and the one before it differ after the motion between them has been
    compensated. A fade to a blank frame, such as a black one, ends a shot: the blank frames are its last
    ones. A dissolve of two shots is one shot, or several short ones.

    Examples
    --------
    >>> from nncolor import find_shots
    >>> from nncolor.datasets import load_sample_photos
    >>> photos = load_sample_photos().images
    >>> film = [photo[:200, left : left + 300] for photo in photos[:2] for left in range(0, 40, 10)]
    >>> find_shots(film)
    [range(0, 4), range(4, 8)]
    """
    check_frames(frames)
    settings, starts, before, number = FilmSettings(), [], None, -1
    for number, image in enumerate(iter_frames(frames)):
        with plain_context():
            view = FrameView(image, settings, n_threads=1)
            if before is None or _starts_shot(view, before, settings):
                starts.append(number)
        before = view
    return [range(*ends) for ends in pairwise([*starts, number + 1])]


def _starts_shot(view, before, settings):
    # blank frames are the end of a fade
    return not view.is_blank and is_cut(view, before, settings)
