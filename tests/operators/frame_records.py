"""Records of frames whose numbers can be worked out by hand, and recorded ones."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from operators.latency_records import SCHEMA

MS = 1_000_000
BASE_NS = 7_000 * MS

Stage = tuple[str, float, float, float]
"""A node, and when it received, started and sent, in ms since BASE_NS."""

TWO_CLIENTS = Path(__file__).with_name("two_clients.parquet")
"""200 rows of a replay with two acknowledging clients on a busy machine: nothing was displayed."""


def at_ns(ms: float) -> int:
    return BASE_NS + round(ms * MS)


def row(
    client: str,
    hands_seq: int,
    capture_ms: float,
    *stages: Stage,
    page_ms: tuple[float, float, float] | None = None,
    counts: dict[str, tuple[int, int]] | None = None,
    clock: str = "performance.now",
) -> dict[str, Any]:
    """A frame that was sent to a client.

    page_ms: when it received, decoded and showed it. counts: what a node had lost and skipped.
    Sequence numbers are those of the sample, so that a stamp with the same times is the same.
    """
    seq = max(hands_seq, 0)
    page = dict.fromkeys(("page_received_ns", "page_decoded_ns", "shown_ns"))
    if page_ms is not None:
        page = dict(zip(page, map(at_ns, page_ms), strict=True))
    return {
        "client": client,
        "frame_seq": 100 + seq,
        "hands_seq": hands_seq,
        "head_seq": hands_seq,
        "size": 1000,
        "capture_ns": at_ns(capture_ms),
        "stages": [
            {
                "node": node,
                "received_ns": at_ns(received),
                "started_ns": at_ns(started),
                "sent_ns": at_ns(sent),
                "seq": seq,
                "lost": (counts or {}).get(node, (0, 0))[0],
                "skipped": (counts or {}).get(node, (0, 0))[1],
            }
            for node, received, started, sent in stages
        ],
        **page,
        "clock_error_ns": 250_000 if page_ms else None,
        "clock": clock if page_ms else None,
    }


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def hand_made() -> pa.Table:
    """Two clients, three samples of the hands, and a frame without one.

    | row | client | sample | hand to sent | hand to shown | page transit, working, waiting |
    |-----|--------|--------|--------------|---------------|--------------------------------|
    | 0   | a      | 0      | 12           | 20            | 1, 2, 5                        |
    | 1   | b      | 0      | 14           | not known     |                                |
    | 2   | a      | 1      | 12           | 24            | 2, 3, 7                        |
    | 3   | b      | 1      | 13           | not known     |                                |
    | 4   | a      | none   |              |               |                                |
    | 5   | a      | 1      | again: as the guard's tick moved the scene             |
    | 6   | a      | 2      | 32           | 40            | 1, 2, 5                        |

    Before the third sample `draw` lost 2 messages and skipped 1.
    """
    missed = {"draw": (2, 1)}
    track0, draw0 = ("track", 2, 2, 3), ("draw", 5, 6, 10)
    track1, draw1 = ("track", 22, 22, 23), ("draw", 25, 26, 30)
    show1 = ("show", 31, 31, 33)
    return table(
        row("a", 0, 0, track0, draw0, ("show", 11, 11.5, 12), page_ms=(13, 15, 20)),
        row("b", 0, 0, track0, draw0, ("show", 11, 11.75, 14)),
        row("a", 1, 20, track1, draw1, ("show", 31, 31, 32), page_ms=(34, 37, 44)),
        row("b", 1, 20, track1, draw1, show1),
        row("a", -1, 50, ("draw", 51, 51, 52), ("show", 53, 53, 54), page_ms=(55, 56, 57)),
        row("a", 1, 20, ("draw", 61, 61, 62), ("show", 63, 63, 64), page_ms=(65, 66, 67)),
        row(
            "a",
            2,
            80,
            *(("track", 82, 82, 83), ("draw", 85, 86, 110), ("show", 111, 111, 112)),
            page_ms=(113, 115, 120),
            counts=missed,
        ),
    )


def recorded() -> pa.Table:
    return pq.read_table(TWO_CLIENTS)
