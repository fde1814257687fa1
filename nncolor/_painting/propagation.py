"""Propagation of hints: chroma that changes least between neighbours of similar lightness."""

import numpy as np
from scipy.sparse import csr_array, dia_array
from scipy.sparse.linalg import splu

from .._images.working_size import working_lightness
from .guided_filter import EnlargedPlanes

# docs/benchmarks/sensitivity.py measures other values of most of these constants.
# Hints of a larger image are propagated at this working size, and the result is enlarged by a guided filter
# of this radius.
_WORKING_SIZE, _ENLARGING_RADIUS = 384, 2
# Difference of lightness, in L*, over which the weight of an edge falls to 1/e, and the least weight.
_EDGE_SCALE, _MIN_WEIGHT = 2.0, 1e-3
# Weight of the prior of a pixel; an edge between neighbours of equal lightness weighs 1.
_PRIOR_WEIGHT = 0.03


class HintPlane:
    """Pixels over which the hints of an image are propagated: all pixels, or fewer if it is large.

    Parameters
    ----------
    image : ndarray
        Valid.
    n_threads : int
    """

    def __init__(self, image, n_threads=1):
        self.full_shape = image.shape[:2]
        is_large = self.full_shape[0] * self.full_shape[1] > _WORKING_SIZE**2
        self.lightness = working_lightness(image, _WORKING_SIZE if is_large else None, n_threads)[:]
        self.shape = self.lightness.shape

    def indices(self, rows, columns):
        """Flat indices of the pixels of the plane that contain the given pixels of the image."""
        inside = (
            (2 * index + 1) * size // (2 * full_size)
            for index, size, full_size in zip((rows, columns), self.shape, self.full_shape, strict=True)
        )
        return np.ravel_multi_index(tuple(inside), self.shape)

    def enlarged(self, planes):
        """Enlarge planes (2, h, w) to all pixels of the image, with the edges of its lightness."""
        radius = 0 if self.shape == self.full_shape else _ENLARGING_RADIUS
        return EnlargedPlanes(self.lightness * np.float32(0.01), planes, radius, 1, self.full_shape)


def propagate(lightness, indices, values, prior=None):
    """Values of all pixels that change least between neighbours of similar lightness.

    They minimize the sum of weight * (x_i - x_j)**2 over all pairs of neighbours, plus
    _PRIOR_WEIGHT * (x_i - prior_i)**2 over all pixels, while hinted pixels keep their values.

    Parameters
    ----------
    lightness : ndarray of shape (h, w)
        CIE L*, 0 to 100.
    indices : ndarray of shape (n,), int
        Flat indices of the hinted pixels. If several are equal, the mean of their values is used.
    values : ndarray of shape (n, 2)
    prior : ndarray of shape (h * w, 2), default=None

    Returns
    -------
    planes : ndarray of shape (2, h, w), float32
    """
    laplacian = lightness_laplacian(lightness)
    indices, group, counts = np.unique(indices, return_inverse=True, return_counts=True)
    solution = np.zeros((lightness.size, 2))
    np.add.at(solution, indices[group], values)
    solution[indices] /= counts[:, None]
    free = np.ones(len(solution), bool)
    free[indices] = False
    right = -(laplacian @ solution)
    if prior is not None:
        diagonal = np.full((1, len(free)), _PRIOR_WEIGHT)
        laplacian = laplacian + dia_array((diagonal, [0]), shape=laplacian.shape)
        right += _PRIOR_WEIGHT * prior
    if free.any():
        # positive definite: no pivoting is needed, and an ordering for symmetric matrices is faster
        factors = splu(
            laplacian[free][:, free].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        solution[free] = factors.solve(right[free])
    return np.moveaxis(solution.reshape(*lightness.shape, 2), -1, 0).astype(np.float32)


def lightness_laplacian(lightness):
    """Laplacian matrix of the graph whose edges connect each pixel with its four neighbours.

    The weight of an edge is 1 between equal lightnesses, and less across a difference.

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
    difference over the local variance; the absolute difference propagates true colours with smaller
    errors.
    """
    index = np.arange(lightness.size).reshape(lightness.shape)
    pairs = [(index[:, :-1], index[:, 1:]), (index[:-1], index[1:])]
    first, second = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in (0, 1))
    levels = lightness.ravel().astype(np.float64)
    weights = np.exp(-np.abs(levels[first] - levels[second]) / _EDGE_SCALE) + _MIN_WEIGHT
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    graph = csr_array((np.concatenate([weights, weights]), ends), shape=(lightness.size, lightness.size))
    degree = np.asarray(graph.sum(axis=1)).ravel()
    return dia_array((degree[None], [0]), shape=graph.shape).tocsr() - graph
