"""Triangle meshes: unit shapes, of which one shader makes every size, and a model's own meshes.

A vertex is drawn at `position * scale + stretch * (0, 0, half_length)`: a capsule is a sphere of
its radius whose halves are pulled apart along z, without changing their curvature.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

FINGER_M: Final = 0.03
"""Shapes that are rounder than a finger are cut finer."""


class Cut(NamedTuple):
    """How finely round shapes are cut.

    around: corners of a circle. quarter: bands from a sphere's pole to its equator.
    """

    around: int
    quarter: int


COARSE: Final = Cut(12, 3)
"""From 0.5 m a finger's outline is within a quarter of a pixel of round, and a tenth in the
panorama; triangles are half of the time of a frame with moving hands."""

FINE: Final = Cut(36, 9)
"""For what is larger."""


SMOOTH: Final = 0.8
"""Cosine of the angle (37 degrees) between a triangle's normal and its corner's, beyond which the
edge there is sharp."""


@dataclass(frozen=True)
class Mesh:
    """A closed surface, or a flat one.

    vertices: (v, 9) float32: position, unit normal, stretch -1, 0 or 1, and the place in a texture,
    whose (0, 0) is the upper left corner and (1, 1) the lower right one.
    triangles: (t, 3) int32, counter-clockwise from outside.
    """

    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]


def unit_mesh(geom_type: int, cut: Cut = COARSE) -> Mesh:
    """The mesh of a MuJoCo geom type among MESHED, with every half extent 1."""
    return MESHED[geom_type](cut)


def cut_of(geom_type: int, size: NDArray[np.float64]) -> Cut:
    """How finely a geom of MuJoCo's size (3,) has to be cut: its largest radius says."""
    radii = size if geom_type == mujoco.mjtGeom.mjGEOM_ELLIPSOID else size[:1]
    return FINE if geom_type in ROUND and radii.max() > FINGER_M else COARSE


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
    places, corner_places = _texture_places(model, mesh, faces, positions, corners)
    # One vertex for every combination of a position, a normal and a place that there is.
    counts = (len(positions), len(normals), len(places))
    keys = np.ravel_multi_index((corners, corner_normals, corner_places), counts)
    vertices, triangles = np.unique(keys, return_inverse=True)
    position, normal, place = np.unravel_index(vertices, counts)
    return Mesh(
        np.column_stack(
            [positions[position], normals[normal], np.zeros(len(vertices)), places[place]]
        ).astype(np.float32),
        triangles.reshape(-1, 3).astype(np.int32),
    )


def _texture_places(
    model: mujoco.MjModel,
    mesh: int,
    faces: NDArray[np.intp],
    positions: NDArray[np.float32],
    corners: NDArray[np.int32],
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Places in a texture (p, 2), and which of them every corner (t, 3) has.

    Without any in the file MuJoCo projects the texture along z onto the mesh's extent.
    """
    if model.mesh_texcoordnum[mesh] > 0:
        start = model.mesh_texcoordadr[mesh]
        places = model.mesh_texcoord[start:][: model.mesh_texcoordnum[mesh]]
        return places, model.mesh_facetexcoord[faces]
    low, high = positions.min(axis=0), positions.max(axis=0)
    places = (positions - low)[:, :2] / np.maximum(high - low, 1e-9)[:2]
    return (places * (1, -1) + (0, 1)).astype(np.float32), corners


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


def _square(_: Cut) -> Mesh:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    return _mesh(
        corners,
        np.tile([0, 0, 1], (4, 1)),
        _place_on_square(corners),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )


def _place_on_square(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in a texture that fills the square from -1 to 1, its upper edge at +y."""
    return np.asarray(points[:, :2] * (0.5, -0.5) + 0.5)


def _box(cut: Cut) -> Mesh:
    square = _square(cut)
    corners, normals, places = [], [], []
    for axis in range(3):
        u, v, outwards = np.roll(np.eye(3), -axis - 1, axis=0)
        for side in (np.stack([u, v, outwards]), np.stack([v, u, -outwards])):
            corners.append((square.vertices[:, :3] + [0, 0, 1]) @ side)
            normals.append(square.vertices[:, 3:6] @ side)
            # As in MuJoCo every side shows the texture along the two axes in their order.
            places.append(_place_on_square(np.delete(corners[-1], axis, axis=1)))
    triangles = [square.triangles + 4 * side for side in range(6)]
    return _mesh(
        np.concatenate(corners),
        np.concatenate(normals),
        np.concatenate(places),
        np.concatenate(triangles),
    )


def _sphere(cut: Cut) -> Mesh:
    latitudes = np.linspace(-np.pi / 2, np.pi / 2, 2 * cut.quarter + 1)
    return _surface([_round(latitudes, stretch=0.0)], cut.around)


def _capsule(cut: Cut) -> Mesh:
    """A sphere's halves pulled apart, and an open cylinder between them."""
    lower = _round(np.linspace(-np.pi / 2, 0.0, cut.quarter + 1), stretch=-1.0)
    upper = _round(np.linspace(0.0, np.pi / 2, cut.quarter + 1), stretch=1.0)
    between = _Rings(np.ones(2), np.zeros(2), np.ones(2), np.zeros(2), np.array([-1.0, 1.0]))
    return _surface([lower, between, upper], cut.around)


def _cylinder(cut: Cut) -> Mesh:
    lower = _Rings(np.array([0.0, 1.0]), np.full(2, -1.0), np.zeros(2), np.full(2, -1.0))
    side = _Rings(np.ones(2), np.array([-1.0, 1.0]), np.ones(2), np.zeros(2))
    upper = _Rings(np.array([1.0, 0.0]), np.ones(2), np.zeros(2), np.ones(2))
    return _surface([lower, side, upper], cut.around)


@dataclass(frozen=True)
class _Rings:
    """Circles about z from below upwards, joined by bands: radii, heights, and their normals'."""

    radii: NDArray[np.float64]
    heights: NDArray[np.float64]
    normal_radii: NDArray[np.float64]
    normal_heights: NDArray[np.float64]
    stretches: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))


