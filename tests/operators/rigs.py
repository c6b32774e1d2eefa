"""Cameras around a pair of hands, to test with."""

import cv2
import numpy as np

from operators.calibration import CalibratedCamera
from operators.capture_settings import CaptureSettings
from operators.frames import Transform
from operators.pinhole import Pinhole
from operators.transforms import Array, rigid

BENT = (-0.28, 0.11, 0.0011, -0.0007, -0.02)
"""Of an ordinary webcam: in a corner of the picture some tens of pixels."""


def looking_at(eye: tuple[float, float, float], target: tuple[float, float, float]) -> Array:
    """camera_from_marker (4, 4) of a camera at `eye`, its picture's upper edge along -y."""
    forward = np.subtract(target, eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right = right / np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return rigid(rotation, -rotation @ np.asarray(eye))


def calibrated(
    eye: tuple[float, float, float],
    size: tuple[int, int] = (640, 480),
    focal: float = 560.0,
    distortion: tuple[float, ...] = BENT,
) -> CalibratedCamera:
    """A camera that looks at the middle of a board that lies in the marker's frame."""
    width, height = size
    pinhole = Pinhole(
        width, height, focal, 1.004 * focal, width / 2 + 6.3, height / 2 - 4.8, distortion
    )
    matrix = looking_at(eye, (0.12, 0.08, 0.0))
    return CalibratedCamera(pinhole, Transform("camera", "marker", matrix))


def two_cameras() -> dict[str, CalibratedCamera]:
    return {"left": calibrated((-0.1, 0.05, -0.45)), "right": calibrated((0.35, 0.1, -0.42))}


def capture_settings(**changes: object) -> CaptureSettings:
    cameras = {name: {"source": f"{name}.mp4"} for name in ("left", "right")}
    return CaptureSettings.model_validate({"cameras": cameras, **changes})


def angle_deg(first: Array, second: Array) -> float:
    """The turn between two rotations (3, 3)."""
    turn, _ = cv2.Rodrigues(first @ second.T)
    return float(np.rad2deg(np.linalg.norm(turn)))
