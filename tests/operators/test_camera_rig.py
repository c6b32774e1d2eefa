"""The cameras of the settings with their calibrations."""

from pathlib import Path

import pytest

from operators.calibration import Calibration
from operators.calibration_file import write_calibration
from operators.camera_rig import calibrated_cameras
from operators.settings import SettingsError, load_settings
from tests.operators.calibrations import optimised
from tests.operators.rigs import capture_settings, two_cameras


def test_cameras_come_in_the_order_of_the_settings(tmp_path: Path) -> None:
    path = write_calibration(Calibration(1, "marker", two_cameras()), tmp_path)
    cameras = {"right": {"source": 1}, "left": {"source": 0}}
    found = calibrated_cameras(capture_settings(calibration=path, cameras=cameras))
    assert [*found] == ["right", "left"]
    assert found["left"].pinhole == two_cameras()["left"].pinhole


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cameras": {}}, "capture.cameras: none is named"),
        ({}, "capture.calibration: must name a calibration"),
        (
            {"cameras": {"left": {}, "door": {}}, "calibration": "1.yml"},
            r"capture\.cameras\.door: has no calibration; .*1\.yml knows left, right",
        ),
        ({"calibration": "1737548651048.yml"}, "is of kind optimised; expected kind marker"),
    ],
)
def test_what_is_lacking_is_said(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    write_calibration(Calibration(1, "marker", two_cameras()), tmp_path)
    write_calibration(optimised(), tmp_path)
    if "calibration" in changes:
        changes = {**changes, "calibration": tmp_path / str(changes["calibration"])}
    with pytest.raises(SettingsError, match=words):
        calibrated_cameras(capture_settings(**changes))


def test_a_cameras_unknown_key_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "capture.yml"
    path.write_text("capture:\n  cameras:\n    left: {sorce: 3}\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    assert "unknown key 'capture.cameras.left.sorce'; allowed here: " in str(refused.value)
    assert "offset_s" in str(refused.value)
