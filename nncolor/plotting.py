"""Displays of codebooks, quantized images, simulated old photographs, predictions, and alternatives.

They need matplotlib: `pip install "nncolor[plot]"`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._codebook.som import neuron_positions
from ._images.batch import iter_batch, load_image
from ._images.color import (
    ciede2000,
    image_lightness,
    join_lightness_chroma,
    lightness_chroma,
    to_gray,
    to_unit_range,
)
from ._painting.quantization import quantize_image
from ._painting.tint import map_shape
from ._utils.figures import axes_grid, show_image
from ._utils.types import AnyArray, FloatArray, Hints, Image, ImageBatch, IntArray

__all__ = [
    "AlternativesDisplay",
    "CodebookDisplay",
    "ColorizationDisplay",
    "EmulsionDisplay",
    "QuantizationDisplay",
]

# Lightness at which the paper shows chroma alone.
_CHROMA_LIGHTNESS = 50


def _draw_hexagons(ax, positions, colors, title):
    from matplotlib.patches import RegularPolygon

    for position, color in zip(positions, colors, strict=True):
        ax.add_patch(RegularPolygon(position, 6, radius=1 / np.sqrt(3), facecolor=color))
    ax.autoscale_view()
    ax.set(aspect="equal", title=title)
    ax.set_axis_off()


def _quantizer_of(estimator):
    return getattr(estimator, "quantizer_", estimator)


class CodebookDisplay:
    """Display of a codebook, as a map of colours or as points in the (u*, v*) plane.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    codebook : ndarray of shape (n_codes, 2)
        CIE u*, v* of each codeword.
    map_shape : tuple (int, int)
        Rows and columns of the map.
    counts : ndarray of shape (n_codes,), default=None
        Number of pixels of each codeword.
    hexagons : ndarray of shape (n_codes, 2), default=None
        Positions of the neurons of a hexagonal map, at a distance of 1 from their neighbours.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    QuantizationDisplay : Display of an image painted with codebooks.

    Examples
    --------
    >>> from nncolor import SOMQuantizer, sample_pixels
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.plotting import CodebookDisplay
    >>> pixels = sample_pixels(load_sample_photos().images[:1], random_state=0)
    >>> quantizer = SOMQuantizer(n_iter=2000, random_state=0).fit(pixels.chroma)
    >>> display = CodebookDisplay.from_estimator(quantizer)
    >>> int(display.counts.sum())
    2500
    """

    ax_: Any
    figure_: Any

    def __init__(
        self,
        codebook: FloatArray,
        map_shape: tuple[int, int],
        counts: IntArray | None = None,
        hexagons: FloatArray | None = None,
    ):
        self.codebook = codebook
        self.map_shape = map_shape
        self.counts = counts
        self.hexagons = hexagons

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, kind: str = "map", lightness: float = 70, ax: Any = None
    ) -> "CodebookDisplay":
        """Display of a fitted quantizer, with the counts of its training data.

        Parameters
        ----------
        estimator : SOMQuantizer, another clusterer of chroma, or SOMColorizer
            Fitted. A clusterer without a map is shown as one row.
        kind : {"map", "plane"}, default="map"
            What to draw, see `plot`.
        lightness : float, default=70
            CIE L* of the colours, 0 to 100.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodebookDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        quantizer = _quantizer_of(estimator)
        codebook = np.asarray(quantizer.cluster_centers_)
        counts = np.bincount(quantizer.labels_, minlength=len(codebook))
        map_shape = tuple(getattr(quantizer, "map_shape", (1, len(codebook))))
        hexagons = None
        if getattr(quantizer, "topology", None) == "hexagonal":
            hexagons = neuron_positions(quantizer.to_minisom())
        return cls(codebook, map_shape, counts, hexagons).plot(kind=kind, lightness=lightness, ax=ax)

    def plot(self, *, kind: str = "map", lightness: float = 70, ax: Any = None) -> "CodebookDisplay":
        """Draw the codebook.

        Parameters
        ----------
        kind : {"map", "plane"}, default="map"
            "map" draws the map as squares or hexagons of colour with the counts in them, "plane" the
            codewords as points in the (u*, v*) plane, with lines between neighbours on the map and areas in
            proportion to the counts.
        lightness : float, default=70
            CIE L* of the colours, 0 to 100.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodebookDisplay
            With its axes and figure as `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If `kind` is not valid.
        """
        if kind not in ("map", "plane"):
            raise ValueError(f'kind must be "map" or "plane"; got {kind!r}.')
        n_rows, n_columns = self.map_shape
        figsize = (max(3, 0.7 * n_columns), max(3, 0.7 * n_rows)) if kind == "map" else (5, 5)
        ax = axes_grid(ax, 1, 1, figsize)[0, 0]
        colors = join_lightness_chroma(np.full(len(self.codebook), lightness), self.codebook, np.float32)
        if kind == "map":
            self._plot_map(ax, colors, lightness)
        else:
            self._plot_plane(ax, colors)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_map(self, ax, colors, lightness):
        title = f"{len(self.codebook)} codewords at L = {lightness:g}"
        if self.hexagons is None:
            show_image(ax, colors.reshape(*self.map_shape, 3), title)
            rows, columns = np.divmod(np.arange(len(self.codebook)), self.map_shape[1])
            positions = np.column_stack([columns, rows])
        else:
            positions = self.hexagons
            _draw_hexagons(ax, positions, colors, title)
        if self.counts is None or len(self.codebook) > 150:
            return
        color = "black" if lightness > 50 else "white"
        for position, share in zip(positions, self.counts / self.counts.sum(), strict=True):
            ax.text(*position, f"{share:.0%}", ha="center", va="center", color=color, fontsize=8)

    def _plot_plane(self, ax, colors):
        grid = self.codebook.reshape(*self.map_shape, 2)
        for lines in (grid, grid.transpose(1, 0, 2)):
            for line in lines:
                ax.plot(line[:, 0], line[:, 1], color="0.7", linewidth=0.8, zorder=1)
        share = (
            np.full(len(colors), 1 / len(colors)) if self.counts is None else self.counts / self.counts.sum()
        )
        sizes = 20 + 1500 * share
        ax.scatter(*self.codebook.T, s=sizes, c=colors, edgecolors="black", linewidths=0.5, zorder=2)
        ax.set(xlabel="u*", ylabel="v*", aspect="equal")
        ax.axhline(0, color="0.85", linewidth=0.8, zorder=0)
        ax.axvline(0, color="0.85", linewidth=0.8, zorder=0)


