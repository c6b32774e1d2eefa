"""The pivot of the operator's neck, about which the eyes move when the head only turns.

A headset tells where the eyes are. They are before and above the point that the head turns about:
a turn by 30 degrees moves them by 4 to 6 cm, and so would it a still hand that is measured from
them. `anchor_origin` takes that motion out, and `NeckCalibration` finds the point for a person.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.transforms import Array, is_rigid, rotation_about

USUAL_NECK_OFFSET_M: Final = (0.0, -0.075, 0.080)
"""From the eyes to the pivot in the head's axes (x right, y up, -z ahead): below and behind. A
grown person's, as dora-openarm-webxr takes it."""

LEAST_SAMPLES: Final = 100
LEAST_TURNING: Final = 0.02
"""Of the smallest eigenvalue: turns, or nods, spread evenly over 14 degrees to either side."""
LARGEST_RESIDUAL_M: Final = 0.02
FARTHEST_M: Final = 0.25
"""A pivot farther from the eyes is in nobody's neck: the body has turned with the head."""

_UPRIGHT: Final = 0.7
"""An eigenvector with a larger y is the upright one, which only nods move."""


def anchor_origin(stage_from_head: ArrayLike, yaw_rad: float, neck_offset: ArrayLike) -> Array:
    """Where the anchor's origin is in the stage, (3,), m: at the eyes when they look straight on.

    stage_from_head: (4, 4). yaw_rad: where straight on is, as `head_yaw` counts. neck_offset: (3,),
    from the eyes to the pivot in the head's axes, m. However the head turns about its pivot, the
    origin stays; it goes where the pivot goes. With no offset it is at the eyes always.
    """
    head = np.asarray(stage_from_head, dtype=np.float64)
    straight = rotation_about(1, yaw_rad)
    origin: Array = head[:3, 3] + (head[:3, :3] - straight) @ np.asarray(neck_offset, np.float64)
    return origin


class NeckOutcome(StrEnum):
    """What has come of a calibration, in words for the operator."""

    MEASURED = "your neck is measured"
    TOO_SHORT = "your neck is not measured: keep on for a few seconds"
    TOO_LITTLE_TURNED = "your neck is not measured: turn your head further left and right"
    TOO_LITTLE_NODDED = "your neck is not measured: nod further up and down"
    MOVED = "your neck is not measured: turn your head alone and keep your body still"


@dataclass(frozen=True)
class NeckFit:
    """The pivot that explains a head's motion best.

    offset: (3,), from the eyes to the pivot in the head's axes, m; only to be used if measured.
    residual_m: root mean square of how far that pivot has moved. turning: the smallest eigenvalue
    of the head's turning, 0 where the head has not turned.
    """

    outcome: NeckOutcome
    offset: Array
    residual_m: float
    turning: float


class NeckCalibration:
    """Finds the pivot of a neck from the poses of a head that turns and nods above a still body.

    The pivot p in the head's axes and its place c in the stage solve R_i p + t_i = c for all poses
    by least squares. With c eliminated (c = R p + t of the means) that is M p = -g, where
    M = mean((R_i - R)' (R_i - R)) = 1 - R'R and g = mean(R_i' t_i) - R't: sums suffice, and no pose
    is kept.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._start = np.zeros(3)
        self._rotations = np.zeros((3, 3))
        self._places = np.zeros(3)
        self._turned_places = np.zeros(3)
        self._squares = 0.0

    def add(self, stage_from_head: ArrayLike) -> None:
        """Take a pose (4, 4) into account, unless it is not rigid."""
        if not is_rigid(stage_from_head):
            return
        pose = np.asarray(stage_from_head, dtype=np.float64)
        if self.samples == 0:
            self._start = pose[:3, 3].copy()  # sums of small numbers keep their digits
        rotation, place = pose[:3, :3], pose[:3, 3] - self._start
        self.samples += 1
        self._rotations += rotation
        self._places += place
        self._turned_places += rotation.T @ place
        self._squares += float(place @ place)

    def fit(self) -> NeckFit:
        """Solve for the pivot with all poses until now."""
        if self.samples < LEAST_SAMPLES:
            return NeckFit(NeckOutcome.TOO_SHORT, np.full(3, np.nan), np.nan, 0.0)
        rotation, place = self._rotations / self.samples, self._places / self.samples
        turned_place = self._turned_places / self.samples
        turning, axes = np.linalg.eigh(np.eye(3) - rotation.T @ rotation)
        if turning[0] < LEAST_TURNING:
            only_nods_lack = abs(axes[1, 0]) > _UPRIGHT and turning[1] >= LEAST_TURNING
            outcome = (
                NeckOutcome.TOO_LITTLE_NODDED if only_nods_lack else NeckOutcome.TOO_LITTLE_TURNED
            )
            return NeckFit(outcome, np.full(3, np.nan), np.nan, float(turning[0]))
        offset = -axes @ ((axes.T @ (turned_place - rotation.T @ place)) / turning)
        fixed = rotation @ offset + place
        mean_square = offset @ offset + 2 * offset @ turned_place + self._squares / self.samples
        residual_m = float(np.sqrt(max(mean_square - fixed @ fixed, 0.0)))
        still = residual_m <= LARGEST_RESIDUAL_M and float(np.linalg.norm(offset)) <= FARTHEST_M
        outcome = NeckOutcome.MEASURED if still else NeckOutcome.MOVED
        return NeckFit(outcome, offset, residual_m, float(turning[0]))
