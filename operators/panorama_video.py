"""A 360-degree camera's pictures as the panorama that the page shows."""

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.messages import Panorama
from operators.settings import PanoramaSettings


class PanoramaVideo:
    """Turns equirectangular pictures into panoramas, and says which tiles of them changed.

    settings: the panorama's width and tiles; nothing is drawn.
    first_frame: what frames are counted from: to whom versions of tiles count, no two runs may give
    the same.
    """

    def __init__(self, settings: PanoramaSettings, first_frame: int = 1) -> None:
        self._size = settings.width, settings.height
        self._tile = settings.tile_size
        rows, columns = -(-settings.height // self._tile), -(-settings.width // self._tile)
        self._pixels = np.zeros((settings.height, settings.width, 3), np.uint8)
        self._tile_version = np.zeros((rows, columns), np.int64)
        self._frame = first_frame - 1

    def panorama(self, pixels: NDArray[np.uint8]) -> Panorama:
        """Make the next panorama.

        pixels: (rows, 2 rows, 3) RGB, the camera's forward in the middle column, row 0 up.
        Raises ValueError for a picture of another form.
        """
        rows, columns, _ = pixels.shape
        if columns != 2 * rows:
            raise ValueError(
                f"pictures are {columns}x{rows} px, but an equirectangular one is twice as wide as "
                "high; let the camera stitch its lenses, or convert the file"
            )
        fitted = np.ascontiguousarray(pixels)
        if (columns, rows) != self._size:
            smaller = columns > self._size[0]
            how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            fitted = np.asarray(cv2.resize(fitted, self._size, interpolation=how), np.uint8)
        self._frame += 1
        changed = (fitted != self._pixels).any(axis=2)
        starts = [np.arange(0, length, self._tile) for length in changed.shape]
        by_tile = np.logical_or.reduceat(
            np.logical_or.reduceat(changed, starts[0], axis=0), starts[1], axis=1
        )
        self._tile_version[by_tile | (self._tile_version == 0)] = self._frame
        self._pixels = fitted
        return Panorama(pixels=fitted, tile_size=self._tile, tile_version=self._tile_version.copy())
