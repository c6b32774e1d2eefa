"""A simulated camera: what it would see of a robot and a cube, from wherever it is put."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.mujoco_camera import MujocoCamera
from operators.pinhole import Pinhole
from operators.section import Vector3
from operators.transforms import Array, inverse, rigid
from operators.urdf_visuals import Visual

NEAR_M, FAR_M = 0.02, 30.0
NOTHING_M: Final = 0.99 * FAR_M
"""What is farther away is nothing."""

SUN_FROM: Final = np.array([0.35, 0.3, 0.89])
"""Where the light comes from, above and in front of the robot."""

CUBE_COLOUR: Final[Vector3] = (0.85, 0.16, 0.14)

AMBIENT, HEADLIGHT, SUN = 0.35, 0.25, 0.55
"""Shares of light; together a little more than white, as a camera's exposure would have it."""

SHADOW_PIXELS: Final = 1024


@dataclass(frozen=True)
class Cube:
    """A cube on the table: its middle, m, and its turn about the vertical, rad, in the base."""

    middle: Vector3
    yaw_rad: float
    size_m: float

    def holds(self, point: Vector3, margin_m: float = 0.002) -> bool:
        """Whether a point, m, in the base, is in the cube or at most so far beside it."""
        x, y, z = np.subtract(point, self.middle)
        cosine, sine = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        own = (cosine * x + sine * y, cosine * y - sine * x, z)
        return bool(np.abs(own).max() <= self.size_m / 2.0 + margin_m)


@dataclass(frozen=True)
class Look:
    """How the simulated things are coloured and lit; nothing is changed by default.

    robot_colour: of all of the robot, red, green, blue, each 0 to 1. brightness: a factor.
    light_from: the direction (3,) in the base from which the light comes, of any length.
    """

    robot_colour: Vector3 | None = None
    brightness: float = 1.0
    light_from: Vector3 = (float(SUN_FROM[0]), float(SUN_FROM[1]), float(SUN_FROM[2]))


@dataclass(frozen=True)
class SimulatedPicture:
    """What a simulated camera sees.

    colour: (rows, columns, 3) uint8 RGB. depth_m: (rows, columns) float32, along the camera's z.
    shown: (rows, columns) bool, where there is anything at all.
    """

    colour: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    shown: NDArray[np.bool_]


