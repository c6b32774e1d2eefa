"""A person's motions of the simulated camera, by where they put points in the picture."""

import numpy as np
import pytest

from operators.aligned_view import AlignedView
from operators.alignment_commands import MOTIONS, CommandError, Seen, moved
from operators.look_at_camera import CameraError, LookAtCamera
from operators.transforms import Array

WIDTH, HEIGHT = 1280, 720
VIEW = AlignedView(LookAtCamera((2.05, 0.66, 0.92), (0.4, 0.0, 0.16), 0.76), 0.1)
FAR = Seen(HEIGHT, lambda x, y: 1.3)


def pixel(view: AlignedView, point: Array) -> Array:
    seen = view.camera_from_kinematic_base.points(point[None])
    return view.pinhole(WIDTH, HEIGHT).project(seen)[0]


def point_at(view: AlignedView, at: tuple[float, float], depth_m: float) -> Array:
    ray = [*view.pinhole(WIDTH, HEIGHT).normalised(np.array(at)), 1.0]
    base_from_camera = view.camera_from_kinematic_base.inverse
    return base_from_camera.points(depth_m * np.array([ray]))[0]


def test_a_drag_takes_along_what_it_began_on_and_keeps_the_direction() -> None:
    at = (700.0, 200.0)
    grabbed = point_at(VIEW, at, 1.3)
    after = moved(VIEW, "drag", (*at, 40.0, -25.0), FAR)
    np.testing.assert_allclose(pixel(after, grabbed), (740.0, 175.0), atol=1e-9)
    np.testing.assert_allclose(after.camera.forward, VIEW.camera.forward, atol=1e-12)
    step = np.subtract(after.camera.position, VIEW.camera.position)
    np.testing.assert_allclose(np.subtract(after.camera.target, VIEW.camera.target), step)


def test_a_turn_moves_the_target_alone_and_the_middle_with_the_mouse() -> None:
    middle = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    amid = point_at(VIEW, middle, 2.0)
    upright = AlignedView(VIEW.camera)
    after = moved(upright, "turn", (30.0, 18.0), FAR)
    assert after.camera.position == VIEW.camera.position
    assert after.camera.distance_m == pytest.approx(VIEW.camera.distance_m)
    # The picture is upright anew, so that off the middle it turns a little.
    np.testing.assert_allclose(pixel(after, amid) - middle, (30.0, 18.0), atol=0.6)
    angle = np.arccos(after.camera.forward @ VIEW.camera.forward)
    focal = VIEW.pinhole(WIDTH, HEIGHT).fy
    assert angle == pytest.approx(np.arctan(np.hypot(30.0, 18.0) / focal))


@pytest.mark.parametrize(
    ("values", "axis"), [((0.02, 0, 0), 0), ((0, 0.02, 0), 1), ((0, 0, 0.02), 2)]
)
def test_a_step_is_along_the_picture(values: tuple[float, ...], axis: int) -> None:
    after = moved(VIEW, "step", values, FAR)
    ours = VIEW.camera_from_kinematic_base.points([after.camera.position])[0]
    expected = np.zeros(3)
    expected[axis] = 0.02 if axis != 1 else -0.02  # the camera's y is down
    np.testing.assert_allclose(ours, expected, atol=1e-12)
    np.testing.assert_allclose(after.camera.forward, VIEW.camera.forward)


def test_position_takes_the_target_along_and_target_goes_alone() -> None:
    there = moved(VIEW, "position", (1, 0.5), FAR).camera
    assert there.position == pytest.approx((2.05, 0.5, 0.92))
    assert there.target == pytest.approx((0.4, -0.16, 0.16))
    turned = moved(VIEW, "target", (2, 0.3), FAR).camera
    assert turned.position == VIEW.camera.position
    assert turned.target == pytest.approx((0.4, 0.0, 0.3))


def test_zoom_and_roll() -> None:
    off = point_at(VIEW, (900.0, 300.0), 2.0)
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    zoomed = moved(VIEW, "zoom", (1.5,), FAR)
    np.testing.assert_allclose(pixel(zoomed, off) - middle, 1.5 * (pixel(VIEW, off) - middle))
    rolled = moved(VIEW, "roll", (np.pi / 2 - 0.1 - 0.1,), FAR)
    assert rolled.roll_rad == pytest.approx(np.pi / 2 - 0.1)
    # A camera that turns clockwise sees everything go the other way.
    quarter = AlignedView(VIEW.camera, VIEW.roll_rad + np.pi / 2)
    right, down = pixel(VIEW, off) - middle
    np.testing.assert_allclose(pixel(quarter, off) - middle, (down, -right), atol=1e-9)
    assert moved(VIEW, "set_roll", (0.2,), FAR).roll_rad == 0.2
    assert moved(VIEW, "fov", (0.9,), FAR).camera.fov_y_rad == 0.9


@pytest.mark.parametrize(
    ("command", "values", "words"),
    [
        *((name, (), "numbers, got []") for name in MOTIONS),
        ("turn", (np.nan, 0.0), "2 finite numbers"),
        ("position", (3, 0.5), "axis 0, 1 or 2, got 3"),
        ("fov", (45.0,), "radians"),
        ("zoom", (-1.0,), "a factor above 0"),
        ("set_roll", (4.0,), "-pi to pi"),
        ("position", (0, 30.0), "within 20 m"),
        ("drag", (0.0, 0.0, 1e7, 0.0), "within 20 m"),
    ],
)
def test_what_cannot_be_is_refused(command: str, values: tuple[float, ...], words: str) -> None:
    with pytest.raises((CommandError, CameraError), match=words.replace("[", r"\[")):
        moved(VIEW, command, values, FAR)
