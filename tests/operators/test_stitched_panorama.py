import numpy as np
import pytest

from operators.equirectangular import CubeToEquirect
from operators.panorama_settings import PanoramaSettings
from operators.settings import SettingsError
from operators.stitched_panorama import StitchedPanorama
from operators.view_messages import Faces

SETTINGS = PanoramaSettings(face_size=32, width=128, tile_size=32)


def noise(seed: int, size: int = 32) -> Faces:
    pixels = np.random.default_rng(seed).integers(0, 256, (6, size, size, 3), np.uint8)
    return Faces(pixels=pixels)


def test_it_is_the_converters_panorama() -> None:
    faces = noise(1)
    expected = np.zeros((64, 128, 3), np.uint8)
    CubeToEquirect(32, 64, 128).convert(faces.pixels, expected)
    np.testing.assert_array_equal(StitchedPanorama(SETTINGS).panorama(faces).pixels, expected)


def test_faces_of_another_size_are_joined_too() -> None:
    stitched = StitchedPanorama(SETTINGS)
    stitched.panorama(noise(1))
    larger = noise(2, size=48)
    expected = np.zeros((64, 128, 3), np.uint8)
    CubeToEquirect(48, 64, 128).convert(larger.pixels, expected)
    np.testing.assert_array_equal(stitched.panorama(larger).pixels, expected)


def test_only_tiles_that_changed_get_a_new_version() -> None:
    stitched = StitchedPanorama(SETTINGS, first_frame=100)
    faces = noise(1)
    assert (stitched.panorama(faces).tile_version == 100).all()
    assert (stitched.panorama(faces).tile_version == 100).all()
    faces.pixels[0, 12:20, 12:20] ^= 0x80  # straight ahead: around the middle of the panorama
    version = stitched.panorama(faces).tile_version
    assert version.tolist() == [[100, 102, 102, 100], [100, 102, 102, 100]]


def test_a_converter_that_draws_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"panorama\.converter: shader .* choose table or py360"
    ):
        StitchedPanorama(PanoramaSettings(converter="shader"))
