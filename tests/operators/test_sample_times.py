import pytest

from operators.sample_times import LARGEST_ERROR_NS, MOST_CLIENTS, SampleTimes
from tests.operators.frames import MS, exchange

AHEAD_MS = 5_000.0
ARRIVAL_NS = 2_010 * MS


@pytest.fixture
def times() -> SampleTimes:
    """One client's clock is known, 5 s ahead of the host's."""
    made = SampleTimes()
    for second in range(3):
        made.add(exchange(second * 1000, ahead_ms=AHEAD_MS))
    return made


def test_a_sample_was_taken_when_its_clock_says(times: SampleTimes) -> None:
    taken_ns = times.capture_ns("page", 2_003 + AHEAD_MS, ARRIVAL_NS)
    assert taken_ns == pytest.approx(2_003 * MS, abs=0.4 * MS)


@pytest.mark.parametrize(
    "time_ms", [2_020 + AHEAD_MS, 900 + AHEAD_MS, 0.0, float("nan"), 1e300], ids=str
)
def test_a_time_that_cannot_be_gives_way_to_the_arrival(times: SampleTimes, time_ms: float) -> None:
    assert times.capture_ns("page", time_ms, ARRIVAL_NS) == ARRIVAL_NS


def test_a_client_that_never_answered_is_taken_at_its_arrival(times: SampleTimes) -> None:
    assert times.capture_ns("other", 2_003 + AHEAD_MS, ARRIVAL_NS) == ARRIVAL_NS


def test_a_clock_that_is_hardly_known_gives_way_to_the_arrival() -> None:
    times, told = SampleTimes(), exchange(2_000)
    slow_ns = told.asked_ns + 3 * LARGEST_ERROR_NS
    times.add(type(told)(**{**vars(told), "heard_ns": slow_ns}))
    assert times.capture_ns("page", 2_003, slow_ns) == slow_ns


def test_clients_that_come_and_go_are_forgotten(times: SampleTimes) -> None:
    for k in range(MOST_CLIENTS):
        times.add(exchange(2_000, f"page-{k}"))
    assert times.capture_ns("page", 2_003 + AHEAD_MS, ARRIVAL_NS) == ARRIVAL_NS
