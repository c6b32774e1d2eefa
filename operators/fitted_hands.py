"""What fitting a skeleton to both hands gives."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int
from numpy.typing import NDArray

from operators.hand_kinematics import HandSkeleton
from operators.transforms import Array

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FittedHands:
    """Both hands, left first; of a hand that is not valid all is NaN, confidence and iterations 0.

    angles: (2, 16, 3), rad, axis-angle, in the order and along the axes of `hand_kinematics`; the
    first one is rig_from_wrist. translations: (2, 3), the wrists, m, in the cameras' shared frame
    (rig). scale: (2,), of all bones; 1 unless it is fitted. joints: (2, 21, 3), m, rig, MediaPipe's
    order: forward kinematics of the rest. reprojection_px: (2, 21), root mean square over the views
    that see a joint, weighted as in the fit; NaN where none does. confidence: (2, 21), their mean,
    less where they disagree with the fit. valid: (2,). iterations: (2,), of the solver. skeleton:
    the bones that were used.
    """

    angles: Float64[Array, "2 16 3"]
    translations: Float64[Array, "2 3"]
    scale: Float64[Array, "2"]
    joints: Float64[Array, "2 21 3"]
    reprojection_px: Float64[Array, "2 21"]
    confidence: Float64[Array, "2 21"]
    valid: Bool[Mask, "2"]
    iterations: Int[NDArray[np.int64], "2"]
    skeleton: HandSkeleton


def no_hands(skeleton: HandSkeleton) -> FittedHands:
    """What there is when no hand was found."""
    return FittedHands(
        angles=np.full((2, 16, 3), np.nan),
        translations=np.full((2, 3), np.nan),
        scale=np.full(2, np.nan),
        joints=np.full((2, 21, 3), np.nan),
        reprojection_px=np.full((2, 21), np.nan),
        confidence=np.zeros((2, 21)),
        valid=np.zeros(2, dtype=np.bool_),
        iterations=np.zeros(2, dtype=np.int64),
        skeleton=skeleton,
    )
