import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from operators.alignment_file import read_alignment
from operators.calibration_file import find_calibration, write_calibration
from operators.settings import ROOT
from operators.synthetic_robot import EYE_M, LOOKED_AT_M, SERIAL, write_synthetic
from panodora.__main__ import main
from tests.operators.seen_robots import seen_robot

pytestmark = pytest.mark.gl

CAMERA: dict[str, Any] = {"pos": [2.08, 0.63, 0.94], "target": [0.42, 0.09, 0.22], "fov": 0.71}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording, its settings, a rough camera and picked points."""
    folder = tmp_path_factory.mktemp("align")
    write_synthetic(
        folder / "rec", seconds=9.0, rate_hz=0.6, width=640, height=360, silhouettes=True
    )
    settings = {"extends": str(ROOT / "configs/overlay.yml")}
    overlay = {"overlay": {"recording": str(folder / "rec")}}
    (folder / "overlay.yml").write_text(yaml.safe_dump({**settings, **overlay}))
    (folder / "camera.json").write_text(json.dumps({"base_camera_settings": CAMERA}))
    robot = seen_robot()
    points = np.random.default_rng(0).uniform([0.1, -0.4, -0.2], [0.7, 0.4, 0.4], (12, 3))
    at = robot.frames["base_from_kinematic_base"].points(points)
    picked = [
        {"base": point.tolist(), "pixel": pixel.tolist()}
        for point, pixel in zip(points, robot.truth.project(at), strict=True)
    ]
    (folder / "picked.json").write_text(json.dumps({"size": [640, 360], "points": picked}))
    return folder


def align(place: Path, *arguments: str) -> int:
    settings = ["--settings", str(place / "overlay.yml")]
    return main(["align", *settings, "--start", str(place / "camera.json"), *arguments])


@pytest.mark.parametrize("way", ["silhouettes", "points"])
def test_a_rough_camera_is_brought_into_line(
    way: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = ["--points", str(place / "picked.json")] if way == "points" else []
    assert align(place, *points, "--poses", "3", "--folder", str(tmp_path)) == 0
    said = capsys.readouterr().out
    robot = seen_robot()
    calibration = find_calibration(tmp_path / "calib")
    assert f"{tmp_path / 'calib' / str(calibration.timestamp_ms)}.yml" in said
    found = calibration.camera_from_base(SERIAL, robot.frames).matrix
    assert np.linalg.norm((found @ np.linalg.inv(robot.truth.pose.matrix))[:3, 3]) < 1e-3
    lens = calibration.camera(SERIAL).pinhole
    assert lens.fy == pytest.approx(robot.truth.pinhole.fy, rel=1e-3)
    camera = read_alignment(tmp_path / "camera.json").camera
    np.testing.assert_allclose(camera.position, EYE_M, atol=1e-3)
    way_there = LOOKED_AT_M - EYE_M
    np.testing.assert_allclose(camera.forward, way_there / np.linalg.norm(way_there), atol=1e-3)
    assert "without the roll of" in said
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_rough_start_keeps_the_lens_and_the_other_cameras(place: Path, tmp_path: Path) -> None:
    folder = place / "rec/calib"
    known = find_calibration(folder)
    true = seen_robot().truth
    bent = replace(true.pinhole, cx=330.0, cy=170.0, distortion=(-0.2, 0.05, 0.001, -0.002))
    cameras = {**known.cameras, SERIAL: replace(known.camera(SERIAL), pinhole=bent)}
    calibration = write_calibration(replace(known, cameras=cameras), tmp_path / "known")
    picked = json.loads((place / "picked.json").read_text())
    at = (
        seen_robot()
        .frames["base_from_kinematic_base"]
        .points([point["base"] for point in picked["points"]])
    )
    for point, pixel in zip(picked["points"], replace(true, pinhole=bent).project(at), strict=True):
        point["pixel"] = pixel.tolist()
    (tmp_path / "bent.json").write_text(json.dumps(picked))
    settings = yaml.safe_load((place / "overlay.yml").read_text())
    settings["overlay"]["calibrations"] = str(calibration.parent)
    (tmp_path / "overlay.yml").write_text(yaml.safe_dump(settings))
    start = ["--start", str(place / "camera.json"), "--points", str(tmp_path / "bent.json")]
    command = ["align", "--settings", str(tmp_path / "overlay.yml"), *start]
    assert main([*command, "--folder", str(tmp_path / "out")]) == 0
    found = find_calibration(tmp_path / "out/calib")
    assert set(found.cameras) == set(known.cameras)
    lens = found.camera(SERIAL).pinhole
    np.testing.assert_allclose(lens.lens, bent.lens, rtol=1e-5)
    assert lens.distortion == bent.distortion
    pose = found.camera_from_base(SERIAL, seen_robot().frames).matrix
    np.testing.assert_allclose(pose, true.pose.matrix, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--silhouettes"], "--silhouettes: is what is done without --points"),
        (["--joints", "20"], "--joints: expected 0 to 10 degrees, got 20"),
        (["--poses", "0"], "--poses: expected 1 to 100, got 0"),
        (["--within", "0", "3"], "--within: expected mm and degrees above 0"),
        (["--points", "none.json"], "none.json: cannot be read"),
        (["--points", "none.json", "--within", "9", "9"], "--within: of no use to points alone"),
        (["--points", "none.json", "--joints", "2"], "--joints: of no use to points alone"),
        (["--points", "none.json", "--background", "b.png"], "--background: of no use to points"),
        (["--points", "a.json", "--no-depth", "--trust-depth"], "--no-depth, --trust-depth: of no"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert align(place, *arguments) == 2
    assert words in capsys.readouterr().err


def test_bounds_are_about_the_start_also_after_points(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = ["--points", str(place / "picked.json"), "--silhouettes", "--poses", "2"]
    assert align(place, *points, "--within", "20", "9", "--folder", str(tmp_path)) == 0
    assert "mind: the camera is at the bound of its place (20 mm)" in capsys.readouterr().out
    camera = read_alignment(tmp_path / "camera.json").camera
    off_m = np.linalg.norm(np.subtract(camera.position, CAMERA["pos"]))
    assert off_m == pytest.approx(0.02, abs=1e-6)


def test_points_of_another_picture_are_refused(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((place / "picked.json").read_text())
    (tmp_path / "other.json").write_text(json.dumps({**content, "size": [1280, 720]}))
    assert align(place, "--points", str(tmp_path / "other.json")) == 2
    assert "picked in a picture of 1280x720 px" in capsys.readouterr().err
