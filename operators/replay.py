"""When each message of a recording is due."""

from collections.abc import Iterator
from dataclasses import dataclass

from operators.recording import Recorded, RecordingReader

FINISHED = "replay: finished"
"""What the replaying node prints when the recording has ended."""


@dataclass(frozen=True)
class Due:
    """A recorded message and when it is to be sent, ns of the replaying clock."""

    due_ns: int
    recorded: Recorded


def schedule(
    recording: RecordingReader,
    names: tuple[str, ...],
    *,
    start_ns: int,
    speed: float = 1.0,
    loop: bool = False,
) -> Iterator[Due]:
    """Say when a recording's messages are due if it starts at start_ns.

    The first message is due at once; a loop goes on one mean sample interval after the last one,
    so that a recording whose end meets its beginning plays without a seam.
    """
    first_ns, last_ns = recording.span_ns(names)
    count = max((recording.count(name) for name in names), default=0)
    interval_ns = (last_ns - first_ns) / max(count - 1, 1)
    turn_ns = last_ns - first_ns + interval_ns
    turn = 0
    while True:
        for recorded in recording.messages(names):
            since_ns = recorded.header.capture_ns - first_ns + turn * turn_ns
            yield Due(start_ns + int(since_ns / speed), recorded)
        if not loop:
            return
        turn += 1
