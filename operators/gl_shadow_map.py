"""Draws the map of the sun's shadows with OpenGL, and of every frame only what changed."""

from collections.abc import Sequence
from typing import Final

import moderngl

from operators.cube_map import FaceRegion
from operators.gl_shaders import SHADOW_FRAGMENT, SHADOW_VERTEX, source
from operators.gl_shapes import GlShapes, Instances
from operators.sun import LIFT_M, MAP_SIZE, SPREAD_M, STEP_TEXELS, Sun

SHADER_VALUES: Final = {"SPREAD_M": SPREAD_M, "LIFT_M": LIFT_M, "STEP": STEP_TEXELS / MAP_SIZE}
"""What the shaders that look shadows up have to be told."""

UNIT: Final = 1
"""The texture unit of the map."""


class GlShadowMap:
    """How far the sun's light gets at every texel.

    count: how many kinds of shapes there are.
    """

    def __init__(self, context: moderngl.Context, shapes: GlShapes, count: int, sun: Sun) -> None:
        self._context = context
        self._shapes = shapes
        program = context.program(source(SHADOW_VERTEX), source(SHADOW_FRAGMENT))
        program["clip_from_centred"] = tuple(sun.clip_from_centred.T.ravel().tolist())
        self._vertex_arrays = shapes.vertex_arrays([program] * count)
        self._textures = [None] * count
        self._texture = context.depth_texture((MAP_SIZE, MAP_SIZE))
        self._texture.compare_func = "<="
        self._texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._framebuffer = context.framebuffer(depth_attachment=self._texture)

    def paint(self, contents: Sequence[tuple[FaceRegion, Instances]]) -> None:
        """Draw regions of the map, its only face, anew; then it can be looked up."""
        self._framebuffer.use()
        self._context.enable_only(moderngl.DEPTH_TEST)
        for region, instances in contents:
            width, height = region.right - region.left, region.bottom - region.top
            self._framebuffer.scissor = (region.left, region.top, width, height)
            self._framebuffer.clear()
            self._shapes.draw(self._vertex_arrays, instances, self._textures)
        self._texture.use(UNIT)


def lookup_uniforms(program: moderngl.Program, sun: Sun) -> None:
    """Tell a program where the map is, and how to find a place on it."""
    program["shadow_map"] = UNIT
    program["map_from_centred"] = tuple(sun.texture_from_centred.T.ravel().tolist())
