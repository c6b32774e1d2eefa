"""One camera's keypoints become the operator's hands in the stage.

What one camera can tell: fingers and the wrist's direction well, its place across the picture to
millimetres, how far away it is only roughly, and that only for a hand whose size is known.
"""

from enum import StrEnum
from typing import Final

import numpy as np

from operators.camera_messages import Keypoints
from operators.camera_settings import MonocularSettings
from operators.depth_filter import DepthFilter
from operators.hand_bones import hand_shape, rebuilt
from operators.hand_placement import (
    projected,
    rotation_towards,
    translation_seen_at,
    wrist_rotation,
)
from operators.hands import SIDES
from operators.joint_layout import WEBXR_JOINTS, webxr_from_mediapipe
from operators.lens import seen_through
from operators.messages import Hands, Head
from operators.transforms import Array, rigid, rotation_about, transform_points
from operators.turn_gate import TurnGate

SOURCE: Final = "video"
"""In `hands.source` and `head.source`: one camera, whose depth is weak."""

LENS_FROM_VIEW: Final = np.diag([1.0, -1.0, -1.0])
"""A camera that looks along the stage's -z with its top up: x right, y down, z forward."""

NEAREST_M, FARTHEST_M = 0.1, 3.0
"""A hand elsewhere is no hand: nearer it does not fit into the picture, farther it is too small."""

MOST_OFF: Final = 0.15
"""Of its own size in the picture, how far off a hand's joints may lie (median) from where its shape
says: in 621 pictures of a hand 0.02 in the middle and 0.05 at the most."""


class LiftFault(StrEnum):
    """Why a side is not valid, in words for the user."""

    NONE = ""
    NOT_SEEN = "the camera does not see the hand"
    NO_LENS = "nothing is known of the camera's lens at this size of picture"
    NO_SHAPE = "this detector does not estimate a hand's shape, which one camera needs"
    NOT_PLACED = "the joints do not fit a hand before the camera"
    TURNED = "the wrist seems to turn faster than a wrist can"


class MonocularLift:
    """Places the hands that one camera sees in the operator's stage.

    settings: where the camera stands, and how large the hands are.
    """

    def __init__(self, settings: MonocularSettings) -> None:
        self._hand_length_m = settings.hand_length_m
        turn = rotation_about(1, np.deg2rad(settings.camera_yaw_deg)) @ rotation_about(
            0, np.deg2rad(settings.camera_pitch_deg)
        )
        self._stage_from_camera = rigid(turn @ LENS_FROM_VIEW, settings.camera_position)
        self._depths = tuple(DepthFilter(settings.depth_cutoff_hz) for _ in SIDES)
        self._gates = tuple(TurnGate() for _ in SIDES)
        self._faults = tuple(LiftFault.NOT_SEEN for _ in SIDES)
        self.head: Final = Head(
            source=SOURCE,
            client="",
            valid=True,
            stage_from_head=rigid(np.eye(3), settings.head_position),
        )
        """Where the operator's head is taken to be: no camera looks at it."""

    @property
    def faults(self) -> tuple[LiftFault, ...]:
        """Why each side of the last hands is not valid, left and right."""
        return self._faults

    def lift(self, keypoints: Keypoints, time_s: float) -> Hands:
        """Say where the hands are in the stage.

        time_s: when the picture was taken, by a clock that never goes back.
        A side that is not seen well enough is not valid; `faults` says why.
        """
        joints = np.full((len(SIDES), len(WEBXR_JOINTS), 3), np.nan)
        wrists = np.full((len(SIDES), 4, 4), np.nan)
        shapes = np.full((len(SIDES), 2), np.nan)
        faults = []
        for side in range(len(SIDES)):
            placed = self._place(keypoints, side, time_s)
            if isinstance(placed, LiftFault):
                faults.append(placed)
                continue
            rotation = wrist_rotation(placed, side)
            if not self._gates[side].passes(rotation, time_s):
                faults.append(LiftFault.TURNED)
                continue
            faults.append(LiftFault.NONE)
            wrists[side] = self._stage_from_camera @ rigid(rotation, placed[0])
            joints[side] = transform_points(self._stage_from_camera, webxr_from_mediapipe(placed))
            shapes[side] = hand_shape(joints[side])
        self._faults = tuple(faults)
        return Hands(
            source=SOURCE,
            client="",
            valid=np.array([fault is LiftFault.NONE for fault in faults]),
            stage_from_wrist=wrists,
            joint_positions=joints,
            joint_orientations=np.full((len(SIDES), len(WEBXR_JOINTS), 4), np.nan),
            joint_radii=np.full((len(SIDES), len(WEBXR_JOINTS)), np.nan),
            pinch=shapes[:, 0],
            squeeze=shapes[:, 1],
        )

    def _place(self, keypoints: Keypoints, side: int, time_s: float) -> Array | LiftFault:
        """A side's landmarks in the camera's axes, (21, 3) m, or why not."""
        if not keypoints.valid[side]:
            return LiftFault.NOT_SEEN
        lens = seen_through(keypoints)
        if lens is None:
            return LiftFault.NO_LENS
        shape, pixels = keypoints.landmarks[side], keypoints.pixels[side]
        if not np.isfinite(shape).all():
            return LiftFault.NO_SHAPE
        seen = np.isfinite(pixels).all(axis=1)
        if seen.sum() < len(pixels) // 2:
            return LiftFault.NOT_SEEN
        points = lens.normalised(pixels[seen])
        turned = rebuilt(shape, self._hand_length_m) @ rotation_towards(points.mean(axis=0)).T
        place = translation_seen_at(turned[seen], points)
        if not NEAREST_M < place[2] < FARTHEST_M:
            return LiftFault.NOT_PLACED
        off = np.linalg.norm(projected(turned[seen] + place) - points, axis=1)
        if np.median(off) > MOST_OFF * np.linalg.norm(np.ptp(points, axis=0)):
            return LiftFault.NOT_PLACED
        depth = self._depths[side].filter(float(place[2]), time_s)
        # Along its own ray, so that the wrist is still where the picture shows it.
        placed: Array = turned + place * (depth / place[2])
        return placed
