"""Draws the six faces of a cube map with OpenGL, and of every frame only what changed."""

from typing import Final

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.changed_regions import overlaps, regions_of, sphere_bounds
from operators.checker import Checker
from operators.cube_map import FaceRegion, whole_faces
from operators.drawn_geoms import DrawnGeoms
from operators.gl_meshes import MESHED, Mesh, mesh_of_model, scale_and_half_length, unit_mesh
from operators.gl_painter import INSTANCE_FLOATS, GlPainter, Plane
from operators.settings import SettingsError
from operators.transforms import rigid

ENDLESS_M: Final = 1000.0
"""Half extent of a plane that the model calls infinite."""

DRAWN: Final = (*MESHED, int(mujoco.mjtGeom.mjGEOM_MESH))
"""The geom types that it can draw."""

Array = NDArray[np.float64]


class GlRenderer:
    """Draws flat-coloured planes, boxes, spheres, ellipsoids, capsules, cylinders and meshes.

    Lit by a sun and the sky, without shadows; planes show the two colours of their checker
    texture. Other textures and translucence are not drawn.

    model: a compiled model; its geoms of groups 0 to 2 are drawn.
    camera_position: the common centre of the six cameras in the world, m.
    face_size: pixels along a face.
    Raises NoOpenGLError without EGL, ValueError for a type of geom that it cannot draw.
    """

    def __init__(self, model: mujoco.MjModel, camera_position: ArrayLike, face_size: int) -> None:
        self.faces: NDArray[np.uint8] = np.zeros((6, face_size, face_size, 4), np.uint8)
        """The cube map (6, N, N, 4) as last drawn; the fourth channel means nothing."""
        self._camera_position = np.array(camera_position, dtype=np.float64)
        self._face_size = face_size
        self._geoms = geoms = DrawnGeoms.of_model(model)
        _refuse_unknown_types(model, geoms)
        self._is_plane = geoms.types == mujoco.mjtGeom.mjGEOM_PLANE
        shapes = np.stack([geoms.types, geoms.meshes], axis=-1)
        drawn = np.unique(shapes[~self._is_plane], axis=0)
        self._of_shape = [np.flatnonzero((shapes == shape).all(axis=-1)) for shape in drawn]
        self._instances = _unplaced_instances(geoms)
        self._carrier_poses: Array | None = None
        self._bounds = np.zeros((len(geoms.types), 6, 4), np.int32)
        self._painter = GlPainter(
            face_size,
            [
                (_mesh(model, *shape), len(members))
                for shape, members in zip(drawn, self._of_shape, strict=True)
            ],
            [_plane(model, geoms, i) for i in np.flatnonzero(self._is_plane)],
        )

    def render(self, body_poses: ArrayLike, full: bool = False) -> list[FaceRegion]:
        """Bring the faces up to date with the bodies' poses.

        body_poses: `world_from_body` (bodies, 7) [x y z qx qy qz qw] in MuJoCo's order of bodies,
        the world first; bodies at the end that carry nothing visible may be left out.
        full: draw everything, even if little moved; the pixels are the same.
        Returns the regions drawn anew: outside of them no pixel changed.
        Raises ValueError for poses of another shape or not finite.
        """
        body_poses = np.asarray(body_poses, dtype=np.float64)
        self._geoms.check_poses(body_poses)
        bounds_before, poses_before = self._bounds, self._carrier_poses
        self._carrier_poses = body_poses[self._geoms.bodies]
        rotations, positions = self._geoms.poses(body_poses)
        positions -= self._camera_position
        self._bounds = sphere_bounds(positions, self._geoms.radii, self._face_size)
        matrices = self._instances[:, :12].reshape(-1, 3, 4)
        matrices[..., :3], matrices[..., 3] = rotations, positions
        if full or poses_before is None:
            regions = whole_faces(self._face_size)
        else:
            moved = (poses_before != self._carrier_poses).any(axis=-1)
            regions = self._regions_of_moved(moved, bounds_before)
        self._painter.paint(
            [(region, self._instances_in(region)) for region in regions],
            rigid(rotations[self._is_plane], positions[self._is_plane]),
            self.faces,
        )
        return regions

    def close(self) -> None:
        """Give back what the graphics driver holds; the renderer is of no use afterwards."""
        self._painter.close()

    def _regions_of_moved(
        self, moved: NDArray[np.bool_], bounds_before: NDArray[np.int32]
    ) -> list[FaceRegion]:
        if (moved & self._is_plane).any():
            return whole_faces(self._face_size)
        left_or_entered = np.concatenate([bounds_before[moved], self._bounds[moved]])
        return regions_of(left_or_entered, np.tile(self._geoms.trees[moved], 2))

    def _instances_in(self, region: FaceRegion) -> list[NDArray[np.float32]]:
        seen = overlaps(self._bounds, region)
        return [self._instances[members[seen[members]]] for members in self._of_shape]


def _refuse_unknown_types(model: mujoco.MjModel, geoms: DrawnGeoms) -> None:
    for index, geom_type in zip(geoms.indices, geoms.types, strict=True):
        if geom_type not in DRAWN:
            allowed = ", ".join(mujoco.mjtGeom(known).name[7:].lower() for known in DRAWN)
            body = model.body(model.geom_bodyid[index]).name
            raise SettingsError(
                f"renderer: gl cannot draw geom {index} '{model.geom(index).name}' of body "
                f"'{body}': {mujoco.mjtGeom(geom_type).name[7:].lower()}; it draws {allowed}; "
                "set panorama.renderer to mujoco"
            )


def _mesh(model: mujoco.MjModel, geom_type: int, mesh: int) -> Mesh:
    if geom_type == mujoco.mjtGeom.mjGEOM_MESH:
        return mesh_of_model(model, mesh)
    return unit_mesh(int(geom_type))


def _unplaced_instances(geoms: DrawnGeoms) -> NDArray[np.float32]:
    """What the painter takes of every geom (g, 19), still without its pose."""
    instances = np.zeros((len(geoms.types), INSTANCE_FLOATS), np.float32)
    for i, (geom_type, size) in enumerate(zip(geoms.types, geoms.sizes, strict=True)):
        instances[i, 12:15], instances[i, 15] = scale_and_half_length(geom_type, size)
    instances[:, 16:] = geoms.colours[:, :3]
    return instances


def _plane(model: mujoco.MjModel, geoms: DrawnGeoms, i: np.intp) -> Plane:
    extents = geoms.sizes[i, :2]
    return Plane(
        half_extents=np.where(extents > 0, extents, ENDLESS_M),
        checker=Checker.of_geom(model, int(geoms.indices[i]), geoms.colours[i]),
    )
