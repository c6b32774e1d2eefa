"""Whether several cameras' times are of one clock."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

WINDOW: Final = 20
"""Pictures of a camera that are looked at together: less than a second of them."""


class ClockWatch:
    """Compares each camera's times with those of the first.

    cameras: their names, the first being what the others are compared with. tolerance_ns: what a
    clock may be off by.

    Two things tell of a clock. How long each picture took to come to this machine: the quickest of
    the latest pictures took about as long from every camera, so that what differs is the clock: a
    drift if it did not differ at the beginning. And, where no time of arrival is known, as of
    footage: how far the pictures of one moment are apart. Those that free-running cameras take
    differ by up to half a period, which is no fault; but it does not grow.
    """

    def __init__(self, cameras: tuple[str, ...], tolerance_ns: int) -> None:
        self._reference, *self._others = cameras
        self._tolerance_ns = tolerance_ns
        self._arrivals = {name: _Trend(min) for name in cameras}
        self._differences = {name: _Trend(_median) for name in self._others}
        self._nearest: dict[str, deque[int]] = {n: deque(maxlen=WINDOW) for n in self._others}
        self._latest: dict[str, deque[int]] = {n: deque(maxlen=3) for n in cameras}

    def add_picture(self, camera: str, time_ns: int, received_ns: int | None) -> None:
        """Note a picture's time, and when it came to this machine, where that is known."""
        if received_ns is not None:
            self._arrivals[camera].add(received_ns - time_ns)
        own, reference = self._latest[camera], self._latest[self._reference]
        if camera != self._reference and own and reference:
            # Of the one before, since what is nearest to this one may still come.
            self._nearest[camera].append(min((own[-1] - other for other in reference), key=abs))
        own.append(time_ns)

    def add_moment(self, times_ns: Mapping[str, int]) -> None:
        """Note the times of pictures that were put together."""
        if self._reference in times_ns:
            for name in self._others:
                if name in times_ns:
                    self._differences[name].add(times_ns[name] - times_ns[self._reference])

    def fault(self, name: str) -> str:
        """What is wrong with a camera's clock, in words for the user; empty if nothing is."""
        if name == self._reference:
            return ""
        own, reference = self._arrivals[name], self._arrivals[self._reference]
        if own.is_full and reference.is_full:
            first_ns = own.first_ns - reference.first_ns
            behind_ns = own.latest_ns - reference.latest_ns
            if abs(behind_ns) <= self._tolerance_ns:
                return ""
            if abs(first_ns) <= self._tolerance_ns:
                return self._drift(name, first_ns - behind_ns)
            return self._offset(name, behind_ns)
        nearest = self._nearest[name]
        difference = self._differences[name]
        if difference.is_full:
            gained_ns = difference.latest_ns - difference.first_ns
            # What is farther apart than the tolerance was not put together, so that is the most.
            return self._drift(name, gained_ns) if abs(gained_ns) > self._tolerance_ns / 2 else ""
        if len(nearest) == WINDOW and min(map(abs, nearest)) > self._tolerance_ns:
            return self._offset(name, -_median(nearest))
        return ""

    def _offset(self, name: str, behind_ns: int) -> str:
        direction = "behind" if behind_ns > 0 else "ahead of"
        return (
            f"its times are {abs(behind_ns) / 1e9:.3f} s {direction} those of '{self._reference}': "
            f"another clock? If so, add {behind_ns / 1e9:.3f} to capture.cameras.{name}.offset_s"
        )

    def _drift(self, name: str, gained_ns: int) -> str:
        verb = "gained" if gained_ns > 0 else "lost"
        return (
            f"its times have {verb} {abs(gained_ns) / 1e6:.0f} ms on those of '{self._reference}' "
            "since the beginning: another clock, or footage with another rate than its file says"
        )


class _Trend:
    """What some values were at first, and what they are lately, of WINDOW values each."""

    def __init__(self, middle: Callable[[Iterable[int]], int]) -> None:
        self._middle = middle
        self._first: list[int] = []
        self._latest: deque[int] = deque(maxlen=WINDOW)

    def add(self, value_ns: int) -> None:
        self._latest.append(value_ns)
        if not self.is_full:
            self._first.append(value_ns)

    @property
    def is_full(self) -> bool:
        return len(self._first) == WINDOW

    @property
    def first_ns(self) -> int:
        return self._middle(self._first)

    @property
    def latest_ns(self) -> int:
        return self._middle(self._latest)


def _median(values: Iterable[int]) -> int:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
