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

    plane_length: float = 0.7
    lightness_length: float = 0.4
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
    """Settings of tints.

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
    far_distance, far_margin : float
        A tint is far from those of the training images if its distance from the nearest exceeds both this
        and a multiple of the 0.95 quantile of their own nearest distances. Alternatives that are spread are
        not far.
    n_iter : int
        Updates of the map that lays out the typical tints.
    """

    transition: float = 0.3
    light: float = 0.7
    base: float = 10.0
    grid_size: int = 256
    least_distance: float = 12.0
    most_spread: float = 4.0
    far_distance: float = 30.0
    far_margin: float = 2.0
    n_iter: int = 5000


@dataclass(frozen=True)
class FlowSettings:
    """Settings of the optical flow, in units of patterns; see `FilmSettings`.

    Attributes
    ----------
    attachment, refining_attachment : float
        Weight of the data: between neighbouring frames, and between a frame and a key frame.
    tightness : float
        Coupling of the data and the total variation.
    n_iter, n_dual_iter : int
        Iterations of each warp, and of the total variation in each of them.
    n_warps : int
        Warps on each level, between neighbouring frames.
    min_size : int
        Shorter side of the coarsest level, in pixels of the match grid.
    n_refining_levels : int
        Coarser levels, between a frame and a key frame.
    """

    attachment: float = 15.0
    refining_attachment: float = 30.0
    tightness: float = 0.3
    n_iter: int = 8
    n_dual_iter: int = 2
    n_warps: int = 2
    min_size: int = 16
    n_refining_levels: int = 1


@dataclass(frozen=True)
class TrackSettings:
    """Settings of tracks: how the points of a key frame are found again in the frames of its shot.

    A *cost* is a mean difference of patterns over a window. Lengths are in pixels of the match grid.

    Attributes
    ----------
    refining_share : float
        Share of the refinement against the key frame that is taken in each frame; the rest would be jitter.
    window, agreement_window : int
        Side of the windows of the costs: those by which displacements are chosen, and those of weights.
    shifts : tuple of int
        Distances from which displacements of neighbours are tried where the chain of displacements broke.
    replacing_share, replacing_floor : float
        A displacement replaces another if its cost is below share * (cost of the other - floor).
    camera_cost : float
        Cost at which the trust in a displacement, for the motion of the camera, falls to 1/e.
    beyond_cost : float
        Cost of a point beyond the border of the key frame, for each pixel up to 1.
    still_cost : float
        Cost that a pixel in its place may have above that of the tracked point, and counts as still.
    agreement, least_median : float
        Cost, in medians over the frame plus a constant for clean and still shots, at which the weight of a
        tracked point falls to 1/e.
    max_scale : float
        Largest cost at which it falls to 1/e.
    choice, least_choice : float
        The same for the choice between two key frames, and the least weight there.
    cost_gain : float
        Gain of the running mean of costs along the motion.
    key_smoothing : float
        Standard deviation of the smoothing of the chroma of key frames, whose noise would flicker; what is
        still has the chroma itself.
    """

    refining_share: float = 0.3
    window: int = 7
    agreement_window: int = 5
    shifts: tuple[int, ...] = (5, 14)
    replacing_share: float = 0.5
    replacing_floor: float = 0.02
    camera_cost: float = 0.05
    beyond_cost: float = 0.15
    still_cost: float = 0.005
    agreement: float = 8.0
    least_median: float = 0.01
    max_scale: float = 0.25
    choice: float = 1.5
    least_choice: float = 0.02
    cost_gain: float = 0.5
    key_smoothing: float = 0.5


@dataclass(frozen=True)
class FillSettings:
    """Settings of the model that colours what a key frame does not show.

    Attributes
    ----------
    weight : float
        Weight of its chroma; that of a tracked point that agrees is 1.
    doubling_cost : float
        Median cost over the frame, plus that constant, at which the weight is doubled.
    still_share : float
        Share of that weight that remains where nothing moves.
    gain : float
        Gain of the running mean of its chroma along the motion.
    n_pixels, n_trees, min_leaf : int
        Pixels of the key frame that it is trained on, its trees, and the pixels of a leaf.
    max_features : float
        Share of the features that each split of a tree chooses from.
    step : int
        Step of the pixels of the match grid that it predicts.
    """

    weight: float = 0.08
    doubling_cost: float = 0.025
    still_share: float = 0.05
    gain: float = 0.2
    n_pixels: int = 12_000
    n_trees: int = 20
    min_leaf: int = 5
    max_features: float = 0.4
    step: int = 2


@dataclass(frozen=True)
class FilmSettings:
    """Settings of films; docs/benchmarks/sensitivity.py measures other values.

    They were chosen on five clips of docs/benchmarks/results/film.md; docs/film.md names them.

    Attributes
    ----------
    match_size : int
        Square root of the area of the match grid, on which motion is found.
    contrast : float
        Standard deviation of patterns, which are standardized lightness.
    cut, detail_cut : float
        There is a cut where the correlation of the pattern of a frame with the motion-compensated one of the
        frame before is below `cut`, and that of their details below `detail_cut`. The flow can make another
        picture alike, but not its details: docs/benchmarks/film.py prints both for neighbouring frames and
        for pairs of different pictures.
    detail_smoothing : float
        Details are what a smoothing with this standard deviation takes away, in pixels of the match grid.
    blank, blank_smoothing : float
        Standard deviation of lightness below which a frame is blank, after a smoothing with a standard
        deviation in pixels of the match grid, which takes grain away.
    key_correlation : float
        Correlation of the lightness of a key frame with that of its frame, below which it is taken for one of
        another picture. Pictures of the same class have up to 0.7.
    agreement, least_median : float
        Difference of patterns, in medians over the frame plus a constant for films without grain, at which
        the weight of what is carried from the frame before falls to 1/e.
    agreement_window : int
        Side of the windows of that difference.
    mean_share : float
        Share of the colours of the frame before in a running mean along the motion, where the patterns agree.
    ahead : int
        Largest number of frames that are held until the key frame that follows them.
    flow : FlowSettings
    track : TrackSettings
    fill : FillSettings
    """

    match_size: int = 192
    contrast: float = 0.2
    cut: float = 0.9
    detail_cut: float = 0.5
    detail_smoothing: float = 4.0
    blank: float = 0.5
    blank_smoothing: float = 3.0
    key_correlation: float = 0.8
    agreement: float = 4.0
    least_median: float = 0.002
    agreement_window: int = 3
    mean_share: float = 0.6
    ahead: int = 60
    flow: FlowSettings = field(default_factory=FlowSettings)
    track: TrackSettings = field(default_factory=TrackSettings)
    fill: FillSettings = field(default_factory=FillSettings)


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
