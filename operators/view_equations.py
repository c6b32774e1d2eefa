"""What a view says of its camera: the robot's outline at a mask's edge, its surface at depths."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.arm_renderer import ArmRenderer
from operators.pinhole import Pinhole
from operators.posed_camera import STEP, PosedCamera, pixel_steps
from operators.robust_equations import Equations
from operators.silhouette import EdgeDistance, outline, shrunk_lens, shrunk_mask
from operators.transforms import Array
from operators.urdf_visuals import Visual

SAME_WAY: Final = 0.7
"""Cosine of the angle that two edges may make: a link's left edge is not to be drawn to the right
one of the mask, which may be nearer."""

TOGETHER_PX: Final = 8.0
"""Errors of a mask's edge are alike so far along it, whoever made it."""

MOST_POINTS: Final = 4000
"""Of one view's outline."""

SAMPLE_PX: Final = 8
"""The grid on which depths are compared."""

GRAZING: Final = 0.2
"""Cosine of the angle between ray and surface below which a depth says little."""

DEPTH_SCALE: Final = len(STEP)
"""The place of the depths' scale behind a step's parts: its logarithm."""

JOINTS: Final = DEPTH_SCALE + 1
"""The place of the first joint."""

EDGE_FLOOR_PX: Final = 0.3
"""Pixels alone leave so much."""

