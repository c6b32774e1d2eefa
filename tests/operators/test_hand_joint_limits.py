import numpy as np
import pytest

from operators.hand_joint_limits import bend_axes, joint_limits
from operators.hand_kinematics import HandSkeleton


def test_axes_lie_across_the_bone_and_each_other() -> None:
    skeleton = HandSkeleton.average()
    axes = bend_axes(skeleton)
    bones = skeleton.bones.reshape(2, 5, 4, 3)[:, :, 1:]
    np.testing.assert_allclose(np.einsum("sfjxa,sfjx->sfja", axes, bones), 0.0, atol=1e-12)
    products = np.einsum("sfjxa,sfjxb->sfjab", axes, axes)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(2), products.shape), atol=1e-12)


@pytest.mark.parametrize("finger", range(5))
@pytest.mark.parametrize("side", [0, 1])
def test_negative_turns_bend_towards_the_palm(side: int, finger: int) -> None:
    """The palm is down, -y; the thumb also goes across it, towards the little finger."""
    skeleton = HandSkeleton.average()
    turns = np.zeros((2, 5, 3, 2))
    turns[side, finger, 0, 0] = -0.6
    angles = np.zeros((2, 16, 3))
    angles[:, 1:] = np.einsum("sfjxa,sfja->sfjx", bend_axes(skeleton), turns).reshape(2, 15, 3)
    places = np.zeros((2, 3))
    moved = skeleton.joints(angles, places) - skeleton.joints(np.zeros((2, 16, 3)), places)
    tip = moved[side, 4 + 4 * finger]
    assert tip[1] < -0.02
    if finger == 0:
        assert tip[0] * (-1.0 if side == 0 else 1.0) > 0.02


@pytest.mark.parametrize("side", [0, 1])
def test_positive_turns_sideways_go_to_the_right(side: int) -> None:
    axes = bend_axes(HandSkeleton.average())[side, 1:, :, :, 1]
    forward = np.array([0.0, 0.0, -1.0])
    assert (np.cross(axes, forward)[..., 0] > 0.8).all()


def test_limits_leave_room_for_a_fist_and_a_flat_hand() -> None:
    lower, upper = np.rad2deg(joint_limits()[0])
    assert (lower < 0.0).all()
    assert (upper > 0.0).all()
    assert (lower[1:, :, 0] <= [-90.0, -100.0, -80.0]).all()
