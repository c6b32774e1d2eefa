"""The last frames that left for clients, with all that is known of their way."""

from dataclasses import astuple, fields
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operators.header import Header, Stamp
from operators.latency_records import SCHEMA, STAGE

_FRAME: Final = ("frame_seq", "hands_seq", "head_seq", "size", "capture_ns")
_SHOWN: Final = ("page_received_ns", "page_decoded_ns", "shown_ns", "clock_error_ns")
_STAMP: Final = tuple(field.name for field in fields(Stamp))[1:]

UNKNOWN: Final = -1
_HANDS_SEQ: Final = _FRAME.index("hands_seq")


class FrameRing:
    """Keeps rows of SCHEMA; the oldest make room for the newest.

    frames: how many are kept. The memory for their numbers is taken at once, so that nothing grows.
    """

    def __init__(self, frames: int) -> None:
        self._frames = np.full((frames, len(_FRAME)), UNKNOWN, np.int64)
        self._shown = np.full((frames, len(_SHOWN)), UNKNOWN, np.int64)
        self._texts = np.full((frames, 2), None, object)
        self._stages = np.full((0, frames, len(_STAMP)), UNKNOWN, np.int64)
        self._nodes: list[str] = []
        self._count = 0

    def __len__(self) -> int:
        return min(self._count, len(self._frames))

    def add(self, client: str, size: int, header: Header) -> int:
        """Note a frame that was sent; returns its number for `show`."""
        row = self._count % len(self._frames)
        self._frames[row] = (header.seq, header.hands_seq, header.head_seq, size, header.capture_ns)
        self._shown[row] = UNKNOWN
        self._texts[row] = client, None
        stamps = header.stamps
        self._learn_nodes(stamps)
        self._stages[:, row] = UNKNOWN
        for stamp in stamps:
            self._stages[self._nodes.index(stamp.node), row] = astuple(stamp)[1:]
        self._count += 1
        return self._count - 1

    def show(self, number: int, times_ns: tuple[int, int, int, int], clock: str) -> None:
        """Note when the client received, decoded and showed it, and the error of these times."""
        if number < self._count - len(self):
            return  # another frame has its place
        row = number % len(self._frames)
        self._shown[row] = times_ns
        self._texts[row, 1] = clock

    def void(self, since_ns: int) -> int:
        """Forget when the hands were captured in frames sent since then; returns in how many."""
        sent_ns = self._stages[:, :, _STAMP.index("sent_ns")].max(axis=0, initial=UNKNOWN)
        rows = (sent_ns >= since_ns) & (self._frames[:, _HANDS_SEQ] != UNKNOWN)
        self._frames[rows, _HANDS_SEQ] = UNKNOWN
        return int(rows.sum())

    def table(self, last: int | None = None) -> pa.Table:
        """The last frames, oldest first; all where no number is given."""
        count = len(self) if last is None else min(last, len(self))
        rows = np.arange(self._count - count, self._count) % len(self._frames)
        columns: dict[str, pa.Array] = {
            name: pa.array(self._frames[rows, i]) for i, name in enumerate(_FRAME)
        }
        shown = self._shown[rows]
        for i, name in enumerate(_SHOWN):
            columns[name] = pa.array(shown[:, i], mask=shown[:, i] == UNKNOWN)
        columns["client"] = pa.array(self._texts[rows, 0], pa.string())
        columns["clock"] = pa.array(self._texts[rows, 1], pa.string())
        columns["stages"] = self._stage_lists(self._stages[:, rows].swapaxes(0, 1))
        return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)

    def _stage_lists(self, stages: NDArray[np.int64]) -> pa.Array:
        """Lists of STAGE from numbers (frames, nodes, numbers a stamp)."""
        passed = stages[:, :, 0] != UNKNOWN
        names = np.array(self._nodes, object)[np.nonzero(passed)[1]]
        numbers = stages[passed].T
        values = pa.StructArray.from_arrays(
            [pa.array(names, pa.string()), *(pa.array(column) for column in numbers)],
            fields=list(STAGE),
        )
        offsets = np.concatenate([[0], np.cumsum(passed.sum(axis=1))])
        return pa.ListArray.from_arrays(
            pa.array(offsets, pa.int32()), values, type=SCHEMA.field("stages").type
        )

    def _learn_nodes(self, stamps: tuple[Stamp, ...]) -> None:
        """Keep the nodes in the order in which frames pass them."""
        place = 0
        for stamp in stamps:
            if stamp.node not in self._nodes:
                self._nodes.insert(place, stamp.node)
                self._stages = np.insert(self._stages, place, UNKNOWN, axis=0)
            place = self._nodes.index(stamp.node) + 1
