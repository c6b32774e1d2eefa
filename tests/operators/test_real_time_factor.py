import math

import pytest

from operators.real_time_factor import RealTimeFactor


@pytest.mark.parametrize("before", [(), ((5.0, 10),), ((0.0, 1), (4.0, 5))])
def test_real_time_is_measured_from_the_last_beginning(
    before: tuple[tuple[float, int], ...],
) -> None:
    factor = RealTimeFactor()
    for simulated_s, second in (*before, (0.0, 11), (1.0, 13), (2.0, 15)):
        factor.add(simulated_s, second * 1_000_000_000)
    assert factor.value == pytest.approx(0.5)


@pytest.mark.parametrize("states", [0, 1])
def test_fewer_than_two_states_tell_nothing(states: int) -> None:
    factor = RealTimeFactor()
    for _ in range(states):
        factor.add(1.0, 1_000_000_000)
    assert math.isnan(factor.value)
