"""Pictures of a distorted lens against what an ideal one sees."""

import numpy as np
import pytest

from operators.pinhole import Pinhole
from operators.undistortion import Undistortion

IDEAL = Pinhole(320, 240, 280.0, 275.0, 161.0, 118.0)
BENT = Pinhole(320, 240, 280.0, 275.0, 161.0, 118.0, (-0.35, 0.15, 0.002, -0.001, -0.02))


def depths_seen(camera: Pinhole) -> np.ndarray:
    """A tilted plane, each pixel's value by where its ray goes: smooth, so that pixels compare."""
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    x, y = np.moveaxis(camera.normalised(np.dstack([columns, rows]).astype(float)), -1, 0)
    return 1000.0 + 500.0 * x + 300.0 * y


@pytest.mark.parametrize("kind", ["picture", "depth"])
def test_a_bent_picture_becomes_the_ideal_one(kind: str) -> None:
    bent, ideal = depths_seen(BENT), depths_seen(IDEAL)
    inner = (slice(30, -30), slice(30, -30))
    undistortion = Undistortion(BENT)
    if kind == "picture":
        scale = 255.0 / 2000.0
        colour = np.repeat((bent * scale).round().astype(np.uint8)[..., None], 3, axis=-1)
        found = undistortion.picture(colour)[..., 1] / scale
        allowed = 1.0 / scale  # two roundings
    else:
        found = undistortion.depth(bent.round().astype(np.uint16)).astype(float)
        allowed = 6.0  # half a pixel to the side
    assert np.abs(found - ideal)[inner].max() < allowed
    assert np.abs(bent - ideal)[inner].max() > 1.5 * allowed


def test_an_ideal_cameras_pictures_pass_as_they_are() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    assert Undistortion(IDEAL).picture(picture) is picture
