"""What a renderer draws of a compiled MuJoCo model: shapes fixed to bodies, with their colours."""

from dataclasses import dataclass
from typing import Final, Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.transforms import rotation_from_quaternion

DRAWN_GROUPS: Final = 3
"""Geoms of the groups below are drawn, as MuJoCo does by default; the others only collide."""

ENDLESS_M: Final = 1000.0
"""Half extent of a plane that the model calls infinite."""

UNSET_COLOUR: Final = np.array([0.5, 0.5, 0.5, 1.0], np.float32)
"""MuJoCo takes a geom's own colour unless it has this value, then the material's."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnGeoms:
    """The visible geoms of a model, in the model's order.

    indices: (g,) in the model.
    types: (g,) `mujoco.mjtGeom`.
    bodies: (g,) the bodies that carry them.
    trees: (g,) the bodies below the world from which those hang: what tends to move together.
    sizes: (g, 3) as in MuJoCo, m.
    meshes: (g,) which of the model's meshes a geom of type mesh shows; -1 for the others.
    colours: (g, 4) red, green, blue, alpha, 0 to 1.
    radii: (g,) of the spheres around them, m; zero for planes.
    box_centres, box_half_extents: (g, 3) of the boxes around them in their own frames, m.
    """

    indices: NDArray[np.intp]
    types: NDArray[np.int32]
    bodies: NDArray[np.int32]
    trees: NDArray[np.int32]
    sizes: Array
    meshes: NDArray[np.int32]
    colours: NDArray[np.float32]
    radii: Array
    box_centres: Array
    box_half_extents: Array
    body_from_geom_rotations: Array
    body_from_geom_positions: Array

    @classmethod
    def of_model(cls, model: mujoco.MjModel) -> Self:
        """Pick the geoms that are to be seen: of the drawn groups, and not wholly transparent."""
        colours = np.array(model.geom_rgba)
        with_material = (model.geom_matid >= 0) & (colours == UNSET_COLOUR).all(axis=-1)
        colours[with_material] = model.mat_rgba[model.geom_matid[with_material]]
        (indices,) = np.nonzero((model.geom_group < DRAWN_GROUPS) & (colours[:, 3] > 0))
        bodies = np.array(model.geom_bodyid[indices])
        types = np.array(model.geom_type[indices])
        is_plane = (types == mujoco.mjtGeom.mjGEOM_PLANE)[:, None]
        sizes = np.array(model.geom_size[indices])
        plane_extents = np.where(sizes > 0, sizes, ENDLESS_M) * (1.0, 1.0, 0.0)
        return cls(
            indices=indices,
            types=types,
            bodies=bodies,
            trees=np.array(model.body_rootid[bodies]),
            sizes=sizes,
            meshes=np.where(types == mujoco.mjtGeom.mjGEOM_MESH, model.geom_dataid[indices], -1),
            colours=colours[indices],
            radii=np.array(model.geom_rbound[indices]),
            box_centres=np.where(is_plane, 0.0, model.geom_aabb[indices, :3]),
            box_half_extents=np.where(is_plane, plane_extents, model.geom_aabb[indices, 3:]),
            body_from_geom_rotations=rotation_from_quaternion(
                model.geom_quat[indices][:, [1, 2, 3, 0]]
            ),
            body_from_geom_positions=np.array(model.geom_pos[indices]),
        )

    def check_poses(self, body_poses: Array) -> None:
        """Raise ValueError unless poses (bodies, 7) are poses and cover every drawn body."""
        needed = int(self.bodies.max(initial=-1)) + 1
        if body_poses.ndim != 2 or body_poses.shape[1] != 7 or len(body_poses) < needed:
            raise ValueError(
                f"body_poses: expected (bodies, 7) with at least the {needed} bodies that carry "
                f"something visible, got {body_poses.shape}"
            )
        if not np.isfinite(body_poses).all():
            body = int(np.argwhere(~np.isfinite(body_poses))[0, 0])
            raise ValueError(f"body_poses: body {body} is not finite: {body_poses[body]}")
        without_rotation = ~body_poses[:, 3:].any(axis=-1)
        if without_rotation.any():
            body = int(np.argmax(without_rotation))
            raise ValueError(f"body_poses: body {body} has a quaternion of length 0")

    def poses(self, body_poses: Array) -> tuple[Array, Array]:
        """Where the geoms are: rotations (g, 3, 3) and positions (g, 3) in the world.

        body_poses: `world_from_body` (bodies, 7) [x y z qx qy qz qw] in MuJoCo's order of bodies,
        the world first.
        """
        rotations = rotation_from_quaternion(body_poses[self.bodies, 3:])
        positions = (
            np.einsum("gij,gj->gi", rotations, self.body_from_geom_positions)
            + body_poses[self.bodies, :3]
        )
        return rotations @ self.body_from_geom_rotations, positions
