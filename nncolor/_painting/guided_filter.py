"""Chroma that respects the edges of lightness: smoothing, and spreading from hints."""

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.sparse import csr_array, dia_array
from scipy.sparse.linalg import splu
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

# Regularization of the guided filter, in squared units of a guide in [0, 1]: differences of
# lightness well below sqrt(_EPSILON) are smoothed over, those well above are kept.
_EPSILON = 0.04**2

# Hints are spread over at most so many pixels.
_GRID = 1 << 17
# Difference of lightness, in L*, over which the attraction of neighbours falls to 1/e, and what is
# left of it across the strongest edge.
_EDGE, _LEAK = 2.0, 1e-3
# Weight of the prior of a pixel beside the attraction of equally light neighbours, which is 1.
_PRIOR = 0.03
# Lengths over which residuals of a prediction are alike: in the plane, as share of the longer side; in
# lightness, as share of white; between distributions of codewords, as their Hellinger distance (0 to
# sqrt(2)). Then the variance of what they do not explain, and a floor of their deviation, in u*, v*.
_PLANE_LENGTH, _LIGHTNESS_LENGTH, _CODEWORD_LENGTH = 1.0, 0.3, 0.5
_NOISE, _FLOOR = 0.1, 5.0
# Hints beyond this number are thinned out for kriging, whose cost grows with their square.
_KRIGED = 256
# Pixels whose residual is kriged at a time.
_CHUNK = 1 << 14


