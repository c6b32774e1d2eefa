"""COCO-WholeBody's 133 points: their names, and the lines between them.

From the data set's definitions (Jin et al., Whole-Body Human Pose Estimation in the Wild, 2020).
"""

from itertools import pairwise
from typing import Final

from operators.hand_bones import PARENTS
from operators.joint_layout import MEDIAPIPE_JOINTS

BODY: Final = (
    "nose",
    *(
        f"{side}_{part}"
        for part in ("eye", "ear", "shoulder", "elbow")
        for side in ("left", "right")
    ),
    *(f"{side}_{part}" for part in ("wrist", "hip", "knee", "ankle") for side in ("left", "right")),
)
FEET: Final = tuple(
    f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel")
)
FACE: Final = 23
LEFT_HAND: Final = 91
RIGHT_HAND: Final = 112

WHOLE_BODY_NAMES: Final = (
    *BODY,
    *FEET,
    *(f"face_{number}" for number in range(68)),
    *(f"{side}_hand_{joint.lower()}" for side in ("left", "right") for joint in MEDIAPIPE_JOINTS),
)

_LIMBS = (
    *((0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 6)),
    *((5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12)),
    *((11, 13), (13, 15), (12, 14), (14, 16)),
    *((15, 17), (15, 18), (15, 19), (16, 20), (16, 21), (16, 22)),
    *((9, LEFT_HAND), (10, RIGHT_HAND)),
)
_FACE_LINES = (
    *(range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36)),
    *((*range(36, 42), 36), (*range(42, 48), 42), (*range(48, 60), 48), (*range(60, 68), 60)),
)
"""Jaw, brows, nose, eyes and lips of the 68 points of 300-W."""

HAND_BONES: Final = tuple((PARENTS[joint], joint) for joint in range(1, len(PARENTS)))

WHOLE_BODY_BONES: Final = (
    *_LIMBS,
    *((FACE + a, FACE + b) for line in _FACE_LINES for a, b in pairwise(line)),
    *((first + a, first + b) for first in (LEFT_HAND, RIGHT_HAND) for a, b in HAND_BONES),
)
