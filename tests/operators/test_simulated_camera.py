"""The simulated camera against our own renderer, which draws by other means, and closed forms."""

from collections.abc import Iterator

import numpy as np
import pytest

from operators.arm_renderer import ArmRenderer
from operators.look_at_camera import LookAtCamera
from operators.overlay import robot_at_its_base
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import PicturedRobot, Readings
from operators.pinhole import Pinhole
from operators.simulated_camera import CUBE_COLOUR, Cube, Look, SimulatedCamera
from operators.synthetic_robot import HOME, MIRRORED

pytestmark = pytest.mark.gl

WIDTH, HEIGHT = 320, 180
CAMERA = LookAtCamera((2.05, 0.66, 0.92), (0.4, 0.0, 0.16), 0.76)
READINGS = {"left": Readings(HOME, 0.05), "right": Readings(MIRRORED * HOME, 0.02)}


@pytest.fixture(scope="module")
def robot() -> PicturedRobot:
    return robot_at_its_base(OverlaySettings())


@pytest.fixture(scope="module")
def meshes(robot: PicturedRobot) -> np.ndarray:
    return robot.camera_from_meshes(robot.camera_from_links(READINGS))


@pytest.fixture(scope="module")
def simulated(robot: PicturedRobot) -> Iterator[SimulatedCamera]:
    made = SimulatedCamera(robot.visuals, WIDTH, HEIGHT)
    yield made
    made.close()


@pytest.mark.parametrize("roll_rad", [0.0, 0.3])
@pytest.mark.parametrize(
    "pinhole",
    [CAMERA.pinhole(WIDTH, HEIGHT), Pinhole(WIDTH, HEIGHT, 230.0, 245.0, 120.0, 101.0)],
    ids=["centred", "off-centre"],
)
def test_it_sees_what_our_renderer_sees(
    simulated: SimulatedCamera,
    robot: PicturedRobot,
    meshes: np.ndarray,
    pinhole: Pinhole,
    roll_rad: float,
) -> None:
    camera_from_base = CAMERA.camera_from_kinematic_base(roll_rad).matrix
    seen = simulated.look(meshes, camera_from_base, pinhole)
    renderer = ArmRenderer(pinhole, robot.visuals)
    drawing = renderer.draw(camera_from_base @ meshes)
    depth_m = np.zeros((HEIGHT, WIDTH), np.float32)
    depth_m[drawing.where] = drawing.depth_m
    renderer.close()
    assert seen.shown.sum() > 1500
    assert (seen.shown != (depth_m > 0)).sum() <= 3
    both = seen.shown & (depth_m > 0)
    assert np.quantile(np.abs(seen.depth_m - depth_m)[both], 0.99) < 1e-3


def test_a_cube_lies_where_the_camera_projects_it(
    simulated: SimulatedCamera, meshes: np.ndarray
) -> None:
    pinhole = CAMERA.pinhole(WIDTH, HEIGHT)
    camera_from_base = CAMERA.camera_from_kinematic_base().matrix
    middle = (0.8, 0.5, -0.2)
    away = meshes.copy()
    away[:, :3, 3] += (0.0, 0.0, -50.0)
    seen = simulated.look(away, camera_from_base, pinhole, Cube(middle, 0.4, 0.06))
    rows, columns = np.nonzero(seen.shown)
    expected = pinhole.project(camera_from_base[:3, :3] @ middle + camera_from_base[:3, 3])
    np.testing.assert_allclose([columns.mean(), rows.mean()], expected, atol=1.0)
    depth_m = float(camera_from_base[2, :3] @ middle + camera_from_base[2, 3])
    # Between what a cube and a ball around it cover.
    across = 0.06 * pinhole.fx / depth_m
    assert across**2 < seen.shown.sum() < 3.0 * across**2
    red, green, blue = seen.colour[seen.shown].mean(axis=0)
    assert red > 2 * green > 0
    assert red > 2 * blue
    assert not simulated.look(away, camera_from_base, pinhole).shown.any()
    assert CUBE_COLOUR[0] > CUBE_COLOUR[1]


def test_colour_and_light_are_what_they_are_told_to_be(
    simulated: SimulatedCamera, meshes: np.ndarray
) -> None:
    pinhole = CAMERA.pinhole(WIDTH, HEIGHT)
    where = CAMERA.camera_from_kinematic_base().matrix

    def mean(look: Look) -> np.ndarray:
        seen = simulated.look(meshes, where, pinhole, look=look)
        return seen.colour[seen.shown].mean(axis=0)

    usual = mean(Look())
    np.testing.assert_allclose(mean(Look(brightness=0.5)) / usual, 0.5, atol=0.06)
    blue = mean(Look(robot_colour=(0.1, 0.1, 0.9)))
    assert blue[2] > 4 * blue[0]
    np.testing.assert_allclose(mean(Look()), usual)
    from_left = simulated.look(meshes, where, pinhole, look=Look(light_from=(0.0, 1.0, 0.2)))
    from_right = simulated.look(meshes, where, pinhole, look=Look(light_from=(0.0, -1.0, 0.2)))
    assert np.abs(from_left.colour.astype(int) - from_right.colour).max() > 60
