"""Validation on held-out images: length of training, share of chroma to paint, and expected error."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from ._images.color import ciede2000, join_lightness_chroma
from ._painting.decoder import Decoder
from ._painting.tint import N_TINT_FEATURES, tint_features
from ._training import (
    codeword_frequencies,
    fit_classifier,
    is_trained_by_length,
    rebalanced,
    settle_network,
    train_in_steps,
)

# Smallest number of images for validation.
_MIN_IMAGES = 5
# If fewer images than this are held out, others are held out in turn until this many, or all, have been.
_ENOUGH = 10
# Numbers of pixels to train the default network on, of which the best is chosen. With few images or pixels
# the longest do not help: none is longer than _ALWAYS pixels or _PER_IMAGE pixels for each image, whichever
# is more, nor than _MAX_PASSES passes over all pixels.
_LENGTHS = (50_000, 100_000, 200_000, 400_000)
_ALWAYS, _PER_IMAGE, _MAX_PASSES = 100_000, 2000, 20
# Other classifiers are validated after training on at most this many pixels.
_MAX_PIXELS = 50_000
# Largest number of pixels of held-out images on which the error is measured.
_MAX_JUDGED = 20_000
# Shares of the predicted chroma. The largest one whose error is below _WORTH times that of grey is painted:
# less chroma often has a slightly smaller error, but makes images dull. If there is none, it is the one with
# the smallest error. If fewer than _ENOUGH images are held out, _WORTH_OF_FEW is the limit, and at least the
# share _LEAST_OF_FEW is painted.
_CHROMA_SCALES, _WORTH = np.array([1.0, 0.75, 0.5, 0.25, 0.0]), 0.97
_WORTH_OF_FEW, _LEAST_OF_FEW = 0.92, 0.25


class Validation(NamedTuple):
    """Results of the validation on held-out images.

    Attributes
    ----------
    length : int or None
        Number of pixels to train the default network on; None for other classifiers.
    chroma_scale : float
        Share of the predicted chroma to paint.
    error, grey_error : float
        Mean CIEDE2000 of the held-out images: painted with `chroma_scale`, and left grey.
    full_error : float
        The same with the full predicted chroma.
    """

    length: int | None
    chroma_scale: float
    error: float
    grey_error: float
    full_error: float


def validate(
    classifier, extractor, codebook, sample, labels, *, fraction, rebalance, temperature, random_state
):
    """Train on some of the images and measure on the others.

    Parameters
    ----------
    classifier : classifier
        Not fitted, and not changed.
    extractor : transformer
        Fitted.
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

    Returns
    -------
    validation : Validation, or None if there are too few images or codewords
    """
    images = np.unique(sample.groups)
    if fraction == 0 or len(images) < _MIN_IMAGES:
        return None
    classifier = clone(classifier)
    settle_network(classifier, len(images))
    lengths = _lengths(len(images), len(labels)) if is_trained_by_length(classifier) else [None]
    folds = _held_out_images(images, fraction, random_state)
    errors = []
    for fold in folds:
        held_out = np.isin(sample.groups, fold)
        kept, judged = (random_state.permutation(np.flatnonzero(mask)) for mask in (~held_out, held_out))
        if rebalance:
            kept = random_state.permutation(kept[rebalanced(labels[kept], rebalance, random_state)])
        if len(np.unique(labels[kept])) == 1:
            return None
        judged = judged[: _MAX_JUDGED // len(folds)]
        variants = _features(sample, judged)
        by_length = []
        for fitted, known in _trained(classifier, sample, labels, kept, lengths):
            frequencies = codeword_frequencies(labels[kept], len(codebook))
            decoder = Decoder(
                extractor,
                fitted,
                codebook,
                known,
                frequencies=frequencies,
                working_size=None,
                temperature=temperature,
            )
            by_length.append([_errors(decoder, of_tint, sample, judged) for of_tint in variants])
        errors.append(by_length)
    # (length, without and with tint, share of chroma)
    by_length = np.mean(errors, axis=0)
    # the same network is used with and without tint
    best = int(by_length[:, :, 0].mean(axis=1).argmin())
    by_scale = by_length[best, 0]
    allowed, share = by_scale, _WORTH
    if len(folds) * len(folds[0]) < _ENOUGH:
        allowed, share = by_scale[_CHROMA_SCALES >= _LEAST_OF_FEW], _WORTH_OF_FEW
    worth = np.flatnonzero(allowed < share * by_scale[-1])
    scale = int(worth[0] if len(worth) else allowed.argmin())
    error, grey_error, full_error = (float(by_scale[index]) for index in (scale, -1, 0))
    return Validation(lengths[best], float(_CHROMA_SCALES[scale]), error, grey_error, full_error)


def _held_out_images(images, fraction, random_state):
    """List of groups of images, one group to hold out at a time."""
    n_images = len(images)
    n_held_out = min(max(1, round(fraction * n_images)), n_images - 1)
    n_folds = min(-(-_ENOUGH // n_held_out), n_images // n_held_out)
    order = random_state.permutation(images)
    return [order[number * n_held_out :][:n_held_out] for number in range(max(n_folds, 1))]


def _lengths(n_images, n_pixels):
    longest = min(max(_ALWAYS, _PER_IMAGE * n_images), _MAX_PASSES * n_pixels)
    return [length for length in _LENGTHS if length <= longest] or [_LENGTHS[0]]


def _trained(classifier, sample, labels, kept, lengths):
    """Yield a clone of the classifier, trained on the kept pixels for each length, and its codewords."""
    classifier = clone(classifier)
    if lengths == [None]:
        kept = np.sort(kept[:_MAX_PIXELS])
        known = fit_classifier(
            classifier, sample.features[kept], labels[kept], sample.groups[kept], verbose=0
        )
        yield classifier, known
    else:
        for network in train_in_steps(classifier, sample.features, labels, kept, lengths):
            yield network, network.classes_


def _features(sample, judged):
    """Features of pixels without tint, and with the tint of their image if the sample has tint."""
    features = sample.features[judged]
    if not sample.has_tint:
        return [features]
    of_tints = [
        np.zeros((len(judged), N_TINT_FEATURES), np.float32),
        tint_features(sample.tints_of_pixels()[judged]),
    ]
    return [np.concatenate([features[:, :-N_TINT_FEATURES], of_tint], axis=1) for of_tint in of_tints]


def _errors(decoder, features, sample, judged):
    """Mean CIEDE2000 of pixels for each share of the predicted chroma."""
    chroma = decoder.decode_chroma(features.T[None])[0]
    lightness = sample.lightness[judged]
    true = join_lightness_chroma(lightness, sample.chroma[judged], np.float32)
    return [
        ciede2000(true, join_lightness_chroma(lightness, chroma * np.float32(scale), np.float32)).mean()
        for scale in _CHROMA_SCALES
    ]
