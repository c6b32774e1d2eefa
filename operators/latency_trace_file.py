"""Records of frames as a trace, to look into each with ui.perfetto.dev.

Each node is a process, and so is each client's page. On its track `arriving` lies a message's
transit and then its waiting, on `working` what the node did with it; the page waits after its work,
for the display. A flow leads each frame from the first node to the display. What another client got
of the same frame is a flow that begins where their ways part.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, TextIO

import numpy as np
import pyarrow as pa

from operators.latency_stamps import Integers, client_codes, frame_columns, grown, stamp_columns
from operators.stage_report import PAGE
from operators.trace_events import Event, Slice, TraceProcess, complete, flow, instant

_TRACKS: Final = ("arriving", "working", "waiting")


def write_chrome_trace(records: pa.Table, file: TextIO) -> None:
    """Write the trace in the JSON Object Format, an event a line, without holding all of it.

    records: of `latency_records.SCHEMA`. Times are us since the earliest capture, whose own time is
    in otherData. What a mapped clock's error puts before its cause is drawn at its cause.
    """
    trace = _Trace(records)
    encode = json.JSONEncoder(separators=(",", ":")).encode
    file.write(encode(trace.head())[:-1] + ',"traceEvents":[')
    for i, event in enumerate(trace.events()):
        file.write((",\n" if i else "\n") + encode(event))
    file.write("\n]}\n")


class _Trace:
    """Makes the events of a table."""

    def __init__(self, records: pa.Table) -> None:
        self._stamps = stamp_columns(records)
        self._frames = frame_columns(records)
        self._clients, self._client = client_codes(records)
        self._numbers = records.select(["frame_seq", "hands_seq", "head_seq"]).to_pylist()
        self._clock_error_ns = records["clock_error_ns"].to_pylist()
        self._began_ns = np.minimum(self._stamps.sender_sent_ns, self._stamps.received_ns)
        self._base_ns = int(self._began_ns.min()) if len(self._began_ns) else 0
        self._worked: dict[int, Slice] = {}
        """Where the work of each stamp lies, by its original entry."""
        self._seen: dict[int, list[Slice]] = {}
        """Where the page's work and waiting of each row lie."""

    def head(self) -> dict[str, Any]:
        """What stands beside the events."""
        origin = {"clock": "CLOCK_MONOTONIC", "base_ns": self._base_ns}
        return {"displayTimeUnit": "ms", "otherData": origin}

    def events(self) -> Iterator[Event]:
        """All of them."""
        processes: list[TraceProcess] = []
        for node, name in enumerate(self._stamps.nodes):
            processes.append(TraceProcess(len(processes) + 1, name, _TRACKS))
            yield from self._node_events(node, processes[-1])
        for client, name in enumerate(self._clients):
            processes.append(TraceProcess(len(processes) + 1, f"{PAGE} {name}", _TRACKS))
            yield from self._page_events(client, processes[-1])
        yield from self._flows()
        for process in processes:
            yield from process.metadata()

    def _node_events(self, node: int, process: TraceProcess) -> Iterator[Event]:
        """What became of each of a node's messages, and where it missed some before."""
        stamps = self._stamps
        entries = stamps.of(node)
        moments = (self._began_ns, stamps.received_ns, stamps.started_ns, stamps.sent_ns)
        times = self._us(np.stack([ns[entries] for ns in moments], axis=1))
        missed = {"lost": grown(stamps.lost[entries]), "skipped": grown(stamps.skipped[entries])}
        for i, entry in enumerate(entries.tolist()):
            began, received, started, sent = times[i]
            args = self._node_args(entry)
            arriving = process.place("arriving", began, started)
            yield from _part(process.name, "transit", replace(arriving, end_us=received), args)
            yield from _part(process.name, "waiting", replace(arriving, start_us=received), args)
            self._worked[entry] = working = process.place("working", started, sent)
            yield complete(f"{process.name}: working", "working", working, args)
            for name, growth in missed.items():
                if growth[i]:
                    yield instant(name, name, working, {"inputs": int(growth[i])})

    def _node_args(self, entry: int) -> dict[str, Any]:
        """Whose message it is. The last of a row alone is one client's: others may be several's."""
        row = int(self._stamps.row[entry])
        rows = self._stamps.row[entry : entry + 2]
        client = {} if rows[-1] == row and len(rows) == 2 else {"client": self._client_of(row)}
        return {**self._numbers[row], "seq": int(self._stamps.seq[entry]), **client}

    def _page_events(self, client: int, process: TraceProcess) -> Iterator[Event]:
        """What a page did with each frame of which that is known."""
        frames = self._frames
        moments = (frames.sent_ns, frames.received_ns, frames.decoded_ns, frames.shown_ns)
        times_ns = np.stack(moments, axis=1)
        rows = np.flatnonzero((self._client == client) & np.isfinite(times_ns).all(axis=1))
        times = self._us(np.maximum.accumulate(times_ns[rows], axis=1).astype(np.int64))
        for row, (sent, received, decoded, shown) in zip(rows.tolist(), times, strict=True):
            args = {
                **self._numbers[row],
                "client": self._client_of(row),
                "clock_error_us": self._clock_error_ns[row] / 1e3,
            }
            yield from _part(PAGE, "transit", process.place("arriving", sent, received), args)
            working = process.place("working", received, decoded)
            waiting = process.place("waiting", decoded, shown)
            yield complete(f"{PAGE}: working", "working", working, args)
            yield complete(f"{PAGE}: waiting", "waiting", waiting, args)
            self._seen[row] = [working, waiting]

    def _flows(self) -> Iterator[Event]:
        """A flow a row, through the new stamps of it and the last that an earlier row has, too."""
        original = self._stamps.original
        is_shared = original != np.arange(len(original))
        bounds = np.searchsorted(self._stamps.row, np.arange(len(self._numbers) + 1))
        for row, (start, end) in enumerate(pairwise(bounds.tolist())):
            shared = int(np.count_nonzero(is_shared[start:end]))
            passed = [self._worked[entry] for entry in original[start:end].tolist()]
            way = passed[max(shared - 1, 0) :] + self._seen.get(row, [])
            yield from flow("frame", "frame", row, way)

    def _client_of(self, row: int) -> str:
        return self._clients[int(self._client[row])]

    def _us(self, times_ns: Integers) -> list[Any]:
        """Whole microseconds since the base, each moment by itself so that lengths add up."""
        us: list[Any] = ((times_ns - self._base_ns) // 1000).tolist()
        return us


def _part(stage: str, part: str, at: Slice, args: Event) -> Iterator[Event]:
    """A slice, unless nothing can be seen of it."""
    if at.end_us > at.start_us:
        yield complete(f"{stage}: {part}", part, at, args)
