"""Sides by the labels of detectors that err as MediaPipe has been seen to."""

from collections.abc import Sequence

import pytest

from operators.handedness import GONE_S, Handedness
from tests.operators.camera_hands import COLUMNS, detected

NAN = float("nan")
PERIOD_S = 1 / 30


def sides(labels: Sequence[float | None], handedness: Handedness | None = None) -> list[str]:
    """Which sides are seen in pictures of one hand that wanders; None: no hand is seen."""
    handedness = handedness or Handedness()
    found = []
    for number, right in enumerate(labels):
        hands = [] if right is None else [detected((600 + 5 * number, 300), right)]
        left_right = handedness.assign(hands, COLUMNS, number * PERIOD_S)
        found.append("".join(n for n, h in zip("LR", left_right, strict=True) if h is not None))
    return found


@pytest.mark.parametrize(("right", "side"), [(0.95, "R"), (0.05, "L")])
def test_a_sure_hand_has_its_side_from_the_first_picture(right: float, side: str) -> None:
    assert sides([right] * 5) == [side] * 5


def test_an_unsure_hand_waits_until_it_is_sure() -> None:
    assert sides([0.6, 0.6, 0.6, 0.7, 0.7]) == ["", "", "", "R", "R"]


@pytest.mark.parametrize("wrong", [[0.5, 0.15], [0.12, 0.38, 0.04], [0.17, 0.9, 0.06]])
def test_pictures_that_call_it_by_the_other_side_count_as_not_seen(wrong: list[float]) -> None:
    # What MediaPipe 0.10.33 has said of a right hand: docs/video.md.
    found = sides([0.95] * 10 + wrong + [0.95] * 5)
    assert "L" not in found
    assert found[:10] == ["R"] * 10
    assert found[-5:] == ["R"] * 5
    assert found[10:-5] == ["R" if right >= 0.5 else "" for right in wrong]


def test_pictures_that_call_it_by_the_other_side_may_be_kept() -> None:
    labels = [0.95] * 10 + [0.12, 0.38, 0.04] + [0.95] * 5
    assert sides(labels, Handedness(keep_flips=True)) == ["R"] * len(labels)


def test_a_side_that_was_settled_wrongly_is_corrected_without_a_picture_of_both() -> None:
    found = sides([0.1] + [0.95] * 12)
    assert found[0] == "L"
    assert found[-1] == "R"
    assert "L" not in found[1:]


def test_a_hand_that_was_gone_is_another_hand() -> None:
    away = [None] * (int(GONE_S / PERIOD_S) + 2)
    assert sides([0.95] * 5 + away + [0.05] * 3)[-3:] == ["L"] * 3
    assert sides([0.95] * 5 + away[:3] + [0.05])[-1] == ""  # not long enough: still the same


def test_two_hands_keep_their_sides_when_labels_swap() -> None:
    handedness = Handedness()
    for number in range(20):
        swap = number in (7, 8)
        left, right = detected((900, 300), 0.05), detected((300, 300), 0.95)
        if swap:
            left, right = detected((900, 300), 0.9), detected((300, 300), 0.1)
        found = handedness.assign([left, right], COLUMNS, number * PERIOD_S)
        assert found == ((None, None) if swap else (left, right))


def test_a_second_hand_of_the_same_side_is_not_followed() -> None:
    handedness = Handedness()
    first = detected((300, 300), 0.95, confidence=0.95)
    second = detected((900, 300), 0.9, confidence=0.9)
    for number in range(5):
        assert handedness.assign([second, first], COLUMNS, number * PERIOD_S) == (None, first)


def test_where_the_detector_cannot_tell_the_place_must() -> None:
    handedness = Handedness()
    right, left = detected((300, 300), NAN), detected((900, 300), NAN)
    assert handedness.assign([right, left], COLUMNS, 0.0) == (left, right)
    # Settled: it is the same hand when it has crossed the middle.
    for number in range(1, 12):
        crossing = detected((300 + 40 * number, 300), NAN)
        found = handedness.assign([crossing], COLUMNS, number * PERIOD_S)
        assert found == (None, crossing)
