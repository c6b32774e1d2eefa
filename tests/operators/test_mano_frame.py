import numpy as np
import pytest
from numpy.typing import NDArray

from operators.joint_layout import FINGER_METACARPALS, mediapipe_from_webxr, webxr_from_mediapipe
from operators.mano_frame import WRIST_FROM_MANO, mirror_hand, wrist_joints_from_mano

Joints = NDArray[np.float64]


@pytest.fixture(scope="module")
def right(human_hand_mano: Joints) -> Joints:
    return wrist_joints_from_mano(human_hand_mano)


def palm_frame(joints: Joints) -> Joints:
    """Rows: towards the fingers, towards the thumb's side, and out of the palm (..., 3, 3).

    From the knuckles alone, with the palm on the side to which the fingertips curl.
    """
    fingers = joints[..., 11, :] - joints[..., 0, :]
    thumb = joints[..., 6, :] - joints[..., 21, :]
    palm = np.cross(fingers, thumb)
    tips = joints[..., [9, 14, 19, 24], :].mean(-2) - joints[..., 11, :]
    palm *= np.sign(np.sum(palm * tips, axis=-1, keepdims=True))
    rows = np.stack([fingers, thumb, palm], axis=-2)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_it_is_a_rotation() -> None:
    np.testing.assert_array_equal(WRIST_FROM_MANO @ WRIST_FROM_MANO.T, np.eye(3))
    assert np.linalg.det(WRIST_FROM_MANO) == pytest.approx(1.0)


def test_emulated_headset_says_where_the_axes_point(relaxed_left_hand: Joints) -> None:
    fingers, thumb, palm = palm_frame(relaxed_left_hand)
    assert fingers @ [0, 0, -1] > 0.95
    assert palm @ [0, -1, 0] > 0.95
    assert thumb @ [1, 0, 0] > 0.9


def test_recorded_right_hand_has_those_axes(right: Joints) -> None:
    fingers, thumb, palm = np.moveaxis(palm_frame(right), 1, 0)
    assert (fingers @ [0, 0, -1] > 0.95).all()
    assert (thumb @ [-1, 0, 0] > 0.7).all()
    # The side of the curl is only told by fingers that are bent.
    tips = right[:, [9, 14, 19, 24]].mean(1) - right[:, 11]
    bent = tips[:, 2] > -0.03
    assert bent.sum() > 50
    assert (palm[bent] @ [0, -1, 0] > 0.9).all()


def test_thumb_is_on_its_side(right: Joints, relaxed_left_hand: Joints) -> None:
    # Its tip may cross the palm; where it begins cannot.
    assert (right[:, 1:3, 0] < 0).all()
    assert (mirror_hand(right)[:, 1:3, 0] > 0).all()
    assert (relaxed_left_hand[1:3, 0] > 0).all()


def test_left_hand_is_the_mirror_image(right: Joints) -> None:
    left = mirror_hand(right)
    np.testing.assert_array_equal(left[..., 0], -right[..., 0])
    np.testing.assert_array_equal(left[..., 1:], right[..., 1:])
    np.testing.assert_array_equal(mirror_hand(left), right)
    # A mirror image cannot be made by turning: the thumbs lie on opposite sides of a curling hand.
    assert np.linalg.det(palm_frame(left[300])) * np.linalg.det(palm_frame(right[300])) < 0


def test_wrist_is_the_origin_and_lengths_are_kept(human_hand_mano: Joints, right: Joints) -> None:
    np.testing.assert_array_equal(right[:, 0], 0.0)
    landmarks = mediapipe_from_webxr(right)
    np.testing.assert_allclose(
        np.linalg.norm(landmarks[:, 8] - landmarks[:, 4], axis=-1),
        np.linalg.norm(human_hand_mano[:, 8] - human_hand_mano[:, 4], axis=-1),
    )


def test_interpolated_metacarpals_are_near_the_emulated_headsets(
    relaxed_left_hand: Joints,
) -> None:
    metacarpals = list(FINGER_METACARPALS)
    ours = webxr_from_mediapipe(mediapipe_from_webxr(relaxed_left_hand))
    distances = np.linalg.norm((ours - relaxed_left_hand)[metacarpals], axis=-1)
    assert distances.max() < 0.015
