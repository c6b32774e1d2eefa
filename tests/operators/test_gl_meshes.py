"""Unit meshes: closed, turned outwards, and of the volume of the shape that they stand for."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.gl_meshes import (
    COARSE,
    FINE,
    MESHED,
    Cut,
    Mesh,
    cut_of,
    grid,
    mesh_of_model,
    scale_and_half_length,
    unit_mesh,
)
from operators.transforms import rotation_from_quaternion
from tests.operators.marked_scene import ELBOW_CORNERS, ELBOW_VOLUME, elbow, model_of

GEOM = mujoco.mjtGeom
SIZES = {
    GEOM.mjGEOM_BOX: ((0.2, 0.1, 0.3), 8 * 0.2 * 0.1 * 0.3),
    GEOM.mjGEOM_SPHERE: ((0.3, 0.0, 0.0), 4 / 3 * np.pi * 0.3**3),
    GEOM.mjGEOM_ELLIPSOID: ((0.3, 0.2, 0.1), 4 / 3 * np.pi * 0.3 * 0.2 * 0.1),
    GEOM.mjGEOM_CAPSULE: ((0.1, 0.4, 0.0), np.pi * 0.1**2 * (0.8 + 4 / 3 * 0.1)),
    GEOM.mjGEOM_CYLINDER: ((0.1, 0.4, 0.0), np.pi * 0.1**2 * 0.8),
}


def corners(mesh: Mesh, geom_type: int, size: tuple[float, ...]) -> NDArray[np.float64]:
    """The triangles of a mesh at a geom's size: (t, 3, 3)."""
    scale, half_length = scale_and_half_length(geom_type, np.array(size))
    points = mesh.vertices[:, :3] * scale
    points[:, 2] += mesh.vertices[:, 6] * half_length
    return points[mesh.triangles]


@pytest.mark.parametrize(("cut", "least"), [(COARSE, 0.88), (FINE, 0.985)], ids=["coarse", "fine"])
@pytest.mark.parametrize(("geom_type", "expected"), SIZES.items(), ids=lambda x: str(x)[:24])
def test_a_shape_has_its_volume(
    geom_type: int, expected: tuple[tuple[float, ...], float], cut: Cut, least: float
) -> None:
    size, volume = expected
    triangles = corners(unit_mesh(geom_type, cut), geom_type, size)
    # The divergence theorem: positive only if the triangles are counter-clockwise from outside.
    enclosed = np.linalg.det(triangles).sum() / 6
    curved = geom_type != GEOM.mjGEOM_BOX
    assert volume * (least if curved else 1 - 1e-6) < enclosed < volume * (1 + 1e-6)


@pytest.mark.parametrize("cut", [COARSE, FINE], ids=["coarse", "fine"])
@pytest.mark.parametrize("geom_type", SIZES, ids=str)
def test_a_shape_is_closed(geom_type: int, cut: Cut) -> None:
    mesh = unit_mesh(geom_type, cut)
    size, _ = SIZES[geom_type]
    points = np.round(corners(mesh, geom_type, size), 6)
    edges: dict[tuple[tuple[float, ...], tuple[float, ...]], int] = {}
    for triangle in points.tolist():
        for start, end in zip(triangle, triangle[1:] + triangle[:1], strict=True):
            # Adding zero makes one of the two zeros of floating point of both.
            a, b = tuple(x + 0.0 for x in start), tuple(x + 0.0 for x in end)
            edges[a, b] = edges.get((a, b), 0) + 1
    assert all(edges.get((b, a)) == count for (a, b), count in edges.items())


@pytest.mark.parametrize("geom_type", MESHED, ids=lambda t: str(GEOM(t)))
def test_normals_are_unit_and_outwards(geom_type: int) -> None:
    mesh = unit_mesh(geom_type)
    normals = mesh.vertices[:, 3:6]
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1.0, atol=1e-6)
    a, b, c = np.moveaxis(mesh.vertices[mesh.triangles][..., :3], 1, 0)
    outwards = np.cross(b - a, c - a)
    # Between a capsule's halves the triangles have no area until they are pulled apart.
    real = np.linalg.norm(outwards, axis=-1) > 1e-6
    along = np.einsum("ti,tvi->tv", outwards, normals[mesh.triangles])
    assert (along[real] > 0).all()


