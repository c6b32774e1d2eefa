"""The whole way of a user: a printed board, footage of several cameras, and their calibration."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from operators.calibration import CalibratedCamera
from operators.calibration_board import CalibrationBoard, read_board
from operators.calibration_file import read_calibration
from operators.settings import load_settings
from operators.transforms import Array, inverse
from panodora.__main__ import main
from tests.operators.board_footage import film, largest_pixel_error, poses, write_pictures
from tests.operators.ho_cap_files import write_ho_cap
from tests.operators.rigs import angle_deg, calibrated, two_cameras
from tests.operators.test_calibration_import_opencv import one
from tests.operators.test_calibration_import_two_view import write as write_two_view

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def said(*arguments: object, fails: bool = False) -> str:
        ended = main(["rig", *map(str, arguments)])
        captured = capsys.readouterr()
        assert ended == (2 if fails else 0), captured.err
        return captured.out + captured.err

    return said


def made_board(run: Run, folder: Path, *options: object) -> CalibrationBoard:
    run("board", folder / "board.pdf", *options)
    assert (folder / "board.pdf").read_bytes().startswith(b"%PDF")
    return read_board(folder / "board.yml")


def filmed(
    folder: Path, board: CalibrationBoard, cameras: dict[str, CalibratedCamera], count: int
) -> list[str]:
    held = poses(board, count)
    return [
        f"{name}={write_pictures(folder / name, film(board, camera, held, seed=100 * i))}"
        for i, (name, camera) in enumerate(cameras.items())
    ]


def written(folder: Path) -> Path:
    (path,) = folder.glob("*.yml")
    return path


def triangulated(cameras: dict[str, CalibratedCamera], pixels: dict[str, Array]) -> Array:
    """Points (n, 3) of two cameras' pixels, by OpenCV."""
    projections = [c.camera_from_marker.matrix[:3] for c in cameras.values()]
    flat = [cameras[name].pinhole.normalised(at).T for name, at in pixels.items()]
    homogeneous = cv2.triangulatePoints(*projections, *flat)
    return np.asarray((homogeneous[:3] / homogeneous[3]).T, np.float64)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--squares", "9x7", "--square-mm", "25"), 20),
        (("--pattern", "checkerboard", "--squares", "9x6", "--square-mm", "26"), 20),
    ],
    ids=["charuco", "checkerboard"],
)
def test_a_board_is_made_and_filmed_and_gives_the_cameras_back(
    run: Run, tmp_path: Path, options: tuple[str, ...], count: int
) -> None:
    board = made_board(run, tmp_path, *options)
    truth = two_cameras()
    footage = filmed(tmp_path, board, truth, count)
    out = tmp_path / "out"
    said = run("calibrate", *footage, "--board", tmp_path / "board.yml", "--folder", out)
    found = read_calibration(written(out)).cameras
    assert [*found] == ["left", "right"]
    for name, camera in truth.items():
        assert largest_pixel_error(found[name].pinhole, camera.pinhole) < 0.6
        np.testing.assert_allclose(found[name].pinhole.lens[:2], camera.pinhole.lens[:2], rtol=4e-3)
        place, true_place = (c.camera_from_marker.matrix for c in (found[name], camera))
        assert np.linalg.norm(inverse(place)[:3, 3] - inverse(true_place)[:3, 3]) < 0.0025
        assert angle_deg(place[:3, :3], true_place[:3, :3]) < 0.25
    # What it is for: a hand above the board is where it is.
    hand = np.random.default_rng(0).uniform([0.03, 0.0, -0.12], [0.2, 0.15, 0.0], (40, 3))
    pixels = {n: c.pinhole.project(c.camera_from_marker.points(hand)) for n, c in truth.items()}
    off_m = np.linalg.norm(triangulated(dict(found), pixels) - hand, axis=1)
    assert off_m.max() < 0.0005
    assert np.median(off_m) < 0.0002
    assert len([*out.glob("*_corners.jpg")]) == len([*out.glob("*_undistorted.jpg")]) == 2
    assert "together" in said


