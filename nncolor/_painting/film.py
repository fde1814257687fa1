"""Colouring of films: chroma carried along the optical flow, and from key frames in both directions.

All steps work on a *grid*: the pixels of the working size for which chroma is predicted. The optical flow is
that of patterns, standardized lightness, so that a flickering lamp is not taken for motion.
"""

import numbers
import os
import warnings
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter
from skimage.registration import optical_flow_ilk
from sklearn.utils import check_scalar

from .._images.batch import check_batch, is_path, load_image
from .._images.color import NEUTRAL_CHROMA, from_unit_range, lightness_chroma, output_dtype, to_unit_range
from .._images.working_size import working_lightness_chroma
from .._utils.threads import plain_context


@dataclass
class State:
    """Chroma of a frame on its grid, and its weight.

    Attributes
    ----------
    pattern : ndarray of shape (h, w)
        Lightness, standardized.
    chroma : ndarray of shape (2, h, w)
    weight : ndarray of shape (h, w)
        Weight of the chroma; that of a prediction is 1.
    """

    pattern: np.ndarray
    chroma: np.ndarray
    weight: np.ndarray

    def mix(self, other):
        """Weighted mean with another state of the same frame."""
        total = self.weight + other.weight
        chroma = (self.weight * self.chroma + other.weight * other.chroma) / total
        return State(self.pattern, chroma, total)


class Frame:
    """A frame of a film: its image, its lightness at the working size, and its state."""

    def __init__(self, image, grid):
        self.image, self.grid = image, grid
        self.lightness = grid.lightness(image)
        chroma, sampled = grid.chroma(self.lightness), grid.sampled(self.lightness)
        # rounding must not make a pattern of a blank frame
        is_blank = np.ptp(sampled) < grid.settings.blank
        pattern = np.zeros_like(sampled) if is_blank else (sampled - sampled.mean()) / (sampled.std() + 1)
        self.state = self.prediction = State(pattern, chroma, np.ones_like(pattern))

    def true_state(self, color):
        """State of a key frame, from its colour image."""
        chroma = working_lightness_chroma(color, self.grid.working_size)[1]
        planes = [self.grid.sampled(plane) for plane in np.moveaxis(chroma, -1, 0)]
        weight = np.full_like(self.state.weight, self.grid.settings.key_weight)
        return State(self.state.pattern, np.stack(planes), weight)

    def carried_from(self, other):
        """Mean of the prediction and the motion-compensated state of a neighbouring frame; None at a cut."""
        pattern, settings = self.state.pattern, self.grid.settings
        if not (pattern.any() and other.pattern.any()):
            return None
        # a second warp makes it slower, and no better
        flow = optical_flow_ilk(
            pattern, other.pattern, radius=settings.flow_radius, num_warp=1, dtype=np.float32
        )
        points = np.indices(pattern.shape, np.float32) + flow
        moved, weight, *chroma = (
            map_coordinates(plane, points, order=1, mode="nearest")
            for plane in (other.pattern, other.weight, *other.chroma)
        )
        if not moved.std() or np.corrcoef(moved.ravel(), pattern.ravel())[0, 1] < settings.cut:
            return None
        difference = uniform_filter(np.abs(pattern - moved), 3, mode="nearest")
        scale = settings.agreement * (np.median(difference) + settings.least_median)
        carried = State(pattern, np.stack(chroma), weight * np.exp(-((difference / scale) ** 2)))
        return carried.mix(self.prediction)

    def colored(self):
        """Colour image of the frame."""
        return self.grid.painted(self.image, self.lightness, self.state.chroma)


