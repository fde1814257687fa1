"""Film: chroma carried from frame to frame along the motion, and from key frames to either side.

All of it happens on a *grid*: every pixel of the working size that the classifier sees. The flow is that of
patterns, lightness without its mean and contrast, so that a flickering lamp is no motion.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates, uniform_filter
from skimage.registration import optical_flow_ilk

from .._images.color import from_unit_range, output_dtype, to_unit_range
from .._images.parallel import plain_context
from .._images.working_size import working_lightness_chroma

# All are measured by docs/benchmarks/film.py. Correlation of the pattern of a frame with that of the frame
# before, moved, below which there is a cut between them: 0.05 to 0.50 at cuts, at least 0.82 within shots.
_CUT = 0.65
# Difference of patterns, in medians over the frame, at which the trust in what is carried falls to 1/e; and
# what is added to the median, for films without grain.
_AGREEMENT, _LEAST_MEDIAN = 4.0, 0.01
# Trust in a prediction, the unit, and in the colours of a key frame.
_TRUST, _KEY_TRUST = 1.0, 400.0
# Frames that are held, at most, for a key frame that follows.
_AHEAD = 24
# Radius of the windows of the flow in pixels of the grid, and its number of warps.
_FLOW_RADIUS, _FLOW_WARPS = 7, 2


@dataclass
class State:
    """What is known of the colours of a frame, on its grid.

    Attributes
    ----------
    pattern : ndarray of shape (h, w)
        Lightness, standardized.
    chroma : ndarray of shape (2, h, w)
    trust : ndarray of shape (h, w)
        Weight of the chroma, in predictions.
    """

    pattern: np.ndarray
    chroma: np.ndarray
    trust: np.ndarray

    def mix(self, chroma, trust):
        """State whose chroma is the mean with another, weighted by trust."""
        total = self.trust + trust
        return State(self.pattern, (self.trust * self.chroma + trust * chroma) / total, total)


class Frame:
    """A frame of a film: its image, its lightness at the working size, and its state."""

    def __init__(self, image, decoder, n_threads):
        self.image, self.decoder, self.n_threads = image, decoder, n_threads
        self.lightness = decoder.working_lightness(image, n_threads)[:]
        self.predicted = decoder.grid_chroma(self.lightness, n_threads)
        grid = decoder.on_grid(self.lightness)
        pattern = (grid - grid.mean()) / (grid.std() + 1)
        self.state = State(pattern, self.predicted, np.full_like(pattern, _TRUST))

    def true_state(self, color):
        """State of a key frame, given its colour image."""
        chroma = working_lightness_chroma(color, self.decoder.working_size)[1]
        planes = [self.decoder.on_grid(plane) for plane in np.moveaxis(chroma, -1, 0)]
        trust = np.full_like(self.state.trust, _KEY_TRUST)
        return State(self.state.pattern, np.stack(planes), trust)

    def carried_from(self, other):
        """Prediction, mixed with the state of a neighbour that is carried along the motion; None at a cut."""
        pattern = self.state.pattern
        if not (pattern.any() and other.pattern.any()):
            return None
        flow = optical_flow_ilk(
            pattern, other.pattern, radius=_FLOW_RADIUS, num_warp=_FLOW_WARPS, dtype=np.float32
        )
        points = np.indices(pattern.shape, np.float32) + flow
        moved, trust, *chroma = (
            map_coordinates(plane, points, order=1, mode="nearest")
            for plane in (other.pattern, other.trust, *other.chroma)
        )
        if not moved.std() or np.corrcoef(moved.ravel(), pattern.ravel())[0, 1] < _CUT:
            return None
        difference = uniform_filter(np.abs(pattern - moved), 3, mode="nearest")
        scale = _AGREEMENT * (np.median(difference) + _LEAST_MEDIAN)
        carried = State(pattern, np.stack(chroma), trust * np.exp(-((difference / scale) ** 2)))
        return carried.mix(self.predicted, _TRUST)

    def colored(self):
        """Colour image of the frame."""
        return self.decoder.paint_grid(self.image, self.lightness, self.state.chroma, self.n_threads)


def color_frames(frames, decoder, keyframes, n_threads):
    """Yield the colour image of each frame of a film.

    A frame that a key frame follows within _AHEAD frames is held until that has come, or until there is a cut
    between them, so that it gets its colours from both sides.

    Parameters
    ----------
    frames : iterable of ndarray
        Valid images of one size.
    decoder : Decoder
    keyframes : dict of int to ndarray
        Colour images by the number of the frame.
    n_threads : int
    """
    before, held = None, deque()
    for number, image in enumerate(frames):
        # not around what is yielded: the caller would be in the context, too
        with plain_context():
            frame = Frame(image, decoder, n_threads)
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
            yield from_unit_range(to_unit_range(keyframes[number]), output_dtype(image.dtype))
            continue
        held.append(frame)
        is_awaited = any(number < key <= number + _AHEAD for key in keyframes)
        yield from _released(held, _AHEAD if is_awaited else 0)
    yield from _released(held, 0)


def _released(held, n_kept):
    """Yield the colour images of frames that are held, but for the last `n_kept`."""
    while len(held) > n_kept:
        frame = held.popleft()
        with plain_context():
            colored = frame.colored()
        yield colored


def _carry_back(held, state):
    """Carry the colours of a key frame back to the frames that are held, as far as its shot goes."""
    for frame in reversed(held):
        state = frame.carried_from(state)
        if state is None:
            return
        frame.state = frame.state.mix(state.chroma, state.trust)
