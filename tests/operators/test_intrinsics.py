"""Lenses against OpenCV's own projection, and what is said of those that do not fit."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.camera_settings import CameraSettings
from operators.intrinsics import Intrinsics, Lens, normalised_points
from operators.settings import SettingsError

CALIBRATION = """\
columns: 640
rows: 480
focal_lengths: [520.0, 515.0]
principal_point: [322.0, 236.0]
distortion: [-0.2, 0.05, 0.001, -0.002, 0.01]
"""


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / "camera.yml"
    path.write_text(CALIBRATION)
    return path


def test_undistorted_points_are_where_opencv_has_projected_them_from(calibration: Path) -> None:
    intrinsics = Intrinsics.load(calibration)
    fx, fy, cx, cy = intrinsics.lens
    camera = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    directions = np.random.default_rng(0).uniform(-0.4, 0.4, (50, 2))
    points = np.concatenate([directions, np.ones((50, 1))], axis=1)
    distortion = np.array(intrinsics.distortion)
    pixels, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera, distortion)
    found = normalised_points(pixels[:, 0], intrinsics.lens, distortion)
    np.testing.assert_allclose(found, directions, atol=1e-3)
    # The distortion matters: without it the points would be elsewhere.
    assert (
        np.abs(normalised_points(pixels[:, 0], intrinsics.lens, np.zeros(5)) - found).max() > 0.01
    )


@pytest.mark.parametrize(("fov_deg", "focal_px"), [(90.0, 320.0), (60.0, 320.0 * 3**0.5)])
def test_a_guessed_lens_sees_as_wide_as_it_is_said_to(fov_deg: float, focal_px: float) -> None:
    lens = Intrinsics.guess(640, 480, fov_deg).lens
    np.testing.assert_allclose(lens, [focal_px, focal_px, 319.5, 239.5])


def test_a_guess_is_said_to_be_one_and_follows_the_pictures_size() -> None:
    said: list[str] = []
    lens = Lens(CameraSettings(horizontal_fov_deg=90), lambda _, words: said.append(words))
    assert lens.image(np.zeros((480, 640, 3), np.uint8)).lens[0] == pytest.approx(320.0)
    assert lens.image(np.zeros((480, 640, 3), np.uint8)).lens[0] == pytest.approx(320.0)
    assert len(said) == 1
    assert "guessed to see 90 degrees" in said[0]
    assert lens.image(np.zeros((240, 320, 3), np.uint8)).lens[0] == pytest.approx(160.0)


def test_pictures_of_another_size_than_the_calibration_have_no_lens(calibration: Path) -> None:
    said: list[str] = []
    lens = Lens(CameraSettings(calibration=calibration), lambda _, words: said.append(words))
    fitting = lens.image(np.zeros((480, 640, 3), np.uint8))
    np.testing.assert_array_equal(fitting.lens, [520, 515, 322, 236])
    assert not said
    other = lens.image(np.zeros((720, 1280, 3), np.uint8))
    assert np.isnan(other.lens).all()
    assert "1280x720" in said[0]
    assert "640x480" in said[0]
    assert str(calibration) in said[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CALIBRATION.replace("520.0", "-1"), ["focal_lengths", "greater than 0", "-1"]),
        (CALIBRATION + "skew: 1\n", ["skew", "Extra inputs"]),
        ("columns: [", ["not YAML"]),
        ("", ["the whole file"]),
    ],
)
def test_a_wrong_calibration_is_named(tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "camera.yml"
    path.write_text(content)
    with pytest.raises(SettingsError) as raised:
        Intrinsics.load(path)
    assert all(word in str(raised.value) for word in (str(path), *words))


def test_a_calibration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yml: cannot read this calibration"):
        Lens(CameraSettings(calibration=tmp_path / "absent.yml"), lambda *_: None)
