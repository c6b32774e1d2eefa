"""Tells the hands that can be true from those that cannot."""

from dataclasses import replace

import numpy as np

from operators.hands import SIDES
from operators.input_sources import is_steady
from operators.messages import Hands
from operators.pose_watch import Implausible, PoseWatch


class HandWatch:
    """Looks at every sample of the hands of one operator after another.

    Times are the samples' own, seconds.
    """

    def __init__(self) -> None:
        self._client = ""
        self._sides = tuple(PoseWatch() for _ in SIDES)

    def look(self, hands: Hands, taken_at_s: float) -> tuple[Hands, tuple[str, ...]]:
        """The hands that are believed, the others lost, and why not: left, right, empty if so."""
        if hands.client != self._client:
            self._client = hands.client
            self._sides = tuple(PoseWatch() for _ in SIDES)
        faults = tuple(
            f"it {fault}" if fault else ""
            for fault in (self._fault(hands, side, taken_at_s) for side in range(len(SIDES)))
        )
        return replace(hands, valid=np.array([not fault for fault in faults])), faults

    def _fault(self, hands: Hands, side: int, taken_at_s: float) -> str:
        watch, joints = self._sides[side], hands.joint_positions[side]
        if not hands.valid[side]:
            watch.lose()
            return Implausible.NOT_TRACKED
        if not np.isfinite(joints).all():
            return Implausible.NOT_FINITE
        noisy = None if is_steady(hands.source) else joints
        return watch.look(hands.stage_from_wrist[side], taken_at_s, noisy)
