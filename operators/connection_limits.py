"""How many connections a server takes, so that strangers cost those who are let in nothing."""

import math
import time
from collections import Counter
from typing import Final

from operators.rate_limit import AddressLimits, Clock, network_of

PER_S, AT_ONCE = 20.0, 100.0
"""Connections of one address. A page that is opened takes eight."""

BARRED_S: Final = 3.0
"""Who was cut off for sending too much may come again after so long. A flood of 1 MB takes the
server 0.1 s."""

OPEN_OF_ADDRESS: Final = 64
OPEN: Final = 256
"""Open at one time, WebSockets included: far below the 1024 files that a process may open."""


class ConnectionLimits:
    """Counts connections as they come and go. clock: seconds, monotonic."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._rates = AddressLimits(PER_S, AT_ONCE, clock)
        self._barred_until_s: dict[str, float] = {}
        self._open: Counter[str] = Counter()
        self.refused = 0

    def admits(self, address: str) -> bool:
        """Whether one more connection may come from an address; counts it if so."""
        network = network_of(address)
        is_full = self._open.total() >= OPEN or self._open[network] >= OPEN_OF_ADDRESS
        is_barred = self._clock() < self._barred_until_s.get(network, -math.inf)
        if is_full or is_barred or not self._rates.of(address).try_take():
            self.refused += 1
            return False
        self._open[network] += 1
        return True

    def bar(self, address: str) -> None:
        """Take no new connection of an address for a while."""
        now = self._clock()
        others = self._barred_until_s.items()
        self._barred_until_s = {network: until_s for network, until_s in others if until_s > now}
        self._barred_until_s[network_of(address)] = now + BARRED_S

    def ended(self, address: str) -> None:
        """A connection that was admitted is gone."""
        network = network_of(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
