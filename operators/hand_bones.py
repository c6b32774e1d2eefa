"""The bones of a hand: their lengths, and a hand's joints rebuilt with them.

Detectors that estimate a hand's shape from one picture do so anew for each: in a video of one hand
the same bone is 5 to 17 mm longer in one picture than in another. Directions are what they are good
at; real bones do not change their length.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.transforms import Array

PARENTS: Final = tuple(0 if joint % 4 == 1 else max(joint - 1, 0) for joint in range(21))
"""For each of MediaPipe's 21 landmarks the one before it on the way from the wrist."""

BONES_MM: Final = (
    *(0.0,),
    *(48.1, 33.0, 33.8, 24.6),
    *(99.2, 37.5, 24.1, 23.1),
    *(96.0, 42.4, 27.4, 24.9),
    *(91.0, 38.0, 27.1, 24.7),
    *(86.6, 30.9, 20.3, 21.5),
)
"""Length of the bone that ends at each landmark: the hand of Meta's WebXR emulator (IWER 2.5.0,
`relaxed.js`), so that a hand from video is as large as one from a headset."""

LENGTH_MM: Final = sum(BONES_MM[9:13])
"""From the wrist along the middle finger to its tip."""

_APART_M, _TOUCHING_M = 0.08, 0.02
_STRAIGHT, _FIST = 0.92, 0.45  # of the way along the bones, from the wrist to a fingertip


def rebuilt(joints: ArrayLike, hand_length_m: float) -> Array:
    """Give joints (..., 21, 3) bones of known lengths, the wrist at the origin, any axes, m.

    hand_length_m: from the wrist to the middle finger's tip, fingers straight.
    Directions of all bones stay; a bone without one stays without length.
    Raises ValueError if the joints are not 21 points.
    """
    points = np.asarray(joints, dtype=np.float64)
    if points.shape[-2:] != (len(MEDIAPIPE_JOINTS), 3):
        raise ValueError(f"joints must be (..., 21, 3), got {points.shape}")
    scale = hand_length_m / LENGTH_MM
    built = np.zeros_like(points)
    for joint, parent in enumerate(PARENTS[1:], start=1):
        bone = points[..., joint, :] - points[..., parent, :]
        length = np.linalg.norm(bone, axis=-1, keepdims=True)
        direction = np.divide(bone, length, out=np.zeros_like(bone), where=length > 0.0)
        built[..., joint, :] = built[..., parent, :] + direction * BONES_MM[joint] * scale
    return built


def hand_shape(joints: ArrayLike) -> tuple[float, float]:
    """How far a hand's 25 WebXR joints (25, 3), m, pinch and squeeze, each 0 to 1.

    The same as the page says of a headset's hands (`assets/page/hand_shape.js`).
    """
    points = np.asarray(joints, dtype=np.float64)
    pinch = _closeness(float(np.linalg.norm(points[4] - points[9])), _APART_M, _TOUCHING_M)
    reaches = []
    for palm in (5, 10, 15, 20):
        way = points[[0, palm + 1, palm + 2, palm + 3, palm + 4]]
        along = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
        reaches.append(float(np.linalg.norm(way[-1] - way[0]) / along))
    return pinch, _closeness(float(np.mean(reaches)), _STRAIGHT, _FIST)


def _closeness(value: float, none: float, full: float) -> float:
    return float(np.clip((none - value) / (none - full), 0.0, 1.0))
