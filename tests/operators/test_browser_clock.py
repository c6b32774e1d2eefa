"""Simulated browsers whose true clock is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.browser_clock import LONGEST_EXCHANGE_NS, WINDOW, BrowserClock
from operators.messages import ClockExchange

MS, S = 1_000_000, 1_000_000_000
START_NS = 86_400 * S


@dataclass
class Browser:
    """A clock that reads `zero_ms` at START_NS, and from then on runs by `drift` too fast."""

    zero_ms: float = 1234.5
    drift: float = 0.0

    def reading_ms(self, host_ns: int) -> float:
        return self.zero_ms + (host_ns - START_NS) * (1 + self.drift) / MS

    def exchange(
        self, at_ns: int, *, there_ms: float = 0.5, work_ms: float = 0.1, back_ms: float = 0.5
    ) -> ClockExchange:
        received = at_ns + round(there_ms * MS)
        answered = received + round(work_ms * MS)
        return ClockExchange(
            client="page",
            asked_ns=at_ns,
            received_ms=self.reading_ms(received),
            answered_ms=self.reading_ms(answered),
            heard_ns=answered + round(back_ms * MS),
        )


def taught(browser: Browser, count: int = 30, **delays: float) -> tuple[BrowserClock, int]:
    """A clock after so many exchanges, one a second, and the time of the last."""
    clock = BrowserClock()
    for k in range(count):
        clock.add(browser.exchange(START_NS + k * S, **delays))
    return clock, START_NS + (count - 1) * S


DELAYS_MS = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0, 5), st.floats(0, 40)), min_size=1, max_size=2 * WINDOW
)


@given(
    zero_ms=st.floats(-1e10, 1e10),
    drift=st.floats(-300e-6, 300e-6),
    delays_ms=DELAYS_MS,
    before_ms=st.floats(0, 30_000),
)
@settings(max_examples=60)
def test_the_truth_is_within_the_bound_whatever_the_delays(
    zero_ms: float, drift: float, delays_ms: Sequence[tuple[float, float, float]], before_ms: float
) -> None:
    browser, clock = Browser(zero_ms, drift), BrowserClock()
    for k, (there, work, back) in enumerate(delays_ms):
        clock.add(browser.exchange(START_NS + k * S, there_ms=there, work_ms=work, back_ms=back))
    assert clock.jumps == clock.refused == 0
    true_ns = clock.settled_ns - round(before_ms * MS)
    found = clock.to_host(browser.reading_ms(true_ns))
    assert found is not None
    # Readings of hours in ms are themselves good to some us as float64.
    assert abs(found.ns - true_ns) <= found.error_ns + 4_000


@pytest.mark.parametrize("zero_ms", [0.0, 5.0, -7.2e6, 3.6e6 * 24 * 365])
def test_the_bound_is_half_of_the_way_there_and_back(zero_ms: float) -> None:
    clock, now = taught(Browser(zero_ms), there_ms=0.4, work_ms=30.0, back_ms=0.4)
    found = clock.to_host(Browser(zero_ms).reading_ms(now))
    assert found is not None
    assert abs(found.ns - now) < 10_000
    assert found.error_ns == pytest.approx(0.4 * MS + 100_000, abs=0.05 * MS)


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 80e-6])
def test_drift_is_found(drift: float) -> None:
    clock, _ = taught(Browser(drift=drift), count=WINDOW, there_ms=0.2, back_ms=0.2)
    assert clock.drift == pytest.approx(drift, abs=15e-6)


def test_one_quick_answer_is_worth_more_than_many_slow_ones() -> None:
    browser = Browser(drift=50e-6)
    clock, now = taught(browser, there_ms=60.0, back_ms=3.0)
    slow = clock.to_host(browser.reading_ms(now))
    clock.add(browser.exchange(now + S, there_ms=0.2, back_ms=0.2))
    quick = clock.to_host(browser.reading_ms(now))
    assert slow is not None
    assert quick is not None
    assert slow.error_ns > 20 * MS
    assert quick.error_ns < 1 * MS


@pytest.mark.parametrize("by_ms", [-3_600_000.0, -250.0, 20.0, 5e6])
def test_a_clock_that_jumps_is_noticed_and_learned_anew(by_ms: float) -> None:
    browser = Browser()
    clock, now = taught(browser)
    settled_ns = clock.settled_ns
    browser.zero_ms += by_ms
    clock.add(browser.exchange(now + S))
    assert clock.jumps == 1
    assert clock.settled_ns > settled_ns
    found = clock.to_host(browser.reading_ms(now + S))
    assert found is not None
    assert abs(found.ns - now - S) <= found.error_ns


def test_a_clock_at_double_speed_contradicts_itself_each_time() -> None:
    clock, _ = taught(Browser(drift=1.0), count=5)
    assert clock.jumps == 4


IMPOSSIBLE = {
    "answered before received": {"answered_ms": 0.0},
    "infinite": {"received_ms": float("inf"), "answered_ms": float("inf")},
    "absurd": {"received_ms": 1e300, "answered_ms": 1e300},
    "longer there than away": {"received_ms": 1.0, "answered_ms": 9e6},
    "heard before asked": {"heard_ns": START_NS - 1},
    "too slow": {"heard_ns": START_NS + LONGEST_EXCHANGE_NS + 1},
}


@pytest.mark.parametrize("wrong", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_teaches_nothing(wrong: dict[str, float]) -> None:
    good = Browser().exchange(START_NS)
    fields = {field.name: getattr(good, field.name) for field in ClockExchange.FIELDS}
    clock = BrowserClock()
    clock.add(ClockExchange(**{**fields, **wrong}))
    assert (clock.refused, clock.is_known, clock.jumps) == (1, False, 0)
    assert clock.to_host(5.0) is None


def test_nonsense_is_not_converted() -> None:
    clock, _ = taught(Browser())
    assert clock.to_host(float("nan")) is None
    assert clock.to_host(1e300) is None
