"""Maps a browser's clock onto this host's, with an error bound that holds.

Each exchange of questions and answers says between which bounds the browser's clock lies: it read
`received` after we asked, and `answered` before we heard. A line through all bounds of the last
minute is the browser's clock; all such lines together say how well it is known (the convex region
of Zhang, Liu and Xia, "Clock synchronization algorithms for network measurements", 2002). No
assumption is made on how a delay divides between the ways there and back.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.messages import ClockExchange

WINDOW: Final = 60
"""Exchanges that are looked at: a clock's drift changes with temperature over minutes."""

FASTEST_DRIFT: Final = 500e-6
"""Quartz drifts by up to 1e-4, and clocks that are being set right run up to 5e-4 off (adjtime)."""

LONGEST_EXCHANGE_NS: Final = 1_000_000_000
"""An answer that took longer bounds nothing worth knowing."""

Corners = NDArray[np.float64]
"""(corners, 2): offset in ns and slope of lines, around a convex region of them."""

RESOLUTION_NS: Final = 100_000
"""Chromium rounds its clock to 5 us on a page that is isolated as ours is, otherwise to 100."""

_MS: Final = 1_000_000
_LARGEST_MS: Final = 1e13
"""300 years: a larger reading is nonsense, and would not fit a count of nanoseconds."""


@dataclass(frozen=True)
class HostTime:
    """A time of the host's CLOCK_MONOTONIC, true to within error_ns either way."""

    ns: int
    error_ns: int


class BrowserClock:
    """What is known of one browser's clock.

    A clock that jumps contradicts what it said before: everything older is forgotten then. So that
    nothing is converted by a clock that has jumped since, `settled_ns` says up to when the clock is
    confirmed; convert nothing later than that.
    """

    def __init__(self) -> None:
        self._exchanges: deque[_Bounds] = deque(maxlen=WINDOW)
        self._region: Corners = np.empty((0, 2))
        self.jumps = 0
        """How often the clock contradicted itself."""
        self.refused = 0
        """Answers that cannot be, or took too long."""

    def add(self, exchange: ClockExchange) -> None:
        """Learn from an exchange; later ones must come later."""
        bounds = _bounds(exchange)
        if bounds is None:
            self.refused += 1
            return
        self._exchanges.append(bounds)
        self._region = self._feasible()
        if not len(self._region):
            self.jumps += 1
            self._exchanges.clear()
            self._exchanges.append(bounds)
            self._region = self._feasible()

    @property
    def is_known(self) -> bool:
        """Whether times can be converted at all."""
        return len(self._region) > 0

    @property
    def settled_ns(self) -> int:
        """The host's time when the clock was last asked; -1 before."""
        return self._exchanges[-1].sent_ns if self._exchanges else -1

    @property
    def drift(self) -> float:
        """How much faster the browser's clock runs, as a share; the middle of what is possible."""
        slopes = self._region[:, 1]
        return float(slopes.min() + slopes.max()) / 2

    @property
    def error_ns(self) -> int:
        """The error of a time that the clock says now."""
        leads = self._region[:, 0]
        return int(np.ceil((leads.max() - leads.min()) / 2))

    def to_host(self, browser_ms: float) -> HostTime | None:
        """Convert a reading of the browser's clock; None where it is nonsense or nothing is known.

        browser_ms: of `performance.now`, ms. With the browser's clock ahead by
        offset + slope (host - reference), host = reference + (browser - reference - offset) /
        (1 + slope); at a corner of the region of all possible lines this is least or greatest.
        """
        if not self.is_known or not abs(browser_ms) < _LARGEST_MS:
            return None
        reference_ns, base_ns = self._reference()
        offset, slope = self._region.T
        since = round(browser_ms * _MS) - base_ns - reference_ns
        host = (since - offset) / (1 + slope)
        least, greatest = float(host.min()), float(host.max())
        middle = reference_ns + round((least + greatest) / 2)
        return HostTime(middle, int(np.ceil((greatest - least) / 2)))

    def _reference(self) -> tuple[int, int]:
        """The host's time and the browser's lead around which the region is drawn.

        Near them, differences of nanoseconds are small enough for float64.
        """
        newest = self._exchanges[-1]
        return newest.sent_ns, newest.least_lead_ns

    def _feasible(self) -> Corners:
        """Corners (corners, 2) of all (offset, slope) that no exchange contradicts."""
        reference_ns, base_ns = self._reference()
        newest = self._exchanges[-1]
        width = float(newest.greatest_lead_ns - base_ns)
        slopes = FASTEST_DRIFT
        region = np.array([[0, -slopes], [width, -slopes], [width, slopes], [0, slopes]], float)
        for bounds in self._exchanges:
            age = float(bounds.sent_ns - reference_ns)
            line = np.array([1.0, age])
            region = _clip(region, line, float(bounds.greatest_lead_ns - base_ns))
            region = _clip(region, -line, -float(bounds.least_lead_ns - base_ns))
        return region


@dataclass(frozen=True)
class _Bounds:
    """Between which values the browser's clock was ahead of ours (browser - host, ns)."""

    sent_ns: int
    least_lead_ns: int
    greatest_lead_ns: int


def _bounds(exchange: ClockExchange) -> _Bounds | None:
    """What an exchange tells; None for one that cannot be, or that tells nothing."""
    readings = (exchange.received_ms, exchange.answered_ms)
    if not all(abs(reading) < _LARGEST_MS for reading in readings):
        return None
    received_ns, answered_ns = (round(reading * _MS) for reading in readings)
    took_ns = exchange.heard_ns - exchange.asked_ns
    if answered_ns < received_ns or not 0 <= took_ns <= LONGEST_EXCHANGE_NS:
        return None
    slack_ns = RESOLUTION_NS + round(FASTEST_DRIFT * took_ns)
    least = answered_ns - exchange.heard_ns - slack_ns
    greatest = received_ns - exchange.asked_ns + slack_ns
    if least > greatest:
        return None
    return _Bounds(exchange.asked_ns, least, greatest)


def _clip(region: Corners, line: NDArray[np.float64], most: float) -> Corners:
    """The part (corners, 2) of a convex region where line @ point <= most (Sutherland-Hodgman)."""
    if not len(region):
        return region
    excess = region @ line - most
    kept = []
    for i, point in enumerate(region):
        before, here = excess[i - 1], excess[i]
        if (before > 0) != (here > 0):
            share = before / (before - here)
            kept.append(region[i - 1] + share * (point - region[i - 1]))
        if here <= 0:
            kept.append(point)
    return np.array(kept).reshape(-1, 2)
