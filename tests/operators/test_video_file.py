from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.usage_error import UsageError
from operators.video_file import VideoFile


def picture(level: int) -> np.ndarray:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[..., 0] = level  # red
    return pixels


def levels(path: Path) -> list[int]:
    """The red of every picture of a video."""
    video = cv2.VideoCapture(str(path))
    found = []
    while True:
        there, pixels = video.read()
        if not there:
            return found
        found.append(round(float(pixels[..., 2].mean())))


def test_a_picture_is_shown_until_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "new/video.mp4"
    video = VideoFile(path, rate_hz=10.0)
    for time_ms, level in ((1000, 40), (1100, 90), (1110, 20), (1400, 200)):
        video.write(picture(level), time_ms * 1_000_000)
    video.close()
    # The third came with the second's place taken; the last also stands for what was missing.
    np.testing.assert_allclose(levels(path), [40, 90, 200, 200, 200], atol=6)
    assert video.written == 5


def test_another_size_is_refused(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / "video.mp4", rate_hz=10.0)
    video.write(picture(1), 0)
    with pytest.raises(ValueError, match="so far"):
        video.write(np.zeros((32, 32, 3), np.uint8), 1)
    video.close()


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").mkdir()
    with pytest.raises(UsageError, match=r"overlay.video: .* cannot be written"):
        VideoFile(tmp_path / "video.mp4", rate_hz=10.0).write(picture(1), 0)
