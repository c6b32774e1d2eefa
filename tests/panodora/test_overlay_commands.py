from pathlib import Path

import pytest

from operators.calibration_file import read_calibration
from panodora.__main__ import main
from tests.operators.calibrations import MOUNTED, published, save


def test_frames_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames"]) == 0
    said = capsys.readouterr().out
    for name in ("robot", "two_arms", "exoskeleton", "point_cloud"):
        assert f"configs/frames/{name}.yml:\nrender\n└─ camera" in said
    assert "├─ marker   (base_from_marker, at 0 0.095 0.3525 m)" in said


def test_a_transform_is_composed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "exoskeleton", "--compose", "kinematic_base_from_marker"]) == 0
    said = capsys.readouterr().out
    assert "by kinematic_base - base - marker" in said
    assert "0.095" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frames", "nothing"], "no file nothing; shipped are exoskeleton, point_cloud"),
        (["frames", "--compose", "a_from_b"], "--compose needs a tree"),
        (["frames", "robot", "--compose", "camera_from_link"], "camera_from_base, which calib"),
        (["frames", "robot", "--compose", "camera"], "expected a name such as"),
        (["calibration", "7.npy", "--size", "big"], "--size: expected such as 1280x720"),
        (["calibration", "7.npy", "--size", "4x3"], "7.npy: cannot be read"),
        (["synthesize", "--seconds", "-1"], "--seconds: above 0"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_published_calibration_becomes_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path, published("robot"))
    hands = "\n".join(
        f"  {side}_camera_from_{side}_tcp: {{matrix: {matrix.tolist()}}}"
        for side, matrix in MOUNTED.items()
    )
    (tmp_path / "hands.yml").write_text(f"transforms:\n{hands}\n")
    arguments = ["calibration", str(path), "--size", "1280x720"]
    assert main([*arguments, "--in-hand", str(tmp_path / "hands.yml")]) == 0
    written = tmp_path / "1737548651048.yml"
    assert f"{written}: in_hand, cameras 104122061850" in capsys.readouterr().out
    assert read_calibration(written).kind == "in_hand"


@pytest.mark.gl
def test_a_recording_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "recording"
    assert main(["synthesize", str(folder), "--seconds", "0.1", "--rate", "10"]) == 0
    assert "1 frames" in capsys.readouterr().out
    assert main(["synthesize", str(folder)]) == 2
    assert "holds a recording already" in capsys.readouterr().err
