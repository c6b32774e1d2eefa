"""Rates, losses and delays of every stage, from the stamps that frames carry."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operators.header import Header, Stamp
from operators.messages import LatencySummary

TOTAL = "hand to sent"
"""From the capture of the operator's sample to the picture's last byte handed to the socket."""


@dataclass(frozen=True)
class StageReport:
    """What one node did over a time. Delays are arrays in ms, one entry a frame."""

    stage: str
    rate_hz: float
    lost: int
    skipped: int
    transit_ms: NDArray[np.float64]
    waiting_ms: NDArray[np.float64]
    working_ms: NDArray[np.float64]

    @property
    def delay_ms(self) -> NDArray[np.float64]:
        """From the sender's send to this node's own."""
        return self.transit_ms + self.waiting_ms + self.working_ms


class LatencyTrace:
    """Collects the headers of sent frames; reports rates and delays over the last of them.

    frames: how many are kept. The memory for them is taken at once, so that nothing grows.

    A stage's rate is the growth of its sequence numbers, so that frames which never arrived here
    count too. Losses count from the first frame on: a gap that a node saw is never averaged away.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._stages: dict[str, _Stage] = {}
        self._last_hands_seq = -1
        self._total = _Ring(frames, len(_TOTAL_COLUMNS))

    def add(self, header: Header) -> None:
        """Count a frame when the first client is sent it.

        One that follows from no hand sample says nothing of delays.
        """
        if header.hands_seq < 0 or not header.stamps or header.hands_seq == self._last_hands_seq:
            return  # nothing of a hand, or what another client was sent before
        self._last_hands_seq = header.hands_seq
        sender_sent_ns = header.capture_ns
        for stamp in header.stamps:
            if stamp.node not in self._stages:
                self._stages[stamp.node] = _Stage(self._frames, stamp)
            self._stages[stamp.node].add(stamp, sender_sent_ns)
            sender_sent_ns = stamp.sent_ns
        self._total.add(sender_sent_ns, sender_sent_ns - header.capture_ns)

    def stages(self) -> list[StageReport]:
        """Every stage in the order in which frames pass them."""
        return [stage.report(name) for name, stage in self._stages.items()]

    def total_ms(self) -> NDArray[np.float64]:
        """Hand to sent, ms, one entry a frame."""
        return self._total.rows[:, 1] / 1e6

    def rate_hz(self) -> float:
        """Frames sent a second."""
        rows = self._total.rows
        return _rate(rows[:, 0], len(rows) - 1)

    def summary(self) -> LatencySummary:
        """The stages and the total as a message."""
        stages = self.stages()
        total = self.total_ms()
        delays = [*(stage.delay_ms for stage in stages), total]
        return LatencySummary(
            stages=(*(stage.stage for stage in stages), TOTAL),
            rate_hz=np.array([*(stage.rate_hz for stage in stages), self.rate_hz()]),
            lost=np.array([*(stage.lost for stage in stages), 0], np.int64),
            p50_ms=np.array([percentile(d, 50) for d in delays]),
            p95_ms=np.array([percentile(d, 95) for d in delays]),
        )


class _Ring:
    """The last rows of integers of a table."""

    def __init__(self, length: int, columns: int) -> None:
        self._table = np.full((length, columns), -1, np.int64)
        self._count = 0

    def add(self, *row: int) -> None:
        self._table[self._count % len(self._table)] = row
        self._count += 1

    @property
    def rows(self) -> NDArray[np.int64]:
        """Oldest first."""
        place = self._count % len(self._table)
        if self._count <= len(self._table):
            return self._table[: self._count]
        return np.concatenate([self._table[place:], self._table[:place]])


class _Stage:
    """What is kept of one node."""

    def __init__(self, frames: int, first: Stamp) -> None:
        self._ring = _Ring(frames, len(_STAGE_COLUMNS))
        self._last = first
        self._lost = 0
        self._skipped = 0

    def add(self, stamp: Stamp, sender_sent_ns: int) -> None:
        self._lost += _grown(self._last.lost, stamp.lost)
        self._skipped += _grown(self._last.skipped, stamp.skipped)
        self._last = stamp
        self._ring.add(
            stamp.sent_ns,
            stamp.seq,
            stamp.received_ns - sender_sent_ns,
            stamp.started_ns - stamp.received_ns,
            stamp.sent_ns - stamp.started_ns,
        )

    def report(self, name: str) -> StageReport:
        rows = self._ring.rows
        sent_ns, seq = rows[:, 0], rows[:, 1]
        delays = rows[:, 2:] / 1e6
        rate_hz = _rate(sent_ns, int(seq[-1] - seq[0]))
        return StageReport(name, rate_hz, self._lost, self._skipped, *delays.T)


_STAGE_COLUMNS = ("sent_ns", "seq", "transit_ns", "waiting_ns", "working_ns")
_TOTAL_COLUMNS = ("sent_ns", "hand_to_sent_ns")


def _grown(before: int, now: int) -> int:
    """By how much a counter has grown; a node that restarted counts from zero again."""
    return now - before if now >= before else now


def _rate(times_ns: NDArray[np.int64], count: int) -> float:
    if len(times_ns) < 2 or times_ns[-1] <= times_ns[0]:
        return float("nan")
    return count / (float(times_ns[-1] - times_ns[0]) / 1e9)


def percentile(values: NDArray[np.float64], percent: float) -> float:
    """A percentile, NaN of nothing."""
    return float(np.percentile(values, percent)) if values.size else float("nan")
