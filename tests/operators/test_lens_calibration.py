"""Lenses that are known, found again from where they see a board's corners."""

from dataclasses import replace

import numpy as np
import pytest

from operators.board_footage import Sighting
from operators.calibration_board import CalibrationBoard, FoundCorners
from operators.lens_calibration import calibrate_lens, most_different
from operators.usage_error import UsageError
from tests.operators.board_footage import footage, largest_pixel_error, poses, sightings
from tests.operators.rigs import calibrated

BOARD = CalibrationBoard(columns=9, rows=7, square_mm=25)
HELD = poses(BOARD, 30)
CAMERA = calibrated((0.1, 0.05, -0.4))
WIDE = (0.9, -0.4, 0.001, -0.0005, 0.05, 1.2, -0.35, 0.02)


@pytest.mark.parametrize(
    ("terms", "distortion"),
    [(0, ()), (4, (-0.28, 0.11, 0.0011, -0.0007)), (5, None), (8, WIDE)],
)
def test_a_lens_is_found_again(terms: int, distortion: tuple[float, ...] | None) -> None:
    camera = CAMERA
    if distortion is not None:
        camera = replace(camera, pinhole=replace(camera.pinhole, distortion=distortion))
    seen = sightings(BOARD, camera, HELD)
    lens = calibrate_lens(BOARD, footage(seen, camera), terms)
    assert len(lens.pinhole.distortion) == terms
    assert lens.error_px == pytest.approx(0.1 * 2**0.5, rel=0.05)
    assert largest_pixel_error(lens.pinhole, camera.pinhole) < 0.5
    np.testing.assert_allclose(lens.pinhole.lens[:2], camera.pinhole.lens[:2], rtol=0.003)
    off = abs(lens.pinhole.fx / camera.pinhole.fx - 1)
    assert off / 4 < lens.focal_deviation < 0.003


def test_a_blurred_picture_is_left_out() -> None:
    seen = sightings(BOARD, CAMERA, HELD)
    blurred = seen[7].corners
    random = np.random.default_rng(1)
    shaken = FoundCorners(blurred.ids, blurred.pixels + random.normal(0, 4, blurred.pixels.shape))
    seen[7] = replace(seen[7], corners=shaken)
    lens = calibrate_lens(BOARD, footage(seen, CAMERA))
    assert lens.left_out == 1
    assert seen[7].moment not in [s.moment for s in lens.sightings]
    assert largest_pixel_error(lens.pinhole, CAMERA.pinhole) < 0.5


def test_too_few_pictures_are_refused_with_what_to_look_at() -> None:
    seen = sightings(BOARD, CAMERA, HELD[:3])
    seen_in = "is seen in 3 of {} pictures, and at least 4 are needed: {}"
    with pytest.raises(UsageError, match=seen_in.format(3, "take more")):
        calibrate_lens(BOARD, footage(seen, CAMERA))
    with pytest.raises(UsageError, match=seen_in.format(50, "does the board's file say")):
        calibrate_lens(BOARD, replace(footage(seen, CAMERA), looked_at=50))
    with pytest.raises(UsageError, match="terms: expected one of 0, 4, 5, 8, got 3"):
        calibrate_lens(BOARD, footage(seen, CAMERA), terms=3)


def test_pictures_that_differ_are_chosen_from_many_that_are_the_same() -> None:
    resting = [HELD[0]] * 200
    seen = sightings(BOARD, CAMERA, [*resting, *HELD[1:9], *resting], noise_px=0.05)
    chosen = most_different(BOARD, seen, (640, 480), 10)
    assert len(chosen) == 10
    moments = [s.moment for s in chosen]
    assert moments == sorted(moments)
    assert set(range(200, 208)) <= set(moments)


def test_an_outline_is_the_boards() -> None:
    ideal = replace(CAMERA, pinhole=CAMERA.pinhole.ideal)
    (seen,) = sightings(BOARD, ideal, HELD[:1], noise_px=0.0)
    assert isinstance(seen, Sighting)
    ends = np.array([[0, 0, 0], [0.225, 0, 0], [0.225, 0.175, 0], [0, 0.175, 0]])
    expected = ideal.pinhole.project(ideal.camera_from_marker.points(ends))
    np.testing.assert_allclose(seen.outline(BOARD), expected, atol=1e-3)
