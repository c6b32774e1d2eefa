"""Draws the six faces of a cube map with OpenGL, and of every frame only what changed."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.cast_shadows import Boxes, catchers_of, joined, shadows_on
from operators.changed_regions import (
    Bounds,
    common,
    hull_bounds,
    overlaps,
    regions_of,
    sphere_bounds,
)
from operators.checker import Checker
from operators.cube_map import FaceRegion, whole_faces
from operators.drawn_geoms import ENDLESS_M, DrawnGeoms
from operators.equirectangular import Interpolation
from operators.face_smoothing import grown, smooth
from operators.geom_textures import texture_of
from operators.gl_equirectangular import GlEquirect
from operators.gl_meshes import (
    MESHED,
    Cut,
    Mesh,
    cut_of,
    mesh_of_model,
    scale_and_half_length,
    unit_mesh,
)
from operators.gl_painter import GlPainter, Plane
from operators.gl_shapes import INSTANCE_FLOATS, Instances, Shape
from operators.renderer import Quality
from operators.settings import SettingsError
from operators.sun import MAP_SIZE, REACH_M, Sun
from operators.transforms import rigid

DRAWN: Final = (*MESHED, int(mujoco.mjtGeom.mjGEOM_MESH))
"""The geom types that it can draw."""

WHOLE_MAP: Final = [FaceRegion(0, 0, 0, MAP_SIZE, MAP_SIZE)]

Array = NDArray[np.float64]


class _Placed(NamedTuple):
    """Where the geoms are.

    boxes: around them, the camera at the origin. bounds: (g, 6, 4) on the faces, map_bounds:
    (g, 1, 4) on the map of shadows.
    """

    boxes: Boxes
    bounds: Bounds
    map_bounds: Bounds


class GlRenderer:
    """Draws planes, boxes, spheres, ellipsoids, capsules, cylinders and meshes.

    They have the model's colours and textures, and light from its sun and from the sky. `good` adds
    the sun's shadows, soft at their edges and cast by everything but planes, and smooth outlines.
    Translucence is not drawn.

    model: a compiled model; its geoms of groups 0 to 2 are drawn.
    camera_position: the common centre of the six cameras in the world, m.
    face_size: pixels along a face.
    device: the graphics card, by number; the first by default.
    read_back: whether what is drawn comes to main memory at once, or when it is asked for.
    Raises NoOpenGLError without EGL, ValueError for a type of geom that it cannot draw.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        camera_position: ArrayLike,
        face_size: int,
        quality: Quality = "fast",
        device: int | None = None,
        read_back: bool = True,
    ) -> None:
        # Not zeros: numpy asks for huge pages only where it does not clear.
        self._faces: NDArray[np.uint8] = np.empty((6, face_size, face_size, 4), np.uint8)
        self._reads_back = read_back
        self._camera_position = np.array(camera_position, dtype=np.float64)
        self._face_size = face_size
        self._is_good = quality == "good"
        # What was drawn, and where it is to be smoothed apart from what is shown of it.
        self._drawn = np.empty_like(self._faces) if self._is_good else self._faces
        self._sun = Sun.of_model(model)
        self._geoms = geoms = DrawnGeoms.of_model(model)
        _refuse_unknown_types(model, geoms)
        self._is_plane = geoms.types == mujoco.mjtGeom.mjGEOM_PLANE
        self._is_box = geoms.types == mujoco.mjtGeom.mjGEOM_BOX
        self._instances = _unplaced_instances(model, geoms)
        self._carrier_poses: Array | None = None
        self._placed: _Placed | None = None
        self._members, shapes = _shapes(model, geoms, ~self._is_plane)
        planes = [_plane(model, geoms, i) for i in np.flatnonzero(self._is_plane)]
        self._painter = GlPainter(
            face_size, model, shapes, planes, self._sun, self._is_good, device
        )

    @property
    def faces(self) -> NDArray[np.uint8]:
        """The cube map (6, N, N, 4) as last drawn; the fourth channel means nothing."""
        if not self._reads_back:
            everything = whole_faces(self._face_size)
            self._painter.read(everything, self._drawn)
            if self._is_good:
                smooth(self._drawn, everything, self._faces)
        return self._faces

    def read_depths(self, regions: Sequence[FaceRegion], depths: NDArray[np.float32]) -> None:
        """Copy OpenGL's depths, 1 - NEAR_M / metres ahead, of regions into depths (6, N, N)."""
        self._painter.read_depths(regions, depths)

    def converter(self, height: int, width: int, interpolation: Interpolation) -> GlEquirect:
        """What makes a panorama of these faces where they were drawn, without reading them."""
        return self._painter.converter(height, width, interpolation, self._is_good)

    def render(self, body_poses: ArrayLike, full: bool = False) -> Sequence[FaceRegion]:
        """Bring the faces up to date with the bodies' poses.

        body_poses: `world_from_body` (bodies, 7) [x y z qx qy qz qw] in MuJoCo's order of bodies,
        the world first; bodies at the end that carry nothing visible may be left out.
        full: draw everything, even if little moved; the pixels are the same.
        Returns the regions drawn anew: outside of them no pixel changed.
        Raises ValueError for poses of another shape or not finite.
        """
        body_poses = np.asarray(body_poses, dtype=np.float64)
        self._geoms.check_poses(body_poses)
        poses, poses_before = body_poses[self._geoms.bodies], self._carrier_poses
        rotations, positions = self._geoms.poses(body_poses)
        positions -= self._camera_position
        matrices = self._instances[:, :12].reshape(-1, 3, 4)
        matrices[..., :3], matrices[..., 3] = rotations, positions
        moved = np.full(len(poses), True)
        if poses_before is not None:
            moved = (poses_before != poses).any(axis=-1)
        before, now = self._placed, self._place(rotations, positions)
        self._carrier_poses, self._placed = poses, now
        if full or before is None or (moved & self._is_plane).any():
            regions, shadow_regions = whole_faces(self._face_size), WHOLE_MAP
        else:
            regions, shadow_regions = self._changed(moved, before, now)
        self._painter.paint(
            [(r, self._instances_in(r, now.bounds)) for r in regions],
            [(r, self._instances_in(r, now.map_bounds)) for r in shadow_regions],
            rigid(rotations[self._is_plane], positions[self._is_plane]),
            self._drawn if self._reads_back else None,
        )
        if not self._is_good:
            return regions
        if self._reads_back:
            return smooth(self._drawn, regions, self._faces)
        return [grown(region, self._face_size) for region in regions]

    def close(self) -> None:
        """Give back what the graphics driver holds; the renderer is of no use afterwards."""
        self._painter.close()

    def _place(self, rotations: Array, positions: Array) -> _Placed:
        geoms = self._geoms
        centres = positions + np.einsum("gij,gj->gi", rotations, geoms.box_centres)
        boxes = Boxes(rotations, centres, geoms.box_half_extents)
        bounds = sphere_bounds(positions, geoms.radii, self._face_size)
        return _Placed(boxes, bounds, self._sun.bounds(positions, geoms.radii))

    def _changed(
        self, moved: NDArray[np.bool_], before: _Placed, now: _Placed
    ) -> tuple[list[FaceRegion], list[FaceRegion]]:
        """Regions of the faces, and of the map of shadows, that what moved has left or entered."""
        if not moved.any():
            return [], []
        trees = np.tile(self._geoms.trees[moved], 2)
        casters = joined(before.boxes.of(moved), now.boxes.of(moved))
        touched = common(
            np.concatenate([before.bounds[moved], now.bounds[moved]]),
            hull_bounds(casters.corners(), self._face_size),
        )
        if not self._is_good:
            return regions_of(touched, trees), []
        # What moved itself is drawn anew already, wherever shadows fall on it.
        (still,) = np.nonzero(~moved)
        filled = self._is_plane | self._is_box
        towards_sun = self._sun.towards
        catchers = catchers_of(now.boxes.of(still), filled[still], towards_sun)
        shadows = shadows_on(casters, REACH_M, towards_sun, catchers)
        touched = np.concatenate([touched, hull_bounds(shadows.parts.corners(), self._face_size)])
        # What falls from one body onto one shape lies together, but apart from the body.
        shapes = still[catchers.shapes[shadows.catchers]] + 1
        groups = np.concatenate(
            [trees, trees[shadows.casters] + shapes * (self._geoms.trees.max() + 1)]
        )
        touched_map = np.concatenate([before.map_bounds[moved], now.map_bounds[moved]])
        return regions_of(touched, groups.astype(np.int32)), regions_of(touched_map, trees)

    def _instances_in(self, region: FaceRegion, bounds: Bounds) -> Instances:
        seen = overlaps(bounds, region)
        return [self._instances[members[seen[members]]] for members in self._members]


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


