"""Files and folders made here by OpenCV, and read back."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from operators.camera_settings import CameraSettings, PictureSettings
from operators.picture_source import PictureSource, VideoFile, open_source
from operators.settings import ROOT, SettingsError
from operators.usage_error import UsageError

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
"""RGB of the three pictures."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for number, colour in zip((2, 10, 9), (COLOURS[0], COLOURS[2], COLOURS[1]), strict=True):
        picture = np.full((48, 64, 3), colour[::-1], np.uint8)
        cv2.imwrite(str(made / f"{number}.png"), picture)
    (made / "notes.txt").write_text("not a picture")
    return made


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (64, 48))
    for colour in COLOURS:
        writer.write(np.full((48, 64, 3), colour[::-1], np.uint8))
    writer.release()
    return path


@pytest.fixture(params=["folder", "video"])
def source(request: pytest.FixtureRequest) -> PictureSource:
    path = request.getfixturevalue(request.param)
    return open_source(CameraSettings(source=path), "camera")


def colours_of(source: PictureSource) -> list[int]:
    """Which of the colours each picture is nearest to: codecs change them a little."""
    found = []
    while (pixels := source.read()) is not None:
        assert pixels.shape == (48, 64, 3)
        distances = np.abs(np.subtract(COLOURS, pixels.mean(axis=(0, 1)))).sum(axis=1)
        assert distances.min() < 60
        found.append(int(distances.argmin()))
    return found


def test_pictures_come_in_order_as_rgb_and_again_after_rewinding(source: PictureSource) -> None:
    assert not source.is_live
    assert colours_of(source) == [0, 1, 2]
    source.rewind()
    assert source.skip()
    assert colours_of(source) == [1, 2]
    assert not source.skip()
    source.close()


def test_a_file_has_its_own_rate_and_a_folder_the_one_that_is_asked_for(
    folder: Path, video: Path
) -> None:
    assert open_source(PictureSettings(source=video, rate_hz=5), "camera").rate_hz == 25.0
    assert open_source(PictureSettings(source=folder), "camera").rate_hz == 30.0
    assert open_source(PictureSettings(source=folder, rate_hz=5), "camera").rate_hz == 5.0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent.mp4", ["absent.mp4 is not there", "a camera's number"]),
        ("notes.txt", ["not a video that can be decoded"]),
        ("empty", ["holds no pictures", ".png"]),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, words: list[str]) -> None:
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError) as raised:
        open_source(PictureSettings(source=tmp_path / name), "panorama_camera")
    assert str(raised.value).startswith("panorama_camera.source: ")
    assert all(word in str(raised.value) for word in words)


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"camera\.source: no camera answers at 97"):
        open_source(PictureSettings(source=97), "camera")


def test_a_broken_picture_is_named(folder: Path) -> None:
    (folder / "0.png").write_bytes(b"not a picture")
    source = open_source(PictureSettings(source=folder), "camera")
    with pytest.raises(ValueError, match=r"0\.png is not a picture that can be decoded"):
        source.read()


class UnevenCapture:
    """A video whose pictures come at the times of a telephone's, of which OpenCV writes none."""

    TIMES_S = (0.5, 0.533, 0.567, 0.65, 0.683)

    def __init__(self, *_: object) -> None:
        self._next = 0

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        return True

    def get(self, what: int) -> float:
        return 30.0 if what == cv2.CAP_PROP_FPS else 1000.0 * self.TIMES_S[self._next - 1]

    def set(self, what: int, value: float) -> None:
        assert (what, value) == (cv2.CAP_PROP_POS_FRAMES, 0)
        self._next = 0

    def grab(self) -> bool:
        self._next += 1
        return self._next <= len(self.TIMES_S)

    def read(self) -> tuple[bool, np.ndarray]:
        return self.grab(), np.zeros((4, 4, 3), np.uint8)


def test_an_uneven_video_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", UnevenCapture)
    video = VideoFile(Path("phone.mp4"))
    for _ in range(3):
        assert video.read() is not None
    assert video.uneven_s < 0.001
    assert video.skip()
    assert video.uneven_s == pytest.approx(0.05, abs=0.001)
    video.rewind()
    assert video.read() is not None
    assert video.uneven_s == pytest.approx(0.05, abs=0.001)


def test_an_even_video_is_even() -> None:
    video = VideoFile(ROOT / "assets/videos/hand.mp4")
    for i in range(20):
        assert video.skip() if i % 2 else video.read() is not None
    assert video.uneven_s < 1e-6
    video.close()


def test_a_video_that_is_cut_off_does_not_end_as_a_whole_one(
    video: Path,
) -> None:
    whole = VideoFile(video)
    assert whole.count is not None
    while whole.read() is not None:
        pass
    cut = VideoFile(video)
    cut.count = whole.count + 10  # as an index at its beginning says
    for _ in range(whole.count):
        assert cut.read() is not None
    with pytest.raises(UsageError, match=rf"{whole.count} pictures .* of the {whole.count + 10}"):
        cut.read()
