import numpy as np
import pytest
from minisom import MiniSom
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from nncolor import SOMQuantizer, sample_pixels
from nncolor._codebook.som import MapSettings, default_n_iter, initial_codes, neuron_positions
from nncolor.datasets import load_sample_photos


@pytest.fixture(scope="module")
def chroma():
    """Chroma of 100,000 pixels of a photograph."""
    return sample_pixels(
        load_sample_photos().images[:1], pixels_per_image=100_000, random_state=0, working_size=None
    ).chroma


@pytest.fixture(scope="module")
def quantizer(chroma):
    return SOMQuantizer(map_shape=(3, 4), n_iter=5000, random_state=0).fit(chroma)


def standardize(quantizer, X):
    return (X - quantizer.mean_) / quantizer.scale_


@pytest.mark.parametrize("side", [3, 5, 10])
def test_error_is_close_to_that_of_kmeans(chroma, side):
    quantizer = SOMQuantizer(map_shape=(side, side), random_state=0).fit(chroma)
    standardized = standardize(quantizer, chroma)
    kmeans = KMeans(side**2, n_init=1, random_state=0).fit(standardized)
    limit = np.linalg.norm(standardized - kmeans.cluster_centers_[kmeans.labels_], axis=1).mean()
    assert quantizer.quantization_error_ <= 1.02 * limit
    assert quantizer.topographic_error_ < 0.1


def test_measures_are_those_of_minisom(chroma, quantizer):
    som, rows = quantizer.to_minisom(), standardize(quantizer, chroma)
    assert_allclose(quantizer.quantization_error_, som.quantization_error(rows), rtol=1e-6)
    assert_allclose(quantizer.topographic_error_, som.topographic_error(rows), atol=1e-12)
    winner = som.winner(rows[7])
    assert winner[0] * 4 + winner[1] == quantizer.labels_[7]


@pytest.mark.parametrize("map_shape", [(3, 3), (1, 4), (2, 5)])
def test_hexagonal_map_and_its_topographic_error(chroma, map_shape):
    rows = chroma[:2000]
    quantizer = SOMQuantizer(map_shape, topology="hexagonal", n_iter=2000, random_state=0).fit(rows)
    n_rows, n_columns = map_shape
    som = quantizer.to_minisom()
    # MiniSom shifts every second column by half; regular hexagons are sqrt(3) / 2 apart across
    places = np.array(
        [
            (som.convert_map_to_euclidean((row, column))[0], column * np.sqrt(3) / 2)
            for row in range(n_rows)
            for column in range(n_columns)
        ]
    )
    first, second = quantizer.transform(rows).argsort(axis=1)[:, :2].T
    # neighbours on a hexagonal map are one apart, whatever the direction
    apart = ~np.isclose(np.linalg.norm(places[first] - places[second], axis=1), 1)
    assert_allclose(quantizer.topographic_error_, apart.mean(), atol=1e-12)


def test_standardization(chroma, quantizer):
    assert_allclose(quantizer.mean_, chroma.astype(float).mean(axis=0), rtol=1e-6)
    assert_allclose(quantizer.scale_, chroma.astype(float).std(axis=0), rtol=1e-6)


def test_predict_and_transform_agree(chroma, quantizer):
    distances = quantizer.transform(chroma)
    assert_allclose(
        distances,
        cdist(standardize(quantizer, chroma), standardize(quantizer, quantizer.codebook_)),
        rtol=1e-9,
    )
    assert_array_equal(quantizer.predict(chroma), distances.argmin(axis=1))
    assert_array_equal(quantizer.labels_, quantizer.predict(chroma))
    assert_allclose(quantizer.score(chroma), -distances.min(axis=1).mean())
    assert_allclose(quantizer.score(chroma), -quantizer.quantization_error_)


