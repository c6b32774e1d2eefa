"""Where a calibrated camera is: three ways from a calibration to `camera_from_base`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from operators.frames import FrameTree, Transform
from operators.hands import SIDES
from operators.pinhole import Pinhole
from operators.transforms import Array, matrix_from_pose, pose_from_matrix
from operators.usage_error import UsageError

Kind = Literal["marker", "optimised", "in_hand"]
Side = Literal["left", "right"]

BASE: Final = "base"
KINEMATIC_BASE: Final = "kinematic_base"


class CalibrationError(UsageError):
    """A calibration that cannot tell what is asked: says what was asked and what there is."""


class NoCalibrationError(CalibrationError):
    """A folder without any calibration: says which."""


@dataclass(frozen=True, eq=False)
class CalibratedCamera:
    """What one calibration knows of one camera.

    camera_from_marker: the marker as this camera saw it; in an optimised calibration, any one frame
    that all of them share.
    """

    pinhole: Pinhole
    camera_from_marker: Transform


@dataclass(frozen=True, eq=False)
class Optimised:
    """One camera's place as optimisation left it (differentiable rendering, in AirExo-2)."""

    serial: str
    camera_from_base: Transform


@dataclass(frozen=True, eq=False)
class InHand:
    """A camera in a robot's hand, at the moment at which it saw the marker.

    camera_from_tcp: how it is mounted. arm_base_from_tcp: where the robot said that its hand was.
    """

    serial: str
    camera_from_tcp: Transform
    arm_base_from_tcp: Transform


@dataclass(frozen=True, eq=False)
class Calibration:
    """One calibration of all cameras, at one time.

    timestamp_ms: Unix time, ms; the calibration's name. kind: marker, a marker at a known place of
    the exoskeleton's base; optimised, one camera's place found by optimisation, the others by their
    extrinsics; in_hand, cameras in a robot's two hands. cameras: by serial number. optimised,
    in_hand: of the kinds of these names; in_hand by side.
    Raises CalibrationError where these do not fit together.
    """

    timestamp_ms: int
    kind: Kind
    cameras: Mapping[str, CalibratedCamera]
    optimised: Optimised | None = None
    in_hand: Mapping[Side, InHand] | None = None

    def __post_init__(self) -> None:
        for kind, part in (("optimised", self.optimised), ("in_hand", self.in_hand)):
            if (part is not None) != (self.kind == kind):
                words = "needs" if self.kind == kind else "has no"
                raise CalibrationError(f"a calibration of kind {self.kind} {words} '{kind}'")
        if self.optimised is not None:
            self.camera(self.optimised.serial)
        if self.in_hand is not None:
            if set(self.in_hand) != set(SIDES):
                raise CalibrationError(f"in_hand: expected left and right, got {[*self.in_hand]}")
            for hand in self.in_hand.values():
                self.camera(hand.serial)

    def camera(self, serial: str) -> CalibratedCamera:
        """The camera with this serial number. Raises CalibrationError naming those there are."""
        if serial not in self.cameras:
            known = ", ".join(sorted(self.cameras)) or "none"
            raise CalibrationError(
                f"calibration {self.timestamp_ms}: no camera '{serial}'; there are {known}"
            )
        return self.cameras[serial]

    def camera_from_base(self, serial: str, frames: FrameTree) -> Transform:
        """Take the robot's base to the camera: what AirExo-2 gives by default, `real_base=False`.

        frames: says how the marker and the arms stand to the base, which differs from robot to
        robot: `base_from_marker` for kind marker; for in_hand `base_from_kinematic_base` and
        `left_arm_base_from_kinematic_base`, likewise right.
        Raises CalibrationError for a serial that is not there, FrameError for missing frames.
        """
        camera = self.camera(serial)
        if self.kind == "marker":
            return camera.camera_from_marker @ frames["marker_from_base"]
        if self.optimised is not None:
            if serial == self.optimised.serial:
                return self.optimised.camera_from_base
            other = self.camera(self.optimised.serial)
            seen_by_other = other.camera_from_marker.inverse @ self.optimised.camera_from_base
            return camera.camera_from_marker @ seen_by_other
        left, right = (
            self.camera_from_arm_base(serial, side) @ frames[f"{side}_arm_base_from_kinematic_base"]
            for side in ("left", "right")
        )
        mean = Transform("camera", KINEMATIC_BASE, average_pose(left.matrix, right.matrix))
        return mean @ frames["kinematic_base_from_base"]

    def camera_from_kinematic_base(self, serial: str, frames: FrameTree) -> Transform:
        """Take the URDF's own base to the camera: AirExo-2's `real_base=True`.

        Arguments and errors as in `camera_from_base`.
        """
        return self.camera_from_base(serial, frames) @ frames["base_from_kinematic_base"]

    def camera_from_arm_base(self, serial: str, side: Side) -> Transform:
        """Take what one arm's controller counts from to the camera; in_hand calibrations alone.

        Raises CalibrationError for another kind, or a serial that is not there.
        """
        if self.in_hand is None:
            raise CalibrationError(
                f"calibration {self.timestamp_ms} is of kind {self.kind}; where one arm's base is, "
                "a calibration of kind in_hand says alone"
            )
        hand = self.in_hand[side]
        seen_by_hand = self.camera(hand.serial).camera_from_marker.inverse
        marker_from_tcp = seen_by_hand @ hand.camera_from_tcp
        tcp_from_arm_base = hand.arm_base_from_tcp.inverse
        camera_from_tcp = self.camera(serial).camera_from_marker @ marker_from_tcp
        whole = camera_from_tcp @ tcp_from_arm_base
        return Transform("camera", f"{side}_arm_base", whole.matrix)


def average_pose(first: Array, second: Array) -> Array:
    """The pose half way between two rigid transforms (4, 4).

    Positions are averaged, and quaternions after their signs are aligned: for two rotations that is
    the half of the turn between them, exactly.
    """
    a, b = pose_from_matrix(first), pose_from_matrix(second)
    if a[3:] @ b[3:] < 0.0:
        b[3:] = -b[3:]
    return matrix_from_pose(np.concatenate([(a[:3] + b[:3]) / 2.0, a[3:] + b[3:]]))
