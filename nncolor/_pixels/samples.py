"""Pixels sampled from images of any sizes, as a container that scikit-learn can slice."""

import numbers
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval

from .._images.batch import iter_batch, load_image, n_images_of
from .._images.border import without_border
from .._images.color import image_tint
from .._images.memory import iter_with_memory_warning
from .._images.parallel import N_JOBS
from .._images.working_size import WORKING_SIZE, working_lightness_chroma
from .._utils.estimator import validate_params
from .._utils.progress import progress
from .._utils.threads import plain_context
from .._utils.types import FloatArray, ImageBatch, IntArray, RandomState
from .cache import Cache

# Total number of pixels that "auto" samples, and bounds for one image: more pixels hardly reduce the error,
# see docs/benchmarks/quality.py. If the number of images is not known, that of the paper is used.
_PIXELS, _PER_IMAGE, _PER_IMAGE_OF_UNKNOWN = 200_000, (500, 20_000), 2500

# Smallest capacity of the cache of a PixelSamples.
_CACHED = 64

_NO_ARRAY = (
    "PixelSamples is not an array: it holds positions of pixels, not their features. Put a PatchExtractor "
    "first, as in make_pipeline(PatchExtractor(), ...), or use its attributes chroma, lightness and groups."
)

T = TypeVar("T")


class _Shape(tuple[int]):
    """Shape with one axis; reading a second one, as of a matrix of features, is an error."""

    def __getitem__(self, index: Any) -> Any:
        if index == 1:
            raise TypeError(_NO_ARRAY)
        return super().__getitem__(index)


@dataclass(frozen=True)
class SampledImages:
    """The images of a PixelSamples, which all its selections share.

    Attributes
    ----------
    plane : ndarray of shape (n_plane,), float32
        Lightness of all images, one after the other, each row by row. CIE L*, 0 to 100.
    offsets : ndarray of shape (n_images,), int
        Index of the first pixel of each image in `plane`.
    shapes : ndarray of shape (n_images, 2), int
        Height and width of each image.
    tints : ndarray of shape (n_images, 2)
        Mean u*, v* of each image.
    working_size : int or None
    cache : Cache
        Values that transformers have computed from whole images.
    """

    plane: FloatArray
    offsets: IntArray
    shapes: IntArray
    tints: FloatArray
    working_size: int | None
    cache: Cache


