"""Smoothed faces against scipy's convolution, and parts of them against the whole."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import correlate

from operators.cube_map import FaceRegion, whole_faces
from operators.face_smoothing import smooth

SIZE = 40
KERNEL = np.outer([1, 2, 1], [1, 2, 1]) / 16.0


def noise(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (6, SIZE, SIZE, 4), dtype=np.uint8)


def smoothed(faces: NDArray[np.uint8]) -> NDArray[np.uint8]:
    out = np.zeros_like(faces)
    smooth(faces, whole_faces(SIZE), out)
    return out


def test_every_pixel_is_the_weighted_mean_of_its_neighbours() -> None:
    faces = noise(1)
    expected = correlate(faces.astype(float), KERNEL[None, ..., None], mode="nearest")
    np.testing.assert_allclose(smoothed(faces), expected, atol=0.51)


@pytest.mark.parametrize("seed", range(20))
def test_changed_regions_give_what_smoothing_everything_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    faces = noise(seed)
    kept = smoothed(faces)
    before = kept.copy()
    regions = []
    for _ in range(4):
        left, top = random.integers(0, SIZE, 2)
        right, bottom = np.minimum(np.add((left, top), random.integers(1, 20, 2)), SIZE)
        region = FaceRegion(int(random.integers(6)), int(left), int(top), int(right), int(bottom))
        regions.append(region)
        faces[region.face, top:bottom, left:right] = noise(seed + 1)[0, top:bottom, left:right]
    named = smooth(faces, regions, kept)
    np.testing.assert_array_equal(kept, smoothed(faces))
    changed = (kept != before).any(axis=-1)
    for face, left, top, right, bottom in named:
        changed[face, top:bottom, left:right] = False
    assert not changed.any(), "what changed is named"