def color_frames(frames, grid, keyframes):
    """Yield the colour image of each frame of a film.

    A frame that is followed soon by a key frame is held until the key frame has been read, or until a cut
    between them, so that it gets chroma from both directions.

    Parameters
    ----------
    frames : iterable of images
    grid : FilmGrid
    keyframes : dict of int to ndarray
        Colour images by frame number, see `load_keyframes`.
    """
    before, held, ahead = None, deque(), grid.settings.ahead
    for number, image in enumerate(_valid_frames(frames, keyframes)):
        # not around `yield`: the context would also apply to the caller
        with plain_context():
            frame = Frame(image, grid)
            carried = None if before is None else frame.carried_from(before)
            is_new_shot = carried is None
            if not is_new_shot:
                frame.state = carried
            if number in keyframes:
                frame.state = frame.true_state(keyframes[number])
                if not is_new_shot:
                    _carry_back(held, frame.state)
        if is_new_shot or number in keyframes:
            yield from _released(held, 0)
        before = frame.state
        if number in keyframes:
            yield _as_dtype(keyframes[number], output_dtype(image.dtype))
            continue
        held.append(frame)
        is_awaited = any(number < key <= number + ahead for key in keyframes)
        yield from _released(held, ahead if is_awaited else 0)
    yield from _released(held, 0)


def _as_dtype(image, dtype):
    """Copy of an image, with another dtype if needed."""
    return image.copy() if image.dtype == dtype else from_unit_range(to_unit_range(image), dtype)


def _released(held, n_kept):
    """Yield the colour images of held frames, except the last `n_kept`."""
    while len(held) > n_kept:
        frame = held.popleft()
        with plain_context():
            colored = frame.colored()
        yield colored


def _carry_back(held, state):
    """Carry the chroma of a key frame back to the held frames of its shot."""
    for frame in reversed(held):
        state = frame.carried_from(state)
        if state is None:
            return
        frame.state = frame.state.mix(state)


def check_frames(frames):
    """Raise, before the generator starts, if the frames are a single image or the path of a film."""
    if is_path(frames):
        raise ValueError(
            f"Expected the frames of a film, got the path {os.fspath(frames)!r}. Pass its frames one by one, "
            "as a generator of arrays; examples/colorize_film.py reads and writes film files."
        )
    check_batch(frames)


def load_keyframes(keyframes, stacklevel):
    """Colour images of key frames by frame number, in order; warn of those that are grey."""
    if not isinstance(keyframes, Mapping):
        raise TypeError(
            f"keyframes is a {type(keyframes).__name__}. Pass a dict from frame number to colour image, such "
            "as {0: image}."
        )
    for number in keyframes:
        check_scalar(number, "The number of a key frame", numbers.Integral, min_val=0)
    loaded = {
        number: load_image(f"key frame {number}", image, color=True)[..., :3]
        for number, image in sorted(keyframes.items())
    }
    grey = [
        number
        for number, image in loaded.items()
        if np.abs(lightness_chroma(image)[1]).max() < NEUTRAL_CHROMA
    ]
    if grey:
        warnings.warn(
            f"Key frame {', '.join(map(str, grey))}: all pixels are grey, and grey is carried to the frames "
            "around it. Colour it, or leave it out.",
            UserWarning,
            stacklevel=stacklevel,
        )
    return loaded


def _valid_frames(frames, keyframes):
    """Yield the frames of a film; raise if a frame or a key frame is not valid or has another size."""
    number, shape = -1, None
    for number, item in enumerate(frames):
        image = load_image(f"frame {number}", item)
        shape = image.shape[:2] if shape is None else shape
        of_key = keyframes[number].shape[:2] if number in keyframes else shape
        for name, found in (("frame", image.shape[:2]), ("key frame", of_key)):
            if found != shape:
                raise ValueError(
                    f"{name} {number} has {found[0]} x {found[1]} pixels, and the frames of the film have "
                    f"{shape[0]} x {shape[1]}. All frames of a film must have the same size: resize it, or "
                    "colour two films."
                )
        yield image
    beyond = [key for key in keyframes if key > number]
    if beyond:
        warnings.warn(
            f"Key frame {', '.join(map(str, beyond))} lies beyond the end of the film, which has "
            f"{number + 1} frames. Frames are counted from 0.",
            UserWarning,
            stacklevel=3,
        )