class EmulsionDisplay:
    """Display of photographs, what an old film would have recorded of them, and real old photographs.

    A row shows a photograph in colour, its grey version as today's film records it, the simulated one, and,
    if there are any, an old photograph to compare it with.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    images : list of ndarray of shape (H, W, 3)
        Photographs in colour.
    simulated : list of ndarray of shape (H, W)
        Their simulated pictures.
    gray : list of ndarray of shape (H, W) or (H, W, 3), default=None
        Old photographs.

    Attributes
    ----------
    ax_ : ndarray of shape (n_images, 3 or 4) of matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    EmulsionSimulator : The simulation.

    Examples
    --------
    >>> from nncolor import EmulsionSimulator
    >>> from nncolor.datasets import load_plates
    >>> from nncolor.plotting import EmulsionDisplay
    >>> plates = load_plates()
    >>> simulator = EmulsionSimulator("blue-sensitive")
    >>> EmulsionDisplay.from_estimator(simulator, plates.images[:2], plates.blue[:2]).ax_.shape
    (2, 4)
    """

    ax_: AnyArray
    figure_: Any

    def __init__(
        self,
        images: Sequence[AnyArray],
        simulated: Sequence[AnyArray],
        gray: Sequence[AnyArray] | None = None,
    ):
        self.images = images
        self.simulated = simulated
        self.gray = gray

    @classmethod
    def from_estimator(
        cls, estimator: Any, images: ImageBatch, gray: ImageBatch | None = None, *, ax: Any = None
    ) -> "EmulsionDisplay":
        """Display of the simulation of some photographs.

        Parameters
        ----------
        estimator : EmulsionSimulator, or SOMColorizer fitted with one
            What simulates.
        images : batch of colour images
            A row each.
        gray : batch of images, default=None
            Old photographs, one for each row; others are left out.
        ax : array of matplotlib Axes, default=None
            One for each picture; None makes a new figure.

        Returns
        -------
        display : EmulsionDisplay
            With its axes and figure as `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If a colorizer has no emulsion, or there are fewer old photographs than images.
        """
        simulator = getattr(estimator, "emulsion_", estimator)
        if simulator is None:
            raise ValueError("The colorizer was trained without an emulsion: pass fit(..., gray=...).")
        colors = [load_image(position, item, color=True) for position, item in iter_batch(images)]
        old = None
        if gray is not None:
            old = [load_image(f"gray image {position}", item) for position, item in iter_batch(gray)]
            if len(old) < len(colors):
                raise ValueError(f"There are {len(colors)} images, but only {len(old)} old photographs.")
        return cls(colors, simulator.transform(colors), old).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> "EmulsionDisplay":
        """Draw the photographs, a row each.

        Parameters
        ----------
        ax : array of matplotlib Axes, default=None
            One for each picture; None makes a new figure.

        Returns
        -------
        display : EmulsionDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        titles = ["photograph", "as seen today", "simulated", "old photograph"]
        n_rows, n_columns = len(self.images), 3 if self.gray is None else 4
        height, width = self.images[0].shape[:2]
        axes = axes_grid(ax, n_rows, n_columns, (2.6 * n_columns, n_rows * 2.6 * height / width + 0.4))
        for number, cells in enumerate(axes):
            image = self.images[number]
            shown = [image[..., :3], to_gray(image), self.simulated[number]]
            if self.gray is not None:
                shown.append(self.gray[number])
            for cell, picture, title in zip(cells, shown, titles, strict=False):
                grey = {} if picture.ndim == 3 else {"cmap": "gray", "vmin": 0, "vmax": 1}
                show_image(cell, to_unit_range(picture), title if number == 0 else None, **grey)
        self.ax_, self.figure_ = axes, axes[0, 0].figure
        return self


class QuantizationDisplay:
    """Display of an image painted with codebooks of several sizes: Figures 8 and 9 of the paper.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3)
        The original.
    painted : list of ndarray of shape (H, W, 3)
        The image, painted with each codebook.
    titles : list of str
        Title of each of the painted images.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    SOMColorizer.quantize : Paint images with one codebook.

    Examples
    --------
    >>> from nncolor import SOMQuantizer, sample_pixels
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.plotting import QuantizationDisplay
    >>> image = load_sample_photos().images[2]
    >>> pixels = sample_pixels([image], random_state=0)
    >>> quantizers = [
    ...     SOMQuantizer((side, side), n_iter=2000, random_state=0).fit(pixels.chroma) for side in (2, 3)
    ... ]
    >>> display = QuantizationDisplay.from_estimator(quantizers, image)
    >>> display.titles
    ['4 codewords', '9 codewords']
    """

    ax_: AnyArray
    figure_: Any

    def __init__(self, image: AnyArray, painted: Sequence[AnyArray], titles: Sequence[str]):
        self.image = image
        self.painted = painted
        self.titles = titles

    @classmethod
    def from_estimator(cls, estimator: Any, image: Image, *, ax: Any = None) -> "QuantizationDisplay":
        """Display of an image painted with one or several fitted codebooks.

        Parameters
        ----------
        estimator : quantizer, SOMColorizer, or list of them
            Fitted on chroma.
        image : array-like of shape (H, W, 3 or 4), or path
            The original, in colour.
        ax : array of matplotlib Axes, default=None
            Axes for the original and for each codebook; None makes a new figure.

        Returns
        -------
        display : QuantizationDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        estimators = estimator if isinstance(estimator, (list, tuple)) else [estimator]
        image = load_image(None, image, color=True)[..., :3]
        quantizers = [_quantizer_of(estimator) for estimator in estimators]
        painted = [quantize_image(quantizer, image, dtype=np.float32) for quantizer in quantizers]
        titles = [f"{len(quantizer.cluster_centers_)} codewords" for quantizer in quantizers]
        return cls.from_predictions(image, painted, titles, ax=ax)

    @classmethod
    def from_predictions(
        cls, image: AnyArray, painted: Sequence[AnyArray], titles: Sequence[str], *, ax: Any = None
    ) -> "QuantizationDisplay":
        """Display of images that are already painted.

        Parameters
        ----------
        image : ndarray of shape (H, W, 3)
            The original.
        painted : list of ndarray of shape (H, W, 3)
            The image, painted with each codebook.
        titles : list of str
            Title of each of the painted images.
        ax : array of matplotlib Axes, default=None
            Axes for the original and for each painted image; None makes a new figure.

        Returns
        -------
        display : QuantizationDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        return cls(image, painted, titles).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> "QuantizationDisplay":
        """Draw the original and the painted images side by side.

        Parameters
        ----------
        ax : array of matplotlib Axes, default=None
            Axes for the original and for each painted image; None makes a new figure.

        Returns
        -------
        display : QuantizationDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        n = 1 + len(self.painted)
        height, width = self.image.shape[:2]
        axes = axes_grid(ax, 1, n, (2.6 * n, 0.4 + 2.6 * height / width))[0]
        for cell, image, title in zip(
            axes, [self.image, *self.painted], ["original", *self.titles], strict=True
        ):
            show_image(cell, to_unit_range(image), title)
        self.ax_, self.figure_ = axes, axes[0].figure
        return self


