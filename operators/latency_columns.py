"""Delays of every stage and of the whole way, from records of frames."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

PAGE: Final = "page"
"""The browser as a stage: transit is the network, working decodes, waiting is for the display."""

_NS_A_MS: Final = 1e6

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class StageColumns:
    """What one stage did, one entry a frame that passed it, in the order of sending.

    sent_ns: when it passed the frame on; seq: the sequence number that it gave, lost and skipped:
    its counts then (zeros for the page). Delays in ms.
    """

    stage: str
    sent_ns: Integers
    seq: Integers
    lost: Integers
    skipped: Integers
    transit_ms: Floats
    waiting_ms: Floats
    working_ms: Floats

    @property
    def delay_ms(self) -> Floats:
        """From the sender's send to this stage's own."""
        return self.transit_ms + self.waiting_ms + self.working_ms

    @property
    def rate_hz(self) -> float:
        """Messages a second by the growth of sequence numbers: those that got lost count too."""
        return rate_hz(self.sent_ns, int(self.seq[-1] - self.seq[0]) if self.seq.size else 0)


def first_of_each_sample(records: pa.Table) -> pa.Table:
    """The rows that are the first to show a sample of the hands.

    Others would count a delay twice, or the wait for the next sample: a frame that a second client
    got, or that was made again from a sample already shown.
    """
    hands_seq = _numbers(records, "hands_seq")
    _, first = np.unique(hands_seq, return_index=True)
    return records.take(np.sort(first[hands_seq[first] >= 0]))


def stage_columns(records: pa.Table) -> list[StageColumns]:
    """Every stage in the order in which frames pass them; the page last, where one has shown any.

    records: rows of `latency_records.SCHEMA`.
    """
    once = first_of_each_sample(records).combine_chunks()
    columns = _node_columns(once)
    shown = only_shown(records)
    if columns and shown.num_rows:
        columns.append(_page_column(shown))
    return columns


def only_shown(records: pa.Table) -> pa.Table:
    """The rows of frames that a client is known to have shown, and when."""
    return records.filter(pc.is_valid(records["shown_ns"]))


def hand_to_sent_ms(records: pa.Table) -> Floats:
    """From the capture of the hands' sample to the picture's last byte handed to the socket."""
    once = first_of_each_sample(records).combine_chunks()
    return (_last_sent_ns(once) - _numbers(once, "capture_ns")) / _NS_A_MS


def hand_to_shown_ms(records: pa.Table) -> Floats:
    """From the capture of the hands' sample to the picture on a display, for each client's frames.

    The tracker's own delay lies before, and what the display does after its predicted time.
    """
    shown = only_shown(records)
    return (_numbers(shown, "shown_ns") - _numbers(shown, "capture_ns")) / _NS_A_MS


def sent_rate_hz(records: pa.Table) -> float:
    """Frames sent a second, for the first client each."""
    once = first_of_each_sample(records).combine_chunks()
    return rate_hz(_last_sent_ns(once), once.num_rows - 1)


def rate_hz(times_ns: Integers, count: int) -> float:
    """How many a second; NaN where that cannot be said."""
    if len(times_ns) < 2 or times_ns[-1] <= times_ns[0]:
        return float("nan")
    return count / (float(times_ns[-1] - times_ns[0]) / 1e9)


def _node_columns(once: pa.Table) -> list[StageColumns]:
    stages, starts = _flat_stages(once)
    sent_ns = stages["sent_ns"]
    sender_sent_ns = np.roll(sent_ns, 1)
    sender_sent_ns[starts[:-1][starts[:-1] < starts[1:]]] = _numbers(once, "capture_ns")[
        starts[:-1] < starts[1:]
    ]
    transit_ms = (stages["received_ns"] - sender_sent_ns) / _NS_A_MS
    waiting_ms = (stages["started_ns"] - stages["received_ns"]) / _NS_A_MS
    working_ms = (sent_ns - stages["started_ns"]) / _NS_A_MS
    found = []
    for node in _in_order(stages["node"], starts):
        rows = stages["node"] == node
        found.append(
            StageColumns(
                str(node),
                sent_ns[rows],
                stages["seq"][rows],
                stages["lost"][rows],
                stages["skipped"][rows],
                transit_ms[rows],
                waiting_ms[rows],
                working_ms[rows],
            )
        )
    return found


def _page_column(shown: pa.Table) -> StageColumns:
    received_ns, decoded_ns, shown_ns = (
        _numbers(shown, name) for name in ("page_received_ns", "page_decoded_ns", "shown_ns")
    )
    zeros = np.zeros_like(shown_ns)
    return StageColumns(
        PAGE,
        shown_ns,
        np.arange(len(shown_ns)),
        zeros,
        zeros,
        (received_ns - _last_sent_ns(shown.combine_chunks())) / _NS_A_MS,
        (shown_ns - decoded_ns) / _NS_A_MS,
        (decoded_ns - received_ns) / _NS_A_MS,
    )


def _in_order(nodes: NDArray[Any], starts: Integers) -> list[str]:
    """The nodes as the longest row has them, and then those that only others have."""
    if not len(nodes):
        return []
    longest = int(np.argmax(np.diff(starts)))
    order = list(nodes[starts[longest] : starts[longest + 1]])
    return order + [node for node in dict.fromkeys(nodes) if node not in order]


def _flat_stages(records: pa.Table) -> tuple[dict[str, NDArray[Any]], Integers]:
    """The stamps of all rows one after the other, a column a field; where each row's begin."""
    lists = records["stages"].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.chunk(0)
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    values = lists.flatten()
    flat = {
        field.name: values.field(field.name).to_numpy(zero_copy_only=False) for field in values.type
    }
    return flat, np.concatenate([[0], np.cumsum(lengths)])


def _last_sent_ns(records: pa.Table) -> Integers:
    stages, starts = _flat_stages(records)
    sent_ns = np.append(stages["sent_ns"], 0)
    has_any = starts[:-1] < starts[1:]
    return np.where(has_any, sent_ns[starts[1:] - 1], _numbers(records, "capture_ns"))


def _numbers(records: pa.Table, name: str) -> Integers:
    return np.asarray(records[name].to_numpy())
