"""Bones against the hand that they are of, and shapes against the page's own words for them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.hand_bones import BONES_MM, PARENTS, hand_shape, rebuilt
from operators.joint_layout import mediapipe_from_webxr
from tests.operators.node_js import run_in_node

Joints = NDArray[np.float64]


def test_the_lengths_are_those_of_the_emulated_quests_hand(relaxed_left_hand: Joints) -> None:
    joints = mediapipe_from_webxr(relaxed_left_hand)
    lengths = np.linalg.norm(joints - joints[list(PARENTS)], axis=1) * 1e3
    np.testing.assert_allclose(lengths, BONES_MM, atol=0.06)


def test_that_hand_is_rebuilt_as_it_is(relaxed_left_hand: Joints) -> None:
    joints = mediapipe_from_webxr(relaxed_left_hand)
    np.testing.assert_allclose(rebuilt(joints, 0.1907), joints, atol=2e-4)


@pytest.mark.parametrize("hand_length_m", [0.16, 0.21])
def test_bones_keep_their_directions_and_get_one_length(
    human_hand_mano: Joints, hand_length_m: float
) -> None:
    built = rebuilt(human_hand_mano, hand_length_m)
    before = human_hand_mano[:, 1:] - human_hand_mano[:, list(PARENTS[1:])]
    after = built[:, 1:] - built[:, list(PARENTS[1:])]
    lengths = np.linalg.norm(after, axis=-1)
    np.testing.assert_allclose(lengths, np.tile(lengths[0], (len(built), 1)))
    assert lengths[0, 8:12].sum() == pytest.approx(hand_length_m)
    cosines = (before * after).sum(-1) / np.linalg.norm(before, axis=-1) / lengths
    np.testing.assert_allclose(cosines, 1.0)
    np.testing.assert_array_equal(built[:, 0], 0.0)


def test_a_bone_without_direction_has_no_length() -> None:
    joints = np.zeros((21, 3))
    joints[1:, 2] = 0.1
    built = rebuilt(joints, 0.19)
    assert np.isfinite(built).all()
    np.testing.assert_array_equal(built[2], built[1])


@pytest.mark.parametrize("shape", [(20, 3), (21, 2), (25, 3)])
def test_other_joints_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"must be \(\.\.\., 21, 3\)"):
        rebuilt(np.zeros(shape), 0.19)


@pytest.mark.browser
def test_pinch_and_squeeze_are_those_of_the_page(human_hands: Joints, tmp_path: Path) -> None:
    hands = human_hands[::10].reshape(-1, 25, 3)
    script = """
    import { pinchOf, squeezeOf } from "./page/hand_shape.js";
    result = given.map((joints) => [pinchOf(joints), squeezeOf(joints)]);
    """
    page = run_in_node(script, hands.reshape(len(hands), -1).tolist(), tmp_path)
    ours = np.array([hand_shape(joints) for joints in hands])
    np.testing.assert_allclose(ours, page, atol=1e-9)
    assert (np.ptp(ours, axis=0) > 0.5).all()
