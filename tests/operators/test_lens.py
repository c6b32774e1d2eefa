"""What is said of lenses that are guessed, or that do not fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from operators.camera_settings import CameraSettings
from operators.lens import Lens, calibrated_lens, seen_through
from operators.pinhole import Pinhole
from operators.settings import SettingsError
from tests.operators.camera_hands import keypoints

CAMERA = """\
    image: {width: 640, height: 480, fx: 520, fy: 515, cx: 322, cy: 236,
            distortion: [-0.2, 0.05, 0.001, -0.002, 0.01]}
    camera_from_marker: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
"""
CALIBRATION = f"""\
version: 1
timestamp_ms: 1
kind: marker
cameras:
  webcam:
{CAMERA}"""
SEVERAL = f"{CALIBRATION}  other:\n{CAMERA.replace('520', '620')}"


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / "camera.yml"
    path.write_text(CALIBRATION)
    return path


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
    assert fitting.camera == ""
    other = lens.image(np.zeros((720, 1280, 3), np.uint8))
    assert np.isnan(other.lens).all()
    assert "1280x720" in said[0]
    assert "640x480" in said[0]
    assert str(calibration) in said[0]


def test_a_camera_of_several_is_named(calibration: Path) -> None:
    said: list[str] = []
    settings = CameraSettings(calibration=calibration)
    lens = Lens(settings, lambda _, words: said.append(words), "left", "capture.cameras.left")
    assert lens.image(np.zeros((720, 1280, 3), np.uint8)).camera == "left"
    assert "Set capture.cameras.left.size" in said[0]


@pytest.mark.parametrize(("serial", "focal_px"), [("webcam", 520.0), ("other", 620.0)])
def test_one_of_several_cameras_is_named(calibration: Path, serial: str, focal_px: float) -> None:
    calibration.write_text(SEVERAL)
    lens = calibrated_lens(CameraSettings(calibration=calibration, serial=serial))
    assert lens is not None
    assert lens.fx == focal_px


@pytest.mark.parametrize(
    ("content", "serial", "words"),
    [
        (SEVERAL, None, ["camera.serial", "webcam, other"]),
        (SEVERAL, "third", ["camera.serial", "webcam, other", "third"]),
        (CALIBRATION, "third", ["webcam", "third"]),
        (CALIBRATION.replace("520", "-1"), None, ["cameras.webcam.image", "above 0", "-1"]),
        (CALIBRATION.replace("0.05, 0.001, ", ""), None, ["distortion"]),
        (CALIBRATION.replace("fx", "f"), None, ["cameras.webcam.image.f"]),
        ("cameras: [", None, ["not YAML"]),
    ],
)
def test_a_wrong_calibration_is_named(
    calibration: Path, content: str, serial: str | None, words: list[str]
) -> None:
    calibration.write_text(content)
    with pytest.raises(SettingsError) as raised:
        calibrated_lens(CameraSettings(calibration=calibration, serial=serial))
    assert all(word in str(raised.value) for word in (str(calibration), *words))


@pytest.mark.parametrize("terms", [(), (-0.2, 0.05, 0.001, -0.002, 0.01)])
def test_keypoints_say_the_lens_that_they_were_seen_through(terms: tuple[float, ...]) -> None:
    lens = Pinhole(640, 480, 520.0, 515.0, 322.0, 236.0, terms)
    nothing = np.full((21, 3), np.nan)
    seen = keypoints(nothing[:, :2], nothing, columns=640, rows=480, lens=lens.lens)
    told = seen_through(replace(seen, distortion=lens.distortion_terms))
    assert told is not None
    np.testing.assert_array_equal(told.project([0.3, -0.2, 1.0]), lens.project([0.3, -0.2, 1.0]))


def test_keypoints_of_an_unknown_lens_say_none() -> None:
    nothing = np.full((21, 3), np.nan)
    assert seen_through(keypoints(nothing[:, :2], nothing, lens=np.full(4, np.nan))) is None


def test_a_calibration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yml: cannot be read"):
        Lens(CameraSettings(calibration=tmp_path / "absent.yml"), lambda *_: None)