def test_ties_go_to_the_first_code():
    # integers on a grid: many rows lie half way between codes
    grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    quantizer = SOMQuantizer((3, 3), random_state=0).fit(grid)
    quantizer.codebook_ = grid[[0, 4, 8, 36, 40, 44, 72, 76, 80]]
    assert_array_equal(quantizer.predict(grid), quantizer.transform(grid).argmin(axis=1))
    quantizer.codebook_[3] = quantizer.codebook_[5]
    assert_array_equal(quantizer.predict(grid), quantizer.transform(grid).argmin(axis=1))


def test_inverse_transform(chroma, quantizer):
    codes = quantizer.codebook_
    labels = np.array([[0, 3, 11], [5, 5, 1]])
    assert_array_equal(quantizer.inverse_transform(labels), codes[labels])
    assert_array_equal(
        quantizer.inverse_transform(quantizer.transform(chroma[:99])), codes[quantizer.predict(chroma[:99])]
    )
    assert quantizer.cluster_centers_ is codes


@pytest.mark.parametrize(
    ("X", "match"),
    [
        (np.array([0, 12]), "between 0 and 11; got values from 0 to 12"),
        (np.array([-1]), "between 0 and 11"),
        (np.zeros((3, 5)), r"shape \(n_samples, 12\)"),
        (np.array(["a"]), "integers"),
    ],
)
def test_bad_labels(quantizer, X, match):
    with pytest.raises(ValueError, match=match):
        quantizer.inverse_transform(X)


def test_neighbours_on_the_map_are_neighbours_in_colour(chroma):
    quantizer = SOMQuantizer((5, 5), random_state=0).fit(chroma[::5])
    codes = standardize(quantizer, quantizer.codebook_).reshape(5, 5, 2)
    neighbours = np.linalg.norm(np.diff(codes, axis=0), axis=-1).mean()
    anywhere = cdist(codes.reshape(-1, 2), codes.reshape(-1, 2)).mean()
    assert neighbours < 0.6 * anywhere


def test_a_row_more_or_less_does_not_turn_the_map(chroma):
    # standardized features of two columns have axes whose components are as large but for rounding
    codebooks = [
        SOMQuantizer(n_iter=3000, random_state=0).fit(chroma[: 3000 - n]).codebook_ for n in range(6)
    ]
    corners = np.array(codebooks)[:, [0, 2, 6, 8]]
    assert np.linalg.norm(corners - corners[0], axis=-1).max() < 0.3 * np.ptp(chroma[:3000], axis=0).max()


def test_no_label_is_unused():
    # two tight clusters and one far row: neurons between them are nearest to nothing
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, 0.01, (50, 2)), rng.normal(10, 0.01, (50, 2)), [[5, -9]]])
    quantizer = SOMQuantizer((4, 4), random_state=0).fit(rows)
    assert_array_equal(np.unique(quantizer.labels_), np.arange(16))


def test_fewer_distinct_rows_than_codes():
    rows = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 10, axis=0)
    quantizer = SOMQuantizer((2, 2), random_state=0).fit(rows)
    assert quantizer.quantization_error_ < 0.1
    assert len(np.unique(quantizer.labels_)) == 3


@pytest.mark.parametrize("value", [0.0, 7.3, 1e6])
def test_constant_features_count_with_deviation_one(value):
    rows = np.column_stack(
        [np.full(100, value, np.float32), np.random.default_rng(0).random(100, np.float32)]
    )
    quantizer = SOMQuantizer((2, 2), random_state=0).fit(rows)
    assert quantizer.scale_[0] == 1
    assert_allclose(quantizer.codebook_[:, 0], value, rtol=1e-6)


@pytest.mark.parametrize(("map_shape", "n_features"), [((1, 1), 2), ((1, 7), 2), ((4, 1), 3), ((2, 2), 1)])
def test_other_shapes(map_shape, n_features):
    X = np.random.default_rng(0).normal(size=(200, n_features))
    quantizer = SOMQuantizer(map_shape, random_state=0).fit(X)
    n_codes = map_shape[0] * map_shape[1]
    assert quantizer.codebook_.shape == (n_codes, n_features)
    assert_array_equal(np.unique(quantizer.labels_), np.arange(n_codes))
    if map_shape == (1, 1):
        assert quantizer.topographic_error_ == 0.0
        assert_allclose(quantizer.codebook_[0], X.mean(axis=0), atol=0.02)


