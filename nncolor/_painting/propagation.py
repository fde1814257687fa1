"""Propagation of hints: chroma that changes least between neighbours of similar lightness."""

import numpy as np
from scipy.sparse import csr_array, dia_array
from scipy.sparse.linalg import splu

from .._images.working_size import working_lightness
from .guided_filter import EnlargedPlanes


class HintPlane:
    """Pixels over which the hints of an image are propagated: all pixels, or fewer if it is large.

    Parameters
    ----------
    image : ndarray
        Valid.
    settings : PaintingSettings
    n_threads : int
    """

    def __init__(self, image, settings, n_threads=1):
        self.settings = settings
        size = settings.hints.working_size
        self.full_shape = image.shape[:2]
        is_large = self.full_shape[0] * self.full_shape[1] > size**2
        self.lightness = working_lightness(image, size if is_large else None, n_threads)[:]
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
        radius = 0 if self.shape == self.full_shape else self.settings.hints.enlarging_radius
        guide, epsilon = self.lightness * np.float32(0.01), self.settings.epsilon
        return EnlargedPlanes(guide, planes, radius, 1, self.full_shape, epsilon)


def propagate(lightness, indices, values, settings, prior=None):
    """Values of all pixels that change least between neighbours of similar lightness.

    They minimize the sum of weight * (x_i - x_j)**2 over all pairs of neighbours, plus
    prior_weight * (x_i - prior_i)**2 over all pixels, while hinted pixels keep their values.

    Parameters
    ----------
    lightness : ndarray of shape (h, w)
        CIE L*, 0 to 100.
    indices : ndarray of shape (n,), int
        Flat indices of the hinted pixels. If several are equal, the mean of their values is used.
    values : ndarray of shape (n, 2)
    settings : HintSettings
    prior : ndarray of shape (h * w, 2), default=None

    Returns
    -------
    planes : ndarray of shape (2, h, w), float32
    """
    laplacian = lightness_laplacian(lightness, settings)
    indices, group, counts = np.unique(indices, return_inverse=True, return_counts=True)
    solution = np.zeros((lightness.size, 2))
    np.add.at(solution, indices[group], values)
    solution[indices] /= counts[:, None]
    free = np.ones(len(solution), bool)
    free[indices] = False
    right = -(laplacian @ solution)
    if prior is not None:
        diagonal = np.full((1, len(free)), settings.prior_weight)
        laplacian = laplacian + dia_array((diagonal, [0]), shape=laplacian.shape)
        right += settings.prior_weight * prior
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


def lightness_laplacian(lightness, settings):
    """Laplacian matrix of the graph whose edges connect each pixel with its four neighbours.

    The weight of an edge is 1 between equal lightnesses, and less across a difference.

    Parameters
    ----------
    lightness : ndarray of shape (H, W)
        CIE L*, 0 to 100.
    settings : HintSettings

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
    weights = np.exp(-np.abs(levels[first] - levels[second]) / settings.edge_scale) + settings.min_weight
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    graph = csr_array((np.concatenate([weights, weights]), ends), shape=(lightness.size, lightness.size))
    degree = np.asarray(graph.sum(axis=1)).ravel()
    return dia_array((degree[None], [0]), shape=graph.shape).tocsr() - graph
