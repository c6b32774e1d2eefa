import cv2
import numpy as np
import pytest

from operators.pinhole import ImageSizeError, Pinhole
from operators.usage_error import UsageError

CAMERA = Pinhole(64, 48, 50.0, 45.0, 30.2, 25.7)
DISTORTED = Pinhole(64, 48, 50.0, 45.0, 30.2, 25.7, (-0.3, 0.1, 0.002, -0.001, -0.01))
RATIONAL = Pinhole(64, 48, 50.0, 45.0, 30.2, 25.7, (0.5, -2.6, 0.001, -0.0003, 1.5, 0.4, -2.4, 1.4))
"""As a wide camera's maker gives it."""

POINTS = np.random.default_rng(2).uniform([-1, -1, 0.5], [1, 1, 4], (40, 3))


def test_points_project_as_opencv_projects_them() -> None:
    expected, _ = cv2.projectPoints(POINTS, np.zeros(3), np.zeros(3), CAMERA.matrix, np.zeros(5))
    np.testing.assert_allclose(CAMERA.project(POINTS), expected[:, 0], atol=1e-9)


@pytest.mark.parametrize("camera", [DISTORTED, RATIONAL], ids=["5 terms", "8 terms"])
def test_distorted_points_project_as_opencv_projects_them(camera: Pinhole) -> None:
    terms = np.array(camera.distortion)
    expected, _ = cv2.projectPoints(POINTS, np.zeros(3), np.zeros(3), camera.matrix, terms)
    found = camera.project(POINTS.reshape(8, 5, 3))
    np.testing.assert_allclose(found.reshape(-1, 2), expected[:, 0], atol=1e-9)


@pytest.mark.parametrize("camera", [CAMERA, DISTORTED, RATIONAL], ids=["0", "5", "8"])
def test_pixels_go_back_to_where_they_were_seen(camera: Pinhole) -> None:
    directions = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 2))
    points = np.column_stack([directions, np.ones(50)])
    pixels = camera.project(points)
    np.testing.assert_allclose(camera.normalised(pixels), directions, atol=1e-6)
    np.testing.assert_allclose(camera.undistorted(pixels), camera.ideal.project(points), atol=1e-4)
    assert (np.abs(pixels - camera.ideal.project(points)).max() > 0.2) == camera.is_distorted


@pytest.mark.parametrize("camera", [CAMERA, DISTORTED])
def test_no_points_are_seen_nowhere(camera: Pinhole) -> None:
    assert camera.project(np.empty((0, 3))).shape == (0, 2)
    assert camera.undistorted(np.empty((0, 2))).shape == (0, 2)


def test_a_pixel_that_is_not_seen_stays_so() -> None:
    pixels = np.array([[20.0, 30.0], [np.nan, np.nan]])
    found = DISTORTED.undistorted(pixels)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_rays_meet_the_pixels_that_they_are_of() -> None:
    rays = CAMERA.rays(step=5).astype(np.float64)
    rows, columns = np.mgrid[0:48:5, 0:64:5]
    np.testing.assert_allclose(CAMERA.project(rays * 2.5), np.dstack([columns, rows]), atol=1e-4)


def test_opengls_pixels_are_opencvs() -> None:
    clip = np.column_stack([POINTS, np.ones(40)]) @ CAMERA.clip_from_camera(0.1, 10.0).T
    device = clip[:, :3] / clip[:, 3:]
    # OpenGL's pixel i reaches from i to i + 1, OpenCV's from i - 0.5 to i + 0.5.
    window = (device[:, :2] + 1.0) / 2.0 * [64, 48] - 0.5
    np.testing.assert_allclose(window, CAMERA.project(POINTS), atol=1e-9)
    assert (np.abs(device[:, 2]) < 1).all()
    assert (np.argsort(device[:, 2]) == np.argsort(POINTS[:, 2])).all()


def test_a_camera_matrix_is_read_and_given_back() -> None:
    assert Pinhole.from_matrix(CAMERA.matrix, 64, 48) == CAMERA
    assert Pinhole.from_matrix(CAMERA.matrix, 64, 48, [DISTORTED.distortion]) == DISTORTED


@pytest.mark.parametrize(("fov_deg", "focal_px"), [(90.0, 320.0), (60.0, 320.0 * 3**0.5)])
def test_a_guessed_lens_sees_as_wide_as_it_is_said_to(fov_deg: float, focal_px: float) -> None:
    lens = Pinhole.guess(640, 480, fov_deg).lens
    np.testing.assert_allclose(lens, [focal_px, focal_px, 319.5, 239.5])


@pytest.mark.parametrize(
    "matrix",
    [
        [[50, 1, 30], [0, 50, 20], [0, 0, 1]],
        [[50, 0, 30], [0, 50, 20], [0, 0, 2]],
        np.eye(4),
    ],
    ids=["skew", "scale", "4x4"],
)
def test_another_camera_matrix_is_refused(matrix: object) -> None:
    with pytest.raises(UsageError, match="intrinsics: expected"):
        Pinhole.from_matrix(np.array(matrix, float), 64, 48)


@pytest.mark.parametrize("focal", [0.0, -5.0, np.inf, np.nan])
def test_focal_lengths_that_are_none_are_refused(focal: float) -> None:
    with pytest.raises(UsageError, match="focal lengths above 0"):
        Pinhole(64, 48, focal, 45.0, 30.0, 25.0)


@pytest.mark.parametrize("terms", [(0.1,), (0.1, np.nan, 0.0, 0.0), (0.0,) * 6])
def test_a_distortion_that_is_none_is_refused(terms: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="distortion: expected 0, 4, 5, 8, 12, 14 finite"):
        Pinhole(64, 48, 50.0, 45.0, 30.0, 25.0, terms)


def test_a_picture_of_another_size_is_refused_with_both() -> None:
    with pytest.raises(ImageSizeError, match=r"camera 7: expected 64x48 px .* got 48x64"):
        CAMERA.check_size(np.zeros((64, 48, 3), np.uint8), "camera 7")


@pytest.mark.parametrize("distortion", [(), (-0.2, 0.05, 0.0, 0.0)])
def test_of_no_points_nothing_is_seen(distortion: tuple[float, ...]) -> None:
    camera = Pinhole(640, 480, 600.0, 600.0, 320.0, 240.0, distortion)
    assert camera.project(np.empty((0, 3))).shape == (0, 2)
    assert camera.undistorted(np.empty((0, 2))).shape == (0, 2)
