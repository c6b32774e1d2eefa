"""Somebody in an emulated headset, for tests of what is made of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.controller_hand import SQUEEZE, TRIGGER
from operators.messages import (
    Controllers,
    Hands,
    HandTargets,
    Head,
    OperatorAdjustment,
    OperatorFrame,
    OperatorInput,
    OperatorState,
)
from operators.settings import OperatorSettings
from operators.tracked_operator import LET_GO_S, TrackedOperator
from operators.transforms import rigid
from tests.operators.samples import sample

Array = NDArray[np.float64]

SAMPLE_S = 1 / 72
WRISTS = (
    rigid(Rotation.from_euler("y", 0.3).as_matrix(), [-0.2, 1.3, -0.4]),
    rigid(Rotation.from_euler("x", -0.4).as_matrix(), [0.25, 1.2, -0.5]),
)


class Person:
    """Somebody in a headset, who says everything once a sample.

    An emulated one: what nobody moves stands still to the last digit.
    """

    def __init__(self, settings: OperatorSettings | None = None) -> None:
        self.operator = TrackedOperator(settings or OperatorSettings(neck_offset=(0, 0, 0)))
        self.time_s = 100.0
        self.client, self.source = "quest", "webxr-emulator"
        self.head = rigid(np.eye(3), [0.1, 1.6, 0.2])
        self.head_is_tracked = self.says_head = True
        self.faults = ("", "")
        self.wrists: list[Array | None] = [wrist.copy() for wrist in WRISTS]
        self.grips: list[Array | None] = [None, None]
        self.trigger, self.squeeze = [0.0, 0.0], [0.0, 0.0]
        self.has_controllers = False
        self.keys: dict[str, Any] = {}
        self.adjusts: dict[str, bool] = {}

    def targets(self, samples: int = 1) -> HandTargets:
        """The targets of the last of some samples."""
        for _ in range(samples):
            self.time_s += SAMPLE_S
            said = {"source": self.source, "client": self.client}
            levels = {"engage": False, "stop": False, "recentre": False, "clutch": (False, False)}
            keys = {**levels, **self.keys}
            self.operator.update_keys(
                OperatorInput(**said, **{**keys, "clutch": np.array(keys["clutch"])})
            )
            if self.adjusts:
                held = dict.fromkeys(("scale_up", "scale_down", "measure_neck"), False)
                adjustment = OperatorAdjustment(**said, **{**held, **self.adjusts})
                self.operator.adjust(adjustment, self.time_s)
            if self.says_head:
                head = Head(**said, valid=self.head_is_tracked, stage_from_head=self.head)
                self.operator.update_head(head, self.time_s)
            if self.has_controllers:
                self.operator.update_controllers(self._controllers(), self.time_s)
            targets = self.operator.targets(self._hands(), self.faults, self.time_s)
            targets.check()
        return targets

    def bases(self) -> Array:
        """Where the robot's hands shall be, (2, 7)."""
        return self.targets().anchor_from_wrist

    def engage(self) -> None:
        self.targets()
        self.press(engage=True)

    def press(self, **keys: Any) -> HandTargets:
        """Hold keys for a sample."""
        self.keys = keys
        targets = self.targets()
        self.keys = {}
        return targets

    def adjust(self, **levels: bool) -> None:
        """Hold keys for a sample, and let go."""
        self.adjusts = levels
        self.targets()
        self.adjusts = {}
        self.targets(int(LET_GO_S / SAMPLE_S) + 2)

    def hear(self, state: str) -> None:
        words = dict.fromkeys(("state", "left_state", "right_state"), state)
        reasons = dict.fromkeys(("reason", "left_reason", "right_reason"), "")
        self.operator.update_robot(OperatorState(**words, **reasons))

    @property
    def frame(self) -> OperatorFrame:
        frame = self.operator.frame(self.time_s)
        frame.check()
        return frame

    def move(self, by: Any = (0, 0, 0), turn: Any = (0, 0, 0)) -> None:
        """Move both own hands in the stage, m and rotation vector."""
        rotation = Rotation.from_rotvec(turn).as_matrix()
        for held in (self.wrists, self.grips):
            for side, pose in enumerate(held):
                if pose is not None:
                    held[side] = rigid(rotation @ pose[:3, :3], pose[:3, 3] + by)

    def take_controllers(self) -> None:
        """Let both hands be where they were, but with controllers in them."""
        self.grips, self.wrists = [wrist.copy() for wrist in WRISTS], [None, None]
        self.has_controllers = True

    def _hands(self) -> Hands:
        valid = np.array([wrist is not None for wrist in self.wrists])
        wrists = np.stack([np.full((4, 4), np.nan) if w is None else w for w in self.wrists])
        return sample(  # type: ignore[no-any-return]
            Hands,
            source=self.source,
            client=self.client,
            valid=valid,
            stage_from_wrist=wrists,
            joint_positions=np.repeat(wrists[:, None, :3, 3], 25, axis=1),
            pinch=np.where(valid, 0.0, np.nan),
            squeeze=np.where(valid, 0.0, np.nan),
        )

    def _controllers(self) -> Controllers:
        valid = np.array([grip is not None for grip in self.grips])
        buttons = np.zeros((2, 8))
        buttons[:, TRIGGER], buttons[:, SQUEEZE] = self.trigger, self.squeeze
        return Controllers(
            source=self.source,
            client=self.client,
            valid=valid,
            stage_from_grip=np.stack(
                [np.full((4, 4), np.nan) if g is None else g for g in self.grips]
            ),
            axes=np.where(valid[:, None], np.zeros((2, 4)), np.nan),
            buttons=np.where(valid[:, None], buttons, np.nan),
        )


def positions(bases: Array) -> Array:
    return bases[:, :3]


def assert_same(now: Array, before: Array) -> None:
    np.testing.assert_allclose(positions(now), positions(before), atol=1e-9)
    turns = Rotation.from_quat(now[:, 3:]) * Rotation.from_quat(before[:, 3:]).inv()
    np.testing.assert_allclose(turns.magnitude(), 0, atol=1e-7)