class PixelSamples:
    """Pixels of colour images, each with its row and column in its image.

    scikit-learn's transformers and splitters work on rows. A `PixelSamples` has one row for each
    sampled pixel, and it holds the lightness of the images, so that
    :class:`~nncolor.PatchExtractor` can read the surroundings of each pixel. It is made by
    :func:`~nncolor.sample_pixels`, and can be passed to scikit-learn as `X`: to a `Pipeline`,
    a splitter, or `GridSearchCV`.

    Parameters
    ----------
    images : SampledImages
        The images of the pixels, which all selections share.
    groups, rows, columns : ndarray of shape (n,), int
        For each pixel its image, row and column.
    chroma : ndarray of shape (n, 2), float32
        CIE u*, v* of each pixel.

    Attributes
    ----------
    chroma : ndarray of shape (n, 2), float32
        CIE u*, v*.
    lightness : ndarray of shape (n,), float32
        CIE L*, 0 to 100.
    groups : ndarray of shape (n,), int
        The image that each pixel comes from, for `GroupShuffleSplit` and `StratifiedGroupKFold`.
    rows, columns : ndarray of shape (n,), int
        Row and column of each pixel in its image.
    shape : tuple (n,)
    working_size : int or None
        Square root of the area in pixels to which the images were resized; None if they were not.
    tints : ndarray of shape (n_images, 2)
        The tint of each image: its mean CIE u*, v*.

    See Also
    --------
    sample_pixels : Draw pixels from a batch of images.
    PatchExtractor : Turn them into features.

    Examples
    --------
    >>> import numpy as np
    >>> from nncolor import sample_pixels
    >>> images = np.random.default_rng(0).random((2, 8, 9, 3))
    >>> pixels = sample_pixels(images, pixels_per_image=5, random_state=0)
    >>> pixels.shape
    (10,)
    >>> pixels[pixels.groups == 1].chroma.shape
    (5, 2)
    """

    groups: IntArray
    rows: IntArray
    columns: IntArray
    chroma: FloatArray

    def __init__(
        self, images: "SampledImages", groups: IntArray, rows: IntArray, columns: IntArray, chroma: FloatArray
    ):
        self._images = images
        self.groups = groups
        self.rows = rows
        self.columns = columns
        self.chroma = chroma

    @property
    def working_size(self) -> int | None:
        return self._images.working_size

    @property
    def tints(self) -> FloatArray:
        return self._images.tints

    @property
    def lightness(self) -> FloatArray:
        return self._images.plane[self._indices(self.rows, self.columns)]

    @property
    def shape(self) -> tuple[int]:
        return _Shape((len(self.groups),))

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: Any) -> "PixelSamples":
        """Select pixels by an integer array, a mask or a slice; the lightness is shared."""
        if isinstance(index, tuple):
            if len(index) != 2 or index[1] is not Ellipsis:
                raise IndexError("PixelSamples has one axis: index it as pixels[idx] or pixels[idx, ...].")
            index = index[0]
        if isinstance(index, numbers.Integral):
            raise TypeError(
                f"A PixelSamples has no single items; write pixels[[{index}]] or pixels[{index}:{index + 1}]."
            )
        groups = self.groups[index]
        if groups.ndim != 1:
            raise IndexError("PixelSamples has one axis; the index must be a slice or have one axis too.")
        return PixelSamples(self._images, groups, self.rows[index], self.columns[index], self.chroma[index])

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "A PixelSamples holds pixels, not images. Pass images here, or use what accepts pixels: "
            "PatchExtractor, and SOMColorizer's fit, score, predict_labels, predict_proba, predict_chroma."
        )

    def __sizeof__(self) -> int:
        # dask sends large objects to its workers once, and not with every task
        own = (self.groups, self.rows, self.columns, self.chroma, self._images.plane)
        return sum(array.nbytes for array in own)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(_NO_ARRAY)

    def __repr__(self) -> str:
        return f"<PixelSamples: {len(self)} pixels of {len(np.unique(self.groups))} images>"

    @property
    def heights(self) -> IntArray:
        """Height of the image of each pixel, in pixels."""
        return self._images.shapes[self.groups, 0]

    @property
    def widths(self) -> IntArray:
        """Width of the image of each pixel, in pixels."""
        return self._images.shapes[self.groups, 1]

    def lightness_at(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """Lightness at other pixels of the same images.

        Parameters
        ----------
        rows, columns : ndarray of shape (n,) or (n, m), int
            Rows and columns in the image of each pixel.

        Returns
        -------
        lightness : ndarray of the same shape, float32
            CIE L*, 0 to 100.
        """
        return self._images.plane[self._indices(rows, columns)]

    def image_lightness(self, group: int) -> FloatArray:
        """Lightness of a whole image.

        Parameters
        ----------
        group : int
            The image, as in `groups`.

        Returns
        -------
        lightness : ndarray of shape (H, W), float32
            CIE L*, 0 to 100; a view, not a copy.
        """
        height, width = self._images.shapes[group]
        start = self._images.offsets[group]
        return self._images.plane[start : start + height * width].reshape(height, width)

    def cached(self, key: Hashable, function: Callable[[], T]) -> T:
        """Value of a function that is computed once for this PixelSamples and all its selections.

        It is for transformers that compute values from a whole image. The values that were used last are
        kept: twice as many as there are images, and at least 64. If several threads need a value at once,
        one of them computes it.

        Parameters
        ----------
        key : hashable
            Key of the value.
        function : callable
            Called without arguments to compute the value if the key is new.

        Returns
        -------
        value : object
            The stored value.
        """
        value: T = self._images.cache.get(key, function)
        return value

    def _indices(self, rows: IntArray, columns: IntArray) -> IntArray:
        groups = self.groups.reshape((-1,) + (1,) * (rows.ndim - 1))
        indices: IntArray = self._images.offsets[groups] + rows * self._images.shapes[groups, 1] + columns
        return indices


def check_working_size(pixels, working_size):
    """Raise if a PixelSamples was sampled at another working size."""
    if pixels.working_size != working_size:
        raise ValueError(
            f"The PixelSamples was sampled at working_size={pixels.working_size}, but the colorizer was "
            f"trained at working_size={working_size}. Call sample_pixels with working_size={working_size}."
        )


def pixels_of_image(lightness, rows, columns, chroma=None, working_size=None, cache=None, tint=None):
    """PixelSamples of pixels of one image, given its lightness of shape (H, W) at the working size.

    Without `chroma`, the chroma of the pixels is zero, and so is the tint. Instances with the same `cache`
    share the values that are computed from the whole image.
    """
    if chroma is None:
        chroma = np.zeros((len(rows), 2), np.float32)
        tint = np.zeros(2)
    images = SampledImages(
        plane=np.ascontiguousarray(lightness).reshape(-1),
        offsets=np.zeros(1, np.intp),
        shapes=np.array([lightness.shape]),
        tints=tint[None],
        working_size=working_size,
        cache=Cache(_CACHED) if cache is None else cache,
    )
    return PixelSamples(images, np.zeros(len(rows), np.intp), rows, columns, chroma)


def join_pixels(parts):
    """Join the PixelSamples of several images to one, in order."""
    of_parts = [part._images for part in parts]
    sizes = [len(images.plane) for images in of_parts]
    images = SampledImages(
        plane=np.concatenate([images.plane for images in of_parts]),
        offsets=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp),
        shapes=np.concatenate([images.shapes for images in of_parts]),
        tints=np.concatenate([images.tints for images in of_parts]),
        working_size=of_parts[0].working_size,
        cache=Cache(max(_CACHED, 2 * len(parts))),
    )
    return PixelSamples(
        images,
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "columns", "chroma")),
    )