class AlternativesDisplay:
    """Display of an image in each of the typical tints, on a map whose neighbours have similar tints.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    alternatives : ndarray of shape (n_alternatives, H, W, 3)
        The coloured images.
    tints : ndarray of shape (n_alternatives, 2) or (n_alternatives, 2, 2)
        Their tints, mean CIE u*, v*, or those of their upper and lower halves.

    Attributes
    ----------
    ax_ : ndarray of shape (n_rows, n_columns) of matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    SOMColorizer.alternatives : Colour an image in each of the typical tints.

    Examples
    --------
    >>> from nncolor import SOMColorizer
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.plotting import AlternativesDisplay
    >>> photos = load_sample_photos().images
    >>> colorizer = SOMColorizer(random_state=0).fit(photos[:4])
    >>> display = AlternativesDisplay.from_estimator(colorizer, photos[4])
    >>> display.ax_.shape
    (2, 2)
    """

    ax_: AnyArray
    figure_: Any

    def __init__(self, alternatives: AnyArray, tints: FloatArray):
        self.alternatives = alternatives
        self.tints = tints

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        image: Image,
        n_alternatives: int = 4,
        *,
        hints: Hints | None = None,
        max_size: int | None = 512,
        ax: Any = None,
    ) -> "AlternativesDisplay":
        """Display of an image in the typical tints of a colorizer.

        Parameters
        ----------
        estimator : SOMColorizer
            Fitted, with tint.
        image : array-like of shape (H, W) or (H, W, 3 or 4), or path
            Grey, or colour whose lightness is used.
        n_alternatives : int, default=4
            Number of tints.
        hints : list of (row, column, colour), or RGBA image of shape (H, W, 4), default=None
            Colours that are known at some pixels, see `SOMColorizer.colorize`.
        max_size : int, default=512
            Longer side of the alternatives in pixels; None keeps the size of the image.
        ax : array of matplotlib Axes, default=None
            One for each alternative; None makes a new figure.

        Returns
        -------
        display : AlternativesDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        alternatives = estimator.alternatives(image, n_alternatives, hints=hints, max_size=max_size)
        return cls(alternatives, estimator.typical_tints(n_alternatives, image=image)).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls, alternatives: AnyArray, tints: FloatArray, *, ax: Any = None
    ) -> "AlternativesDisplay":
        """Display of alternatives that are already coloured.

        Parameters
        ----------
        alternatives : ndarray of shape (n_alternatives, H, W, 3)
            As returned by `SOMColorizer.alternatives`.
        tints : ndarray of shape (n_alternatives, 2) or (n_alternatives, 2, 2)
            As returned by `SOMColorizer.typical_tints`.
        ax : array of matplotlib Axes, default=None
            One for each alternative; None makes a new figure.

        Returns
        -------
        display : AlternativesDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        return cls(alternatives, tints).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> "AlternativesDisplay":
        """Draw the alternatives, each with its number and its tint.

        Parameters
        ----------
        ax : array of matplotlib Axes, default=None
            One for each alternative; None makes a new figure.

        Returns
        -------
        display : AlternativesDisplay
            With its axes and figure as `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If the numbers of alternatives and tints differ.
        """
        if len(self.alternatives) != len(self.tints):
            raise ValueError(f"There are {len(self.alternatives)} alternatives, but {len(self.tints)} tints.")
        n_rows, n_columns = map_shape(len(self.tints))
        height, width = self.alternatives[0].shape[:2]
        axes = axes_grid(ax, n_rows, n_columns, (2.6 * n_columns, n_rows * (0.4 + 2.6 * height / width)))
        for number, (cell, image) in enumerate(zip(axes.flat, self.alternatives, strict=True)):
            tints = np.atleast_2d(self.tints[number])
            names = " over ".join(f"({u:.0f}, {v:.0f})" for u, v in tints)
            show_image(cell, to_unit_range(image), f"{number}: {names}")
        self.ax_, self.figure_ = axes, axes[0, 0].figure
        return self