def test_what_it_prints_is_what_the_settings_take(run: Run, tmp_path: Path) -> None:
    sequence = write_ho_cap(tmp_path)
    said = run("ho-cap", sequence, "--folder", tmp_path / "out")
    text = said[said.index("capture:") :]
    (tmp_path / "settings.yml").write_text(text)
    capture = load_settings(tmp_path / "settings.yml").capture
    assert capture.calibration == written(tmp_path / "out")
    assert len(capture.cameras) == 8
    assert capture.cameras["005322251560"].source == sequence / "005322251560" / "color_*.jpg"


def test_poor_footage_is_said_and_lenses_may_be_known(run: Run, tmp_path: Path) -> None:
    board = made_board(run, tmp_path, "--squares", "7x5", "--square-mm", "30")
    cameras = {"webcam": calibrated((0.1, 0.07, -0.5), size=(320, 240), focal=280.0)}
    footage = filmed(tmp_path, board, cameras, 6)
    arguments = ("calibrate", *footage, "--board", tmp_path / "board.yml", "--folder")
    said = run(*arguments, tmp_path / "first")
    assert re.search(r"warning: webcam: only \d pictures were used", said)
    lenses = written(tmp_path / "first")
    said = run(*arguments, tmp_path / "second", "--lenses", lenses)
    assert "warning" not in said
    assert [*(tmp_path / "second").glob("*.jpg")] == []
    first, second = (
        read_calibration(written(tmp_path / n)).camera("webcam") for n in ("first", "second")
    )
    assert first.pinhole == second.pinhole


def test_footage_without_a_board_is_refused(run: Run, tmp_path: Path) -> None:
    made_board(run, tmp_path)
    empty = write_pictures(tmp_path / "empty", [np.full((240, 320, 3), 120, np.uint8)] * 2)
    arguments = ("calibrate", empty, "--board", tmp_path / "board.yml", "--folder", tmp_path)
    assert "empty: the board is seen in 0 of 2 pictures" in run(*arguments, fails=True)


def test_two_view_files_are_read(run: Run, tmp_path: Path) -> None:
    write_two_view(tmp_path)
    out = tmp_path / "out"
    run("two-view", tmp_path, "--size", "720x720", "--unit-mm", "25", "--folder", out)
    camera = read_calibration(written(out)).camera("c0")
    np.testing.assert_allclose(camera.camera_from_marker.matrix[2, 3], 16.0 * 0.025)


def test_opencvs_files_are_read(run: Run, tmp_path: Path) -> None:
    path = one(tmp_path / "lens.yaml")
    run("opencv", f"webcam={path}", "--folder", tmp_path / "out")
    assert read_calibration(written(tmp_path / "out")).camera("webcam").pinhole.width == 1280


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("board", "b.pdf", "--squares", "11"), "--squares: expected such as 11x8, got '11'"),
        (("board", "b.pdf", "--square-mm", "-1"), "square_mm Input should be greater than 0"),
        (
            ("board", "b.pdf", "--pattern", "checkerboard", "--squares", "8x6"),
            "panodora: a checkerboard of 8x6 squares looks the same upside down",
        ),
        (("calibrate", "a.mp4", "b/a.mp4"), "two cameras are called 'a'"),
        (("calibrate", "=a.mp4"), "expected NAME=FILE such as left=left.mp4"),
        (("calibrate", "a.mp4", "--offset", "b=1"), "--offset: no camera 'b'; there are a"),
        (("calibrate", "a.mp4", "--offset", "a=x"), "--offset: expected such as a=0.35"),
        (("calibrate", "a.mp4", "--rate", "0"), "--rate: above 0 and up to 120"),
        (("calibrate", "a.mp4"), "a.mp4 is not there; expected a video, or a folder"),
        (("opencv", "a=a.yml", "b.yml"), "give either all files a name"),
        (("opencv", "a=a.yml", "--size", "big"), "--size: expected such as 1280x720"),
        (("two-view", ".", "--size", "1x1", "--unit-mm", "0"), "--unit-mm: above 0, got 0"),
        (("ho-cap", "nowhere"), "nowhere/meta.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] == "calibrate":
        (tmp_path / "board.yml").write_text(yaml.safe_dump({"columns": 9}))
        arguments = (*arguments, "--board", "board.yml")
    assert words in run(*arguments, fails=True)
    assert sorted(p.name for p in tmp_path.iterdir()) in ([], ["board.yml"])
