import numpy as np
import pytest

from operators.pinhole import Pinhole
from operators.silhouette import EdgeDistance, outline, shrunk_lens, shrunk_mask

ROWS, COLUMNS = np.mgrid[0:120, 0:160]


def test_the_distance_of_a_straight_edge_is_that_to_the_line() -> None:
    mask = COLUMNS < 70
    edges = EdgeDistance.of(mask)
    # The edge lies between pixels 69 and 70.
    np.testing.assert_allclose(edges.distance[60, 55:85], np.arange(55, 85) - 69.5, atol=0.12)
    np.testing.assert_allclose(edges.across[60, 55:66], 1.0, atol=0.02)
    np.testing.assert_allclose(edges.down[60, 55:85], 0.0, atol=1e-4)


def test_the_distance_of_a_disc_is_that_to_its_circle() -> None:
    radius = np.hypot(ROWS - 60.3, COLUMNS - 80.2)
    edges = EdgeDistance.of(radius < 35.0)
    near = np.abs(radius - 35.0) < 15.0
    errors = edges.distance[near] - (radius - 35.0)[near]
    assert np.abs(errors).max() < 0.8
    assert abs(errors.mean()) < 0.1
    outwards = np.stack([COLUMNS - 80.2, ROWS - 60.3], axis=-1) / radius[..., None]
    gradient = np.stack([edges.across, edges.down], axis=-1)
    assert ((gradient * outwards).sum(axis=-1)[near] > 0.85).all()


def test_an_outline_is_the_outermost_of_the_mask_within_the_picture() -> None:
    mask = (ROWS >= 20) & (ROWS < 50) & (COLUMNS >= 100)
    rows, columns = outline(mask, 10_000)
    assert mask[rows, columns].all()
    # Top, bottom and left side; the right one is where the picture ends.
    assert len(rows) == 2 * 59 + 28
    assert columns.max() == 158
    few, _ = outline(mask, 20)
    assert len(few) == 20
    assert {20, 49} <= set(few.tolist())


def test_shrunk_masks_are_set_where_half_of_their_pixels_are() -> None:
    mask = np.zeros((7, 9), bool)
    mask[0:2, 0:2] = True
    mask[2, 4:6] = True
    mask[3, 6] = True
    assert shrunk_mask(mask, 2).astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_shrunk_lens_sees_points_in_the_pixels_that_hold_theirs(factor: int) -> None:
    pinhole = Pinhole(1280, 720, 900.0, 910.0, 633.0, 350.0)
    points = np.random.default_rng(0).uniform([-0.5, -0.3, 1.0], [0.5, 0.3, 2.0], (50, 3))
    full = pinhole.project(points)
    # A pixel reaches from -0.5 to 0.5 about its centre.
    expected = (full + 0.5) / factor - 0.5
    np.testing.assert_allclose(shrunk_lens(pinhole, factor).project(points), expected, atol=1e-9)
