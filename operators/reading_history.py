"""What the arms read lately, to be found by the time of a picture."""

from collections import deque
from typing import Final

import numpy as np

from operators.overlay_messages import JointReadings
from operators.pictured_robot import Readings

KEPT: Final = 2000
"""Two seconds at 1 kHz: a picture is not older than that."""


class NoReadingsError(ValueError):
    """No reading is near enough to a picture: says how far away the nearest is."""


class ReadingHistory:
    """Keeps the latest readings of both arms.

    gap_ms: how far a reading may be from a picture.
    """

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._kept: deque[tuple[int, JointReadings]] = deque(maxlen=KEPT)

    def add(self, readings: JointReadings, capture_ns: int) -> None:
        """Take what was read at a time (CLOCK_MONOTONIC)."""
        self._kept.append((capture_ns, readings))

    def at(self, capture_ns: int) -> dict[str, Readings]:
        """What both arms read nearest to a time. Raises NoReadingsError."""
        if not self._kept:
            raise NoReadingsError("no joint readings have come")
        nearest_ns, readings = min(self._kept, key=lambda kept: abs(kept[0] - capture_ns))
        gap_ms = abs(nearest_ns - capture_ns) / 1e6
        if gap_ms > self._gap_ms:
            raise NoReadingsError(
                f"the nearest joint readings are {gap_ms:.0f} ms from the picture; "
                f"overlay.joint_gap_ms allows {self._gap_ms:.0f}"
            )
        return {
            "left": Readings(readings.left, _width(readings.left_width_m)),
            "right": Readings(readings.right, _width(readings.right_width_m)),
        }


def joint_readings(source: str, readings: dict[str, Readings]) -> JointReadings:
    """What both arms read as a message."""
    left, right = readings["left"], readings["right"]
    return JointReadings(
        source=source,
        left=np.asarray(left.joints, np.float64),
        left_width_m=np.nan if left.width_m is None else left.width_m,
        right=np.asarray(right.joints, np.float64),
        right_width_m=np.nan if right.width_m is None else right.width_m,
    )


def _width(width_m: float) -> float | None:
    return None if np.isnan(width_m) else width_m
