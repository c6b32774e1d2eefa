import numpy as np
import pytest

from operators.look_at_camera import LookAtCamera
from operators.point_picking import ClickedPoints, PickError, point_at
from operators.simulated_camera import Cube, SimulatedPicture
from operators.urdf_visuals import Visual, shaded

CAMERA = LookAtCamera((0.0, -2.0, 0.0), (0.0, 0.0, 0.0), 0.8)
PINHOLE = CAMERA.pinhole(640, 480)
POSE = CAMERA.camera_from_kinematic_base().matrix
# A square of 0.4 m across the camera's view, 2 m away, and its like 0.6 m behind.
CORNERS = np.array([(x, 0.0, z) for x in (-0.2, 0.2) for z in (-0.2, 0.2)])
VERTICES, NORMALS, TRIANGLES = shaded(CORNERS, np.array([(0, 1, 2), (1, 2, 3)], np.int32))
SQUARE = Visual("link", np.eye(4), VERTICES, NORMALS, TRIANGLES, (1.0, 1.0, 1.0))
BEHIND = np.eye(4)
BEHIND[1, 3] = 0.6


def seen() -> SimulatedPicture:
    depth_m = np.full((480, 640), 30.0, np.float32)
    (left, top), (right, bottom) = PINHOLE.project([(-0.2, -0.2, 2.0), (0.2, 0.2, 2.0)]).round()
    depth_m[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = 2.0
    return SimulatedPicture(np.zeros((480, 640, 3), np.uint8), depth_m, depth_m < 29)


def picked(pixel: tuple[float, float]) -> tuple[float, float, float]:
    poses = np.stack([np.eye(4), BEHIND])
    return point_at(pixel, seen(), PINHOLE, POSE, poses, [SQUARE, SQUARE])


def test_a_corner_near_the_click_is_taken() -> None:
    column, row = PINHOLE.project([0.2, -0.2, 2.0])  # to the right, above
    assert picked((column + 3.0, row - 4.0)) == pytest.approx((0.2, 0.0, 0.2))


def test_a_corner_that_is_hidden_is_not() -> None:
    column, row = PINHOLE.project([0.2, -0.2, 2.6])
    front = PINHOLE.project([0.2, -0.2, 2.0])
    assert np.hypot(column - front[0], row - front[1]) > 8.0
    x, y, z = picked((column, row))
    assert (x, y, z) == pytest.approx((0.2 * 2.0 / 2.6, 0.0, 0.2 * 2.0 / 2.6), abs=1e-6)


def test_beside_the_robot_there_is_nothing_to_pick() -> None:
    with pytest.raises(PickError, match="simulated robot is not there"):
        picked((30.0, 30.0))


def test_the_cube_is_no_point_of_the_robot() -> None:
    """It lies on the square, and is turned by half of a right angle."""
    cube = Cube((0.0, 0.02, 0.0), np.pi / 4, 0.06)
    poses = np.stack([np.eye(4), BEHIND])

    def pick(x: float, z: float) -> tuple[float, float, float]:
        pixel = PINHOLE.project([x, -z, 2.0])
        return point_at(tuple(pixel), seen(), PINHOLE, POSE, poses, [SQUARE, SQUARE], cube)

    for x, z in ((0.0, 0.0), (0.02, -0.025)):
        with pytest.raises(PickError, match="that is the cube"):
            pick(x, z)
    for x, z in ((0.028, 0.0), (0.0, 0.035)):
        np.testing.assert_allclose(pick(x, z), (x, 0.0, z), atol=1e-3)


def test_points_are_picked_and_put_in_turn() -> None:
    points = ClickedPoints()
    with pytest.raises(PickError, match="on the simulated robot first"):
        points.put((1.0, 2.0))
    points.pick((0.0, 0.0, 1.0))
    points.pick((0.0, 0.0, 2.0))  # the first was a mistake
    assert points.waits
    points.put((3.0, 4.0))
    points.pick((0.0, 1.0, 1.0))
    places, pixels = points.pairs()
    assert places.tolist() == [[0.0, 0.0, 2.0]]
    assert pixels.tolist() == [[3.0, 4.0]]
    assert np.isnan(points.pixels[1]).all()
    points.remove_last()
    assert not points.waits
    points.clear()
    assert points.places.shape == (0, 3)
    with pytest.raises(PickError, match="no points"):
        points.remove_last()