def _shapes(
    model: mujoco.MjModel, geoms: DrawnGeoms, drawn: NDArray[np.bool_]
) -> tuple[list[NDArray[np.intp]], list[Shape]]:
    """What can be drawn at once: which geoms, and the mesh and the texture that they share."""
    textures = [texture_of(model, int(index)) for index in geoms.indices]
    cuts = [cut_of(kind, size) for kind, size in zip(geoms.types, geoms.sizes, strict=True)]
    numbers = [-1 if texture is None else texture.number for texture in textures]
    keys = np.stack([geoms.types, geoms.meshes, numbers, [c.around for c in cuts]], axis=-1)
    members = [np.flatnonzero((keys == key).all(axis=-1)) for key in np.unique(keys[drawn], axis=0)]
    return members, [
        Shape(
            _mesh(model, geoms.types[first], geoms.meshes[first], cuts[first]),
            len(alike),
            textures[first],
        )
        for alike in members
        for first in alike[:1]
    ]


def _mesh(model: mujoco.MjModel, geom_type: int, mesh: int, cut: Cut) -> Mesh:
    if geom_type == mujoco.mjtGeom.mjGEOM_MESH:
        return mesh_of_model(model, mesh)
    return unit_mesh(int(geom_type), cut)


def _unplaced_instances(model: mujoco.MjModel, geoms: DrawnGeoms) -> NDArray[np.float32]:
    """What the painter takes of every geom (g, INSTANCE_FLOATS), still without its pose."""
    instances = np.zeros((len(geoms.types), INSTANCE_FLOATS), np.float32)
    for i, (geom_type, size) in enumerate(zip(geoms.types, geoms.sizes, strict=True)):
        instances[i, 12:15], instances[i, 15] = scale_and_half_length(geom_type, size)
        texture = texture_of(model, int(geoms.indices[i]))
        if texture:
            instances[i, 19:22] = texture.scale
    instances[:, 16:19] = geoms.colours[:, :3]
    return instances


def _plane(model: mujoco.MjModel, geoms: DrawnGeoms, i: np.intp) -> Plane:
    extents = geoms.sizes[i, :2]
    return Plane(
        half_extents=np.where(extents > 0, extents, ENDLESS_M),
        checker=Checker.of_geom(model, int(geoms.indices[i]), geoms.colours[i]),
    )
