"""A camera as the dataflow sees it: which picture is due, and when it was taken."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final

from operators.camera_settings import PictureSettings
from operators.picture_source import CameraStoppedError, Pixels, VideoFile, open_source
from operators.settings import SettingsError

RETRY_S: Final = 1.0
"""A camera that has stopped is opened anew so often."""

UNEVEN_S: Final = 0.02
"""Seconds that a picture may be from where an even rate has it: more than half of what is between
two pictures."""

GAP: Final = 1.7
"""Intervals of a camera longer than so many of its own are pictures that it dropped."""


@dataclass(frozen=True)
class TakenPicture:
    """A picture, (rows, columns, 3) RGB, never mirrored, and when it was taken.

    capture_ns: CLOCK_MONOTONIC. Of a camera, when it was read: exposure and the way into this
    machine lie before. Of footage, since its first picture.
    """

    pixels: Pixels
    capture_ns: int


class Camera:
    """Gives the pictures of a camera, a video file or a folder as they are due.

    section: of the settings, to name in an error. report: is called with a subject and a fault
    where the user should know of one.
    Raises SettingsError if there is no such source.

    A file's pictures come at its own rate. Live, those whose time has passed are left out, as a
    camera would lose them; paced, none is, and each waits for whoever takes them. As footage none
    is, and none waits.
    """

    def __init__(
        self, settings: PictureSettings, section: str, report: Callable[[str, str], None]
    ) -> None:
        self._settings = settings
        self._report = report
        self._source = open_source(settings, section)
        if settings.pace == "footage" and self._source.is_live:
            self._source.close()
            raise SettingsError(
                f"{section}.pace: footage is a file or a folder of pictures, but "
                f"{self._source.name} is live"
            )
        self._stopping = Event()
        self._number = 0
        self._started_ns: int | None = None
        self._last_ns: int | None = None

    @property
    def name(self) -> str:
        """What the pictures come from, in words for the user."""
        return self._source.name

    def next(self) -> TakenPicture | None:
        """Wait for the next picture; None at the end of a file, or after `stop`."""
        if self._source.is_live:
            return self._next_live()
        return self._next_of_footage() if self._settings.pace == "footage" else self._next_due()

    def stop(self) -> None:
        """End a wait. May be called from another thread."""
        self._stopping.set()

    def close(self) -> None:
        """Give the source back."""
        self._source.close()

    def _next_live(self) -> TakenPicture | None:
        while not self._stopping.is_set():
            try:
                pixels = self._source.read()
            except CameraStoppedError as error:
                self._report("camera", f"{error}. Trying again")
                self._last_ns = None
                self._stopping.wait(RETRY_S)
                self._source.rewind()
                continue
            now_ns = time.monotonic_ns()
            self._look_for_gap(now_ns)
            assert pixels is not None
            return self._taken(pixels, now_ns)
        return None

    def _look_for_gap(self, now_ns: int) -> None:
        before_ns, self._last_ns = self._last_ns, now_ns
        intervals = 0.0 if before_ns is None else (now_ns - before_ns) * 1e-9 * self._source.rate_hz
        if intervals > GAP:
            self._report("camera", f"{self.name} dropped {round(intervals) - 1} pictures")

    def _next_of_footage(self) -> TakenPicture | None:
        if self._stopping.is_set():
            return None
        pixels = self._read()
        if pixels is None:
            return None
        self._look_for_uneven_rate()
        capture_ns = round(self._number * 1e9 / self._source.rate_hz)
        self._number += 1
        return self._taken(pixels, capture_ns)

    def _look_for_uneven_rate(self) -> None:
        uneven_s = self._source.uneven_s if isinstance(self._source, VideoFile) else 0.0
        if uneven_s > UNEVEN_S and not self._settings.loop:
            self._report(
                "rate",
                f"{self.name}: pictures are up to {1000 * uneven_s:.0f} ms from an even rate, as "
                "telephones take them, and would be put together with others of other moments: "
                "make it even first, `ffmpeg -i FILE -vf fps=30 EVEN.mp4`",
            )

    def _next_due(self) -> TakenPicture | None:
        period_ns = round(1e9 / self._source.rate_hz)
        now_ns = time.monotonic_ns()
        if self._started_ns is None:
            self._started_ns = now_ns
        due_ns = self._started_ns + self._number * period_ns
        if self._settings.pace == "paced":
            # Late pictures are not made up for: each has its own time.
            self._started_ns += max(0, now_ns - due_ns)
            due_ns = max(due_ns, now_ns)
        else:
            while now_ns - due_ns > period_ns and self._source.skip():
                self._number += 1
                due_ns += period_ns
        if self._stopping.wait(max(0, due_ns - now_ns) / 1e9):
            return None
        pixels = self._read()
        if pixels is None:
            return None
        self._number += 1
        return self._taken(pixels, due_ns)

    def _read(self) -> Pixels | None:
        pixels = self._source.read()
        if pixels is None and self._settings.loop:
            self._source.rewind()
            pixels = self._source.read()
        return pixels

    def _taken(self, pixels: Pixels, capture_ns: int) -> TakenPicture:
        return TakenPicture(pixels[:, ::-1] if self._settings.mirrored else pixels, capture_ns)
