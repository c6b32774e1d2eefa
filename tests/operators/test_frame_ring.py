import pytest

from operators.frame_ring import FrameRing
from operators.header import Header, Stamp, trail_of
from operators.latency_records import SCHEMA
from operators.latency_stamps import hand_to_sent_ms, hand_to_shown_ms, sent_rate_hz
from operators.stage_report import stage_reports
from tests.operators.frame_records import recorded
from tests.operators.frames import MS, PERIOD_MS, TOTAL_MS, frame


def test_the_newest_are_kept() -> None:
    ring = FrameRing(50)
    numbers = [ring.add("page", k, frame(k)) for k in range(120)]
    ring.show(numbers[10], (1, 2, 3, 4), "performance.now")  # its place was taken
    ring.show(numbers[100], (1, 2, 3, 4), "performance.now")
    records = ring.table()
    assert records.schema.equals(SCHEMA)
    assert records["frame_seq"].to_pylist() == list(range(70, 120))
    assert records["head_seq"].to_pylist() == list(range(1070, 1120))
    assert records["shown_ns"].to_pylist() == [3 if k == 100 else None for k in range(70, 120)]
    assert ring.table(3)["size"].to_pylist() == [117, 118, 119]
    records.validate(full=True)


def test_of_nothing_there_are_no_records() -> None:
    records = FrameRing(10).table()
    assert records.schema.equals(SCHEMA)
    assert records.num_rows == 0


def test_stages_stand_in_the_order_of_the_flow_whatever_came_first() -> None:
    ring = FrameRing(1000)
    whole = frame(1)
    ring.add("page", 5, Header(0, 0, hands_seq=0, trail=trail_of(whole.stamps[1:])))
    ring.add("page", 5, whole)
    (_, last) = ring.table()["stages"].to_pylist()
    assert [stage["node"] for stage in last] == ["first", "second"]


def test_what_was_captured_by_a_wrong_clock_is_voided() -> None:
    ring = FrameRing(1000)
    for k in range(10):
        ring.add("page", 5, frame(k))
    assert ring.void(frame(7).stamps[-1].sent_ns) == 3
    assert ring.table()["hands_seq"].to_pylist() == [*range(7), -1, -1, -1]


def test_rates_and_totals_are_those_of_the_frames() -> None:
    ring = FrameRing(1000)
    for k in range(0, 100, 2):
        number = ring.add("page", 5, frame(k))
        sent_ns = frame(k).stamps[-1].sent_ns
        ring.show(number, (sent_ns + MS, sent_ns + 3 * MS, sent_ns + 9 * MS, 1000), "a clock")
    records = ring.table()
    assert stage_reports(records)[0].rate_hz == pytest.approx(1000 / PERIOD_MS)
    assert sent_rate_hz(records) == pytest.approx(1000 / PERIOD_MS / 2)
    assert hand_to_sent_ms(records) == pytest.approx(TOTAL_MS)
    assert hand_to_shown_ms(records) == pytest.approx(TOTAL_MS + 9)


def test_the_ring_makes_the_same_records_of_the_same_frames() -> None:
    ring = FrameRing(1000)
    for record in recorded().to_pylist():
        stamps = (Stamp(**stage) for stage in record["stages"])
        numbers = {name: record[name] for name in ("capture_ns", "hands_seq", "head_seq")}
        header = Header(record["frame_seq"], **numbers, trail=trail_of(stamps))
        ring.add(record["client"], record["size"], header)
    assert ring.table().to_pylist() == recorded().to_pylist()
