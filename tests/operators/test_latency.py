from dataclasses import replace

import numpy as np
import pytest

from operators.header import Header
from operators.latency import LatencyTrace
from operators.latency_stamps import hand_to_shown_ms
from operators.latency_terms import SENT, SHOWN
from tests.operators.frames import (
    MS,
    PERIOD_MS,
    TOTAL_MS,
    exchange,
    frame,
    heard_ns,
    sent,
    shown,
)


def followed(frames: int, client: str = "page", *, ahead_ms: float = 0.0) -> LatencyTrace:
    """A trace of frames that a client with a clock of its own has shown."""
    trace = LatencyTrace(frames=1000)
    for k in range(frames):
        trace.add_exchange(exchange(k * PERIOD_MS, client, ahead_ms=ahead_ms))
        trace.add_sent(sent(k, client), frame(k))
        trace.add_shown(shown(k, client, ahead_ms=ahead_ms), heard_ns(k))
    trace.add_exchange(exchange(frames * PERIOD_MS + 20, client, ahead_ms=ahead_ms))
    return trace


@pytest.mark.parametrize("ahead_ms", [0.0, 1234.5, -3.6e6, 8.64e7])
def test_a_frame_is_followed_to_the_display_whatever_the_browsers_clock(ahead_ms: float) -> None:
    trace = followed(10, ahead_ms=ahead_ms)
    assert hand_to_shown_ms(trace.records()) == pytest.approx(np.full(10, TOTAL_MS + 9), abs=0.31)
    (error_ns,) = set(trace.records()["clock_error_ns"].to_pylist()[-1:])
    assert error_ns < 0.31 * MS


def test_a_frame_counts_once_the_clock_was_asked_again() -> None:
    trace = LatencyTrace(frames=10)
    trace.add_exchange(exchange(0))
    trace.add_sent(sent(1), frame(1))
    trace.add_shown(shown(1), heard_ns(1))
    assert not hand_to_shown_ms(trace.records()).size
    trace.add_exchange(exchange(1000))
    assert hand_to_shown_ms(trace.records()).size == 1


def test_a_clock_that_jumped_gives_no_number_for_what_lies_between() -> None:
    trace = LatencyTrace(frames=10)
    trace.add_exchange(exchange(0))
    trace.add_sent(sent(1), frame(1))
    trace.add_shown(shown(1, ahead_ms=300), heard_ns(1))
    trace.add_exchange(exchange(1000, ahead_ms=300))
    trace.add_exchange(exchange(2000, ahead_ms=300))
    assert not hand_to_shown_ms(trace.records()).size
    words = trace.clocks()["page"]
    assert "jumped 1 times" in words
    assert "1 frames were left out" in words


def test_a_browser_that_never_answers_gives_no_number() -> None:
    trace = LatencyTrace(frames=10)
    for k in range(5):
        trace.add_sent(sent(k), frame(k))
        trace.add_shown(shown(k), heard_ns(k))
    assert not hand_to_shown_ms(trace.records()).size
    assert trace.clocks() == {"page": "its clock is not known: it never answered"}


@pytest.mark.parametrize("after_ms", [-50.0, 5_000.0, float("nan")])
def test_a_time_that_cannot_be_is_left_out(after_ms: float) -> None:
    """Shown before it was sent, or long after it was said to be shown."""
    trace = LatencyTrace(frames=10)
    trace.add_exchange(exchange(0))
    trace.add_sent(sent(1), frame(1))
    trace.add_shown(shown(1, after_ms=after_ms), heard_ns(1))
    trace.add_exchange(exchange(1000))
    assert not hand_to_shown_ms(trace.records()).size
    assert "1 frames were left out" in trace.clocks()["page"]


def test_two_browsers_do_not_mix() -> None:
    trace = LatencyTrace(frames=100)
    ahead_ms = {"one": 5_000.0, "two": -700.0}
    slower_ms = {"one": 9.0, "two": 16.0}
    for k in range(20):
        for client, ahead in ahead_ms.items():
            trace.add_exchange(exchange(k * PERIOD_MS, client, ahead_ms=ahead))
            trace.add_sent(sent(k, client), frame(k))
            said = shown(k, client, ahead_ms=ahead, after_ms=slower_ms[client])
            trace.add_shown(said, heard_ns(k) + 10 * MS)
    for client, ahead in ahead_ms.items():
        trace.add_exchange(exchange(5_000, client, ahead_ms=ahead))
    for row in trace.records().to_pylist():
        took_ms = (row["shown_ns"] - row["capture_ns"]) / MS
        assert took_ms == pytest.approx(TOTAL_MS + slower_ms[row["client"]], abs=0.31)


def test_the_summary_has_a_row_a_stage_and_both_totals() -> None:
    summary = followed(50).summary(frames=100)
    assert summary.stages == ("first", "second", "page", SENT, SHOWN)
    assert summary.p50_ms == pytest.approx([5, 5.5, 9, 10.5, 19.5], abs=0.31)
    assert summary.rate_hz == pytest.approx(1000 / PERIOD_MS)
    summary.check()


def test_rates_count_each_sample_once() -> None:
    trace = LatencyTrace(frames=1000)
    for k in range(50):
        trace.add_exchange(exchange(k * PERIOD_MS))
        for frame_seq in (2 * k, 2 * k + 1):  # the guard's tick moved the scene once more
            trace.add_sent(replace(sent(k), frame_seq=frame_seq), frame(k))
            trace.add_shown(replace(shown(k), frame_seq=frame_seq), heard_ns(k))
    trace.add_exchange(exchange(50 * PERIOD_MS + 20))
    summary = trace.summary(frames=100)
    assert summary.rate_hz == pytest.approx(1000 / PERIOD_MS)


def test_a_frame_without_a_hand_says_nothing() -> None:
    trace = LatencyTrace(frames=1000)
    trace.add_sent(sent(0), Header(0, 0, trail=frame(0).trail))
    assert np.isnan(trace.summary(10).p50_ms).all()


def test_losses_are_counted_from_the_first_frame_on() -> None:
    trace = LatencyTrace(frames=2)
    for k, lost in enumerate([4, 4, 6, 9]):
        trace.add_sent(sent(k), frame(k, lost=lost))
    assert trace.lost == {"first": 0, "second": 5}


def test_a_slow_clients_older_frame_is_no_restart() -> None:
    trace = LatencyTrace(frames=1000)
    for k, client in [(1, "quick"), (2, "quick"), (1, "slow"), (3, "quick"), (2, "slow")]:
        trace.add_sent(sent(k, client), frame(k, lost=10 + k))
    assert trace.lost == {"first": 0, "second": 2}


def test_a_restarted_node_counts_from_zero_again() -> None:
    trace = LatencyTrace(frames=1000)
    for k, lost in enumerate([9, 11, 0, 1]):
        trace.add_sent(sent(k), frame(k, lost=lost))
    assert trace.lost["second"] == 2 + 0 + 1


def test_clients_that_come_and_go_are_forgotten() -> None:
    trace = LatencyTrace(frames=10)
    for k in range(200):
        trace.add_sent(sent(k, f"page-{k}"), frame(k))
    assert len(trace.clocks()) == 64
    assert "page-199" in trace.clocks()
