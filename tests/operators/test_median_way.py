import numpy as np
import pytest

from operators.latency_stamps import frame_columns
from operators.median_way import median_way
from tests.operators.frame_records import hand_made, recorded


def test_the_way_is_that_of_the_frame_in_the_middle() -> None:
    way = median_way(hand_made())  # of 20, 24 and 40 ms
    assert way.to_display
    assert way.frames == 1
    assert way.stages == ("track", "draw", "show", "page")
    expected = [[2, 0, 1], [2, 1, 4], [1, 0, 1], [2, 7, 3]]
    assert way.parts_ms == pytest.approx(np.array(expected, float))
    assert way.total_ms == pytest.approx(24)


def test_without_a_display_the_way_ends_where_the_picture_is_sent() -> None:
    way = median_way(recorded())
    assert not way.to_display
    assert way.stages[-1] == "headset_output"
    frames = frame_columns(recorded())
    total_ms = np.sort(frames.to_sent_ms[frames.is_first])
    assert way.frames == round(len(total_ms) / 10)
    assert abs(way.total_ms - np.median(total_ms)) < 0.1 * np.median(total_ms)
