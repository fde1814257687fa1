"""Training of a self-organizing map in two phases: order it, then fine-tune it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .._utils.progress import progress


@dataclass(frozen=True)
class MapSettings:
    """Settings of the training of a map; docs/benchmarks/sensitivity.py measures other values.

    Attributes
    ----------
    min_updates, updates_per_code : int
        Updates of both phases together; large maps get a number for each codeword.
    max_passes : int
        Largest number of passes over the rows.
    ordering : float
        Share of the updates that order the map; the others fine-tune it.
    fine_sigma, loose_sigma, stiff_sigma : float
        Neighbourhood radius of the fine-tuning phase: first value, smallest and largest last value. The
        smallest fits the rows better, the largest keeps the map ordered.
    """

    min_updates: int = 120_000
    updates_per_code: int = 550
    max_passes: int = 100
    ordering: float = 1 / 6
    fine_sigma: float = 0.9
    loose_sigma: float = 0.2
    stiff_sigma: float = 0.45


# Number of times that the order of the map is checked, and number of rows for it.
_CHECKS, _JUDGED_ROWS = 60, 5000


def default_n_iter(map_shape, n_rows, settings):
    """Number of updates of both phases together for a map and its training rows."""
    n_codes = map_shape[0] * map_shape[1]
    n_updates = max(settings.min_updates, settings.updates_per_code * n_codes)
    return min(n_updates, settings.max_passes * n_rows)


def train_map(som, rows, n_iter, sigma, learning_rate, settings, random_state, verbose):
    """Train a MiniSom in place, starting from its current weights.

    Parameters
    ----------
    som : MiniSom
        Finds the best matching unit and its neighbourhood. Its own schedules of radius and learning
        rate are not used, because they differ between its versions.
    rows : ndarray of shape (n_rows, n_features), float64
    n_iter : int
        Number of updates of both phases together.
    sigma : float, pair of float or None
        First radius of the ordering phase; a pair also sets the last radius of training, which is
        otherwise adapted to the rows. None is half the longer side of the map.
    learning_rate : float
        First learning rate of the ordering phase.
    settings : MapSettings
    random_state : RandomState
    verbose : int
    """
    side = max(som.get_weights().shape[:2])
    n_ordering = max(1, round(settings.ordering * n_iter))
    first, last = sigma if isinstance(sigma, (tuple, list)) else (sigma or max(side / 2, 1.0), None)
    with progress(range(n_iter), verbose, "self-organizing map") as bar:
        radii = first, last or min(first, 1.0)
        _order(som, rows, n_ordering, radii, learning_rate, random_state, bar)
        rate = learning_rate * min(side / 30, 1)
        _fine_tune(som, rows, n_iter - n_ordering, last, rate, settings, random_state, bar)


def _order(som, rows, n_updates, radii, learning_rate, random_state, bar):
    """Spread the map over the rows, with a neighbourhood that narrows from the first radius to the last."""
    first_sigma, last_sigma = radii
    # Rows are ordered by image: without a permutation the last images would dominate.
    order = random_state.permutation(len(rows))
    for step in range(n_updates):
        elapsed = step / n_updates
        sigma = first_sigma * (last_sigma / first_sigma) ** elapsed
        _update(som, rows[order[step % len(rows)]], sigma, learning_rate * (1 - elapsed))
        bar.update()


def _fine_tune(som, rows, n_updates, fixed_sigma, learning_rate, settings, random_state, bar):
    """Fine-tune the codewords with a neighbourhood as narrow as the order of the map allows.

    How narrow that is depends on the rows, and is measured by the topographic error: while it is too
    high, the schedule moves towards the larger final radius, otherwise towards the smaller one.
    """
    order = random_state.permutation(len(rows))
    judged = rows[order[:_JUDGED_ROWS]]
    neighbours = neighbour_matrix(som)
    stiffness = 0.5
    tolerated = tolerated_topographic_error(max(som.get_weights().shape[:2]))
    for step in range(n_updates):
        elapsed = step / n_updates
        if fixed_sigma is None and step % max(1, n_updates // _CHECKS) == 0:
            broken = _topographic_error(som, judged, neighbours) > tolerated
            stiffness = min(max(stiffness + (0.1 if broken else -0.1), 0), 1)
        last_sigma = settings.loose_sigma * (settings.stiff_sigma / settings.loose_sigma) ** stiffness
        sigma = fixed_sigma or settings.fine_sigma * (last_sigma / settings.fine_sigma) ** elapsed
        _update(som, rows[order[step % len(rows)]], sigma, learning_rate * (1 - elapsed))
        bar.update()


def _update(som, row, sigma, learning_rate):
    weights = som.get_weights()
    pull = learning_rate * som.neighborhood(som.winner(row), sigma)
    weights += pull[..., None] * (row - weights)


def neuron_positions(som):
    """Positions of the neurons in the plane, (n_codes, 2), at a distance of 1 from the nearest."""
    x, y = (np.array(axis, float) for axis in som.get_euclidean_coordinates())
    if som.topology == "hexagonal" and y.shape[1] > 1:
        # versions of MiniSom differ in the distance of the rows of hexagons
        y *= np.sqrt(0.75) / y[0, 1]
    return np.column_stack([x.ravel(), y.ravel()])


def neighbour_matrix(som):
    """Matrix of neighbouring neurons, (n_codes, n_codes) bool: 8 neighbours, or 6 if hexagonal."""
    x, y = neuron_positions(som).T
    across, down = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    return np.hypot(across, down) < 1.01 if som.topology == "hexagonal" else np.maximum(across, down) <= 1


def tolerated_topographic_error(side):
    """Topographic error below which a map of this longer side counts as ordered."""
    return min(0.03 + 0.0025 * side, 0.07)


def _topographic_error(som, rows, neighbours):
    codes = som.get_weights().reshape(-1, rows.shape[1])
    if len(codes) == 1:
        return 0.0
    _, nearest = cKDTree(codes).query(rows, k=2)
    return 1 - neighbours[nearest[:, 0], nearest[:, 1]].mean()


def initial_codes(rows, map_shape):
    """Codes on a grid along the two principal axes of the rows, of shape (*map_shape, n_features)."""
    n_rows, n_columns = map_shape
    if rows.shape[1] == 1:
        return np.quantile(rows, np.linspace(0, 1, n_rows * n_columns + 2)[1:-1]).reshape(*map_shape, 1)
    # not by BLAS, whose rounding depends on its number of threads
    covariance = np.einsum("ni,nj->ij", rows, rows) / len(rows)
    values, vectors = np.linalg.eigh(covariance)
    # the longer side of the map lies along the first axis
    longer, shorter = vectors[:, -1], vectors[:, -2]
    longer, shorter = (_fix_sign(axis) for axis in (longer, shorter))
    longer, shorter = longer * np.sqrt(max(values[-1], 0)), shorter * np.sqrt(max(values[-2], 0))
    down, across = (longer, shorter) if n_rows >= n_columns else (shorter, longer)
    return _grid_positions(n_rows)[:, None, None] * down + _grid_positions(n_columns)[None, :, None] * across


def _fix_sign(axis):
    """Axis with the sign that makes its first large component positive.

    The largest component is not used: for two standardized features both are equal except for rounding.
    """
    large = np.flatnonzero(np.abs(axis) > 0.5 * np.abs(axis).max())
    return axis * np.sign(axis[large[0]]) if len(large) else axis


def _grid_positions(n):
    return np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
