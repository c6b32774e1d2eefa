"""Bounds of spheres and hulls on cube faces, against points of theirs projected one by one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.changed_regions import (
    MARGIN,
    common,
    hull_bounds,
    merged,
    overlaps,
    regions_of,
    sphere_bounds,
)
from operators.cube_map import (
    FACE_ORDER,
    WORLD_FROM_FACE,
    FaceRegion,
    face_pixel_of_direction,
)

SIZE = 200


def points_on_sphere(count: int) -> NDArray[np.float64]:
    points = np.random.default_rng(1).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    return points


SURFACE = points_on_sphere(20_000)


def random_spheres(count: int) -> list[tuple[NDArray[np.float64], float]]:
    random = np.random.default_rng(3)
    return [
        (random.normal(size=3) * 10 ** random.uniform(-1, 1), 10 ** random.uniform(-2, 0))
        for _ in range(count)
    ]


@pytest.mark.parametrize(("centre", "radius"), random_spheres(40))
def test_bounds_hold_every_visible_point(centre: NDArray[np.float64], radius: float) -> None:
    (bounds,) = sphere_bounds(centre[None], np.array([radius]), SIZE)
    face, column, row = face_pixel_of_direction(centre + radius * SURFACE, SIZE)
    for index in range(len(FACE_ORDER)):
        left, top, right, bottom = bounds[index]
        on_face = face == index
        assert (column[on_face] >= left - 0.5).all()
        assert (column[on_face] <= right - 0.5).all()
        assert (row[on_face] >= top - 0.5).all()
        assert (row[on_face] <= bottom - 0.5).all()


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.5])
def test_bounds_are_tight(angle: float) -> None:
    centre, radius = 2.0 * np.array([np.cos(angle), -np.sin(angle), 0.0]), 0.2
    (bounds,) = sphere_bounds(centre[None], np.array([radius]), SIZE)
    _, column, row = face_pixel_of_direction(centre + radius * SURFACE, SIZE)
    left, top, right, bottom = bounds[0]
    slack = MARGIN + 2
    assert left > column.min() - slack
    assert right < column.max() + slack + 1
    assert top > row.min() - slack
    assert bottom < row.max() + slack + 1


def test_a_sphere_in_front_is_on_no_other_face() -> None:
    (bounds,) = sphere_bounds(np.array([[3.0, 0.0, 0.0]]), np.array([0.1]), SIZE)
    seen = (bounds[:, 0] < bounds[:, 2]) & (bounds[:, 1] < bounds[:, 3])
    assert seen.tolist() == [True, False, False, False, False, False]


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (0.3, 0.1, -0.2)])
def test_a_sphere_around_the_camera_covers_everything(
    centre: tuple[float, float, float],
) -> None:
    (bounds,) = sphere_bounds(np.array([centre]), np.array([0.5]), SIZE)
    assert (bounds[:, :2] == 0).all()
    assert (bounds[:, 2:] == SIZE).all()


def random_hulls(count: int) -> list[NDArray[np.float64]]:
    random = np.random.default_rng(9)
    return [
        random.normal(size=3) * 10 ** random.uniform(-1, 1)
        + random.normal(size=(8, 3)) * 10 ** random.uniform(-2, 1)
        for _ in range(count)
    ]


@pytest.mark.parametrize("corners", random_hulls(60))
def test_bounds_hold_every_point_of_a_hull(corners: NDArray[np.float64]) -> None:
    weights = np.random.default_rng(2).dirichlet(np.full(8, 0.3), 5000)
    (bounds,) = hull_bounds(corners[None], SIZE)
    face, column, row = face_pixel_of_direction(weights @ corners, SIZE)
    left, top, right, bottom = bounds[face].T
    assert (column >= left - 0.5).all()
    assert (column <= right - 0.5).all()
    assert (row >= top - 0.5).all()
    assert (row <= bottom - 0.5).all()


@pytest.mark.parametrize("turn", range(6), ids=FACE_ORDER)
def test_bounds_of_a_hull_are_its_corners(turn: int) -> None:
    forward, right, down = WORLD_FROM_FACE[turn].T[[2, 0, 1]]
    corners = [2.0 * forward + x * right + y * down for x in (-0.5, 1.0) for y in (0.0, 1.5)]
    (bounds,) = hull_bounds(np.array([corners]), SIZE)
    # A quarter and a half of the way from the middle to the edges, the middle, three quarters.
    assert bounds[turn].tolist() == [75 - MARGIN, 100 - MARGIN, 150 + MARGIN, 175 + MARGIN]
    seen = (bounds[:, 0] < bounds[:, 2]) & (bounds[:, 1] < bounds[:, 3])
    assert np.flatnonzero(seen).tolist() == [turn]


def test_no_hulls_have_no_bounds() -> None:
    assert hull_bounds(np.zeros((0, 8, 3)), SIZE).shape == (0, 6, 4)


def test_common_bounds_hold_what_both_hold() -> None:
    a, b = (np.array([[[left, 10, right, 20]]], np.int32) for left, right in ((0, 30), (20, 50)))
    assert common(a, b).tolist() == [[[20, 10, 30, 20]]]


def test_regions_cover_every_bound() -> None:
    spheres = random_spheres(60)
    centres = np.array([centre for centre, _ in spheres])
    bounds = sphere_bounds(centres, np.array([0.05 * radius for _, radius in spheres]), SIZE)
    groups = np.arange(len(spheres), dtype=np.int32) % 4
    covered = np.zeros((6, SIZE, SIZE), bool)
    for face, left, top, right, bottom in regions_of(bounds, groups):
        covered[face, top:bottom, left:right] = True
    for of_sphere in bounds:
        for face, (left, top, right, bottom) in enumerate(of_sphere):
            assert covered[face, top:bottom, left:right].all()


def test_nothing_seen_needs_no_region() -> None:
    assert regions_of(np.zeros((0, 6, 4), np.int32), np.zeros(0, np.int32)) == []


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ([(0, 0, 0, 400, 400), (0, 100, 100, 500, 500)], [(0, 0, 0, 500, 500)]),
        ([(0, 0, 0, 100, 100), (0, 900, 900, 999, 999)], 2),
        ([(0, 0, 0, 20, 20), (0, 40, 40, 60, 60)], [(0, 0, 0, 60, 60)]),
        # The third bridges the first two, which alone stay apart.
        (
            [(0, 0, 0, 100, 100), (0, 300, 0, 400, 100), (0, 50, 0, 350, 100)],
            [(0, 0, 0, 400, 100)],
        ),
    ],
)
def test_regions_that_meet_are_joined(
    regions: list[tuple[int, ...]], expected: list[tuple[int, ...]] | int
) -> None:
    found = merged([FaceRegion(*region) for region in regions])
    if isinstance(expected, int):
        assert len(found) == expected
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (FaceRegion(0, 0, 0, 10, 10), False),
        (FaceRegion(0, 0, 0, 11, 11), True),
        (FaceRegion(0, 19, 29, 50, 50), True),
        (FaceRegion(0, 20, 29, 50, 50), False),
        (FaceRegion(1, 0, 0, SIZE, SIZE), False),
    ],
)
def test_overlap_is_by_shared_pixels(region: FaceRegion, expected: bool) -> None:
    bounds = np.zeros((1, 6, 4), np.int32)
    bounds[0, 0] = (10, 10, 20, 30)
    assert overlaps(bounds, region).tolist() == [expected]
