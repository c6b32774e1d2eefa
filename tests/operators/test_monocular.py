"""Hands that are known, seen by a pinhole whose place is known, and lifted again."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.camera_settings import MonocularSettings
from operators.hand_bones import rebuilt
from operators.joint_layout import MEDIAPIPE_FROM_WEBXR, mediapipe_from_webxr
from operators.monocular import SOURCE, LiftFault, MonocularLift
from operators.preprocessing import Preprocessor
from tests.operators.camera_hands import CAMERA_FROM_WRIST, keypoints, seen

Joints = NDArray[np.float64]

AT = np.array([0.05, -0.04, 0.55])
LENGTH_M = 0.18
SETTINGS = MonocularSettings(
    camera_position=(0.1, 1.3, -1.0),
    camera_yaw_deg=160.0,
    camera_pitch_deg=-10.0,
    hand_length_m=LENGTH_M,
)


def true_joints(wrist_joints: Joints, turn: Rotation = CAMERA_FROM_WRIST) -> Joints:
    """The operator's landmarks in the camera's axes: a hand of that size, there."""
    shape = turn.apply(mediapipe_from_webxr(wrist_joints))
    return rebuilt(shape, LENGTH_M) + AT


def landmarks_of(joints: Joints) -> Joints:
    """What a detector makes of them: of another size, around their middle, and as if its camera
    were turned to the hand."""
    middle = (joints[:, :2] / joints[:, 2:]).mean(axis=0)
    direction = np.append(middle, 1.0)
    turn, _ = Rotation.align_vectors([[0, 0, 1.0]], [direction])
    shape = turn.apply(joints - joints.mean(axis=0))
    return 0.85 * shape


def stage_from_camera(points: Joints) -> Joints:
    """Written out: the camera's y and z turned over, then pitch and yaw, then its place."""
    turn = Rotation.from_euler("YX", [160.0, -10.0], degrees=True)
    return turn.apply(points * [1, -1, -1]) + np.array([0.1, 1.3, -1.0])


@pytest.mark.parametrize("side", [0, 1])
def test_a_hand_is_lifted_to_where_it_is(human_hands: Joints, side: int) -> None:
    for wrist_joints in human_hands[::60, side]:
        joints = true_joints(wrist_joints)
        lift = MonocularLift(SETTINGS)
        hands = lift.lift(keypoints(seen(joints), landmarks_of(joints), side), 0.0)
        hands.check()
        assert hands.source == SOURCE == "video"
        np.testing.assert_array_equal(hands.valid, np.arange(2) == side)
        expected = stage_from_camera(joints)
        found = hands.joint_positions[side][list(MEDIAPIPE_FROM_WEBXR)]
        np.testing.assert_allclose(found, expected, atol=3e-3)
        np.testing.assert_allclose(hands.stage_from_wrist[side, :3, 3], found[0])
        # WebXR's axes: -z to the middle finger's knuckle, +y out of the back of the hand.
        towards = expected[9] - expected[0]
        x, y, z = hands.stage_from_wrist[side, :3, :3].T
        assert -z @ towards / np.linalg.norm(towards) > 0.999
        wrist = CAMERA_FROM_WRIST.as_matrix()
        assert y @ (stage_from_camera(wrist[:, 1]) - stage_from_camera(np.zeros(3))) > 0.99
        np.testing.assert_allclose(np.cross(y, z), x, atol=1e-12)


def test_metacarpals_lie_between_wrist_and_knuckles(human_hands: Joints) -> None:
    joints = true_joints(human_hands[0, 1])
    hands = MonocularLift(SETTINGS).lift(keypoints(seen(joints), landmarks_of(joints)), 0.0)
    found = hands.joint_positions[1]
    for metacarpal in (5, 10, 15, 20):
        way, part = found[metacarpal + 1] - found[0], found[metacarpal] - found[0]
        assert 0.3 < part @ way / (way @ way) < 0.5
        assert np.linalg.norm(np.cross(part, way)) < 1e-9


