"""A robot's silhouette from a picture without it, taken with the same camera: a green screen."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignmentError

DIFFERENT: Final = 24
"""Of 255, in any colour: above what a camera's noise and a lossy file make."""

SMOOTHED_PX: Final = 5
LEAST_PIECE: Final = 2e-3
"""Smaller pieces, as a share of the picture, are no robot."""


def background_silhouette(
    picture: NDArray[np.uint8], background: NDArray[np.uint8], different: int = DIFFERENT
) -> NDArray[np.bool_]:
    """Where a picture differs from its background, (rows, columns).

    picture, background: (rows, columns, 3) uint8, from one place, the light as it was. What is
    small is dropped. Shadows count as the robot: where they fall on the background, its outline is
    wrong, which alignment stands as long as most of it is right.
    Raises AlignmentError for a background of another size.
    """
    if picture.shape != background.shape:
        raise AlignmentError(
            f"the background has {background.shape[1]}x{background.shape[0]} px, the pictures "
            f"{picture.shape[1]}x{picture.shape[0]}: take it with the same camera and size"
        )
    difference = cv2.absdiff(picture, background).max(axis=2)
    changed = (cv2.medianBlur(difference, SMOOTHED_PX) > different).astype(np.uint8)
    _, pieces, statistics, _ = cv2.connectedComponentsWithStats(changed)
    large = statistics[:, cv2.CC_STAT_AREA] >= LEAST_PIECE * changed.size
    large[0] = False
    silhouette: NDArray[np.bool_] = large[pieces]
    return silhouette
