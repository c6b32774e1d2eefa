"""When the operator's samples were taken, by the host's clock."""

import threading
from typing import Final

from operators.browser_clock import BrowserClock
from operators.messages import ClockExchange

LARGEST_ERROR_NS: Final = 20_000_000
"""A clock that is known less well says less than the arrival does."""

LONGEST_WAY_NS: Final = 1_000_000_000
"""A sample that seems older than this when it arrives has a clock that jumped."""

MOST_CLIENTS: Final = 16
"""The one that was silent longest is forgotten beyond this."""


class SampleTimes:
    """Knows the clocks of the clients whose samples arrive. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clocks: dict[str, BrowserClock] = {}

    def add(self, exchange: ClockExchange) -> None:
        """Learn of a client's clock."""
        with self._lock:
            clock = self._clocks.pop(exchange.client, None) or BrowserClock()
            self._clocks[exchange.client] = clock
            clock.add(exchange)
            if len(self._clocks) > MOST_CLIENTS:
                del self._clocks[next(iter(self._clocks))]

    def capture_ns(self, client: str, time_ms: float, received_ns: int) -> int:
        """When a sample was taken; its arrival where the client's clock does not tell.

        time_ms: by the client's clock. received_ns: when it arrived, by the host's.
        """
        with self._lock:
            clock = self._clocks.get(client)
            taken = clock.to_host(time_ms) if clock is not None else None
        if taken is None or taken.error_ns > LARGEST_ERROR_NS:
            return received_ns
        if not received_ns - LONGEST_WAY_NS < taken.ns < received_ns:
            return received_ns
        return taken.ns
