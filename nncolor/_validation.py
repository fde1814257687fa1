"""Validation on held-out images: settings of the default network, share of chroma, expected error."""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from ._images.color import ciede2000, join_lightness_chroma
from ._network import CodewordClassifier, make_networks, with_weights
from ._painting.pixel_decoder import PixelDecoder
from ._painting.tint import N_TINT_FEATURES, tint_features
from ._training import fit_classifier, rebalanced, settle_network
from ._utils.progress import report

# Shares of the predicted chroma.
_CHROMA_SCALES = np.array([1.0, 0.75, 0.5, 0.25, 0.0])


@dataclass(frozen=True)
class ValidationSettings:
    """Settings of the validation; docs/benchmarks/results/few_photographs.md has the measurements.

    Attributes
    ----------
    min_images : int
        Smallest number of images for validation.
    n_held_out, max_folds : int
        Validation is repeated with other images held out until this many images, or all, have been held out,
        and at most in so many folds; for the default network, and for other classifiers.
    n_judged : int
        Largest number of pixels of held-out images on which errors are measured.
    max_pixels : int
        Classifiers other than the default network are trained on at most this many pixels.
    penalties : tuple of float
        Penalties that are tried. The largest is worse than its neighbour in every class, and the smallest
        about as good as its neighbour.
    first_length, last_length : int
        Numbers of training pixels that are tried: the first, and its doublings up to the last. The first one
        only begins the curves: it is never chosen.
    n_continued : tuple of int
        Largest number of penalties that are continued after each length.
    hopeless : float
        A penalty whose error exceeds the smallest one by this factor is not continued after the second
        length.
    least_gain : float
        A penalty is continued if the same change of its error once more would fall below the smallest error
        by this share.
    long, n_long_folds : int
        From this length on, a single penalty is continued in so many folds only; the mean of the others is
        extrapolated.
    complexity : float
        The error of a setting is raised by this share, divided by the number of images, for each doubling of
        length and each third of the penalty between it and the shortest length and the largest penalty: the
        errors of few images say little, so that more complex networks must be clearly better.
    tie : float
        Settings within this factor of the smallest error are equal; the most chroma decides.
    n_few : int
        Fewer held-out images than this are few.
    worth, worth_of_few, least_of_few : float
        The largest share of chroma whose error is below this factor times that of grey is painted, since less
        chroma often has a slightly smaller error, but makes images dull. If there is none, it is the share
        with the smallest error. With few held-out images the factor is smaller, and at least the given share
        is painted.
    """

    min_images: int = 5
    n_held_out: tuple[int, int] = (60, 10)
    max_folds: int = 5
    n_judged: int = 20_000
    max_pixels: int = 50_000
    penalties: tuple[float, ...] = (0.05, 0.3, 1.0, 3.0, 10.0)
    first_length: int = 12_500
    last_length: int = 1_600_000
    n_continued: tuple[int, ...] = (5, 3, 2, 1)
    hopeless: float = 1.05
    least_gain: float = 0.002
    long: int = 400_000
    n_long_folds: int = 2
    complexity: float = 0.1
    tie: float = 1.005
    n_few: int = 10
    worth: float = 0.97
    worth_of_few: float = 0.92
    least_of_few: float = 0.25


class Validation(NamedTuple):
    """Results of the validation on held-out images.

    Attributes
    ----------
    penalty, n_training_pixels : float, int or None
        Settings of the default network; None for other classifiers.
    chroma_scale : float
        Share of the predicted chroma to paint.
    error, gray_error : float
        Mean CIEDE2000 of the held-out images: painted with `chroma_scale`, and left grey.
    full_error : float
        The same with the full predicted chroma.
    """

    penalty: float | None
    n_training_pixels: int | None
    chroma_scale: float
    error: float
    gray_error: float
    full_error: float


