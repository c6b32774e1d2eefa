from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.green_screen import (
    GREEN,
    BackgroundCapture,
    composed,
    read_background,
    write_background,
)
from operators.pinhole import ImageSizeError
from operators.settings import SettingsError

SCENE = np.random.default_rng(1).integers(0, 200, (60, 80, 3), np.uint8)
ROBOT = (255, 250, 240)


def with_robot(column: int) -> tuple[np.ndarray, np.ndarray]:
    """The scene with a bar before it, and where it is drawn: beside that by three pixels."""
    picture, drawn = SCENE.copy(), np.zeros((60, 80), bool)
    picture[10:50, column : column + 10] = ROBOT
    drawn[10:50, column + 3 : column + 13] = True
    return picture, drawn


def test_a_robot_that_moves_leaves_the_scene() -> None:
    capture = BackgroundCapture(pictures=6, margin_px=4)
    for i in range(6):
        capture.add(*with_robot(5 + 10 * i))
    assert capture.done
    background, hidden = capture.background()
    np.testing.assert_array_equal(background, SCENE)
    assert hidden == 0.0


def test_what_the_robot_always_hides_is_told_and_shows_it() -> None:
    capture = BackgroundCapture(pictures=3, margin_px=0)
    picture, _ = with_robot(20)
    robot = (picture == ROBOT).all(axis=-1)
    for _ in range(3):
        capture.add(picture, robot)
    background, hidden = capture.background()
    assert hidden == pytest.approx(40 * 10 / (60 * 80))
    np.testing.assert_array_equal(background, picture)


def test_without_a_robot_the_picture_is_the_mean() -> None:
    capture = BackgroundCapture(pictures=2)
    for grey in (100, 110):
        capture.add(np.full((4, 4, 3), grey, np.uint8), None)
    assert (capture.background()[0] == 105).all()


def test_pictures_of_two_sizes_are_refused() -> None:
    capture = BackgroundCapture()
    capture.add(SCENE, None)
    with pytest.raises(ImageSizeError, match="40x60 px, the camera's pictures are 80x60"):
        capture.add(SCENE[:, :40], None)


def test_what_is_shown_stands_before_the_background() -> None:
    drawn, shown = np.full((60, 80, 3), 7, np.uint8), np.zeros((60, 80), bool)
    shown[5:9, 3:30] = True
    together = composed(drawn, shown, SCENE)
    assert (together[shown] == 7).all()
    np.testing.assert_array_equal(together[~shown], SCENE[~shown])
    assert (composed(drawn, shown, None)[~shown] == GREEN).all()
    with pytest.raises(ImageSizeError, match="80x30 px, the camera's pictures are 80x60: capture"):
        composed(drawn, shown, SCENE[:30])


def test_a_background_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "bg.png"
    write_background(SCENE, path)
    np.testing.assert_array_equal(read_background(path), SCENE)
    # An independent reader agrees about red and blue.
    np.testing.assert_array_equal(cv2.imread(str(path))[..., 0], SCENE[..., 2])


def test_a_background_that_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.png is not there: capture it"):
        read_background(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(SettingsError, match="is no picture that can be read"):
        read_background(tmp_path / "text.png")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_background(SCENE, tmp_path / "bg.nothing")
