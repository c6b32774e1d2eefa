"""Events of the Trace Event Format, which ui.perfetto.dev and others show.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times are whole
microseconds: some viewers cut fractions off, and slices that touch would come to overlap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Event = dict[str, Any]

_LANES: Final = 1000
_TRACKS: Final = 10
"""Thread numbers are the process's, the track's and the lane's: they differ in the whole trace."""


@dataclass(frozen=True)
class Slice:
    """Where a slice lies."""

    pid: int
    tid: int
    start_us: int
    end_us: int


@dataclass(frozen=True)
class TraceProcess:
    """A process of a trace, with tracks of slices.

    pid: its number, and its place in the trace. tracks: their names from top to bottom.

    A track is a thread. What overlaps goes to another thread of the track, a lane, because viewers
    drop a slice that lies neither within another nor apart from it.
    """

    pid: int
    name: str
    tracks: tuple[str, ...]
    _busy_until_us: dict[int, int] = field(default_factory=dict)

    def place(self, track: str, start_us: int, end_us: int) -> Slice:
        """Where a slice can lie on a track without overlapping those placed before.

        The fewest lanes are needed where this is called in the order of the starts.
        """
        tid = (self.pid * _TRACKS + self.tracks.index(track)) * _LANES
        while self._busy_until_us.get(tid, start_us) > start_us:
            tid += 1
        self._busy_until_us[tid] = end_us
        return Slice(self.pid, tid, start_us, end_us)

    def metadata(self) -> Iterator[Event]:
        """Names and order of the process, and of the threads on which slices were placed."""
        yield from _named("process", self.pid, self.pid * _TRACKS * _LANES, self.name, self.pid)
        for tid in sorted(self._busy_until_us):
            track, lane = tid // _LANES % _TRACKS, tid % _LANES
            name = self.tracks[track] + (f" {lane + 1}" if lane else "")
            yield from _named("thread", self.pid, tid, name, tid)


def complete(name: str, category: str, at: Slice, args: Event) -> Event:
    """A slice."""
    return {**_event("X", name, category, at, at.start_us), "dur": _length_us(at), "args": args}


def instant(name: str, category: str, at: Slice, args: Event) -> Event:
    """A mark at a slice's start, on its thread alone."""
    return {**_event("i", name, category, at, at.start_us), "s": "t", "args": args}


def flow(name: str, category: str, number: int, slices: Sequence[Slice]) -> Iterator[Event]:
    """Arrows from slice to slice; none for fewer than two. number: tells it from other flows."""
    if len(slices) < 2:
        return
    for i, at in enumerate(slices):
        phase = "s" if i == 0 else "f" if i == len(slices) - 1 else "t"
        # In the middle, where no viewer can doubt which slice is meant.
        event = _event(phase, name, category, at, at.start_us + _length_us(at) // 2)
        yield {**event, "id": number, **({"bp": "e"} if phase == "f" else {})}


def _length_us(at: Slice) -> int:
    return at.end_us - at.start_us


def _event(phase: str, name: str, category: str, at: Slice, ts: int) -> Event:
    return {"ph": phase, "name": name, "cat": category, "pid": at.pid, "tid": at.tid, "ts": ts}


def _named(what: str, pid: int, tid: int, name: str, place: int) -> Iterator[Event]:
    for key, args in (("name", {"name": name}), ("sort_index", {"sort_index": place})):
        yield {"ph": "M", "name": f"{what}_{key}", "pid": pid, "tid": tid, "args": args}
