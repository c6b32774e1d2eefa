"""A board looked for in footage: which pictures, and where its corners are between two of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.board_footage import look_for_board
from operators.calibration_board import CalibrationBoard
from operators.transforms import Array, rigid
from operators.usage_error import UsageError
from operators.video_file import VideoFile
from tests.operators.board_footage import BoardRenderer, write_pictures
from tests.operators.rigs import calibrated

BOARD = CalibrationBoard(columns=6, rows=5, square_mm=40)
CAMERA = calibrated((0.1, 0.05, -0.4), size=(320, 240), focal=280.0)
RATE_HZ = 30.0


def at(time_s: float) -> Array:
    """The board comes from the right at 0.3 m/s, and turns."""
    half = 0.4 * time_s
    turn = np.array([[np.cos(half), 0, np.sin(half)], [0, 1, 0], [-np.sin(half), 0, np.cos(half)]])
    return rigid(turn, [0.05 - 0.3 * time_s, 0.0, 0.0])


def corners_at(time_s: float) -> Array:
    in_rig = BOARD.corners @ at(time_s)[:3, :3].T + at(time_s)[:3, 3]
    return CAMERA.pinhole.project(CAMERA.camera_from_marker.points(in_rig))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "board.mp4"
    renderer = BoardRenderer(BOARD, CAMERA.pinhole)
    file = VideoFile(path, RATE_HZ)
    for i in range(16):
        matrix = CAMERA.camera_from_marker.matrix @ at(i / RATE_HZ)
        file.write(renderer.picture(matrix, i), round(i / RATE_HZ * 1e9))
    file.close()
    return path


@pytest.mark.parametrize("offset_s", [0.0, 0.013, -0.05])
def test_corners_are_where_they_were_at_the_moment(video: Path, offset_s: float) -> None:
    seen = look_for_board(BOARD, video, 10.0, offset_s)
    assert seen.size == (320, 240)
    assert len(seen.sightings) == seen.looked_at >= 5
    for sighting in seen.sightings:
        assert sighting.time_s == pytest.approx(sighting.moment / 10.0)
        together = sighting.together
        if together is None:  # beyond the last picture
            assert sighting is seen.sightings[-1]
            continue
        truth = corners_at(sighting.time_s - offset_s)
        off_px = np.linalg.norm(together.pixels - truth[together.ids], axis=1)
        assert np.sqrt(np.mean(off_px**2)) < 0.25
        # At the picture's own time the board was elsewhere, by up to 7 px.
        before = (sighting.time_s - offset_s) * RATE_HZ % 1.0 / RATE_HZ
        if 0.3 < before * RATE_HZ < 0.999:
            own = np.linalg.norm(sighting.corners.pixels - truth[sighting.corners.ids], axis=1)
            assert own.mean() > 1.5


def test_every_picture_of_a_folder_is_a_moment(tmp_path: Path) -> None:
    renderer = BoardRenderer(BOARD, CAMERA.pinhole)
    shown = renderer.picture(CAMERA.camera_from_marker.matrix @ at(0.0))
    empty = np.full_like(shown, 120)
    folder = write_pictures(tmp_path / "stills", [shown, empty, shown])
    told: list[tuple[int, int]] = []
    seen = look_for_board(BOARD, folder, 5.0, 0.0, lambda *now: told.append(now))
    assert [(s.moment, s.time_s) for s in seen.sightings] == [(0, 0.0), (2, 2.0)]
    assert all(s.together is s.corners for s in seen.sightings)
    assert seen.looked_at == 3
    assert told == [(1, 1), (2, 1), (3, 2)]
    np.testing.assert_array_equal(seen.sample, shown)


def test_pictures_of_two_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stills", [np.zeros((48, 64, 3), np.uint8)] * 2)
    cv2.imwrite(str(folder / "0002.png"), np.zeros((64, 48), np.uint8))
    with pytest.raises(UsageError, match="pictures of 64x48 px, and then one of 48x64"):
        look_for_board(BOARD, folder, 5.0)


def test_footage_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.mp4 is not there; expected a video"):
        look_for_board(BOARD, tmp_path / "nothing.mp4", 5.0)