def sampling_step(radius):
    """Every how many pixels a guided filter of this radius has to know the values.

    Windows hold at least as many samples as those of a radius of 4, which is enough: the values are
    smooth afterwards, and the details of the result come from the guide.
    """
    return max(1, radius // 4)


def guided_filter(guide, values, radius, step=1):
    """Smooth planes along a guide: within a window each is a linear function of the guide.

    Parameters
    ----------
    guide : ndarray of shape (H, W), float32
        In [0, 1].
    values : ndarray of shape (n, ceil(H / step), ceil(W / step)), float32
        Of every step-th pixel, from the first on.
    radius : int
        Windows have a side of about 2 * radius + 1: radius / step is rounded.
    step : int

    Returns
    -------
    smoothed : ndarray of shape (n, H, W), float32

    Notes
    -----
    The result at a pixel depends on nothing farther away than `reach(radius, step)`.

    References
    ----------
    K. He, J. Sun, X. Tang, "Guided Image Filtering", ECCV 2010, equations 5 to 8.
    K. He, J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015: the linear functions are found for
    every step-th pixel and interpolated.
    """
    size = 2 * max(1, round(radius / step)) + 1

    def mean(plane):
        return uniform_filter(plane, size, mode="nearest")

    seen = np.ascontiguousarray(guide[::step, ::step])
    mean_guide = mean(seen)
    variance = np.maximum(mean(seen * seen) - mean_guide**2, 0)
    smoothed = np.empty((len(values), *guide.shape), np.float32)
    for plane, out in zip(values, smoothed, strict=True):
        mean_plane = mean(plane)
        slope = (mean(seen * plane) - mean_guide * mean_plane) / (variance + np.float32(_EPSILON))
        intercept = mean_plane - slope * mean_guide
        np.multiply(_enlarge(mean(slope), step, guide.shape), guide, out=out)
        out += _enlarge(mean(intercept), step, guide.shape)
    return smoothed


def reach(radius, step):
    """How far in pixels, a multiple of the step, the result of `guided_filter` looks."""
    return (2 * max(1, round(radius / step)) + (step > 1)) * step


def _enlarge(plane, step, shape):
    """Plane of every step-th pixel, interpolated linearly to all pixels; beyond the last it is constant."""
    if step == 1:
        return plane
    for axis in (0, 1):
        sides = list(plane.shape)
        sides[axis] *= step
        stretched = np.empty(sides, np.float32)
        known, wanted = np.moveaxis(plane, axis, 0), np.moveaxis(stretched, axis, 0)
        wanted[::step] = known
        rise = np.diff(known, axis=0, append=known[-1:])
        for k in range(1, step):
            np.multiply(rise, np.float32(k / step), out=wanted[k::step])
            wanted[k::step] += known
        plane = stretched
    return plane[: shape[0], : shape[1]]


class HintGrid:
    """Every step-th pixel of an image, over which hints spread.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), float32
        CIE L*, 0 to 100.
    """

    def __init__(self, lightness):
        self.guide = lightness * np.float32(0.01)
        self.step = max(1, int(np.ceil(np.sqrt(lightness.size / _GRID))))
        if self.step > 1:
            lightness = uniform_filter(lightness, self.step)[:: self.step, :: self.step]
        self.lightness = lightness
        self.shape = lightness.shape

    def at(self, rows, columns):
        """Flat indices of the pixels of the grid that are nearest to pixels of the image."""
        near = (
            np.minimum((places + self.step // 2) // self.step, size - 1)
            for places, size in zip((rows, columns), self.shape, strict=True)
        )
        return np.ravel_multi_index(tuple(near), self.shape)

    def looks(self, probabilities):
        """What `krige` compares pixels by: (n_pixels, n), to be measured by Euclidean distance."""
        rows, columns = np.indices(self.shape, np.float32) / (max(self.shape) * _PLANE_LENGTH)
        place = np.stack([rows, columns, self.lightness / (100 * _LIGHTNESS_LENGTH)], axis=-1)
        return np.concatenate([place, np.sqrt(probabilities) / _CODEWORD_LENGTH], axis=-1).reshape(
            self.lightness.size, -1
        )

    def spread(self, places, values, prior=None):
        """Values of all pixels of the grid that change least between pixels of like lightness.

        They minimize the sum of weight * (x_i - x_j)**2 over all pairs of neighbours, plus
        _PRIOR * (x_i - prior_i)**2 over all pixels, while hinted pixels keep their values.

        Parameters
        ----------
        places : ndarray of shape (n,), int
            Hinted pixels, as `at` gives them. Where several meet in one, their mean counts.
        values : ndarray of shape (n, 2)
        prior : ndarray of shape (n_pixels, 2), default=None

        Returns
        -------
        planes : ndarray of shape (2, h, w), float32
        """
        laplacian = lightness_graph(self.lightness)
        places, group, counts = np.unique(places, return_inverse=True, return_counts=True)
        solution = np.zeros((self.lightness.size, 2))
        np.add.at(solution, places[group], values)
        solution[places] /= counts[:, None]
        free = np.ones(len(solution), bool)
        free[places] = False
        right = -(laplacian @ solution)
        if prior is not None:
            laplacian = laplacian + dia_array((np.full((1, len(free)), _PRIOR), [0]), shape=laplacian.shape)
            right += _PRIOR * prior
        if free.any():
            # positive definite: no pivoting is needed, and the order that suits symmetric matrices pays
            factors = splu(
                laplacian[free][:, free].tocsc(),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
            solution[free] = factors.solve(right[free])
        return np.moveaxis(solution.reshape(*self.shape, 2), -1, 0).astype(np.float32)

    def enlarge(self, planes):
        """Planes of the grid (2, h, w) for all pixels of the image, with the edges of its lightness."""
        return planes if self.step == 1 else guided_filter(self.guide, planes, 2 * self.step, self.step)


def lightness_graph(lightness):
    """Laplacian matrix of the graph whose edges tie each pixel to its four neighbours.

    An edge weighs 1 between equal lightnesses and less across a difference.

    Parameters
    ----------
    lightness : ndarray of shape (H, W)
        CIE L*, 0 to 100.

    Returns
    -------
    laplacian : sparse array of shape (H * W, H * W)

    References
    ----------
    A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", 2004, take the squared
    difference over the local variance; the absolute difference spreads true colours with smaller errors.
    """
    index = np.arange(lightness.size).reshape(lightness.shape)
    pairs = [(index[:, :-1], index[:, 1:]), (index[:-1], index[1:])]
    first, second = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in (0, 1))
    levels = lightness.ravel().astype(np.float64)
    weights = np.exp(-np.abs(levels[first] - levels[second]) / _EDGE) + _LEAK
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    graph = csr_array((np.concatenate([weights, weights]), ends), shape=(lightness.size, lightness.size))
    degree = np.asarray(graph.sum(axis=1)).ravel()
    return dia_array((degree[None], [0]), shape=graph.shape).tocsr() - graph


def krige(looks, deviation, places, residuals):
    """What residuals at some pixels say of all others: the mean of a Gaussian process.

    Parameters
    ----------
    looks : ndarray of shape (n_pixels, n)
        Pixels at a distance of about 1 are alike.
    deviation : ndarray of any shape of n_pixels elements
        How uncertain the prediction is, in units of u*, v*: residuals are in proportion to it.
    places : ndarray of shape (n_hints,), int
    residuals : ndarray of shape (n_hints, 2)

    Returns
    -------
    mean : ndarray of shape (n_pixels, 2)

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006, equation 2.25.
    """
    if len(places) > _KRIGED:
        chosen = np.linspace(0, len(places) - 1, _KRIGED).astype(np.intp)
        places, residuals = places[chosen], residuals[chosen]
    deviation = deviation.reshape(-1, 1) + _FLOOR
    process = GaussianProcessRegressor(RBF(1.0), alpha=_NOISE, optimizer=None)
    process.fit(looks[places], residuals / deviation[places])
    mean = np.empty((len(looks), 2))
    for start in range(0, len(looks), _CHUNK):
        mean[start : start + _CHUNK] = process.predict(looks[start : start + _CHUNK])
    return mean * deviation
