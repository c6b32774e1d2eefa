import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.calibration import BASE, KINEMATIC_BASE
from operators.frames import Transform
from operators.look_at_camera import CameraError, LookAtCamera, fov_y_rad
from operators.synthetic_robot import EYE_M, LOOKED_AT_M, SyntheticRobot
from operators.transforms import inverse

SEED = LookAtCamera((0.020, 0.190, 0.505), (0.151, 0.10, 0.15), 0.655)


def test_the_target_is_amid_the_picture() -> None:
    camera = SEED.camera_from_kinematic_base()
    assert camera.name == "camera_from_kinematic_base"
    pinhole = SEED.pinhole(640, 480)
    np.testing.assert_allclose(pinhole.project(camera.points([SEED.target])), [[319.5, 239.5]])
    # What is above the target in the base is above it in the picture, and not beside it.
    above = np.add(SEED.target, [0.0, 0.0, 0.01])
    column, row = pinhole.project(camera.points([above]))[0]
    assert column == pytest.approx(319.5)
    assert row < 239.5


def test_the_angle_of_view_is_of_the_whole_picture() -> None:
    pinhole = SEED.pinhole(640, 480)
    # The picture's edges are half a pixel outside of the first and the last row's centres.
    low, high = pinhole.rays()[[0, -1], 320, 1]
    half = 0.5 / pinhole.fy
    assert np.arctan(high + half) - np.arctan(low - half) == pytest.approx(0.655, abs=1e-6)
    assert fov_y_rad(pinhole) == pytest.approx(0.655, abs=1e-12)


def test_it_looks_as_open_cvs_axes_say() -> None:
    """Against the axes of ManiSkill's look_at: forward, left and up."""
    forward = np.subtract(SEED.target, SEED.position)
    forward /= np.linalg.norm(forward)
    left = np.cross([0.0, 0.0, 1.0], forward)
    left /= np.linalg.norm(left)
    up = np.cross(forward, left)
    expected = np.stack([-left, -up, forward], axis=1)
    np.testing.assert_allclose(SEED.base_from_camera[:3, :3], expected, atol=1e-12)
    np.testing.assert_allclose(SEED.base_from_camera[:3, 3], SEED.position)


def test_translating_keeps_the_direction_and_turning_the_place() -> None:
    moved = SEED.translated([0.3, -0.2, 0.1])
    np.testing.assert_allclose(moved.forward, SEED.forward, atol=1e-12)
    np.testing.assert_allclose(np.subtract(moved.position, SEED.position), [0.3, -0.2, 0.1])
    turned = SEED.turned([0.4, 0.0, 0.2])
    assert turned.position == SEED.position
    assert turned.fov_y_rad == SEED.fov_y_rad
    assert turned.target == (0.4, 0.0, 0.2)


def test_zooming_enlarges_the_picture() -> None:
    ratio = SEED.zoomed(1.25).pinhole(640, 480).fx / SEED.pinhole(640, 480).fx
    assert ratio == pytest.approx(1.25)


def test_a_pose_comes_back_with_its_roll() -> None:
    for roll in (0.0, 0.2, -1.3):
        pose = SEED.camera_from_kinematic_base(roll)
        camera, found = LookAtCamera.from_pose(pose, 0.655, SEED.distance_m)
        assert found == pytest.approx(roll, abs=1e-9)
        np.testing.assert_allclose(camera.target, SEED.target, atol=1e-9)
        np.testing.assert_allclose(
            camera.camera_from_kinematic_base(found).matrix, pose.matrix, atol=1e-9
        )


def test_roll_turns_the_camera_about_its_own_axis() -> None:
    turned = SEED.base_from_camera[:3, :3] @ Rotation.from_euler("z", 0.3).as_matrix()
    rolled = inverse(SEED.camera_from_kinematic_base(0.3).matrix)
    np.testing.assert_allclose(rolled[:3, :3], turned, atol=1e-12)


@pytest.mark.gl
def test_it_stands_where_the_simulated_robots_camera_does() -> None:
    with SyntheticRobot(64, 36) as robot:
        fov = fov_y_rad(robot.pinhole)
        x, y, z = EYE_M.tolist()
        u, v, w = LOOKED_AT_M.tolist()
        camera = LookAtCamera((x, y, z), (u, v, w), fov)
        found = camera.camera_from_kinematic_base().matrix
        np.testing.assert_allclose(found, robot.camera_from_kinematic_base, atol=1e-12)
        assert camera.pinhole(64, 36).fx == pytest.approx(robot.pinhole.fx)


@pytest.mark.parametrize(
    ("position", "target", "fov", "words"),
    [
        ((0, 0, 1), (0, 0, 0), 0.5, "straight up or down"),
        ((0, 0, 1), (1e-5, 0, 5), 0.5, "straight up or down"),
        ((0, 1, 1), (0, 1, 1), 0.5, "is where the camera is"),
        ((0, 1), (0, 1, 1), 0.5, "position: expected three finite numbers"),
        ((0, 1, np.nan), (0, 1, 1), 0.5, "position: expected three finite numbers"),
        ((0, 1, 1), ("a", 1, 1), 0.5, "target: expected three finite numbers"),
        ((0, 0, 1), (1, 0, 0), 37.53, "as degrees it would be 0.6550"),
        ((0, 0, 1), (1, 0, 0), 0.0, "radians, 0.02 to 3.0, got 0.0"),
        ((0, 0, 1), (1, 0, 0), np.nan, "radians"),
    ],
)
def test_what_is_no_camera_is_refused(position, target, fov, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CameraError, match=words):
        LookAtCamera(position, target, fov)


def test_motions_that_are_none_are_refused() -> None:
    with pytest.raises(CameraError, match="zoom: expected a factor above 0"):
        SEED.zoomed(0.0)
    with pytest.raises(CameraError, match="translation: expected three"):
        SEED.translated([1.0, np.inf, 0.0])
    with pytest.raises(CameraError, match="expected camera_from_kinematic_base"):
        LookAtCamera.from_pose(Transform("camera", BASE, np.eye(4)), 0.5)


def test_the_frame_is_the_urdfs_own() -> None:
    assert SEED.camera_from_kinematic_base().source == KINEMATIC_BASE
