"""Smooths the operator's hands before they are retargeted."""

from dataclasses import replace
from typing import Final

import numpy as np

from operators.filter_settings import FiltersSettings
from operators.hands import SIDES
from operators.messages import HandTargets
from operators.one_euro import OneEuroPoints, OneEuroRotations
from operators.transforms import Array

FARTHEST_M: Final = 10.0
"""What is farther from the head, or from its wrist, is no hand: a filter shall neither hide nor
remember it."""


class HandFilter:
    """Takes the tremble out of both hands: wrists' positions, their rotations, finger joints.

    A side that was lost starts afresh when it is found, and both do when someone else, or another
    device, gives the hands: nothing is blended with what was before.
    """

    def __init__(self, settings: FiltersSettings) -> None:
        self._sides = tuple(_SideFilter(settings) for _ in SIDES)
        self._giver = ("", "")
        self._start_ns: int | None = None

    def filter(self, targets: HandTargets, capture_ns: int) -> HandTargets:
        """Smooth the valid sides; what is valid stays so, and nothing else becomes it.

        A side that is valid and out of any reach is passed on as it came.
        capture_ns: when the sample was taken.
        """
        giver = (targets.source, targets.client)
        if giver != self._giver:
            self._giver = giver
            for smooth in self._sides:
                smooth.reset()
        if self._start_ns is None:
            # Seconds since a start keep their nanoseconds; those of the clock would be rounded
            # differently in each run.
            self._start_ns = capture_ns
        time_s = (capture_ns - self._start_ns) * 1e-9
        wrists, fingers = targets.anchor_from_wrist.copy(), targets.finger_joints.copy()
        for side, smooth in enumerate(self._sides):
            if targets.valid[side] and _is_within_reach(wrists[side], fingers[side]):
                wrists[side], fingers[side] = smooth.filter(wrists[side], fingers[side], time_s)
            else:
                smooth.reset()
        return replace(targets, anchor_from_wrist=wrists, finger_joints=fingers)


def _is_within_reach(wrist: Array, fingers: Array) -> bool:
    """Whether it may be a hand; numbers that are not finite are none."""
    return bool(np.abs(wrist[:3]).max() < FARTHEST_M and np.abs(fingers).max() < FARTHEST_M)


class _SideFilter:
    """The filters of one hand; one that is switched off is not there."""

    def __init__(self, settings: FiltersSettings) -> None:
        self._position = OneEuroPoints(settings.position) if settings.position.enabled else None
        self._rotation = OneEuroRotations(settings.rotation) if settings.rotation.enabled else None
        self._fingers = OneEuroPoints(settings.fingers) if settings.fingers.enabled else None

    def reset(self) -> None:
        for part in (self._position, self._rotation, self._fingers):
            if part is not None:
                part.reset()

    def filter(self, wrist: Array, fingers: Array, time_s: float) -> tuple[Array, Array]:
        position, rotation = wrist[:3], wrist[3:]
        if self._position is not None:
            position = self._position.filter(position, time_s)
        if self._rotation is not None:
            rotation = self._rotation.filter(rotation, time_s)
        if self._fingers is not None:
            fingers = self._fingers.filter(fingers, time_s)
        return np.concatenate([position, rotation]), fingers
