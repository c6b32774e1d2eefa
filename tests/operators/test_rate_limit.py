import pytest

from operators import rate_limit
from operators.rate_limit import AddressLimits, RateLimit, network_of


class Clock:
    """Seconds, as they are set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(rate=10, burst=5, clock=clock)
    assert [limit.take() for _ in range(7)] == [True] * 5 + [False] * 2
    assert limit.excess == 2
    clock.now = 0.2  # pays for what was too much
    assert limit.excess == 2
    assert not limit.take()
    clock.now = 0.4
    assert limit.take()
    clock.now = 1000.0  # and no more than the burst is saved up
    assert [limit.take() for _ in range(6)] == [True] * 5 + [False]


def test_what_goes_on_at_the_rate_goes_on_for_ever() -> None:
    clock = Clock()
    limit = RateLimit(rate=600, burst=2, clock=clock)
    for frame in range(100_000):
        clock.now = frame / 600
        assert limit.take()


def test_a_look_counts_nothing() -> None:
    limit = RateLimit(rate=1, burst=1, clock=Clock())
    assert all(limit.would_allow() for _ in range(10))
    assert limit.take()
    assert not limit.would_allow()
    assert limit.excess == 0


def test_an_attempt_that_is_refused_is_not_held_against_anybody() -> None:
    clock = Clock()
    limit = RateLimit(rate=1, burst=2, clock=clock)
    assert [limit.try_take() for _ in range(100)].count(True) == 2
    clock.now = 1.0
    assert [limit.try_take() for _ in range(100)].count(True) == 1


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("203.0.113.5", "203.0.113.6", False),
        ("2001:db8:0:1::5", "2001:db8:0:1:ffff::6", True),
        ("2001:db8:0:1::5", "2001:db8:0:2::5", False),
        ("fe80::1%eth0", "fe80::2%wlan0", True),
        ("::ffff:203.0.113.5", "203.0.113.5", True),
        ("", "nonsense", False),
    ],
)
def test_whose_limit_is_the_same(one: str, other: str, together: bool) -> None:
    assert (network_of(one) == network_of(other)) == together
    limits = AddressLimits(rate=1, burst=1, clock=Clock())
    assert limits.of(one).take()
    assert limits.of(other).take() != together


def test_more_addresses_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "ADDRESSES", 100)
    limits = AddressLimits(rate=0, burst=1, clock=Clock())
    assert limits.of("10.0.0.1").take()
    for number in range(1000):
        assert limits.of(f"10.1.{number // 256}.{number % 256}").take()
        assert not limits.of("10.0.0.1").take()  # who comes again and again is not forgotten
    assert limits.of("10.1.0.0").take()  # who was quiet the longest is
