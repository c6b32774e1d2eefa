import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hand_kinematics import (
    MANO_FROM_MEDIAPIPE,
    MANO_FROM_WRIST,
    MANO_JOINTS,
    ROTATIONS,
    HandSkeleton,
    axis_angle_from_rotation,
    bone_lengths,
    from_mano_angles,
    mano_angles,
    rotation_from_axis_angle,
)
from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.usage_error import UsageError

Floats = NDArray[np.float64]


def random_pose(seed: int = 0) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return random.normal(0.0, 0.7, (2, 16, 3)), random.normal(0.0, 0.3, (2, 3))


def joints_by_scipy(bones: Floats, angles: Floats, translation: Floats) -> Floats:
    """One hand's joints, each as its parent's frame carries it: a chain of transforms a finger."""
    joints = np.zeros((21, 3))
    joints[0] = translation
    for tip in (4, 8, 12, 16, 20):
        frame, at = Rotation.from_rotvec(angles[0]), translation
        for joint in range(tip - 3, tip + 1):
            at = at + frame.apply(bones[joint - 1])
            joints[joint] = at
            if joint != tip:
                frame = frame * Rotation.from_rotvec(angles[ROTATIONS.index(joint)])
    return joints


@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_joints_are_a_chain_of_rotations(scale: float) -> None:
    skeleton = HandSkeleton.average()
    angles, places = random_pose()
    joints = skeleton.joints(angles, places, np.array([scale, 1.0]))
    for side, size in ((0, scale), (1, 1.0)):
        expected = joints_by_scipy(size * skeleton.bones[side], angles[side], places[side])
        np.testing.assert_allclose(joints[side], expected, atol=1e-12)


def test_many_pictures_at_once_are_each_as_alone() -> None:
    skeleton = HandSkeleton.average(0.18)
    poses = [random_pose(seed) for seed in range(3)]
    angles, places = np.array([p[0] for p in poses]), np.array([p[1] for p in poses])
    together = skeleton.joints(angles, places)
    for row, (angle, place) in enumerate(poses):
        np.testing.assert_allclose(together[row], skeleton.joints(angle, place), atol=1e-15)


def test_bones_keep_their_lengths_however_joints_turn() -> None:
    skeleton = HandSkeleton.average()
    found = bone_lengths(skeleton.joints(*random_pose()))
    np.testing.assert_allclose(found, skeleton.lengths, atol=1e-12)


def test_an_average_hand_is_as_long_as_it_is_asked_to_be() -> None:
    lengths = HandSkeleton.average(0.2).lengths
    np.testing.assert_allclose(lengths[:, 8:12].sum(axis=1), 0.2)


def test_a_flat_hand_points_forward_and_thumbs_point_inwards() -> None:
    joints = HandSkeleton.average().joints(np.zeros((2, 16, 3)), np.zeros((2, 3)))
    tips = joints[:, [8, 12, 16, 20]]
    assert (tips[..., 2] < -0.1).all()
    assert joints[0, 4, 0] > 0.05
    np.testing.assert_allclose(joints[1], joints[0] * [-1.0, 1.0, 1.0], atol=1e-15)


def test_manos_order_is_index_middle_pinky_ring_thumb() -> None:
    fingers = [MEDIAPIPE_JOINTS[joint].split("_")[0] for joint in MANO_FROM_MEDIAPIPE]
    assert fingers[1:16:3] == ["INDEX", "MIDDLE", "PINKY", "RING", "THUMB"]
    assert fingers[16:] == ["INDEX", "MIDDLE", "PINKY", "RING", "THUMB"]
    assert sorted(MANO_FROM_MEDIAPIPE) == list(range(21))
    assert [name.split("_")[0] for name in MANO_JOINTS[1::3]] == fingers[1:16:3]


def test_mano_angles_turn_the_same_joints_in_manos_axes() -> None:
    """The skeleton in MANO's axes, turned by MANO's angles, is ours in MANO's axes."""
    skeleton = HandSkeleton.average()
    angles, places = random_pose()
    ours = skeleton.joints(angles, places)
    mano = mano_angles(angles)
    for side in (0, 1):
        bones = skeleton.bones[side] @ MANO_FROM_WRIST[side].T
        reordered = np.zeros((16, 3))
        for row, joint in enumerate(MANO_FROM_MEDIAPIPE[:16]):
            reordered[ROTATIONS.index(joint)] = mano[side, row]
        turned = joints_by_scipy(bones, reordered, MANO_FROM_WRIST[side] @ places[side])
        np.testing.assert_allclose(turned, ours[side] @ MANO_FROM_WRIST[side].T, atol=1e-12)


def test_manos_template_lies_along_its_axes() -> None:
    """Where MANO's right template has its joints (m, as published): wrist, index and thumb."""
    wrist, index, thumb = np.array(
        [[0.0957, 0.0064, 0.0062], [0.0076, 0.0012, 0.0269], [0.0716, -0.0091, 0.0320]]
    )
    bones = HandSkeleton.average().bones[1] @ MANO_FROM_WRIST[1].T
    for ours, theirs in ((bones[4], index - wrist), (bones[0], thumb - wrist)):
        cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert cosine > np.cos(np.deg2rad(25.0))


def test_mano_angles_come_back() -> None:
    angles, _ = random_pose()
    np.testing.assert_allclose(from_mano_angles(mano_angles(angles)), angles, atol=1e-15)


@pytest.mark.parametrize("size", [0.0, 1e-14, 1e-6, 0.5, 3.0, np.pi - 1e-7])
def test_axis_angles_are_scipys(size: float) -> None:
    axis = np.array([0.36, -0.48, 0.8])
    rotation = rotation_from_axis_angle(size * axis)
    np.testing.assert_allclose(rotation, Rotation.from_rotvec(size * axis).as_matrix(), atol=1e-14)
    np.testing.assert_allclose(axis_angle_from_rotation(rotation), size * axis, atol=1e-8)


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        (np.ones((2, 19)), r"expected \(2, 20\), got \(2, 19\)"),
        (np.r_[np.ones(39), 0.0].reshape(2, 20), "right bone to PINKY_TIP.* above 0 m, got 0"),
        (np.r_[np.nan, np.ones(39)].reshape(2, 20), "left bone to THUMB_CMC.* got nan"),
    ],
)
def test_a_bone_without_length_is_refused(lengths: Floats, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        HandSkeleton.from_lengths(lengths)
