"""Motion between the frames of a film, on the match grid.

Frames are compared by their *patterns*, standardized lightness, so that a flickering lamp is not taken for
motion. The *match grid* has the same area for films of any size.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from .._images.working_size import working_lightness
from .flow import n_levels_of, sample, tv_l1_flow


class FrameView:
    """A frame on the match grid.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
    settings : FilmSettings
    n_threads : int

    Attributes
    ----------
    shape : (H, W)
        Shape of the frame itself.
    lightness, pattern : ndarray of shape (h, w)
    is_blank : bool
        Whether the frame shows nothing but grain. A black frame of a fade is blank.
    """

    def __init__(self, image, settings, n_threads):
        self.shape = image.shape[:2]
        self.lightness = working_lightness(image, settings.match_size, n_threads)[:]
        smooth = gaussian_filter(self.lightness, settings.blank_smoothing)
        self.is_blank = bool(smooth.std() < settings.blank)
        deviation = self.lightness.std()
        # the constant of 1 L* keeps grain from being amplified
        self.pattern = (self.lightness - self.lightness.mean()) * np.float32(
            settings.contrast / (deviation + 1)
        )

    @property
    def scale(self):
        """Pixels of the frame for one of the match grid, along both axes; shape (2, 1, 1)."""
        sides = zip(self.shape, self.pattern.shape, strict=True)
        return np.array([full / small for full, small in sides], np.float32)[:, None, None]


@dataclass(frozen=True)
class Motion:
    """Motion from a frame to a neighbour.

    Attributes
    ----------
    flow : ndarray of shape (2, h, w)
        neighbour(x + flow(x)) is about frame(x).
    agreement : ndarray of shape (h, w)
        1 where their patterns agree along the motion, and 0 where they do not.
    """

    flow: np.ndarray
    agreement: np.ndarray


def motion_between(view, other, settings):
    """Motion from a frame to a neighbour; None at a cut, and if one of them is blank."""
    if view.is_blank or other.is_blank:
        return None
    flow = flow_between(view, other, settings)
    moved = sample(other.pattern, np.indices(view.pattern.shape, np.float32) + flow)
    if not (_looks_like(view, other, settings) or _is_alike(view.pattern, moved, settings)):
        return None
    difference = uniform_filter(np.abs(view.pattern - moved), settings.agreement_window, mode="nearest")
    scale = settings.agreement * (np.median(difference) + settings.least_median)
    return Motion(flow, np.exp(-((difference / scale) ** 2)))


def is_cut(view, other, settings):
    """Whether there is a cut between a frame and the one before; `motion_between` agrees with it."""
    # most frames are so much like the one before that the motion need not be known
    return not _looks_like(view, other, settings) and motion_between(view, other, settings) is None


def _looks_like(view, other, settings):
    """Whether two frames are alike as they are."""
    is_blank = view.is_blank or other.is_blank
    return not is_blank and correlation(view.pattern, other.pattern) >= settings.cut


def _is_alike(pattern, moved, settings):
    """Whether a pattern and a motion-compensated one show the same picture."""
    if correlation(pattern, moved) >= settings.cut:
        return True
    details = (plane - gaussian_filter(plane, settings.detail_smoothing) for plane in (pattern, moved))
    return correlation(*details) >= settings.detail_cut


def flow_between(view, other, settings):
    """Optical flow from a frame to a neighbour, see `Motion`."""
    shape, flow = view.pattern.shape, settings.flow
    start = np.zeros((2, *shape), np.float32)
    n_levels = n_levels_of(shape, flow.min_size)
    return tv_l1_flow(view.pattern, other.pattern, start, flow.attachment, flow.n_warps, n_levels, flow)


def correlation(one, other):
    """Correlation of two planes; 0 if one of them is constant."""
    one, other = one - one.mean(), other - other.mean()
    scale = np.sqrt((one * one).sum() * (other * other).sum())
    return float((one * other).sum() / scale) if scale else 0.0
