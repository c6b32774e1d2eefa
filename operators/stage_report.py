"""What each stage of the loop did, from a table of records."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from operators.latency_stamps import (
    Integers,
    Numbers,
    client_codes,
    frame_columns,
    grown,
    rate_hz,
    shown_rate_hz,
    stamp_columns,
)

PAGE: Final = "page"
"""The browser as a stage: transit is the network, working decodes, waiting is for the display."""

PERCENTS: Final = (50, 95, 99)
"""The percentiles that every table of delays has."""


@dataclass(frozen=True)
class StageReport:
    """What one node, or the page, did over a time. Delays are arrays in ms, one entry a frame."""

    stage: str
    rate_hz: float
    lost: int
    skipped: int
    transit_ms: Numbers
    waiting_ms: Numbers
    working_ms: Numbers

    @property
    def delay_ms(self) -> Numbers:
        """From the sender's send to this stage's own."""
        return self.transit_ms + self.waiting_ms + self.working_ms


def percentile(values: Numbers, percent: float) -> float:
    """A percentile, NaN of nothing."""
    return float(np.percentile(values, percent)) if values.size else float("nan")


def stage_reports(records: pa.Table) -> list[StageReport]:
    """Every node in the order of the flow, and the page where it is known when it showed frames.

    A node's delays are those of the frames that were the first to show a sample; the page's are
    each client's. What the page skipped is what it was sent and is not known to have shown.
    """
    stamps = stamp_columns(_first_frames(records))
    parts_ms = stamps.parts_ms
    reports = []
    for node, name in enumerate(stamps.nodes):
        at = stamps.of(node)
        reports.append(
            StageReport(
                name,
                rate_hz(stamps.sent_ns[at], int(grown(stamps.seq[at]).sum())),
                int(grown(stamps.lost[at]).sum()),
                int(grown(stamps.skipped[at]).sum()),
                *parts_ms[:, at],
            )
        )
    page = _page_report(records)
    return reports if page is None else [*reports, page]


def missed_messages(records: pa.Table) -> dict[str, tuple[Integers, Integers]]:
    """When messages were lost and skipped, and how many: as many as in `stage_reports`."""
    stamps = stamp_columns(_first_frames(records))
    entries = [stamps.of(node) for node in range(len(stamps.nodes))]
    found = {}
    for name, counts in (("lost", stamps.lost), ("skipped", stamps.skipped)):
        times_ns = np.concatenate([stamps.sent_ns[at] for at in entries])
        found[name] = times_ns, np.concatenate([grown(counts[at]) for at in entries])
    unseen_ns = frame_columns(records).sent_ns[never_shown(records)]
    times_ns, counts = found["skipped"]
    found["skipped"] = np.append(times_ns, unseen_ns), np.append(counts, np.ones_like(unseen_ns))
    return found


def never_shown(records: pa.Table) -> Integers:
    """Rows of frames that their client is not known to have shown, though it did later ones."""
    shown = np.asarray(records["shown_ns"].is_valid().to_numpy(), np.bool_)
    clients, client = client_codes(records)
    last_shown = np.full(len(clients), -1)
    np.maximum.at(last_shown, client[shown], np.flatnonzero(shown))
    return np.flatnonzero(~shown & (np.arange(len(shown)) < last_shown[client]))


def _page_report(records: pa.Table) -> StageReport | None:
    frames = frame_columns(records)
    parts_ms = frames.page_ms
    known = frames.is_clients_first & np.isfinite(parts_ms).all(axis=0)
    if not known.any():
        return None
    skipped = len(never_shown(records))
    return StageReport(PAGE, shown_rate_hz(records), 0, skipped, *parts_ms[:, known])


def _first_frames(records: pa.Table) -> pa.Table:
    return records.filter(pa.array(frame_columns(records).is_first))
