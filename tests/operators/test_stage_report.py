import math

import pytest

from operators.stage_report import missed_messages, never_shown, stage_reports
from tests.operators.frame_records import MS, hand_made, recorded, row, table

A, B = ("a", 1, 1, 2), ("b", 3, 3, 4)


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
