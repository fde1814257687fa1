"""Painting of the frames of a film from what the key frames and the colorizer say about them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._images.blocks import for_blocks
from .._images.color import LazyLightness, from_unit_range, output_dtype, paint, to_unit_range
from .flow import sample
from .grid import PredictedFilm
from .guided_filter import EnlargedPlanes
from .motion import FrameView, Motion
from .tracking import Look


@dataclass
class FilmFrame:
    """A frame of a film, and what is known about it.

    Attributes
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
    view : FrameView
    motion : Motion or None
        To the frame before it; None if there is a cut or a blank frame between them.
    looks : list of Look
        At key frames of its shot; what their shares leave is the share of the prediction.
    """

    image: np.ndarray
    view: FrameView
    motion: Motion | None
    looks: list[Look] = field(default_factory=list)


class FilmPainter:
    """Paints the frames of a film in their order.

    Chroma of key frames is sampled at full size, where the frame shows them. The result is averaged along
    the motion: grain moves the points a little, and changes their weights.

    Parameters
    ----------
    grid : FilmGrid
    """

    def __init__(self, grid):
        self.settings, self.n_threads = grid.decoder.settings, grid.n_threads
        self.predicted = PredictedFilm(grid)
        # chroma (2, H, W) of the last frame, if key frames had a share in it
        self.last_chroma = None

    def show_key(self, key, color, dtype):
        """Colour image of a key frame: its own."""
        self.predicted.reset()
        self.last_chroma = key.chroma
        return color.copy() if color.dtype == dtype else from_unit_range(to_unit_range(color), dtype)

    def paint(self, frame):
        """Colour image of a frame."""
        if frame.motion is None:
            self.last_chroma = None
        looks = [look for look in frame.looks if look.share > 0]
        prediction = None
        if sum(look.share for look in looks) < 1:
            prediction = self.predicted.advance(frame.image, frame.motion)
        else:
            self.predicted.reset()
        colors = np.empty((*frame.view.shape, 3), output_dtype(frame.image.dtype))
        full = LazyLightness(frame.image)
        if not looks:
            self.last_chroma = None
            self._for_blocks(full.shape, _paint_prediction, full, prediction, colors)
            return colors
        painting = _Painting(frame, looks, prediction, self.last_chroma, self.settings)
        chroma = np.empty((2, *frame.view.shape), np.float32)
        self._for_blocks(full.shape, painting.paint, full, chroma, colors)
        self.last_chroma = chroma
        return colors

    def _for_blocks(self, shape, function, *args):
        for_blocks(shape, self.settings.block_pixels, self.n_threads, function, *args)


def _paint_prediction(block, full, prediction, out):
    lightness = full[block.index]
    paint(lightness, prediction.block(block, lightness), out[block.index])


class _Painting:
    """Planes of one frame on the match grid, and the chroma of its blocks.

    Parameters
    ----------
    frame : FilmFrame
    looks : list of Look
    prediction : EnlargedPlanes or None
    last_chroma : ndarray of shape (2, H, W) or None
        Of the frame before.
    settings : PaintingSettings
    """

    def __init__(self, frame, looks, prediction, last_chroma, settings):
        epsilon, mean_share = settings.epsilon, settings.film.mean_share
        self.looks, self.prediction, self.last_chroma = looks, prediction, last_chroma
        self.scale = frame.view.scale
        self.of_prediction = np.float32(1 - sum(look.share for look in looks))
        # as it is where there is one key frame: there is nothing to choose
        shares = [np.float32(look.share) * (look.choice if len(looks) > 1 else 1) for look in looks]
        pairs = list(zip(shares, looks, strict=True))
        total = sum(share * (look.weight + look.fill_weight) for share, look in pairs)
        of_fill = sum(share * look.fill_weight for share, look in pairs)
        fill = sum(share * look.fill_weight * look.fill for share, look in pairs) / of_fill
        planes = [plane for look in looks for plane in (*look.displacement, look.stillness)]
        planes += [share * look.weight / total for share, look in pairs]
        if last_chroma is not None:
            planes += [*frame.motion.flow, np.float32(mean_share) * frame.motion.agreement]
        self.planes = _enlarged(frame.view, np.stack(planes), 0, epsilon)
        self.fill = _enlarged(frame.view, fill, 1, epsilon)

    def paint(self, block: Any, full, chroma, colors):
        """Write the chroma and the colours of a block."""
        lightness = full[block.index]
        chroma[:, *block.index] = self._chroma(block, lightness)
        paint(lightness, chroma[:, *block.index], colors[block.index])

    def _chroma(self, block, lightness):
        """Chroma (2, n_rows, n_columns) of a block."""
        planes, n = self.planes.block(block, lightness), len(self.looks)
        moving, weights, rest = (
            planes[: 3 * n].reshape(n, 3, *block.shape),
            planes[3 * n : 4 * n],
            planes[4 * n :],
        )
        pixels = np.indices(block.shape, np.float32)
        pixels += np.array([block.rows.start, block.columns.start], np.float32)[:, None, None]
        chroma = self.fill.block(block, lightness) * (1 - weights.sum(axis=0))
        for look, weight, (*displacement, stillness) in zip(self.looks, weights, moving, strict=True):
            moved = sample(look.key.smooth_chroma, pixels + np.stack(displacement) * self.scale)
            chroma += weight * (moved + stillness * (look.key.chroma[:, *block.index] - moved))
        if self.prediction is not None:
            chroma += self.of_prediction * (self.prediction.block(block, lightness) - chroma)
        if self.last_chroma is not None:
            *flow, share = rest
            chroma += share * (sample(self.last_chroma, pixels + np.stack(flow) * self.scale) - chroma)
        return chroma


def _enlarged(view, planes, radius, epsilon):
    """EnlargedPlanes of planes (n, h, w) of the match grid; a radius of 0 interpolates them."""
    guide = view.lightness * np.float32(0.01)
    return EnlargedPlanes(guide, planes, radius, 1, view.shape, epsilon)
