"""How far the lightness and the size of an image are from what was learned from."""

import numpy as np
from sklearn.covariance import LedoitWolf

from .._images.color import image_lightness
from .context import averaging_matrix

# An image is looked at in at most so many rows and columns.
_SAMPLED = 128
# Cells along each side of an image whose means tell how it is laid out.
_CELLS = 16
_QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.98)
# What is usual cannot be told from fewer images.
MIN_IMAGES = 20
# An image is unfamiliar beyond so many times the root mean square distance of the images learned from.
# About one in forty unseen photographs of a class is.
UNFAMILIAR = 1.75
# Patches show other things in an image so many times as large as all images learned from, or as small.
OTHER_SIZE = 2.0
# Images of partial_fit whose profiles are kept.
_REMEMBERED = 1000


def profile(read, shape):
    """Numbers that say how an image is lit and laid out, and how large it is.

    Quantiles of lightness; mean and deviation of texture, the logarithm of the gradient; finest texture; and
    how lightness, texture and the height in the image go together. At last the binary logarithm of its
    side in pixels, the root of height times width.

    Parameters
    ----------
    read : callable
        read(rows, columns): CIE L*, 0 to 100, of pixels whose rows and columns are arrays.
    shape : (height, width)

    Returns
    -------
    profile : ndarray of shape (13,)
    """
    rows, columns = (np.arange(0, size, -(-size // _SAMPLED)) for size in shape)
    here, below, beside = (
        read(np.minimum(rows + down, shape[0] - 1)[:, None], np.minimum(columns + across, shape[1] - 1))
        * np.float32(0.02)
        - np.float32(1)
        for down, across in [(0, 0), (1, 0), (0, 1)]
    )
    vertical, horizontal = np.abs(below - here), np.abs(beside - here)
    texture = np.log(np.float32(1e-3) + vertical + horizontal)
    down, across = (averaging_matrix(size, max(size / _CELLS, 1)) for size in here.shape)
    lightness, roughness = (down @ plane @ across.T for plane in (here, texture))
    height = np.broadcast_to(np.linspace(1, -1, len(lightness))[:, None], lightness.shape)
    return np.array(
        [
            *np.quantile(here, _QUANTILES),
            roughness.mean(),
            roughness.std(),
            _covariance(lightness, height),
            _covariance(roughness, height),
            _covariance(lightness, roughness),
            np.abs(np.diff(lightness, axis=0)).sum() / lightness.size,
            np.log(1e-3 + vertical.mean()),
            0.5 * np.log2(shape[0] * shape[1]),
        ]
    )


def profile_of_image(image):
    """Profile of an image of any allowed kind."""
    return profile(lambda rows, columns: image_lightness(image[rows, columns]), image.shape[:2])


def profile_of_plane(lightness):
    """Profile of the lightness of an image, (H, W)."""
    return profile(lambda rows, columns: lightness[rows, columns], lightness.shape)


def _covariance(a, b):
    return ((a - a.mean()) * (b - b.mean())).mean()


def remember(known, new):
    """The known profiles, and the new ones of different images up to _REMEMBERED."""
    different = dict.fromkeys(map(tuple, [*known, *new]))
    return np.array(list(different)[: max(_REMEMBERED, len(known))])


def usual_profiles(profiles):
    """Mean of profiles and the matrix that makes them uncorrelated, stacked; None for too few of them."""
    if len(profiles) < MIN_IMAGES:
        return None
    profiles = profiles[:, :-1]
    deviation = profiles.std(axis=0) + 1e-3
    mean = profiles.mean(axis=0)
    # shrinks the covariance as far as the number of images demands
    precision = LedoitWolf(assume_centered=True).fit((profiles - mean) / deviation).precision_
    return np.concatenate([mean[None], np.linalg.cholesky(precision) / deviation[:, None]])


def unfamiliarity(image_profile, usual):
    """Root mean square distance of a profile from the usual ones: 1 is average."""
    return float(np.sqrt((((image_profile[:-1] - usual[0]) @ usual[1:]) ** 2).mean()))


def size_ratio(image_profile, profiles):
    """How many times as large as all images of the profiles an image is, or as small; at least 1."""
    size, sizes = image_profile[-1], profiles[:, -1]
    return float(2 ** max(size - sizes.max(), sizes.min() - size, 0))
