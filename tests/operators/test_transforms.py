from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np
from scipy.spatial.transform import Rotation

from operators.transforms import (
    WORLD_FROM_STAGE_AXES,
    inverse,
    is_rigid,
    matrix_from_pose,
    pose_from_matrix,
    quaternion_from_rotation,
    quaternion_product,
    rigid,
    rotation_about,
    rotation_from_quaternion,
    transform_points,
    turn_between,
    turned,
)

RANDOM = np.random.default_rng(4)
HALF_TURNS = Rotation.from_rotvec(np.pi * np.vstack([np.eye(3), [0.6, 0, 0.8]]))


def some_rotations() -> Rotation:
    """Random ones, and those at which naive conversions divide by zero."""
    return Rotation.concatenate([Rotation.random(200, rng=5), HALF_TURNS, Rotation.identity(1)])


def test_stage_axes_become_world_axes() -> None:
    right, up, back = np.eye(3)
    np.testing.assert_array_equal(WORLD_FROM_STAGE_AXES @ -back, [1, 0, 0])
    np.testing.assert_array_equal(WORLD_FROM_STAGE_AXES @ -right, [0, 1, 0])
    np.testing.assert_array_equal(WORLD_FROM_STAGE_AXES @ up, [0, 0, 1])


def test_quaternions_are_those_of_scipy() -> None:
    expected = some_rotations().as_quat(canonical=True)
    ours = quaternion_from_rotation(some_rotations().as_matrix())
    # A half turn's quaternion has w = 0: either sign is the same rotation.
    sign = np.sign(np.sum(ours * expected, axis=-1, keepdims=True))
    np.testing.assert_allclose(ours * sign, expected, atol=1e-12)
    assert (ours[:, 3] >= 0).all()


@pytest.mark.parametrize("length", [1e-3, 1.0, 40.0])
def test_rotations_are_those_of_scipy(length: float) -> None:
    rotations = some_rotations()
    np.testing.assert_allclose(
        rotation_from_quaternion(length * rotations.as_quat()), rotations.as_matrix(), atol=1e-12
    )


def pairs() -> tuple[Rotation, Rotation]:
    """Each of some rotations with each other and itself, as quaternions of either sign."""
    rotations = some_rotations()[::5]
    index = np.arange(len(rotations))
    first, second = np.repeat(index, len(index)), np.tile(index, len(index))
    return rotations[first], rotations[second]


def test_quaternions_are_multiplied_as_by_scipy() -> None:
    first, second = pairs()
    found = Rotation.from_quat(quaternion_product(first.as_quat(), second.as_quat()))
    np.testing.assert_allclose(found.as_matrix(), (first * second).as_matrix(), atol=1e-14)


def test_the_turn_between_rotations_is_that_of_scipy() -> None:
    start, end = pairs()
    expected = (end * start.inv()).as_rotvec()
    found = turn_between(start.as_quat(), -end.as_quat())
    # Which way round a half turn goes is open.
    half = np.linalg.norm(expected, axis=-1) > np.pi - 1e-6
    np.testing.assert_allclose(found[~half], expected[~half], atol=1e-12)
    np.testing.assert_allclose(np.abs(found[half]), np.abs(expected[half]), atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-8, 1e-3, 1.0, 3.0])
def test_turning_by_a_vector_is_that_of_scipy(scale: float) -> None:
    start, turns = some_rotations(), scale * RANDOM.normal(size=(len(some_rotations()), 3))
    expected = (Rotation.from_rotvec(turns) * start).as_matrix()
    found = turned(1.001 * start.as_quat(), turns)
    assert (found[:, 3] >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1.0, atol=1e-15)
    np.testing.assert_allclose(Rotation.from_quat(found).as_matrix(), expected, atol=1e-12)


QUATERNIONS = Rotation.random(50, rng=11).as_quat()
OTHERS = Rotation.random(50, rng=12).as_quat()
TURNS = np.random.default_rng(13).normal(size=(50, 3))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (quaternion_from_rotation, (Rotation.from_quat(QUATERNIONS).as_matrix(),)),
        (rotation_from_quaternion, (3.0 * QUATERNIONS,)),
        (turn_between, (QUATERNIONS, OTHERS)),
        (turned, (QUATERNIONS, TURNS)),
    ],
)
def test_one_rotation_is_worked_out_as_many_are(
    function: Callable[..., np.ndarray], arguments: tuple[np.ndarray, ...]
) -> None:
    alone = [function(*one) for one in zip(*arguments, strict=True)]
    np.testing.assert_allclose(alone, function(*arguments), atol=1e-14)


@pytest.mark.parametrize("angle_rad", [0.0, 1e-9, 1e-5, 0.1, 3.0])
def test_small_turns_keep_their_digits(angle_rad: float) -> None:
    turn = angle_rad * np.array([0.48, -0.6, 0.64])
    found = turn_between([0, 0, 0, 1.0], turned([0, 0, 0, 1.0], turn))
    np.testing.assert_allclose(found, turn, rtol=1e-12, atol=0)


