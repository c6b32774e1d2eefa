from pathlib import Path

import numpy as np
import pytest
import yaml

from operators.calibration import Calibration, CalibrationError
from operators.calibration_file import find_calibration, read_calibration, write_calibration
from operators.frame_configuration import load_frames
from operators.settings import ROOT, SettingsError
from operators.usage_error import UsageError
from tests.operators.calibrations import SERIALS, in_hand, marker, optimised


@pytest.mark.parametrize("calibration", [marker(), optimised(), in_hand()], ids=lambda c: c.kind)
def test_a_calibration_comes_back_as_it_was_written(
    tmp_path: Path, calibration: Calibration
) -> None:
    path = write_calibration(calibration, tmp_path)
    assert path.name == "1737548651048.yml"
    read = find_calibration(tmp_path, 1737548651048)
    name = "robot" if calibration.kind == "in_hand" else "exoskeleton"
    frames = load_frames(ROOT / f"configs/frames/{name}.yml")
    for serial in SERIALS[:2]:
        np.testing.assert_array_equal(
            read.camera_from_base(serial, frames).matrix,
            calibration.camera_from_base(serial, frames).matrix,
        )
        assert read.camera(serial).pinhole == calibration.camera(serial).pinhole


def test_none_is_written_over(tmp_path: Path) -> None:
    write_calibration(marker(), tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        write_calibration(optimised(), tmp_path)


def test_without_a_time_the_newest_is_taken(tmp_path: Path) -> None:
    path = write_calibration(marker(), tmp_path)
    newer = tmp_path / "1737548659999.yml"
    newer.write_text(path.read_text().replace("1737548651048", "1737548659999"))
    assert find_calibration(tmp_path).timestamp_ms == 1737548659999


def test_another_time_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="no calibration here"):
        find_calibration(tmp_path)
    write_calibration(marker(), tmp_path)
    with pytest.raises(CalibrationError, match="no calibration of 5; there are 1737548651048"):
        find_calibration(tmp_path, 5)


def test_a_name_that_says_another_time_is_refused(tmp_path: Path) -> None:
    write_calibration(marker(), tmp_path).rename(tmp_path / "7.yml")
    with pytest.raises(SettingsError, match="timestamp_ms is 1737548651048"):
        find_calibration(tmp_path, 7)


FIRST = SERIALS[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(kind="airexo"), "kind: Input should be 'marker', 'optimised' or 'in"),
        (lambda c: c.update(version=2), "version"),
        (lambda c: c.pop("in_hand"), "kind in_hand needs 'in_hand'"),
        (lambda c: c["in_hand"]["left"].update(serial="7"), "no camera '7'"),
        (lambda c: c["in_hand"].pop("right"), "in_hand.right: Field required"),
        (lambda c: c["cameras"][FIRST].pop("image"), f"cameras.{FIRST}.image: Field required"),
        (
            lambda c: c["cameras"][FIRST]["image"].update(fx=-3),
            "image: Value error, intrinsics: expected finite numbers and focal",
        ),
        (
            lambda c: c["cameras"][FIRST]["camera_from_marker"][0].__setitem__(0, 9.0),
            f"cameras.{FIRST}: camera_from_marker: expected a rigid transform",
        ),
        (lambda c: c.update(scale=3), "unknown key 'scale'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(
    tmp_path: Path, change: object, words: str
) -> None:
    path = write_calibration(in_hand(), tmp_path)
    content = yaml.safe_load(path.read_text())
    change(content)  # type: ignore[operator]
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(SettingsError) as refused:
        read_calibration(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