@pytest.mark.parametrize("geom_type", MESHED, ids=lambda t: str(GEOM(t)))
def test_places_are_within_the_texture_and_use_all_of_it(geom_type: int) -> None:
    places = unit_mesh(geom_type).vertices[:, 7:]
    assert places.min(axis=0) == pytest.approx(0.0, abs=1e-6)
    assert places.max(axis=0) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("geom_type", "size", "expected"),
    [
        (GEOM.mjGEOM_CAPSULE, (0.01, 0.5, 0.0), COARSE),
        (GEOM.mjGEOM_SPHERE, (0.2, 0.0, 0.0), FINE),
        (GEOM.mjGEOM_ELLIPSOID, (0.01, 0.2, 0.01), FINE),
        (GEOM.mjGEOM_BOX, (0.5, 0.5, 0.5), COARSE),
        (GEOM.mjGEOM_MESH, (0.5, 0.5, 0.5), COARSE),
    ],
)
def test_what_is_thicker_than_a_finger_is_cut_finer(
    geom_type: int, size: tuple[float, ...], expected: Cut
) -> None:
    assert cut_of(geom_type, np.array(size)) is expected


@pytest.mark.parametrize("scale", [(1, 1, 1), (0.2, 0.3, 0.1), (0.2, -0.2, 0.2)], ids=str)
def test_a_models_mesh_is_where_its_file_puts_it(scale: tuple[float, ...]) -> None:
    # A left hand's meshes are often a right one's with a negative scale.
    model = model_of(
        '<geom type="mesh" mesh="elbow"/>', elbow(" ".join(str(factor) for factor in scale))
    )
    mesh = mesh_of_model(model, 0)
    factor, _ = scale_and_half_length(GEOM.mjGEOM_MESH, model.geom_size[0])
    # MuJoCo's mesh lies at its centre of mass along its principal axes; the geom puts it back.
    turned = rotation_from_quaternion(model.geom_quat[0, [1, 2, 3, 0]])
    points = (mesh.vertices[:, :3] * factor) @ turned.T + model.geom_pos[0]
    expected = {
        tuple(np.round(np.multiply((*corner, z), scale), 5) + 0.0)
        for corner in ELBOW_CORNERS
        for z in (0, 1)
    }
    assert {tuple(point + 0.0) for point in np.round(points, 5)} == expected
    enclosed = np.linalg.det(points[mesh.triangles]).sum() / 6
    assert enclosed == pytest.approx(ELBOW_VOLUME * abs(np.prod(scale)), rel=1e-4)
    reach = np.linalg.norm(mesh.vertices[:, :3], axis=-1).max()
    assert reach <= model.geom_rbound[0] * (1 + 1e-5)


def test_a_models_mesh_has_sharp_edges_and_smooth_sides() -> None:
    model = model_of(
        '<geom type="mesh" mesh="elbow"/><geom type="mesh" mesh="ball"/>',
        elbow("1 1 1") + '<mesh name="ball" builtin="sphere" params="3"/>',
    )
    sharp, smooth = (mesh_of_model(model, i) for i in range(2))
    for mesh, least in ((sharp, 0.9), (smooth, 0.98)):
        a, b, c = np.moveaxis(mesh.vertices[mesh.triangles][..., :3], 1, 0)
        outwards = np.cross(b - a, c - a)
        outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True)
        along = np.einsum("ti,tvi->tv", outwards, mesh.vertices[mesh.triangles][..., 3:6])
        assert along.min() > least
    points, normals = smooth.vertices[:, :3], smooth.vertices[:, 3:6]
    assert len(np.unique(np.round(points, 5), axis=0)) == len(points)
    np.testing.assert_allclose(
        normals, points / np.linalg.norm(points, axis=-1, keepdims=True), atol=0.02
    )


def test_a_grid_covers_the_square_once() -> None:
    vertices, triangles = grid(5)
    a, b, c = np.moveaxis(vertices[triangles], 1, 0)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    areas = (ux * vy - uy * vx) / 2
    assert (areas > 0).all()
    assert areas.sum() == pytest.approx(4.0)
    assert vertices.min() == -1.0
    assert vertices.max() == 1.0
