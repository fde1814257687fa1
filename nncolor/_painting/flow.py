"""Optical flow by TV-L1 from a first guess, and sampling of planes at points."""

import numpy as np
from scipy.ndimage import map_coordinates


def sample(planes, points):
    """Planes (..., h, w) at points (2, h', w'), interpolated linearly; beyond the border they are constant.

    Returns
    -------
    sampled : ndarray of shape (..., h', w'), float32
    """
    flat = planes.reshape(-1, *planes.shape[-2:])
    sampled = np.empty((len(flat), *points.shape[1:]), np.float32)
    for plane, out in zip(flat, sampled, strict=True):
        map_coordinates(plane, points, order=1, mode="nearest", output=out)
    return sampled.reshape(*planes.shape[:-2], *points.shape[1:])


def n_levels_of(shape, min_size):
    """Number of times that a plane can be halved until its shorter side has about `min_size` pixels."""
    return max(0, int(np.log2(max(min(shape), 1) / min_size)))


def tv_l1_flow(one, other, flow, attachment, n_warps, n_levels, settings):
    """Displacement between two planes with a small total variation, found from a first guess.

    Parameters
    ----------
    one, other : ndarray of shape (h, w), float32
    flow : ndarray of shape (2, h, w), float32
        First guess of the displacement.
    attachment : float
        Weight of the data; a larger one gives a less smooth displacement.
    n_warps : int
        Number of times that `other` is warped on each level.
    n_levels : int
        Number of coarser levels, each of half the size.
    settings : FlowSettings

    Returns
    -------
    flow : ndarray of shape (2, h, w), float32
        other(x + flow(x)) is about one(x).

    Notes
    -----
    :func:`skimage.registration.optical_flow_tvl1` minimizes the same energy. It starts from zero, and takes
    three times as long for the same residual. Here the coarser levels find a change of the guess, whose
    details remain.

    References
    ----------
    C. Zach, T. Pock, H. Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007.
    """
    pyramid = [(one, other)]
    for _ in range(n_levels):
        pyramid.append((_halved(pyramid[-1][0]), _halved(pyramid[-1][1])))
    for level in range(n_levels, -1, -1):
        guess = flow
        for _ in range(level):
            guess = _halved(guess) * np.float32(0.5)
        change = _flow_of_level(*pyramid[level], guess, attachment, n_warps, settings) - guess
        for finer in range(level - 1, -1, -1):
            change = 2 * _doubled(change, pyramid[finer][0].shape)
        flow = flow + change
    return flow


def _halved(planes):
    """Planes of half the size, by means of 2 x 2 pixels."""
    height, width = planes.shape[-2:]
    if height % 2 or width % 2:
        sides = [(0, 0)] * (planes.ndim - 2) + [(0, height % 2), (0, width % 2)]
        planes = np.pad(planes, sides, mode="edge")
    rows = planes[..., ::2, :] + planes[..., 1::2, :]
    return np.float32(0.25) * (rows[..., ::2] + rows[..., 1::2])


def _doubled(planes, shape):
    """Planes (2, h, w) of twice the size, cut to a shape, by linear interpolation."""
    for axis, size in ((1, shape[0]), (2, shape[1])):
        n = planes.shape[axis]
        positions = ((np.arange(size) + 0.5) * 0.5 - 0.5).clip(0, n - 1)
        before = positions.astype(int)
        weight = (positions - before).astype(np.float32)
        weight = weight[:, None] if axis == 1 else weight
        after = np.minimum(before + 1, n - 1)
        planes = planes.take(before, axis) * (1 - weight) + planes.take(after, axis) * weight
    return planes


def _flow_of_level(one, other, flow, attachment, n_warps, settings):
    """Displacement on one level, see `tv_l1_flow`: equations 11 to 15, a fixed number of times."""
    grid = np.indices(one.shape, dtype=np.float32)
    tightness, time_step = settings.tightness, 0.25  # the largest step that is stable
    limit, stiffness = np.float32(attachment * tightness), np.float32(time_step / tightness)
    dual = np.zeros((2, 2, *one.shape), np.float32)
    norm_of_gradient = np.empty(one.shape, np.float32)
    for _ in range(n_warps):
        moved = sample(other, grid + flow)
        gradient = np.stack([derivative(moved, axis) for axis in (0, 1)])
        squares = (gradient * gradient).sum(axis=0)
        squares[squares == 0] = 1
        constant = moved - one - (gradient * flow).sum(axis=0)
        for _ in range(settings.n_iter):
            # the data: the residual is linear in the displacement
            step = constant + gradient[0] * flow[0] + gradient[1] * flow[1]
            step /= squares
            np.clip(step, -limit, limit, out=step)
            data = flow - step * gradient
            # the total variation, by its dual
            flow = data.copy()
            for plane, data_plane, p in zip(flow, data, dual, strict=True):
                for _ in range(settings.n_dual_iter):
                    down, right = np.diff(plane, axis=0), np.diff(plane, axis=1)
                    norm_of_gradient[:] = 0
                    norm_of_gradient[:-1] += down * down
                    norm_of_gradient[:, :-1] += right * right
                    np.sqrt(norm_of_gradient, out=norm_of_gradient)
                    p[0, :-1] -= np.float32(time_step) * down
                    p[1, :, :-1] -= np.float32(time_step) * right
                    p /= norm_of_gradient * stiffness + 1
                    divergence = -(p[0] + p[1])
                    divergence[1:] += p[0, :-1]
                    divergence[:, 1:] += p[1, :, :-1]
                    np.add(data_plane, divergence, out=plane)
    return flow


def derivative(plane, axis):
    """Central differences along an axis; zero along a side of one pixel."""
    return np.gradient(plane, axis=axis) if plane.shape[axis] > 1 else np.zeros_like(plane)
