"""Which joints a tracked hand has: WebXR's 25, MediaPipe's 21, and the way between them."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.transforms import Array

JointLayoutName = Literal["webxr25", "mediapipe21"]

FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
"""The order of the fingers in both layouts."""

WEBXR_JOINTS: Final = (
    "wrist",
    "thumb-metacarpal",
    "thumb-phalanx-proximal",
    "thumb-phalanx-distal",
    "thumb-tip",
    *(
        f"{finger}-finger-{joint}"
        for finger in FINGERS[1:]
        for joint in (
            "metacarpal",
            "phalanx-proximal",
            "phalanx-intermediate",
            "phalanx-distal",
            "tip",
        )
    ),
)
"""The 25 joints of an `XRHand`, in its order (W3C WebXR Hand Input Module, section 3.2)."""

MEDIAPIPE_JOINTS: Final = (
    "WRIST",
    *(f"THUMB_{joint}" for joint in ("CMC", "MCP", "IP", "TIP")),
    *(
        f"{finger.upper()}_{joint}"
        for finger in ("index_finger", "middle_finger", "ring_finger", "pinky")
        for joint in ("MCP", "PIP", "DIP", "TIP")
    ),
)
"""The 21 landmarks of MediaPipe's hand model, in its order."""

FINGER_METACARPALS: Final = (5, 10, 15, 20)
"""WebXR's joints that MediaPipe lacks: where the bones of the four fingers begin in the palm."""

MEDIAPIPE_FROM_WEBXR: Final = tuple(
    joint for joint in range(len(WEBXR_JOINTS)) if joint not in FINGER_METACARPALS
)
"""For each of MediaPipe's 21 landmarks, the WebXR joint that it is."""

METACARPAL_FRACTIONS: Final = (0.41, 0.36, 0.41, 0.48)
"""Where a finger's metacarpal joint lies on the way from the wrist to its knuckle.

From the projections of those joints onto that way in the relaxed hand of a Quest that Meta's WebXR
emulator (IWER 2.5.0) ships; the joints are 7 to 12 mm beside it.
"""


@dataclass(frozen=True)
class JointLayout:
    """A way to number a hand's joints.

    `webxr_indices[i]` is the WebXR joint that this layout numbers i; `tips` are the five
    fingertips from thumb to pinky, in this layout's numbers. The wrist is 0.
    """

    joint_names: tuple[str, ...]
    webxr_indices: tuple[int, ...]
    tips: tuple[int, int, int, int, int]


JOINT_LAYOUTS: Final[dict[JointLayoutName, JointLayout]] = {
    "webxr25": JointLayout(WEBXR_JOINTS, tuple(range(25)), (4, 9, 14, 19, 24)),
    "mediapipe21": JointLayout(MEDIAPIPE_JOINTS, MEDIAPIPE_FROM_WEBXR, (4, 8, 12, 16, 20)),
}


def mediapipe_from_webxr(joints: ArrayLike) -> Array:
    """Keep MediaPipe's 21 of WebXR's 25 joints: (..., 25, 3) to (..., 21, 3), any frame.

    Raises ValueError if the joints are not 25 points.
    """
    kept: Array = _joints(joints, WEBXR_JOINTS, "WebXR")[..., MEDIAPIPE_FROM_WEBXR, :]
    return kept


def webxr_from_mediapipe(joints: ArrayLike) -> Array:
    """Fill in the four finger metacarpals: (..., 21, 3) to (..., 25, 3), any frame.

    Raises ValueError if the joints are not 21 points.
    """
    landmarks = _joints(joints, MEDIAPIPE_JOINTS, "MediaPipe")
    filled = np.empty((*landmarks.shape[:-2], len(WEBXR_JOINTS), 3))
    filled[..., MEDIAPIPE_FROM_WEBXR, :] = landmarks
    wrist = filled[..., :1, :]
    knuckles = filled[..., [joint + 1 for joint in FINGER_METACARPALS], :]
    fractions = np.array(METACARPAL_FRACTIONS)[:, None]
    filled[..., FINGER_METACARPALS, :] = wrist + fractions * (knuckles - wrist)
    return filled


def _joints(joints: ArrayLike, names: tuple[str, ...], layout: str) -> NDArray[np.float64]:
    points = np.asarray(joints, dtype=np.float64)
    if points.shape[-2:] != (len(names), 3):
        raise ValueError(f"{layout} joints must be (..., {len(names)}, 3), got {points.shape}")
    return points
