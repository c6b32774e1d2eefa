"""Hands recorded in the MANO wrist frame, turned into WebXR's joints in WebXR's wrist frame.

dex-retargeting and its recordings give MediaPipe's 21 landmarks with the wrist at the origin and
MANO's axes: z towards the fingers, x out of the palm, y to the left of someone who looks at the
back of the hand, fingers up. That is the thumb's side of a right hand and the little finger's of a
left one. WebXR's wrist has -z towards the fingers, +y out of the back of the hand and, for the same
onlooker, +x to the right. Both hands therefore share one rotation between the two.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.joint_layout import webxr_from_mediapipe
from operators.transforms import Array

WRIST_FROM_MANO: Final[Array] = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Turns MANO's wrist axes into WebXR's: (x, y, z) becomes (-y, -x, -z). Its own inverse.

From dex-retargeting 0.5.0 (`single_hand_detector.py`): its frame from landmarks has x from the
middle finger's knuckle to the wrist, z from little finger to index, y = z x x. `OPERATOR2MANO`
then maps (x, y, z) to (-y, z, -x) for a right hand and (y, -z, -x) for a left one.
"""


def wrist_joints_from_mano(joints_mano: ArrayLike) -> Array:
    """Take MediaPipe's landmarks in the MANO frame to WebXR's joints in the wrist's frame.

    joints_mano: (..., 21, 3), m, either hand. Returns (..., 25, 3), m, the wrist at the origin,
    the four finger metacarpals interpolated. Raises ValueError if the joints are not 21 points.
    """
    joints = webxr_from_mediapipe(joints_mano)
    from_wrist: Array = (joints - joints[..., :1, :]) @ WRIST_FROM_MANO.T
    return from_wrist


def mirror_hand(joints_wrist: ArrayLike) -> Array:
    """Make the other hand of joints (..., n, 3) in WebXR's wrist frame: right to left and back.

    Fingers and back of the hand lie along the same axes on both sides, so only x changes sign.
    """
    mirrored: Array = np.asarray(joints_wrist, dtype=np.float64) * [-1.0, 1.0, 1.0]
    return mirrored
