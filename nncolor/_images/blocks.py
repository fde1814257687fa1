"""Blocks: the parts of an image that threads process one by one, and their samples."""

from dataclasses import dataclass

from .parallel import run_in_threads

# Length of the shorter side of a block if the image is large enough.
_SIDE = 1 << 9


@dataclass(frozen=True)
class Block:
    """Part of an image: ranges of its rows and columns."""

    rows: range
    columns: range

    @property
    def shape(self):
        return len(self.rows), len(self.columns)

    @property
    def index(self):
        """Slices of the block in an array of the image, for ranges with a step of 1."""
        return self.within(0, 0)

    def within(self, top, left):
        """Slices of the block in an array whose first pixel is the pixel (top, left) of the image."""
        return (
            slice(self.rows.start - top, self.rows.stop - top),
            slice(self.columns.start - left, self.columns.stop - left),
        )

    def sampled(self, step):
        """The pixels of the block whose row and column are multiples of the step."""
        rows, columns = (
            range(-(-indices.start // step) * step, indices.stop, step)
            for indices in (self.rows, self.columns)
        )
        return Block(rows, columns)

    def divided(self, step):
        """The block in an array of every step-th pixel, for ranges of multiples of the step."""
        rows, columns = (
            range(indices.start // step, -(-indices.stop // step)) for indices in (self.rows, self.columns)
        )
        return Block(rows, columns)

    def widened(self, margin, step, shape):
        """The block with a margin, inside an image of that shape, from a multiple of the step on."""
        rows, columns = (
            range(_floor(max(indices.start - margin, 0), step), min(indices.stop + margin, size))
            for indices, size in zip((self.rows, self.columns), shape, strict=True)
        )
        return Block(rows, columns)


def _floor(number, step):
    return number - number % step


def blocks_of(height, width, n_pixels):
    """Blocks of an image, row by row, of about that many pixels; they depend on nothing else."""
    across = max(n_pixels // min(height, _SIDE), 1)
    n_across = -(-width // across)
    edges = [width * i // n_across for i in range(n_across + 1)]
    step = max(1, n_pixels // -(-width // n_across))
    return [
        Block(range(top, min(top + step, height)), range(left, right))
        for top in range(0, height, step)
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]


def for_blocks(shape, n_pixels, n_threads, function, *args):
    """Call function(block, *args) for each block of about n_pixels of an image of that shape, in threads."""
    run_in_threads(n_threads, function, blocks_of(*shape[:2], n_pixels), *args)
