import pytest

from operators.real_time_factor import RealTimeFactor


def test_real_time_is_measured_from_the_last_beginning() -> None:
    factor = RealTimeFactor()
    for simulated_s, second in ((5.0, 10), (0.0, 11), (1.0, 13), (2.0, 15)):
        factor.add(simulated_s, second * 1_000_000_000)
    assert factor.value == pytest.approx(0.5)
