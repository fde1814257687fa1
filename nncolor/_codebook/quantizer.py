"""Vector quantization with a self-organizing map."""

import numbers
from typing import Any

import numpy as np
from minisom import MiniSom
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from .._utils.estimator import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    EstimatorMixin,
    TransformerMixin,
    fit_context,
)
from .._utils.types import FloatArray, IntArray, RandomState
from .som import MapSettings, default_n_iter, initial_codes, neighbour_matrix, train_map


class SOMQuantizer(
    EstimatorMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator
):
    """Reduce vectors to a codebook with a self-organizing map (SOM) [1]_.

    The codewords of a SOM are the neurons of a grid, and neighbours on the grid have similar codewords.
    In the paper of Richart, Visca and Baliosian [2]_ it reduces the chroma (u*, v*) of the pixels
    of photographs to a few codewords.

    The map is trained by MiniSom in two phases on standardized features: the first orders it
    with a wide neighbourhood, the second fine-tunes the codewords with a learning rate that falls to
    zero and a neighbourhood that narrows as long as the map stays ordered. All distances are in
    standardized units.

    Parameters
    ----------
    map_shape : tuple (int, int), default=(3, 3)
        Rows and columns of the map; their product is the number of codewords.
    topology : {"rectangular", "hexagonal"}, default="rectangular"
        Arrangement of the neurons: 8 or 6 neighbours.
    n_iter : int or "auto", default="auto"
        Number of updates of the map in both phases together; one update uses one row. "auto"
        is 120,000, or 550 for each codeword if that is more, and at most 100 for each training row.
    sigma : float or pair of float, default=None
        Radius of the neighbourhood at the start of the first phase, in neurons; it falls to 1,
        and in the second phase further, as long as the map stays ordered. None means half the longer
        side of the map, and at least 1. A pair (first, last) makes it fall to `last` in the first
        phase and stay there; (1, 1) gives maps as stiff as those of the paper.
    learning_rate : float, default=0.5
        Learning rate at the start of the first phase. The second one starts at `learning_rate`
        times the longer side of the map divided by 30, and never above `learning_rate`.
    max_samples : int, default=100_000
        The map is trained on at most this many rows, drawn at random.
    random_state : int, RandomState instance or None, default=None
        Order of the rows. Pass an int for the same map on every call.
    verbose : int, default=0
        Show a progress bar if positive.

    Attributes
    ----------
    codebook_ : ndarray of shape (n_codes, n_features)
        The codewords in the units of `X`, in row-major order of the map.
    cluster_centers_ : ndarray of shape (n_codes, n_features)
        The same array.
    labels_ : ndarray of shape (n_samples,), int
        Code of each row of the training data.
    quantization_error_ : float
        Mean distance of all rows to their codewords, in standardized units.
    topographic_error_ : float
        Share of the rows whose two nearest codewords are not neighbours on the map.
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of the features; a standard deviation of zero is replaced by 1.
    n_iter_ : int
        Number of updates in `fit`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,), object
        Names of the features if `X` has them.

    See Also
    --------
    sklearn.cluster.KMeans : Vector quantization without a map.
    SOMColorizer : Colour photographs with such a codebook.

    Notes
    -----
    A neuron without any row is moved to the row that is farthest from its own codeword, as KMeans does
    with empty clusters.

    There is no `sample_weight`: an update moves neurons towards one row by a learning rate that is the same
    for all. To weight rows, repeat them or draw them in proportion to their weights.

    References
    ----------
    .. [1] T. Kohonen, "Self-organized formation of topologically correct feature maps",
       Biological Cybernetics 43(1), 1982.
    .. [2] M. Richart, J. Visca, J. Baliosian, "Image Colorization with Neural Networks", 2017,
       section II-B.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor import SOMQuantizer
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> quantizer = SOMQuantizer(map_shape=(2, 2), random_state=0).fit(X)
    >>> quantizer.codebook_.shape
    (4, 2)
    >>> np.unique(quantizer.predict(X))
    array([0, 1, 2, 3])
    """

    _parameter_constraints = {
        "map_shape": [tuple, list],
        "topology": [StrOptions({"rectangular", "hexagonal"})],
        "n_iter": [Interval(numbers.Integral, 2, None, closed="left"), StrOptions({"auto"})],
        "sigma": [Interval(numbers.Real, 0, None, closed="neither"), tuple, list, None],
        "learning_rate": [Interval(numbers.Real, 0, 1, closed="right")],
        "max_samples": [Interval(numbers.Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    map_shape: tuple[int, int]
    topology: str
    n_iter: int | str
    sigma: float | tuple[float, float] | None
    learning_rate: float
    max_samples: int
    random_state: RandomState
    verbose: int
    codebook_: FloatArray
    labels_: IntArray
    quantization_error_: float
    topographic_error_: float
    mean_: FloatArray
    scale_: FloatArray
    n_iter_: int
    n_features_in_: int
    # benchmarks use others
    map_settings = MapSettings()

    def __init__(
        self,
        map_shape: tuple[int, int] = (3, 3),
        *,
        topology: str = "rectangular",
        n_iter: int | str = "auto",
        sigma: float | tuple[float, float] | None = None,
        learning_rate: float = 0.5,
        max_samples: int = 100_000,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.map_shape = map_shape
        self.topology = topology
        self.n_iter = n_iter
        self.sigma = sigma
        self.learning_rate = learning_rate
        self.max_samples = max_samples
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "SOMQuantizer":
        """Train the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least as many rows as the map has neurons.
        y : None
            Ignored.

        Returns
        -------
        self : SOMQuantizer
            The estimator itself.

        Raises
        ------
        ValueError
            If there are fewer rows than neurons, or a parameter is not valid.
        """
        n_codes = self._check_map_shape()
        self._check_sigma()
        data: FloatArray = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=1)
        if len(data) < n_codes:
            raise ValueError(
                f"n_samples={len(data)} should be >= {n_codes}, the number of neurons of "
                f"map_shape={tuple(self.map_shape)}. Use a smaller map or more rows."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean_ = data.mean(axis=0, dtype=np.float64)
            scale = data.std(axis=0, dtype=np.float64)
        if not np.isfinite(scale).all():
            raise ValueError(
                f"X has values up to {np.abs(data).max():.3g}; their squares are too large for a standard "
                "deviation. Divide X by a constant."
            )
        # A deviation within the rounding error of the mean is that of a constant feature.
        constant = scale <= 10 * np.finfo(data.dtype).eps * np.abs(self.mean_)
        self.scale_ = np.where(constant, 1.0, scale)

        codes = self._relocate_dead(self._train(data), data)
        self.codebook_ = codes * self.scale_ + self.mean_
        distances, labels = self._nearest(data, 2)
        self.labels_ = labels[:, 0]
        self.quantization_error_ = float(distances[:, 0].mean())
        self.topographic_error_ = 0.0
        if n_codes > 1:
            neighbours = neighbour_matrix(self._make_minisom(data.shape[1]))
            self.topographic_error_ = 1 - float(neighbours[labels[:, 0], labels[:, 1]].mean())
        self._n_features_out = n_codes
        return self

    @property
    def cluster_centers_(self) -> FloatArray:
        return self.codebook_

    def predict(self, X: ArrayLike) -> IntArray:
        """Nearest codeword of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of the training data.

        Returns
        -------
        labels : ndarray of shape (n_samples,), int
            Indices of rows of `codebook_`.
        """
        check_is_fitted(self)
        return self._nearest(self._validate(X), 1)[1][:, 0]

    def transform(self, X: ArrayLike) -> FloatArray:
        """Distance of each row to each codeword, in standardized units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of the training data.

        Returns
        -------
        distances : ndarray of shape (n_samples, n_codes)
            Euclidean.
        """
        check_is_fitted(self)
        return cdist(self._standardize(self._validate(X)), self._standardize(self.codebook_))

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Codewords that belong to labels, or to distances.

        Parameters
        ----------
        X : array-like
            Integers of any shape are labels; floats of shape (n_samples, n_codes) are distances,
            as returned by `transform`, and the nearest codeword is taken.

        Returns
        -------
        codes : ndarray of the shape of the labels, with n_features as a last axis
            In the units of the training data.

        Raises
        ------
        ValueError
            If `X` is neither labels nor distances of this codebook.
        """
        check_is_fitted(self)
        labels = np.asarray(X)
        n_codes = len(self.codebook_)
        if labels.dtype.kind == "f":
            labels = check_array(labels)
            if labels.shape[1] != n_codes:
                raise ValueError(
                    f"Distances have shape (n_samples, {n_codes}), one column for each codeword; got "
                    f"{labels.shape}. Labels are integers."
                )
            labels = labels.argmin(axis=1)
        elif labels.dtype.kind not in "iu":
            raise ValueError(f"Labels are integers and distances are floats; got dtype {labels.dtype}.")
        elif labels.size and not (labels.min() >= 0 and labels.max() < n_codes):
            raise ValueError(
                f"Labels lie between 0 and {n_codes - 1}; got values from {labels.min()} to {labels.max()}."
            )
        return self.codebook_[labels]

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Negative mean distance of the rows to their codewords, in standardized units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the units of the training data.
        y : None
            Ignored.

        Returns
        -------
        score : float
            0 is best.
        """
        check_is_fitted(self)
        return -float(self._nearest(self._validate(X), 1)[0].mean())

    def to_minisom(self) -> MiniSom:
        """The trained map as a MiniSom, for its plots and measures.

        Returns
        -------
        som : MiniSom
            Its weights are in standardized units: pass it `(X - mean_) / scale_`.
        """
        check_is_fitted(self)
        som = self._make_minisom(self.n_features_in_)
        som.get_weights()[...] = self._standardize(self.codebook_).reshape(*self.map_shape, -1)
        return som

    def _make_minisom(self, n_features):
        # Its own radius and initial weights are not used, but it warns of a radius that is too wide.
        return MiniSom(*self.map_shape, n_features, sigma=0.5, topology=self.topology, random_seed=0)

    def _check_map_shape(self):
        shape = self.map_shape
        if len(shape) != 2 or not all(isinstance(n, numbers.Integral) and n >= 1 for n in shape):
            raise ValueError(f"map_shape must be a pair of positive integers (rows, columns); got {shape!r}.")
        return int(shape[0] * shape[1])

    def _check_sigma(self):
        sigma = self.sigma
        radii = sigma if isinstance(sigma, (tuple, list)) else (sigma, sigma)
        is_valid = len(radii) == 2 and all(
            isinstance(radius, numbers.Real) and 0 < radius < np.inf for radius in radii
        )
        if sigma is not None and not is_valid:
            raise ValueError(
                f"sigma must be a positive, finite number or a pair of them (first, last); got {sigma!r}."
            )

    def _validate(self, X):
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _standardize(self, X):
        return (X - self.mean_) / self.scale_

    def _nearest(self, X, k):
        """Distances and labels of the k nearest codewords, with the ties and the order of `transform`."""
        rows, codes = self._standardize(X), self._standardize(self.codebook_)
        k = min(k, len(codes))
        looked_at = min(k + 1, len(codes))
        distances, labels = cKDTree(codes).query(rows, k=range(1, looked_at + 1))
        # The tree breaks ties arbitrarily, and rounds differently from cdist.
        gap = np.diff(distances, axis=1)
        tied = np.flatnonzero((gap <= 1e-9 * (1 + distances[:, 1:])).any(axis=1))
        for part in np.array_split(tied, len(tied) // 10_000 + 1):
            exact = cdist(rows[part], codes)
            labels[part, :k] = exact.argsort(axis=1, kind="stable")[:, :k]
            distances[part, :k] = np.take_along_axis(exact, labels[part, :k], axis=1)
        return distances[:, :k], labels[:, :k]

    def _train(self, X):
        """Codewords in standardized units, trained on at most max_samples rows."""
        random_state = check_random_state(self.random_state)
        if len(X) > self.max_samples:
            X = X[random_state.choice(len(X), self.max_samples, replace=False)]
        rows = self._standardize(X).astype(np.float64)
        default = default_n_iter(self.map_shape, len(rows), self.map_settings)
        self.n_iter_ = default if self.n_iter == "auto" else self.n_iter
        som = self._make_minisom(rows.shape[1])
        som.get_weights()[...] = initial_codes(rows, self.map_shape)
        train_map(
            som,
            rows,
            self.n_iter_,
            self.sigma,
            self.learning_rate,
            self.map_settings,
            random_state,
            self.verbose,
        )
        return som.get_weights().reshape(-1, rows.shape[1])

    def _relocate_dead(self, codes, X):
        """Move codewords without rows to the rows farthest from their own, a third of them at a time."""
        rows = self._standardize(X)
        for _ in range(len(codes)):
            distances, labels = cKDTree(codes).query(rows)
            dead = np.setdiff1d(np.arange(len(codes)), labels)
            # a few at a time, so that they do not all move to the same part of the rows
            n_moved = min(-(-len(dead) // 3), np.count_nonzero(distances))
            if n_moved == 0:
                break
            farthest = np.argsort(-distances, kind="stable")[:n_moved]
            codes[dead[:n_moved]] = rows[np.sort(farthest)]
        return codes


def nearest_codewords(quantizer, chroma):
    """Codeword of each chroma of an array of shape (..., 2), for any fitted clusterer."""
    # KMeans requires the dtype that it was fitted with
    rows = chroma.reshape(-1, 2).astype(quantizer.cluster_centers_.dtype, copy=False)
    return quantizer.predict(rows).reshape(chroma.shape[:-1])
