"""Points of a key frame that the frames of its shot show, found from frame to frame.

The displacement from a frame to the key frame is chained: that of the frame before, carried along the motion
between the two. Where the chain breaks, other displacements are tried; then it is refined against the key
frame itself, so that it does not drift however long the shot is.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from .._images.color import lightness_chroma
from .._images.resampling import interpolate, weights_between
from .._images.working_size import working_lightness_chroma
from .fill import KeyFrameModel, shifted
from .flow import sample, tv_l1_flow


class KeyFrame:
    """A key frame: its view, its chroma at full size, and a model of its colours.

    Parameters
    ----------
    view : FrameView
        Of the frame of the film.
    color : ndarray of shape (H, W, 3)
    settings : FilmSettings

    Attributes
    ----------
    chroma : ndarray of shape (2, H, W)
    smooth_chroma : ndarray of shape (2, H, W)
        For what moves.
    grid_chroma : ndarray of shape (2, h, w)
        On the match grid.
    """

    def __init__(self, view, color, settings):
        self.view, self.settings = view, settings
        self.chroma = np.ascontiguousarray(np.moveaxis(lightness_chroma(color)[1], -1, 0))
        sigmas = settings.track.key_smoothing * view.scale.ravel()
        self.smooth_chroma = gaussian_filter(self.chroma, (0, *sigmas))
        small = working_lightness_chroma(color, settings.match_size)[1]
        self.grid_chroma = np.ascontiguousarray(np.moveaxis(small, -1, 0), np.float32)
        self._model = None

    @property
    def model(self):
        """KeyFrameModel, trained when it is needed."""
        if self._model is None:
            self._model = KeyFrameModel(self.view.pattern, self.grid_chroma, self.settings)
        return self._model


@dataclass
class Look:
    """What one key frame says about a frame. All planes are on the match grid.

    Attributes
    ----------
    key : KeyFrame
    displacement : ndarray of shape (2, h, w)
        The frame shows at x what the key frame shows at x + displacement(x).
    stillness : ndarray of shape (h, w)
        1 where nothing has moved since the key frame, else 0.
    weight : ndarray of shape (h, w)
        Of the tracked chroma, 0 to 1.
    choice : ndarray of shape (h, w)
        Weight of this key frame where there are two.
    fill : ndarray of shape (2, h, w)
        Chroma of the model of the key frame.
    fill_weight : ndarray of shape (h, w)
    share : float
        Share of this key frame in the frame as a whole.
    """

    key: KeyFrame
    displacement: np.ndarray
    stillness: np.ndarray
    weight: np.ndarray
    choice: np.ndarray
    fill: np.ndarray
    fill_weight: np.ndarray
    share: float = 1.0


class Track:
    """Looks at one key frame from the frames after it, one by one, or from those before it in reverse order.

    Parameters
    ----------
    key : KeyFrame
    """

    def __init__(self, key):
        self.key, self.settings = key, key.settings
        self.last = key.view
        self.grid = np.indices(key.view.pattern.shape, np.float32)
        self.displacement = np.zeros_like(self.grid)
        self.fill, self.cost = key.grid_chroma, None

    def advance(self, view, flow):
        """Look of the next frame, given its flow to the last one."""
        settings, at = self.settings.track, self.grid + flow
        displacement = self._replaced(view, sample(self.displacement, at) + flow)
        refined = self._refined(view, displacement)
        displacement = displacement + np.float32(settings.refining_share) * (refined - displacement)
        cost = self._cost(view, displacement, settings.agreement_window)
        stillness = self._stillness(view, displacement, cost)
        displacement = displacement * (1 - stillness)
        if self.cost is not None:
            carried = sample(self.cost, at)
            cost = carried + np.float32(settings.cost_gain) * (cost - carried)
        fill = self._filled(view, displacement, at)
        self.last, self.displacement, self.cost, self.fill = view, displacement, cost, fill
        median = np.median(cost) + settings.least_median
        # where nothing is found again, the median says nothing
        scale = min(settings.agreement * median, settings.max_scale)
        weight = np.exp(-((cost / scale) ** 2))
        choice = np.exp(-((cost / (settings.choice * median)) ** 2)) + np.float32(settings.least_choice)
        of_fill = self.settings.fill
        # the less of the key frame a frame shows, the more the model counts
        fill_weight = np.float32(of_fill.weight * (1 + (median / of_fill.doubling_cost) ** 2))
        return Look(
            self.key,
            displacement,
            stillness,
            gaussian_filter(weight, 1),
            gaussian_filter(choice, 1),
            fill,
            # the colours of what does not move are known
            fill_weight * (1 - np.float32(1 - of_fill.still_share) * stillness),
        )

    def _refined(self, view, displacement):
        """Displacement refined against the key frame itself."""
        flow = self.settings.flow
        planes = view.pattern, self.key.view.pattern
        return tv_l1_flow(*planes, displacement, flow.refining_attachment, 1, flow.n_refining_levels, flow)

    def _cost(self, view, displacement, window):
        """Mean difference of the patterns of a frame and of the key frame over the windows of each pixel."""
        points = self.grid + displacement
        moved = sample(self.key.view.pattern, points)
        last = np.array(moved.shape, np.float32)[:, None, None] - 1
        beyond = np.maximum(-points, points - last).max(axis=0).clip(0, 1)
        difference = np.abs(moved - view.pattern) + np.float32(self.settings.track.beyond_cost) * beyond
        return uniform_filter(difference, window, mode="nearest")

    def _stillness(self, view, displacement, cost):
        """1 where a pixel shows what it showed in the key frame: tracking could only add jitter."""
        settings = self.settings.track
        in_place = self._cost(view, np.zeros_like(displacement), settings.agreement_window)
        agrees = gaussian_filter((in_place <= cost + settings.still_cost).astype(np.float32), 1)
        # a flat area that moved agrees in its place, too
        return agrees * (np.hypot(*displacement) < 1)

    def _replaced(self, view, displacement):
        """The displacement where it agrees; elsewhere that of the camera, none, or that of a neighbour."""
        settings = self.settings.track
        cost = self._cost(view, displacement, settings.window)
        limit = np.maximum(
            np.float32(settings.replacing_share) * (cost - np.float32(settings.replacing_floor)), 0
        )
        if not limit.any():
            return displacement
        candidates = [self._of_camera(displacement, cost), np.zeros_like(displacement)]
        for reach in settings.shifts:
            candidates += shifted(displacement, reach)
        best = displacement
        for candidate in candidates:
            of_candidate = self._cost(view, candidate, settings.window)
            is_better = of_candidate < limit
            limit = np.where(is_better, of_candidate, limit)
            best = np.where(is_better, candidate, best)
        return best

    def _of_camera(self, displacement, cost):
        """Affine displacement that most of the pixels have, by iteratively reweighted least squares."""
        shape = cost.shape
        rows, columns = (axis / size - np.float32(0.5) for axis, size in zip(self.grid, shape, strict=True))
        design = np.stack([np.ones_like(rows), rows, columns], axis=-1)
        some = slice(None, None, 4), slice(None, None, 4)
        known, wanted = design[some].reshape(-1, 3), displacement[:, *some].reshape(2, -1).T
        trust = np.exp(-((cost[some].ravel() / self.settings.track.camera_cost) ** 2)) + np.float32(1e-3)
        weight = trust
        for _ in range(6):
            root = np.sqrt(weight)[:, None]
            affine = np.linalg.lstsq(known * root, wanted * root, rcond=None)[0]
            weight = trust / (1 + ((known @ affine - wanted) ** 2).sum(axis=1))
        return np.ascontiguousarray(np.moveaxis(design @ affine, -1, 0), np.float32)

    def _filled(self, view, displacement, at):
        """Chroma of the model of the key frame, averaged along the motion."""
        found = self.key.model.predict(view.pattern, self.grid + displacement)
        step, shape = self.settings.fill.step, view.pattern.shape
        weights = (
            weights_between(np.arange(size) / step, n) for size, n in zip(shape, found.shape[1:], strict=True)
        )
        carried = sample(self.fill, at)
        return carried + np.float32(self.settings.fill.gain) * (interpolate(found, *weights) - carried)
