"""Frames whose every millisecond is known."""

from operators.header import Header, Stamp, trail_of
from operators.messages import ClockExchange, FrameSent, FrameShown

MS = 1_000_000
PERIOD_MS = 20
TOTAL_MS = 10.5


def frame(
    k: int, *, lost: int = 0, waiting_ms: float = 1.0, node: str = "second", work_ms: float = 4.0
) -> Header:
    """A frame captured at k periods that took 2 + 0 + 3 ms, and then 0.5 + waiting + work."""
    t = k * PERIOD_MS * MS
    first = Stamp("first", t + 2 * MS, t + 2 * MS, t + 5 * MS, seq=k)
    received = first.sent_ns + MS // 2
    started = received + int(waiting_ms * MS)
    second = Stamp(node, received, started, started + int(work_ms * MS), seq=k, lost=lost)
    return Header(k, t, hands_seq=k, head_seq=k + 1000, trail=trail_of((first, second)))


def sent(k: int, client: str = "page") -> FrameSent:
    """That frame k left for a client."""
    return FrameSent(client=client, frame_seq=k, size=1000 + k)


def shown(
    k: int, client: str = "page", *, ahead_ms: float = 0.0, after_ms: float = 9.0
) -> FrameShown:
    """That frame k came 1 ms after it was sent, was decoded 2 ms later, shown after 9 in all.

    ahead_ms: how far the client's clock is ahead of the host's.
    """
    sent_ms = k * PERIOD_MS + TOTAL_MS + ahead_ms
    return FrameShown(
        client=client,
        frame_seq=k,
        received_ms=sent_ms + 1,
        decoded_ms=sent_ms + 3,
        shown_ms=sent_ms + after_ms,
        clock="performance.now",
    )


def heard_ns(k: int) -> int:
    """When the host hears of frame k's showing."""
    return int((k * PERIOD_MS + TOTAL_MS + 10) * MS)


def exchange(at_ms: float, client: str = "page", *, ahead_ms: float = 0.0) -> ClockExchange:
    """A question at a time of the host's clock, and its answer 0.4 ms later."""
    return ClockExchange(
        client=client,
        asked_ns=int(at_ms * MS),
        received_ms=at_ms + 0.2 + ahead_ms,
        answered_ms=at_ms + 0.2 + ahead_ms,
        heard_ns=int((at_ms + 0.4) * MS),
    )
