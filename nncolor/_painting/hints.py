"""Hints: parsing of colours that are known at pixels, and colouring of images with them."""

import numbers
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import PIL.Image
from scipy.ndimage import distance_transform_edt

from .._images.batch import is_path, load_image
from .._images.blocks import for_blocks
from .._images.color import LazyLightness, lightness_chroma, output_dtype, paint, parse_color
from .._images.working_size import shrink
from .._utils.threads import plain_context
from .._utils.types import AnyArray, Hints, Image
from .kriging import krige, similarity_features
from .propagation import HintPlane, propagate
from .settings import PaintingSettings


@dataclass(frozen=True)
class ParsedHints:
    """Hints as arrays: rows and columns of shape (n,), CIE u*, v* of shape (n, 2)."""

    rows: np.ndarray
    columns: np.ndarray
    chroma: np.ndarray

    def __len__(self):
        return len(self.rows)

    def within(self, part):
        """The same hints in a part (rows, columns) of the image; None if one of them lies outside."""
        rows, columns = (
            values - inner.start for values, inner in zip((self.rows, self.columns), part, strict=True)
        )
        shape = [inner.stop - inner.start for inner in part]
        is_inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        return ParsedHints(rows, columns, self.chroma) if is_inside.all() else None


@plain_context()
def propagate_hints(image: Image, hints: Hints) -> AnyArray:
    """Colour an image by hints alone, without a classifier.

    Neighbours of similar lightness get similar chroma [1]_: the chroma changes as little as possible
    between them, and every hint is kept. One hint colours the whole image; two divide it along the edges
    of lightness.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3 or 4), or path
        Only its lightness is used.
    hints : list of (row, column, colour), or RGBA image of shape (H, W, 4)
        At least one hint. A colour is a CSS name such as `"olive"`, `"#rrggbb"`, or an RGB triple in the
        range of its dtype (whole numbers 0 to 255, uint16 0 to 65535, floats 0 to 1). In an RGBA array, the
        opaque pixels are hints.

    Returns
    -------
    colored : ndarray of shape (H, W, 3)
        With the dtype as in :meth:`SOMColorizer.predict`. A hinted pixel has the hint's u*, v*
        at its own lightness; where sRGB has no such colour, with less chroma of the same hue.

    Raises
    ------
    ValueError
        If there is no hint, or one is not valid; the message names it.
    TypeError
        If the hints are neither a list nor an image.

    See Also
    --------
    SOMColorizer.colorize : Correct a prediction by hints, which needs fewer of them.

    Notes
    -----
    The chroma solves one sparse, symmetric, positive definite system. A large image is first reduced to an
    area of 384 x 384 pixels, and a guided filter restores the edges of the full-size lightness.

    References
    ----------
    .. [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", ACM Transactions on
       Graphics 23(3), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor import propagate_hints
    >>> grey = np.full((4, 6), 90, dtype=np.uint8)
    >>> grey[:, 3:] = 200
    >>> propagate_hints(grey, [(0, 0, "brown"), (3, 5, "skyblue")])[1, [0, 5]]
    array([[167,  44,  45],
           [140, 210, 239]], dtype=uint8)
    """
    image = load_image(None, image)
    parsed = parse_hints(hints, image)
    if len(parsed) == 0:
        raise ValueError("There is no hint to propagate; pass at least one (row, column, colour).")
    return color_by_hints(image, parsed, PaintingSettings())


def color_by_hints(image, hints, settings):
    """Colour image from hints alone, see `propagate_hints`."""
    plane = HintPlane(image, settings)
    indices = plane.indices(hints.rows, hints.columns)
    chroma = propagate(plane.lightness, indices, hints.chroma, settings.hints)
    return _paint_hinted(image, plane.enlarged(chroma), hints, settings)


def preview(image, hints, max_size):
    """Reduce an image so that its longer side has at most `max_size` pixels, and scale its hints.

    Parameters
    ----------
    image : ndarray
    hints : ParsedHints
    max_size : int or None

    Returns
    -------
    image : ndarray
    hints : ParsedHints
    """
    shrunk = shrink(image, max_size)
    down, across = (after / before for after, before in zip(shrunk.shape[:2], image.shape[:2], strict=True))
    rows, columns = (hints.rows * down).astype(np.intp), (hints.columns * across).astype(np.intp)
    return shrunk, ParsedHints(rows, columns, hints.chroma)


def _weight_of_reach(shape, indices, reach):
    """Weight (h, w) of the residuals: 1 up to half of the reach from the nearest hint, 0 beyond it."""
    is_far = np.ones(shape, bool)
    is_far.flat[indices] = False
    distance = distance_transform_edt(is_far) / np.hypot(*shape)
    weight = np.clip(2 - 2 * distance / reach, 0, 1)
    return (weight * weight * (3 - 2 * weight)).astype(np.float32)


