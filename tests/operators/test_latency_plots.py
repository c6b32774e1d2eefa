import numpy as np
import pytest

from operators.latency_plots import Series, binned


def test_each_moment_has_its_least_median_and_most() -> None:
    times_s = np.array([0.9, 0.1, 0.2, 2.5, 3.0])
    series = Series("sent", times_s, np.array([7.0, 1.0, 3.0, 5.0, 500.0]))
    least, median, most = binned(series, np.array([0.0, 1.0, 2.0, 3.0]))
    assert least == pytest.approx([1, np.nan, 5], nan_ok=True)
    assert median == pytest.approx([3, np.nan, 252.5], nan_ok=True)
    assert most == pytest.approx([7, np.nan, 500], nan_ok=True)
