"""Which frame of a recording is due."""

from collections.abc import Sequence
from typing import Final

REPEAT_GAP_MS: Final = 100.0
"""Between the last frame and the first one again."""


class Playback:
    """Says when frames are due, at a rate or as they were recorded.

    timestamps_ms: of the frames, ascending. rate_hz: None plays them as recorded.
    """

    def __init__(self, timestamps_ms: Sequence[int], rate_hz: float | None, loop: bool) -> None:
        first = timestamps_ms[0]
        if rate_hz is None:
            self._offsets_ns = [round(1e6 * (t - first)) for t in timestamps_ms]
            self._period_ns = self._offsets_ns[-1] + round(1e6 * REPEAT_GAP_MS)
        else:
            self._offsets_ns = [round(1e9 * i / rate_hz) for i in range(len(timestamps_ms))]
            self._period_ns = round(1e9 * len(timestamps_ms) / rate_hz)
        self._timestamps_ms = timestamps_ms
        self._loop = loop
        self._next = 0
        self._start_ns: int | None = None

    def due(self, now_ns: int) -> int | None:
        """The timestamp of the frame that is due by now, None where none is; the first is at once.

        Where several are due, those before the last are passed over: it is late already.
        """
        if self._start_ns is None:
            self._start_ns = now_ns
        chosen = None
        while not self.finished() and self._due_ns(self._next) <= now_ns:
            chosen = self._next
            self._next += 1
        return None if chosen is None else self._timestamps_ms[chosen % len(self._timestamps_ms)]

    def finished(self) -> bool:
        """Whether the last frame has been given, and none will follow."""
        return not self._loop and self._next >= len(self._timestamps_ms)

    def _due_ns(self, number: int) -> int:
        rounds, frame = divmod(number, len(self._timestamps_ms))
        assert self._start_ns is not None
        return self._start_ns + rounds * self._period_ns + self._offsets_ns[frame]
