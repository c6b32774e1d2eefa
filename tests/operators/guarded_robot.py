"""A guard with a robot of two hands that is always where it was last told to be."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from operators.guard import Guard
from operators.hands import SIDES
from operators.messages import HandCommands, OperatorInput, SceneState
from operators.settings import GuardSettings
from tests.operators.samples import sample

JOINTS = tuple(
    tuple(f"{side}_thumb_proximal_{axis}_joint" for axis in ("yaw", "pitch")) for side in "LR"
)
FRAME_S = 1 / 60
RANGES = [dict(zip(names, ((-0.1, 1.3), (0.0, 0.5)), strict=True)) for names in JOINTS]
"""The first of the shipped hands' joints, with the ranges in their URDF."""

AHEAD = np.array([-0.2, 0.2, 1.4])


def posture(
    position: Any = AHEAD, turn: Any = (0.0, 0.0, 0.0), joints: Any = (0.2, 0.3)
) -> tuple[np.ndarray, np.ndarray]:
    """A base's pose (7,), turned by a rotation vector, and joints (2,)."""
    pose = np.concatenate([position, Rotation.from_rotvec(turn).as_quat()])
    return pose, np.array(joints, float)


def wanted(left: Any = None, right: Any = None, faults: tuple[str, str] = ("", "")) -> HandCommands:
    """A wanted command; a side without a posture is not valid."""
    sides = (left, right)
    nothing = np.full(7, np.nan), np.full(2, np.nan)
    filled = [nothing if side is None else side for side in sides]
    return HandCommands(
        valid=np.array([side is not None for side in sides]),
        faults=faults,
        world_from_base=np.array([pose for pose, _ in filled]),
        left_joint_names=JOINTS[0],
        left_joint_positions=filled[0][1],
        right_joint_names=JOINTS[1],
        right_joint_positions=filled[1][1],
    )


@dataclass
class Robot:
    """Time, a guard, and what it has made of the robot."""

    settings: GuardSettings = field(default_factory=GuardSettings)
    now_s: float = 100.0
    postures: list[tuple[np.ndarray, np.ndarray]] = field(
        default_factory=lambda: [posture((-0.2, y, 1.3), joints=(0.0, 0.0)) for y in (0.3, -0.3)]
    )
    steps: int = 0

    def __post_init__(self) -> None:
        self.guard = Guard(self.settings, RANGES)

    def obey(self, safe: HandCommands | None) -> HandCommands | None:
        """Let the robot be where a command says."""
        if safe is not None:
            safe.check()
            joints = (safe.left_joint_positions, safe.right_joint_positions)
            for side in np.flatnonzero(safe.valid):
                self.postures[side] = safe.world_from_base[side], joints[side]
        return safe

    def tell_scene(self, step: int | None = None) -> HandCommands | None:
        self.steps = self.steps + 1 if step is None else step
        return self.obey(self.guard.scene_state(self.scene(), self.now_s))

    def scene(self) -> SceneState:
        """Where the robot is."""
        return sample(
            SceneState,
            step=self.steps,
            body_names=("table", "left/base", "right/base"),
            body_poses=np.array([posture()[0], *(pose for pose, _ in self.postures)]),
            joint_names=tuple(
                f"{side}/{joint}"
                for side, names in zip(SIDES, JOINTS, strict=True)
                for joint in names
            ),
            joint_positions=np.concatenate([joints for _, joints in self.postures]),
            joint_velocities=np.zeros(4),
        )

    def press(
        self, *, engage: bool = False, stop: bool = False, client: str = "page"
    ) -> HandCommands | None:
        keys = sample(OperatorInput, engage=engage, stop=stop, client=client)
        return self.obey(self.guard.operator_input(keys, self.now_s))

    def engage(self, client: str = "page") -> None:
        self.tell_scene()
        for held in (False, True, False):
            self.press(engage=held, client=client)

    def command(self, command: HandCommands) -> HandCommands:
        safe = self.obey(self.guard.command(command, self.now_s))
        assert safe is not None
        return safe

    def tick(self) -> HandCommands | None:
        return self.obey(self.guard.tick(self.now_s))

    def frames(self, command: HandCommands, count: int) -> HandCommands:
        """So many frames of a headset that all want the same."""
        for _ in range(count):
            self.now_s += FRAME_S
            self.press()
            self.tell_scene()
            safe = self.command(command)
            self.tick()
        return safe

    @property
    def states(self) -> tuple[str, str]:
        state = self.guard.state
        return state.left_state, state.right_state