def validate(
    classifier,
    codebook,
    sample,
    labels,
    *,
    fraction,
    rebalance=0,
    temperature,
    random_state,
    settings=ValidationSettings(),  # noqa: B008, it is frozen
):
    """Train on some of the images and measure on the others.

    Parameters
    ----------
    classifier : classifier
        Not fitted, and not changed.
    codebook : ndarray of shape (n_codes, 2)
    sample : Sample
        Pixels of all images.
    labels : ndarray of shape (n,), int
        Their codewords.
    fraction : float in [0, 1)
        Share of the images to hold out.
    rebalance : float in [0, 1]
        See `rebalanced`.
    temperature : float
    random_state : RandomState
    settings : ValidationSettings

    Returns
    -------
    validation : Validation, or None if there are too few images or codewords
    """
    images = np.unique(sample.groups)
    if fraction == 0 or len(images) < settings.min_images:
        return None
    is_network = isinstance(classifier, CodewordClassifier)
    folds = []
    for held_out in _held_out_images(images, fraction, is_network, random_state, settings):
        is_judged = np.isin(sample.groups, held_out)
        kept, judged = (random_state.permutation(np.flatnonzero(mask)) for mask in (~is_judged, is_judged))
        if rebalance:
            kept = random_state.permutation(kept[rebalanced(labels[kept], rebalance, random_state)])
        if len(np.unique(labels[kept])) == 1:
            return None
        folds.append((kept, judged, len(held_out)))
    n_judged = settings.n_judged // len(folds)
    judges = [_Judge(sample, judged[:n_judged]) for _, judged, _ in folds]
    all_kept = [kept for kept, _, _ in folds]
    if is_network:
        search = _Search(classifier, codebook, sample, labels, all_kept, judges, temperature, settings)
        found = search.run(len(images), random_state.randint(2**31))
    else:
        found = _validate_classifier(
            classifier, codebook, sample, labels, all_kept, judges, temperature, len(images), settings
        )
    few = sum(n_held_out for _, _, n_held_out in folds) < settings.n_few
    return _with_chroma_scale(*found, few, settings)


