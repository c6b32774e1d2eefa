"""What the guard knows of one robot hand: its state, and where it has been commanded to."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.guard_states import MOVING, GuardEvent, GuardState, after
from operators.motion_limits import Box, ElementLimiter, Limit, TurnLimiter, VectorLimiter, step_s
from operators.settings import GuardSettings
from operators.transforms import Array

ARRIVED_M: Final = 0.01
ARRIVED_RAD: Final = 0.1
ARRIVED_JOINT_RAD: Final = 0.25
"""So near is there: what is left is made up for within a few frames at full speed."""


@dataclass(frozen=True)
class Posture:
    """Where a hand is. pose: (7,) of its base in the world; joints: (joints,), rad."""

    pose: Array
    joints: Array


class HandGuard:
    """Decides what one hand does. Times are seconds of one clock that never goes back."""

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self._workspace = np.array(settings.lowest), np.array(settings.highest)
        self._limiters: tuple[VectorLimiter, TurnLimiter, ElementLimiter] | None = None
        self._ranges: Box = np.zeros(0), np.zeros(0)
        self._stepped_at_s = 0.0
        self._held_since_s = 0.0
        self.state = GuardState.STOPPED
        self.reason = ""

    @property
    def moves(self) -> bool:
        """Whether it may move now."""
        return self.state in MOVING

    def happen(self, event: GuardEvent, reason: str, now_s: float) -> bool:
        """Take an event in; returns whether it changed the state."""
        before = self.state
        self.state = after(before, event)
        if self.state is not before or (before, event) == (GuardState.HOLDING, GuardEvent.LOST):
            self.reason = reason
        if self.state is before:
            return False
        if self.state is GuardState.STOPPED:
            self._limiters = None
        elif self.state is GuardState.HOLDING:
            self._held_since_s = now_s
        return True

    @property
    def has_started(self) -> bool:
        """Whether it is on its way, from a posture that it was told."""
        return self._limiters is not None

    def start(self, present: Posture, ranges: Box, now_s: float) -> None:
        """Begin from where the robot's hand is. ranges: of its joints, rad."""
        self._limiters = (
            VectorLimiter(present.pose[:3]),
            TurnLimiter(present.pose[3:]),
            ElementLimiter(present.joints),
        )
        self._ranges = ranges
        self._stepped_at_s = now_s

    def follow(self, wanted: Posture, now_s: float) -> Posture:
        """The next setpoint on the way to a wanted posture. The hand must have been started."""
        assert self._limiters is not None
        position, turn, joints = self._limiters
        dt_s = step_s(now_s - self._stepped_at_s)
        self._stepped_at_s = max(self._stepped_at_s, now_s)
        s = self._settings
        share = s.engaging_share if self.state is GuardState.ENGAGING else 1.0
        position.step(
            wanted.pose[:3], dt_s, Limit(share * s.speed, s.acceleration), self._workspace
        )
        turn.step(wanted.pose[3:], dt_s, Limit(share * s.turn_speed, s.turn_acceleration))
        joints.step(
            wanted.joints, dt_s, Limit(share * s.joint_speed, s.joint_acceleration), self._ranges
        )
        if self.state is GuardState.ENGAGING and self._is_there(wanted):
            self.happen(GuardEvent.ARRIVED, "", now_s)
        return Posture(np.concatenate([position.value, turn.value]), joints.value)

    def _is_there(self, wanted: Posture) -> bool:
        assert self._limiters is not None
        position, turn, joints = self._limiters
        place = np.clip(wanted.pose[:3], *self._workspace)
        bend = np.clip(wanted.joints, *self._ranges) - joints.value
        return bool(
            np.linalg.norm(place - position.value) < ARRIVED_M
            and turn.angle_to(wanted.pose[3:]) < ARRIVED_RAD
            and np.abs(bend).max(initial=0.0) < ARRIVED_JOINT_RAD
        )

    def hold(self, now_s: float) -> None:
        """Stand still at the last setpoint, without the speed that it had."""
        if self._limiters is not None:
            for limiter in self._limiters:
                limiter.rest()
            self._stepped_at_s = max(self._stepped_at_s, now_s)

    def expire(self, now_s: float) -> None:
        """Stop if it has held for too long."""
        if now_s - self._held_since_s > self._settings.stop_after_s:
            self.happen(GuardEvent.EXPIRED, f"{self.reason} for too long; engage to go on", now_s)
