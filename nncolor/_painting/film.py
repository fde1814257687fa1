"""Colouring of films: the colours of key frames are found again in the frames of their shots.

Each frame has a *look* at the key frame before it and at the one after it, if there are any in its shot.
A frame without any has the colours that a colorizer predicts.
"""

import numbers
import warnings
from collections import deque
from collections.abc import Mapping

import numpy as np
from sklearn.utils import check_scalar

from .._images.batch import load_image
from .._images.color import NEUTRAL_CHROMA, lightness_chroma, output_dtype
from .._images.parallel import run_in_threads
from .._utils.threads import plain_context
from .film_painter import FilmFrame, FilmPainter
from .frames import check_shape, iter_frames
from .motion import FrameView, correlation, motion_between
from .tracking import KeyFrame, Track


def color_frames(frames, grid, keyframes):
    """Yield the colour image of each frame of a film.

    A frame that is followed soon by a key frame is held until the key frame has been read, or until a cut
    between them, so that it gets colours from both directions.

    Parameters
    ----------
    frames : iterable of images
    grid : FilmGrid
    keyframes : KeyFrames
    """
    settings, n_threads = grid.settings, grid.n_threads
    painter, held = FilmPainter(grid), deque()
    number, before, track = -1, None, None
    for number, image in enumerate(iter_frames(frames)):
        # not around `yield`: the context would also apply to the caller
        with plain_context():
            view = FrameView(image, settings, n_threads)
            motion = None if before is None else motion_between(view, before, settings)
        frame = FilmFrame(image, view, motion)
        if motion is None:
            track = None
            yield from _released(held, 0, painter)
        if number in keyframes:
            color = keyframes.load(number)
            check_shape("key frame", number, color, view.shape)
            with plain_context():
                _warn_of_another_picture(number, color, view, settings, n_threads)
                key = KeyFrame(view, color, settings)
                _track_back(key, held, settings, n_threads)
                track = Track(key)
            yield from _released(held, 0, painter)
            yield painter.show_key(key, color, output_dtype(image.dtype))
        else:
            if track is not None:
                with plain_context():
                    frame.looks.append(track.advance(view, motion.flow))
            held.append(frame)
            yield from _released(
                held, settings.ahead if keyframes.follows(number, settings.ahead) else 0, painter
            )
        before = view
    yield from _released(held, 0, painter)
    beyond = keyframes.beyond(number)
    if beyond:
        warnings.warn(
            f"Key frame {', '.join(map(str, beyond))} lies beyond the end of the film, which has "
            f"{number + 1} frames. Frames are counted from 0.",
            UserWarning,
            stacklevel=2,
        )


def _released(held, n_kept, painter):
    """Yield the colour images of held frames, except the last `n_kept`."""
    while len(held) > n_kept:
        frame = held.popleft()
        with plain_context():
            colored = painter.paint(frame)
        yield colored


def _track_back(key, held, settings, n_threads):
    """Add looks at a key frame to the held frames before it; they dissolve into what the frames had."""
    if not held:
        return
    views = [frame.view for frame in held]
    motions = [None] * len(views)

    def find(index):
        motions[index] = motion_between(views[index], [*views, key.view][index + 1], settings)

    run_in_threads(n_threads, find, range(len(views)))
    # frames of the shot that were released have their colours from elsewhere
    dissolves = held[0].motion is not None
    track = Track(key)
    for distance, (frame, motion) in enumerate(zip(reversed(held), reversed(motions), strict=True), start=1):
        if motion is None:
            return
        look = track.advance(frame.view, motion.flow)
        if dissolves:
            look.share = 1 - distance / (len(held) + 1)
        for other in frame.looks:
            other.share = 1 - look.share
        frame.looks.append(look)


def _warn_of_another_picture(number, color, view, settings, n_threads):
    """Warn if the lightness of a key frame is not that of its frame."""
    of_key = FrameView(color, settings, n_threads)
    if not view.is_blank and correlation(of_key.lightness, view.lightness) < settings.key_correlation:
        warnings.warn(
            f"Key frame {number} does not show what frame {number} of the film shows. Frames are counted "
            "from 0; name the key frame by the number of its frame.",
            UserWarning,
            stacklevel=3,
        )


class KeyFrames:
    """Key frames of a film. Files are read when they are needed, one at a time.

    Parameters
    ----------
    keyframes : dict of int to image
        Colour images by frame number.
    stacklevel : int
        Of the warning of key frames that are grey.
    """

    def __init__(self, keyframes, stacklevel):
        if not isinstance(keyframes, Mapping):
            raise TypeError(
                f"keyframes is a {type(keyframes).__name__}. Pass a dict from frame number to colour image, "
                "such as {0: image}."
            )
        for number in keyframes:
            check_scalar(number, "The number of a key frame", numbers.Integral, min_val=0)
        self.images = dict(sorted(keyframes.items()))
        grey = [
            number
            for number, image in zip(self.images, self, strict=True)
            if np.abs(lightness_chroma(image)[1]).max() < NEUTRAL_CHROMA
        ]
        if grey:
            warnings.warn(
                f"Key frame {', '.join(map(str, grey))}: all pixels are grey, and grey is carried to the "
                "frames around it. Colour it, or leave it out.",
                UserWarning,
                stacklevel=stacklevel,
            )

    def __contains__(self, number):
        return number in self.images

    def __len__(self):
        return len(self.images)

    def __iter__(self):
        """Yield the colour images in the order of their numbers."""
        return map(self.load, self.images)

    def load(self, number):
        """Colour image of a key frame."""
        return load_image(f"key frame {number}", self.images[number], color=True)[..., :3]

    def follows(self, number, ahead):
        """Whether one of the next `ahead` frames is a key frame."""
        return any(later in self.images for later in range(number + 1, number + ahead + 1))

    def beyond(self, number):
        """Numbers of the key frames behind a frame."""
        return [key for key in self.images if key > number]