@pytest.mark.parametrize("slope", [1.0, -0.5])
def test_the_first_codeword_lies_where_the_first_feature_is_small(slope):
    x = np.linspace(-3, 4, 200)
    rows = np.stack([x, slope * x], axis=1)
    codebook = SOMQuantizer((1, 5), n_iter=500, random_state=0).fit(rows).codebook_
    assert (np.diff(codebook[:, 0]) > 0).all()
    assert (np.sign(np.diff(codebook[:, 1])) == np.sign(slope)).all()


def test_positions_of_neurons_by_hand():
    rectangular = neuron_positions(MiniSom(2, 3, 1, sigma=0.5))
    assert_allclose(rectangular, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
    hexagonal = neuron_positions(MiniSom(3, 3, 1, sigma=0.5, topology="hexagonal")).reshape(3, 3, 2)
    # each at a distance of 1 from its neighbours in the same row and in the next
    for one, other in ((hexagonal[0], hexagonal[1]), (hexagonal[:, 0], hexagonal[:, 1])):
        assert_allclose(np.linalg.norm(one - other, axis=1), 1)
    assert neuron_positions(MiniSom(3, 1, 1, sigma=0.5, topology="hexagonal")).shape == (3, 2)


@pytest.mark.parametrize(("n_errors", "is_constant"), [(9, True), (12, False)])
def test_a_deviation_within_ten_rounding_errors_of_the_mean_is_none(n_errors, is_constant):
    deviation = n_errors * np.finfo(np.float64).eps
    rows = np.array([(0, 1 - deviation), (1, 1 + deviation)] * 20)
    scale = SOMQuantizer((1, 2), n_iter=10, random_state=0).fit(rows).scale_
    assert_allclose(scale, [0.5, 1 if is_constant else deviation], rtol=0.1)


def test_at_most_100_000_samples_are_used_unless_it_says_otherwise(chroma):
    rows = np.resize(chroma, (120_000, 2))
    used, same, other = (
        SOMQuantizer(n_iter=2000, random_state=0, **params).fit(rows).codebook_
        for params in ({}, {"max_samples": 100_000}, {"max_samples": 120_000})
    )
    assert used.tobytes() == same.tobytes()
    assert used.tobytes() != other.tobytes()


def test_random_state(chroma):
    rows = chroma[::20]
    one, same, other = (
        SOMQuantizer(n_iter=2000, max_samples=3000, random_state=seed).fit(rows).codebook_
        for seed in (0, 0, 1)
    )
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_rows_in_the_order_of_images_are_no_worse(chroma):
    rows = chroma[np.argsort(chroma[:, 0])][::10]
    ordered = SOMQuantizer(random_state=0, n_iter=8000).fit(rows)
    assert ordered.quantization_error_ < 1.1 * SOMQuantizer(random_state=0).fit(rows).quantization_error_


def test_n_iter_counts_updates():
    X = np.random.default_rng(0).normal(size=(300, 2))
    assert SOMQuantizer(n_iter=1234, random_state=0).fit(X).n_iter_ == 1234
    assert SOMQuantizer(random_state=0).fit(X).n_iter_ == 30_000
    many = np.random.default_rng(0).normal(size=(20_000, 1))
    assert SOMQuantizer((2, 1), random_state=0).fit(many).n_iter_ == 120_000


def test_sigma_and_learning_rate_matter():
    X = np.random.default_rng(0).normal(size=(300, 2))
    default, wide, slow = (
        SOMQuantizer(n_iter=500, random_state=0, **params).fit(X).codebook_
        for params in ({}, {"sigma": 4.0}, {"learning_rate": 0.1})
    )
    assert not np.allclose(default, wide)
    assert not np.allclose(default, slow)


def test_a_wide_last_radius_makes_a_stiff_map(chroma):
    loose = SOMQuantizer((5, 5), n_iter=20_000, random_state=0).fit(chroma[::5])
    stiff = SOMQuantizer((5, 5), n_iter=20_000, sigma=(2.5, 1.0), random_state=0).fit(chroma[::5])
    assert stiff.quantization_error_ > 1.1 * loose.quantization_error_
    assert stiff.topographic_error_ < 0.02


@pytest.mark.parametrize("sigma", [(1,), (1, 2, 3), (1, 0), (1, "a"), -1, 0])
def test_bad_sigmas(sigma):
    with pytest.raises(ValueError, match="sigma"):
        SOMQuantizer(sigma=sigma).fit(np.zeros((10, 2)))


@pytest.mark.parametrize("map_shape", [(0, 3), (3,), (3, 3, 3), (2.5, 2), "33", 9])
def test_bad_map_shapes(map_shape):
    with pytest.raises(ValueError, match="map_shape"):
        SOMQuantizer(map_shape).fit(np.zeros((10, 2)))


def test_fewer_rows_than_codes():
    with pytest.raises(ValueError, match=r"n_samples=5 should be >= 9.*map_shape=\(3, 3\)"):
        SOMQuantizer().fit(np.zeros((5, 2)))


def test_feature_names_out(chroma, quantizer):
    assert list(quantizer.get_feature_names_out()[:2]) == ["somquantizer0", "somquantizer1"]


def test_fitted_state_is_plain(quantizer):
    plain = (np.ndarray, int, float, tuple, str, type(None))
    assert all(isinstance(value, plain) for value in vars(quantizer).values())


@pytest.mark.parametrize("scale", [1e160, 1e200])
def test_values_too_large_to_be_squared_are_named(scale):
    X = np.random.default_rng(0).random((50, 2)) * scale
    with pytest.raises(ValueError, match=r"X has values up to .*e\+.*Divide X by a constant"):
        SOMQuantizer(n_iter=100).fit(X)


@pytest.mark.parametrize("sigma", [np.inf, (np.inf, 1), (1, np.nan), (1, 2, 3), (0, 1), "wide"])
def test_an_invalid_sigma_is_named(sigma):
    X = np.random.default_rng(0).random((50, 2))
    with pytest.raises(ValueError, match="sigma"):
        SOMQuantizer(n_iter=100, sigma=sigma).fit(X)


# --- training, step by step


def neighbourhood(shape, winner, sigma):
    """Gaussian of the distance on a rectangular map."""
    rows, columns = np.indices(shape)
    row, column = np.unravel_index(winner, shape)
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2)).reshape(-1, 1)


