import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.frames import Transform
from operators.look_at_camera import LookAtCamera
from operators.pinhole import Pinhole
from operators.posed_camera import STEP, PosedCamera, pixel_steps
from operators.transforms import inverse, rigid

LOOKING = LookAtCamera((1.5, 0.4, 0.8), (0.3, 0.0, 0.1), 0.7)
IDEAL = PosedCamera(LOOKING.camera_from_kinematic_base(0.1), LOOKING.pinhole(640, 480))
DISTORTED = PosedCamera(
    IDEAL.pose, Pinhole(640, 480, 600.0, 590.0, 322.0, 236.0, (-0.2, 0.05, 0.001, -0.002, 0.01))
)
POINTS = np.random.default_rng(3).uniform([0.0, -0.3, -0.2], [0.6, 0.3, 0.4], (30, 3))
STEP_TAKEN = np.array([0.02, -0.03, 0.01, 0.04, -0.02, 0.03, 0.05])


def test_the_position_is_where_the_camera_looks_from() -> None:
    np.testing.assert_allclose(IDEAL.position, LOOKING.position, atol=1e-12)


def test_a_step_turns_and_shifts_what_is_seen() -> None:
    seen = IDEAL.pose.points(POINTS)
    turned = Rotation.from_rotvec(STEP_TAKEN[:3]).apply(seen) + STEP_TAKEN[3:6]
    stepped = IDEAL.stepped(STEP_TAKEN)
    np.testing.assert_allclose(stepped.pose.points(POINTS), turned, atol=1e-12)
    assert stepped.pinhole.fx == pytest.approx(IDEAL.pinhole.fx * np.exp(0.05))


def test_a_step_is_found_again() -> None:
    np.testing.assert_allclose(IDEAL.step_to(IDEAL.stepped(STEP_TAKEN)), STEP_TAKEN, atol=1e-9)


def test_many_steps_leave_a_rotation() -> None:
    camera = IDEAL
    for _ in range(200):
        camera = camera.stepped(STEP_TAKEN * 0.1)
    rotation = camera.pose.matrix[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("camera", [IDEAL, DISTORTED], ids=["ideal", "distorted"])
def test_slopes_are_those_of_the_projection(camera: PosedCamera) -> None:
    pixels, slopes = pixel_steps(camera.pose.points(POINTS), camera.pinhole)
    np.testing.assert_allclose(pixels, camera.project(POINTS), atol=1e-9)
    assert slopes.shape == (30, 2, len(STEP))
    for i in range(len(STEP)):
        step = 1e-6 * np.eye(len(STEP))[i]
        ahead, behind = (camera.stepped(sign * step).project(POINTS) for sign in (1, -1))
        expected = (ahead - behind) / 2e-6
        np.testing.assert_allclose(slopes[..., i], expected, rtol=1e-5, atol=1e-3)


def test_projection_is_opencvs() -> None:
    matrix = DISTORTED.pose.matrix
    expected, _ = cv2.projectPoints(
        POINTS,
        cv2.Rodrigues(matrix[:3, :3])[0],
        matrix[:3, 3],
        DISTORTED.pinhole.matrix,
        np.array(DISTORTED.pinhole.distortion),
    )
    np.testing.assert_allclose(DISTORTED.project(POINTS), expected[:, 0], atol=1e-9)


def test_errors_are_lengths_and_angles() -> None:
    turn = Rotation.from_rotvec([0.0, 0.0, 0.2]).as_matrix()
    moved = inverse(IDEAL.pose.matrix) @ rigid(turn, [0.0, 0.03, 0.04])
    other = PosedCamera(Transform("camera", "kinematic_base", inverse(moved)), IDEAL.pinhole)
    assert IDEAL.position_error_m(other) == pytest.approx(0.05)
    assert IDEAL.rotation_error_rad(other) == pytest.approx(0.2)
