"""Preprocessing: hands tracked in the operator's stage, as seen from the operator's head.

The geometry is OpenTeleVision's (`teleop/Preprocessor.py`), with two differences. The wrist keeps
WebXR's own axes here; the hand's configuration turns them into the robot's (`wrist_from_base`).
And a hand that is lost is said to be lost, where OpenTeleVision goes on with its last pose.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.hands import SIDES
from operators.input_sources import is_worn
from operators.messages import Hands, HandTargets, Head
from operators.neck_pivot import USUAL_NECK_OFFSET_M, anchor_origin
from operators.transforms import (
    WORLD_FROM_STAGE_AXES,
    Array,
    inverse,
    pose_from_matrix,
    rigid,
    rotation_about,
    transform_points,
)

STEEP: Final = 0.985
"""A head that looks steeper than this sine (80 degrees) up or down is turned by its top instead."""


NO_HEAD: Final = "no head has been tracked yet, so there is nothing to measure the hand from"


def head_yaw(stage_from_head: ArrayLike) -> float:
    """Angle in rad about the stage's up axis, positive to the left, at which a head looks.

    stage_from_head: (4, 4), looking along -z with +y out of the top. 0 looks along the stage's -z.
    Where the head looks (almost) straight down its top points forward, and backward where it looks
    straight up: there the top says which way it is turned.
    """
    rotation = WORLD_FROM_STAGE_AXES @ np.asarray(stage_from_head, dtype=np.float64)[:3, :3]
    forward, top = -rotation[:, 2], rotation[:, 1]
    if abs(forward[2]) > STEEP:
        forward = -np.sign(forward[2]) * top
    return float(np.arctan2(forward[1], forward[0]))


def anchor_from_stage(origin: ArrayLike, yaw_rad: float) -> Array:
    """The transform (4, 4) from the stage to the anchor.

    origin: (3,), the anchor's in the stage, m: `anchor_origin` of the head.
    yaw_rad: where the anchor's x axis points, as `head_yaw` counts. The anchor's axes are
    x forward, y left, z up: aligned with gravity, whatever the head's pitch and roll.
    """
    axes = rotation_about(2, -yaw_rad) @ WORLD_FROM_STAGE_AXES
    return rigid(axes, -axes @ np.asarray(origin, dtype=np.float64))


class Preprocessor:
    """Measures the operator's hands from the operator's head, both as a watch believes them.

    The anchor follows the head's place and never its rotation: a hand held still does not move when
    the head turns about the neck. While the head is lost its last place serves.

    neck_offset: (3,), from the eyes of a worn head to the pivot of its neck in the head's axes, m;
    zeros for a head that turns about its eyes.
    """

    def __init__(self, neck_offset: ArrayLike = USUAL_NECK_OFFSET_M) -> None:
        self.neck_offset: Array = np.array(neck_offset, dtype=np.float64)
        self._client = self._source = ""
        self._stage_from_head: Array | None = None
        self._yaw_rad = 0.0

    @property
    def client(self) -> str:
        """Whose head the hands are measured from."""
        return self._client

    @property
    def is_worn(self) -> bool:
        """Whether the head is a person's, which turns about a neck."""
        return is_worn(self._source)

    @property
    def anchor_yaw_rad(self) -> float:
        """Where the anchor's x axis points in the stage, as `head_yaw` counts.

        The sphere that shows the panorama must be turned by the same angle.
        """
        return self._yaw_rad

    def update_head(self, head: Head) -> None:
        """Keep the head's pose if it is valid; otherwise the previous one stays.

        Another client, or the same one in a headset, stands in another stage: its head replaces a
        predecessor's, and the anchor's yaw starts at 0 again.
        """
        if (head.client, head.source) != (self._client, self._source):
            self._client, self._source = head.client, head.source
            self._stage_from_head, self._yaw_rad = None, 0.0
        if head.valid:
            self._stage_from_head = np.array(head.stage_from_head)

    def recentre(self) -> bool:
        """Turn the anchor to where the head looks; false, and unchanged, without a head."""
        if self._stage_from_head is None:
            return False
        self._yaw_rad = head_yaw(self._stage_from_head)
        return True

    def targets(self, hands: Hands) -> HandTargets:
        """Say where the hands are: wrists from the anchor, finger joints from the wrists.

        A side that is lost is not valid, and neither is one of a client without a head.
        """
        has_head = self._stage_from_head is not None and hands.client == self._client
        valid = hands.valid & has_head
        wrists = np.full((len(SIDES), 7), np.nan)
        fingers = np.full_like(hands.joint_positions, np.nan)
        if self._stage_from_head is not None and valid.any():
            neck_offset = self.neck_offset if self.is_worn else np.zeros(3)
            origin = anchor_origin(self._stage_from_head, self._yaw_rad, neck_offset)
            anchor = anchor_from_stage(origin, self._yaw_rad)
            stage_from_wrist = hands.stage_from_wrist[valid]
            wrists[valid] = pose_from_matrix(anchor @ stage_from_wrist)
            fingers[valid] = transform_points(
                inverse(stage_from_wrist), hands.joint_positions[valid]
            )
        return HandTargets(
            source=hands.source,
            client=hands.client,
            valid=valid,
            faults=("" if has_head else NO_HEAD,) * len(SIDES),
            anchor_from_wrist=wrists,
            finger_joints=fingers,
        )
