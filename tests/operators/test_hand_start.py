import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.hand_rig import MovingHands, moving_hands
from operators.hand_joint_limits import bend_axes
from operators.hand_kinematics import rotation_from_axis_angle
from operators.hand_start import HandPoses, are_near, cold_start, palm_pose, warm_start


@pytest.fixture(scope="module")
def hands() -> MovingHands:
    return moving_hands(2)


def test_exact_joints_give_the_pose_that_made_them(hands: MovingHands) -> None:
    start = cold_start(hands.skeleton, hands.joints[0])
    assert start.known.all()
    np.testing.assert_allclose(start.place, hands.translations[0], atol=1e-9)
    np.testing.assert_allclose(
        start.rotation, rotation_from_axis_angle(hands.angles[0, :, 0]), atol=1e-9
    )
    fingers = np.einsum("sfjxa,sfja->sfjx", bend_axes(hands.skeleton), start.turns)
    np.testing.assert_allclose(fingers.reshape(2, 15, 3), hands.angles[0, :, 1:], atol=1e-9)


def test_a_twist_about_a_bone_is_left_out(hands: MovingHands) -> None:
    """A finger twisted about its first bone, and what follows turned back, has the same joints."""
    angles = hands.angles[0].copy()
    bone = hands.skeleton.bones[1, 5] / np.linalg.norm(hands.skeleton.bones[1, 5])
    twist = rotation_from_axis_angle(0.7 * bone)
    middle = rotation_from_axis_angle(angles[1, 5])
    first = rotation_from_axis_angle(angles[1, 4])
    angles[1, 4] = Rotation.from_matrix(first @ twist).as_rotvec()
    angles[1, 5] = Rotation.from_matrix(twist.T @ middle).as_rotvec()
    joints = hands.skeleton.joints(angles, hands.translations[0])
    np.testing.assert_allclose(joints, hands.joints[0], atol=1e-12)
    start = cold_start(hands.skeleton, joints)
    fingers = np.einsum("sfjxa,sfja->sfjx", bend_axes(hands.skeleton), start.turns)
    np.testing.assert_allclose(fingers[1, 1, 0], hands.angles[0, 1, 4], atol=1e-9)
    assert abs(angles[1, 4] - hands.angles[0, 1, 4]).max() > 0.3


def test_a_bone_without_an_end_points_where_the_one_before_does(hands: MovingHands) -> None:
    joints = hands.joints[0].copy()
    joints[0, 8] = np.nan
    start = cold_start(hands.skeleton, joints)
    np.testing.assert_array_equal(start.turns[0, 1, 2], 0.0)
    full = cold_start(hands.skeleton, hands.joints[0])
    np.testing.assert_allclose(start.turns[0, 1, :2], full.turns[0, 1, :2])


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ((0, 5, 17), True),
        ((1, 5, 9, 13, 17), True),
        ((5, 9, 13, 17), False),
        ((0, 5), False),
        ((), False),
    ],
)
def test_three_joints_that_are_not_in_line_show_the_palm(
    hands: MovingHands, known: tuple[int, ...], found: bool
) -> None:
    joints = np.full((21, 3), np.nan)
    joints[list(known)] = hands.joints[0, 0, list(known)]
    pose = palm_pose(hands.skeleton.palm[0], joints)
    assert (pose is not None) == found
    if pose is not None:
        np.testing.assert_allclose(pose[1], hands.translations[0, 0], atol=1e-9)


def test_joints_in_a_line_show_no_palm(hands: MovingHands) -> None:
    joints = np.full((21, 3), np.nan)
    joints[[0, 5, 9]] = [[0.0, 0.0, 0.0], [0.0, 0.0, -0.1], [0.0, 0.003, -0.09]]
    assert palm_pose(hands.skeleton.palm[0], joints) is None


def test_a_hand_is_near_while_most_joints_are(hands: MovingHands) -> None:
    joints = hands.joints[0]
    elsewhere = joints.copy()
    elsewhere[0] += 0.05
    elsewhere[1, :9] += 1.0
    unseen = joints.copy()
    unseen[0] = np.nan
    assert are_near(joints, elsewhere).tolist() == [False, True]
    assert are_near(joints, unseen).tolist() == [True, True]


def test_only_fingers_that_are_elsewhere_start_anew(hands: MovingHands) -> None:
    true = cold_start(hands.skeleton, hands.joints[0])
    turns = true.turns.copy()
    turns[0, 2, 0, 0] += 1.5
    turns[0, 3, 0, 0] += 0.05
    last = HandPoses(true.rotation, true.place, turns, true.log_scale, true.known)
    angles = hands.angles[0].copy()
    fingers = np.einsum("sfjxa,sfja->sfjx", bend_axes(hands.skeleton), turns)
    angles[:, 1:] = fingers.reshape(2, 15, 3)
    joints = hands.skeleton.joints(angles, hands.translations[0])
    start = warm_start(hands.skeleton, last, joints, hands.joints[0])
    np.testing.assert_allclose(start.turns[0, 2], true.turns[0, 2], atol=1e-9)
    np.testing.assert_array_equal(start.turns[0, 3], turns[0, 3])
    np.testing.assert_array_equal(start.turns[1], turns[1])
