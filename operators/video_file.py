"""Pictures written as a video."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.usage_error import UsageError

CODEC: Final = "mp4v"
"""MPEG-4, which OpenCV's wheels write everywhere. VLC, mpv and ffmpeg play it; browsers do not."""


class VideoFile:
    """Writes pictures of one size, at their own times, as a video of a constant rate.

    A picture stays until the next one comes: it is written as often as its time asks for, and not
    at all where that is less than once.

    path: .mp4; its folder is made. rate_hz: of the video.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path = path
        self._rate_hz = rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._first_ns = 0
        self._size = (0, 0)
        self.written = 0
        """Pictures in the file, repeated ones among them."""

    def write(self, pixels: NDArray[np.uint8], time_ns: int) -> None:
        """Add a picture (rows, columns, 3) RGB.

        Raises UsageError where no video can be written, ValueError for another size than the first.
        """
        size = (pixels.shape[1], pixels.shape[0])
        if self._writer is None:
            self._writer = self._open(size)
            self._first_ns, self._size = time_ns, size
        if size != self._size:
            raise ValueError(f"{self._path}: pictures of {self._size} so far, now of {size}")
        wanted = round((time_ns - self._first_ns) * 1e-9 * self._rate_hz) + 1
        if self.written >= wanted:
            return
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        while self.written < wanted:
            self._writer.write(bgr)
            self.written += 1

    def close(self) -> None:
        """Write the file's end, without which it cannot be played."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _open(self, size: tuple[int, int]) -> cv2.VideoWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fourcc = cv2.VideoWriter.fourcc(*CODEC)
        writer = cv2.VideoWriter(str(self._path), fourcc, self._rate_hz, size)
        if not writer.isOpened():
            raise UsageError(
                f"overlay.video: {self._path}: cannot be written; give a .mp4 in a folder of yours"
            )
        return writer
