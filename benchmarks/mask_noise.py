"""Silhouettes and depths with the errors that those of real cameras have."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ALIKE_PX: Final = 4.0
"""Of the noise's Gaussian filter: an edge strays alike over some three times as much."""

BLOBS: Final = 5
BLOB_PX: Final = 10

DEPTH_SHARE: Final = 1.6e-3
"""Standard deviation of a depth at 1 m, m, growing with its square: 0.08 px of disparity on a
baseline of 55 mm at f = 922 px. 6 mm at 2 m."""


def noisy_mask(
    mask: NDArray[np.bool_], random: np.random.Generator, edge_px: float
) -> NDArray[np.bool_]:
    """A mask whose edge strays by `edge_px` (standard deviation), as a segmenter's does.

    Five round pieces of 10 px radius at its edge are missing besides, and five too many are there.
    """
    within = mask.astype(np.uint8)
    inner = cv2.distanceTransform(within, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outer = cv2.distanceTransform(1 - within, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inwards = np.where(mask, inner - 0.5, 0.5 - outer)
    noise = cv2.GaussianBlur(random.normal(size=mask.shape), (0, 0), ALIKE_PX)
    noisy = (inwards + noise * (edge_px / noise.std()) > 0).astype(np.uint8)
    rows, columns = np.nonzero(np.abs(inwards) < BLOB_PX)
    for i in range(2 * BLOBS):
        at = int(random.integers(len(rows)))
        cv2.circle(noisy, (int(columns[at]), int(rows[at])), BLOB_PX, i % 2, -1)
    astray: NDArray[np.bool_] = noisy > 0
    return astray


def noisy_depth(depth_m: NDArray[np.floating], random: np.random.Generator) -> NDArray[np.float32]:
    """A depth picture as a stereo camera has it; neighbours err alike over some pixels."""
    noise = cv2.GaussianBlur(random.normal(size=depth_m.shape), (0, 0), 2.0)
    noise *= DEPTH_SHARE / noise.std()
    noisy: NDArray[np.float32] = np.where(depth_m > 0, depth_m + noise * depth_m**2, 0.0).astype(
        np.float32
    )
    return noisy
