"""Bundle adjustment against finite differences and scipy."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from operators.board_bundle import Bundle, SeenBoard, _Problem, adjust, matrix_from, pose_from
from operators.calibration_board import CalibrationBoard
from operators.transforms import Array, rigid
from tests.operators.board_footage import poses, sightings
from tests.operators.rigs import angle_deg, calibrated, two_cameras

BOARD = CalibrationBoard(columns=6, rows=5, square_mm=30)
CAMERAS = [*two_cameras().values(), calibrated((0.1, -0.3, -0.4))]
HELD = poses(BOARD, 5, seed=2)


def shaken(matrix: Array, seed: int) -> Array:
    random = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(random.normal(0, 0.02, 3)).as_matrix()
    return rigid(turn, random.normal(0, 0.01, 3)) @ matrix


def views(noise_px: float) -> list[SeenBoard]:
    return [
        SeenBoard(i, s.moment, BOARD.corners[s.corners.ids], s.corners.pixels)
        for i, camera in enumerate(CAMERAS)
        for s in sightings(BOARD, camera, HELD, noise_px, seed=i)
    ]


def start() -> Bundle:
    first = CAMERAS[0].camera_from_marker.matrix
    places = [camera.camera_from_marker.matrix @ np.linalg.inv(first) for camera in CAMERAS]
    cameras = {i: places[0] if i == 0 else shaken(place, i) for i, place in enumerate(places)}
    boards = {m: shaken(first @ held, 10 + m) for m, held in enumerate(HELD)}
    return Bundle([camera.pinhole for camera in CAMERAS], cameras, boards)


@pytest.mark.parametrize("terms", [[None, None, None], [5, None, 5]], ids=["held", "free"])
def test_derivatives_are_those_of_the_cost(terms: list[int | None]) -> None:
    problem = _Problem(start(), views(0.1), terms)
    values = problem.values()
    _, _, gradient = problem.normal_equations(values)
    for i in [*range(6, len(values), 7), len(values) - 1]:
        step = np.zeros_like(values)
        step[i] = 1e-5 * max(1.0, abs(values[i]))
        high, low = (problem.normal_equations(values + sign * step)[0] for sign in (1, -1))
        slope = (high - low) / (2 * step[i])
        assert 2 * gradient[i - 6] == pytest.approx(slope, rel=2e-3, abs=2.0)


def test_exact_corners_give_the_truth() -> None:
    found = adjust(start(), views(0.0), [None] * 3)
    first = CAMERAS[0].camera_from_marker.matrix
    for i, camera in enumerate(CAMERAS):
        truth = camera.camera_from_marker.matrix @ np.linalg.inv(first)
        np.testing.assert_allclose(found.cameras[i], truth, atol=1e-7)
    for moment, held in enumerate(HELD):
        np.testing.assert_allclose(found.boards[moment], first @ held, atol=1e-7)


def test_it_finds_what_scipy_finds() -> None:
    seen = views(0.05)
    found = adjust(start(), seen, [None] * 3)

    def residuals(values: Array) -> Array:
        bundle = problem.bundle(np.concatenate([first, values]))
        parts = []
        for view in seen:
            at = bundle.cameras[view.camera] @ bundle.boards[view.board]
            points = view.points @ at[:3, :3].T + at[:3, 3]
            parts.append(CAMERAS[view.camera].pinhole.project(points) - view.pixels)
        return np.concatenate(parts).ravel()

    problem = _Problem(found, seen, [None] * 3)
    first, rest = np.split(problem.values(), [6])
    nudged = rest + np.random.default_rng(0).normal(0, 1e-3, len(rest))
    # Corners of 0.05 px are so far below the weights' 1 px that they are least squares.
    theirs = least_squares(residuals, nudged, x_scale="jac", method="lm")
    np.testing.assert_allclose(rest, theirs.x, atol=5e-5)


def test_a_board_that_moved_bends_little() -> None:
    seen = views(0.05)
    moved = next(i for i, v in enumerate(seen) if (v.camera, v.board) == (1, 2))
    v = seen[moved]
    seen[moved] = SeenBoard(v.camera, v.board, v.points, v.pixels + np.array([25.0, -10.0]))
    found = adjust(start(), seen, [None] * 3)
    first = CAMERAS[0].camera_from_marker.matrix
    truth = CAMERAS[1].camera_from_marker.matrix @ np.linalg.inv(first)
    assert np.linalg.norm(found.cameras[1][:3, 3] - truth[:3, 3]) < 0.004
    assert angle_deg(found.cameras[1][:3, :3], truth[:3, :3]) < 0.5
    assert found.error_px(seen[moved]) > 10.0


def test_poses_go_there_and_back() -> None:
    matrix = shaken(np.eye(4), 1)
    np.testing.assert_allclose(matrix_from(pose_from(matrix)), matrix, atol=1e-12)
