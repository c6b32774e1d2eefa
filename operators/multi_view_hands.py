"""Hands that several cameras see become the operator's hands in the stage."""

from typing import Final

import numpy as np

from operators.capture_messages import HandAngles
from operators.capture_settings import MultiViewSettings
from operators.hand_bones import hand_shape
from operators.hand_placement import wrist_rotation
from operators.hands import SIDES
from operators.joint_layout import WEBXR_JOINTS, webxr_from_mediapipe
from operators.messages import Hands, Head
from operators.transforms import Array, rigid, rotation_about, transform_points

SOURCE: Final = "cameras"
"""In `hands.source` and `head.source`."""

DIRECTIONS: Final = {
    "right": (1.0, 0.0, 0.0),
    "left": (-1.0, 0.0, 0.0),
    "up": (0.0, 1.0, 0.0),
    "down": (0.0, -1.0, 0.0),
    "back": (0.0, 0.0, 1.0),
    "forward": (0.0, 0.0, -1.0),
}
"""In the stage."""


def stage_from_rig(settings: MultiViewSettings) -> Array:
    """Take the calibration's marker (rig) to the stage, (4, 4), m."""
    x, y = np.array(DIRECTIONS[settings.marker_x]), np.array(DIRECTIONS[settings.marker_y])
    axes = np.stack([x, y, np.cross(x, y)], axis=1)
    turned = rotation_about(1, np.deg2rad(settings.marker_yaw_deg)) @ axes
    return rigid(turned, settings.marker_position)


class MultiViewHands:
    """Places fitted hands in the stage.

    settings: where the marker lies there, and where the operator's head is taken to be.
    """

    def __init__(self, settings: MultiViewSettings) -> None:
        self._stage_from_rig = stage_from_rig(settings)
        self.head: Final = Head(
            source=SOURCE,
            client="",
            valid=True,
            stage_from_head=rigid(np.eye(3), settings.head_position),
        )
        """Where the operator's head is taken to be: no camera looks at it."""

    def hands(self, angles: HandAngles) -> Hands:
        """The hands as a headset would give them; a side that was not fitted is not valid.

        Their wrists have the axes that `hand_placement.wrist_rotation` gives to all hands from
        cameras. The palm is rigid: they turn as its fitted rotation does.
        """
        joints = np.full((len(SIDES), len(WEBXR_JOINTS), 3), np.nan)
        wrists = np.full((len(SIDES), 4, 4), np.nan)
        shapes = np.full((len(SIDES), 2), np.nan)
        for side in np.flatnonzero(angles.valid):
            placed = transform_points(self._stage_from_rig, angles.joints[side])
            wrists[side] = rigid(wrist_rotation(placed, int(side)), placed[0])
            joints[side] = webxr_from_mediapipe(placed)
            shapes[side] = hand_shape(joints[side])
        return Hands(
            source=SOURCE,
            client="",
            valid=angles.valid,
            stage_from_wrist=wrists,
            joint_positions=joints,
            joint_orientations=np.full((len(SIDES), len(WEBXR_JOINTS), 4), np.nan),
            joint_radii=np.full((len(SIDES), len(WEBXR_JOINTS)), np.nan),
            pinch=shapes[:, 0],
            squeeze=shapes[:, 1],
        )
