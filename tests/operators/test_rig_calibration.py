"""Cameras whose places are known, found again from where they see a board's corners."""

from dataclasses import replace

import numpy as np
import pytest

from operators.board_footage import Sighting
from operators.calibration import CalibratedCamera
from operators.calibration_board import CalibrationBoard, FoundCorners
from operators.calibration_coverage import rig_faults
from operators.rig_calibration import RigCalibration, calibrate_rig
from operators.transforms import inverse
from operators.usage_error import UsageError
from tests.operators.board_footage import largest_pixel_error, poses, sightings
from tests.operators.rigs import angle_deg, calibrated, two_cameras

BOARD = CalibrationBoard(columns=9, rows=7, square_mm=25)
HELD = poses(BOARD, 20)


def three() -> dict[str, CalibratedCamera]:
    return {**two_cameras(), "top": calibrated((0.1, -0.32, -0.42))}


def seen_by(
    cameras: dict[str, CalibratedCamera], noise_px: float = 0.1
) -> dict[str, list[Sighting]]:
    return {
        name: sightings(BOARD, camera, HELD, noise_px, seed=i)
        for i, (name, camera) in enumerate(cameras.items())
    }


def calibrate(
    cameras: dict[str, CalibratedCamera], seen: dict[str, list[Sighting]], **options: object
) -> RigCalibration:
    known = {name: camera.pinhole for name, camera in cameras.items()}
    return calibrate_rig(BOARD, known, seen, known=[*known], **options)  # type: ignore[arg-type]


def assert_places(
    rig: RigCalibration, cameras: dict[str, CalibratedCamera], mm: float, deg: float
) -> None:
    for name, camera in cameras.items():
        found, truth = rig.camera_from_rig[name], camera.camera_from_marker.matrix
        assert np.linalg.norm(inverse(found)[:3, 3] - inverse(truth)[:3, 3]) < mm / 1000, name
        assert angle_deg(found[:3, :3], truth[:3, :3]) < deg, name


def test_places_are_found_again() -> None:
    rig = calibrate(three(), seen_by(three()))
    assert_places(rig, three(), mm=0.6, deg=0.08)
    assert (rig.origin_s, rig.left_out, rig.disagreeing()) == (0.0, 0, [])
    for error in rig.errors_px.values():
        assert error == pytest.approx(0.1 * 2**0.5, rel=0.1)


def test_exact_corners_give_exact_places() -> None:
    rig = calibrate(three(), seen_by(three(), noise_px=0.0))
    assert_places(rig, three(), mm=1e-3, deg=1e-4)


def test_the_frame_is_the_boards_as_it_lay_at_the_origin() -> None:
    rig = calibrate(three(), seen_by(three()), origin_s=1.02)
    assert rig.origin_s == 1.0
    there = {
        name: replace(
            camera,
            camera_from_marker=replace(
                camera.camera_from_marker, matrix=camera.camera_from_marker.matrix @ HELD[5]
            ),
        )
        for name, camera in three().items()
    }
    assert_places(rig, there, mm=0.8, deg=0.12)


def test_cameras_that_only_a_third_joins_are_placed() -> None:
    seen = seen_by(three())
    seen["left"] = [s for s in seen["left"] if s.moment < 10]
    seen["right"] = [s for s in seen["right"] if s.moment >= 10]
    rig = calibrate(three(), seen, origin_s=0.0)
    assert_places(rig, three(), mm=3.0, deg=0.4)
    assert rig.together["left"] < rig.together["top"]


def test_lenses_are_made_better_where_the_cameras_agree() -> None:
    cameras = three()
    rough = {
        name: replace(c.pinhole, fx=c.pinhole.fx * 1.002, fy=c.pinhole.fy * 1.002)
        for name, c in cameras.items()
    }
    rig = calibrate_rig(BOARD, rough, seen_by(cameras))
    held = calibrate_rig(BOARD, rough, seen_by(cameras), known=[*rough])
    for name, camera in cameras.items():
        assert held.lenses[name] == rough[name]
        assert abs(rig.lenses[name].fx / camera.pinhole.fx - 1) < 0.001
        assert largest_pixel_error(rig.lenses[name], camera.pinhole) < 0.5
    assert_places(rig, cameras, mm=1.0, deg=0.15)


def test_footage_that_is_late_is_said_and_bends_no_lens() -> None:
    cameras = two_cameras()
    seen = seen_by(cameras)
    # The board moved by some millimetres between the two cameras' pictures.
    random = np.random.default_rng(0)
    seen["right"] = [
        replace(s, together=FoundCorners(s.corners.ids, s.corners.pixels + random.normal(0, 2, 2)))
        for s in seen["right"]
    ]
    known = {name: camera.pinhole for name, camera in cameras.items()}
    rig = calibrate_rig(BOARD, known, seen)
    assert rig.lenses == known
    assert rig.disagreeing() != []
    assert "together the cameras do not agree" in rig_faults(rig)[0]
    assert "--offset" in rig_faults(rig)[0]


def test_a_view_that_does_not_fit_is_left_out() -> None:
    seen = seen_by(two_cameras())
    wrong = seen["right"][4]
    shifted = FoundCorners(wrong.corners.ids, wrong.corners.pixels + np.array([30.0, 12.0]))
    seen["right"][4] = replace(wrong, together=shifted)
    rig = calibrate(two_cameras(), seen)
    assert rig.left_out == 1
    assert_places(rig, two_cameras(), mm=1.0, deg=0.12)


def test_one_camera_alone_has_its_place_before_the_board() -> None:
    cameras = {"left": two_cameras()["left"]}
    rig = calibrate(cameras, seen_by(cameras))
    assert_places(rig, cameras, mm=1.0, deg=0.15)
    assert rig_faults(rig) == []


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        (range(0), "no two cameras saw the board at the same time: hold it so that two"),
        (range(2), "right saw the board together with left at fewer than 3 moments"),
    ],
)
def test_cameras_that_nothing_joins_are_refused(moments: range, words: str) -> None:
    seen = seen_by(two_cameras())
    late = [replace(s, moment=s.moment + 1000) for s in seen["right"] if s.moment not in moments]
    seen["right"] = [s for s in seen["right"] if s.moment in moments] + late
    with pytest.raises(UsageError, match=words):
        calibrate(two_cameras(), seen)


def test_few_moments_together_are_said() -> None:
    seen = seen_by(two_cameras())
    seen["right"] = seen["right"][:5]
    faults = rig_faults(calibrate(two_cameras(), seen))
    assert "right saw the board together with another camera at 5 moments only" in faults[-1]
