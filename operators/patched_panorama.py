"""A panorama as a client of the page has it: patched by every picture."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from operators.page_messages import Picture
from operators.tile_atlas import Grid, pieces, unpack


class PatchedPanorama:
    """Draws pictures over each other, as the page's texture does."""

    def __init__(self) -> None:
        self._pixels = np.zeros((0, 0, 3), np.uint8)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What is seen, (rows, columns, 3) RGB; empty before the first picture."""
        return self._pixels

    def draw(self, picture: Picture) -> None:
        """Draw a picture. Raises ValueError for tiles of a panorama that is not here."""
        if picture.whole:
            self._pixels = _decoded(picture.jpeg)
        elif (picture.rows, picture.columns) != self._pixels.shape[:2]:
            raise ValueError(
                f"expected tiles of a panorama of {self._pixels.shape[:2]} rows and columns, "
                f"got some of {picture.rows, picture.columns}"
            )
        elif picture.tiles.size:
            atlas = _decoded(picture.jpeg)
            grid = Grid(picture.rows, picture.columns, picture.tile_size)
            unpack(atlas, pieces(grid, picture.tiles.tolist(), atlas.shape[1]), self._pixels)


def _decoded(jpeg: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(jpeg.tobytes(), colorspace="RGB")
    return pixels
