"""Pictures of a distorted lens, as an ideal one would show them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.pinhole import Pinhole


class Undistortion:
    """Takes the distortion out of one camera's pictures; of an ideal lens they pass as they are.

    pinhole: the camera. Pictures keep their size and camera matrix: `pinhole.ideal` sees them.
    """

    def __init__(self, pinhole: Pinhole) -> None:
        self._maps: tuple[NDArray[np.int16], NDArray[np.uint16]] | None = None
        if pinhole.is_distorted:
            self._maps = cv2.initUndistortRectifyMap(
                pinhole.matrix,
                pinhole.distortion_terms,
                np.eye(3),
                pinhole.matrix,
                (pinhole.width, pinhole.height),
                cv2.CV_16SC2,
            )

    def picture(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture (rows, columns, 3), black where the camera did not see."""
        if self._maps is None:
            return pixels
        ideal: NDArray[np.uint8] = cv2.remap(pixels, *self._maps, cv2.INTER_LINEAR)
        return ideal

    def depth(self, pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Depths (rows, columns), of the nearest pixel each: a mean of two would be neither."""
        if self._maps is None:
            return pixels
        ideal: NDArray[np.uint16] = cv2.remap(pixels, *self._maps, cv2.INTER_NEAREST)
        return ideal