def report_validation(validation, verbose, stacklevel):
    """Print the errors, and warn if grey is closer to the truth than the colours."""
    error, gray_error = validation.error, validation.gray_error
    report(f"[SOMColorizer] Held-out images: CIEDE2000 {error:.1f}, left grey {gray_error:.1f}.", verbose)
    if validation.full_error >= gray_error:
        warnings.warn(
            f"The colours of held-out training images are farther from the truth (mean CIEDE2000 "
            f"{validation.full_error:.1f}) than grey is ({gray_error:.1f}); with "
            f"{validation.chroma_scale:.0%} of the chroma, as will be painted, it is {error:.1f}. Train "
            "with more images, or with images that are more similar.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def _held_out_images(images, fraction, is_network, random_state, settings):
    """List of groups of images, one group to hold out at a time."""
    n_images = len(images)
    n_held_out = min(max(1, round(fraction * n_images)), n_images - 1)
    wanted = settings.n_held_out[0 if is_network else 1]
    n_folds = min(-(-wanted // n_held_out), n_images // n_held_out)
    if is_network:
        n_folds = min(n_folds, settings.max_folds)
    order = random_state.permutation(images)
    return [order[number * n_held_out :][:n_held_out] for number in range(max(n_folds, 1))]


def _with_chroma_scale(penalty, n_training_pixels, by_scale, optimism, few, settings):
    """Validation with the share of chroma to paint, given the errors for each share of chroma."""
    allowed, share = by_scale, settings.worth
    if few:
        allowed, share = by_scale[settings.least_of_few <= _CHROMA_SCALES], settings.worth_of_few
    worth = np.flatnonzero(allowed < share * by_scale[-1])
    scale = int(worth[0] if len(worth) else allowed.argmin())
    error = float(by_scale[scale] * (1 if _CHROMA_SCALES[scale] == 0 else optimism))
    gray_error, full_error = float(by_scale[-1]), float(by_scale[0] * optimism)
    return Validation(penalty, n_training_pixels, float(_CHROMA_SCALES[scale]), error, gray_error, full_error)


class _Judge:
    """Pixels of held-out images, on which predictions are measured."""

    def __init__(self, sample, judged):
        self.lightness = sample.lightness[judged]
        self.true = self._painted(sample.chroma[judged])
        _, self.image = np.unique(sample.groups[judged], return_inverse=True)
        self.n_pixels = np.bincount(self.image)
        features = sample.features[judged]
        # without and with the tint of the image
        self.variants = [features]
        if sample.has_tint:
            tints = tint_features(sample.tints_of_pixels()[judged])
            own = features[:, :-N_TINT_FEATURES]
            self.variants = [np.concatenate([own, tint], axis=1) for tint in (np.zeros_like(tints), tints)]

    def _painted(self, chroma):
        return join_lightness_chroma(self.lightness, chroma, np.float32)

    def by_image(self, values):
        """Mean of the values of the pixels of each image."""
        return np.bincount(self.image, values) / self.n_pixels

    def errors(self, chroma):
        """Mean CIEDE2000 of each image for a chroma of its pixels."""
        return self.by_image(ciede2000(self.true, self._painted(chroma)))

    def measures(self, decoder):
        """Predicted chroma without tint, and measures of each image, (n_images, 3).

        The measures are the mean chroma of both variants, and the errors without and with tint.
        """
        predicted = [decoder.chroma(features.T[None])[0] for features in self.variants]
        vividness = np.mean([np.hypot(*chroma.T) for chroma in predicted], axis=0)
        errors = [self.errors(chroma) for chroma in predicted]
        return predicted[0], np.stack([self.by_image(vividness), errors[0], errors[-1]], axis=1)

    def errors_by_scale(self, chroma):
        """Error of each image for each share of a chroma, (n_images, n_scales)."""
        return np.stack([self.errors(chroma * np.float32(scale)) for scale in _CHROMA_SCALES], axis=1)


def _validate_classifier(
    classifier, codebook, sample, labels, all_kept, judges, temperature, n_images, settings
):
    """Errors, by the share of chroma, of a classifier that has nothing to choose."""
    errors = []
    for kept, judge in zip(all_kept, judges, strict=True):
        kept = np.sort(kept[: settings.max_pixels])
        fitted = clone(classifier)
        settle_network(fitted, n_images)
        known = fit_classifier(fitted, sample.features[kept], labels[kept], sample.groups[kept])
        frequencies = np.bincount(labels[kept], minlength=len(codebook)) / len(kept)
        decoder = PixelDecoder(fitted, codebook, known, frequencies, temperature=temperature)
        # without tint
        chroma = decoder.chroma(judge.variants[0].T[None])[0]
        errors.append(judge.errors_by_scale(chroma))
    return None, None, np.concatenate(errors).mean(axis=0), 1.0


class _Search:
    """Choice of the penalty and the number of training pixels of the default network.

    A network of each penalty is trained in each fold, on the same pixels; they are measured after doubling
    numbers of pixels, and those whose errors do not promise to become the smallest are dropped (successive
    halving).
    """

    def __init__(self, classifier, codebook, sample, labels, all_kept, judges, temperature, settings):
        self.classifier, self.codebook, self.temperature = classifier, codebook, temperature
        self.features, self.all_kept, self.judges = sample.features, all_kept, judges
        self.codewords, self.ranks = np.unique(labels, return_inverse=True)
        self.frequencies = np.bincount(labels, minlength=len(codebook)) / len(labels)
        self.settings = settings
        self.penalties = _options(classifier.penalty, settings.penalties)
        doublings = int(np.log2(settings.last_length / settings.first_length))
        lengths = [settings.first_length << doubling for doubling in range(doublings + 1)]
        self.lengths = _options(classifier.n_training_pixels, lengths)

    def run(self, n_images, seed):
        """Penalty, number of training pixels, errors by the share of chroma, and optimism of these errors."""
        settings, n_folds = self.settings, len(self.judges)
        shape = self.features.shape[1], len(self.codewords)
        networks = [
            make_networks(self.classifier, *shape, self.penalties, np.random.RandomState(seed))
            for _ in range(n_folds)
        ]
        # measures of all images and of each half of them, for each length and penalty
        halves = [np.arange(sum(len(judge.n_pixels) for judge in self.judges)) % 2 == half for half in (0, 1)]
        parts = [np.ones_like(halves[0]), *halves]
        means = np.full((3, len(self.lengths), len(self.penalties), 3), np.nan)
        live, n_used, predicted, before = list(range(len(self.penalties))), n_folds, {}, {}
        for rung, length in enumerate(self.lengths):
            if len(live) == 1 and length >= settings.long:
                n_used = min(n_used, settings.n_long_folds)
            now = {}
            for index, penalty in enumerate(live):
                measured = [self._measure(networks[fold], index, fold, length) for fold in range(n_used)]
                predicted[rung, penalty] = [chroma for chroma, _ in measured]
                now[penalty] = np.concatenate([measures for _, measures in measured])
                for part, mean in zip(parts, means, strict=True):
                    chosen = part[: len(now[penalty])]
                    mean[rung, penalty] = now[penalty][chosen].mean(axis=0)
                    if n_used < n_folds:
                        then = before[penalty][: len(now[penalty])][chosen].mean(axis=0)
                        mean[rung, penalty] *= mean[rung - 1, penalty] / then
            before = now
            continued = self._continued(_error(means[0]), rung, live)
            if not continued:
                break
            for of_fold in networks:
                of_fold.keep([live.index(penalty) for penalty in continued])
            live = continued
        handicap = self._handicap(n_images)
        rung, penalty = self._select(means[0], handicap)
        scales = np.concatenate(
            [
                judge.errors_by_scale(chroma)
                for judge, chroma in zip(self.judges, predicted[rung, penalty], strict=False)
            ]
        ).mean(axis=0)
        by_scale = scales * np.where(_CHROMA_SCALES > 0, means[0, rung, penalty, 1] / scales[0], 1)
        # the smallest of many errors is too small: each half judges the setting that the other one selects
        honest = np.mean([means[1 + half, *self._select(means[2 - half], handicap), 1] for half in (0, 1)])
        optimism = max(1.0, honest / means[1:, rung, penalty, 1].mean())
        return self.penalties[penalty], self.lengths[rung], by_scale, optimism

    def _measure(self, networks, index, fold, length):
        """Train a fold's networks up to a length, and measure one of them."""
        networks.train(self.features, self.ranks, self.all_kept[fold], length)
        network = with_weights(self.classifier, networks, index, np.arange(len(self.codewords)))
        decoder = PixelDecoder(
            network, self.codebook, self.codewords, self.frequencies, temperature=self.temperature
        )
        return self.judges[fold].measures(decoder)

    def _continued(self, errors, rung, live):
        """Penalties that are trained further, given the errors for each length and penalty so far."""
        settings, best = self.settings, np.nanmin(errors)

        def promises(penalty):
            # the first error only begins the curve: large penalties are slow
            if rung == 0:
                return True
            error = errors[rung, penalty]
            # the same change once more would make it the smallest error
            falls = 2 * error - errors[rung - 1, penalty] < (1 - settings.least_gain) * best
            return error < settings.hopeless * best and falls

        by_error = sorted(filter(promises, live), key=lambda penalty: errors[rung, penalty])
        return sorted(by_error[: settings.n_continued[min(rung, len(settings.n_continued) - 1)]])

    def _handicap(self, n_images):
        """Factor of the error of each setting, by its complexity."""
        # a penalty of 0 is as complex as the smallest positive one
        penalties = np.maximum(self.penalties, min(self.settings.penalties))
        thirds = np.log(max(penalties) / penalties) / np.log(3)
        # the first length is never chosen
        doublings = np.log2(np.array(self.lengths) / self.lengths[min(1, len(self.lengths) - 1)])
        return 1 + self.settings.complexity / n_images * np.hypot(doublings[:, None], thirds)

    def _select(self, means, handicap):
        """Length and penalty of the smallest error; of equal ones, those with the most chroma."""
        errors = _error(means) * handicap
        if len(errors) > 1:
            errors[0] = np.nan
        if np.isnan(errors).all():
            errors = _error(means)
        equal = np.argwhere(errors <= self.settings.tie * np.nanmin(errors))
        return max(map(tuple, equal), key=lambda setting: means[setting][0])


def _options(value, options):
    return list(options) if value == "auto" else [value]


def _error(means):
    """Mean of the errors without and with tint: the same network is used for both."""
    return means[..., 1:].mean(axis=-1)
