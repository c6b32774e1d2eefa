"""The numbers behind a latency report: stamps and delays as columns, from a table of records.

A table is one of `operators.latency_records.SCHEMA`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class StampColumns:
    """The stamps of all rows, row after row, each row's in the order in which it passed the nodes.

    nodes: their names in the order of the flow. node: which of them, row: whose stamp it is.
    sender_sent_ns: when the node before sent it; for the first, when the sample was captured.
    original: the first entry with the same stamp, as frames for several clients share theirs.
    """

    nodes: tuple[str, ...]
    node: Integers
    row: Integers
    sender_sent_ns: Integers
    received_ns: Integers
    started_ns: Integers
    sent_ns: Integers
    seq: Integers
    lost: Integers
    skipped: Integers
    original: Integers

    @property
    def parts_ms(self) -> Numbers:
        """The transit, waiting and working of each, shape (3, stamps)."""
        transit_ns = self.received_ns - self.sender_sent_ns
        waiting_ns = self.started_ns - self.received_ns
        working_ns = self.sent_ns - self.started_ns
        return np.stack([transit_ns, waiting_ns, working_ns]) / 1e6

    def of(self, node: int) -> Integers:
        """Where a node's stamps are, each once, in the order of sending."""
        entries = np.flatnonzero((self.original == np.arange(len(self.row))) & (self.node == node))
        return entries[np.argsort(self.sent_ns[entries], kind="stable")]


@dataclass(frozen=True)
class FrameColumns:
    """What became of each row's frame.

    sent_ns: when the last node sent it. received_ns, decoded_ns, shown_ns: by the page, NaN where
    not known (float64 holds a host's nanoseconds to the last for 104 days).
    is_first: the first frame that shows a sample of the hands; is_clients_first: that shows it to
    this client. The delays of others would hold the wait for the next sample, too.
    """

    capture_ns: Integers
    sent_ns: Integers
    received_ns: Numbers
    decoded_ns: Numbers
    shown_ns: Numbers
    is_first: Flags
    is_clients_first: Flags

    @property
    def to_sent_ms(self) -> Numbers:
        """From the capture of the hands' sample to the picture's last byte handed to the socket."""
        return (self.sent_ns - self.capture_ns) / 1e6

    @property
    def to_shown_ms(self) -> Numbers:
        """From the capture of the hands' sample to the picture's display."""
        return (self.shown_ns - self.capture_ns) / 1e6

    @property
    def page_ms(self) -> Numbers:
        """The page's transit, waiting and working, shape (3, rows)."""
        transit_ns = self.received_ns - self.sent_ns
        waiting_ns = self.shown_ns - self.decoded_ns
        working_ns = self.decoded_ns - self.received_ns
        return np.stack([transit_ns, waiting_ns, working_ns]) / 1e6


def stamp_columns(records: pa.Table) -> StampColumns:
    """The stamps of all rows."""
    stamps, starts = _flat_stamps(records)
    row = np.repeat(np.arange(records.num_rows), np.diff(starts))
    sender_sent_ns = np.roll(stamps["sent_ns"], 1)
    first = starts[:-1][np.diff(starts) > 0]
    sender_sent_ns[first] = _integers(records, "capture_ns")[row[first]]
    nodes, node = _nodes(stamps.pop("node"), starts)
    original = _first_equal(node, stamps["seq"], stamps["sent_ns"])
    return StampColumns(nodes, node, row, sender_sent_ns, original=original, **stamps)


def frame_columns(records: pa.Table) -> FrameColumns:
    """What became of each row's frame."""
    capture_ns, hands_seq = (_integers(records, name) for name in ("capture_ns", "hands_seq"))
    stamps, starts = _flat_stamps(records)
    was_sent = np.diff(starts) > 0
    has_hand = (hands_seq >= 0) & was_sent
    received_ns, decoded_ns, shown_ns = (
        np.asarray(records[name].to_numpy(), np.float64)
        for name in ("page_received_ns", "page_decoded_ns", "shown_ns")
    )
    return FrameColumns(
        capture_ns,
        np.where(was_sent, np.append(stamps["sent_ns"], 0)[starts[1:] - 1], capture_ns),
        received_ns,
        decoded_ns,
        shown_ns,
        is_first=has_hand & _is_first(hands_seq),
        is_clients_first=has_hand & _is_first(hands_seq, client_codes(records)[1]),
    )


