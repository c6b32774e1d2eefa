"""A filter for what one camera is worst at: how far away something is."""

from typing import Final

import numpy as np

SPEED_CUTOFF_HZ: Final = 1.0
"""Of the filter of the speed itself, as in the paper."""

SPEED_GAIN: Final = 6.0
"""Hz of cutoff a m/s: the faster a hand comes or goes, the less its depth is held back."""

GONE_S: Final = 0.25
"""What was not seen for so long may be anywhere."""


class DepthFilter:
    """A One Euro filter: steady while a hand rests, quick when it comes or goes.

    cutoff_hz: of the low-pass at rest. Lower is steadier and later. After a gap it starts afresh.
    (Casiez, Roussel, Vogel: 1 Euro Filter, CHI 2012.)
    """

    def __init__(self, cutoff_hz: float) -> None:
        self._cutoff_hz = cutoff_hz
        self._depth_m: float | None = None
        self._speed_m_s = 0.0
        self._time_s = 0.0

    def filter(self, depth_m: float, time_s: float) -> float:
        """The depth without most of its noise.

        time_s: of the sample, by a clock that never goes back; the same time again changes nothing.
        """
        step_s = time_s - self._time_s
        if self._depth_m is None or step_s > GONE_S:
            self._depth_m, self._speed_m_s, self._time_s = depth_m, 0.0, time_s
            return depth_m
        if step_s <= 0.0:
            return self._depth_m
        self._time_s = time_s
        speed = (depth_m - self._depth_m) / step_s
        self._speed_m_s += _weight(SPEED_CUTOFF_HZ, step_s) * (speed - self._speed_m_s)
        cutoff_hz = self._cutoff_hz + SPEED_GAIN * abs(self._speed_m_s)
        self._depth_m += _weight(cutoff_hz, step_s) * (depth_m - self._depth_m)
        return self._depth_m


def _weight(cutoff_hz: float, step_s: float) -> float:
    """Of the newest sample in a first-order low-pass."""
    turn = 2.0 * np.pi * cutoff_hz * step_s
    return float(turn / (turn + 1.0))
