"""Draws the six faces of a cube map with MuJoCo's own renderer: slower, but all that it knows."""

import copy
import os
from typing import Any, Final

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.cube_map import FACE_ORDER, WORLD_FROM_FACE, FaceRegion, whole_faces
from operators.drawn_geoms import DRAWN_GROUPS, DrawnGeoms
from operators.gl_context import PACKAGES, NoOpenGLError
from operators.gl_painter import NEAR_M
from operators.renderer import Quality

FAR_M: Final = 200.0


class MujocoRenderer:
    """Draws every geom that MuJoCo can; with shadows and smooth edges where that is asked for.

    The faces are drawn anew as a whole as soon as anything visible moved. Runs on EGL, or on
    OSMesa where the environment says MUJOCO_GL=osmesa.

    model: a compiled model; its geoms of groups 0 to 2 are drawn.
    camera_position: the common centre of the six cameras in the world, m.
    face_size: pixels along a face.
    device: the graphics card, by number; the first that works by default.
    Raises NoOpenGLError without EGL or OSMesa.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        camera_position: ArrayLike,
        face_size: int,
        quality: Quality = "fast",
        device: int | None = None,
    ) -> None:
        self.faces: NDArray[np.uint8] = np.zeros((6, face_size, face_size, 3), np.uint8)
        """The cube map (6, N, N, 3) as last drawn."""
        self._face_size = face_size
        self._camera_position = np.array(camera_position, dtype=np.float64)
        self._geoms = DrawnGeoms.of_model(model)
        self._carrier_poses: NDArray[np.float64] | None = None
        # A copy, because the caller's model is not ours to change.
        self._model = model = copy.copy(model)
        model.vis.global_.offwidth = model.vis.global_.offheight = face_size
        # Several samples a pixel double the time.
        model.vis.quality.offsamples = 4 if quality == "good" else 0
        self._data = mujoco.MjData(model)
        # Geoms are placed at every frame; the lights stay where the model has them at first.
        mujoco.mj_kinematics(model, self._data)
        mujoco.mj_comPos(model, self._data)
        mujoco.mj_camlight(model, self._data)
        self.scene: Final = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        """MuJoCo's scene: its flags switch shadows, reflections, the sky ... on or off."""
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = quality == "good"
        self.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._options = mujoco.MjvOption()
        self._options.geomgroup[:] = np.arange(len(self._options.geomgroup)) < DRAWN_GROUPS
        self._options.sitegroup[:] = False
        self._gl_context = create_gl_context(face_size, face_size, device)
        self._gl_context.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)

    def render(self, body_poses: ArrayLike, full: bool = False) -> list[FaceRegion]:
        """See operators.renderer.Renderer."""
        body_poses = np.asarray(body_poses, dtype=np.float64)
        self._geoms.check_poses(body_poses)
        carrier_poses = body_poses[self._geoms.bodies]
        poses_before, self._carrier_poses = self._carrier_poses, carrier_poses
        if not full and poses_before is not None and (poses_before == carrier_poses).all():
            return []
        rotations, positions = self._geoms.poses(body_poses)
        self._data.geom_xmat[self._geoms.indices] = rotations.reshape(-1, 9)
        self._data.geom_xpos[self._geoms.indices] = positions
        self._update_scene()
        self._gl_context.make_current()
        for face in range(len(FACE_ORDER)):
            self._draw(face)
        return whole_faces(self._face_size)

    def close(self) -> None:
        """See operators.renderer.Renderer."""
        self._gl_context.make_current()
        self._context.free()
        self._gl_context.free()

    def _update_scene(self) -> None:
        camera = mujoco.MjvCamera()
        camera.lookat[:] = self._camera_position
        camera.distance = 0.0
        # MuJoCo's headlight shines along this camera: for all six faces from behind and above.
        camera.azimuth, camera.elevation = 0.0, -60.0
        mujoco.mjv_updateScene(
            self._model,
            self._data,
            self._options,
            None,
            camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self.scene,
        )

    def _draw(self, face: int) -> None:
        _, down, forward = WORLD_FROM_FACE[face].T
        for eye in self.scene.camera:
            eye.pos[:], eye.forward[:], eye.up[:] = self._camera_position, forward, -down
            eye.frustum_near, eye.frustum_far = NEAR_M, FAR_M
            eye.frustum_bottom, eye.frustum_top = -NEAR_M, NEAR_M
            eye.frustum_center, eye.frustum_width = 0.0, NEAR_M
        size = self._face_size
        view = mujoco.MjrRect(0, 0, size, size)
        mujoco.mjr_render(view, self.scene, self._context)
        lowest_row_first = np.empty((size, size, 3), np.uint8)
        mujoco.mjr_readPixels(lowest_row_first, None, view, self._context)
        self.faces[face] = lowest_row_first[::-1]


def create_gl_context(width: int, height: int, device: int | None = None) -> Any:
    """A context for MuJoCo's renderer, on EGL or what MUJOCO_GL says. Raises NoOpenGLError."""
    if device is not None:
        os.environ["MUJOCO_EGL_DEVICE_ID"] = str(device)
    on_osmesa = os.environ.get("MUJOCO_GL", "").lower() == "osmesa"
    try:
        if on_osmesa:
            from mujoco.osmesa import GLContext
        else:
            from mujoco.egl import GLContext
        return GLContext(width, height)
    except Exception as error:  # PyOpenGL raises AttributeError where a library is missing
        tried, packages = ("OSMesa", "libosmesa6") if on_osmesa else ("EGL", PACKAGES)
        raise NoOpenGLError(
            f"renderer: mujoco needs OpenGL through {tried}, and creating a context failed: "
            f"{error!r}. On Debian and Ubuntu: apt install {packages}; "
            "or try MUJOCO_GL=osmesa with libosmesa6"
        ) from error
