"""Where the hands that several cameras see are before the operator."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from operators.capture_settings import MultiViewSettings
from operators.joint_layout import mediapipe_from_webxr
from operators.multi_view_hands import MultiViewHands, stage_from_rig
from tests.operators.captured_hands import RIG_FROM_WRIST, RIGHT, fitted, joints_at


@pytest.mark.parametrize(
    ("settings", "rig", "stage"),
    [
        # A board flat on the desk: z points into it.
        ({}, (0.1, 0.2, -0.3), (0.1, 0.9 + 0.3, -0.5 + 0.2)),
        # Seen from the other side of the desk.
        ({"marker_x": "left", "marker_y": "forward"}, (0.1, 0.2, 0.0), (-0.1, 0.9, -0.7)),
        # Upright before the operator, as OpenCV has boards: y down, z away.
        ({"marker_y": "down"}, (0.1, 0.2, 0.3), (0.1, 0.7, -0.8)),
        ({"marker_yaw_deg": 90.0}, (0.1, 0.0, 0.0), (0.0, 0.9, -0.6)),
    ],
)
def test_the_marker_lies_where_the_settings_say(
    settings: dict[str, object],
    rig: tuple[float, float, float],
    stage: tuple[float, float, float],
) -> None:
    matrix = stage_from_rig(MultiViewSettings.model_validate(settings))
    np.testing.assert_allclose(matrix @ [*rig, 1.0], [*stage, 1.0], atol=1e-12)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)


@pytest.mark.parametrize(("x", "y"), [("right", "right"), ("up", "down"), ("back", "forward")])
def test_axes_that_are_not_at_right_angles_are_refused(x: str, y: str) -> None:
    with pytest.raises(ValidationError, match=f"right angles, got {x} and {y}"):
        MultiViewSettings.model_validate({"marker_x": x, "marker_y": y})


def test_hands_are_as_a_headset_would_give_them() -> None:
    settings = MultiViewSettings(marker_position=(0.2, 1.0, -0.4))
    hands = MultiViewHands(settings).hands(fitted(0.1, 3))
    hands.check()
    assert hands.source == "cameras"
    assert hands.valid.tolist() == [False, True]
    matrix = stage_from_rig(settings)
    truth = joints_at(0.1)[RIGHT] @ matrix[:3, :3].T + matrix[:3, 3]
    np.testing.assert_allclose(mediapipe_from_webxr(hands.joint_positions[RIGHT]), truth)
    np.testing.assert_allclose(hands.stage_from_wrist[RIGHT, :3, 3], truth[0])
    turned = matrix[:3, :3] @ Rotation.from_rotvec(RIG_FROM_WRIST).as_matrix()
    between = Rotation.from_matrix(hands.stage_from_wrist[RIGHT, :3, :3].T @ turned)
    # Which joints span the wrist's axes differs, by as much as a palm is arched.
    assert np.degrees(between.magnitude()) < 15.0
    assert 0.0 <= hands.squeeze[RIGHT] <= 1.0


def test_the_head_is_where_the_settings_say() -> None:
    head = MultiViewHands(MultiViewSettings(head_position=(0.0, 1.7, 0.1))).head
    head.check()
    np.testing.assert_array_equal(head.stage_from_head[:3, 3], [0.0, 1.7, 0.1])
