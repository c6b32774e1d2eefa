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

    def seen_geoms(self, data: mujoco.MjData) -> NDArray[np.intp]:
        """Which geom of the model every pixel shows, (rows, columns); -1 where there is none.

        data: with its kinematics and cameras computed.
        """
        scene = self._scene
        categories = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(
            self._model, data, self._options, None, self._camera, categories, scene
        )
        self._gl_context.make_current()
        flags = (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR)
        for flag in flags:
            scene.flags[flag] = 1
        mujoco.mjr_render(self._view, scene, self._context)
        for flag in flags:
            scene.flags[flag] = 0
        colour = np.empty((self._view.height, self._view.width, 3), np.uint8)
        mujoco.mjr_readPixels(colour, None, self._view, self._context)
        # 0 is the background; what is drawn counts from 1.
        numbers = colour[::-1].astype(np.intp) @ np.array([1, 2**8, 2**16], np.intp)
        geoms = np.full(max(int(numbers.max()), scene.ngeom) + 1, -1, np.intp)
        for i in range(scene.ngeom):
            drawn = scene.geoms[i]
            if drawn.objtype == mujoco.mjtObj.mjOBJ_GEOM and drawn.segid >= 0:
                geoms[drawn.segid + 1] = drawn.objid
        return geoms[numbers]

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._gl_context.make_current()
        self._context.free()
        self._gl_context.free()