def hand_to_sent_ms(records: pa.Table) -> Numbers:
    """From hand to sent, of the frames that were the first to show a sample."""
    frames = frame_columns(records)
    return frames.to_sent_ms[frames.is_first]


def hand_to_shown_ms(records: pa.Table) -> Numbers:
    """From hand to shown, of each client's frames that were the first to show it a sample."""
    frames = frame_columns(records)
    return frames.to_shown_ms[frames.is_clients_first & np.isfinite(frames.shown_ns)]


def sent_rate_hz(records: pa.Table) -> float:
    """Frames sent a second, those that were the first to show a sample."""
    frames = frame_columns(records)
    sent_ns = frames.sent_ns[frames.is_first]
    return rate_hz(sent_ns, len(sent_ns) - 1)


def shown_rate_hz(records: pa.Table) -> float:
    """Frames shown a second, those that were the first to show a client a sample."""
    frames = frame_columns(records)
    shown_ns = frames.shown_ns[frames.is_clients_first & np.isfinite(frames.shown_ns)]
    return rate_hz(np.sort(shown_ns).astype(np.int64), len(shown_ns) - 1)


def client_codes(records: pa.Table) -> tuple[tuple[str, ...], Integers]:
    """The clients' names in the order of their first frames, and which of them each row is for."""
    encoded = pc.dictionary_encode(records["client"].combine_chunks())
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
    return tuple(encoded.dictionary.to_pylist()), codes


def grown(counts: Integers) -> Integers:
    """By how much a counter grew with each entry; a node that restarted counts from zero again."""
    growth = np.diff(counts, prepend=counts[:1])
    return np.where(growth >= 0, growth, counts)


def rate_hz(times_ns: Integers, count: int) -> float:
    """How many a second between the first and the last time; NaN where that cannot be said."""
    if len(times_ns) < 2 or times_ns[-1] <= times_ns[0]:
        return float("nan")
    return count / (float(times_ns[-1] - times_ns[0]) / 1e9)


def _flat_stamps(records: pa.Table) -> tuple[dict[str, NDArray[Any]], Integers]:
    """A column a field of all stamps, row after row, and where each row's begin (rows + 1)."""
    lists = records["stages"].combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    stamps = lists.flatten()
    columns = {
        field.name: stamps.field(field.name).to_numpy(zero_copy_only=False) for field in stamps.type
    }
    return columns, np.concatenate([[0], np.cumsum(lengths)])


def _nodes(names: NDArray[Any], starts: Integers) -> tuple[tuple[str, ...], Integers]:
    """The nodes in the order of the flow, and which of them each stamp is of.

    A row may begin in the middle of the flow; a node comes after those before which it never came.
    """
    known, node = np.unique(names.astype(str), return_inverse=True)
    # Counted from the end of its row, where all rows agree: each ends with the node that sends.
    after = np.repeat(starts[1:], np.diff(starts)) - np.arange(len(node))
    furthest = np.zeros(len(known), np.int64)
    np.maximum.at(furthest, node, after)
    order = np.argsort(-furthest, kind="stable")
    return tuple(str(known[i]) for i in order), np.argsort(order)[node]


def _is_first(*identity: Integers) -> Flags:
    flags: Flags = _first_equal(*identity) == np.arange(len(identity[0]))
    return flags


def _first_equal(*columns: Integers) -> Integers:
    """For each entry the first that has the same numbers."""
    order = np.lexsort(columns)  # stable: of the same, the first comes first
    differs = np.zeros(len(order), np.bool_)
    for column in columns:
        differs[1:] |= np.diff(column[order]) != 0
    first = np.zeros_like(order)
    first[order] = order[np.maximum.accumulate(np.where(differs, np.arange(len(order)), 0))]
    return first


def _integers(records: pa.Table, name: str) -> Integers:
    return np.asarray(records[name].to_numpy(), np.int64)
