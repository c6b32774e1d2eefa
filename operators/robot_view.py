"""A robot in its base's frame, and views of it by a camera whose place is sought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignmentError
from operators.calibration import BASE, CalibratedCamera, Calibration, Optimised
from operators.frames import Transform
from operators.overlay import robot_in_picture
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import PicturedRobot, Readings
from operators.pinhole import Pinhole
from operators.transforms import Array
from operators.urdf_visuals import Visual

LEAST_SHARE: Final = 1e-3
"""Of the picture: less of a robot is too little, and so is less of what is not the robot."""

TURN_RAD: Final = 1e-4
"""Half of the difference by which joints' slopes are computed: their error is below 1e-8 m."""


@dataclass(frozen=True, eq=False)
class RobotView:
    """One picture of the robot, as an ideal lens shows it.

    silhouette: (rows, columns) bool, where the robot is seen. readings: what the arms' sensors
    read. depth_m: (rows, columns) float32 along the camera's z, 0 where unknown; None without.
    """

    silhouette: NDArray[np.bool_]
    readings: Mapping[str, Readings]
    depth_m: NDArray[np.float32] | None = None

    def check(self, pinhole: Pinhole, name: str) -> None:
        """Raise ImageSizeError for another size, AlignmentError where nothing can be aligned."""
        pinhole.check_size(self.silhouette, name)
        if self.depth_m is not None:
            pinhole.check_size(self.depth_m, f"{name}: depth")
        share = float(self.silhouette.mean())
        if share < LEAST_SHARE:
            raise AlignmentError(
                f"{name}: the robot covers {100 * share:.2f}% of the picture; at least "
                f"{100 * LEAST_SHARE:g}% are needed"
            )
        if share > 1.0 - LEAST_SHARE:
            raise AlignmentError(f"{name}: all of the picture is silhouette: it has no outline")


class RobotModel:
    """Where the meshes of a robot are in its base's frame.

    robot: drawn as if the camera were the base.
    """

    def __init__(self, robot: PicturedRobot) -> None:
        self._robot = robot
        self.visuals: Sequence[Visual] = robot.visuals
        self.joint_names: tuple[str, ...] = robot.read_joint_names
        """The joints to which offsets may be added."""

    @classmethod
    def of(cls, settings: OverlaySettings) -> "RobotModel":
        """The robot that settings of the overlay choose.

        Raises UsageError as `robot_in_picture`: also for a robot whose arms hang together through
        the calibration alone.
        """
        base = Transform("camera", BASE, np.eye(4))
        marker = Transform("camera", "marker", np.eye(4))
        cameras = {settings.serial: CalibratedCamera(Pinhole.guess(2, 2, 60.0), marker)}
        place = Optimised(settings.serial, base)
        at_base = Calibration(1, "optimised", cameras, optimised=place)
        return cls(robot_in_picture(settings, at_base))

    def base_from_meshes(self, readings: Mapping[str, Readings], offsets: Array) -> Array:
        """Where every mesh is, (visuals, 4, 4), with offsets (joints,), rad. Raises JointError."""
        named = dict(zip(self.joint_names, offsets.tolist(), strict=True))
        return self._robot.camera_from_meshes(self._robot.camera_from_links(readings, named))

    def joint_slopes(self, readings: Mapping[str, Readings], offsets: Array) -> Array:
        """How the joints move the meshes: (joints, visuals, 4, 4) a radian."""
        slopes = []
        for step in TURN_RAD * np.eye(len(self.joint_names)):
            ahead = self.base_from_meshes(readings, offsets + step)
            behind = self.base_from_meshes(readings, offsets - step)
            slopes.append((ahead - behind) / (2.0 * TURN_RAD))
        return np.array(slopes)
