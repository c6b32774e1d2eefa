"""How an own hand leads a robot hand: what holds for every sequence of events."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.hand_mapping import HandMapping

Array = NDArray[np.float64]

coordinates = st.floats(-1, 1)
scales = st.sampled_from([0.25, 0.5, 1.0, 2.0])


def pose(x: float, y: float = 0.0, z: float = 0.0, turn: Any = (0.0, 0.0, 0.0)) -> Array:
    """[x y z qx qy qz qw] with a rotation vector."""
    return np.concatenate([[x, y, z], Rotation.from_rotvec(turn).as_quat(canonical=True)])


@st.composite
def poses(draw: st.DrawFn) -> Array:
    values = [draw(coordinates) for _ in range(6)]
    return pose(*values[:3], turn=values[3:])


def apart(a: Array, b: Array) -> tuple[float, float]:
    """How far two poses are apart, m and rad."""
    turn = Rotation.from_quat(a[3:]) * Rotation.from_quat(b[3:]).inv()
    return float(np.linalg.norm(a[:3] - b[:3])), float(turn.magnitude())


def assert_same(a: Array, b: Array) -> None:
    np.testing.assert_allclose(apart(a, b), 0, atol=1e-7)


@given(st.lists(poses(), max_size=5))
def test_at_first_the_robots_hand_is_where_the_own_is(path: list[Array]) -> None:
    mapping = HandMapping(1.0)
    for own in path:
        np.testing.assert_array_equal(mapping.follow(own), own)


@given(first=poses(), second=poses(), held=st.lists(poses(), min_size=1), scale=scales)
def test_a_clutch_neither_moves_nor_jumps(
    first: Array, second: Array, held: list[Array], scale: float
) -> None:
    mapping = HandMapping(scale)
    mapping.follow(first)
    stopped = mapping.follow(second)
    for own in held:
        np.testing.assert_array_equal(mapping.hold(own), stopped)
    assert_same(mapping.follow(held[-1]), stopped)


@given(first=poses(), held=poses(), after=poses(), scale=scales)
def test_after_a_clutch_the_robots_hand_moves_as_the_own_does(
    first: Array, held: Array, after: Array, scale: float
) -> None:
    mapping = HandMapping(scale)
    stopped = mapping.follow(first)
    mapping.hold(held)
    mapping.follow(held)
    robot = mapping.follow(after)
    np.testing.assert_allclose(robot[:3] - stopped[:3], scale * (after - held)[:3], atol=1e-12)
    own_turn = Rotation.from_quat(after[3:]) * Rotation.from_quat(held[3:]).inv()
    robot_turn = Rotation.from_quat(robot[3:]) * Rotation.from_quat(stopped[3:]).inv()
    np.testing.assert_allclose((own_turn * robot_turn.inv()).magnitude(), 0, atol=1e-7)


@given(path=st.lists(poses(), min_size=1, max_size=4), before=scales, after=scales)
def test_another_scale_does_not_move_the_robots_hand(
    path: list[Array], before: float, after: float
) -> None:
    mapping = HandMapping(before)
    for own in path:
        stopped = mapping.follow(own)
    mapping.scale = after
    assert_same(mapping.follow(path[-1]), stopped)


def test_scale_worked_out_by_hand() -> None:
    mapping = HandMapping(0.5)
    assert mapping.follow(pose(1.0))[0] == 1.0  # the scale holds about where the hand begins
    assert mapping.follow(pose(1.2))[0] == pytest.approx(1.1)
    mapping.scale = 2.0
    assert mapping.follow(pose(1.3))[0] == pytest.approx(1.3)  # 1.1 + 2 * 0.1
    mapping.hold(pose(1.9))
    assert mapping.follow(pose(2.0))[0] == pytest.approx(1.3)  # released there
    assert mapping.follow(pose(2.1))[0] == pytest.approx(1.5)


def test_rotations_are_not_scaled() -> None:
    mapping = HandMapping(0.25)
    mapping.follow(pose(0, turn=[0, 0, 0]))
    robot = mapping.follow(pose(0, turn=[0, 0.8, 0]))
    np.testing.assert_allclose(Rotation.from_quat(robot[3:]).as_rotvec(), [0, 0.8, 0], atol=1e-12)


def test_after_a_turn_in_the_clutch_the_hands_turn_about_the_same_axes() -> None:
    """The own hand was turned by a quarter about z; a tilt about x is one about x all the same."""
    mapping = HandMapping(1.0)
    mapping.follow(pose(0))
    quarter = pose(0, turn=[0, 0, np.pi / 2])
    mapping.hold(quarter)
    mapping.follow(quarter)
    tilted = Rotation.from_rotvec([0.3, 0, 0]) * Rotation.from_quat(quarter[3:])
    robot = mapping.follow(np.concatenate([np.zeros(3), tilted.as_quat()]))
    np.testing.assert_allclose(Rotation.from_quat(robot[3:]).as_rotvec(), [0.3, 0, 0], atol=1e-12)


@given(first=poses(), second=poses())
def test_a_pause_goes_on_from_where_the_robots_hand_is(first: Array, second: Array) -> None:
    mapping = HandMapping(1.0)
    stopped = mapping.follow(first)
    mapping.pause()
    assert_same(mapping.follow(second), stopped)


def test_a_clutch_before_the_first_pose_holds_the_first() -> None:
    mapping = HandMapping(1.0)
    np.testing.assert_array_equal(mapping.hold(pose(1.0)), pose(1.0))
    np.testing.assert_array_equal(mapping.hold(pose(2.0)), pose(1.0))


@given(first=poses(), held=poses(), scale=scales)
def test_when_it_is_cleared_the_robots_hand_is_where_the_own_is(
    first: Array, held: Array, scale: float
) -> None:
    mapping = HandMapping(scale)
    mapping.follow(first)
    mapping.hold(held)
    mapping.clear()
    assert_same(mapping.follow(held), held)


def test_poses_are_copied() -> None:
    mapping = HandMapping(1.0)
    own = pose(1.0)
    mapping.follow(own)
    own[0] = 9.0
    held = mapping.hold(pose(2.0))
    assert held[0] == 1.0
    held[0] = 9.0
    assert mapping.hold(pose(2.0))[0] == 1.0
