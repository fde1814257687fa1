"""Uniform borders and mounts around photographs."""

import numpy as np

from .color import image_lightness, to_gray

# Lines of a border: their 10 % and 90 % quantiles differ by at most this, and so do their medians, in L*.
_UNIFORM = 6.0
# A border ends in a step of at least this along a share of the line: on the mean of four sides, or of three
# if a sky hides the fourth, or on each of two opposite ones; then it is no sky itself.
_STEP, _SHARE_OF_FOUR, _SHARE_OF_THREE, _SHARE_OF_TWO = 5.0, 0.4, 0.5, 0.7
# Largest and smallest depth of a border, as a share of the side; smallest side of a photograph.
_DEEPEST, _SHALLOWEST, _SMALLEST_SIDE = 0.25, 0.01, 64
# Lines of a large image of which one is looked at.
_LINES = 400


def without_border(image):
    """Part of an image inside of a uniform border, such as a mount.

    A border lies on all four sides, or on two opposite ones, is of one tone, and ends in a straight step,
    which a sky of its tone may hide on one side.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3 or 4)
        A valid image.

    Returns
    -------
    part : tuple of slice
        Rows and columns; all of them if there is no border.
    """
    height, width = image.shape[:2]
    if min(height, width) < _SMALLEST_SIDE:
        return slice(0, height), slice(0, width)
    every = max(1, min(height, width) // _LINES)
    image = image[::every, ::every]
    # most images have no two opposite sides of one tone, and need no more than their outermost lines
    is_uniform = [_is_uniform(line) for line in (image[0], image[-1], image[:, 0], image[:, -1])]
    if not (is_uniform[0] and is_uniform[1] or is_uniform[2] and is_uniform[3]):
        return slice(0, height), slice(0, width)
    lightness = image_lightness(np.ascontiguousarray(image))
    sides = [_depth(lines) for lines in (lightness, lightness[::-1], lightness.T, lightness.T[::-1])]
    depths, runs, tones, shares = (np.array(values) for values in zip(*sides, strict=True))
    is_one_tone = np.ptp(tones) < 2 * _UNIFORM
    found = np.zeros(4, int)
    if depths.all() and is_one_tone and shares.mean() > _SHARE_OF_FOUR:
        found = depths
    elif (depths > 0).sum() == 3 and is_one_tone and shares[depths > 0].mean() > _SHARE_OF_THREE:
        # a sky of the tone of the mount hides its end, which is as deep as on the other side
        hidden = int(depths.argmin())
        opposite = depths[hidden ^ 1]
        if runs[hidden] >= opposite - 1:
            found = np.where(np.arange(4) == hidden, opposite, depths)
    else:
        for pair in (slice(0, 2), slice(2, 4)):
            is_alike = np.ptp(tones[pair]) < 2 * _UNIFORM
            if depths[pair].all() and is_alike and shares[pair].min() > _SHARE_OF_TWO:
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


def _is_uniform(line):
    margin = len(line) // 20
    lightness = image_lightness(line[None, margin : len(line) - margin])
    low, high = np.quantile(lightness, (0.1, 0.9))
    return high - low < _UNIFORM


def _depth(lines):
    """Depth of a border at the first lines, or 0; number of uniform lines, their tone, share of a step."""
    most, margin = int(_DEEPEST * len(lines)), lines.shape[1] // 20
    inner = lines[: most + 4, margin : lines.shape[1] - margin]
    low, median, high = np.quantile(inner, (0.1, 0.5, 0.9), axis=1)
    is_uniform = (high - low < _UNIFORM) & (np.abs(median - median[0]) < _UNIFORM)
    run = len(inner) if is_uniform.all() else int(is_uniform.argmin())
    if not max(2, _SHALLOWEST * len(lines)) <= run <= most:
        return 0, run, median[0], 0.0
    # the edge of a border is blurred: compare two lines on, and leave one more out
    after = inner[min(run + 2, len(inner) - 1)]
    return run + 1, run, median[0], (np.abs(after - median[0]) > _STEP).mean()
