import numpy as np
import pytest

from operators.frame_ring import FrameRing
from operators.header import Header, trail_of
from operators.latency_columns import (
    first_of_each_sample,
    hand_to_sent_ms,
    hand_to_shown_ms,
    sent_rate_hz,
    stage_columns,
)
from operators.latency_records import SCHEMA
from tests.operators.frames import MS, PERIOD_MS, TOTAL_MS, frame


def test_each_millisecond_belongs_to_one_part_of_one_stage() -> None:
    ring = FrameRing(1000)
    for k in range(10):
        ring.add("page", 5, frame(k))
    first, second = stage_columns(ring.table())
    assert (first.stage, second.stage) == ("first", "second")
    assert first.transit_ms == pytest.approx(2)
    assert first.waiting_ms == pytest.approx(0)
    assert first.working_ms == pytest.approx(3)
    assert second.transit_ms == pytest.approx(0.5)
    assert second.waiting_ms == pytest.approx(1)
    assert second.working_ms == pytest.approx(4)
    assert hand_to_sent_ms(ring.table()) == pytest.approx(TOTAL_MS)
    assert first.delay_ms + second.delay_ms == pytest.approx(TOTAL_MS)


def test_the_page_is_the_last_stage_where_it_has_shown_something() -> None:
    ring = FrameRing(1000)
    for k in range(10):
        number = ring.add("page", 5, frame(k))
        sent_ns = frame(k).stamps[-1].sent_ns
        if k % 2:
            times = (sent_ns + MS, sent_ns + 3 * MS, sent_ns + 9 * MS, 1000)
            ring.show(number, times, "performance.now")
    *_, page = stage_columns(ring.table())
    assert (page.stage, len(page.seq)) == ("page", 5)
    assert page.transit_ms == pytest.approx(1)
    assert page.working_ms == pytest.approx(2)
    assert page.waiting_ms == pytest.approx(6)
    assert hand_to_shown_ms(ring.table()) == pytest.approx(TOTAL_MS + 9)


def test_rates_count_what_never_arrived_here() -> None:
    ring = FrameRing(1000)
    for k in range(0, 100, 3):
        ring.add("page", 5, frame(k))
    records = ring.table()
    assert stage_columns(records)[0].rate_hz == pytest.approx(1000 / PERIOD_MS)
    assert sent_rate_hz(records) == pytest.approx(1000 / PERIOD_MS / 3)


def test_a_frame_for_two_clients_counts_once() -> None:
    ring = FrameRing(1000)
    for k in range(50):
        ring.add("one", 5, frame(k))
        ring.add("two", 5, frame(k))
    records = ring.table()
    assert set(first_of_each_sample(records)["client"].to_pylist()) == {"one"}
    assert sent_rate_hz(records) == pytest.approx(1000 / PERIOD_MS)
    assert hand_to_sent_ms(records).size == 50


def test_a_sample_that_is_shown_again_says_nothing_of_delays() -> None:
    ring = FrameRing(1000)
    ring.add("page", 5, frame(1))
    again = frame(1, waiting_ms=17)
    ring.add("page", 5, Header(2, again.capture_ns, hands_seq=1, trail=again.trail))
    ring.add("page", 5, Header(3, 0, trail=frame(3).trail))  # and no hand at all
    assert hand_to_sent_ms(ring.table()) == pytest.approx([TOTAL_MS])
    (_, second) = stage_columns(ring.table())
    assert second.waiting_ms == pytest.approx([1])


def test_stages_stand_in_the_order_of_the_flow_whatever_came_first() -> None:
    ring = FrameRing(1000)
    whole = frame(1)
    ring.add("page", 5, Header(0, 0, hands_seq=0, trail=trail_of(whole.stamps[1:])))
    ring.add("page", 5, whole)
    assert [stage.stage for stage in stage_columns(ring.table())] == ["first", "second"]


def test_of_nothing_nothing_is_said() -> None:
    records = FrameRing(10).table()
    assert records.schema.equals(SCHEMA)
    assert stage_columns(records) == []
    assert hand_to_sent_ms(records).size == hand_to_shown_ms(records).size == 0
    assert np.isnan(sent_rate_hz(records))


def test_the_ring_keeps_the_newest() -> None:
    ring = FrameRing(50)
    numbers = [ring.add("page", k, frame(k)) for k in range(120)]
    ring.show(numbers[10], (1, 2, 3, 4), "performance.now")  # its place was taken
    ring.show(numbers[100], (1, 2, 3, 4), "performance.now")
    records = ring.table()
    assert records["frame_seq"].to_pylist() == list(range(70, 120))
    assert records["head_seq"].to_pylist() == list(range(1070, 1120))
    assert records["shown_ns"].to_pylist() == [3 if k == 100 else None for k in range(70, 120)]
    assert ring.table(3)["size"].to_pylist() == [117, 118, 119]
    records.validate(full=True)
