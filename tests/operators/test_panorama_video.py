import numpy as np
import pytest

from operators.panorama_video import PanoramaVideo
from operators.settings import PanoramaSettings

SETTINGS = PanoramaSettings(width=160, tile_size=32, face_size=64)


def equirectangular(rows: int = 80) -> np.ndarray:
    """Red grows to the right, green downwards."""
    row, column = np.indices((rows, 2 * rows))
    blue = np.zeros((rows, 2 * rows), int)
    return np.stack([column * 255 // (2 * rows), row * 255 // rows, blue], axis=2).astype(np.uint8)


def test_a_picture_of_the_panoramas_size_is_the_panorama() -> None:
    panorama = PanoramaVideo(SETTINGS).panorama(equirectangular())
    panorama.check()
    np.testing.assert_array_equal(panorama.pixels, equirectangular())
    assert panorama.tile_version.tolist() == [[1] * 5] * 3


@pytest.mark.parametrize("rows", [40, 320])
def test_other_sizes_are_fitted(rows: int) -> None:
    pixels = PanoramaVideo(SETTINGS).panorama(equirectangular(rows)).pixels
    assert pixels.shape == (80, 160, 3)
    difference = np.abs(pixels.astype(int) - equirectangular().astype(int))
    assert difference[4:-4, 4:-4].max() <= 5


def test_only_tiles_that_changed_are_new() -> None:
    video = PanoramaVideo(SETTINGS)
    picture = equirectangular()
    video.panorama(picture)
    assert video.panorama(picture.copy()).tile_version.max() == 1
    changed = picture.copy()
    changed[70, 150] = 255  # in the last row and column of tiles, which are cut off
    versions = video.panorama(changed).tile_version
    assert versions[2, 4] == 3
    assert versions.sum() == 14 + 3


def test_a_mirrored_view_is_taken_too() -> None:
    mirrored = equirectangular()[:, ::-1]
    panorama = PanoramaVideo(SETTINGS).panorama(mirrored)
    np.testing.assert_array_equal(panorama.pixels, mirrored)


@pytest.mark.parametrize("shape", [(80, 120, 3), (160, 160, 3)])
def test_what_is_not_equirectangular_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"px, but an equirectangular one is twice as wide"):
        PanoramaVideo(SETTINGS).panorama(np.zeros(shape, np.uint8))
