"""Commands for the robot's hands, checked and sorted before a simulator takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.hands import SIDES, Hand
from operators.message import MessageError
from operators.messages import HandCommands

Array = NDArray[np.float64]

GRIP_RAD: Final = 0.15
"""A held finger's drive aims at most so far beyond where the finger is: it stops, and yet keeps its
grip on what it holds."""

UNIT_TOLERANCE: Final = 1e-3
"""How far a quaternion's length may be from one."""


@dataclass(frozen=True)
class SideCommand:
    """A checked command for one hand.

    pose: (7,) `world_from_base` [x y z qx qy qz qw], m, the quaternion of length 1.
    joint_positions: (joints,) in the URDF's order, rad.
    """

    pose: Array
    joint_positions: Array


class CommandCheck:
    """Sorts commands for two hands, left and right, by the names of their joints."""

    def __init__(self, hands: Sequence[Hand]) -> None:
        self._sides = [_SideCheck(hand, side) for side, hand in zip(SIDES, hands, strict=True)]

    def both(self, commands: HandCommands) -> tuple[SideCommand | None, ...]:
        """The command for each side; none for a side that is not valid.

        Raises MessageError naming the side and what of its command cannot be used.
        """
        names = (commands.left_joint_names, commands.right_joint_names)
        positions = (commands.left_joint_positions, commands.right_joint_positions)
        return tuple(
            side.check(commands.world_from_base[i], names[i], positions[i])
            if commands.valid[i]
            else None
            for i, side in enumerate(self._sides)
        )


class _SideCheck:
    def __init__(self, hand: Hand, side: str) -> None:
        self._hand, self._side = hand, side
        self._names: tuple[str, ...] = hand.joint_names
        self._order = np.arange(len(hand.joint_names))

    def check(self, pose: Array, names: tuple[str, ...], positions: Array) -> SideCommand:
        """Sort a command for this hand."""
        if names != self._names:
            self._match(names)
        if not np.isfinite(pose).all():
            raise MessageError(
                f"hand_commands: world_from_base of the {self._side} hand must be finite, got "
                f"{pose.tolist()}"
            )
        length = float(np.linalg.norm(pose[3:]))
        if abs(length - 1.0) > UNIT_TOLERANCE:
            raise MessageError(
                f"hand_commands: world_from_base of the {self._side} hand must end in a unit "
                f"quaternion x y z w, got {pose[3:].tolist()} of length {length:.6g}"
            )
        if not np.isfinite(positions).all():
            wrong = [
                f"{n} {p}" for n, p in zip(names, positions, strict=True) if not np.isfinite(p)
            ]
            raise MessageError(
                f"hand_commands: {self._side}_joint_positions must be finite, got "
                f"{', '.join(wrong)}"
            )
        unit_pose = np.concatenate([pose[:3], pose[3:] / length])
        return SideCommand(unit_pose, positions[self._order])

    def _match(self, names: tuple[str, ...]) -> None:
        """Find this hand's joints among the names of a command."""
        expected = self._hand.joint_names
        if sorted(names) != sorted(expected):
            missing = ", ".join(sorted(set(expected) - set(names))) or "none"
            unknown = ", ".join(sorted(set(names) - set(expected))) or "none"
            raise MessageError(
                f"hand_commands: {self._side}_joint_names do not fit {self._hand.urdf_path.name}: "
                f"missing {missing}; unknown {unknown}; each of its {len(expected)} joints must "
                "be there once"
            )
        self._order = np.array([names.index(name) for name in expected])
        self._names = names
