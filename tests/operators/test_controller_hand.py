"""A hand made of a controller: where WebXR says that the hand is which holds it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.controller_hand import (
    GRIP_FROM_WRIST,
    PRESSED,
    SQUEEZE,
    TRIGGER,
    hand_joints,
    squeezed,
    with_controllers,
)
from operators.hands import SIDES
from operators.messages import Controllers, Hands
from operators.transforms import is_rigid, rigid, transform_points
from tests.operators.node_js import run_in_node
from tests.operators.samples import sample

Array = NDArray[np.float64]

CLOSURES = [0.0, 0.3, 1.0]


@pytest.mark.browser
def test_is_the_hand_that_the_page_makes(tmp_path: Path) -> None:
    script = """
    import { handJoints } from "./page/desktop_hand.js";
    result = [0, 1].map((side) => given.map((closure) => handJoints(side, closure)));
    """
    theirs = np.array(run_in_node(script, CLOSURES, tmp_path))
    ours = np.array([[hand_joints(side, c) for c in CLOSURES] for side in range(2)])
    np.testing.assert_allclose(ours, theirs, atol=1e-15)


@pytest.mark.parametrize("side", range(2), ids=SIDES)
def test_rod_is_held_as_webxr_defines_the_grip(side: int) -> None:
    """Hands as for a handshake: fingers ahead, thumbs up, the backs outward.

    By WebXR's definition the grip's x then points right in either hand (out of the right one's
    back, into the left one's), its -z up along the rod, its y back along the arm.
    """
    stage_from_grip = rigid(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), [0.2, 1.2, -0.4])
    wrist = stage_from_grip @ GRIP_FROM_WRIST[side]
    assert is_rigid(wrist, 1e-12)
    out_of_back = [1, 0, 0] if side == 1 else [-1, 0, 0]
    np.testing.assert_allclose(wrist[:3, 1], out_of_back, atol=1e-12)
    np.testing.assert_allclose(-wrist[:3, 2], [0, 0, -1], atol=1e-12)  # the fingers point ahead
    thumb, little = transform_points(wrist, hand_joints(side, 0.0)[[1, 21]])
    assert thumb[1] > little[1]
    # The rod goes through the fist: before the wrist, on the palm's side.
    ahead, aside = wrist[2, 3] - -0.4, (wrist[0, 3] - 0.2) * out_of_back[0]
    assert 0.05 < ahead < 0.12
    assert 0.01 < aside < 0.05
    assert wrist[1, 3] == pytest.approx(1.2)


def test_fingers_curl_about_the_rod() -> None:
    """The grip is at the middle of the fist: between the palm and the fingers that close."""
    joints = hand_joints(1, 1.0)
    fist = np.linalg.inv(GRIP_FROM_WRIST[1])[:3, 3]
    reach = np.linalg.norm(joints[[6, 11, 16, 21]].mean(axis=0) - fist)
    assert reach < 0.05


def controllers(trigger: float = 0.0, squeeze: float = 1.0) -> Controllers:
    made: Controllers = sample(Controllers)
    made.buttons[:, TRIGGER], made.buttons[:, SQUEEZE] = trigger, squeeze
    return made


def lost_hands() -> Hands:
    hands: Hands = sample(Hands, valid=np.zeros(2, bool))
    for field in ("stage_from_wrist", "joint_positions", "pinch", "squeeze"):
        getattr(hands, field)[:] = np.nan
    return hands


@pytest.mark.parametrize("trigger", CLOSURES)
def test_grip_moves_the_wrist_and_trigger_closes_the_hand(trigger: float) -> None:
    given = controllers(trigger)
    made = with_controllers(lost_hands(), given, [True, True])
    made.check()
    assert made.valid.all()
    for side in range(2):
        wrist = given.stage_from_grip[side] @ GRIP_FROM_WRIST[side]
        np.testing.assert_allclose(made.stage_from_wrist[side], wrist)
        np.testing.assert_allclose(
            made.joint_positions[side], transform_points(wrist, hand_joints(side, trigger))
        )
    np.testing.assert_allclose(made.squeeze, trigger)


def test_the_hand_closes_with_the_trigger() -> None:
    gaps = [
        np.linalg.norm(joints[4] - joints[9])
        for joints in (hand_joints(0, c) for c in np.linspace(0, 1, 6))
    ]
    assert gaps[0] > 0.08
    assert gaps[-1] < 0.02
    assert (np.diff(gaps) < 0).all()


def test_other_side_stays_as_it_is() -> None:
    hands: Hands = sample(Hands)
    made = with_controllers(hands, controllers(), [False, True])
    for field in ("stage_from_wrist", "joint_positions", "joint_orientations", "pinch"):
        np.testing.assert_array_equal(getattr(made, field)[0], getattr(hands, field)[0])
        assert not np.array_equal(getattr(made, field)[1], getattr(hands, field)[1])
    assert with_controllers(hands, controllers(), [False, False]) is hands


@pytest.mark.parametrize(
    ("squeeze", "held"), [(0.0, False), (PRESSED - 0.01, False), (PRESSED, True), (1.0, True)]
)
def test_squeeze_is_held_from_half_way(squeeze: float, held: bool) -> None:
    assert squeezed(controllers(squeeze=squeeze)).tolist() == [held, held]


def test_a_controller_that_is_not_tracked_is_not_squeezed() -> None:
    given = sample(Controllers, valid=np.array([False, True]))
    given.buttons[1], given.buttons[0] = 1.0, np.nan
    assert squeezed(given).tolist() == [False, True]


def test_turning_the_controller_turns_the_hand_about_the_fist() -> None:
    given = controllers()
    before = with_controllers(lost_hands(), given, [True, True]).stage_from_wrist[1]
    turn = rigid(Rotation.from_euler("xyz", [0.3, -0.2, 0.5]).as_matrix(), np.zeros(3))
    given.stage_from_grip[:] = given.stage_from_grip @ turn
    after = with_controllers(lost_hands(), given, [True, True]).stage_from_wrist[1]
    fist = np.linalg.inv(GRIP_FROM_WRIST[1]) @ [0, 0, 0, 1]
    np.testing.assert_allclose(after @ fist, before @ fist, atol=1e-12)
    assert not np.allclose(after, before)
