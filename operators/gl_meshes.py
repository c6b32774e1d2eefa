"""Triangle meshes: unit shapes, of which one shader makes every size, and a model's own meshes.

A vertex is drawn at `position * scale + stretch * (0, 0, half_length)`: a capsule is a sphere of
its radius whose halves are pulled apart along z, without changing their curvature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

AROUND: Final = 12
"""Corners of a circle: from 0.5 m a finger's outline is within a quarter of a pixel of round, and
a tenth in the panorama; triangles are half of the time of a frame with moving hands."""

QUARTER: Final = 3
"""Bands from a sphere's pole to its equator."""


SMOOTH: Final = 0.8
"""Cosine of the angle (37 degrees) between a triangle's normal and its corner's, beyond which the
edge there is sharp."""


@dataclass(frozen=True)
class Mesh:
    """A closed surface, or a flat one.

    vertices: (v, 7) float32: position, unit normal, stretch -1, 0 or 1.
    triangles: (t, 3) int32, counter-clockwise from outside.
    """

    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]


def unit_mesh(geom_type: int) -> Mesh:
    """The mesh of a MuJoCo geom type among MESHED, with every half extent 1."""
    return MESHED[geom_type]()


def mesh_of_model(model: mujoco.MjModel, mesh: int) -> Mesh:
    """A mesh of the model in its geom's frame and size, m, with the normals of its file.

    Where there are none MuJoCo makes some, which at a sharp edge point anywhere: there, and where a
    file's are as far off, a corner gets the normal of its triangle. MuJoCo has applied the scale
    already, and moved the mesh to its centre; the geom's own pose undoes that.
    """
    faces = np.arange(model.mesh_facenum[mesh]) + model.mesh_faceadr[mesh]
    positions = model.mesh_vert[model.mesh_vertadr[mesh] :][: model.mesh_vertnum[mesh]]
    normals = model.mesh_normal[model.mesh_normaladr[mesh] :][: model.mesh_normalnum[mesh]]
    corners, corner_normals = model.mesh_face[faces], np.array(model.mesh_facenormal[faces])
    a, b, c = np.moveaxis(positions[corners].astype(np.float64), 1, 0)
    outwards = np.cross(b - a, c - a)
    # A triangle without area is not drawn, whatever its normal is.
    outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-30)
    sharp = np.einsum("ti,tvi->tv", outwards, normals[corner_normals]) < SMOOTH
    corner_normals[sharp] = len(normals) + np.nonzero(sharp)[0]
    normals = np.concatenate([normals, outwards])
    # One vertex for each position and each normal that it has.
    keys = corners.astype(np.int64) * len(normals) + corner_normals
    vertices, triangles = np.unique(keys, return_inverse=True)
    position, normal = np.divmod(vertices, len(normals))
    return Mesh(
        np.column_stack([positions[position], normals[normal], np.zeros(len(vertices))]).astype(
            np.float32
        ),
        triangles.reshape(-1, 3).astype(np.int32),
    )