def sample_image(position, item, n_pixels, working_size, seed, emulsion=None):
    """PixelSamples of one item of a batch: pixels drawn at random without replacement."""
    image = load_image(position, item, color=True)
    if working_size is not None:
        image = image[without_border(image)]
    lightness, chroma = working_lightness_chroma(image, working_size)
    if emulsion is not None:
        lightness = emulsion.record(image, working_size, np.random.default_rng((seed, 1)))
    height, width = lightness.shape
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(height * width, min(n_pixels, height * width), replace=False))
    rows, columns = np.divmod(chosen, width)
    return pixels_of_image(
        lightness, rows, columns, chroma[rows, columns], working_size, tint=image_tint(chroma)
    )


@dataclass(frozen=True)
class Sampling:
    """How pixels are sampled from images.

    Attributes
    ----------
    pixels_per_image : int or "auto"
    working_size : int or None
    emulsion : EmulsionSimulator or None
        Simulates the lightness; None takes that of the images.
    n_jobs : int or None
        Number of images that are read at once.
    verbose : int
    """

    pixels_per_image: int | str
    working_size: int | None
    emulsion: Any = None
    n_jobs: int | None = None
    verbose: int = 0


def sample_batch(X, sampling, random_state, function=None, bytes_per_pixel=0):
    """List of the PixelSamples of each image of a batch; images are read when they are needed.

    Each image has its own seed, so the pixels do not depend on `n_jobs`. `function` is called on each
    PixelSamples in the worker that made it, so that only its result has to be kept or sent. A warning is
    issued if the pixels, `bytes_per_pixel` each, do not fit in memory.
    """
    seeds = check_random_state(random_state)
    n_images = n_images_of(X)
    n_pixels = number_of_pixels(sampling.pixels_per_image, n_images)
    items = iter_with_memory_warning(iter_batch(X), n_pixels, bytes_per_pixel, n_images)
    items = progress(items, sampling.verbose, "reading", total=n_images)
    return Parallel(n_jobs=sampling.n_jobs, prefer="threads")(
        # dask sends a tuple with its task, and again if a worker is lost
        delayed(_sample_and_apply)((position, item), n_pixels, sampling, draw_seed(seeds), function)
        for position, item in items
    )


def number_of_pixels(wanted, n_images):
    """Number of pixels to draw from an image; "auto" depends on the number of images, None if unknown."""
    if wanted != "auto":
        return wanted
    if n_images is None:
        return _PER_IMAGE_OF_UNKNOWN
    return int(np.clip(round(_PIXELS / max(n_images, 1)), *_PER_IMAGE))


def draw_seed(random_state):
    """Seed of a new random number generator."""
    return random_state.randint(np.iinfo(np.int32).max)


def _sample_and_apply(position_and_item, n_pixels, sampling, seed, function):
    with plain_context():
        pixels = sample_image(*position_and_item, n_pixels, sampling.working_size, seed, sampling.emulsion)
        return pixels if function is None else function(pixels)


@validate_params(
    {
        "pixels_per_image": [Interval(numbers.Integral, 1, None, closed="left")],
        "working_size": WORKING_SIZE,
        "emulsion": [HasMethods(["record"]), None],
        "random_state": ["random_state"],
        "n_jobs": N_JOBS,
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def sample_pixels(
    images: ImageBatch,
    pixels_per_image: int = 2500,
    *,
    working_size: int | None = 384,
    emulsion: Any = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> PixelSamples:
    """Draw pixels at random from each image of a batch.

    Parameters
    ----------
    images : batch of colour images
        A sequence of arrays or paths, or an ndarray of shape (n, H, W, 3 or 4); see the user
        guide on what counts as a batch.
    pixels_per_image : int, default=2500
        Number of pixels of each image, drawn without replacement; all of them where an image
        has fewer. The default is the paper's [1]_.
    working_size : int or None, default=384
        Resize each image to an area of working_size x working_size pixels first, with its proportions
        kept, so that patches and context cover the same part of images of all sizes. None does not
        resize images, as in the paper. Otherwise a uniform border, such as a mount, is left out first: rows
        and columns are those of the inner part.
    emulsion : EmulsionSimulator, default=None
        Simulates the lightness that an old film would have recorded; the chroma stays that of the images.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same pixels on every call.
    n_jobs : int or None, default=None
        Number of images that are read at once (threads, or the joblib backend of the context).
        The pixels do not depend on it.
    verbose : int, default=0
        Show a progress bar if positive.

    Returns
    -------
    pixels : PixelSamples
        The pixels in the order of the images.

    Raises
    ------
    ValueError
        If an image is grey or not valid; the message names it.
    OSError
        If a file cannot be read; the message names it.

    References
    ----------
    .. [1] M. Richart, J. Visca, J. Baliosian, "Image Colorization with Neural Networks", 2017,
       section III-A.

    Examples
    --------
    >>> from nncolor import sample_pixels
    >>> from nncolor.datasets import load_sample_photos
    >>> photos = load_sample_photos()
    >>> sample_pixels(photos.images[:2], pixels_per_image=100, random_state=0)
    <PixelSamples: 200 pixels of 2 images>
    """
    sampling = Sampling(pixels_per_image, working_size, emulsion, n_jobs, verbose)
    return join_pixels(sample_batch(images, sampling, random_state))