def test_it_is_what_preprocessing_takes(human_hands: Joints) -> None:
    joints = true_joints(human_hands[0, 1])
    lift = MonocularLift(SETTINGS)
    preprocessor = Preprocessor()
    preprocessor.update_head(lift.head)
    hands = lift.lift(keypoints(seen(joints), landmarks_of(joints)), 0.0)
    targets = preprocessor.targets(hands)
    assert targets.valid.tolist() == [False, True]
    right, up, back = hands.stage_from_wrist[1, :3, 3] - SETTINGS.head_position
    np.testing.assert_allclose(targets.anchor_from_wrist[1, :3], [-back, -right, up])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"valid": np.zeros(2, bool)}, LiftFault.NOT_SEEN),
        ({"lens": np.full(4, np.nan)}, LiftFault.NO_LENS),
        ({"landmarks": np.full((2, 21, 3), np.nan)}, LiftFault.NO_SHAPE),
        ({"pixels": np.full((2, 21, 2), np.nan)}, LiftFault.NOT_SEEN),
        ({"pixels": np.full((2, 21, 2), 300.0)}, LiftFault.NOT_PLACED),
        (
            {"pixels": np.random.default_rng(0).uniform(0, 700, (2, 21, 2))},
            LiftFault.NOT_PLACED,
        ),
    ],
    ids=["not seen", "no lens", "no shape", "no pixels", "one pixel", "no hand"],
)
def test_what_cannot_be_lifted_is_not_valid_and_says_why(
    human_hands: Joints, changes: dict[str, object], fault: LiftFault
) -> None:
    joints = true_joints(human_hands[0, 1])
    lift = MonocularLift(SETTINGS)
    hands = lift.lift(keypoints(seen(joints), landmarks_of(joints), **changes), 0.0)
    hands.check()
    assert not hands.valid.any()
    assert lift.faults == (LiftFault.NOT_SEEN, fault)
    assert np.isnan(hands.joint_positions).all()


def test_joints_that_do_not_fit_the_shape_are_no_hand(human_hands: Joints) -> None:
    """Even where they are as large as a hand within reach."""
    joints = true_joints(human_hands[0, 1])
    around = seen(joints) - seen(joints).mean(axis=0)
    turned = around[:, ::-1] * [1, -1]
    wrong = seen(joints).mean(axis=0) + 0.4 * around + 0.6 * turned
    lift = MonocularLift(SETTINGS)
    assert not lift.lift(keypoints(wrong, landmarks_of(joints)), 0.0).valid.any()
    assert lift.faults[1] is LiftFault.NOT_PLACED


@pytest.mark.parametrize("away_m", [-0.48, 5.0])
def test_what_is_out_of_reach_is_no_hand(human_hands: Joints, away_m: float) -> None:
    joints = true_joints(human_hands[0, 1]) + np.array([0.0, 0.0, away_m])
    lift = MonocularLift(SETTINGS)
    lift.lift(keypoints(seen(joints), landmarks_of(joints)), 0.0)
    assert lift.faults[1] is LiftFault.NOT_PLACED


def test_joints_that_are_not_seen_are_done_without(human_hands: Joints) -> None:
    joints = true_joints(human_hands[0, 1])
    pixels = seen(joints)
    pixels[[4, 8, 12, 16]] = np.nan
    hands = MonocularLift(SETTINGS).lift(keypoints(pixels, landmarks_of(joints)), 0.0)
    assert hands.valid[1]
    expected = stage_from_camera(joints)
    np.testing.assert_allclose(hands.stage_from_wrist[1, :3, 3], expected[0], atol=5e-3)


def test_a_palm_taken_for_its_back_in_one_picture_is_left_out(human_hands: Joints) -> None:
    # Seen half from the side, where one picture cannot tell how the palm is turned.
    aside = Rotation.from_euler("y", 55.0, degrees=True) * CAMERA_FROM_WRIST
    joints = true_joints(human_hands[0, 1], aside)
    good = keypoints(seen(joints), landmarks_of(joints))
    over = keypoints(seen(joints), landmarks_of(joints) * [1, 1, -1])
    lift = MonocularLift(SETTINGS)
    valid = [lift.lift(k, i / 30).valid[1] for i, k in enumerate((good, over, good))]
    assert valid == [True, False, True]
    assert lift.faults[1] is LiftFault.NONE


def test_only_the_depth_is_held_back(human_hands: Joints) -> None:
    joints = true_joints(human_hands[0, 1])
    lift = MonocularLift(MonocularSettings(hand_length_m=LENGTH_M))
    lift.lift(keypoints(seen(joints), landmarks_of(joints)), 0.0)
    moved = joints + np.array([0.1, 0.0, 0.02])
    hands = lift.lift(keypoints(seen(moved), landmarks_of(moved)), 1 / 30)
    # The usual camera looks back at the operator from (0, 1.45, -1.1).
    x, y, z = hands.stage_from_wrist[1, :3, 3] - [0.0, 1.45, -1.1]
    wrist = moved[0]
    np.testing.assert_allclose([-x / z, -y / z], wrist[:2] / wrist[2], atol=1e-2)
    assert joints[0, 2] + 0.002 < z < moved[0, 2] - 0.005