def _round(latitudes: NDArray[np.float64], stretch: float) -> _Rings:
    cosines, sines = np.cos(latitudes), np.sin(latitudes)
    return _Rings(cosines, sines, cosines, sines, np.full(len(latitudes), stretch))


def _surface(parts: list[_Rings], corners: int) -> Mesh:
    """Parts that touch each other; every one has the whole texture around it.

    A texture's seam doubles the first corner of every ring; a disk has it as if seen from above.
    """
    angle = np.arange(corners + 1) * (2 * np.pi / corners)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    points, normals, places, stretches, triangles = [], [], [], [], []
    count = 0
    for part in parts:
        rings = len(part.radii)
        points.append(_turned(around, part.radii, part.heights))
        normals.append(_turned(around, part.normal_radii, part.normal_heights))
        stretches.append(np.repeat(np.broadcast_to(part.stretches, rings), corners + 1))
        down = np.linspace(1.0, 0.0, rings)
        place = np.stack(np.broadcast_arrays(angle / (2 * np.pi), down[:, None]), axis=-1)
        if part.heights.min() == part.heights.max() and not part.stretches.any():
            place = 0.5 + 0.5 * points[-1][:, :2].reshape(rings, -1, 2)
        places.append(place.reshape(-1, 2))
        triangles.append(_bands(rings, corners) + count)
        count += rings * (corners + 1)
    return _mesh(
        np.concatenate(points),
        np.concatenate(normals),
        np.concatenate(places),
        np.concatenate(triangles),
        np.concatenate(stretches),
    )


def _turned(
    around: NDArray[np.float64], radii: NDArray[np.float64], heights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points on circles of these radii and heights, (rings * corners, 3)."""
    rings = np.empty((len(radii), len(around), 3))
    rings[..., :2] = radii[:, None, None] * around
    rings[..., 2] = heights[:, None]
    return rings.reshape(-1, 3)


def _bands(rings: int, corners: int) -> NDArray[np.int32]:
    """Two triangles between every two neighbours of a ring and of the ring above."""
    ring, here = np.divmod(np.arange((rings - 1) * corners), corners)
    here = ring * (corners + 1) + here
    above = here + corners + 1
    lower = np.stack([here, here + 1, above + 1], axis=-1)
    upper = np.stack([here, above + 1, above], axis=-1)
    return np.concatenate([lower, upper]).astype(np.int32)


def _mesh(
    positions: NDArray[np.float64],
    normals: NDArray[np.float64],
    places: NDArray[np.float64],
    triangles: NDArray[np.int32],
    stretches: NDArray[np.float64] | None = None,
) -> Mesh:
    stretches = np.zeros(len(positions)) if stretches is None else stretches
    corners = positions[triangles] + stretches[triangles][..., None] * [0.0, 0.0, 1.0]
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # At the poles a band's triangles have no area.
    solid = np.linalg.norm(crosses, axis=-1) > 1e-9
    vertices = np.column_stack([positions, normals, stretches, places]).astype(np.float32)
    return Mesh(vertices, triangles[solid].astype(np.int32))


MESHED: Final[dict[int, Callable[[Cut], Mesh]]] = {
    int(mujoco.mjtGeom.mjGEOM_PLANE): _square,
    int(mujoco.mjtGeom.mjGEOM_BOX): _box,
    int(mujoco.mjtGeom.mjGEOM_SPHERE): _sphere,
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): _sphere,
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): _capsule,
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): _cylinder,
}
"""The geom types that have a unit mesh."""

ROUND: Final = frozenset(MESHED) - {
    int(mujoco.mjtGeom.mjGEOM_PLANE),
    int(mujoco.mjtGeom.mjGEOM_BOX),
}
"""Those of them whose cut matters."""
