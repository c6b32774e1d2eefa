"""Pictures that show whether a calibration is to be believed."""

from dataclasses import replace

import numpy as np
import pytest

from operators.board_footage import BoardFootage
from operators.calibration_board import CalibrationBoard
from operators.calibration_pictures import (
    EXPECTED,
    FOUND,
    LINE,
    corners_picture,
    undistorted_picture,
)
from operators.lens_calibration import LensCalibration
from operators.transforms import Array
from tests.operators.board_footage import poses, sightings
from tests.operators.rigs import calibrated

BOARD = CalibrationBoard(columns=7, rows=5, square_mm=30)
CAMERA = calibrated((0.1, 0.07, -0.28), distortion=(-0.35, 0.1, 0.0, 0.0, 0.0))
TITLE = 28
RIGHT = np.array([5.0, 0.0])


@pytest.fixture
def footage() -> BoardFootage:
    seen = sightings(BOARD, CAMERA, poses(BOARD, 1), noise_px=0.0)
    grey = np.full((480, 640, 3), 60, np.uint8)
    return BoardFootage((640, 480), 1, tuple(seen), grey, seen[0])


def lens(footage: BoardFootage, **changes: object) -> LensCalibration:
    pinhole = replace(CAMERA.pinhole, **changes)
    return LensCalibration(pinhole, 0.1, footage.sightings, np.array([0.1]), 0.001, 0)


def share_of(colour: tuple[int, int, int], picture: Array, pixels: Array, reach: int) -> float:
    """At how many of the pixels the colour is near."""
    same = (np.abs(picture.astype(int) - colour) < 70).all(axis=-1)
    return float(
        np.mean(
            [
                same[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].any()
                for x, y in np.rint(pixels + np.array([0, TITLE])).astype(int)
            ]
        )
    )


def test_rings_are_around_what_was_found_and_crosses_where_the_lens_has_it(
    footage: BoardFootage,
) -> None:
    pixels = footage.sightings[0].corners.pixels
    picture = corners_picture(BOARD, footage, lens(footage))
    assert picture.shape == (480 + TITLE, 640, 3)
    assert share_of(FOUND, picture, pixels + RIGHT, 1) == 1.0
    assert share_of(EXPECTED, picture, pixels, 1) == 1.0
    # With another lens no place of the board explains all corners.
    wrong = corners_picture(BOARD, footage, lens(footage, distortion=(0.8, 0, 0.2, 0.1, 0)))
    outer = pixels[[0, 5, 18, 23]]
    assert share_of(FOUND, wrong, pixels + RIGHT, 1) > 0.9
    assert share_of(EXPECTED, wrong, outer, 1) < 0.5


def test_rows_are_straight_without_distortion_alone(footage: BoardFootage) -> None:
    both = undistorted_picture(BOARD, footage, lens(footage))
    assert both.shape == (480 + TITLE, 1280, 3)
    pixels = footage.sightings[0].corners.pixels
    straight = CAMERA.pinhole.undistorted(pixels)
    middle = BOARD.corners[:, 0].argsort()[len(pixels) // 2 - 2 : len(pixels) // 2 + 2]
    assert share_of(LINE, both[:, 640:], straight[middle], 1) == 1.0
    upper_and_lower = [i for i in middle if not 6 <= i < 18]
    assert share_of(LINE, both[:, :640], pixels[upper_and_lower], 1) == 0.0
