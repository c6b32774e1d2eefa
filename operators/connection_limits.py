"""How many connections a server takes, so that strangers cost those who are let in nothing."""

import time
from collections import Counter
from typing import Final

from operators.rate_limit import AddressLimits, Clock, network_of

PER_S, AT_ONCE = 20.0, 100.0
"""Connections of one address. A page that is opened takes eight."""

OPEN_OF_ADDRESS: Final = 64
OPEN: Final = 256
"""Open at one time, WebSockets included: far below the 1024 files that a process may open."""


class ConnectionLimits:
    """Counts connections as they come and go. clock: seconds, monotonic."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._rates = AddressLimits(PER_S, AT_ONCE, clock)
        self._open: Counter[str] = Counter()
        self.refused = 0

    def admits(self, address: str) -> bool:
        """Whether one more connection may come from an address; counts it if so."""
        network = network_of(address)
        rate = self._rates.of(address)
        is_full = self._open.total() >= OPEN or self._open[network] >= OPEN_OF_ADDRESS
        if is_full or not rate.would_allow():
            self.refused += 1
            return False
        rate.take()
        self._open[network] += 1
        return True

    def ended(self, address: str) -> None:
        """A connection that was admitted is gone."""
        network = network_of(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
