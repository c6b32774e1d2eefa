"""From what a robot's sensors read to the joints of its URDF: a file under configs/arms/."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from operators.section import Section
from operators.urdf_kinematics import JointError
from operators.yaml_section import load_section

ROBOTIQ_2F85_M: Final = 0.1143
"""The two finger links' length: with the joint at 0.725 - asin(width / 0.1143) rad the pads are
`width` apart (AirExo-2's formula)."""

ROBOTIQ_2F85_OPEN_RAD: Final = 0.725

DEFAULT_WIDTH_M: Final = 0.05
"""What AirExo-2 draws where a recording has no width."""


class JointSection(Section):
    """One sensor and the joint that it belongs to."""

    name: str = Field(description="of the joint in the URDF")
    direction: Literal[1, -1] = 1
    zero: float = Field(default=0.0, description="the reading at the joint's zero, in `unit`")


class GripperSection(Section):
    """A gripper of which the width between its pads is known."""

    joint: str = Field(description="the URDF's joint that the others mimic")
    formula: Literal["robotiq_2f85", "half_width"] = Field(
        description="robotiq_2f85: 0.725 - asin(width / 0.1143) rad; half_width: each pad slides "
        "by half of the width"
    )
    followers: dict[str, float] = Field(
        default_factory=dict,
        description="joints that turn with it, by name with a factor, where the URDF is silent",
    )
    max_width: float = Field(default=0.085, gt=0, description="m; more counts as this")
    default_width: float = Field(default=DEFAULT_WIDTH_M, ge=0, description="m, where none is told")


class ArmSection(Section):
    """An arm's file.

    `reads: joint_angle`: the robot tells its joints' angles. `reads: encoder`: an exoskeleton's
    encoders, of which the angle is direction * (zero - reading).
    """

    reads: Literal["joint_angle", "encoder"]
    unit: Literal["rad", "deg"]
    joints: tuple[JointSection, ...] = Field(description="in the order of the readings")
    gripper: GripperSection | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [joint.name for joint in self.joints]
        if len(set(names)) != len(names):
            raise ValueError(f"each joint once, got {names}")
        if self.reads == "joint_angle" and any(j.zero or j.direction < 0 for j in self.joints):
            raise ValueError("reads: joint_angle takes neither direction nor zero")
        return self


class JointConfiguration:
    """Turns an arm's readings into joint positions by name."""

    def __init__(self, section: ArmSection) -> None:
        self._section = section
        self._names = [joint.name for joint in section.joints]
        self._directions = np.array([joint.direction for joint in section.joints], np.float64)
        self._zeros = np.array([joint.zero for joint in section.joints])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an arm's file. Raises SettingsError naming the file and the key."""
        return cls(load_section(path, ArmSection))

    @property
    def joint_count(self) -> int:
        """How many readings there have to be."""
        return len(self._names)

    @property
    def read_joint_names(self) -> tuple[str, ...]:
        """The URDF's joints of which there is a reading each, in the order of the readings."""
        return tuple(self._names)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The URDF's joints that it tells, the gripper's among them."""
        gripper = self._section.gripper
        return (*self._names, *(() if gripper is None else (gripper.joint, *gripper.followers)))

    def positions(self, readings: ArrayLike, width_m: float | None = None) -> dict[str, float]:
        """Joint positions, rad, and m for sliding ones.

        readings: (joint_count,) in the file's unit. width_m: between the gripper's pads; None or
        NaN takes the default, and what the gripper cannot do is taken as what it can.
        Raises JointError for another number of readings, or one that is not finite.
        """
        given = np.asarray(readings, dtype=np.float64)
        if given.shape != (self.joint_count,):
            raise JointError(
                f"expected {self.joint_count} readings, of {', '.join(self._names)}; "
                f"got {given.size if given.ndim == 1 else given.shape}"
            )
        if not np.isfinite(given).all():
            raise JointError(
                f"the reading of {self._names[int(np.argmin(np.isfinite(given)))]} is not finite"
            )
        if self._section.reads == "encoder":
            given = self._directions * (self._zeros - given)
        if self._section.unit == "deg":
            given = np.radians(given)
        positions = dict(zip(self._names, given.tolist(), strict=True))
        return {**positions, **self._gripper(width_m)}

    def _gripper(self, width_m: float | None) -> Mapping[str, float]:
        gripper = self._section.gripper
        if gripper is None:
            return {}
        if width_m is None or np.isnan(width_m):
            width_m = gripper.default_width
        width = float(np.clip(width_m, 0.0, gripper.max_width))
        if gripper.formula == "half_width":
            position = width / 2.0
        else:
            position = ROBOTIQ_2F85_OPEN_RAD - float(np.arcsin(width / ROBOTIQ_2F85_M))
        followers = {name: factor * position for name, factor in gripper.followers.items()}
        return {gripper.joint: position, **followers}
