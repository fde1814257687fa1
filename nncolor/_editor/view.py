"""Figure of HintEditor: the photograph with its hints, the alternatives, and the palette below it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._images.color import parse_color, to_unit_range
from .._utils.figures import axes_rows, show_image
from .._utils.types import AnyArray, Hint

# Distance in points from the middle of a ring within which the mouse is on it.
_RADIUS = 6
# Inches: as wide as a notebook, but no higher than a screen; and wide enough for the palette.
_MAX_WIDTH, _MAX_HEIGHT, _MIN_WIDTH = 6.0, 5.0, 4.0
_PALETTE_HEIGHT = 0.25


class EditorView:
    """Draws what HintEditor edits; positions are pixels of the photograph, whatever is drawn of it.

    Parameters
    ----------
    shape : (height, width)
        Of the photograph.
    thumbnails : list of ndarray
        The alternatives.
    palette : list of "#rrggbb"
    ax : matplotlib Axes or None
        Axes of the photograph, which is then alone; None makes a new figure.
    """

    def __init__(
        self, shape: tuple[int, int], thumbnails: Sequence[AnyArray], palette: Sequence[str], ax: Any
    ):
        self.shape = shape
        self.ax, self.palette_ax = ax, None
        self.alternatives_ax: list[Any] = []
        if ax is None:
            self._make_axes(thumbnails, palette)
        self.figure = self.ax.figure
        self.ax.format_coord = lambda x, y: f"row {y:.0f}, column {x:.0f}"
        height, width = shape
        self._extent = (-0.5, width - 0.5, height - 0.5, -0.5)
        self._picture = show_image(self.ax, np.zeros((1, 1, 3)), extent=self._extent)
        # the limits are those of the zoom, whatever part is drawn
        self.ax.autoscale(False)
        # a black ring around a white one is visible on any background
        self._rings = self.ax.scatter([], [], s=70, facecolors="none", edgecolors="black", linewidths=2.5)
        self._marks = self.ax.scatter([], [], s=50, edgecolors="white", linewidths=1.5)
        self._title = self.ax.get_title()
        self.say("")

    def _make_axes(self, thumbnails, palette):
        aspect = self.shape[0] / self.shape[1]
        width = min(_MAX_WIDTH, _MAX_HEIGHT / aspect)
        n_columns = len(thumbnails)
        rows = [(1, width * aspect), (1, _PALETTE_HEIGHT)]
        if n_columns:
            rows.insert(1, (n_columns, width * aspect / n_columns))
        # 0.3: lines of text above the photograph and the alternatives
        (self.ax,), *alternatives, (self.palette_ax,) = axes_rows(
            max(width, _MIN_WIDTH), rows, 0.3 * (len(rows) - 1)
        )
        self.alternatives_ax = list(alternatives[0]) if n_columns else []
        colors = np.array([parse_color(color, "a colour") for color in palette])
        show_image(self.palette_ax, colors[None], aspect="auto")
        self.palette_ax.vlines(np.arange(len(colors) - 1) + 0.5, -0.5, 0.5, colors="white")
        self._frames = []
        for number, (cell, thumbnail) in enumerate(zip(self.alternatives_ax, thumbnails, strict=True)):
            show_image(cell, to_unit_range(thumbnail), "no tint" if number == 0 else str(number - 1))
            height, width = thumbnail.shape[:2]
            outline = np.array([[0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]) * [[width], [height]] - 0.5
            self._frames += cell.plot(*outline, color="tab:orange", linewidth=4, clip_on=False)
        for cell in (*self.alternatives_ax, self.palette_ax):
            cell.set_navigate(False)

    def say(self, text: str) -> None:
        """Write a line above the photograph; its place is kept free for it, so that nothing moves."""
        self.ax.set_title(text or self._title or " ", fontsize="medium")
        self.figure.canvas.draw_idle()

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show a text while something takes time; not in a browser, where the panel shows it."""
        canvas = self.figure.canvas
        if type(canvas).__module__.startswith("ipympl"):
            # it asks for pictures; those that are pushed get lost, and it then draws a part of the next one
            yield
            return
        before = self.ax.get_title()
        self.say(text)
        canvas.draw()
        canvas.flush_events()
        try:
            yield
        finally:
            self.say(before.strip())

    def show_picture(self, image: AnyArray, part: tuple[slice, slice] | None = None) -> None:
        """Draw an image of the whole photograph, of any size, or the pixels of a part of it."""
        left, right, bottom, top = self._extent
        if part is not None:
            rows, columns = part
            left, right, bottom, top = columns.start, columns.stop, rows.stop, rows.start
            left, right, bottom, top = (side - 0.5 for side in (left, right, bottom, top))
        self._picture.set_data(to_unit_range(image))
        self._picture.set_extent((left, right, bottom, top))
        self.figure.canvas.draw_idle()

    def show_hints(self, hints: Sequence[Hint], selected: int | None = None) -> None:
        """Draw rings in the colours of the hints; that of the selected one has an orange edge."""
        pixels = np.array([hint[:2] for hint in hints], float).reshape(-1, 2)
        for marks in (self._rings, self._marks):
            marks.set_offsets(pixels[:, ::-1])
        self._marks.set_facecolors([parse_color(hint[2], "a hint") for hint in hints])
        edges = ["tab:orange" if number == selected else "white" for number in range(len(hints))]
        self._marks.set_edgecolors(edges)
        self.figure.canvas.draw_idle()

    def move_ring(self, number: int, row: float, column: float) -> None:
        """Draw one ring elsewhere."""
        for marks in (self._rings, self._marks):
            pixels = np.array(marks.get_offsets())
            pixels[number] = column, row
            marks.set_offsets(pixels)
        self.figure.canvas.draw_idle()

    def show_picked(self, number: int | None) -> None:
        """Draw a frame around an alternative."""
        for index, frame in enumerate(self._frames if self.alternatives_ax else []):
            frame.set_visible(index == number)
        self.figure.canvas.draw_idle()

    def visible_part(self) -> tuple[slice, slice]:
        """Rows and columns of the photograph that are within the limits of the axes."""
        limits = self.ax.get_ylim(), self.ax.get_xlim()
        starts = [max(0, int(np.floor(min(pair) + 0.5))) for pair in limits]
        stops = [
            min(size, int(np.ceil(max(pair) + 0.5))) for pair, size in zip(limits, self.shape, strict=True)
        ]
        rows, columns = (slice(start, stop) for start, stop in zip(starts, stops, strict=True))
        return rows, columns

    def pixel(self, event: Any) -> tuple[int, int]:
        """Row and column of the pixel of the photograph below the mouse."""
        height, width = self.shape
        row, column = round(event.ydata), round(event.xdata)
        return min(max(row, 0), height - 1), min(max(column, 0), width - 1)

    def hint_at(self, event: Any) -> int | None:
        """Number of the hint whose ring is below the mouse; None if there is none."""
        pixels = np.array(self._marks.get_offsets()).reshape(-1, 2)
        if len(pixels) == 0:
            return None
        distances = np.hypot(*(self.ax.transData.transform(pixels) - (event.x, event.y)).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= _RADIUS * self.figure.dpi / 72 else None