def share_of_broken_rows(codes, rows, shape):
    """Share of the rows whose two nearest codes are not neighbours on the map."""
    first, second = cdist(rows, codes).argsort(axis=1)[:, :2].T
    steps = np.abs(np.subtract(np.unravel_index(first, shape), np.unravel_index(second, shape)))
    return (steps.max(axis=0) > 1).mean()


def trained(rows, shape, n_iter, sigma, learning_rate, random_state):
    """Codes after an ordering phase of a sixth of the updates, and a fine-tuning phase."""
    side, codes = max(shape), initial_codes(rows, shape).reshape(-1, rows.shape[1])
    first, last = sigma if isinstance(sigma, tuple) else (sigma or max(side / 2, 1), None)
    n_ordering = round(n_iter / 6)

    def update(row, sigma, rate):
        winner = np.linalg.norm(codes - row, axis=1).argmin()
        codes[:] += rate * neighbourhood(shape, winner, sigma) * (row - codes)

    order = random_state.permutation(len(rows))
    for step in range(n_ordering):
        share = step / n_ordering
        narrowest = last or min(first, 1)
        update(
            rows[order[step % len(rows)]],
            first ** (1 - share) * narrowest**share,
            learning_rate * (1 - share),
        )
    order = random_state.permutation(len(rows))
    stiffness, rate, n_updates = 0.5, learning_rate * min(side / 30, 1), n_iter - n_ordering
    for step in range(n_updates):
        share = step / n_updates
        if last is None and step % max(1, n_updates // 60) == 0:
            is_broken = share_of_broken_rows(codes, rows[order[:5000]], shape) > min(0.03 + side / 400, 0.07)
            stiffness = min(max(stiffness + (0.1 if is_broken else -0.1), 0), 1)
        narrowest = 0.2 ** (1 - stiffness) * 0.45**stiffness
        radius = last or 0.9 ** (1 - share) * narrowest**share
        update(rows[order[step % len(rows)]], radius, rate * (1 - share))
    return codes


@pytest.mark.parametrize(
    ("shape", "sigma", "learning_rate"),
    [((3, 4), None, 0.5), ((6, 2), 1.7, 0.3), ((4, 3), (2.0, 0.5), 0.5), ((20, 1), None, 0.9)],
)
def test_training_is_that_of_a_self_organizing_map(shape, sigma, learning_rate):
    rng = np.random.default_rng(0)
    # two clusters and a bridge: the map is not always ordered
    X = np.concatenate([rng.normal(0, 1, (150, 2)), rng.normal(4, 1, (150, 2)), rng.uniform(-2, 6, (40, 2))])
    quantizer = SOMQuantizer(shape, n_iter=900, sigma=sigma, learning_rate=learning_rate, random_state=3).fit(
        X
    )
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    codes = trained(rows, shape, 900, sigma, learning_rate, np.random.RandomState(3))
    # codes without rows are moved
    is_used = np.isin(np.arange(len(codes)), cdist(rows, codes).argmin(axis=1))
    assert is_used.mean() > 0.7
    assert_allclose(standardize(quantizer, quantizer.codebook_)[is_used], codes[is_used], atol=1e-8)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 4)])
