"""Notices that a node has restarted, by its numbers."""

from operators.header import Header, Stamp


class RestartWatch:
    """Remembers the last that each node has sent of what came in through one input.

    Who has restarted counts from the beginning again, later than all that it sent before: a message
    that is only late has a smaller number too, and an earlier time.
    """

    def __init__(self) -> None:
        self._last: dict[str, Stamp] = {}

    def look(self, header: Header) -> tuple[str, ...]:
        """The nodes on a message's way that count from the beginning again."""
        restarted = []
        for stamp in header.stamps:
            last = self._last.get(stamp.node)
            if last is not None and stamp.sent_ns < last.sent_ns:
                continue
            if last is not None and stamp.seq < last.seq:
                restarted.append(stamp.node)
            self._last[stamp.node] = stamp
        return tuple(restarted)
