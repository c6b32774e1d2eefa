"""The textures of a MuJoCo model in OpenGL."""

import moderngl
import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.geom_textures import GeomTexture, picture

GlTexture = moderngl.Texture | moderngl.TextureCube


def create_texture(
    context: moderngl.Context, model: mujoco.MjModel, texture: GeomTexture
) -> GlTexture:
    """Upload a texture with all its smaller copies, so that it does not shimmer from afar."""
    pixels = picture(model, texture.number)[..., :3]
    rows, columns, _ = pixels.shape
    if texture.is_cube:
        pixels = np.concatenate([pixels] * (6 * columns // rows))
        cube = context.texture_cube((columns, columns), 3, _bytes(pixels), alignment=1)
        cube.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        cube.build_mipmaps()
        return cube
    flat = context.texture((columns, rows), 3, _bytes(pixels), alignment=1)
    flat.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    flat.build_mipmaps()
    return flat


def _bytes(pixels: NDArray[np.uint8]) -> bytes:
    return np.ascontiguousarray(pixels).tobytes()
