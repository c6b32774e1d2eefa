"""Tiles of a panorama, against what the conversion really does."""

import numpy as np
import pytest

from operators.cube_map import FaceRegion
from operators.equirectangular import CubeToEquirect, Interpolation
from operators.panorama_tiles import PanoramaTiles

SIZE, HEIGHT, WIDTH = 100, 120, 240


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("tile_size", [16, 32, 50])
def test_a_changed_region_shows_in_the_tiles_that_are_named(
    tile_size: int, interpolation: Interpolation
) -> None:
    random = np.random.default_rng(4)
    tiles = PanoramaTiles(SIZE, HEIGHT, WIDTH, tile_size, interpolation)
    table = CubeToEquirect(SIZE, HEIGHT, WIDTH, interpolation)
    faces = np.zeros((6, SIZE, SIZE, 3), np.uint8)
    for _ in range(200):
        left, top = random.integers(0, SIZE, 2)
        right, bottom = np.minimum(np.add((left, top), random.integers(1, 30, 2)), SIZE)
        region = FaceRegion(int(random.integers(6)), left, top, right, bottom)
        faces[:] = 0
        faces[region.face, top:bottom, left:right] = 255
        panorama = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        table.convert(faces, panorama)
        outside = panorama.copy()
        for x0, y0, x1, y1 in tiles.rectangles(tiles.showing([region])):
            outside[y0:y1, x0:x1] = 0
        assert not outside.any()


def test_a_small_region_shows_in_few_tiles() -> None:
    tiles = PanoramaTiles(SIZE, HEIGHT, WIDTH, 16)
    shown = tiles.showing([FaceRegion(0, 48, 48, 52, 52)])
    # The picture's centre, row 60 and column 120, is a corner of tiles 3 and 7.
    assert set(map(tuple, np.argwhere(shown).tolist())) <= {(3, 7), (3, 6), (4, 7), (4, 6)}
    assert shown.any()


@pytest.mark.parametrize("tile_size", [16, 50, 120, 300])
def test_rectangles_cover_chosen_tiles_once_and_nothing_else(tile_size: int) -> None:
    random = np.random.default_rng(6)
    tiles = PanoramaTiles(SIZE, HEIGHT, WIDTH, tile_size)
    chosen = random.random(tiles.shape) < 0.5
    covered = np.zeros((HEIGHT, WIDTH), int)
    for left, top, right, bottom in tiles.rectangles(chosen):
        covered[top:bottom, left:right] += 1
    row, column = np.indices((HEIGHT, WIDTH)) // tile_size
    np.testing.assert_array_equal(covered, chosen[row, column])


def test_nothing_changed_shows_in_no_tile() -> None:
    tiles = PanoramaTiles(SIZE, HEIGHT, WIDTH, 16)
    assert not tiles.showing([]).any()
    assert tiles.rectangles(tiles.showing([])) == []
