"""Sees whether what a tracker tells of the hands can be true, before anything smooths it."""

from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.hands import SIDES
from operators.messages import Hands
from operators.transforms import is_rigid

FASTEST_M_S: Final = 8.0
"""Of a wrist: a fast ball's throw is 10, a reach 1 to 2; what exceeds this between two frames was
confused by the tracker."""

NOISE_M: Final = 0.03
"""A jump of so much is the tracker's noise, or its first guess of a hand, at any speed."""

SETTLED_SAMPLES: Final = 3
"""After a jump the hand is believed when so many samples in a row agree with each other."""

FROZEN_S: Final = 0.07
"""A real hand's joints differ in every sample of its tracker, by noise alone. Trackers run at 30 Hz
or more, so that a page at 120 Hz sees each sample four times at most."""

STEADY_SOURCES: Final = ("desktop", "replay", "emulator")
"""What ends with one of these has no noise: standing still says nothing."""


class Implausible(StrEnum):
    """Why a side is not believed, in words for the operator."""

    NOT_TRACKED = "it is not tracked"
    NOT_RIGID = "its wrist's pose is no pose"
    AT_ORIGIN = "its wrist is where a tracker puts it that knows nothing"
    NOT_FINITE = "some of its joints have no position"
    JUMPED = "it moved faster than a hand can"
    FROZEN = "its tracking stands still"


class HandWatch:
    """Looks at every sample of the hands of one operator after another.

    Times are the samples' own, seconds.
    """

    def __init__(self) -> None:
        self._client = ""
        self._sides = tuple(_SideWatch() for _ in SIDES)

    def look(self, hands: Hands, taken_at_s: float) -> tuple[Hands, tuple[str, ...]]:
        """The hands that are believed, the others lost, and why not: left, right, empty if so."""
        if hands.client != self._client:
            self._client = hands.client
            self._sides = tuple(_SideWatch() for _ in SIDES)
        is_noisy = not hands.source.endswith(STEADY_SOURCES)
        faults = tuple(
            watch.look(
                bool(hands.valid[side]),
                hands.stage_from_wrist[side],
                hands.joint_positions[side],
                taken_at_s,
                is_noisy=is_noisy,
            )
            for side, watch in enumerate(self._sides)
        )
        return replace(hands, valid=np.array([not fault for fault in faults])), faults


class _SideWatch:
    def __init__(self) -> None:
        self._place: NDArray[np.float64] | None = None
        self._joints: NDArray[np.float64] | None = None
        self._placed_at_s = 0.0
        self._changed_at_s = 0.0
        self._to_settle = 0

    def look(
        self,
        is_valid: bool,
        stage_from_wrist: NDArray[np.float64],
        joints: NDArray[np.float64],
        now_s: float,
        *,
        is_noisy: bool,
    ) -> str:
        fault = _fault(is_valid, stage_from_wrist, joints)
        if fault:
            self._place = None  # where it is found again it may be
            return fault
        place = stage_from_wrist[:3, 3]
        if self._place is not None:
            reach = NOISE_M + FASTEST_M_S * max(now_s - self._placed_at_s, 0.0)
            if np.linalg.norm(place - self._place) > reach:
                self._to_settle = SETTLED_SAMPLES
        if self._joints is None or not np.array_equal(joints, self._joints):
            self._joints, self._changed_at_s = joints.copy(), now_s
        self._place, self._placed_at_s = place.copy(), now_s
        if self._to_settle > 0:
            self._to_settle -= 1
            return Implausible.JUMPED
        if is_noisy and now_s - self._changed_at_s > FROZEN_S:
            return Implausible.FROZEN
        return ""


def _fault(
    is_valid: bool, stage_from_wrist: NDArray[np.float64], joints: NDArray[np.float64]
) -> str:
    if not is_valid:
        return Implausible.NOT_TRACKED
    if not np.isfinite(joints).all():
        return Implausible.NOT_FINITE
    if not is_rigid(stage_from_wrist):
        return Implausible.NOT_RIGID
    if not stage_from_wrist[:3, 3].any():
        return Implausible.AT_ORIGIN
    return ""
