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

KEPT: Final = 8
"""Pictures that wait for their keypoints."""


class CameraViewer:
    """Puts each picture together with the keypoints that were found in it."""

    def __init__(self) -> None:
        self._images: dict[int, NDArray[np.uint8]] = {}
        self._last_s = -INTERVAL_S

    def add(self, image: CameraImage, seq: int, time_s: float) -> None:
        """Keep a picture until its keypoints come, if a view is due then.

        seq: its sequence number. time_s: by a clock that never goes back.
        """
        if time_s - self._last_s < INTERVAL_S:
            return
        self._images[seq] = _small(image.pixels)
        if len(self._images) > KEPT:
            del self._images[min(self._images)]

    def view(self, keypoints: Keypoints, time_s: float) -> CameraView | None:
        """The view of the picture in which these were found; None if it was not kept.

        time_s: by the same clock.
        """
        pixels = self._images.get(keypoints.image_seq)
        if pixels is None:
            return None
        self._images.clear()
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