@pytest.mark.parametrize(("axis", "name"), [(0, "x"), (1, "y"), (2, "z")])
def test_rotation_about_an_axis_is_that_of_scipy(axis: int, name: str) -> None:
    angles = RANDOM.uniform(-4, 4, (3, 7))
    expected = Rotation.from_euler(name, angles.reshape(-1, 1)).as_matrix().reshape(3, 7, 3, 3)
    np.testing.assert_allclose(rotation_about(axis, angles), expected, atol=1e-12)


def test_inverse_is_that_of_linear_algebra() -> None:
    transforms = rigid(Rotation.random(12, rng=6).as_matrix(), RANDOM.normal(size=(12, 3)))
    transforms = transforms.reshape(3, 4, 4, 4)
    np.testing.assert_allclose(inverse(transforms), np.linalg.inv(transforms), atol=1e-12)


def test_points_are_turned_then_moved() -> None:
    # A quarter turn about z takes x to y; then one metre up.
    a_from_b = rigid([[0, -1, 0], [1, 0, 0], [0, 0, 1]], [0, 0, 1])
    np.testing.assert_array_equal(
        transform_points(a_from_b, [[1, 0, 0], [0, 2, 3]]), [[0, 1, 1], [-2, 0, 4]]
    )


def test_points_compose_by_cancelling() -> None:
    a_from_b, b_from_c = rigid(Rotation.random(2, rng=7).as_matrix(), RANDOM.normal(size=(2, 3)))
    points = RANDOM.normal(size=(5, 3))
    np.testing.assert_allclose(
        transform_points(a_from_b @ b_from_c, points),
        transform_points(a_from_b, transform_points(b_from_c, points)),
        atol=1e-12,
    )


@given(
    st_np.arrays(np.float64, (2, 4), elements=st.floats(-1, 1)).filter(
        lambda q: bool((np.linalg.norm(q, axis=-1) > 1e-3).all())
    ),
    st_np.arrays(np.float64, (2, 3), elements=st.floats(-100, 100)),
)
def test_poses_survive_the_way_to_matrices_and_back(
    quaternions: np.ndarray, positions: np.ndarray
) -> None:
    matrices = matrix_from_pose(np.concatenate([positions, quaternions], axis=-1))
    assert is_rigid(matrices, tolerance=1e-12).all()
    poses = pose_from_matrix(matrices)
    np.testing.assert_array_equal(poses[:, :3], positions)
    np.testing.assert_allclose(matrix_from_pose(poses), matrices, atol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        pytest.param(np.eye(4), True, id="identity"),
        pytest.param(rigid(Rotation.random(rng=8).as_matrix(), [1, 2, 3]), True, id="rigid"),
        pytest.param(
            rigid(Rotation.random(rng=8).as_matrix(), [1, 2, 3]).astype(np.float32),
            True,
            id="rigid in single precision",
        ),
        pytest.param(np.zeros((4, 4)), False, id="zeros"),
        pytest.param(np.full((4, 4), np.nan), False, id="nan"),
        pytest.param(rigid(np.eye(3), [np.inf, 0, 0]), False, id="infinitely far"),
        pytest.param(np.diag([1.01, 1, 1, 1]), False, id="stretched"),
        pytest.param(np.diag([-1.0, 1, 1, 1]), False, id="mirrored"),
        pytest.param(np.diag([1.0, 1, 1, 2]), False, id="scaled by its last entry"),
        pytest.param(np.eye(4) + np.eye(4, k=1) * 0.01, False, id="sheared"),
        pytest.param(rigid(np.eye(3), [1, 2, 3]).T, False, id="column-major"),
    ],
)
def test_is_rigid(matrix: np.ndarray, expected: bool) -> None:
    assert is_rigid(matrix) == expected
    np.testing.assert_array_equal(is_rigid(np.stack([np.eye(4), matrix])), [True, expected])
    many = np.stack([np.eye(4), matrix] * 5)
    np.testing.assert_array_equal(is_rigid(many), [True, expected] * 5)


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_entry_of_a_rigid_matrix_may_be_no_number(number: float, count: int) -> None:
    for row, column in np.ndindex(4, 4):
        matrix = rigid(Rotation.random(rng=8).as_matrix(), [1, 2, 3])
        matrix[row, column] = number
        assert not is_rigid(np.stack([matrix] * count)).any(), (row, column)


def test_matrices_one_by_one_and_together_are_judged_alike() -> None:
    random = np.random.default_rng(9)
    matrices = rigid(Rotation.random(500, rng=random).as_matrix(), random.normal(size=(500, 3)))
    matrices[:, :3, :3] += random.normal(scale=3e-4, size=(500, 3, 3))
    together = is_rigid(matrices)
    assert 100 < together.sum() < 400
    np.testing.assert_array_equal([is_rigid(m) for m in matrices], together)
