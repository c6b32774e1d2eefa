import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.frames import FrameError, FrameTree, Transform
from operators.transforms import rigid

RANDOM = np.random.default_rng(3)


def any_matrix() -> np.ndarray:
    return rigid(Rotation.random(rng=RANDOM).as_matrix(), RANDOM.normal(size=3))


A_B = Transform.named("a_from_b", any_matrix())
B_C = Transform.named("b_from_c", any_matrix())
D_C = Transform.named("d_from_c", any_matrix())


def test_what_cancels_composes() -> None:
    composed = A_B @ B_C
    assert composed.name == "a_from_c"
    np.testing.assert_allclose(composed.matrix, A_B.matrix @ B_C.matrix, atol=1e-15)


def test_what_does_not_cancel_is_refused_by_name() -> None:
    with pytest.raises(FrameError, match="a_from_b @ d_from_c does not cancel: b is not d"):
        A_B @ D_C


def test_an_inverse_has_the_turned_name() -> None:
    assert A_B.inverse.name == "b_from_a"
    np.testing.assert_allclose(A_B.inverse.matrix, np.linalg.inv(A_B.matrix), atol=1e-14)


def test_points_go_from_the_source_to_the_target() -> None:
    points = RANDOM.normal(size=(5, 3))
    expected = points @ A_B.matrix[:3, :3].T + A_B.matrix[:3, 3]
    np.testing.assert_allclose(A_B.points(points), expected, atol=1e-14)


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.0, 1.0, -1.0, 1.0]),  # a mirror
        np.diag([1.001, 1.001, 1.001, 1.0]),  # a scale
        any_matrix().T,  # columns for rows
        np.full((4, 4), np.nan),
        np.eye(3),
    ],
    ids=["mirrored", "scaled", "transposed", "not finite", "3x3"],
)
def test_what_is_not_rigid_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(FrameError, match="camera_from_base: expected a"):
        Transform("camera", "base", matrix)


@pytest.mark.parametrize("name", ["camera", "a_from_b_from_c", "A_from_b", "_from_b", "a b_from_c"])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(FrameError, match="expected"):
        Transform.named(name, np.eye(4))


def test_a_matrix_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        A_B.matrix[0, 0] = 2.0


def test_a_tree_composes_along_edges_of_either_direction() -> None:
    tree = FrameTree([A_B, B_C, D_C])
    expected = A_B.matrix @ B_C.matrix @ np.linalg.inv(D_C.matrix)
    np.testing.assert_allclose(tree["a_from_d"].matrix, expected, atol=1e-13)
    np.testing.assert_allclose(tree["d_from_a"].matrix, np.linalg.inv(expected), atol=1e-13)
    assert tree.way("a", "d") == ("a", "b", "c", "d")
    np.testing.assert_array_equal(tree["a_from_a"].matrix, np.eye(4))


def test_two_ways_between_the_same_frames_are_refused() -> None:
    with pytest.raises(FrameError, match="a_from_c: a - b - c joins the two already"):
        FrameTree([A_B, B_C, Transform.named("a_from_c", any_matrix())])


def test_the_same_edge_turned_round_is_a_second_way() -> None:
    with pytest.raises(FrameError, match="joins the two already"):
        FrameTree([A_B, A_B.inverse])


def test_frames_that_nothing_joins_or_that_are_not_there_are_named() -> None:
    tree = FrameTree([A_B, Transform.named("x_from_y", any_matrix())])
    with pytest.raises(FrameError, match="nothing joins a and y"):
        tree["a_from_y"]
    with pytest.raises(FrameError, match="no frame 'z'; there are a, b, x, y"):
        tree["a_from_z"]


def test_what_is_awaited_is_named_with_who_gives_it() -> None:
    tree = FrameTree([A_B], {"b_from_c": "calibration"})
    with pytest.raises(FrameError, match="a_from_c needs b_from_c, which calibration gives"):
        tree["a_from_c"]
    given = tree.with_transforms(B_C.inverse)
    np.testing.assert_allclose(given["a_from_c"].matrix, (A_B @ B_C).matrix, atol=1e-14)
    assert given.awaited == {}


def test_a_later_transform_takes_the_place_of_an_earlier_one() -> None:
    other = Transform.named("b_from_a", any_matrix())
    tree = FrameTree([A_B]).with_transforms(other)
    np.testing.assert_allclose(tree["b_from_a"].matrix, other.matrix, atol=1e-15)
