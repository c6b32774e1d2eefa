"""Pictures to look at after a calibration: the corners that were found, and straight lines."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.board_bundle import SeenBoard
from operators.board_footage import BoardFootage, Sighting
from operators.calibration_board import CalibrationBoard
from operators.lens_calibration import LensCalibration
from operators.rig_calibration import board_pose
from operators.transforms import Array
from operators.undistortion import Undistortion

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

FOUND: Final[Colour] = (255, 40, 200)
EXPECTED: Final[Colour] = (40, 230, 60)
LINE: Final[Colour] = (255, 160, 0)
GOOD: Final = np.array([60.0, 130.0, 255.0])
BAD: Final = np.array([255.0, 40.0, 40.0])

BAD_PX: Final = 1.0
FRACTION_BITS: Final = 4
"""OpenCV draws at sixteenths of a pixel."""


def corners_picture(
    board: CalibrationBoard, footage: BoardFootage, lens: LensCalibration
) -> Picture:
    """The picture that shows the most corners, with what was found and what the lens expects.

    Rings are the corners found there, crosses where the lens has them; dots are the corners of all
    pictures used, from blue, no error, to red, 1 px or more.
    """
    assert footage.sample is not None
    assert footage.sample_sighting is not None
    picture = footage.sample // 2 + 64
    for sighting in lens.sightings:
        errors_px = np.linalg.norm(
            _expected(board, lens, sighting) - sighting.corners.pixels, axis=1
        )
        for pixel, error_px in zip(sighting.corners.pixels, errors_px, strict=True):
            share = min(float(error_px) / BAD_PX, 1.0)
            _dot(picture, pixel, GOOD + share * (BAD - GOOD))
    expected = _expected(board, lens, footage.sample_sighting)
    for found, should in zip(footage.sample_sighting.corners.pixels, expected, strict=True):
        _ring(picture, found)
        _cross(picture, should)
    text = f"{len(lens.sightings)} pictures, {lens.error_px:.2f} px: rings found, crosses expected"
    return _titled(picture, text)


def undistorted_picture(
    board: CalibrationBoard, footage: BoardFootage, lens: LensCalibration
) -> Picture:
    """The same picture as it was taken, and without distortion, side by side.

    Lines join the ends of each row of corners: on the right the corners lie on them.
    """
    assert footage.sample is not None
    assert footage.sample_sighting is not None
    sighting = footage.sample_sighting
    left = _with_lines(board, footage.sample.copy(), sighting, sighting.corners.pixels)
    straight = Undistortion(lens.pinhole).picture(footage.sample)
    pixels = lens.pinhole.undistorted(sighting.corners.pixels)
    right = _with_lines(board, straight.copy(), sighting, pixels)
    both = np.hstack([_titled(left, "as taken"), _titled(right, "without distortion")])
    return np.asarray(both, np.uint8)


def _expected(board: CalibrationBoard, lens: LensCalibration, sighting: Sighting) -> Array:
    points = board.corners[sighting.corners.ids]
    pose = board_pose(lens.pinhole, SeenBoard(0, 0, points, sighting.corners.pixels))
    return lens.pinhole.project(points @ pose[:3, :3].T + pose[:3, 3])


def _with_lines(
    board: CalibrationBoard, picture: Picture, sighting: Sighting, pixels: Array
) -> Picture:
    rows = sighting.corners.ids // (board.columns - 1)
    for row in np.unique(rows):
        on_row = pixels[rows == row]
        if len(on_row) > 1:
            start, end = _points(on_row[[0, -1]])
            cv2.line(picture, start, end, LINE, 1, cv2.LINE_AA, FRACTION_BITS)
    for pixel in pixels:
        _ring(picture, pixel)
    return picture


def _points(pixels: Array) -> list[tuple[int, int]]:
    fixed = np.rint(np.clip(pixels, -1e5, 1e5) * 2**FRACTION_BITS).astype(int)
    return [(int(x), int(y)) for x, y in fixed]


def _dot(picture: Picture, pixel: Array, colour: Array) -> None:
    rgb = tuple(colour.tolist())
    radius = round(1.2 * 2**FRACTION_BITS)
    cv2.circle(picture, _points(pixel[None])[0], radius, rgb, -1, cv2.LINE_AA, FRACTION_BITS)


def _ring(picture: Picture, pixel: Array) -> None:
    radius = 5 * 2**FRACTION_BITS
    cv2.circle(picture, _points(pixel[None])[0], radius, FOUND, 1, cv2.LINE_AA, FRACTION_BITS)


def _cross(picture: Picture, pixel: Array) -> None:
    for arm in (np.array([4.0, 0.0]), np.array([0.0, 4.0])):
        start, end = _points(np.stack([pixel - arm, pixel + arm]))
        cv2.line(picture, start, end, EXPECTED, 1, cv2.LINE_AA, FRACTION_BITS)


def _titled(picture: Picture, text: str) -> Picture:
    framed = cv2.copyMakeBorder(picture, 28, 0, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(framed, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)
