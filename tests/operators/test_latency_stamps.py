import math

import numpy as np
import pytest

from operators.frame_ring import FrameRing
from operators.header import Header, Stamp, trail_of
from operators.latency_stamps import (
    frame_columns,
    grown,
    missed_messages,
    never_shown,
    stage_reports,
    stamp_columns,
)
from tests.operators.frame_records import MS, hand_made, recorded, row, table

A, B = ("a", 1, 1, 2), ("b", 3, 3, 4)


def test_each_row_has_its_totals() -> None:
    frames = frame_columns(hand_made())
    shown = frames.to_shown_ms
    assert frames.to_sent_ms == pytest.approx([12, 14, 12, 13, 4, 44, 32])
    assert shown[[0, 2, 6]] == pytest.approx([20, 24, 40])
    assert np.isnan(shown[[1, 3]]).all()
    assert frames.page_ms[:, 2] == pytest.approx([2, 7, 3])


def test_the_first_frame_of_a_sample_counts_alone() -> None:
    frames = frame_columns(hand_made())
    assert np.flatnonzero(frames.is_first).tolist() == [0, 2, 6]
    assert np.flatnonzero(frames.is_clients_first).tolist() == [0, 1, 2, 3, 6]


def test_each_stage_has_its_three_parts() -> None:
    track, draw, show, page = stage_reports(hand_made())
    assert [r.stage for r in (track, draw, show, page)] == ["track", "draw", "show", "page"]
    assert track.transit_ms == pytest.approx([2, 2, 2])
    assert draw.waiting_ms == pytest.approx([1, 1, 1])
    assert draw.working_ms == pytest.approx([4, 4, 24])
    assert show.working_ms == pytest.approx([0.5, 1, 1])
    assert page.transit_ms == pytest.approx([1, 2, 1])
    assert page.working_ms == pytest.approx([2, 3, 2])
    assert page.waiting_ms == pytest.approx([5, 7, 5])
    assert page.rate_hz == pytest.approx(2 / 0.1)  # shown at 20 and 120 ms, three frames
    assert (draw.lost, draw.skipped, page.lost, page.skipped) == (2, 1, 0, 0)


def test_the_ring_makes_the_same_records_of_the_same_frames() -> None:
    ring = FrameRing(1000)
    for record in recorded().to_pylist():
        stamps = (Stamp(**stage) for stage in record["stages"])
        numbers = {name: record[name] for name in ("capture_ns", "hands_seq", "head_seq")}
        header = Header(record["frame_seq"], **numbers, trail=trail_of(stamps))
        ring.add(record["client"], record["size"], header)
    assert ring.table().to_pylist() == recorded().to_pylist()


def test_the_parts_add_up_to_the_total() -> None:
    stamps = stamp_columns(recorded())
    delay_ns = stamps.sent_ns - stamps.sender_sent_ns
    total_ms = np.bincount(stamps.row, weights=delay_ns) / MS
    assert total_ms == pytest.approx(frame_columns(recorded()).to_sent_ms)


def test_a_stamp_that_several_rows_hold_is_one() -> None:
    stamps = stamp_columns(hand_made())
    track = stamps.nodes.index("track")
    assert stamps.row[stamps.of(track)].tolist() == [0, 2, 6]
    assert stamps.original[:6].tolist() == [0, 1, 2, 0, 1, 5]


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([("a", "b", "c")], ("a", "b", "c")),
        ([("b", "c"), ("a", "b", "c")], ("a", "b", "c")),
        ([("c",), ("b", "c"), ("a", "b", "c")], ("a", "b", "c")),
        ([("z", "y", "x")], ("z", "y", "x")),
    ],
)
def test_nodes_are_in_the_order_of_the_flow(
    rows: list[tuple[str, ...]], order: tuple[str, ...]
) -> None:
    records = table(
        *(row("c", i, 0, *((node, 1, 1, 2) for node in nodes)) for i, nodes in enumerate(rows))
    )
    assert stamp_columns(records).nodes == order


def test_a_node_that_restarted_counts_from_zero_again() -> None:
    assert grown(np.array([9, 11, 0, 1])).tolist() == [0, 2, 0, 1]
    assert grown(np.array([9, 11, 3])).tolist() == [0, 2, 3]


def test_missed_messages_are_as_many_as_in_the_reports() -> None:
    missed = missed_messages(recorded())
    reports = stage_reports(recorded())
    assert missed["lost"][1].sum() == sum(r.lost for r in reports) == 48
    assert missed["skipped"][1].sum() == sum(r.skipped for r in reports) == 96
    times_ns, counts = missed_messages(hand_made())["lost"]
    assert times_ns[counts > 0].tolist() == [7_110 * MS]


def test_what_a_page_never_showed_is_skipped_but_not_at_its_end() -> None:
    shown = (5.0, 6.0, 7.0)
    records = table(
        row("a", 0, 0, A, B, page_ms=shown),
        row("b", 0, 0, A, B),
        row("a", 1, 0, A, B),
        row("a", 2, 0, A, B, page_ms=shown),
        row("a", 3, 0, A, B),
    )
    assert never_shown(records).tolist() == [2]
    assert stage_reports(records)[-1].skipped == 1


def test_without_a_display_there_is_no_page() -> None:
    assert stage_reports(recorded())[-1].stage == "headset_output"


def test_a_table_of_nothing_has_no_stages() -> None:
    assert stage_reports(table()) == []
    assert stage_reports(table(row("a", -1, 0, A, B))) == []


def test_one_frame_has_no_rate() -> None:
    (report, _) = stage_reports(table(row("a", 0, 0, A, B)))
    assert math.isnan(report.rate_hz)
    assert report.transit_ms == pytest.approx([1])
