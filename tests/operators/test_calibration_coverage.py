"""What is poor about a calibration, in words."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from operators.calibration_board import CalibrationBoard
from operators.calibration_coverage import footage_faults, largest_tilt_deg, lens_faults
from operators.lens_calibration import calibrate_lens
from operators.transforms import Array, rigid
from tests.operators.board_footage import footage, sightings
from tests.operators.rigs import calibrated

BOARD = CalibrationBoard(columns=9, rows=7, square_mm=25)
MIDDLE = np.array([0.1125, 0.0875, 0.0])
NEAR = calibrated((0.1, 0.06, -0.32))


def held(turn: tuple[float, float, float], move: tuple[float, float, float]) -> Array:
    """The board turned about its middle, and moved."""
    matrix = rigid(Rotation.from_rotvec(turn).as_matrix(), MIDDLE + move)
    return matrix @ rigid(np.eye(3), -MIDDLE)


def faults(boards: list[Array], noise_px: float = 0.1) -> str:
    seen = sightings(BOARD, NEAR, boards, noise_px)
    return " | ".join(lens_faults(BOARD, calibrate_lens(BOARD, footage(seen, NEAR))))


def spread() -> list[Array]:
    random = np.random.default_rng(7)
    return [
        held(tuple(random.uniform(-0.6, 0.6, 3)), (x, y, random.uniform(-0.02, 0.1)))
        for x in (-0.13, 0.0, 0.13)
        for y in (-0.1, 0.0, 0.1)
        for _ in range(3)
    ]


def test_good_footage_has_no_fault() -> None:
    assert faults(spread()) == ""


def test_footage_of_an_uneven_rate_is_said() -> None:
    seen = footage(sightings(BOARD, NEAR, spread()), NEAR)
    assert footage_faults(seen) == []
    (said,) = footage_faults(replace(seen, uneven_s=0.12))
    assert "up to 120 ms from an even rate" in said


def test_few_pictures_are_said() -> None:
    assert "only 6 pictures were used" in faults(spread()[::5])


def test_a_part_of_the_picture_without_corners_is_named() -> None:
    to_the_left = [
        held(
            (0.3 * (-1) ** i, 0.4 * (-1) ** (i // 2), 0.1 * i),
            (0.005 * i - 0.16, 0.01 * i - 0.06, 0.12),
        )
        for i in range(14)
    ]
    said = faults(to_the_left)
    assert "no corners in the picture's upper right, middle right, lower right" in said
    assert "upper left" not in said
    assert "no corners in the picture's right 55 %:" in said


def test_a_board_that_is_never_tilted_is_said() -> None:
    random = np.random.default_rng(2)
    flat = [held((0.02, -0.02, a), tuple(random.uniform(-0.1, 0.1, 3))) for a in np.arange(16) / 8]
    # The camera looks at the board's middle from nearly above it.
    assert "the board was never tilted by more than" in faults(flat)


def test_an_unflat_board_is_said() -> None:
    assert "explains the corners to 2." in faults(spread(), noise_px=1.5)


@pytest.mark.parametrize("deg", [5.0, 35.0])
def test_tilt_is_that_of_the_board(deg: float) -> None:
    camera = calibrated((0.1125, 0.0875, -0.5), distortion=())
    matrix = camera.camera_from_marker.matrix
    turn = Rotation.from_euler("x", deg, degrees=True).as_matrix()
    # Square on, then turned.
    square_on = rigid(matrix[:3, :3].T, MIDDLE - matrix[:3, :3].T @ MIDDLE)
    tilted = square_on @ rigid(turn, MIDDLE - turn @ MIDDLE)
    seen = sightings(BOARD, camera, [tilted], noise_px=0.0)
    assert largest_tilt_deg(BOARD, camera.pinhole, seen) == pytest.approx(deg, abs=0.01)
