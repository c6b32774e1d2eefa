"""Tiles of a panorama side by side in one picture, for one JPEG.

Neighbours along a row stay together, as pieces of the panorama. JPEG works on blocks of 16 pixels
and interpolates chroma between them: pieces lie on whole blocks, with a gutter between them that
repeats their edges, so that nothing of one shows in another. assets/page/tile_atlas.js finds the
same places.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.equirectangular import Rectangle

BLOCK: Final = 16
"""Pixels along what JPEG codes together where chroma is halved both ways."""

GUTTER: Final = BLOCK

WIDEST: Final = 4096
"""Pixels along an atlas, unless a single tile is wider: browsers take longer pictures, if they do
at all, on slower ways."""

Pixels = NDArray[np.uint8]


class Grid(NamedTuple):
    """A panorama of rows x columns pixels in tiles, which are counted row by row.

    Those at the right and lower edge reach as far as the panorama does.
    """

    rows: int
    columns: int
    tile_size: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of tiles."""
        return -(-self.rows // self.tile_size), -(-self.columns // self.tile_size)


class Piece(NamedTuple):
    """A run of tiles along a row: its first pixel in the atlas, and what of the panorama it is."""

    x: int
    y: int
    tiles: int
    part: Rectangle


def pieces(grid: Grid, tiles: Iterable[int], width: int = WIDEST) -> list[Piece]:
    """Where tiles, in rising order, lie in an atlas that is so wide.

    The width of an atlas that was made for a larger one gives the same places.
    """
    size = grid.tile_size
    found: list[Piece] = []
    x = y = 0
    before = -1
    for tile in tiles:
        row, column = divmod(tile, grid.shape[1])
        joined = bool(found) and tile == before + 1 and column > 0
        if found and not joined:
            x += GUTTER
        if x and x + size > width:
            x, y, joined = 0, y + size + GUTTER, False
        left, top = column * size, row * size
        right, bottom = min(left + size, grid.columns), min(top + size, grid.rows)
        if joined:
            start = found.pop()
            part = start.part._replace(right=right)
            found.append(Piece(start.x, y, start.tiles + 1, part))
        else:
            found.append(Piece(x, y, 1, Rectangle(left, top, right, bottom)))
        x += size
        before = tile
    return found


def atlas_shape(grid: Grid, laid: list[Piece]) -> tuple[int, int]:
    """Rows and columns of the atlas of these pieces, at least one, in pixels: whole tiles."""
    size = grid.tile_size
    return laid[-1].y + size, max(piece.x + piece.tiles * size for piece in laid)


def pack(pixels: Pixels, grid: Grid, laid: list[Piece]) -> Pixels:
    """The atlas of these pieces of a panorama (rows, columns, 3)."""
    size, half = grid.tile_size, GUTTER // 2
    atlas = np.zeros((*atlas_shape(grid, laid), 3), np.uint8)
    for x, y, tiles, (left, top, right, bottom) in laid:
        end_x, end_y = x + right - left, y + bottom - top
        atlas[y:end_y, x:end_x] = pixels[top:bottom, left:right]
        first_x, last_x = max(x - half, 0), x + tiles * size + half
        atlas[y:end_y, first_x:x] = atlas[y:end_y, x : x + 1]
        atlas[y:end_y, end_x:last_x] = atlas[y:end_y, end_x - 1 : end_x]
        atlas[max(y - half, 0) : y, first_x:last_x] = atlas[y, first_x:last_x]
        atlas[end_y : y + size + half, first_x:last_x] = atlas[end_y - 1, first_x:last_x]
    return atlas


def unpack(atlas: Pixels, laid: list[Piece], pixels: Pixels) -> None:
    """Write an atlas's pieces where they belong in a panorama (rows, columns, 3)."""
    for x, y, _, (left, top, right, bottom) in laid:
        pixels[top:bottom, left:right] = atlas[y : y + bottom - top, x : x + right - left]
