"""A measured figure, and the measuring of two ways to do the same in one run."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

REQUIRED = ("name", "value", "unit", "p95", "against", "against_value", "ratio")


@dataclass(frozen=True)
class Figure:
    """One measurement: a median, and how it compares with a named alternative.

    ratio: how many times better than the alternative, measured in the same run.
    note: what a reader has to know about how it was measured.
    """

    name: str
    value: float
    unit: str
    p95: float | None = None
    against: str | None = None
    against_value: float | None = None
    ratio: float | None = None
    note: str | None = None

    def json_line(self) -> str:
        """The figure as one line of JSON: always the first seven keys, the note if there is one."""
        content = {
            key: _shortened(value) if isinstance(value, float) else value
            for key, value in asdict(self).items()
            if key in REQUIRED or value is not None
        }
        return json.dumps(content)


def _shortened(value: float) -> float:
    """Four digits after the point, or of what is smaller than they can say three that count."""
    return round(value, 4) if abs(value) >= 1e-3 else float(f"{value:.3g}")


@dataclass(frozen=True)
class Times:
    """Durations of one callable, ms."""

    median: float
    p95: float


def interleaved_times(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int = 12,
    calls: int = 5,
    warm_up: int = 2,
    their_calls: int | None = None,
) -> tuple[Times, Times]:
    """Time two callables in turns, so that whatever else the machine does meets both.

    Each round calls one of them several times and then the other, and the rounds change their
    order. The first calls, warm_up of each, are not counted.
    their_calls: of theirs in a round, as many as of ours by default.
    """
    durations: tuple[list[float], list[float]] = ([], [])
    for _ in range(warm_up):
        ours()
        theirs()
    for turn in range(rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            for _ in range((calls, calls if their_calls is None else their_calls)[which]):
                start = time.perf_counter()
                (ours, theirs)[which]()
                durations[which].append((time.perf_counter() - start) * 1e3)
    return _times(durations[0]), _times(durations[1])


def _times(durations_ms: list[float]) -> Times:
    median, p95 = np.percentile(durations_ms, (50, 95))
    return Times(float(median), float(p95))
