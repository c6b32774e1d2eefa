"""A robot as a camera sees it: which mesh is where, from what its sensors read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.calibration import BASE, Calibration
from operators.frames import FrameError, FrameTree
from operators.joint_configuration import JointConfiguration
from operators.settings import SettingsError
from operators.transforms import Array
from operators.urdf_kinematics import JointError, UrdfKinematics
from operators.urdf_visuals import Visual, load_visuals

ARM_SIDES: Final = ("left", "right")


@dataclass(frozen=True)
class Readings:
    """What one arm's sensors read: joints (n,) in its file's unit, and the gripper's width, m."""

    joints: ArrayLike
    width_m: float | None = None


def calibrated(frames: FrameTree, calibration: Calibration, serial: str) -> FrameTree:
    """The frames with what a calibration gives of them, for one camera.

    Raises CalibrationError for a serial or a kind that cannot tell it, FrameError for frames that
    no calibration gives.
    """
    given = []
    for name, giver in frames.awaited.items():
        if giver != "calibration":
            continue
        if name == f"camera_from_{BASE}":
            given.append(calibration.camera_from_base(serial, frames))
            continue
        side = next((s for s in ARM_SIDES if name == f"camera_from_{s}_{BASE}"), None)
        if side is None:
            raise FrameError(
                f"{name}: a calibration gives camera_from_base, camera_from_left_base and "
                "camera_from_right_base alone"
            )
        arm = calibration.camera_from_arm_base(serial, "left" if side == "left" else "right")
        given.append(arm @ frames[f"{side}_arm_base_from_{side}_base"])
    return frames.with_transforms(*given)


class RobotPart:
    """One URDF in the camera's picture: a robot with both arms, or one arm.

    urdf: its file. camera_from_root: (4, 4), where the URDF's root link is. arms: by side, how its
    sensors' readings become joints; joints that none of them moves stay at zero. tools: further
    frames by name, such as a tool's centre point, each with its link and `link_from_tool` (4, 4).
    Raises SettingsError for a URDF or a mesh that cannot be read, or a tool's link that is not
    there; JointError for an arm's joint that the URDF does not have, or one of the URDF's of which
    nobody says where it is.
    """

    def __init__(
        self,
        urdf: Path,
        camera_from_root: Array,
        arms: Mapping[str, JointConfiguration],
        tools: Mapping[str, tuple[str, Array]] | None = None,
    ) -> None:
        self.kinematics = UrdfKinematics.load(urdf)
        self.visuals: tuple[Visual, ...] = load_visuals(urdf)
        self._camera_from_root = camera_from_root
        self._arms = arms
        self._tools = dict(tools or {})
        moved = [n for arm in arms.values() for n in arm.joint_names]
        unknown = [name for name in moved if name not in self.kinematics.joint_names]
        if unknown:
            raise JointError(
                f"{urdf}: no joints {', '.join(unknown)}; it has "
                f"{', '.join(self.kinematics.joint_names)}"
            )
        for name, leader in self.kinematics.orphans.items():
            if name not in moved:
                raise JointError(
                    f"{urdf}: joint {name} mimics {leader}, which is not there; say in the arm's "
                    f"file what it does, such as gripper: {{followers: {{{name}: 1}}}}"
                )
        for name, (link, _) in self._tools.items():
            if link not in self.kinematics.link_names or name in self.kinematics.link_names:
                raise SettingsError(
                    f"{urdf}: tool {name} at link {link}: expected a new name and one of the links "
                    f"{', '.join(self.kinematics.link_names)}"
                )
        self._unmoved = {n: 0.0 for n in self.kinematics.joint_names if n not in moved}

    @property
    def read_joint_names(self) -> tuple[str, ...]:
        """The joints of which there is a reading each, of all its arms."""
        return tuple(name for arm in self._arms.values() for name in arm.read_joint_names)

    def camera_from_links(
        self, readings: Mapping[str, Readings], offsets: Mapping[str, float] | None = None
    ) -> dict[str, Array]:
        """Where every link and tool is: (4, 4) each.

        offsets: what is added to joints by name, rad or m. Raises JointError for readings that do
        not fit.
        """
        positions = dict(self._unmoved)
        for side, arm in self._arms.items():
            try:
                positions.update(arm.positions(readings[side].joints, readings[side].width_m))
            except JointError as error:
                raise JointError(f"{side} arm: {error}") from None
        for name, offset in (offsets or {}).items():
            positions[name] += offset
        poses = self.kinematics.link_poses(positions)
        for name, (link, link_from_tool) in self._tools.items():
            poses[name] = poses[link] @ link_from_tool
        return {name: self._camera_from_root @ pose for name, pose in poses.items()}


def link_name(part: int, link: str) -> str:
    """A link among those of all parts: two arms may have links of the same names."""
    return f"{part}:{link}"


class PicturedRobot:
    """All parts of a robot, in one camera's frame."""

    def __init__(self, parts: Sequence[RobotPart]) -> None:
        self._parts = parts
        self.visuals: tuple[Visual, ...] = tuple(v for part in parts for v in part.visuals)
        """Every mesh, in the order of the poses."""

    @property
    def named_visuals(self) -> list[tuple[str, Visual]]:
        """Every mesh with its link, as `RobotPose` names it."""
        return [(link_name(i, v.link), v) for i, p in enumerate(self._parts) for v in p.visuals]

    @property
    def read_joint_names(self) -> tuple[str, ...]:
        """The joints of which there is a reading each, as `link_name` names them."""
        return tuple(link_name(i, n) for i, p in enumerate(self._parts) for n in p.read_joint_names)

    def camera_from_links(
        self, readings: Mapping[str, Readings], offsets: Mapping[str, float] | None = None
    ) -> list[dict[str, Array]]:
        """Where every link of every part is: (4, 4) each. Raises JointError.

        offsets: what is added to some of `read_joint_names`, rad or m.
        """
        of_part: list[dict[str, float]] = [{} for _ in self._parts]
        for name, offset in (offsets or {}).items():
            part, joint = name.split(":", 1)
            of_part[int(part)][joint] = offset
        return [
            part.camera_from_links(readings, own)
            for part, own in zip(self._parts, of_part, strict=True)
        ]

    def camera_from_meshes(self, links: Sequence[Mapping[str, Array]]) -> Array:
        """Where every mesh is, (visuals, 4, 4), from what `camera_from_links` gives."""
        pairs = [
            (poses[visual.link], visual.link_from_mesh)
            for part, poses in zip(self._parts, links, strict=True)
            for visual in part.visuals
        ]
        camera_from_link, link_from_mesh = map(np.array, zip(*pairs, strict=True))
        poses: Array = camera_from_link @ link_from_mesh
        return poses
