"""What a camera of a MuJoCo model sees: colours and distances."""

from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.drawn_geoms import DRAWN_GROUPS
from operators.mujoco_renderer import create_gl_context


class MujocoCamera:
    """Draws with MuJoCo's own renderer, shadows included.

    model: whose `visual.global` says how large pictures may be. camera: its name.
    Raises NoOpenGLError without EGL or OSMesa.
    """

    def __init__(self, model: mujoco.MjModel, camera: str, width: int, height: int) -> None:
        self._model = model
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera(camera).id
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        self._options = mujoco.MjvOption()
        self._options.geomgroup[:] = np.arange(len(self._options.geomgroup)) < DRAWN_GROUPS
        self._view: Final = mujoco.MjrRect(0, 0, width, height)
        self._gl_context = create_gl_context(width, height)
        self._gl_context.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        # Distances would have a thousandth of their precision with the near end at zero.
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR

    def look(self, data: mujoco.MjData) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The picture (rows, columns, 3) RGB, and the distance (rows, columns) along z, m.

        data: with its kinematics and cameras computed.
        """
        categories = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(
            self._model, data, self._options, None, self._camera, categories, self._scene
        )
        self._gl_context.make_current()
        mujoco.mjr_render(self._view, self._scene, self._context)
        colour = np.empty((self._view.height, self._view.width, 3), np.uint8)
        nearness = np.empty((self._view.height, self._view.width), np.float32)
        mujoco.mjr_readPixels(colour, nearness, self._view, self._context)
        extent = self._model.stat.extent
        near, far = self._model.vis.map.znear * extent, self._model.vis.map.zfar * extent
        distance_m = near * far / (near + nearness.astype(np.float64) * (far - near))
        # MuJoCo reads the lowest row first.
        return colour[::-1], distance_m[::-1].astype(np.float32)

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._gl_context.make_current()
        self._context.free()
        self._gl_context.free()
