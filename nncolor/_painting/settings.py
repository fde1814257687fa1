"""Settings of painting that measurements chose, and sizes of the parts that images are divided into."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HintSettings:
    """Settings of hints; docs/benchmarks/sensitivity.py measures other values.

    Attributes
    ----------
    plane_length, lightness_length, codeword_length : float
        Lengths over which residuals are similar: in the plane, as a share of the longer side; in lightness,
        as a share of white; between distributions of codewords, as their Hellinger distance (0 to sqrt(2)).
    noise : float
        Variance of the noise of a residual, as a share of its variance.
    min_deviation : float
        Constant that is added to the standard deviation of the prediction, in u*, v*.
    max_kriged : int
        Largest number of hints for kriging; more are thinned out, because the cost grows with the square of
        their number.
    working_size : int
        Hints of a larger image are propagated at this working size.
    enlarging_radius : int
        Radius of the guided filter that enlarges the result.
    edge_scale : float
        Difference of lightness, in L*, over which the weight of an edge falls to 1/e.
    min_weight : float
        Least weight of an edge.
    prior_weight : float
        Weight of the prior of a pixel; an edge between neighbours of equal lightness weighs 1.
    """

    plane_length: float = 1.0
    lightness_length: float = 0.3
    codeword_length: float = 0.5
    noise: float = 0.1
    min_deviation: float = 5.0
    max_kriged: int = 256
    working_size: int = 384
    enlarging_radius: int = 2
    edge_scale: float = 2.0
    min_weight: float = 1e-3
    prior_weight: float = 0.03


@dataclass(frozen=True)
class TintSettings:
    """Settings of tints; docs/benchmarks/sensitivity.py measures other values.

    Attributes
    ----------
    transition : float
        Height, as a share of that of the image, over which the tint of the upper half changes to that of the
        lower one.
    light : float
        Chroma is shifted in proportion to min(L, 100 - light * L) + base: black and white have little.
    base : float
    grid_size : int
        Without a working size, the mean chroma is that of so many pixels in each direction.
    least_distance, most_spread : float
        Alternatives whose root mean square distance from their mean tint, in u*, v*, is smaller are spread to
        it, at most by a factor.
    """

    transition: float = 0.3
    light: float = 0.7
    base: float = 10.0
    grid_size: int = 256
    least_distance: float = 12.0
    most_spread: float = 4.0


@dataclass(frozen=True)
class FilmSettings:
    """Settings of films; docs/benchmarks/sensitivity.py measures other values.

    Attributes
    ----------
    cut : float
        Correlation between the pattern of a frame and the motion-compensated pattern of the frame before,
        below which there is a cut. In the two films of docs/benchmarks/film.py, clean and with lamp and
        grain, it is 0.05 to 0.50 at cuts, and at least 0.82 within shots.
    blank : float
        Range of lightness below which a frame is blank.
    agreement : float
        Difference of patterns, in medians over the frame, at which the weight of the carried chroma falls to
        1/e.
    least_median : float
        Constant that is added to the median, for films without grain.
    key_weight : float
        Weight of the chroma of a key frame; that of a prediction is 1.
    ahead : int
        Largest number of frames that are held until the key frame that follows them.
    flow_radius : int
        Radius of the windows of the optical flow in pixels of the grid.
    """

    cut: float = 0.65
    blank: float = 0.01
    agreement: float = 4.0
    least_median: float = 0.01
    key_weight: float = 400.0
    ahead: int = 24
    flow_radius: int = 7


@dataclass(frozen=True)
class PaintingSettings:
    """Settings of painting.

    Attributes
    ----------
    epsilon : float
        Regularization of the guided filter, in squared units of a guide in [0, 1]: differences of lightness
        well below its square root are smoothed over, those well above are kept.
    block_pixels : int
        Number of pixels of a block, which one thread processes.
    tile_pixels, general_tile_pixels : int
        Number of pixels of a tile, with and without the direct forward pass of a network.
    tile_row : int
        Number of pixels of a row of a tile. OpenBLAS multiplies a small matrix with rows of this length twice
        as fast as with longer ones, which it packs first.
    hints : HintSettings
    tint : TintSettings
    film : FilmSettings
    """

    epsilon: float = 0.04**2
    block_pixels: int = 1 << 19
    tile_pixels: int = 1 << 13
    general_tile_pixels: int = 1 << 16
    tile_row: int = 384
    hints: HintSettings = field(default_factory=HintSettings)
    tint: TintSettings = field(default_factory=TintSettings)
    film: FilmSettings = field(default_factory=FilmSettings)
