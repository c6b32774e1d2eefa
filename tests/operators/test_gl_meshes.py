"""Unit meshes: closed, turned outwards, and of the volume of the shape that they stand for."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from operators.gl_meshes import MESHED, Mesh, grid, scale_and_half_length, unit_mesh

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


@pytest.mark.parametrize(("geom_type", "expected"), SIZES.items(), ids=lambda x: str(x)[:24])
def test_a_shape_has_its_volume(geom_type: int, expected: tuple[tuple[float, ...], float]) -> None:
    size, volume = expected
    triangles = corners(unit_mesh(geom_type), geom_type, size)
    # The divergence theorem: positive only if the triangles are counter-clockwise from outside.
    enclosed = np.linalg.det(triangles).sum() / 6
    curved = geom_type != GEOM.mjGEOM_BOX
    assert volume * (0.88 if curved else 1 - 1e-6) < enclosed < volume * (1 + 1e-6)


@pytest.mark.parametrize("geom_type", SIZES, ids=str)
def test_a_shape_is_closed(geom_type: int) -> None:
    mesh = unit_mesh(geom_type)
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


def test_a_grid_covers_the_square_once() -> None:
    vertices, triangles = grid(5)
    a, b, c = np.moveaxis(vertices[triangles], 1, 0)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    areas = (ux * vy - uy * vx) / 2
    assert (areas > 0).all()
    assert areas.sum() == pytest.approx(4.0)
    assert vertices.min() == -1.0
    assert vertices.max() == 1.0
