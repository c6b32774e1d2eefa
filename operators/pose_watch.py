"""Sees whether what a tracker tells of one thing can be true, before anything smooths it."""

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.transforms import Array, is_rigid

FASTEST_M_S: Final = 8.0
"""Of a wrist: a fast ball's throw is 10, a reach 1 to 2; what exceeds this between two frames was
confused by the tracker. A head is slower."""

NOISE_M: Final = 0.03
"""A jump of so much is the tracker's noise, or its first guess, at any speed."""

SETTLED_SAMPLES: Final = 3
"""After a jump a place is believed when so many samples in a row agree with each other."""

FROZEN_S: Final = 0.07
"""What is really tracked differs in every sample of its tracker, by noise alone. Trackers run at
30 Hz or more, so that a page at 120 Hz sees each sample four times at most."""


class Implausible(StrEnum):
    """Why something is not believed, in words for the operator that go on from its name."""

    NOT_TRACKED = "is not tracked"
    NOT_RIGID = "has a pose that is none"
    AT_ORIGIN = "is where a tracker puts it that knows nothing"
    NOT_FINITE = "has joints without a position"
    JUMPED = "moved faster than it can"
    FROZEN = "stands still to the last digit"


class PoseWatch:
    """Looks at every sample of one thing: a wrist, a grip, a head.

    Times are the samples' own, seconds.
    """

    def __init__(self) -> None:
        self._place: Array | None = None
        self._placed_at_s = 0.0
        self._noisy: NDArray[np.float64] | None = None
        self._changed_at_s = 0.0
        self._to_settle = 0

    def lose(self) -> None:
        """It is not tracked: where it is found again it may be."""
        self._place = None

    def look(self, pose: Array, now_s: float, noisy: Array | None = None) -> str:
        """Why a tracked pose (4, 4) in the stage is not believed; empty where it is.

        noisy: what a tracker's noise changes in every sample, of any shape; None where it may stay.
        """
        if not is_rigid(pose):
            return Implausible.NOT_RIGID
        place = pose[:3, 3]
        if not place.any():
            return Implausible.AT_ORIGIN
        if self._place is not None:
            reach = NOISE_M + FASTEST_M_S * max(now_s - self._placed_at_s, 0.0)
            if np.linalg.norm(place - self._place) > reach:
                self._to_settle = SETTLED_SAMPLES
        self._place, self._placed_at_s = place.copy(), now_s
        is_frozen = noisy is not None and self._is_frozen(noisy, now_s)
        if self._to_settle > 0:
            self._to_settle -= 1
            return Implausible.JUMPED
        return Implausible.FROZEN if is_frozen else ""

    def _is_frozen(self, noisy: Array, now_s: float) -> bool:
        if self._noisy is None or not np.array_equal(noisy, self._noisy):
            self._noisy, self._changed_at_s = noisy.copy(), now_s
        return now_s - self._changed_at_s > FROZEN_S
