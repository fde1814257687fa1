"""Uniform borders and mounts around photographs."""

from dataclasses import dataclass

import numpy as np

from .color import image_lightness, to_gray


@dataclass(frozen=True)
class BorderSettings:
    """Settings of the search for borders.

    Attributes
    ----------
    uniform : float
        The 10 % and 90 % quantiles of a line of a border differ by at most this, and so do the medians of
        lines, in L*.
    step, share_of_four, share_of_three, share_of_two : float
        A border ends in a step of at least this, in L*, along a share of the line: on the mean of four sides,
        or of three if a sky hides the fourth, or on each of two opposite ones; then it is no sky itself.
    shallowest, deepest : float
        Depths of a border, as a share of the side.
    smallest_side : int
        A smaller photograph has no border.
    n_lines : int
        So many lines of a larger image are looked at.
    """

    uniform: float = 6.0
    step: float = 5.0
    share_of_four: float = 0.4
    share_of_three: float = 0.5
    share_of_two: float = 0.7
    shallowest: float = 0.01
    deepest: float = 0.25
    smallest_side: int = 64
    n_lines: int = 400


SETTINGS = BorderSettings()


def without_border(image, settings=SETTINGS):
    """Part of an image inside of a uniform border, such as a mount.

    A border lies on all four sides, or on two opposite ones, is of one tone, and ends in a straight step,
    which a sky of its tone may hide on one side.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3 or 4)
        A valid image.
    settings : BorderSettings

    Returns
    -------
    part : tuple of slice
        Rows and columns; all of them if there is no border.
    """
    height, width = image.shape[:2]
    if min(height, width) < settings.smallest_side:
        return slice(0, height), slice(0, width)
    every = max(1, min(height, width) // settings.n_lines)
    image = image[::every, ::every]
    # most images have no two opposite sides of one tone, and need no more than their outermost lines
    is_uniform = [_is_uniform(line, settings) for line in (image[0], image[-1], image[:, 0], image[:, -1])]
    if not (is_uniform[0] and is_uniform[1] or is_uniform[2] and is_uniform[3]):
        return slice(0, height), slice(0, width)
    lightness = image_lightness(np.ascontiguousarray(image))
    sides = [
        _depth(lines, settings) for lines in (lightness, lightness[::-1], lightness.T, lightness.T[::-1])
    ]
    depths, runs, tones, shares = (np.array(values) for values in zip(*sides, strict=True))
    is_one_tone = np.ptp(tones) < 2 * settings.uniform
    found = np.zeros(4, int)
    if depths.all() and is_one_tone and shares.mean() > settings.share_of_four:
        found = depths
    elif (depths > 0).sum() == 3 and is_one_tone and shares[depths > 0].mean() > settings.share_of_three:
        # a sky of the tone of the mount hides its end, which is as deep as on the other side
        hidden = int(depths.argmin())
        opposite = depths[hidden ^ 1]
        if runs[hidden] >= opposite - 1:
            found = np.where(np.arange(4) == hidden, opposite, depths)
    else:
        for pair in (slice(0, 2), slice(2, 4)):
            is_alike = np.ptp(tones[pair]) < 2 * settings.uniform
            if depths[pair].all() and is_alike and shares[pair].min() > settings.share_of_two:
                found[pair] = depths[pair]
    top, bottom, left, right = (found * every).tolist()
    return slice(top, height - bottom), slice(left, width - right)


def scaled_part(part, shape, new_shape):
    """The same part of the image at another size."""
    return tuple(
        slice(round(inner.start * new / old), round(inner.stop * new / old))
        for inner, old, new in zip(part, shape, new_shape, strict=False)
    )


def with_border(image, part, inner):
    """Colour image of an image whose part inside of a border has been coloured; the border stays grey.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3 or 4)
    part : tuple of slice
        As returned by `without_border`.
    inner : ndarray of shape (h, w, 3)

    Returns
    -------
    colored : ndarray of shape (H, W, 3)
        `inner` itself if there is no border.
    """
    if inner.shape[:2] == image.shape[:2]:
        return inner
    colored = np.repeat(to_gray(image)[..., None], 3, axis=-1)
    colored[part] = inner
    return colored


def _is_uniform(line, settings):
    margin = len(line) // 20
    lightness = image_lightness(line[None, margin : len(line) - margin])
    low, high = np.quantile(lightness, (0.1, 0.9))
    return high - low < settings.uniform


def _depth(lines, settings):
    """Depth of a border at the first lines, or 0; number of uniform lines, their tone, share of a step."""
    most, margin = int(settings.deepest * len(lines)), lines.shape[1] // 20
    inner = lines[: most + 4, margin : lines.shape[1] - margin]
    low, median, high = np.quantile(inner, (0.1, 0.5, 0.9), axis=1)
    is_uniform = (high - low < settings.uniform) & (np.abs(median - median[0]) < settings.uniform)
    run = len(inner) if is_uniform.all() else int(is_uniform.argmin())
    if not max(2, settings.shallowest * len(lines)) <= run <= most:
        return 0, run, median[0], 0.0
    # the edge of a border is blurred: compare two lines on, and leave one more out
    after = inner[min(run + 2, len(inner) - 1)]
    return run + 1, run, median[0], (np.abs(after - median[0]) > settings.step).mean()
