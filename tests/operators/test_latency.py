import numpy as np
import pytest

from operators.header import Header, Stamp
from operators.latency import TOTAL, LatencyTrace
from operators.latency_report import LatencyReport

MS = 1_000_000
PERIOD_MS = 20


def frame(k: int, *, lost: int = 0, waiting_ms: float = 1.0) -> Header:
    """A frame captured at k periods that took 2 + 3 ms, and then 0.5 + waiting + 4 ms."""
    t = k * PERIOD_MS * MS
    first = Stamp("first", t + 2 * MS, t + 2 * MS, t + 5 * MS, seq=k)
    received = first.sent_ns + MS // 2
    started = received + int(waiting_ms * MS)
    second = Stamp("second", received, started, started + 4 * MS, seq=k, lost=lost)
    return Header(k, t, hands_seq=k, stamps=(first, second))


def test_each_millisecond_belongs_to_one_part_of_one_stage() -> None:
    trace = LatencyTrace(frames=1000)
    for k in range(10):
        trace.add(frame(k))
    first, second = trace.stages()
    assert first.transit_ms == pytest.approx(2)
    assert first.waiting_ms == pytest.approx(0)
    assert first.working_ms == pytest.approx(3)
    assert second.transit_ms == pytest.approx(0.5)
    assert second.waiting_ms == pytest.approx(1)
    assert second.working_ms == pytest.approx(4)
    assert trace.total_ms() == pytest.approx(10.5)
    assert first.delay_ms + second.delay_ms == pytest.approx(trace.total_ms())


def test_rates_count_what_never_arrived_here() -> None:
    trace = LatencyTrace(frames=1000)
    for k in range(0, 100, 3):
        trace.add(frame(k))
    assert trace.stages()[0].rate_hz == pytest.approx(1000 / PERIOD_MS)
    summary = trace.summary()
    assert summary.stages == ("first", "second", TOTAL)
    assert summary.rate_hz[-1] == pytest.approx(1000 / PERIOD_MS / 3)
    summary.check()


def test_losses_are_counted_from_the_first_frame_on() -> None:
    trace = LatencyTrace(frames=1000)
    for k, lost in enumerate([4, 4, 6, 9]):
        trace.add(frame(k, lost=lost))
    assert trace.stages()[1].lost == 5


def test_a_frame_for_two_clients_counts_once() -> None:
    trace = LatencyTrace(frames=1000)
    for k in range(50):
        trace.add(frame(k))
        trace.add(frame(k))
    assert trace.rate_hz() == pytest.approx(1000 / PERIOD_MS)


def test_a_restarted_node_counts_from_zero_again() -> None:
    trace = LatencyTrace(frames=1000)
    for k, lost in enumerate([9, 11, 0, 1]):
        trace.add(frame(k, lost=lost))
    assert trace.stages()[1].lost == 2 + 0 + 1


def test_delays_are_forgotten_and_losses_are_not() -> None:
    trace = LatencyTrace(frames=50)
    for k in range(200):
        trace.add(frame(k, waiting_ms=50 if k < 150 else 1, lost=int(k >= 10)))
    (_, second) = trace.stages()
    assert second.waiting_ms == pytest.approx(np.ones(50))
    assert second.lost == 1
    assert second.rate_hz == pytest.approx(1000 / PERIOD_MS)


def test_a_frame_without_a_hand_says_nothing() -> None:
    trace = LatencyTrace(frames=1000)
    trace.add(Header(0, 0, stamps=frame(0).stamps))
    assert not trace.stages()
    assert np.isnan(trace.summary().p50_ms).all()


def test_the_table_has_a_row_a_stage_and_the_total() -> None:
    report = LatencyReport()
    assert "no frame" in report.table()
    for k in range(50):
        report.add_sent(frame(k, lost=k // 10))
    table = report.table()
    row = next(line for line in table.splitlines() if line.startswith("second"))
    assert row.split()[1:5] == ["50.0", "Hz", "4", "0"]
    assert "10.50" in next(line for line in table.splitlines() if line.startswith(TOTAL))
    assert report.figures()["stages"]["second"]["working_ms"]["p95"] == pytest.approx(4)
