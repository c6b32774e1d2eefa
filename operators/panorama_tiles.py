"""The tiles of a panorama, and which of them show given pixels of the cube map."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.changed_regions import overlaps
from operators.cube_map import FACE_ORDER, FaceRegion
from operators.equirectangular import REACH, Interpolation, Rectangle, source_pixels


class PanoramaTiles:
    """A panorama cut into squares, those at the right and lower edge as far as it reaches.

    face_size: pixels along a face; height, width: the panorama's; tile_size: pixels along a tile.
    """

    def __init__(
        self,
        face_size: int,
        height: int,
        width: int,
        tile_size: int,
        interpolation: Interpolation = "linear",
    ) -> None:
        self._height, self._width, self._tile_size = height, width, tile_size
        self.shape: Final = (-(-height // tile_size), -(-width // tile_size))
        """Rows and columns of tiles."""
        reach = REACH[interpolation]
        self._sources = self._bound_sources(
            reach, *source_pixels(face_size, height, width, inside=reach - 1)
        )

    def showing(self, regions: Sequence[FaceRegion]) -> NDArray[np.bool_]:
        """Which tiles, `shape`, take any of their colours from these regions."""
        shown = np.zeros(len(self._sources), np.bool_)
        for region in regions:
            shown |= overlaps(self._sources, region)
        return shown.reshape(self.shape)

    def rectangle(self, row: int, first: int, end: int) -> Rectangle:
        """The pixels of a row's tiles [first, end)."""
        size = self._tile_size
        return Rectangle(
            first * size,
            row * size,
            min(end * size, self._width),
            min((row + 1) * size, self._height),
        )

    def rectangles(self, tiles: NDArray[np.bool_]) -> list[Rectangle]:
        """Cover tiles, `shape`, exactly: one rectangle for every run along a row."""
        edges = np.argwhere(np.diff(tiles, axis=1, prepend=False, append=False)).tolist()
        return [
            self.rectangle(row, first, end)
            for (row, first), (_, end) in zip(edges[::2], edges[1::2], strict=True)
        ]

    def _bound_sources(
        self,
        reach: int,
        face: NDArray[np.int32],
        column: NDArray[np.float32],
        row: NDArray[np.float32],
    ) -> NDArray[np.int32]:
        """Bounds (tiles, 6, 4), left, top, right, bottom, of the face pixels behind each tile."""
        bounds = np.zeros((self.shape[0] * self.shape[1], len(FACE_ORDER), 4), np.int32)
        for tile, (i, j) in enumerate(np.ndindex(self.shape)):
            left, top, right, bottom = self.rectangle(i, j, j + 1)
            part = np.s_[top:bottom, left:right]
            for index in np.unique(face[part]):
                own = face[part] == index
                columns, rows = column[part][own], row[part][own]
                # Interpolation takes pixels from below a coordinate and from above it.
                bounds[tile, index] = (
                    int(columns.min()) + 1 - reach,
                    int(rows.min()) + 1 - reach,
                    int(columns.max()) + 1 + reach,
                    int(rows.max()) + 1 + reach,
                )
        return bounds