def test_the_first_codes_lie_along_the_principal_axes(shape):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3)) * [3, 1, 0.2]
    rows -= rows.mean(axis=0)
    codes = initial_codes(rows, shape)
    _, deviations, axes = np.linalg.svd(rows / np.sqrt(len(rows)), full_matrices=False)
    is_tall = shape[0] >= shape[1]
    down, across = (0, 1) if is_tall else (1, 0)
    for axis, steps in ((down, np.diff(codes, axis=0)), (across, np.diff(codes, axis=1))):
        n = steps.shape[0 if axis == down else 1]
        if n:
            # from minus one standard deviation to one
            length = 2 * deviations[axis] / n
            assert_allclose(np.abs(steps @ axes[axis]), length, rtol=1e-6)
            assert_allclose(np.linalg.norm(steps, axis=-1), length, rtol=1e-6)
    assert_allclose(codes.mean(axis=(0, 1)), 0, atol=1e-9)


def test_the_first_codes_of_one_feature_are_quantiles():
    rows = np.random.default_rng(0).exponential(size=(301, 1))
    expected = np.quantile(rows, np.arange(1, 7) / 7).reshape(2, 3, 1)
    assert_allclose(initial_codes(rows, (2, 3)), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("shape", "n_rows", "expected"),
    [
        ((3, 3), 10**6, 120_000),
        ((15, 15), 10**6, 123_750),
        ((3, 3), 1000, 100_000),
        ((20, 20), 2000, 200_000),
    ],
)
def test_number_of_updates(shape, n_rows, expected):
    assert default_n_iter(shape, n_rows, MapSettings()) == expected


def test_as_many_rows_as_neurons():
    rows = np.array([[0, 0], [0, 1], [1, 0], [5, 5]], float)
    quantizer = SOMQuantizer((2, 2), n_iter=50, random_state=0).fit(rows)
    assert len(quantizer.codebook_) == 4
    with pytest.raises(ValueError, match="n_samples=3 should be >= 4"):
        SOMQuantizer((2, 2)).fit(rows[:3])