class ColorizationDisplay:
    """Display of predictions beside the truth, one row for each image: Figure 10 of the paper.

    A row shows the original, its chroma at L = 50, its lightness, the predicted chroma at L = 50
    and the predicted image; optionally, maps of the error and of the confidence.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    truth : list of ndarray of shape (H, W, 3)
        The originals.
    prediction : list of ndarray of shape (H, W, 3)
        The predicted images.
    confidence : list of ndarray of shape (H, W), default=None
        Probability of the most probable codeword at each pixel.

    Attributes
    ----------
    ax_ : ndarray of shape (n_images, n_columns) of matplotlib Axes
        Axes with the plot.
    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    SOMColorizer.score : The error as one number.

    Examples
    --------
    >>> from nncolor.datasets import load_sample_photos
    >>> from nncolor.plotting import ColorizationDisplay
    >>> image = load_sample_photos().images[3]
    >>> display = ColorizationDisplay.from_predictions([image], [image], error_map=True)
    >>> display.ax_.shape
    (1, 6)
    """

    ax_: AnyArray
    figure_: Any

    def __init__(
        self,
        truth: Sequence[AnyArray],
        prediction: Sequence[AnyArray],
        confidence: Sequence[FloatArray] | None = None,
    ):
        self.truth = truth
        self.prediction = prediction
        self.confidence = confidence

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ImageBatch,
        *,
        error_map: bool = False,
        confidence_map: bool = False,
        ax: Any = None,
    ) -> "ColorizationDisplay":
        """Display of colour images and of their prediction by a colorizer.

        Parameters
        ----------
        estimator : SOMColorizer
            Fitted.
        X : batch of colour images
            The truth.
        error_map, confidence_map : bool, default=False
            Which maps to add, see `plot`.
        ax : array of matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ColorizationDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        truth = _colour_images(X)
        confidence = estimator.predict_confidence(truth) if confidence_map else None
        display = cls(truth, estimator.predict(truth), confidence)
        return display.plot(error_map=error_map, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        truth: ImageBatch,
        prediction: ImageBatch,
        *,
        confidence: Sequence[FloatArray] | None = None,
        error_map: bool = False,
        ax: Any = None,
    ) -> "ColorizationDisplay":
        """Display of images that are already predicted.

        Parameters
        ----------
        truth, prediction : batches of colour images
            Of the same length, images of the same sizes.
        confidence : list of ndarray of shape (H, W), default=None
            Confidence maps to add.
        error_map : bool, default=False
            Whether to add maps of the error.
        ax : array of matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ColorizationDisplay
            With its axes and figure as `ax_` and `figure_`.
        """
        return cls(_colour_images(truth), _colour_images(prediction), confidence).plot(
            error_map=error_map, ax=ax
        )

    def plot(self, *, error_map: bool = False, ax: Any = None) -> "ColorizationDisplay":
        """Draw the images.

        Parameters
        ----------
        error_map : bool, default=False
            Add the CIEDE2000 difference of each pixel, 0 (black) to 30 or more (white).
        ax : array of matplotlib Axes, default=None
            Axes for each image and column; None makes a new figure.

        Returns
        -------
        display : ColorizationDisplay
            With its axes and figure as `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If a prediction and its truth have different sizes, or `ax` has the wrong number of axes.
        """
        titles = ["original", "chroma, L = 50", "lightness", "predicted chroma", "predicted"]
        titles += ["error, CIEDE2000"] * error_map + ["confidence"] * (self.confidence is not None)
        shape = len(self.truth), len(titles)
        axes = axes_grid(ax, *shape, (2.2 * shape[1], 0.4 + 2.2 * shape[0]))
        for index, (truth, prediction) in enumerate(zip(self.truth, self.prediction, strict=True)):
            if truth.shape[:2] != prediction.shape[:2]:
                raise ValueError(
                    f"image {index} has shape {truth.shape} in truth and {prediction.shape} in prediction."
                )
            row = list(axes[index])
            lightness = image_lightness(truth)
            grey = join_lightness_chroma(lightness, np.zeros((*lightness.shape, 2), np.float32), np.float32)
            pictures = [truth, _chroma_alone(truth), grey, _chroma_alone(prediction), prediction]
            row_titles = titles if index == 0 else [None] * len(titles)
            for cell, picture, title in zip(row, pictures, row_titles, strict=False):
                show_image(cell, to_unit_range(picture), title)
            if error_map:
                pair = (to_unit_range(image).reshape(-1, 3) for image in (truth, prediction))
                error = ciede2000(*pair).reshape(lightness.shape)
                artist = show_image(row[5], error, row_titles[5], cmap="magma", vmin=0, vmax=30)
                axes[0, 0].figure.colorbar(artist, ax=row[5], shrink=0.8)
            if self.confidence is not None:
                artist = show_image(
                    row[-1], self.confidence[index], row_titles[-1], cmap="viridis", vmin=0, vmax=1
                )
                axes[0, 0].figure.colorbar(artist, ax=row[-1], shrink=0.8)
        self.ax_, self.figure_ = axes, axes[0, 0].figure
        return self


def _colour_images(X):
    return [load_image(position, item, color=True)[..., :3] for position, item in iter_batch(X)]


def _chroma_alone(image):
    _, chroma = lightness_chroma(image)
    return join_lightness_chroma(np.full(chroma.shape[:2], _CHROMA_LIGHTNESS), chroma, np.float32)