class SimulatedCamera:
    """Draws a robot's meshes and a cube with MuJoCo, seen from any place through any ideal lens.

    A point is drawn at the pixel whose centre is nearest to where the camera's `Pinhole` projects
    it, as by `ArmRenderer`. All places are in the base's frame.

    visuals: the robot's meshes. width, height: of the pictures, px. shadows: whether the robot
    throws some upon itself.
    Raises NoOpenGLError without EGL or OSMesa.
    """

    def __init__(
        self, visuals: Sequence[Visual], width: int, height: int, *, shadows: bool = True
    ) -> None:
        self._visuals = visuals
        self._model = _compiled(visuals, width, height, shadows)
        self._data = mujoco.MjData(self._model)
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        # MuJoCo keeps a mesh about its centre of mass.
        self._mesh_from_geom = np.array(
            [_pose(self._model.geom_pos[i], self._model.geom_quat[i]) for i in range(len(visuals))]
        )
        self._cube = self._model.geom("cube").id
        self._camera = MujocoCamera(self._model, "camera", width, height)

    def look(
        self,
        base_from_meshes: Array,
        camera_from_base: Array,
        pinhole: Pinhole,
        cube: Cube | None = None,
        look: Look | None = None,
    ) -> SimulatedPicture:
        """See the meshes at their poses (visuals, 4, 4) from a camera at (4, 4)."""
        look = look or Look()
        self._put_meshes(base_from_meshes)
        self._put_cube(cube)
        self._colour(look)
        self._light(look)
        self._put_camera(inverse(camera_from_base), pinhole)
        colour, depth_m = self._camera.look(self._data)
        return SimulatedPicture(colour, depth_m, depth_m < NOTHING_M)

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._camera.close()

    def _put_meshes(self, base_from_meshes: Array) -> None:
        # Straight to where kinematics would write: that was computed from the URDF already.
        poses = base_from_meshes @ self._mesh_from_geom
        count = len(self._visuals)
        self._data.geom_xpos[:count] = poses[:, :3, 3]
        self._data.geom_xmat[:count] = poses[:, :3, :3].reshape(-1, 9)

    def _put_cube(self, cube: Cube | None) -> None:
        self._model.geom_rgba[self._cube] = (*CUBE_COLOUR, 0.0 if cube is None else 1.0)
        if cube is None:
            return
        self._model.geom_size[self._cube] = cube.size_m / 2.0
        cosine, sine = np.cos(cube.yaw_rad), np.sin(cube.yaw_rad)
        self._data.geom_xpos[self._cube] = cube.middle
        self._data.geom_xmat[self._cube] = (cosine, -sine, 0, sine, cosine, 0, 0, 0, 1)

    def _colour(self, look: Look) -> None:
        for i, visual in enumerate(self._visuals):
            self._model.geom_rgba[i, :3] = look.robot_colour or visual.colour

    def _light(self, look: Look) -> None:
        shares = self._model.vis.headlight
        shares.ambient[:] = AMBIENT * look.brightness
        shares.diffuse[:] = HEADLIGHT * look.brightness
        self._model.light_diffuse[0] = SUN * look.brightness
        towards = np.asarray(look.light_from) / np.linalg.norm(look.light_from)
        self._data.light_xpos[0] = 3.0 * towards
        self._data.light_xdir[0] = -towards

    def _put_camera(self, base_from_camera: Array, pinhole: Pinhole) -> None:
        width, height = pinhole.width, pinhole.height
        self._data.cam_xpos[0] = base_from_camera[:3, 3]
        # MuJoCo's cameras look along -z, with y up.
        self._data.cam_xmat[0] = (base_from_camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])).ravel()
        # MuJoCo counts the principal point from the middle, to the left and up.
        off_x, off_y = width / 2.0 - pinhole.cx - 0.5, height / 2.0 - pinhole.cy - 0.5
        self._model.cam_sensorsize[0] = width, height
        self._model.cam_intrinsic[0] = pinhole.fx, pinhole.fy, off_x, off_y


def _compiled(visuals: Sequence[Visual], width: int, height: int, shadows: bool) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.visual.global_.offwidth, spec.visual.global_.offheight = width, height
    # Of several samples a pixel, the depth would be that of one beside its centre.
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = SHADOW_PIXELS if shadows else 0
    spec.visual.map.znear, spec.visual.map.zfar = NEAR_M, FAR_M
    spec.stat.extent, spec.stat.center = 1.0, (0.0, 0.0, 0.3)
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    for i, visual in enumerate(visuals):
        mesh = spec.add_mesh(name=f"mesh_{i}")
        mesh.uservert = visual.vertices.astype(np.float32).ravel()
        mesh.userface = mesh.userfacenormal = visual.triangles.ravel()
        # Its own normals would round the edges of boxes.
        mesh.usernormal = visual.normals.astype(np.float32).ravel()
        # A flat or open mesh, of which visuals may be, has no volume.
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        spec.worldbody.add_geom(
            name=f"geom_{i}",
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=mesh.name,
            rgba=(*visual.colour, 1.0),
        )
    spec.worldbody.add_geom(
        name="cube", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.02] * 3, rgba=(*CUBE_COLOUR, 0.0)
    )
    spec.worldbody.add_light(
        name="sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=3.0 * SUN_FROM,
        dir=-SUN_FROM,
        castshadow=shadows,
        specular=[0.0, 0.0, 0.0],
    )
    spec.worldbody.add_camera(name="camera")
    return spec.compile()


def _pose(position: Array, quaternion: Array) -> Array:
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quaternion)
    return rigid(rotation.reshape(3, 3), position)
