"""Hands before two cameras: what the cameras see of them, and what may be made of that."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.camera_messages import Keypoints
from operators.capture_messages import HandAngles
from operators.hand_kinematics import HandSkeleton
from tests.operators.camera_hands import keypoints
from tests.operators.rigs import two_cameras

Array = NDArray[np.float64]

RIGHT = 1

RIG_FROM_WRIST = np.array([0.3, -0.5, 0.2])
"""Axis-angle, rad."""

SKELETON = HandSkeleton.average()


def angles_at(time_s: float) -> Array:
    """A right hand that closes and opens: (2, 16, 3), rad; the left one as well."""
    angles = np.zeros((2, 16, 3))
    angles[:, 0] = RIG_FROM_WRIST
    angles[:, 4:, 0] = -0.5 + 0.4 * np.cos(2.0 * np.pi * time_s)  # fingers bend about x
    return angles


def joints_at(time_s: float) -> Array:
    """(2, 21, 3), m, in the rig: before both of `two_cameras`."""
    place = np.array([0.12 + 0.02 * np.sin(2.0 * np.pi * time_s), 0.1, -0.05])
    return SKELETON.joints(angles_at(time_s), np.stack([place, place]))


def seen_by(name: str, joints: Array, seq: int = 0, **changes: Any) -> Keypoints:
    """What a camera sees of a right hand (21, 3)."""
    camera = two_cameras()[name]
    in_camera = camera.camera_from_marker.matrix @ np.c_[joints, np.ones(21)].T
    pixels = camera.pinhole.project(in_camera[:3].T)
    lens = camera.pinhole
    facts = {"camera": name, "image_seq": seq, "columns": lens.width, "rows": lens.height}
    return keypoints(pixels, np.full((21, 3), np.nan), RIGHT, **{**facts, **changes})


def fitted(time_s: float, seq: int, side: int = RIGHT) -> HandAngles:
    """The right answer, of one side."""
    valid = np.arange(2) == side

    def of_valid(values: Array) -> Array:
        return np.where(valid.reshape(2, *[1] * (values.ndim - 1)), values, np.nan)

    joints = joints_at(time_s)
    return HandAngles(
        cameras=("left", "right"),
        image_seqs=np.array([seq, seq]),
        skew_ms=0.5,
        valid=valid,
        angles=of_valid(angles_at(time_s)),
        translations=of_valid(joints[:, 0]),
        scale=of_valid(np.ones(2)),
        bones=SKELETON.bones,
        bones_from=np.array([1, 2]),
        joints=of_valid(joints),
        views=np.where(valid[:, None], 2, 0) * np.ones((2, 21), np.int64),
        confidence=np.where(valid[:, None], 0.9, 0.0) * np.ones((2, 21)),
        reprojection_px=of_valid(np.full((2, 21), 1.5)),
        triangulated=of_valid(joints),
    )
