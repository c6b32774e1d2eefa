"""How MuJoCo lays a texture onto a geom."""

from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray


class GeomTexture(NamedTuple):
    """The texture of a geom.

    number: in the model. is_cube: one picture for each of six directions, or else a flat one.
    scale: (3,) factors of a mesh's places in a flat picture (the third means nothing), or of
    directions in the geom's frame, for a cube.
    """

    number: int
    is_cube: bool
    scale: NDArray[np.float64]


def texture_of(model: mujoco.MjModel, geom: int) -> GeomTexture | None:
    """The texture that a geom's material shows; none without a material, or a picture in it.

    The rules are those of MuJoCo's own renderer (render_gl3.c, `settexture`).
    """
    material = int(model.geom_matid[geom])
    if material < 0:
        return None
    number = int(model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB])
    # MuJoCo keeps compressed pictures as they are in their files, with one channel.
    if number < 0 or model.tex_nchannel[number] not in (3, 4):
        return None
    size = _extents(model, geom)
    uniform = bool(model.mat_texuniform[material])
    if model.tex_type[number] != mujoco.mjtTexture.mjTEXTURE_2D:
        return GeomTexture(number, True, size if uniform else np.ones(3))
    repeat = np.ones(3)
    repeat[:2] = model.mat_texrepeat[material]
    scale = np.where(repeat > 0, repeat, 1.0)
    return GeomTexture(number, False, np.where(uniform & (size > 0), scale * size, scale))


def _extents(model: mujoco.MjModel, geom: int) -> NDArray[np.float64]:
    """Half extents (3,) of a geom, m; a capsule's without its ends."""
    radius, second, third = model.geom_size[geom]
    kind = model.geom_type[geom]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return np.full(3, radius)
    if kind in (mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_CYLINDER):
        return np.array([radius, radius, second])
    return np.array([radius, second, third])


def picture(model: mujoco.MjModel, texture: int) -> NDArray[np.uint8]:
    """A texture's pixels (height, width, 3 or 4), row 0 up; a cube's pictures lie below each other.

    They are +x, -x, +y, -y, +z, -z as OpenGL has them; one alone is the same in all directions.
    """
    height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
    channels, start = int(model.tex_nchannel[texture]), int(model.tex_adr[texture])
    texels = model.tex_data[start : start + height * width * channels]
    return np.asarray(texels.reshape(height, width, channels))
