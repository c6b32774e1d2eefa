"""Notices that a node has restarted, by its numbers."""

from operators.header import Header


class RestartWatch:
    """Remembers the last sequence number that each node gave to what came in through one input."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def look(self, header: Header) -> tuple[str, ...]:
        """The nodes on a message's way that count from the beginning again."""
        restarted = tuple(
            stamp.node for stamp in header.stamps if stamp.seq < self._last.get(stamp.node, -1)
        )
        self._last.update((stamp.node, stamp.seq) for stamp in header.stamps)
        return restarted
