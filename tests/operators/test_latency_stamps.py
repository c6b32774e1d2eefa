import numpy as np
import pytest

from operators.latency_stamps import frame_columns, grown, stamp_columns
from tests.operators.frame_records import MS, hand_made, recorded, row, table


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
