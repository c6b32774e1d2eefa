"""The picture behind a simulated robot: taken of the real scene, put where nothing is drawn."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.pinhole import ImageSizeError
from operators.settings import SettingsError

GREEN: Final = (0, 177, 64)
"""Stands behind the robot while there is no picture for it."""

Picture = NDArray[np.uint8]


def composed(simulated: Picture, shown: NDArray[np.bool_], background: Picture | None) -> Picture:
    """What is simulated (rows, columns, 3) where it is shown, before a background or plain green.

    Raises ImageSizeError for a background of another size.
    """
    if background is None:
        behind = np.empty_like(simulated)
        behind[:] = GREEN
    else:
        check_size(background, simulated)
        behind = background.copy()
    cv2.copyTo(simulated, shown.astype(np.uint8), behind)
    return behind


def check_size(background: Picture, picture: Picture, name: str = "the background") -> None:
    """Raise ImageSizeError unless a background is of a picture's size."""
    if background.shape != picture.shape:
        (rows, columns), (wanted_rows, wanted_columns) = background.shape[:2], picture.shape[:2]
        raise ImageSizeError(
            f"{name} is {columns}x{rows} px, the camera's pictures are "
            f"{wanted_columns}x{wanted_rows}: capture it again"
        )


def read_background(path: Path, key: str = "greenscreen_overlay_path") -> Picture:
    """Read a picture (rows, columns, 3) RGB. Raises SettingsError naming key and file."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if picture is None:
        what = "is no picture that can be read" if path.exists() else "is not there: capture it"
        raise SettingsError(f"{key}: {path} {what}")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def write_background(background: Picture, path: Path) -> None:
    """Write a picture (rows, columns, 3) RGB. Raises SettingsError naming the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(path), np.ascontiguousarray(background[..., ::-1]))
    except (OSError, cv2.error) as error:
        raise SettingsError(f"{path}: cannot be written: {error}") from None
    if not written:
        raise SettingsError(f"{path}: cannot be written; a .png in a folder of yours will do")


class BackgroundCapture:
    """Takes the picture behind a robot out of several, in which the robot moves.

    A pixel is the mean of those pictures in which the robot was drawn well away from it; where it
    always was in the way, the pixel is the mean of all, and shows the robot.

    pictures: how many to take. margin_px: how far around the drawn robot is not believed: it may
    be drawn beside where it is, and it throws a shadow.
    """

    def __init__(self, pictures: int = 30, margin_px: int = 12) -> None:
        self._left = pictures
        side = 2 * margin_px + 1
        self._around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        self._free: NDArray[np.float32] | None = None
        self._all: NDArray[np.float32] | None = None
        self._taken = 0
        self._free_count: NDArray[np.float32] | None = None

    @property
    def done(self) -> bool:
        """Whether no more pictures are wanted."""
        return self._left <= 0

    @property
    def left(self) -> int:
        """How many pictures are wanted yet."""
        return max(self._left, 0)

    def add(self, picture: Picture, robot: NDArray[np.bool_] | None) -> None:
        """Take a picture (rows, columns, 3); robot: where it is drawn, None where it is away.

        Raises ImageSizeError for a picture of another size than the first.
        """
        if self._all is None or self._free is None or self._free_count is None:
            self._all = np.zeros(picture.shape, np.float32)
            self._free = np.zeros(picture.shape, np.float32)
            self._free_count = np.zeros(picture.shape[:2], np.float32)
        elif picture.shape != self._all.shape:
            check_size(picture, self._all.astype(np.uint8), "this picture")
        free = np.ones(picture.shape[:2], np.uint8)
        if robot is not None:
            free -= cv2.dilate(robot.astype(np.uint8), self._around)
        cv2.accumulate(picture, self._all)
        cv2.accumulate(picture, self._free, free)
        self._free_count += free
        self._taken += 1
        self._left -= 1

    def background(self) -> tuple[Picture, float]:
        """The picture, and the share of its pixels that the robot never let go."""
        assert self._all is not None
        assert self._free is not None
        assert self._free_count is not None
        hidden = self._free_count == 0
        mean = self._free / np.maximum(self._free_count, 1.0)[..., None]
        mean[hidden] = self._all[hidden] / self._taken
        return np.round(mean).astype(np.uint8), float(hidden.mean())
