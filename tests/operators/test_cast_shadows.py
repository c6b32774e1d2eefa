"""Where shadows may fall, against rays of light followed one by one."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.cast_shadows import Boxes, catchers_of, joined, shadows_on

Array = NDArray[np.float64]
UP = np.array([0.0, 0.0, 1.0])


def box(
    centre: tuple[float, ...], half_extents: tuple[float, ...], turn: Array | None = None
) -> Boxes:
    rotation = np.eye(3) if turn is None else Rotation.from_rotvec(turn).as_matrix()
    return Boxes(rotation[None], np.array([centre]), np.array([half_extents]))


def random_boxes(count: int, seed: int) -> Boxes:
    random = np.random.default_rng(seed)
    return Boxes(
        Rotation.random(count, random).as_matrix(),
        random.normal(0.0, 1.0, (count, 3)),
        10 ** random.uniform(-1.5, 0.0, (count, 3)),
    )


def holds(boxes: Boxes, points: Array, slack: float = 1e-6) -> NDArray[np.bool_]:
    """Which boxes hold which points (p, 3): (p, b)."""
    own = np.einsum("bji,pbj->pbi", boxes.rotations, points[:, None] - boxes.centres)
    return np.asarray((np.abs(own) <= boxes.half_extents + slack).all(axis=-1))


def surface_points(boxes: Boxes, which: int, normal_axis: int, side: float, seed: int) -> Array:
    """Random points (p, 3) of one side of a box."""
    random = np.random.default_rng(seed)
    own = random.uniform(-1.0, 1.0, (400, 3)) * boxes.half_extents[which]
    own[:, normal_axis] = side * boxes.half_extents[which, normal_axis]
    return boxes.centres[which] + own @ boxes.rotations[which].T


def is_shaded(point: Array, box_: Boxes, towards_sun: Array) -> bool:
    """Whether a box stands between a point and the sun: by its slabs."""
    origin = box_.rotations[0].T @ (point - box_.centres[0])
    way = box_.rotations[0].T @ towards_sun
    near, far = (-box_.half_extents[0] - origin) / way, (box_.half_extents[0] - origin) / way
    enters, leaves = np.minimum(near, far).max(), np.maximum(near, far).min()
    return bool(enters <= leaves and leaves > 0)


@pytest.mark.parametrize("seed", range(12))
def test_every_lit_point_that_a_box_shades_is_in_a_part(seed: int) -> None:
    random = np.random.default_rng(seed)
    towards_sun = random.normal(size=3)
    towards_sun /= np.linalg.norm(towards_sun)
    casters, shapes = random_boxes(3, seed + 100), random_boxes(4, seed + 200)
    catchers = catchers_of(shapes, np.full(4, True), towards_sun)
    shadows = shadows_on(casters, 0.0, towards_sun, catchers)
    found = 0
    for shape in range(4):
        for axis in range(3):
            side = float(np.sign(shapes.rotations[shape, :, axis] @ towards_sun))
            points = surface_points(shapes, shape, axis, side, seed)
            others = [shapes.of(np.array([i])) for i in range(4) if i != shape]
            for caster in range(3):
                one = casters.of(np.array([caster]))
                mine = shadows.casters == caster
                covered = holds(shadows.parts.of(mine), points).any(axis=1)
                for point, is_covered in zip(points, covered, strict=True):
                    if is_covered or not is_shaded(point, one, towards_sun):
                        continue
                    # Only what is in the shadow of another still box as well may be left out.
                    assert any(is_shaded(point, other, towards_sun) for other in others)
                found += int(covered.sum())
    assert found > 0 or not len(shadows.casters)


@pytest.mark.parametrize("seed", range(6))
def test_a_shape_that_does_not_fill_its_box_catches_anywhere_in_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    towards_sun = np.array([0.3, -0.2, 0.9]) / np.linalg.norm([0.3, -0.2, 0.9])
    casters, shapes = random_boxes(2, seed), random_boxes(2, seed + 50)
    shadows = shadows_on(
        casters, 0.0, towards_sun, catchers_of(shapes, np.full(2, False), towards_sun)
    )
    for shape in range(2):
        own = random.uniform(-1.0, 1.0, (500, 3)) * shapes.half_extents[shape]
        points = shapes.centres[shape] + own @ shapes.rotations[shape].T
        for caster in range(2):
            one = casters.of(np.array([caster]))
            shaded = np.array([is_shaded(point, one, towards_sun) for point in points])
            mine = (shadows.casters == caster) & (shadows.catchers == shape)
            assert holds(shadows.parts.of(mine), points).any(axis=1)[shaded].all()


def test_the_shadow_of_a_box_on_a_plane_is_where_geometry_puts_it() -> None:
    plane = box((0, 0, 0), (50.0, 50.0, 0.0))
    towards_sun = np.array([-1.0, 0.0, 1.0]) / np.sqrt(2)
    catchers = catchers_of(plane, np.array([True]), towards_sun)
    shadows = shadows_on(box((0, 0, 2), (0.1, 0.2, 0.3)), 0.0, towards_sun, catchers)
    # At 45 degrees a point at height z falls z farther along x.
    assert shadows.parts.centres[0] == pytest.approx((2.0, 0.0, 0.0), abs=1e-9)
    assert shadows.parts.half_extents[0] == pytest.approx((0.4, 0.2, 0.0), abs=1e-9)


def test_the_reach_widens_a_shadow() -> None:
    plane = box((0, 0, 0), (50.0, 50.0, 0.0))
    catchers = catchers_of(plane, np.array([True]), UP)
    shadows = shadows_on(box((0, 0, 2), (0.1, 0.2, 0.3)), 0.05, UP, catchers)
    assert shadows.parts.half_extents[0] == pytest.approx((0.15, 0.25, 0.0), abs=1e-9)


@pytest.mark.parametrize(("across", "expected"), [(0.3, [True]), (0.95, [True, False])])
def test_a_table_stops_what_falls_wholly_onto_it(across: float, expected: list[bool]) -> None:
    table, ground = box((0, 0, 1), (1.0, 1.0, 0.05)), box((0, 0, 0), (50.0, 50.0, 0.0))
    catchers = catchers_of(joined(table, ground), np.array([True, True]), UP)
    shadows = shadows_on(box((across, 0, 1.5), (0.05, 0.05, 0.05)), 0.0, UP, catchers)
    on_table = catchers.shapes[shadows.catchers] == 0
    assert on_table.tolist() == expected


@pytest.mark.parametrize("height", [-0.5, -3.0])
def test_what_is_below_a_plane_casts_nothing_onto_it(height: float) -> None:
    plane = box((0, 0, 0), (50.0, 50.0, 0.0))
    catchers = catchers_of(plane, np.array([True]), UP)
    assert not len(shadows_on(box((0, 0, height), (0.1, 0.1, 0.1)), 0.0, UP, catchers).casters)


def test_without_catchers_or_casters_there_are_no_shadows() -> None:
    nothing = Boxes(np.zeros((0, 3, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    one = box((0, 0, 2), (0.1, 0.1, 0.1))
    for casters, shapes in ((one, nothing), (nothing, one)):
        catchers = catchers_of(shapes, np.full(len(shapes.centres), True), UP)
        assert shadows_on(casters, 0.1, UP, catchers).parts.corners().shape == (0, 8, 3)


def test_corners_of_a_turned_box() -> None:
    turned = box((1, 2, 3), (0.1, 0.2, 0.3), np.array([0.0, 0.0, np.pi / 2]))
    (corners,) = turned.corners(margin=0.05)
    assert corners.min(axis=0) == pytest.approx((1 - 0.25, 2 - 0.15, 3 - 0.35))
    assert corners.max(axis=0) == pytest.approx((1 + 0.25, 2 + 0.15, 3 + 0.35))
