"""The first guess of silhouette alignment: by how much the whole picture is shifted and turned."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.posed_camera import ZOOM, PosedCamera
from operators.transforms import Array

ROLLS_RAD: Final = np.radians([-7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5])
ZOOMS: Final = (0.94, 1.0, 1.06)


def searched(
    start: PosedCamera,
    drawn: Sequence[NDArray[np.bool_]],
    seen: Sequence[NDArray[np.bool_]],
) -> PosedCamera:
    """Turn a camera so that drawn silhouettes cover those that are seen, as well as that does it.

    From a few degrees off, a thin arm's outline may not even touch that of the mask, and the
    nearest edge is the wrong one. What a turned camera sees is nearly the same picture shifted and
    turned; how far is found by correlating all views at once.

    start: at the resolution of the silhouettes (rows, columns), drawn from it and seen.
    """
    height, width = seen[0].shape
    padded = 2 * height, 2 * width
    transforms = [np.fft.rfft2(mask.astype(np.float32), padded) for mask in seen]
    best, step = -np.inf, np.zeros(ZOOM + 1)
    middle = start.pinhole.cx, start.pinhole.cy
    for roll in ROLLS_RAD:
        for zoom in ZOOMS:
            # OpenCV turns against the clock, the camera's z axis with it.
            turn = cv2.getRotationMatrix2D(middle, -float(np.degrees(roll)), zoom)
            score = _agreement(transforms, drawn, turn, padded)
            row, column = np.unravel_index(int(np.argmax(score)), padded)
            if score[row, column] > best:
                best = float(score[row, column])
                down = float(row) - (padded[0] if row > height else 0)
                right = float(column) - (padded[1] if column > width else 0)
                # Turned about z first, then so far that the middle shifts.
                yaw = np.arctan(right / (start.pinhole.fx * zoom))
                pitch = -np.arctan(down / (start.pinhole.fy * zoom))
                step = _turns(roll, yaw, pitch, zoom)
    return start.stepped(step)


def _agreement(
    transforms: Sequence[NDArray[np.complexfloating]],
    drawn: Sequence[NDArray[np.bool_]],
    turn: Array,
    padded: tuple[int, int],
) -> Array:
    """For each shift: twice the pixels that both have, less those that were drawn."""
    score = np.zeros(padded)
    for transform, mask in zip(transforms, drawn, strict=True):
        size = mask.shape[1], mask.shape[0]
        turned = cv2.warpAffine(mask.astype(np.float32), turn, size)
        other = np.conj(np.fft.rfft2(turned, padded))
        score += 2.0 * np.fft.irfft2(transform * other, padded) - turned.sum()
    return score


def _turns(roll: float, yaw: float, pitch: float, zoom: float) -> Array:
    step = np.zeros(ZOOM + 1)
    turn = np.eye(3)
    for axis in ((0.0, 0.0, roll), (0.0, yaw, 0.0), (pitch, 0.0, 0.0)):
        turn = cv2.Rodrigues(np.array(axis))[0] @ turn
    step[:3] = cv2.Rodrigues(turn)[0].ravel()
    step[ZOOM] = np.log(zoom)
    return step
