from typing import Any

import msgpack
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.hand_bones import BONES_MM
from operators.message import MessageError
from operators.vuer_payloads import read_controllers, read_hands, read_head, read_old_hands
from tests.operators.vuer_captures import HANDS_M, HEAD_M, value_of

WHO = ("vuer-emulator", "page-1")
LEFT, RIGHT = 0, 1
LOST = msgpack.ExtType(0, b"\x00")

INDEX_BONES = ((0, 6), (6, 7), (7, 8), (8, 9))
"""Of WebXR's joints, the metacarpal left out: BONES_MM is by MediaPipe's, which has none."""


@pytest.mark.parametrize(("read", "name"), [(read_hands, "hands"), (read_old_hands, "old_hands")])
def test_both_hands_are_where_they_were(read: Any, name: str) -> None:
    hands = read(value_of(name), *WHO)
    hands.check()
    assert (hands.source, hands.client, hands.valid.tolist()) == (*WHO, [True, True])
    for side, (place, outward) in enumerate(zip(HANDS_M, (-1, 1), strict=True)):
        joints = hands.joint_positions[side]
        lengths = [np.linalg.norm(joints[a] - joints[b]) * 1e3 for a, b in INDEX_BONES]
        np.testing.assert_allclose(lengths, BONES_MM[5:9], atol=1.0)
        # Absolute, as the knuckles are about where the emulator has the hand; not from the wrist.
        np.testing.assert_allclose(joints[11], place, atol=0.1)
        wrist = hands.stage_from_wrist[side]
        np.testing.assert_allclose(wrist[:3, 3], joints[0], atol=1e-9)
        # The fingers are ahead of the wrist, along its -z; its back is up.
        assert ((joints[11] - joints[0]) @ -wrist[:3, 2]) > 0.05
        assert wrist[1, 1] > 0.5
        assert outward * wrist[0, 3] > 0
    mirrored = hands.joint_positions[LEFT] * [-1, 1, 1]
    np.testing.assert_allclose(hands.joint_positions[RIGHT], mirrored, atol=1e-6)
    assert (hands.pinch < 0.1).all()
    assert (hands.squeeze < 0.6).all()
    assert np.isnan(hands.joint_radii).all()


def test_joints_have_orientations_and_those_of_old_clients_only_the_wrist() -> None:
    new, old = read_hands(value_of("hands"), *WHO), read_old_hands(value_of("old_hands"), *WHO)
    assert np.isfinite(new.joint_orientations).all()
    for hands in (new, old):
        given = Rotation.from_quat(hands.joint_orientations[:, 0]).as_matrix()
        np.testing.assert_allclose(given, hands.stage_from_wrist[:, :3, :3], atol=1e-6)
    assert np.isnan(old.joint_orientations[:, 1:]).all()


@pytest.mark.parametrize(
    ("read", "name", "valid"),
    [
        (read_hands, "hands_left_lost", [False, True]),
        (read_hands, "hands_lost", [False, False]),
        (read_old_hands, "old_hands_left_lost", [False, True]),
    ],
)
def test_a_lost_hand_is_lost(read: Any, name: str, valid: list[bool]) -> None:
    hands = read(value_of(name), *WHO)
    hands.check()
    assert hands.valid.tolist() == valid
    assert np.isnan(hands.stage_from_wrist[LEFT]).all()
    assert np.isnan(hands.joint_positions[LEFT]).all()
    assert np.isnan(hands.pinch[LEFT])


@pytest.mark.parametrize("missing", [None, [], LOST, {}, "nothing"])
def test_whatever_is_no_list_is_no_hand(missing: object) -> None:
    value = {**value_of("hands"), "left": missing}
    assert read_hands(value, *WHO).valid.tolist() == [False, True]


def test_a_wrist_of_zeros_is_not_tracked() -> None:
    value = {**value_of("hands"), "right": [0.0] * 400}
    assert read_hands(value, *WHO).valid.tolist() == [True, False]


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ([1.0] * 399, r"HAND_MOVE.left: expected 400 numbers, got 399"),
        ([1.0] * 399 + [float("nan")], r"HAND_MOVE.left: expected finite numbers"),
        ([1.0] * 399 + ["1"], r"HAND_MOVE.left: expected 400 numbers, got other things"),
        ([1.0] * 399 + [10**400], r"HAND_MOVE.left: expected finite numbers"),
    ],
)
def test_wrong_hands_are_refused_in_words(numbers: list[Any], fault: str) -> None:
    with pytest.raises(MessageError, match=fault):
        read_hands({**value_of("hands"), "left": numbers}, *WHO)


def test_old_landmarks_must_be_all_there() -> None:
    value = value_of("old_hands")
    value["leftLandmarks"] = value["leftLandmarks"][:24]
    with pytest.raises(MessageError, match=r"leftLandmarks: expected 75 numbers, got 72"):
        read_old_hands(value, *WHO)


def test_the_head_is_where_it_was() -> None:
    head = read_head(value_of("head"), *WHO)
    head.check()
    assert head.valid
    np.testing.assert_allclose(head.stage_from_head[:3, 3], HEAD_M, atol=1e-6)
    np.testing.assert_allclose(head.stage_from_head[:3, :3], np.eye(3), atol=1e-6)


def test_columns_come_first() -> None:
    turned = Rotation.from_euler("YXZ", [0.6, -0.4, 0.2]).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turned, (1, 2, 3)
    head = read_head({"matrix": matrix.T.ravel().tolist()}, *WHO)
    np.testing.assert_allclose(head.stage_from_head, matrix)


@pytest.mark.parametrize("matrix", [[0.0] * 16, None, LOST])
def test_a_head_without_a_pose_is_not_tracked(matrix: object) -> None:
    head = read_head({"matrix": matrix}, *WHO)
    head.check()
    assert not head.valid


def test_controllers_are_held_where_the_emulator_holds_them() -> None:
    held = read_controllers(value_of("controllers"), *WHO)
    held.check()
    assert held.valid.all()
    np.testing.assert_allclose(held.buttons, [[0.75, *[0] * 7], [0] * 5 + [1, 0, 0]])
    np.testing.assert_allclose(held.axes, [[0] * 4, [0, 0, 0.5, -0.25]])
    for side, place in enumerate(HANDS_M):
        # The emulator places the ray; a hand holds a Quest 3's controller 5 cm behind and tilted.
        grip = held.stage_from_grip[side]
        assert np.linalg.norm(grip[:3, 3] - place) == pytest.approx(0.0523, abs=0.001)
        assert np.degrees(np.arccos(grip[2, 2])) == pytest.approx(45.4, abs=0.5)


def test_grips_that_the_client_tells_are_used() -> None:
    held = read_controllers(value_of("controllers"), *WHO, np.tile(np.eye(4), (2, 1, 1)))
    np.testing.assert_allclose(held.stage_from_grip[:, :3, 3], HANDS_M, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "valid"),
    [("controllers_absent", [False, False]), ("controllers_right_lost", [True, False])],
)
def test_controllers_that_are_away(name: str, valid: list[bool]) -> None:
    held = read_controllers(value_of(name), *WHO)
    held.check()
    assert held.valid.tolist() == valid
    assert np.isnan(held.stage_from_grip[RIGHT]).all()


@pytest.mark.parametrize(("said", "pressed"), [("pressed", 1), ("touched", 0), (False, 0)])
def test_a_touchpad_that_is_touched_is_not_pressed(said: object, pressed: int) -> None:
    value = value_of("controllers")
    value["leftState"]["touchpad"] = said
    assert read_controllers(value, *WHO).buttons[LEFT, 2] == pressed
