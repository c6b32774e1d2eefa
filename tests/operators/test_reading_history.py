import numpy as np
import pytest

from operators.pictured_robot import Readings
from operators.reading_history import NoReadingsError, ReadingHistory, joint_readings

MS = 1_000_000


def at(value: float, width_m: float | None = 0.04) -> dict[str, Readings]:
    return {"left": Readings(np.full(7, value), width_m), "right": Readings(np.zeros(6), None)}


def test_the_nearest_in_time_is_found_either_way() -> None:
    history = ReadingHistory(gap_ms=20)
    for i in range(5):
        history.add(joint_readings("test", at(float(i))), 10 * i * MS)
    for capture_ms, expected in ((0, 0), (14, 1), (16, 2), (26, 3), (55, 4)):
        found = history.at(capture_ms * MS)["left"]
        assert np.asarray(found.joints).tolist() == [expected] * 7


def test_a_width_that_is_not_known_stays_unknown() -> None:
    history = ReadingHistory(gap_ms=1)
    history.add(joint_readings("test", at(0.0)), 0)
    found = history.at(0)
    assert found["left"].width_m == 0.04
    assert found["right"].width_m is None


def test_what_is_too_far_or_never_came_is_said() -> None:
    history = ReadingHistory(gap_ms=20)
    with pytest.raises(NoReadingsError, match="no joint readings have come"):
        history.at(0)
    history.add(joint_readings("test", at(0.0)), 0)
    with pytest.raises(NoReadingsError, match=r"are 35 ms from the picture; .* allows 20"):
        history.at(35 * MS)
