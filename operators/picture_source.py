"""Where a camera's pictures come from: a camera, a video file, or a folder of pictures."""

import re
import stat
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.camera_settings import PictureSettings
from operators.settings import SettingsError, resolve
from operators.usage_error import UsageError

Pixels = NDArray[np.uint8]

PICTURE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".bmp")

FOLDER_RATE_HZ: Final = 30.0


UNCERTAIN_PICTURES: Final = 2


class CameraStoppedError(UsageError):
    """A camera gives no pictures: says which, and what to look at."""


class PictureSource(Protocol):
    """Gives pictures, one after the other.

    name: in words for the user. rate_hz: how many a second; 0 where only the device knows.
    is_live: whether pictures come when they come, and are lost if nobody takes them.
    count: how many there are as far as the file says; None of a device.
    """

    name: str
    rate_hz: float
    is_live: bool
    count: int | None

    def read(self) -> Pixels | None:
        """The next picture, (rows, columns, 3) RGB; None at the end of a file or folder.

        Raises CameraStoppedError if a camera gives none.
        """

    def skip(self) -> bool:
        """Pass over a picture; false at the end."""

    def rewind(self) -> None:
        """Start again: a file at its first picture, a camera by opening it anew."""

    def close(self) -> None:
        """Give the device or the file back."""


class VideoFile:
    """A video file's pictures. Raises UsageError if it cannot be decoded."""

    is_live = False

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise UsageError(f"{path} is not a video that can be decoded")
        self.rate_hz = float(self._capture.get(cv2.CAP_PROP_FPS)) or FOLDER_RATE_HZ
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.count: int | None = count if count > 0 else None  # of a file without an index
        self.uneven_s = 0.0
        """How far a picture was from where an even rate has it, at the most, s."""
        self._passed = 0
        self._first_s = 0.0

    def read(self) -> Pixels | None:
        """The next picture, None at the end. Raises UsageError where the file ends before it."""
        ok, picture = self._capture.read()
        if not ok:
            self._check_end()
            return None
        self._look_at_time()
        return _rgb(picture)

    def skip(self) -> bool:
        """Pass over a picture, most of its decoding included; false at the end."""
        passed = bool(self._capture.grab())
        if passed:
            self._look_at_time()
        return passed

    def rewind(self) -> None:
        """Start at the first picture."""
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        self._passed = 0

    def _check_end(self) -> None:
        """Some files' indexes count a picture or two that cannot be decoded: no fault."""
        if self.count is not None and self.count - self._passed > UNCERTAIN_PICTURES:
            raise UsageError(
                f"{self.name}: {self._passed} pictures could be decoded of the {self.count} that "
                "the file says it has: it is cut off or damaged"
            )

    def _look_at_time(self) -> None:
        """Telephones take pictures as they have light and time, and say an average rate."""
        time_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if self._passed == 0:
            self._first_s = time_s
        off_s = abs(time_s - self._first_s - self._passed / self.rate_hz)
        self.uneven_s = max(self.uneven_s, off_s)
        self._passed += 1

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class PictureFolder:
    """The pictures of a folder, by the numbers in their names. Raises UsageError if none.

    pattern: which of its files, where other pictures lie beside them: color_*.jpg.
    """

    is_live = False

    def __init__(self, folder: Path, rate_hz: float = FOLDER_RATE_HZ, pattern: str = "*") -> None:
        self.name, self.rate_hz = str(folder if pattern == "*" else folder / pattern), rate_hz
        found = (f for f in folder.glob(pattern) if f.suffix.lower() in PICTURE_SUFFIXES)
        self._files = sorted(found, key=_by_number)
        if not self._files:
            raise UsageError(f"{self.name} holds no pictures ({', '.join(PICTURE_SUFFIXES)})")
        self.count: int | None = len(self._files)
        self._next = 0

    def read(self) -> Pixels | None:
        """The next picture, None after the last. Raises UsageError if it cannot be decoded."""
        if self._next >= len(self._files):
            return None
        file = self._files[self._next]
        self._next += 1
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise UsageError(f"{file} is not a picture that can be decoded")
        return _rgb(picture)

    def skip(self) -> bool:
        """Pass over a picture; false after the last."""
        self._next += 1
        return self._next <= len(self._files)

    def rewind(self) -> None:
        """Start at the first picture."""
        self._next = 0

    def close(self) -> None:
        """Nothing is open."""


class Webcam:
    """A camera of this machine. Raises UsageError if there is none.

    device: its number or its path. size: columns and rows to ask it for. rate_hz: pictures a
    second to ask it for.
    """

    is_live = True
    count: int | None = None

    def __init__(
        self, device: int | str, size: tuple[int, int] | None, rate_hz: float | None
    ) -> None:
        self.name = f"camera {device}"
        self._device, self._size, self._asked_hz = device, size, rate_hz
        self._capture = self._open()
        if not self._capture.isOpened():
            raise UsageError(
                f"no camera answers at {device!r}; `ls /dev/video*` lists those of "
                "this machine. A video file or a folder of pictures will do, too"
            )
        self.rate_hz = float(self._capture.get(cv2.CAP_PROP_FPS))

    def read(self) -> Pixels | None:
        """The next picture. Raises CameraStoppedError."""
        ok, picture = self._capture.read()
        if not ok:
            raise CameraStoppedError(f"{self.name} gives no pictures; is it still plugged in?")
        return _rgb(picture)

    def skip(self) -> bool:
        """Pass over a picture."""
        return bool(self._capture.grab())

    def rewind(self) -> None:
        """Open the camera anew: one that was unplugged may be back."""
        self._capture.release()
        self._capture = self._open()

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(self._device)
        # The newest picture is wanted, not the oldest of a queue.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if self._size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        if self._asked_hz is not None:
            capture.set(cv2.CAP_PROP_FPS, self._asked_hz)
        return capture


def open_source(settings: PictureSettings, section: str) -> PictureSource:
    """Open what a section of the settings names. Raises SettingsError saying what there is not."""
    try:
        return _open(settings)
    except UsageError as error:
        raise SettingsError(f"{section}.source: {error}") from None


def _open(settings: PictureSettings) -> PictureSource:
    if isinstance(settings.source, int):
        return Webcam(settings.source, settings.size, settings.rate_hz)
    path = resolve(settings.source)
    if path.is_dir():
        return PictureFolder(path, settings.rate_hz or FOLDER_RATE_HZ)
    if path.is_file():
        return VideoFile(path)
    if "*" in path.name and path.parent.is_dir():
        return PictureFolder(path.parent, settings.rate_hz or FOLDER_RATE_HZ, path.name)
    if path.exists() and stat.S_ISCHR(path.stat().st_mode):
        return Webcam(str(path), settings.size, settings.rate_hz)
    raise UsageError(
        f"{settings.source} is not there; expected a camera's number, a video file, "
        "a folder of pictures, or such as FOLDER/color_*.jpg"
    )


def _rgb(bgr: NDArray[np.integer]) -> Pixels:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _by_number(file: Path) -> tuple[list[int], str]:
    """So that 10.png comes after 9.png."""
    return [int(number) for number in re.findall(r"\d+", file.stem)], file.name
