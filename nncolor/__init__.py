"""Learn to colour grey photographs from your own colour photographs."""

from . import datasets, metrics, plotting
from ._colorizer import SOMColorizer
from ._hints import propagate_hints
from ._patches import PatchExtractor
from ._pixels import PixelSamples, sample_pixels
from ._quantizer import SOMQuantizer
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
]
