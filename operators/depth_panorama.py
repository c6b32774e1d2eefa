"""How far everything is: distances along the panorama's lines of sight, from OpenGL's depths."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.cube_map import FACE_ORDER, direction_of_face_pixel
from operators.equirectangular import BLOCK_ROWS, Rectangle, source_pixels

OUT_OF_SIGHT: Final = 1.0
"""OpenGL's depth of the sky."""


class DepthMap:
    """Turns the faces' depths into distances.

    Each is taken from one pixel: between what is near and what is far behind it there is nothing
    to be averaged.

    near_m: the distance ahead at which OpenGL's depth is 0; with no far end it is 1 - near / ahead.
    face_size: pixels along a face; height, width: the panorama's.
    """

    def __init__(self, near_m: float, face_size: int, height: int, width: int) -> None:
        self._height, self._width = height, width
        face, column, row = source_pixels(face_size, height, width)
        self._column, self._row = np.rint(column), np.rint(row)
        # A line of sight is longer than what it reaches ahead.
        ahead = np.empty((height, width), np.float32)
        for first in range(0, height, BLOCK_ROWS):
            part = np.s_[first : first + BLOCK_ROWS]
            own = direction_of_face_pixel(0, self._column[part], self._row[part], face_size)
            ahead[part] = own[..., 0]
        self._row += face.astype(np.float32) * face_size
        self._near_along_sight = near_m / ahead
        self.distances: NDArray[np.float16] = np.full((height, width), np.inf, np.float16)
        """Metres (height, width) from the camera, infinite where there is only sky."""

    def update(
        self, depths: NDArray[np.float32], rectangles: Sequence[Rectangle] | None = None
    ) -> None:
        """Take over depths (6, N, N), 0 to 1, in rectangles, or everywhere without them.

        Raises ValueError for depths of another shape.
        """
        if depths.shape[:1] != (len(FACE_ORDER),) or depths.ndim != 3:
            raise ValueError(f"depths: expected (6, N, N), got {depths.shape}")
        if rectangles is None:
            rectangles = [Rectangle(0, 0, self._width, self._height)]
        stack = depths.reshape(-1, depths.shape[2])
        for left, top, right, bottom in rectangles:
            part = np.s_[top:bottom, left:right]
            depth = cv2.remap(stack, self._column[part], self._row[part], cv2.INTER_NEAREST)
            with np.errstate(divide="ignore", over="ignore"):
                self.distances[part] = self._near_along_sight[part] / (OUT_OF_SIGHT - depth)
