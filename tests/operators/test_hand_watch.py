from dataclasses import replace

import numpy as np
import pytest

from operators.hand_watch import HandWatch
from operators.messages import Hands
from operators.pose_watch import (
    FASTEST_M_S,
    FROZEN_S,
    NOISE_M,
    SETTLED_SAMPLES,
    Implausible,
)
from operators.transforms import rigid
from tests.operators.samples import sample

FRAME_S = 1 / 72
PLACE = np.array([-0.2, 1.4, -0.3])
random = np.random.default_rng(3)


def hands(left: np.ndarray = PLACE, source: str = "webxr", noise_m: float = 1e-4) -> Hands:
    """Both hands, the right one where it always is; their joints with a tracker's noise."""
    places = np.array([left, PLACE * [-1, 1, 1]])
    joints = places[:, None] + np.linspace(0, 0.1, 75).reshape(25, 3)
    return sample(
        Hands,
        source=source,
        client="page",
        valid=np.ones(2, bool),
        stage_from_wrist=rigid(np.eye(3), places),
        joint_positions=joints + random.normal(scale=noise_m, size=joints.shape),
    )


def left_fault(watch: HandWatch, given: Hands, at_s: float) -> str:
    believed, (left, right) = watch.look(given, at_s)
    assert right == ""
    assert believed.valid.tolist() == [left == "", True]
    return left


def changed(**changes: np.ndarray) -> Hands:
    """The left hand with something else in it."""
    given = hands()
    for name, value in changes.items():
        array = getattr(given, name).copy()
        array[0] = value
        given = replace(given, **{name: array})
    return given


WRONG = {
    Implausible.NOT_TRACKED: changed(valid=False),
    Implausible.NOT_FINITE: changed(joint_positions=np.nan),
    Implausible.NOT_RIGID: changed(stage_from_wrist=np.diag([1.0, 1.0, 1.1, 1.0])),
    Implausible.AT_ORIGIN: changed(stage_from_wrist=np.eye(4)),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_is_not_believed_and_the_other_hand_is(fault: Implausible) -> None:
    watch = HandWatch()
    assert left_fault(watch, hands(), 0.0) == ""
    assert left_fault(watch, WRONG[fault], FRAME_S) == f"it {fault}"
    assert left_fault(watch, hands(), 2 * FRAME_S) == ""


def test_the_first_sample_is_believed() -> None:
    assert left_fault(HandWatch(), hands(np.array([3.0, 1.0, 2.0])), 5.0) == ""


@pytest.mark.parametrize("at_s", [FRAME_S, 0.0, -1.0])
def test_a_jump_is_not_believed_before_it_has_settled(at_s: float) -> None:
    watch = HandWatch()
    left_fault(watch, hands(), 0.0)
    far = PLACE + np.array([0.0, 0.0, NOISE_M + FASTEST_M_S * max(at_s, 0.0) + 0.01])
    faults = [left_fault(watch, hands(far), at_s + k * FRAME_S) for k in range(5)]
    assert faults == [f"it {Implausible.JUMPED}"] * SETTLED_SAMPLES + [""] * (5 - SETTLED_SAMPLES)


def test_a_hand_that_keeps_jumping_is_never_believed() -> None:
    watch = HandWatch()
    left_fault(watch, hands(), 0.0)
    for k in range(1, 50):
        there = PLACE + np.array([0.4 * (k % 2), 0.0, 0.0])
        assert left_fault(watch, hands(there), k * FRAME_S) == f"it {Implausible.JUMPED}"


def test_the_fastest_reach_is_believed() -> None:
    watch = HandWatch()
    for k in range(60):
        place = PLACE + np.array([0.0, 0.0, 0.35 * np.sin(2 * np.pi * 2 * k * FRAME_S)])  # 4.4 m/s
        assert left_fault(watch, hands(place), k * FRAME_S) == ""


def test_a_hand_that_was_lost_may_be_found_anywhere() -> None:
    watch = HandWatch()
    left_fault(watch, hands(), 0.0)
    left_fault(watch, changed(valid=False), FRAME_S)
    assert left_fault(watch, hands(PLACE + 0.5), 2 * FRAME_S) == ""


@pytest.mark.parametrize(
    ("source", "is_believed"),
    [
        ("webxr", False),
        ("mediapipe", False),
        ("desktop", True),
        ("replay", True),
        ("webxr-emulator", True),
        ("video", True),
    ],
)
def test_tracking_that_stands_still_to_the_last_digit(source: str, is_believed: bool) -> None:
    watch, frozen = HandWatch(), hands(source=source, noise_m=0.0)
    at_s = 0.0
    while at_s <= FROZEN_S + 2 * FRAME_S:
        _, faults = watch.look(frozen, at_s)
        at_s += FRAME_S
    assert faults == (("", "") if is_believed else (f"it {Implausible.FROZEN}",) * 2)
    _, faults = watch.look(hands(source=source), at_s)
    assert faults == ("", "")


def test_another_operator_stands_elsewhere() -> None:
    watch = HandWatch()
    left_fault(watch, hands(), 0.0)
    other = replace(hands(PLACE + 1.0), client="another")
    assert left_fault(watch, other, FRAME_S) == ""
