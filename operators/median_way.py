"""Where the time of a usual frame goes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from operators.latency_stamps import Numbers, frame_columns, stamp_columns
from operators.stage_report import PAGE

_SHARE: Final = 0.1


@dataclass(frozen=True)
class MedianWay:
    """The mean parts of the frames nearest to the median total: a tenth of all.

    Medians of the parts by themselves would not add up to the total; these do.

    stages: in the order of the flow. parts_ms: transit, waiting and working of each, (stages, 3).
    to_display: whether the way ends at the display, or where the picture was sent.
    """

    stages: tuple[str, ...]
    parts_ms: Numbers
    frames: int
    to_display: bool

    @property
    def total_ms(self) -> float:
        """Of all parts."""
        return float(self.parts_ms.sum())


def median_way(records: pa.Table) -> MedianWay:
    """Take the frames that are known to be shown, or all where none is.

    records: of `latency_records.SCHEMA`, with at least one frame that shows a hand.
    """
    frames = frame_columns(records)
    was_shown = frames.is_clients_first & np.isfinite(frames.page_ms).all(axis=0)
    to_display = bool(was_shown.any())
    rows = np.flatnonzero(was_shown if to_display else frames.is_first)
    total_ms = (frames.to_shown_ms if to_display else frames.to_sent_ms)[rows]
    distance = np.abs(total_ms - np.median(total_ms))
    rows = rows[np.argsort(distance, kind="stable")[: max(1, round(_SHARE * len(rows)))]]
    stages, parts_ms = _parts_ms(records.take(rows))
    if to_display:
        stages = (*stages, PAGE)
        parts_ms = np.append(parts_ms, [frames.page_ms[:, rows].mean(axis=1)], axis=0)
    return MedianWay(stages, parts_ms, len(rows), to_display)


def _parts_ms(records: pa.Table) -> tuple[tuple[str, ...], Numbers]:
    """The mean parts of these frames at each node, nothing for a node that a frame did not pass."""
    stamps = stamp_columns(records)
    nodes = len(stamps.nodes)
    sums = [np.bincount(stamps.node, weights=ms, minlength=nodes) for ms in stamps.parts_ms]
    return stamps.nodes, np.stack(sums, axis=1) / records.num_rows
