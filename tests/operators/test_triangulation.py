import cv2
import numpy as np
import pytest
from jaxtyping import TypeCheckError
from numpy.typing import NDArray
from scipy.optimize import least_squares

from benchmarks.hand_rig import cameras, disturbed, seen
from operators.triangulation import Triangulator, projections
from operators.usage_error import UsageError

Floats = NDArray[np.float64]

BARREL = (-0.25, 0.1, 0.001, -0.001, 0.0)


def scattered(count: int = 12) -> Floats:
    points = np.random.default_rng(3).uniform(-0.15, 0.15, (count, 3))
    points[:, 2] += 0.15
    return points


def sure(pixels: Floats) -> Floats:
    return np.ones(pixels.shape[:-1])


@pytest.mark.parametrize("distortion", [(), BARREL], ids=["ideal", "distorted"])
@pytest.mark.parametrize("count", [2, 3, 8])
def test_exact_pixels_give_the_points(count: int, distortion: tuple[float, ...]) -> None:
    rig, points = cameras(count, distortion), scattered()
    pixels = seen(rig, points)
    found = Triangulator(rig).triangulate(pixels, sure(pixels))
    np.testing.assert_allclose(found.points, points, atol=1e-8)
    np.testing.assert_array_equal(found.views, count)
    np.testing.assert_allclose(found.reprojection_px, 0.0, atol=1e-5)
    np.testing.assert_array_equal(found.confidence, 1.0)


def test_two_views_are_as_opencv_finds_them() -> None:
    """OpenCV moves noisy pixels to where two lines of sight meet by the shortest way, and solves.

    Hartley and Sturm, Triangulation, 1997: the least error in pixels.
    """
    rig, points = cameras(2), scattered()
    pixels = disturbed(seen(rig, points), np.random.default_rng(0), 1.0)
    found = Triangulator(rig).triangulate(pixels, sure(pixels))
    relative = rig[1].camera_from_marker.matrix @ rig[0].camera_from_marker.inverse.matrix
    x, y, z = relative[:3, 3]
    essential = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]]) @ relative[:3, :3]
    unseen = [np.linalg.inv(camera.pinhole.matrix) for camera in rig]
    moved = cv2.correctMatches(unseen[1].T @ essential @ unseen[0], pixels[:1], pixels[1:])
    homogeneous = cv2.triangulatePoints(*projections(rig), moved[0][0].T, moved[1][0].T)
    np.testing.assert_allclose(found.points, (homogeneous[:3] / homogeneous[3]).T, atol=1e-5)


def test_noisy_points_have_the_least_weighted_error_in_pixels() -> None:
    rig, points = cameras(4), scattered(6)
    random = np.random.default_rng(1)
    pixels = disturbed(seen(rig, points), random, 1.0)
    confidence = random.uniform(0.2, 1.0, pixels.shape[:-1])
    found = Triangulator(rig).triangulate(pixels, confidence)
    for point, pixel, weight, start in zip(
        found.points, np.swapaxes(pixels, 0, 1), confidence.T, points, strict=True
    ):

        def error(x: Floats, pixel: Floats = pixel, weight: Floats = weight) -> Floats:
            return ((seen(rig, x) - pixel) * np.sqrt(weight)[:, None]).ravel()

        best = least_squares(error, start, xtol=1e-12, ftol=1e-12, gtol=1e-12).x
        np.testing.assert_allclose(point, best, atol=2e-5)


def test_a_view_that_is_less_sure_counts_less() -> None:
    rig, points = cameras(3), scattered(1)
    pixels = seen(rig, points)
    pixels[0] += 4.0
    confidence = sure(pixels)
    pulled = Triangulator(rig).triangulate(pixels, confidence).points
    confidence[0] = 0.01
    left = Triangulator(rig).triangulate(pixels, confidence).points
    assert np.linalg.norm(left - points) < 0.05 * np.linalg.norm(pulled - points)


@pytest.mark.parametrize("count", [3, 4, 8])
def test_a_wrong_view_is_left_out(count: int) -> None:
    rig, points = cameras(count), scattered()
    pixels = seen(rig, points)
    wrong = np.arange(len(points)) % count
    pixels[wrong, np.arange(len(points))] += [45.0, -40.0]
    found = Triangulator(rig).triangulate(pixels, sure(pixels))
    np.testing.assert_allclose(found.points, points, atol=1e-8)
    expected = np.ones((count, len(points)), dtype=bool)
    expected[wrong, np.arange(len(points))] = False
    np.testing.assert_array_equal(found.used, expected)
    np.testing.assert_array_equal(found.views, count - 1)


def test_three_of_eight_views_may_be_wrong() -> None:
    rig, points = cameras(8), scattered()
    pixels = seen(rig, points)
    pixels[1:4] += np.array([[60.0, 0.0], [-40.0, 40.0], [0.0, -60.0]])[:, None]
    found = Triangulator(rig).triangulate(pixels, sure(pixels))
    np.testing.assert_allclose(found.points, points, atol=1e-8)
    np.testing.assert_array_equal(found.views, 5)


def test_two_views_that_disagree_give_no_point() -> None:
    rig, points = cameras(2), scattered(2)
    pixels = seen(rig, points)
    pixels[1, 0] += [0.0, 60.0]
    found = Triangulator(rig).triangulate(pixels, sure(pixels))
    assert found.found.tolist() == [False, True]
    assert np.isnan(found.points[0]).all()
    assert np.isnan(found.reprojection_px[0])
    assert (found.views[0], found.confidence[0]) == (0, 0.0)
    np.testing.assert_allclose(found.points[1], points[1], atol=1e-8)


def test_unseen_and_unsure_views_do_not_count() -> None:
    rig, points = cameras(4), scattered(3)
    pixels = seen(rig, points)
    confidence = sure(pixels) * 0.5
    pixels[:2, 0] = np.nan
    confidence[:3, 1] = 0.0
    pixels[1:, 2] = np.nan
    found = Triangulator(rig).triangulate(pixels, confidence)
    assert found.views.tolist() == [2, 0, 0]
    np.testing.assert_allclose(found.points[0], points[0], atol=1e-8)
    assert np.isnan(found.points[1:]).all()
    assert found.confidence.tolist() == [0.5, 0.0, 0.0]


def test_one_camera_is_too_few() -> None:
    with pytest.raises(UsageError, match="two cameras or more, got 1"):
        Triangulator(cameras(2)[:1])


def test_views_must_be_as_many_as_cameras() -> None:
    with pytest.raises(UsageError, match="pixels of 3 views, but there are 2 cameras"):
        Triangulator(cameras(2)).triangulate(np.zeros((3, 4, 2)), np.ones((3, 4)))


def test_shapes_are_checked_in_tests() -> None:
    with pytest.raises(TypeCheckError, match="confidence"):
        Triangulator(cameras(2)).triangulate(np.zeros((2, 4, 2)), np.ones((2, 5)))
