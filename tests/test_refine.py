import numpy as np
import pytest
from numpy.testing import assert_allclose

from nncolor._refine import _EPSILON, guided_filter


def guided_filter_by_the_book(guide, plane, radius):
    """Equations 5 to 8 of He, Sun and Tang (2010), window by window, edges repeated."""
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
                near_guide.var() + _EPSILON
            )
            coefficients[:, row, column] = slope, near.mean() - slope * near_guide.mean()
    means = np.array([np.pad(x, radius, mode="edge") for x in coefficients])
    result = np.empty((height, width))
    for row in range(height):
        for column in range(width):
            slope, intercept = means[:, row : row + size, column : column + size].mean(axis=(1, 2))
            result[row, column] = slope * guide[row, column] + intercept
    return result


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


def test_reach_is_twice_the_radius(scene):
    guide, plane = scene
    changed = plane.copy()
    changed[:, 25] += 1000
    one, two = (guided_filter(guide, values[None], 3)[0] for values in (plane, changed))
    assert_allclose(one[:, :19], two[:, :19], atol=1e-3)
    assert np.abs(one[:, 19:25] - two[:, 19:25]).max() > 1
