"""The camera's picture made small for the page, with the hands that were found in it."""

from typing import Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from operators.camera_messages import CameraImage, CameraView, Keypoints

COLUMNS: Final = 320
"""Of the small picture."""

QUALITY: Final = 70
"""Of its JPEG: 8 to 12 kB."""

INTERVAL_S: Final = 0.1
"""Between views: enough to see oneself by, and little beside the panorama."""

KEPT_S: Final = 3.0
"""How long a picture waits for its keypoints. A busy machine looks for hands for a second; 90 small
pictures, of a camera that gives 30 a second, are 16 MB."""


class CameraViewer:
    """Puts each picture together with the keypoints that were found in it."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[float, NDArray[np.uint8]]] = {}
        self._last_s = -INTERVAL_S

    def add(self, image: CameraImage, seq: int, time_s: float) -> None:
        """Keep a picture until its keypoints come: only then is it known whether a view is due.

        seq: its sequence number. time_s: by a clock that never goes back.
        """
        self._waiting = {n: kept for n, kept in self._waiting.items() if time_s - kept[0] <= KEPT_S}
        self._waiting[seq] = time_s, _small(image.pixels)

    def view(self, keypoints: Keypoints, time_s: float) -> CameraView | None:
        """The view of the picture in which these were found; None if none is due or kept.

        time_s: by the same clock.
        """
        _, pixels = self._waiting.get(keypoints.image_seq, (time_s, None))
        # Not the later ones: a slow detector is at one of them already.
        self._waiting = {n: kept for n, kept in self._waiting.items() if n > keypoints.image_seq}
        if pixels is None or time_s - self._last_s < INTERVAL_S:
            return None
        self._last_s = time_s
        rows, columns, _ = pixels.shape
        scale = np.array([columns / keypoints.columns, rows / keypoints.rows])
        return CameraView(
            columns=columns,
            rows=rows,
            jpeg=np.frombuffer(simplejpeg.encode_jpeg(pixels, quality=QUALITY), np.uint8),
            valid=keypoints.valid,
            joints=(keypoints.pixels + 0.5) * scale - 0.5,
        )


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns, _ = pixels.shape
    size = min(COLUMNS, columns), max(1, round(rows * min(COLUMNS, columns) / columns))
    small = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
