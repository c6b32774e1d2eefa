"""The picture behind the simulated robot, as an alignment reads it, captures it and writes it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from operators.green_screen import (
    BackgroundCapture,
    check_size,
    read_background,
    write_background,
)
from operators.pinhole import ImageSizeError
from operators.settings import SettingsError

Picture = NDArray[np.uint8]


class AlignmentBackground:
    """Holds the background of one camera.

    path: of the picture that there is, None where there is none. otherwise: where a captured one is
    written then, and where `path` is in another folder: what lies there was made by somebody else.
    """

    def __init__(self, path: Path | None, otherwise: Path) -> None:
        self.path = path
        self._otherwise = otherwise
        self._picture: Picture | None = None
        self._capture: BackgroundCapture | None = None
        self.robot_away = False
        """Whether the robot was taken out of the picture that is captured."""

    @property
    def known(self) -> bool:
        """Whether there is a picture."""
        return self._picture is not None

    @property
    def capturing(self) -> bool:
        """Whether pictures are wanted."""
        return self._capture is not None

    def read(self) -> None:
        """Read the picture that there is. Raises SettingsError naming the file."""
        if self.path is not None:
            self._picture = read_background(self.path)

    def fitting(self, real: Picture) -> Picture | None:
        """The picture (rows, columns, 3), None where there is none.

        Raises ImageSizeError, once, for one of another size than the real camera's: it is let go.
        """
        if self._picture is not None:
            try:
                check_size(self._picture, real, f"greenscreen_overlay_path: {self.path}")
            except ImageSizeError:
                self._picture = None
                raise
        return self._picture

    def begin(self, robot_away: bool) -> None:
        """Capture another."""
        self._capture, self.robot_away = BackgroundCapture(), robot_away

    def add(self, real: Picture, robot: NDArray[np.bool_] | None) -> str:
        """Take a picture while capturing; returns how far that is.

        robot: where it is drawn, None where it is away. Raises SettingsError for a file that cannot
        be written, which ends the capture.
        """
        capture = self._capture
        assert capture is not None
        capture.add(real, robot)
        if not capture.done:
            return f"capturing the background: {capture.left} pictures left"
        self._capture = None
        picture, hidden = capture.background()
        path, kept = self.path or self._otherwise, ""
        if path.resolve().parent != self._otherwise.resolve().parent:
            path, kept = self._otherwise, f", and {path} stays as it is"
        write_background(picture, path)
        self.path, self._picture = path, picture
        words = "" if robot is None else f"; {hidden:.1%} of it was behind the robot all along"
        return f"background written: {path}{kept}{words}"


def read_or_say(background: AlignmentBackground) -> str:
    """Read the picture that there is; returns what is wrong with it, or nothing."""
    try:
        background.read()
    except SettingsError as error:
        return str(error)
    return ""
