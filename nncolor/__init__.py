"""Colour grey photographs with a model trained on your own colour photographs."""

from . import datasets, metrics, plotting
from ._codebook.quantizer import SOMQuantizer
from ._colorizer import SOMColorizer
from ._images.color import to_grey
from ._painting.hints import propagate_hints
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, sample_pixels
from ._version import __version__

__all__ = [
    "PatchExtractor",
    "PixelSamples",
    "SOMColorizer",
    "SOMQuantizer",
    "__version__",
    "datasets",
    "metrics",
    "plotting",
    "propagate_hints",
    "sample_pixels",
    "to_grey",
]
