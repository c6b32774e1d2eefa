"""The products themselves are in test_frame_configuration.py; here is what they leave open."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from operators.calibration import Calibration, CalibrationError, average_pose
from operators.frame_configuration import load_frames
from operators.frames import FrameError
from operators.pictured_robot import calibrated
from operators.settings import ROOT
from operators.transforms import rigid, rotation_about
from tests.operators.calibrations import (
    RANDOM,
    SERIALS,
    any_matrix,
    cameras,
    in_hand,
    marker,
    optimised,
)

ROBOT = load_frames(ROOT / "configs/frames/robot.yml")
TWO_ARMS = load_frames(ROOT / "configs/frames/two_arms.yml")
EXOSKELETON = load_frames(ROOT / "configs/frames/exoskeleton.yml")


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 3.0, 90.0, 179.0, 181.0, 359.0])
def test_an_average_pose_is_half_way(degrees: float) -> None:
    first = any_matrix()
    axis = RANDOM.normal(size=3)
    turn = Rotation.from_rotvec(np.radians(degrees) * axis / np.linalg.norm(axis))
    second = rigid(first[:3, :3] @ turn.as_matrix(), RANDOM.normal(size=3))
    both = Rotation.from_matrix([first[:3, :3], second[:3, :3]])
    half = Slerp([0.0, 1.0], both)(0.5).as_matrix()
    mean = average_pose(first, second)
    np.testing.assert_allclose(mean[:3, :3], half, atol=1e-7)
    np.testing.assert_allclose(mean[:3, 3], (first[:3, 3] + second[:3, 3]) / 2, atol=1e-15)


def test_quaternions_of_opposite_signs_are_averaged_the_short_way() -> None:
    # Turns of 170 and of -170 degrees are 20 degrees apart, and their quaternions almost opposite.
    one, other = (rigid(rotation_about(0, np.radians(d)), np.zeros(3)) for d in (170.0, -170.0))
    np.testing.assert_allclose(
        average_pose(one, other)[:3, :3], np.diag([1.0, -1.0, -1.0]), atol=1e-12
    )


def test_two_hands_that_disagree_are_averaged() -> None:
    calibration = in_hand()
    arms = [
        calibration.camera_from_arm_base(SERIALS[0], side).matrix
        @ ROBOT[f"{side}_arm_base_from_kinematic_base"].matrix
        for side in ("left", "right")
    ]
    mean = calibration.camera_from_kinematic_base(SERIALS[0], ROBOT)
    assert mean.name == "camera_from_kinematic_base"
    np.testing.assert_allclose(mean.matrix, average_pose(*arms), atol=1e-12)


@pytest.mark.parametrize("calibration", [marker(), optimised(), in_hand()], ids=lambda c: c.kind)
def test_a_camera_that_is_not_there_is_named_with_those_that_are(
    calibration: Calibration,
) -> None:
    frames = ROBOT if calibration.kind == "in_hand" else EXOSKELETON
    for serial in ("104122061602", "", "1041220618500"):
        with pytest.raises(CalibrationError, match=f"no camera '{serial}'; there are 104122061330"):
            calibration.camera_from_base(serial, frames)


@pytest.mark.parametrize("calibration", [marker(), optimised()], ids=lambda c: c.kind)
def test_only_cameras_in_hands_tell_where_one_arm_is(calibration: Calibration) -> None:
    with pytest.raises(CalibrationError, match=f"is of kind {calibration.kind}; .* in_hand says"):
        calibrated(TWO_ARMS, calibration, SERIALS[0])


def test_frames_that_lack_what_a_kind_needs_are_refused() -> None:
    with pytest.raises(FrameError, match="no frame 'marker'"):
        marker().camera_from_base(SERIALS[0], ROBOT)
    with pytest.raises(FrameError, match="no frame 'left_arm_base'"):
        in_hand().camera_from_base(SERIALS[0], EXOSKELETON)


def test_a_calibration_of_another_kind_than_its_content_is_refused() -> None:
    with pytest.raises(CalibrationError, match="kind optimised needs 'optimised'"):
        Calibration(1, "optimised", cameras())
    with pytest.raises(CalibrationError, match="kind marker has no 'in_hand'"):
        replace(in_hand(), kind="marker")
    hands = in_hand().in_hand
    assert hands is not None
    with pytest.raises(CalibrationError, match="expected left and right, got"):
        replace(in_hand(), in_hand={"left": hands["left"]})


def test_a_calibration_gives_its_frames_to_a_tree() -> None:
    tree = calibrated(TWO_ARMS, in_hand(), SERIALS[1])
    np.testing.assert_allclose(
        tree["camera_from_left_arm_base"].matrix,
        in_hand().camera_from_arm_base(SERIALS[1], "left").matrix,
        atol=1e-12,
    )
    assert "calibration" not in tree.awaited.values()
