"""Places of hands that are known, found again from what a pinhole sees of them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hand_placement import (
    projected,
    rotation_towards,
    translation_seen_at,
    wrist_rotation,
)
from operators.joint_layout import mediapipe_from_webxr
from tests.operators.camera_hands import CAMERA_FROM_WRIST

Joints = NDArray[np.float64]


@pytest.mark.parametrize("at", [(0.0, 0.0, 0.5), (0.3, -0.2, 0.6), (-0.8, 0.4, 1.5)])
def test_a_shape_is_placed_where_it_was(human_hands: Joints, at: tuple[float, ...]) -> None:
    for joints in human_hands[::100, 1]:
        shape = CAMERA_FROM_WRIST.apply(mediapipe_from_webxr(joints))
        found = translation_seen_at(shape, projected(shape + at))
        np.testing.assert_allclose(found, at, atol=1e-9)


def test_noise_moves_it_along_the_ray_more_than_across(human_hands: Joints) -> None:
    random = np.random.default_rng(0)
    shape = CAMERA_FROM_WRIST.apply(mediapipe_from_webxr(human_hands[0, 1]))
    points = projected(shape + np.array([0.0, 0.0, 0.6]))
    noise = random.normal(0.0, 1 / 900, (200, *points.shape))  # a pixel
    found = np.array([translation_seen_at(shape, points + n) for n in noise])
    across_mm, along_mm = found[:, :2].std() * 1e3, found[:, 2].std() * 1e3
    assert across_mm < 0.5
    assert 2 * across_mm < along_mm < 5.0
    assert abs(found[:, 2].mean() - 0.6) < 0.002


@pytest.mark.parametrize("point", [(0.0, 0.0), (0.5, 0.0), (0.0, -0.4), (-0.3, 0.7)])
def test_the_rotation_towards_a_point_is_the_smallest(point: tuple[float, float]) -> None:
    rotation = rotation_towards(point)
    direction = np.array([*point, 1.0]) / np.hypot(np.hypot(*point), 1.0)
    np.testing.assert_allclose(rotation @ [0, 0, 1], direction, atol=1e-12)
    angle = np.linalg.norm(Rotation.from_matrix(rotation).as_rotvec())
    assert angle == pytest.approx(np.arccos(direction[2]), abs=1e-9)


@pytest.mark.parametrize("side", [0, 1])
def test_the_wrists_axes_are_those_of_the_recording(human_hands: Joints, side: int) -> None:
    # dex-retargeting has turned these hands into its own wrist frame; seen from there ours is none.
    for joints in human_hands[::20, side]:
        turn = CAMERA_FROM_WRIST.as_matrix()
        found = wrist_rotation(mediapipe_from_webxr(joints) @ turn.T, side)
        np.testing.assert_allclose(found, turn, atol=0.02)
        assert np.linalg.det(found) == pytest.approx(1.0)


def test_the_wrists_axes_are_webxrs(relaxed_left_hand: Joints) -> None:
    found = wrist_rotation(mediapipe_from_webxr(relaxed_left_hand), 0)
    assert found[:, 2] @ [0, 0, 1] > 0.99  # -z to the fingers
    assert found[:, 1] @ [0, 1, 0] > 0.9  # +y out of the back
