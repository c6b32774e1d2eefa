"""Where a hand is before a camera, from its shape and where its joints are seen."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.transforms import Array

WRIST, INDEX_KNUCKLE, MIDDLE_KNUCKLE = 0, 5, 9
"""MediaPipe's landmarks that span the palm."""

LEFT: Final = 0


def rotation_towards(point: ArrayLike) -> Array:
    """The smallest rotation (3, 3) that turns the optical axis towards a point.

    point: (2,), in the plane at depth 1. A detector sees a hand at the edge of the picture as if
    the camera had been turned to it; this undoes that.
    """
    x, y = np.asarray(point, dtype=np.float64)
    direction = np.array([x, y, 1.0]) / np.sqrt(x * x + y * y + 1.0)
    axis = np.array([-direction[1], direction[0], 0.0])  # z cross direction
    cross = np.array([[0, 0, axis[1]], [0, 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation: Array = np.eye(3) + cross + cross @ cross / (1.0 + direction[2])
    return rotation


def translation_seen_at(shape: ArrayLike, points: ArrayLike) -> Array:
    """Where a shape must be, (3,) m in the camera's axes, for its joints to be seen at points.

    shape: (n, 3), m, turned as the camera sees it. points: (n, 2), in the plane at depth 1.

    Perspective-n-point with the rotation known: (X + t)xy = point (Z + tz) is linear in t, so the
    least squares are exact. With the rotation free the palm, which is nearly flat, has two
    solutions: OpenCV's SQPNP turned it by up to 157 degrees in a video of a hand that did not turn.
    """
    shape = np.asarray(shape, dtype=np.float64)
    points = np.asarray(points, dtype=np.float64)
    equations = np.zeros((len(shape), 2, 3))
    equations[:, 0, 0] = equations[:, 1, 1] = 1.0
    equations[:, :, 2] = -points
    wanted = points * shape[:, 2:] - shape[:, :2]
    found: Array = np.linalg.lstsq(equations.reshape(-1, 3), wanted.reshape(-1), rcond=None)[0]
    return found


def projected(joints: ArrayLike) -> Array:
    """Where joints (n, 3) in the camera's axes are seen: (n, 2), in the plane at depth 1."""
    joints = np.asarray(joints, dtype=np.float64)
    seen: Array = joints[:, :2] / joints[:, 2:]
    return seen


def wrist_rotation(joints: ArrayLike, side: int) -> Array:
    """The wrist's axes (3, 3) as WebXR has them: -z towards the fingers, +y out of the back.

    joints: (21, 3) MediaPipe's, any right-handed axes. side: 0 left, 1 right.
    -z goes from the wrist to the middle finger's knuckle; y stands on the plane through these and
    the index finger's knuckle, as dex-retargeting has it (`single_hand_detector.py`).
    """
    joints = np.asarray(joints, dtype=np.float64)
    fingers = joints[MIDDLE_KNUCKLE] - joints[WRIST]
    index = joints[INDEX_KNUCKLE] - joints[WRIST]
    # The index finger is on the thumb's side: to the right of the middle one on a left hand.
    back = np.cross(fingers, index) if side != LEFT else np.cross(index, fingers)
    z = -fingers / np.linalg.norm(fingers)
    y = back / np.linalg.norm(back)
    return np.stack([np.cross(y, z), y, z], axis=1)
