"""What is known of the real camera's lens, and the simulated camera that sees the same."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.calibration import CalibratedCamera, Calibration, CalibrationError, Optimised
from operators.calibration_file import write_calibration
from operators.frames import Transform
from operators.look_at_camera import LookAtCamera, fov_y_rad
from operators.pinhole import ImageSizeError, Pinhole
from operators.real_lens import RealLens
from operators.settings import Settings
from operators.synthetic_robot import SERIAL
from tests.synthetic_recording import HEIGHT, WIDTH

LENS = Pinhole(640, 480, 500.0, 510.0, 300.0, 255.0, (-0.2, 0.05, 0.001, -0.002))
CAMERA = LookAtCamera((1.0, 0.0, 0.5), (0.0, 0.0, 0.0), fov_y_rad(LENS))


def test_a_dot_is_straightened_to_where_the_simulated_camera_sees_it() -> None:
    lens = RealLens(LENS)
    point = np.array([-0.3, 0.25, 1.0])
    column, row = LENS.project(point)
    picture = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(picture, (round(column), round(row)), 6, (255, 255, 255), -1)
    rows, columns = np.nonzero(lens.straight(picture)[..., 0] > 128)
    expected = lens.seen_by(CAMERA, 640, 480).project(point)
    assert np.hypot(*(expected - (column, row))) > 4.0
    np.testing.assert_allclose((columns.mean(), rows.mean()), expected, atol=0.8)


def test_pixels_go_back_to_the_picture_as_it_was_taken() -> None:
    points = np.random.default_rng(3).uniform([-0.4, -0.3, 0.8], [0.4, 0.3, 1.2], (20, 3))
    taken = LENS.project(points)
    # A pinhole's own equation, and no lens's.
    straight = points[:, :2] / points[:, 2:] * (500.0, 510.0) + (300.0, 255.0)
    assert np.abs(straight - taken).max() > 2.0
    np.testing.assert_allclose(RealLens(LENS).as_taken(straight), taken, atol=1e-9)
    np.testing.assert_array_equal(RealLens(None).as_taken(taken), taken)


def test_the_angle_of_view_is_the_cameras_and_the_rest_the_lenss() -> None:
    lens = RealLens(LENS)
    np.testing.assert_allclose(lens.calibrated(CAMERA, 640, 480).lens, LENS.lens)
    narrow = lens.calibrated(CAMERA.zoomed(2.0), 640, 480)
    assert (narrow.fx, narrow.fy) == pytest.approx((1000.0, 1020.0))
    assert (narrow.cx, narrow.cy, narrow.distortion) == (300.0, 255.0, LENS.distortion)
    assert not lens.seen_by(CAMERA, 640, 480).is_distorted


def test_without_a_lens_the_principal_point_is_amid_the_picture() -> None:
    lens = RealLens(None)
    picture = np.zeros((48, 64, 3), np.uint8)
    assert lens.straight(picture) is picture
    assert lens.seen_by(CAMERA, 64, 48) == CAMERA.pinhole(64, 48)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ImageSizeError, match="expected 640x480 px as the calibration says, got 64"):
        RealLens(LENS).straight(np.zeros((48, 64, 3), np.uint8))


def test_a_recordings_own_calibration_tells_its_lens(recording: Path, tmp_path: Path) -> None:
    settings = Settings(overlay={"recording": recording})  # type: ignore[arg-type]
    lens = RealLens.of(settings)
    assert lens.calibration is not None
    assert lens.seen_by(CAMERA, WIDTH, HEIGHT).cx == lens.calibration.camera(SERIAL).pinhole.cx
    (tmp_path / "meta.json").write_text("{}")
    bare = RealLens.of(Settings(overlay={"recording": tmp_path}))  # type: ignore[arg-type]
    assert bare.calibration is None


@pytest.mark.parametrize(
    ("chosen", "words"),
    [({"calibration_ms": 5}, "no calibration of 5"), ({"serial": "none"}, "no camera 'none'")],
)
def test_a_calibration_that_lacks_what_is_chosen_is_said(
    recording: Path, chosen: dict[str, Any], words: str
) -> None:
    with pytest.raises(CalibrationError, match=words):
        RealLens.of(Settings(overlay={"recording": recording, **chosen}))  # type: ignore[arg-type]


def test_a_calibration_to_begin_with_tells_its_lens(tmp_path: Path) -> None:
    shared = Transform("camera", "marker", np.eye(4))
    base = Optimised(SERIAL, Transform("camera", "base", np.eye(4)))
    cameras = {SERIAL: CalibratedCamera(LENS, shared)}
    path = write_calibration(Calibration(7, "optimised", cameras, optimised=base), tmp_path)
    lens = RealLens.of(Settings(align={"calibration": path}))  # type: ignore[arg-type]
    found = lens.calibrated(CAMERA, 640, 480)
    np.testing.assert_allclose(found.lens, LENS.lens)
    assert found.distortion == LENS.distortion
    with pytest.raises(ImageSizeError, match="for pictures of 640x480 px, and these have 64x48"):
        lens.seen_by(CAMERA, 64, 48)


def test_a_cameras_calibration_tells_its_lens(recording: Path) -> None:
    (path,) = (recording / "calib").glob("*.yml")
    settings = Settings(
        align={"real": "camera"},  # type: ignore[arg-type]
        camera={"calibration": path, "serial": SERIAL},  # type: ignore[arg-type]
    )
    camera = RealLens.of(settings).seen_by(CAMERA, WIDTH, HEIGHT)
    assert camera.fx / camera.fy == 1.0
    with pytest.raises(ImageSizeError):
        RealLens.of(settings).straight(np.zeros((48, 64, 3), np.uint8))
