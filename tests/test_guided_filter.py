import numpy as np
import pytest
from numpy.testing import assert_allclose

from nncolor._images.blocks import Block
from nncolor._images.color import image_lightness, lightness_chroma
from nncolor._painting.guided_filter import EnlargedPlanes, guided_filter, sampling_step, support
from nncolor._painting.settings import PaintingSettings


def coefficients_by_the_book(guide, plane, radius):
    """Mean slope and intercept of He, Sun and Tang (2010), window by window, edges repeated."""
    height, width = guide.shape
    padded_guide, padded = (np.pad(x.astype(float), 2 * radius, mode="edge") for x in (guide, plane))
    size = 2 * radius + 1

    def window(x, row, column):
        return x[row : row + size, column : column + size]

    coefficients = np.empty((2, height, width))
    for row in range(height):
        for column in range(width):
            at = row + radius, column + radius
            near_guide, near = window(padded_guide, *at), window(padded, *at)
            slope = ((near_guide * near).mean() - near_guide.mean() * near.mean()) / (
                near_guide.var() + 0.04**2
            )
            coefficients[:, row, column] = slope, near.mean() - slope * near_guide.mean()
    means = np.array([np.pad(x, radius, mode="edge") for x in coefficients])
    return np.array(
        [
            [means[:, row : row + size, column : column + size].mean(axis=(1, 2)) for column in range(width)]
            for row in range(height)
        ]
    )


def guided_filter_by_the_book(guide, plane, radius):
    """Equations 5 to 8 of He, Sun and Tang (2010)."""
    slope, intercept = np.moveaxis(coefficients_by_the_book(guide, plane, radius), -1, 0)
    return slope * guide + intercept


@pytest.fixture
def scene():
    """A noisy plane and a guide with an edge in the middle."""
    rng = np.random.default_rng(0)
    guide = np.full((24, 30), 0.2, np.float32)
    guide[:, 15:] = 0.8
    guide += rng.normal(0, 0.005, guide.shape).astype(np.float32)
    values = np.where(guide > 0.5, 40, -40).astype(np.float32)
    return guide, values + rng.normal(0, 10, guide.shape).astype(np.float32)


def test_it_is_the_filter_of_the_paper(scene):
    guide, plane = scene
    assert_allclose(
        guided_filter(guide, plane[None], 3)[0], guided_filter_by_the_book(guide, plane, 3), atol=1e-3
    )


def test_it_smooths_flat_regions_and_keeps_edges(scene):
    guide, plane = scene
    smooth = guided_filter(guide, plane[None], 4)[0]
    assert smooth[:, :12].std() < 0.4 * plane[:, :12].std()
    assert smooth[:, 15].mean() - smooth[:, 14].mean() > 70


def test_planes_are_smoothed_one_by_one(scene):
    guide, plane = scene
    both = guided_filter(guide, np.array([plane, -2 * plane]), 2)
    assert_allclose(both[1], -2 * both[0], atol=1e-3)


def test_a_constant_stays(scene):
    guide, _ = scene
    assert_allclose(guided_filter(guide, np.full((1, 24, 30), 7, np.float32), 5), 7, atol=1e-4)


@pytest.mark.parametrize(("radius", "step"), [(8, 2), (12, 3), (7, 2), (5, 5)])
@pytest.mark.parametrize("shape", [(24, 30), (23, 29), (1, 30), (22, 3)], ids=str)
def test_with_a_step_it_is_the_fast_guided_filter(scene, radius, step, shape):
    guide = scene[0][: shape[0], : shape[1]]
    values = scene[1][: shape[0] : step, : shape[1] : step]
    small = coefficients_by_the_book(guide[::step, ::step], values, round(radius / step))
    rows, columns = (np.arange(n) for n in shape)
    known_rows, known_columns = rows[::step], columns[::step]
    expected = np.empty((2, *shape))
    for plane, out in zip(np.moveaxis(small, -1, 0), expected, strict=True):
        down = np.array([np.interp(rows, known_rows, column) for column in plane.T]).T
        out[:] = [np.interp(columns, known_columns, row) for row in down]
    smooth = guided_filter(guide, values[None], radius, step)[0]
    assert_allclose(smooth, expected[0] * guide + expected[1], atol=1e-3)


def test_sampling_changes_little_where_the_radius_is_large(photos):
    guide = image_lightness(photos[1]) / 100
    values = lightness_chroma(photos[1])[1][..., 1]
    values = values + np.random.default_rng(0).normal(0, 10, values.shape).astype(np.float32)
    for radius in (8, 12):
        step = sampling_step(radius)
        assert step > 1
        fast = guided_filter(guide, values[None, ::step, ::step], radius, step)[0]
        exact = guided_filter(guide, values[None], radius)[0]
        assert np.abs(fast - exact).mean() < 0.2 * np.abs(exact - values).mean()


@pytest.mark.parametrize(("radius", "step"), [(3, 1), (8, 2), (13, 3)])
def test_nothing_matters_beyond_the_support(radius, step):
    rng = np.random.default_rng(0)
    guide, values = rng.random((2, 6, 120)).astype(np.float32)
    values = values[::step, ::step]
    changed = values.copy()
    changed[:, 60 // step] += 100
    one, two = (guided_filter(guide, plane[None], radius, step)[0] for plane in (values, changed))
    touched = np.flatnonzero((np.abs(one - two) > 1e-3).any(axis=0))
    at = 60 // step * step
    assert at - support(radius, step) <= touched.min() < at < touched.max() <= at + support(radius, step)


def test_support_is_twice_the_radius(scene):
    guide, plane = scene
    changed = plane.copy()
    changed[:, 25] += 1000
    one, two = (guided_filter(guide, values[None], 3)[0] for values in (plane, changed))
    assert_allclose(one[:, :19], two[:, :19], atol=1e-3)
    assert np.abs(one[:, 19:25] - two[:, 19:25]).max() > 1


def interpolated(plane, rows, columns):
    """Linear interpolation at positions of a plane, which is constant beyond its border."""
    down = np.array([np.interp(rows, np.arange(len(plane)), column) for column in plane.T]).T
    return np.array([np.interp(columns, np.arange(plane.shape[1]), row) for row in down])


@pytest.mark.parametrize(("radius", "step"), [(0, 1), (0, 2), (2, 1), (8, 2), (7, 3), (1, 3)])
def test_enlarged_planes_by_hand(scene, radius, step):
    guide, shape = scene[0], (60, 90)
    values = np.array([scene[1], scene[1][::-1]])[:, ::step, ::step]
    lightness = 100 * np.random.default_rng(1).random(shape, np.float32)
    # centres of the pixels of the large image among the samples of the small one
    rows = ((np.arange(60) + 0.5) * 24 / 60 - 0.5) / step
    columns = ((np.arange(90) + 0.5) * 30 / 90 - 0.5) / step
    planes = EnlargedPlanes(guide, values, radius, step, shape, PaintingSettings.epsilon)
    block = Block(range(7, 50), range(30, 90))
    found = planes.block(block, lightness[block.index])
    for enlarged, plane in zip(found, values, strict=True):
        if radius:
            small = coefficients_by_the_book(guide[::step, ::step], plane, max(1, round(radius / step)))
            slope, intercept = (interpolated(part, rows, columns) for part in np.moveaxis(small, -1, 0))
            expected = slope * lightness / 100 + intercept
        else:
            expected = interpolated(plane, rows, columns)
        assert_allclose(enlarged, expected[block.index], atol=2e-3)
