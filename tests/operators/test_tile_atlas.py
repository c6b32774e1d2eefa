"""Tiles packed into one picture: bit for bit, apart, and where the page seeks them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray

from operators.tile_atlas import (
    BLOCK,
    GUTTER,
    WIDEST,
    Grid,
    Piece,
    atlas_shape,
    pack,
    pieces,
    unpack,
)
from tests.operators.node_js import run_in_node

GRIDS = [Grid(96, 192, 32), Grid(100, 200, 48), Grid(64, 128, 256), Grid(90, 180, 16)]
WIDTHS = [WIDEST, 160, 100, 16]


def picture(grid: Grid, seed: int) -> NDArray[np.uint8]:
    shape = (grid.rows, grid.columns, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def some_tiles(grid: Grid, seed: int) -> list[int]:
    random = np.random.default_rng(seed)
    count = grid.shape[0] * grid.shape[1]
    chosen = random.random(count) < random.random()
    chosen[random.integers(count)] = True
    return [int(tile) for tile in np.flatnonzero(chosen)]


def mask(grid: Grid, tiles: list[int]) -> NDArray[np.bool_]:
    """The pixels of these tiles, (rows, columns), by numpy's own arithmetic."""
    chosen = np.zeros(grid.shape, np.bool_)
    chosen.flat[tiles] = True
    blown_up = chosen.repeat(grid.tile_size, 0).repeat(grid.tile_size, 1)
    return np.asarray(blown_up[: grid.rows, : grid.columns])


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", range(8))
def test_what_was_packed_comes_out_bit_for_bit(grid: Grid, width: int, seed: int) -> None:
    tiles = some_tiles(grid, seed)
    before, after = picture(grid, 1), picture(grid, 2)
    laid = pieces(grid, tiles, width)
    atlas = pack(after, grid, laid)
    assert atlas.shape[1] <= max(width, grid.tile_size)
    patched = before.copy()
    unpack(atlas, pieces(grid, tiles, atlas.shape[1]), patched)
    np.testing.assert_array_equal(patched, np.where(mask(grid, tiles)[..., None], after, before))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_pieces_lie_on_whole_blocks_with_a_gutter_between(grid: Grid, width: int) -> None:
    size = grid.tile_size
    laid = pieces(grid, some_tiles(grid, 3), width)
    taken = np.zeros(atlas_shape(grid, laid), np.int64)
    for piece in laid:
        assert piece.x % BLOCK == piece.y % BLOCK == 0
        end_x, end_y = piece.x + piece.tiles * size, piece.y + size
        assert not taken[piece.y : end_y, piece.x : end_x].any()
        taken[
            max(piece.y - GUTTER, 0) : end_y + GUTTER, max(piece.x - GUTTER, 0) : end_x + GUTTER
        ] += 1


def test_neighbours_along_a_row_stay_together() -> None:
    grid = Grid(96, 192, 32)  # 3 x 6 tiles
    laid = pieces(grid, [1, 2, 4, 5, 6, 17])
    assert laid == [
        Piece(0, 0, 2, (32, 0, 96, 32)),
        Piece(80, 0, 2, (128, 0, 192, 32)),
        Piece(160, 0, 1, (0, 32, 32, 64)),  # 5 and 6 are at both ends of a panorama
        Piece(208, 0, 1, (160, 64, 192, 96)),
    ]


@pytest.mark.parametrize("width", [WIDEST, 96])
def test_nothing_of_a_tile_shows_in_another(width: int) -> None:
    """Red beside blue, which JPEG's halved chroma would mix at their edges."""
    grid = Grid(96, 192, 32)
    pixels = np.zeros((96, 192, 3), np.uint8)
    rows, columns = np.indices(pixels.shape[:2]) // 32
    pixels[...] = np.where(((rows + columns) // 2 % 2)[..., None], (250, 20, 20), (20, 20, 250))
    tiles = [0, 2, 4, 7, 9, 11]
    laid = pieces(grid, tiles, width)
    jpeg = simplejpeg.encode_jpeg(pack(pixels, grid, laid), quality=85, colorsubsampling="420")
    patched = np.zeros_like(pixels)
    unpack(simplejpeg.decode_jpeg(jpeg), laid, patched)
    error = np.abs(patched.astype(int) - pixels)[mask(grid, tiles)]
    assert error.max() <= 6  # 60 and more without gutters


SCRIPT = """
import { atlasPieces } from "./page/tile_atlas.js";
result = given.map(({ atlasWidth, ...picture }) => atlasPieces(picture, atlasWidth));
"""


@pytest.mark.browser
def test_the_page_finds_the_same_places(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = []
    expected = []
    for grid in GRIDS:
        for width in WIDTHS:
            for seed in range(5):
                tiles = some_tiles(grid, seed)
                laid = pieces(grid, tiles, width)
                given.append({**grid._asdict(), "tiles": tiles})
                given[-1]["atlasWidth"] = atlas_shape(grid, laid)[1]
                expected.append([as_the_page_says(piece) for piece in laid])
    assert run_in_node(SCRIPT, given, tmp_path) == expected


def as_the_page_says(piece: Piece) -> dict[str, int]:
    left, top, right, bottom = piece.part
    size = {"width": right - left, "height": bottom - top}
    return {"x": piece.x, "y": piece.y, "left": left, "top": top, **size}
