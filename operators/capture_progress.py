"""How far footage has come, in words."""

import time
from collections.abc import Callable

import numpy as np

from operators.capture_messages import HandAngles
from operators.hands import SIDES

INTERVAL_S = 1.0


class CaptureProgress:
    """Counts moments and what was found in them.

    total: moments that are expected; None where that is not known.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._started_s: float | None = None
        self._said_s = -np.inf
        self.moments = 0
        self._fitted = np.zeros(len(SIDES), int)
        self._errors_px: list[float] = []

    def add(self, angles: HandAngles) -> str:
        """Count a moment; a line to be shown, empty more often than once a second."""
        now_s = self._clock()
        if self._started_s is None:
            self._started_s = self._said_s = now_s
        self.moments += 1
        self._fitted += angles.valid
        off = angles.reprojection_px[angles.valid]
        if np.isfinite(off).any():
            self._errors_px.append(float(np.nanmedian(off)))
        if now_s - self._said_s < INTERVAL_S:
            return ""
        self._said_s = now_s
        rate = self.moments / (now_s - self._started_s)
        if self._total is None:
            done = f"{self.moments} moments"
            left = ""
        else:
            done = f"{self.moments} of {self._total} moments ({self.moments / self._total:.0%})"
            left = f", {max(0, self._total - self.moments) / rate:.0f} s left"
        return f"{done}, {rate:.0f} a second{left}; {self.found}"

    @property
    def found(self) -> str:
        """What was found so far."""
        if not self._fitted.any():
            return "no hand found"
        hands = ", ".join(
            f"{side} hand in {count / self.moments:.1%}"
            for side, count in zip(SIDES, self._fitted, strict=True)
            if count
        )
        return f"{hands}; fitted joints {np.median(self._errors_px):.1f} px beside (median)"