@plain_context()
def correct_prediction(image, hints, decoder, n_threads, reach=None):
    """Colour image from a prediction that is corrected by hints.

    The residuals of the prediction at the hints are interpolated by kriging: pixels that are similar (in the
    plane, in lightness, in the probabilities of their codewords) are expected to have similar residuals,
    which are larger where the classifier is less certain. This is the prior of the residuals, which are then
    propagated between neighbours of similar lightness, as in `propagate_hints`.

    Parameters
    ----------
    image : ndarray
        Valid.
    hints : ParsedHints
        At least one.
    decoder : ImageDecoder
    n_threads : int
    reach : float or None
        Share of the diagonal beyond which a hint changes nothing.
    """
    chroma = decoder.predict_chroma(image, n_threads)
    settings = decoder.settings
    plane = HintPlane(image, settings, n_threads)
    residuals = hints.chroma - chroma[hints.rows, hints.columns]
    probabilities = decoder.predict_proba(image, n_threads, plane.shape)
    codebook = decoder.pixels.codebook
    mean = probabilities @ codebook
    variance = np.maximum(probabilities @ codebook**2 - mean**2, 0).sum(axis=-1)
    indices = plane.indices(hints.rows, hints.columns)
    features = similarity_features(plane.lightness, probabilities, settings.hints)
    prior = krige(features, np.sqrt(variance), indices, residuals, settings.hints)
    residual = propagate(plane.lightness, indices, residuals, settings.hints, prior)
    if reach is not None:
        residual = residual * _weight_of_reach(plane.shape, indices, reach)
    return _paint_hinted(image, plane.enlarged(residual), hints, settings, chroma, n_threads)


def _paint_hinted(image, planes, hints, settings, prediction=0, n_threads=1):
    """Colour image whose chroma is the enlarged planes, added to a prediction, and exact at the hints."""
    colored = np.empty((*image.shape[:2], 3), output_dtype(image.dtype))
    prediction = np.broadcast_to(prediction, (*image.shape[:2], 2))
    arguments = LazyLightness(image), planes, hints, prediction, colored
    for_blocks(image.shape, settings.block_pixels, n_threads, _paint_hinted_block, *arguments)
    return colored


def _paint_hinted_block(block, full, planes, hints, prediction, colored):
    rows, columns = block.rows, block.columns
    lightness = full[block.index]
    chroma = planes.block(block, lightness)
    chroma += np.moveaxis(prediction[block.index], -1, 0)
    # the plane of a large image is reduced, so hints are not exact in it
    inside = (hints.rows >= rows.start) & (hints.rows < rows.stop)
    inside &= (hints.columns >= columns.start) & (hints.columns < columns.stop)
    indices = hints.rows[inside] - rows.start, hints.columns[inside] - columns.start
    chroma[:, *indices] = hints.chroma[inside].T
    paint(lightness, chroma, colored[block.index])


def parse_hints(hints, image):
    """Check hints, see `propagate_hints`, and convert their colours to chroma.

    Parameters
    ----------
    hints : list of (row, column, colour), or RGBA image of shape (H, W, 4)
    image : ndarray

    Returns
    -------
    hints : ParsedHints
    """
    if is_path(hints):
        raise ValueError(
            f"The hints are {os.fspath(hints)!r}. Pass a list of (row, column, colour), or scribbles as "
            "PIL.Image.open(path)."
        )
    if isinstance(hints, (np.ndarray, PIL.Image.Image)):
        return _parse_scribbles(np.asarray(hints), image.shape[:2])
    if not isinstance(hints, Iterable):
        raise TypeError(
            f"The hints are of type {type(hints).__name__}; pass a list of (row, column, colour), such as "
            '[(120, 300, "olive")], or an RGBA image.'
        )
    seen = {}
    for number, hint in enumerate(hints):
        if not isinstance(hint, (tuple, list)) or len(hint) != 3:
            raise ValueError(
                f"hint {number} is {hint!r}; hints are a list of (row, column, colour), such as "
                '[(120, 300, "olive")].'
            )
        row, column, color = hint
        where = f"hint {number} at row {row}, column {column}"
        if not all(isinstance(index, numbers.Integral) for index in (row, column)):
            raise ValueError(f"{where}: rows and columns must be whole numbers.")
        height, width = image.shape[:2]
        if not (0 <= row < height and 0 <= column < width):
            raise ValueError(f"{where} lies outside the image, which has {height} rows and {width} columns.")
        rgb = parse_color(color, where)
        earlier, other = seen.setdefault((int(row), int(column)), (number, rgb))
        if not np.array_equal(rgb, other):
            raise ValueError(
                f"{where} gives the pixel another colour than hint {earlier} does. Remove one of them."
            )
    rows, columns = np.array(list(seen), np.intp).reshape(-1, 2).T
    colors = np.array([rgb for _, rgb in seen.values()], np.float32).reshape(1, -1, 3)
    return ParsedHints(rows, columns, lightness_chroma(colors)[1][0] if seen else colors[0, :, :2])


def _parse_scribbles(scribbles, shape):
    if scribbles.shape != (*shape, 4):
        raise ValueError(
            f"The scribbles have shape {scribbles.shape}; for this image it must be {(*shape, 4)}: red, "
            "green, blue and alpha of each pixel."
        )
    try:
        scribbles = load_image(None, scribbles)
    except ValueError as error:
        raise ValueError(f"The scribbles are not an RGBA image: {error}") from error
    alpha, opaque = scribbles[..., 3], 1 if scribbles.dtype.kind in "bf" else np.iinfo(scribbles.dtype).max
    rows, columns = np.nonzero(alpha == opaque)
    if len(rows) == 0 and alpha.max() > 0:
        raise ValueError(
            f"No pixel of the scribbles is opaque: the largest alpha is {alpha.max():g} of {opaque}. Paint "
            "with an opaque brush."
        )
    if len(rows) == 0:
        return ParsedHints(rows, columns, np.zeros((0, 2), np.float32))
    return ParsedHints(rows, columns, lightness_chroma(scribbles[rows, columns][None])[1][0])
