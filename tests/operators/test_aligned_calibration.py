from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from operators.aligned_calibration import (
    aligned_calibration,
    in_kinematic_base,
    looking_camera,
    posed_camera,
)
from operators.calibration import CalibrationError
from operators.calibration_file import find_calibration, write_calibration
from operators.look_at_camera import LookAtCamera, fov_y_rad
from operators.mujoco_camera import MujocoCamera
from operators.overlay import OverlayDrawer
from operators.overlay_messages import CameraFrame
from operators.overlay_settings import OverlaySettings
from operators.posed_camera import zoomed
from operators.simulated_view import add_camera
from operators.synthetic_robot import CALIBRATED_MS, EYE_M, LOOKED_AT_M, SERIAL, URDF
from operators.urdf import load_urdf
from tests.operators.calibrations import SERIALS, in_hand
from tests.operators.seen_robots import HEIGHT, WIDTH, seen_robot


def written(folder: Path) -> None:
    calibration = aligned_calibration(seen_robot().truth, SERIAL, CALIBRATED_MS)
    write_calibration(calibration, folder)


@pytest.mark.gl
def test_it_comes_back_as_it_was_aligned(tmp_path: Path) -> None:
    robot = seen_robot()
    written(tmp_path)
    read = find_calibration(tmp_path)
    assert read.kind == "optimised"
    found = posed_camera(read, SERIAL, robot.frames)
    assert found.pinhole == robot.truth.pinhole
    np.testing.assert_allclose(found.pose.matrix, robot.truth.pose.matrix, atol=1e-12)


@pytest.mark.gl
def test_the_overlay_takes_it(tmp_path: Path) -> None:
    robot = seen_robot()
    written(tmp_path)
    drawer = OverlayDrawer(OverlaySettings(), find_calibration(tmp_path))
    frame = CameraFrame.of(SERIAL, robot.pictures[0], None, 1000)
    result = drawer.draw(frame, robot.views[0].readings)
    drawer.close()
    drawn, seen = result.silhouette.pixels > 0, robot.views[0].silhouette
    # The robot is drawn whole; the table and the post hide some of it from the camera.
    assert (seen & ~drawn).sum() < 0.01 * seen.sum()
    assert (drawn & seen).sum() > 0.99 * seen.sum()


@pytest.mark.gl
def test_the_simulator_takes_it(tmp_path: Path) -> None:
    """MuJoCo draws the robot's URDF where the overlay's renderer and the picture have it."""
    robot = seen_robot()
    written(tmp_path)
    read = posed_camera(find_calibration(tmp_path), SERIAL, robot.frames)
    spec = load_urdf(URDF)
    add_camera(spec, "view", in_kinematic_base(read, robot.frames))
    model = spec.compile()
    data = mujoco.MjData(model)
    for side, arm in robot.views[0].readings.items():
        for i, angle in enumerate(np.asarray(arm.joints)):
            data.joint(f"{side}_joint{i + 1}").qpos[0] = angle
    mujoco.mj_forward(model, data)
    view = MujocoCamera(model, "view", WIDTH, HEIGHT)
    simulated = view.seen_geoms(data) >= 0
    view.close()
    seen = robot.views[0].silhouette
    # The grippers' fingers stay at zero here; the rest of the robot must agree.
    assert (seen & ~simulated).sum() < 0.03 * seen.sum()


@pytest.mark.gl
def test_a_camera_by_its_target_is_the_same() -> None:
    robot = seen_robot()
    eye, target = (tuple(place.tolist()) for place in (EYE_M, LOOKED_AT_M))
    camera = LookAtCamera(eye, target, fov_y_rad(robot.truth.pinhole))
    found = looking_camera(camera, WIDTH, HEIGHT, robot.frames)
    np.testing.assert_allclose(found.pose.matrix, robot.truth.pose.matrix, atol=1e-12)
    assert found.pose.name == robot.truth.pose.name
    own = in_kinematic_base(found, robot.frames)
    assert own.pose.name == "camera_from_kinematic_base"
    np.testing.assert_allclose(own.position, EYE_M, atol=1e-12)


@pytest.mark.gl
def test_other_cameras_stay_where_they_are_to_it() -> None:
    robot, before = seen_robot(), in_hand()
    lens = zoomed(before.camera(SERIALS[0]).pinhole, 1.02)
    camera = replace(robot.truth, pinhole=lens)
    after = aligned_calibration(camera, SERIALS[0], 5, before)
    assert after.camera(SERIALS[0]).pinhole == lens
    between = [
        calibration.camera(SERIALS[1]).camera_from_marker.matrix
        @ np.linalg.inv(calibration.camera(SERIALS[0]).camera_from_marker.matrix)
        for calibration in (before, after)
    ]
    np.testing.assert_allclose(*between)
    expected = between[0] @ camera.pose.matrix
    found = after.camera_from_base(SERIALS[1], robot.frames).matrix
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.gl
def test_another_base_is_refused() -> None:
    robot = seen_robot()
    with pytest.raises(CalibrationError, match="expected camera_from_base, got camera_from_kinem"):
        aligned_calibration(in_kinematic_base(robot.truth, robot.frames), SERIAL, 5)
