"""What a detector of hands gives, whatever library it comes from."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.transforms import Array

JOINTS: Final = len(MEDIAPIPE_JOINTS)
BODY_POINTS: Final = 133
"""Of COCO-WholeBody."""


@dataclass(frozen=True)
class DetectedHand:
    """A hand in a picture.

    right: how sure it is that this is the operator's right hand, 0 to 1; NaN where the detector
    cannot tell.
    confidence: how sure it is that this is a hand, 0 to 1.
    pixels: (21, 2), x to the right and y down, NaN where a joint is not seen.
    joint_confidence: (21,), 0 to 1, NaN where the detector does not tell it.
    landmarks: (21, 3), m in the camera's axes, the hand's shape around its middle; NaN where the
    detector does not estimate it.
    """

    right: float
    confidence: float
    pixels: Array
    joint_confidence: Array
    landmarks: Array


@dataclass(frozen=True)
class Detection:
    """All hands in a picture; body: (133, 3) x y confidence, NaN where none is looked for."""

    hands: tuple[DetectedHand, ...]
    body: Array


class KeypointDetector(Protocol):
    """Finds hands in pictures that follow each other."""

    def detect(self, pixels: NDArray[np.uint8], time_ms: int) -> Detection:
        """Find the hands.

        pixels: (rows, columns, 3) RGB, not mirrored. time_ms: of the picture, later than that of
        the picture before.
        """

    def close(self) -> None:
        """Give back what the library holds."""


def no_body() -> Array:
    """The body of a detector that looks for none."""
    return np.full((BODY_POINTS, 3), np.nan)
