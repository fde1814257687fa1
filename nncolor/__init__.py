"""Colour grey photographs with a model trained on your own colour photographs."""

from . import datasets, interactive, metrics, plotting
from ._codebook.quantizer import SOMQuantizer
from ._colorizer import SOMColorizer
from ._emulsion.simulator import EmulsionSimulator
from ._images.color import to_gray
from ._images.writing import save_image
from ._network import CodewordClassifier
from ._painting.hints import propagate_hints
from ._painting.shots import find_shots
from ._pixels.patches import PatchExtractor
from ._pixels.samples import PixelSamples, sample_pixels
from ._version import __version__

__all__ = [
    "CodewordClassifier",
    "EmulsionSimulator",
    "PatchExtractor",
    "PixelSamples",
    "SOMColorizer",
    "SOMQuantizer",
    "__version__",
    "datasets",
    "find_shots",
    "interactive",
    "metrics",
    "plotting",
    "propagate_hints",
    "sample_pixels",
    "save_image",
    "to_gray",
]

# saved models name the public module, whatever the private ones are called
for _public in (
    CodewordClassifier,
    EmulsionSimulator,
    PatchExtractor,
    PixelSamples,
    SOMColorizer,
    SOMQuantizer,
):
    _public.__module__ = __name__
del _public
