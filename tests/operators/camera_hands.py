"""Hands before a camera that are known: their places, and what a camera sees of them."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.camera_messages import Keypoints
from operators.keypoint_detector import DetectedHand

Array = NDArray[np.float64]

LENS = np.array([900.0, 880.0, 640.0, 350.0])
COLUMNS, ROWS = 1280, 720

CAMERA_FROM_WRIST = Rotation.from_euler("xyz", [80.0, 10.0, -15.0], degrees=True)
"""Fingers up, the palm towards the camera."""


def seen(joints: Array) -> Array:
    """Pixels (n, 2) of points (n, 3) in the camera's axes: a pinhole, written out."""
    fx, fy, cx, cy = LENS
    x, y, z = joints.T
    return np.stack([fx * x / z + cx, fy * y / z + cy], axis=1)


def keypoints(pixels: Array, landmarks: Array, side: int = 1, /, **changes: Any) -> Keypoints:
    """The message of one hand that is seen, the other one missing."""
    valid = np.arange(2) == side
    both_pixels, both_landmarks = np.full((2, 21, 2), np.nan), np.full((2, 21, 3), np.nan)
    both_pixels[side], both_landmarks[side] = pixels, landmarks
    message = Keypoints(
        camera="",
        detector="test",
        image_seq=0,
        columns=COLUMNS,
        rows=ROWS,
        lens=LENS,
        distortion=np.zeros(14),
        valid=valid,
        confidence=np.where(valid, 0.9, np.nan),
        pixels=both_pixels,
        joint_confidence=np.full((2, 21), np.nan),
        landmarks=both_landmarks,
        body=np.full((133, 3), np.nan),
    )
    return replace(message, **changes)  # type: ignore[type-var]


def detected(middle: tuple[float, float], right: float, confidence: float = 0.9) -> DetectedHand:
    """A hand of 100 px around a middle."""
    around = np.random.default_rng(0).uniform(-50.0, 50.0, (21, 2))
    return DetectedHand(
        right=right,
        confidence=confidence,
        pixels=around - around.mean(axis=0) + middle,
        joint_confidence=np.full(21, np.nan),
        landmarks=np.full((21, 3), np.nan),
    )
