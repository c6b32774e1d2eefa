"""Measuring a neck: what the operator is told, and what comes of it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.neck_measurement import RESULT_S
from operators.settings import OperatorSettings
from operators.tracked_operator import LET_GO_S
from tests.operators.person import SAMPLE_S, Person, assert_same, positions
from tests.operators.test_neck_pivot import NECK, PLACE, head_about, turning

Array = NDArray[np.float64]

DEGREE = np.pi / 180


def test_a_still_hand_stays_as_the_head_turns_about_its_neck() -> None:
    person = Person(OperatorSettings(neck_offset=tuple(NECK)))
    person.head = head_about(PLACE, 0)
    person.engage()
    before = person.bases()
    for head in turning(20, 0.5, 0.4):
        person.head = head
        assert_same(person.bases(), before)


def measure(person: Person, poses: Array) -> None:
    """Turn the head while the key is held, and let go."""
    person.targets()
    person.adjusts = {"measure_neck": True}
    for person.head in poses:
        person.targets()
    person.adjusts = {}
    person.targets(int(LET_GO_S / SAMPLE_S) + 2)


def test_a_neck_is_measured_while_the_key_is_held() -> None:
    person = Person(OperatorSettings())
    person.engage()
    before = person.frame
    assert before.neck_offset.tolist() == [0, -0.075, 0.08]
    assert not before.neck_measured
    measure(person, turning(200, 30 * DEGREE, 20 * DEGREE))
    frame = person.frame
    np.testing.assert_allclose(frame.neck_offset, NECK, atol=1e-9)
    assert frame.neck_measured
    assert "70 mm behind and 90 mm below" in frame.advice


def test_a_new_neck_does_not_move_the_robot() -> None:
    person = Person(OperatorSettings())
    person.engage()
    person.adjusts = {"measure_neck": True}
    for person.head in turning(200, 30 * DEGREE, 20 * DEGREE)[:180]:
        before = person.bases()
    person.adjusts = {}
    for _ in range(40):
        assert_same(person.bases(), before)
    assert person.frame.neck_measured
    # Without one whom the robot follows it would: by how far this head is from straight on.
    fresh = Person(OperatorSettings(neck_offset=tuple(person.frame.neck_offset)))
    fresh.head = person.head
    assert np.linalg.norm(positions(fresh.bases()) - positions(before)) > 0.002


@pytest.mark.parametrize(
    ("yaw", "pitch", "walked", "words"),
    [
        (30, 3, 0.0, "nod further"),
        (3, 30, 0.0, "turn your head further"),
        (30, 20, 0.8, "keep your body still"),
    ],
)
def test_a_neck_that_is_not_found_stays_and_says_what_to_do(
    yaw: float, pitch: float, walked: float, words: str
) -> None:
    person = Person(OperatorSettings())
    poses = turning(200, yaw * DEGREE, pitch * DEGREE)
    poses[:, 0, 3] += np.linspace(0, walked, len(poses))
    measure(person, poses)
    frame = person.frame
    assert words in frame.advice
    assert frame.neck_offset.tolist() == [0, -0.075, 0.08]
    assert not frame.neck_measured


def test_advice_tells_what_to_do_meanwhile() -> None:
    person = Person(OperatorSettings())
    person.targets()
    person.adjusts = {"measure_neck": True}
    heard = []
    for person.head in np.concatenate([turning(200, 0.5, 0), turning(200, 0.5, 0.4)]):
        person.targets()
        if not heard or person.frame.advice != heard[-1]:
            heard.append(person.frame.advice)
    assert heard == [
        "turn your head left and right, then nod, and keep your body still",
        "nod further up and down",
        "that is enough of turning",
    ]


def test_a_fixed_neck_is_not_measured() -> None:
    person = Person(OperatorSettings(neck_offset=(0, -0.1, 0.1)))
    measure(person, turning(200, 30 * DEGREE, 20 * DEGREE))
    assert person.frame.neck_offset.tolist() == [0, -0.1, 0.1]
    assert not person.frame.neck_measured
    assert "operator.neck_offset" in person.frame.advice


def test_a_head_on_a_desk_has_no_neck() -> None:
    person = Person(OperatorSettings())
    person.source = "desktop"
    measure(person, turning(200, 30 * DEGREE, 20 * DEGREE))
    assert "in a headset" in person.frame.advice
    assert person.frame.neck_offset.tolist() == [0, 0, 0]


def test_the_result_is_told_for_a_while() -> None:
    person = Person(OperatorSettings())
    measure(person, turning(200, 30 * DEGREE, 20 * DEGREE))
    assert person.frame.advice
    person.targets(int(RESULT_S / SAMPLE_S) + 1)
    assert person.frame.advice == ""
    assert person.frame.neck_measured


def test_another_client_has_another_neck() -> None:
    person = Person(OperatorSettings())
    measure(person, turning(200, 30 * DEGREE, 20 * DEGREE))
    person.client = "other"
    person.targets()
    assert person.frame.neck_offset.tolist() == [0, -0.075, 0.08]
    assert not person.frame.neck_measured