def scale_and_half_length(
    geom_type: int, size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The scale (3,) and half length, m, that make a unit mesh a geom of MuJoCo's size (3,).

    A model's own mesh has its size already: what MuJoCo calls its geom's is that of a box about it.
    """
    if geom_type == mujoco.mjtGeom.mjGEOM_MESH:
        return np.ones(3), 0.0
    if geom_type == mujoco.mjtGeom.mjGEOM_SPHERE:
        return np.full(3, size[0]), 0.0
    if geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return np.full(3, size[0]), float(size[1])
    if geom_type == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return np.array([size[0], size[0], size[1]]), 0.0
    return size, 0.0


def grid(cells: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The square from -1 to 1 cut into cells x cells: vertices (v, 2) and triangles (t, 3)."""
    row, column = np.indices((cells + 1, cells + 1)).reshape(2, -1)
    vertices = np.stack([column, row], axis=-1) * (2.0 / cells) - 1.0
    corner = np.flatnonzero((row < cells) & (column < cells))
    above = corner + cells + 1
    lower = np.stack([corner, corner + 1, above + 1], axis=-1)
    upper = np.stack([corner, above + 1, above], axis=-1)
    return vertices.astype(np.float32), np.concatenate([lower, upper]).astype(np.int32)


def _square() -> Mesh:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    return _mesh(corners, np.tile([0, 0, 1], (4, 1)), [[0, 1, 2], [0, 2, 3]])


def _box() -> Mesh:
    square = _square()
    corners, normals = [], []
    for axis in range(3):
        u, v, outwards = np.roll(np.eye(3), -axis - 1, axis=0)
        for side in (np.stack([u, v, outwards]), np.stack([v, u, -outwards])):
            corners.append((square.vertices[:, :3] + [0, 0, 1]) @ side)
            normals.append(square.vertices[:, 3:6] @ side)
    triangles = [square.triangles + 4 * side for side in range(6)]
    return _mesh(np.concatenate(corners), np.concatenate(normals), np.concatenate(triangles))


def _sphere() -> Mesh:
    return _halves(pulled_apart=False)


def _capsule() -> Mesh:
    return _halves(pulled_apart=True)


def _halves(pulled_apart: bool) -> Mesh:
    """A unit sphere, or with its equator twice a capsule."""
    latitudes = np.linspace(-np.pi / 2, 0.0, QUARTER + 1)
    latitudes = np.concatenate([latitudes, -latitudes[::-1][0 if pulled_apart else 1 :]])
    points = _rings(np.cos(latitudes), np.sin(latitudes))
    upper = np.repeat(np.arange(len(latitudes)) > QUARTER, AROUND)
    stretch = np.where(upper, 1.0, -1.0) if pulled_apart else np.zeros(len(points))
    return _mesh(points, points, _bands(len(latitudes)), stretch)


def _cylinder() -> Mesh:
    radii = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    heights = np.array([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0])
    points = _rings(radii, heights)
    outwards = _rings(np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0]), np.array([-1, -1, 0, 0, 1, 1]))
    return _mesh(points, outwards, _bands(6))


def _rings(radii: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Circles about z from below upwards, (rings * AROUND, 3)."""
    angle = np.arange(AROUND) * (2 * np.pi / AROUND)
    rings = np.empty((len(radii), AROUND, 3))
    rings[..., 0] = radii[:, None] * np.cos(angle)
    rings[..., 1] = radii[:, None] * np.sin(angle)
    rings[..., 2] = heights[:, None]
    return rings.reshape(-1, 3)


def _bands(rings: int) -> NDArray[np.int32]:
    """Two triangles between every two neighbours of a ring and of the ring above."""
    ring, here = np.divmod(np.arange((rings - 1) * AROUND), AROUND)
    there = ring * AROUND + (here + 1) % AROUND
    here = ring * AROUND + here
    lower = np.stack([here, there, there + AROUND], axis=-1)
    upper = np.stack([here, there + AROUND, here + AROUND], axis=-1)
    return np.concatenate([lower, upper]).astype(np.int32)


def _mesh(
    positions: NDArray[np.float64],
    normals: NDArray[np.float64],
    triangles: NDArray[np.int32] | list[list[int]],
    stretch: NDArray[np.float64] | None = None,
) -> Mesh:
    triangles = np.asarray(triangles, dtype=np.int32)
    stretch = np.zeros(len(positions)) if stretch is None else stretch
    corners = positions[triangles] + stretch[triangles][..., None] * [0.0, 0.0, 1.0]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # At the poles a band's triangles have no area.
    solid = np.linalg.norm(crosses, axis=-1) > 1e-9
    vertices = np.column_stack([positions, normals, stretch]).astype(np.float32)
    return Mesh(vertices, triangles[solid])


MESHED: Final[dict[int, Callable[[], Mesh]]] = {
    int(mujoco.mjtGeom.mjGEOM_PLANE): _square,
    int(mujoco.mjtGeom.mjGEOM_BOX): _box,
    int(mujoco.mjtGeom.mjGEOM_SPHERE): _sphere,
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): _sphere,
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): _capsule,
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): _cylinder,
}
"""The geom types that have a unit mesh."""