DEPTH_FLOOR: Final = 5e-4
"""A depth camera's least deviation, m at a distance of 1 m."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What is drawn of the robot: its points in the camera's frame.

    mesh_points: (rows, columns, 3) m. meshes: (rows, columns), -1 where there is none.
    base_from_meshes, joint_slopes: of the meshes, the latter (joints, visuals, 4, 4).
    """

    camera: PosedCamera
    mesh_points: NDArray[np.float32]
    meshes: NDArray[np.intp]
    base_from_meshes: Array
    joint_slopes: Array

    @property
    def silhouette(self) -> NDArray[np.bool_]:
        """(rows, columns)."""
        drawn: NDArray[np.bool_] = self.meshes >= 0
        return drawn

    def points(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
        """(n, 3) m, in the camera's frame; only where something is drawn."""
        poses = self.camera.pose.matrix @ self.base_from_meshes
        chosen = poses[self.meshes[rows, columns]]
        at = self.mesh_points[rows, columns].astype(np.float64)
        points: Array = np.einsum("nij,nj->ni", chosen[:, :3, :3], at) + chosen[:, :3, 3]
        return points

    def joint_steps(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
        """How the joints move these points: (n, 3, joints) m a radian, in the camera's frame."""
        at = self.mesh_points[rows, columns].astype(np.float64)
        meshes = self.meshes[rows, columns]
        steps = np.empty((len(at), 3, len(self.joint_slopes)))
        rotation = self.camera.pose.matrix[:3, :3]
        for mesh in np.unique(meshes):
            here = meshes == mesh
            slopes = rotation @ self.joint_slopes[:, mesh, :3]
            homogeneous = np.column_stack([at[here], np.ones(int(here.sum()))])
            steps[here] = np.moveaxis(homogeneous @ np.swapaxes(slopes, 1, 2), 0, 2)
        return steps


class ViewLevel:
    """Compares views with the drawn robot, at one resolution.

    pinhole: the camera, at full resolution. factor: pixels here are factor x factor of the
    picture's. Give back with `close`. Raises NoOpenGLError without EGL.
    """

    def __init__(self, pinhole: Pinhole, visuals: tuple[Visual, ...], factor: int) -> None:
        self._factor = factor
        self._renderer = ArmRenderer(shrunk_lens(pinhole, factor), visuals)

    def edges(self, silhouette: NDArray[np.bool_]) -> EdgeDistance:
        """Of a view's silhouette, at this resolution."""
        return EdgeDistance.of(shrunk_mask(silhouette, self._factor))

    def surface(self, camera: PosedCamera, base_from_meshes: Array, joint_slopes: Array) -> Surface:
        """Draw the robot as a camera, told at full resolution, sees it."""
        lens = shrunk_lens(camera.pinhole, self._factor)
        self._renderer.look_through(lens)
        points, meshes = self._renderer.surface(camera.pose.matrix @ base_from_meshes)
        here = PosedCamera(camera.pose, lens)
        return Surface(here, points, meshes, base_from_meshes, joint_slopes)

    def outline_equations(self, drawn: Surface, edges: EdgeDistance, view: int) -> Equations:
        """The distances of the drawn outline from the mask's edge, px.

        Both outlines' distances are read in the same way, and compared: what whole pixels and
        smoothing do to an edge they do to both.
        """
        own = EdgeDistance.of(drawn.silhouette)
        rows, columns = outline(drawn.silhouette, MOST_POINTS)
        _, steps = pixel_steps(drawn.points(rows, columns), drawn.camera.pinhole)
        moved = steps[..., 3:6] @ drawn.joint_steps(rows, columns)
        pixels = np.concatenate([steps, np.zeros((len(steps), 2, 1)), moved], axis=-1)
        towards, outwards = edges.gradient(rows, columns), own.gradient(rows, columns)
        lengths = np.linalg.norm(towards, axis=1) * np.linalg.norm(outwards, axis=1)
        cosine = (towards * outwards).sum(axis=1) / np.maximum(lengths, 1e-6)
        residuals = edges.distance[rows, columns] - own.distance[rows, columns]
        return Equations(
            residuals.astype(np.float64),
            np.einsum("ni,nij->nj", towards.astype(np.float64), pixels),
            view * len(drawn.base_from_meshes) + drawn.meshes[rows, columns],
            cosine > SAME_WAY,
            max(1.0, TOGETHER_PX / self._factor),
            EDGE_FLOOR_PX,
        )

    def depth_equations(
        self,
        drawn: Surface,
        silhouette: NDArray[np.bool_],
        depth_m: NDArray[np.float32],
        log_scale: float,
        view: int,
    ) -> Equations:
        """The distances of measured points from the drawn surface, m at a distance of 1 m.

        log_scale: of what depths are to be multiplied by.

        A stereo camera's error grows with the square of the distance: by it they are divided.
        Where the mask has no robot, something hides it, and nothing is compared.
        """
        factor = self._factor
        step = max(2, SAMPLE_PX // factor)
        height, width = drawn.meshes.shape
        grid = np.mgrid[step : height - 1 : step, step : width - 1 : step].reshape(2, -1)
        here = drawn.meshes[grid[0], grid[1]] >= 0
        for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            beside = drawn.meshes[grid[0] + down, grid[1] + across]
            here &= beside == drawn.meshes[grid[0], grid[1]]
        rows, columns = grid[:, here]
        # Amid what of the picture is one pixel here, as near as whole pixels allow.
        full = rows * factor + factor // 2, columns * factor + factor // 2
        measured = np.exp(log_scale) * depth_m[full].astype(np.float64)
        points = drawn.points(rows, columns)
        along = drawn.points(rows, columns + 1) - drawn.points(rows, columns - 1)
        down_ = drawn.points(rows + 1, columns) - drawn.points(rows - 1, columns)
        normals = np.cross(along, down_)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        lens = drawn.camera.pinhole
        at = np.stack([columns, rows], axis=-1) + (factor // 2 - (factor - 1) / 2.0) / factor
        rays = np.column_stack([(at - lens.lens[2:]) / lens.lens[:2], np.ones(len(rows))])
        seen = measured[:, None] * rays
        facing = np.abs((normals * rays).sum(axis=1)) / np.linalg.norm(rays, axis=1)
        scale = 1.0 / points[:, 2] ** 2
        jacobian = -np.concatenate(
            [
                np.cross(points, normals),
                normals,
                (normals[:, :2] * seen[:, :2]).sum(axis=1, keepdims=True),
                -(normals * seen).sum(axis=1, keepdims=True),
                np.einsum("ni,nij->nj", normals, drawn.joint_steps(rows, columns)),
            ],
            axis=1,
        )
        return Equations(
            scale * (normals * (seen - points)).sum(axis=1),
            scale[:, None] * jacobian,
            view * len(drawn.base_from_meshes) + drawn.meshes[rows, columns],
            silhouette[full] & (measured > 0) & (facing > GRAZING),
            1.0,
            DEPTH_FLOOR,
        )

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._renderer.close()


def joined(parts: list[Equations]) -> Equations:
    """The equations of several views as one."""
    return Equations(
        np.concatenate([p.residuals for p in parts]),
        np.concatenate([p.jacobian for p in parts]),
        np.concatenate([p.groups for p in parts]),
        np.concatenate([p.matching for p in parts]),
        parts[0].together,
        parts[0].floor,
    )
