"""How fast a simulation goes."""


class RealTimeFactor:
    """Simulated time over the clock's, from the simulation's last beginning on."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def add(self, simulated_s: float, at_ns: int) -> None:
        """Note how far the simulation is. One that began anew is measured anew.

        at_ns: when that was, CLOCK_MONOTONIC.
        """
        now = (simulated_s, at_ns)
        if self._last is None or now[0] < self._last[0]:
            self._first = now
        self._last = now

    @property
    def value(self) -> float:
        """Simulated seconds a second; NaN before two states."""
        if self._first is None or self._last is None:
            return float("nan")
        seconds = (self._last[1] - self._first[1]) / 1e9
        return (self._last[0] - self._first[0]) / seconds if seconds else float("nan")
