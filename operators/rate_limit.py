"""How often something may happen: at once up to a number, and then at a rate."""

import ipaddress
import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]

ADDRESSES: Final = 4096
"""So many are remembered: who was quiet the longest is forgotten first."""


class RateLimit:
    """Counts what happens against what may.

    rate: times a second that may go on for ever. burst: times at once after a rest.
    clock: seconds, monotonic.
    """

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._at_s = clock()

    def take(self, times: float = 1) -> bool:
        """Whether it may happen once more; counts it, also where it may not (see `excess`)."""
        self._refill()
        self._left -= times
        return self._left >= 0

    def try_take(self) -> bool:
        """Whether it may happen once more; counts it only if so."""
        return self.would_allow() and self.take()

    def would_allow(self) -> bool:
        """Whether it may happen once more; counts nothing."""
        self._refill()
        return self._left >= 1

    @property
    def excess(self) -> float:
        """How often it happened beyond what may; shrinks with time at the rate."""
        return max(0.0, -self._left)

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._burst, self._left + self._rate * (now - self._at_s))
        self._at_s = now


class AddressLimits:
    """A limit for each address; IPv6 addresses of one network (/64) share theirs."""

    def __init__(self, rate: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._limits: dict[str, RateLimit] = {}

    def of(self, address: str) -> RateLimit:
        """The limit of an address, digits or any other text."""
        network = network_of(address)
        limit = self._limits.pop(network, None)
        if limit is None:
            limit = RateLimit(self._rate, self._burst, self._clock)
            while len(self._limits) >= ADDRESSES:
                del self._limits[next(iter(self._limits))]
        self._limits[network] = limit  # the last in order: asked for the latest
        return limit


def network_of(address: str) -> str:
    """What one person is likely to have: an IPv4 address, a /64 of IPv6; other text as it is."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
