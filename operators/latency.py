"""Follows every frame from the hand's sample to the picture shown, on one clock."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa

from operators.browser_clock import BrowserClock, HostTime
from operators.frame_ring import FrameRing
from operators.header import Header, Stamp
from operators.latency_stamps import hand_to_sent_ms, hand_to_shown_ms, sent_rate_hz, shown_rate_hz
from operators.latency_terms import SENT, SHOWN
from operators.messages import ClockExchange, FrameSent, FrameShown, LatencySummary
from operators.stage_report import percentile, stage_reports

UNSETTLED: Final = 128
"""A client's frames that wait for it to show them, or for its next answer on the clock."""

MOST_CLIENTS: Final = 64
"""The one that was silent longest is forgotten beyond this."""

LATEST_SHOWN_NS: Final = 1_000_000_000
"""A picture is on the display by then after the client says so; a later time is wrong."""


@dataclass(frozen=True)
class _Sent:
    """A frame that left. started_ns: when its sending began; number: in the ring."""

    frame_seq: int
    number: int
    started_ns: int
    sent_ns: int


@dataclass
class _Client:
    """One browser: its clock, and the frames of which more is to be heard."""

    clock: BrowserClock = field(default_factory=BrowserClock)
    sent: deque[_Sent] = field(default_factory=lambda: deque(maxlen=UNSETTLED))
    shown: deque[tuple[_Sent, int, FrameShown]] = field(
        default_factory=lambda: deque(maxlen=UNSETTLED)
    )
    """With when it was heard; not converted yet."""
    contradicted: int = 0
    """Frames whose times cannot be, by the clock as it was known."""


class LatencyTrace:
    """Collects frames that were sent and shown. May be read from another thread.

    frames: how many are kept. Losses count from the first frame on: a gap that a node saw is never
    averaged away.
    """

    def __init__(self, frames: int) -> None:
        self._ring = FrameRing(frames)
        self._clients: dict[str, _Client] = {}
        self._stamps: dict[str, Stamp] = {}
        self._lock = threading.Lock()
        self.lost: dict[str, int] = {}
        """Messages that each node saw missing."""
        self.skipped: dict[str, int] = {}
        """Messages that each node passed over for a newer one."""

    def add_sent(self, frame: FrameSent, header: Header) -> None:
        """Note a frame that left for a client; header: the picture's."""
        with self._lock:
            stamps = header.stamps
            self._count_losses(stamps)
            number = self._ring.add(frame.client, frame.size, header)
            last = stamps[-1] if stamps else None
            sending = (last.started_ns, last.sent_ns) if last else (header.capture_ns,) * 2
            self._client(frame.client).sent.append(_Sent(frame.frame_seq, number, *sending))

    def add_shown(self, frame: FrameShown, heard_ns: int) -> None:
        """Note that a client has shown a frame; it counts once its clock is confirmed.

        heard_ns: when that was said, by the host's clock.
        """
        with self._lock:
            client = self._client(frame.client)
            for sent in client.sent:
                if sent.frame_seq == frame.frame_seq:
                    client.shown.append((sent, heard_ns, frame))
                    break

    def add_exchange(self, exchange: ClockExchange) -> None:
        """Learn of a client's clock, and convert what it said before."""
        with self._lock:
            client = self._client(exchange.client)
            jumps, settled_ns = client.clock.jumps, client.clock.settled_ns
            client.clock.add(exchange)
            if client.clock.jumps > jumps:
                # Some of it was said before the jump and some after: nobody knows which. Its
                # samples of the hands were taken by the same clock.
                client.contradicted += self._ring.void(settled_ns)
                client.shown.clear()
            while client.shown and client.shown[0][1] <= client.clock.settled_ns:
                self._settle(client, *client.shown.popleft())

    def records(self, last: int | None = None) -> pa.Table:
        """The last frames, so many or all that are kept: rows of `latency_records.SCHEMA`."""
        with self._lock:
            return self._ring.table(last)

    def clocks(self) -> dict[str, str]:
        """What is known of each client's clock, in words."""
        with self._lock:
            return {name: _in_words(client) for name, client in self._clients.items()}

    def summary(self, frames: int) -> LatencySummary:
        """The stages and the totals of the last frames as a message."""
        records = self.records(frames)
        rows = [
            *(
                (stage.stage, stage.rate_hz, self.lost.get(stage.stage, 0), stage.delay_ms)
                for stage in stage_reports(records)
            ),
            (SENT, sent_rate_hz(records), 0, hand_to_sent_ms(records)),
            (SHOWN, shown_rate_hz(records), 0, hand_to_shown_ms(records)),
        ]
        stages, rates_hz, lost, delays_ms = zip(*rows, strict=True)
        return LatencySummary(
            stages=stages,
            rate_hz=np.array(rates_hz),
            lost=np.array(lost, np.int64),
            p50_ms=np.array([percentile(delay_ms, 50) for delay_ms in delays_ms]),
            p95_ms=np.array([percentile(delay_ms, 95) for delay_ms in delays_ms]),
        )

    def _client(self, name: str) -> _Client:
        client = self._clients.pop(name, None) or _Client()
        self._clients[name] = client  # the one heard of last is last
        if len(self._clients) > MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]
        return client

    def _settle(self, client: _Client, sent: _Sent, heard_ns: int, frame: FrameShown) -> None:
        times = [
            client.clock.to_host(ms) for ms in (frame.received_ms, frame.decoded_ms, frame.shown_ms)
        ]
        if not _can_be(times, sent.started_ns, heard_ns):
            client.contradicted += 1
            return
        received, decoded, shown = (time.ns for time in times if time is not None)
        error = max(time.error_ns for time in times if time is not None)
        # The last byte may have arrived before the sender's thread could look at its clock.
        received = min(max(received, sent.sent_ns), decoded)
        self._ring.show(sent.number, (received, decoded, shown, error), frame.clock)

    def _count_losses(self, stamps: tuple[Stamp, ...]) -> None:
        for stamp in stamps:
            node = stamp.node
            last = self._stamps.get(node, stamp)
            if stamp.sent_ns < last.sent_ns:
                continue  # a slow client was given an older frame than the one before
            self.lost[node] = self.lost.get(node, 0) + _grown(last.lost, stamp.lost)
            self.skipped[node] = self.skipped.get(node, 0) + _grown(last.skipped, stamp.skipped)
            self._stamps[node] = stamp


def _can_be(times: list[HostTime | None], sending_ns: int, heard_ns: int) -> bool:
    """Whether a client received after we began to send, and so on, to within its clock's error."""
    earliest = sending_ns
    for time in times:
        if time is None or time.ns + time.error_ns < earliest:
            return False
        earliest = time.ns - time.error_ns
    return earliest < heard_ns + LATEST_SHOWN_NS


def _in_words(client: _Client) -> str:
    clock = client.clock
    if not clock.is_known:
        return "its clock is not known: it never answered" + (
            f" sensibly ({clock.refused} answers that cannot be)" if clock.refused else ""
        )
    said = [f"its clock is known to ±{clock.error_ns / 1e6:.2f} ms"]
    said.append(f"drifts by {clock.drift * 1e6:+.0f} ppm")
    if clock.jumps:
        said.append(f"jumped {clock.jumps} times")
    if client.contradicted:
        said.append(f"{client.contradicted} frames were left out, whose times cannot be trusted")
    return ", ".join(said)


def _grown(before: int, now: int) -> int:
    """By how much a counter has grown; a node that restarted counts from zero again."""
    return now - before if now >= before else now
