"""Rates, losses and delays of every stage, from the stamps that frames carry."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operators.header import Header
from operators.messages import LatencySummary

TOTAL = "hand to sent"
"""From the capture of the operator's sample to the picture's last byte handed to the socket."""


@dataclass(frozen=True)
class _Passage:
    """One frame's way through one node."""

    sent_ns: int
    seq: int
    lost: int
    skipped: int
    transit_ns: int
    waiting_ns: int
    working_ns: int


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
    """Collects the headers of sent frames; reports over the last `window_s` or over all.

    A stage's rate is the growth of its sequence numbers, so that frames which never arrived here
    count too; a loss is a gap that the next node saw, and is never averaged away.
    """

    def __init__(self, window_s: float | None) -> None:
        self._window_ns = None if window_s is None else int(window_s * 1e9)
        self._stages: dict[str, deque[_Passage]] = {}
        self._totals: deque[tuple[int, int]] = deque()

    def add(self, header: Header) -> None:
        """Count a frame; one that follows from no hand sample says nothing of delays."""
        if header.hands_seq < 0 or not header.stamps:
            return
        sender_sent_ns = header.capture_ns
        for stamp in header.stamps:
            passage = _Passage(
                stamp.sent_ns,
                stamp.seq,
                stamp.lost,
                stamp.skipped,
                stamp.received_ns - sender_sent_ns,
                stamp.started_ns - stamp.received_ns,
                stamp.sent_ns - stamp.started_ns,
            )
            self._stages.setdefault(stamp.node, deque()).append(passage)
            sender_sent_ns = stamp.sent_ns
        self._totals.append((sender_sent_ns, sender_sent_ns - header.capture_ns))
        self._forget_before(sender_sent_ns)

    def stages(self) -> list[StageReport]:
        """Every stage in the order in which frames pass them."""
        return [_report(stage, passages) for stage, passages in self._stages.items() if passages]

    def total_ms(self) -> NDArray[np.float64]:
        """Hand to sent, ms, one entry a frame."""
        return np.array([delay for _, delay in self._totals]) / 1e6

    def summary(self) -> LatencySummary:
        """The stages and the total as a message."""
        stages = self.stages()
        total = self.total_ms()
        delays = [*(stage.delay_ms for stage in stages), total]
        return LatencySummary(
            stages=(*(stage.stage for stage in stages), TOTAL),
            rate_hz=np.array([*(stage.rate_hz for stage in stages), _rate(self._totals)]),
            lost=np.array([*(stage.lost for stage in stages), 0], np.int64),
            p50_ms=np.array([percentile(d, 50) for d in delays]),
            p95_ms=np.array([percentile(d, 95) for d in delays]),
        )

    def _forget_before(self, now_ns: int) -> None:
        if self._window_ns is None:
            return
        oldest_ns = now_ns - self._window_ns
        for passages in self._stages.values():
            while passages and passages[0].sent_ns < oldest_ns:
                passages.popleft()
        while self._totals and self._totals[0][0] < oldest_ns:
            self._totals.popleft()


def percentile(values: NDArray[np.float64], percent: float) -> float:
    """A percentile, NaN of nothing."""
    return float(np.percentile(values, percent)) if values.size else float("nan")


def _report(stage: str, passages: deque[_Passage]) -> StageReport:
    first, last = passages[0], passages[-1]
    seconds = (last.sent_ns - first.sent_ns) / 1e9
    grown = last.seq - first.seq
    return StageReport(
        stage,
        grown / seconds if seconds > 0 else float("nan"),
        # A node that restarted counts from zero again.
        max(last.lost - first.lost, 0),
        max(last.skipped - first.skipped, 0),
        np.array([p.transit_ns for p in passages]) / 1e6,
        np.array([p.waiting_ns for p in passages]) / 1e6,
        np.array([p.working_ns for p in passages]) / 1e6,
    )


def _rate(totals: deque[tuple[int, int]]) -> float:
    if len(totals) < 2:
        return float("nan")
    return (len(totals) - 1) / ((totals[-1][0] - totals[0][0]) / 1e9)
