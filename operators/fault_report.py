"""Faults told to someone without flooding: the first at once, then a count a second."""

import asyncio
from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one sentence."""


class FaultReport:
    """Counts faults and reports them at a bearable rate. Belongs to one event loop.

    report: gets the first fault's sentence at once, and a count with the latest sentence every
    `interval_s` as long as faults go on.
    """

    def __init__(self, report: Report, interval_s: float = 1.0) -> None:
        self._report = report
        self._interval_s = interval_s
        self._waiting: asyncio.TimerHandle | None = None
        self._unreported = 0
        self._latest = ""
        self.total = 0

    def add(self, sentence: str) -> None:
        """Count a fault."""
        self.total += 1
        if self._waiting is None:
            self._report(sentence)
            self._wait()
        else:
            self._unreported += 1
            self._latest = sentence

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(self._interval_s, self._tell_count)

    def _tell_count(self) -> None:
        self._waiting = None
        if self._unreported:
            self._report(f"{self._unreported} more faults, the latest: {self._latest}")
            self._unreported = 0
            self._wait()
