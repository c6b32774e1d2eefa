"""Paints regions of a cube map with OpenGL: one tall framebuffer, few draw calls, instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import moderngl
import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.checker import Checker
from operators.cube_map import FACE_ORDER, WORLD_FROM_FACE, FaceRegion, whole_faces
from operators.equirectangular import Interpolation
from operators.geom_textures import GeomTexture
from operators.gl_context import create_context
from operators.gl_equirectangular import GlEquirect
from operators.gl_meshes import grid, unit_mesh
from operators.gl_read_back import GlReadBack, is_software
from operators.gl_shaders import (
    BODY_FRAGMENT,
    BODY_VERTEX,
    PLANE_FRAGMENT,
    PLANE_VERTEX,
    SKY_FRAGMENT,
    SKY_VERTEX,
    source,
)
from operators.gl_shadow_map import SHADER_VALUES, GlShadowMap, lookup_uniforms
from operators.gl_shapes import GlShapes, Instances, Shape
from operators.gl_textures import GlTexture, create_texture
from operators.sun import Sun

NEAR_M: Final = 0.02
"""Nothing closer to the camera is drawn. There is no far end."""

SKY_CELLS: Final = 16
"""The sky's colour is computed at the corners of so many cells along a face: a third cheaper than
at every pixel, and nowhere off by more than one grey level."""

Contents = Sequence[tuple[FaceRegion, Instances]]
"""Regions, each with the instances to be seen in it."""


@dataclass(frozen=True)
class Plane:
    """A rectangle to be painted: half extents (2,) in m, in its own x and y."""

    half_extents: NDArray[np.float64]
    checker: Checker


class GlPainter:
    """Owns the OpenGL context and everything in it.

    face_size: pixels along a face.
    model: where the textures are.
    shapes: what is painted. planes: painted after them, in this order.
    sun: where the light comes from.
    has_shadows: of the sun.
    device: see create_context.
    buffered: how pixels are read back, see GlReadBack; by default as it suits the device.
    Raises NoOpenGLError without EGL.
    """

    def __init__(
        self,
        face_size: int,
        model: mujoco.MjModel,
        shapes: Sequence[Shape],
        planes: Sequence[Plane],
        sun: Sun,
        has_shadows: bool,
        device: int | None = None,
        buffered: bool | None = None,
    ) -> None:
        self._size = face_size
        self._model = model
        self._sun = sun
        self._context = create_context(device)
        self._buffered = not is_software(self._context) if buffered is None else buffered
        with self._context:
            self._create_framebuffer()
            self._textures: dict[int, GlTexture] = {}
            self._programs: dict[tuple[str, ...], moderngl.Program] = {}
            defined = ["SHADOWS"] if has_shadows else []
            self._create_shapes(shapes, defined)
            self._create_planes(planes, defined)
            self._create_sky()
            self._shadow_map = (
                GlShadowMap(self._context, self._shapes, len(shapes), sun) if has_shadows else None
            )

    def paint(
        self,
        contents: Contents,
        shadow_contents: Contents,
        centred_from_planes: NDArray[np.float64],
        faces: NDArray[np.uint8] | None,
    ) -> None:
        """Paint regions anew, and copy them into faces (6, N, N, 4) if there are any.

        contents: what is seen in regions of the faces. shadow_contents: the same in regions of the
        map of shadows.
        centred_from_planes: (planes, 4, 4).
        """
        with self._context:
            if self._shadow_map and shadow_contents:
                self._shadow_map.paint(shadow_contents)
            self._framebuffer.use()
            self._clear([region for region, _ in contents])
            for region, instances in contents:
                self._paint_region(region, instances, centred_from_planes)
            if faces is not None:
                self._read([region for region, _ in contents], faces)

    def read(self, regions: Sequence[FaceRegion], faces: NDArray[np.uint8]) -> None:
        """Copy regions into faces (6, N, N, 4)."""
        with self._context:
            self._read(regions, faces)

    def _read(self, regions: Sequence[FaceRegion], faces: NDArray[np.uint8]) -> None:
        self._read_back.read(
            [(self._within(r), faces[r.face, r.top : r.bottom, r.left : r.right]) for r in regions]
        )

    def read_depths(self, regions: Sequence[FaceRegion], depths: NDArray[np.float32]) -> None:
        """Copy OpenGL's depths, 1 - NEAR_M / metres ahead, into depths (6, N, N)."""
        with self._context:
            for r in regions:
                part = np.empty((r.bottom - r.top, r.right - r.left), np.float32)
                self._framebuffer.read_into(
                    part, self._within(r), components=1, attachment=-1, dtype="f4"
                )
                depths[r.face, r.top : r.bottom, r.left : r.right] = part

    def converter(
        self, height: int, width: int, interpolation: Interpolation, smooth: bool
    ) -> GlEquirect:
        """What makes a panorama of the faces without reading them."""
        return GlEquirect(
            self._context,
            self._faces,
            self._origins,
            self._size,
            height,
            width,
            interpolation,
            smooth,
            self._buffered,
        )

    def close(self) -> None:
        """Give back what the graphics driver holds; nothing can be painted afterwards."""
        self._context.release()

    def _clear(self, regions: Sequence[FaceRegion]) -> None:
        if regions == whole_faces(self._size):
            # Mesa clears everything four times as fast as the same area in parts.
            self._framebuffer.scissor = (0, 0, *self._framebuffer.size)
            self._framebuffer.clear()
            return
        for region in regions:
            self._framebuffer.scissor = self._within(region)
            self._framebuffer.clear()

    def _paint_region(
        self,
        region: FaceRegion,
        instances: Instances,
        centred_from_planes: NDArray[np.float64],
    ) -> None:
        self._framebuffer.viewport = (*self._origins[region.face], self._size, self._size)
        self._framebuffer.scissor = self._within(region)
        clip_from_centred = _columns(CLIP_FROM_CENTRED[region.face])
        for program in self._programs.values():
            program["clip_from_centred"] = clip_from_centred
        self._context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._shapes.draw(self._vertex_arrays, instances, self._shape_textures)
        self._context.enable_only(moderngl.DEPTH_TEST)
        for (plane, vertex_array), centred_from_plane in zip(
            self._planes, centred_from_planes, strict=True
        ):
            self._paint_plane(plane, vertex_array, centred_from_plane)
        self._sky_program["centred_from_face"] = _columns(WORLD_FROM_FACE[region.face])
        self._sky.render()

    def _paint_plane(
        self,
        plane: Plane,
        vertex_array: moderngl.VertexArray,
        centred_from_plane: NDArray[np.float64],
    ) -> None:
        program = vertex_array.program
        normal, centre = centred_from_plane[:3, 2], centred_from_plane[:3, 3]
        program["centred_from_plane"] = _columns(centred_from_plane)
        # One normal for the whole plane, of the side that the camera, at the origin, sees.
        program["normal"] = tuple(normal if normal @ centre < 0.0 else -normal)
        program["half_extents"] = tuple(plane.half_extents)
        program["squares_per_metre"] = tuple(plane.checker.squares_per_metre)
        program["offset"] = tuple(plane.checker.offset)
        program["even_colour"] = tuple(plane.checker.even_colour)
        if plane.checker.texture:
            self._texture(plane.checker.texture).use(0)
        else:
            program["odd_colour"] = tuple(plane.checker.odd_colour)
        vertex_array.render()

    def _within(self, region: FaceRegion) -> tuple[int, int, int, int]:
        """A region in the framebuffer: x, y, width, height."""
        x, y = self._origins[region.face]
        width, height = region.right - region.left, region.bottom - region.top
        return x + region.left, y + region.top, width, height

    def _create_framebuffer(self) -> None:
        context, limits = self._context, self._context.info
        size, count = self._size, len(FACE_ORDER)
        limit = min(*limits["GL_MAX_VIEWPORT_DIMS"], limits["GL_MAX_TEXTURE_SIZE"])
        rows = min(count, limit // size)
        columns = -(-count // rows)
        self._origins = [(size * (face // rows), size * (face % rows)) for face in range(count)]
        extent = (size * columns, size * rows)
        self._faces = context.texture(extent, 4)
        self._framebuffer = context.framebuffer(self._faces, context.depth_renderbuffer(extent))
        self._read_back = GlReadBack(context, self._framebuffer, self._buffered)

    def _create_shapes(self, shapes: Sequence[Shape], defined: Sequence[str]) -> None:
        # The mirrored rows turn every triangle's sense over.
        self._context.front_face = "cw"
        self._shapes = GlShapes(self._context, shapes)
        self._shape_textures = [
            self._texture(shape.texture) if shape.texture else None for shape in shapes
        ]
        self._vertex_arrays = self._shapes.vertex_arrays(
            [
                self._program(BODY_VERTEX, BODY_FRAGMENT, [*defined, *_kind(shape.texture)])
                for shape in shapes
            ]
        )

    def _create_planes(self, planes: Sequence[Plane], defined: Sequence[str]) -> None:
        context, square = self._context, unit_mesh(mujoco.mjtGeom.mjGEOM_PLANE)
        vertices, triangles = context.buffer(square.vertices), context.buffer(square.triangles)
        self._planes = []
        for plane in planes:
            kind = [*defined, *_kind(plane.checker.texture)]
            program = self._program(PLANE_VERTEX, PLANE_FRAGMENT, kind)
            layout = [(vertices, "3f 24x", "in_position")]
            self._planes.append((plane, context.vertex_array(program, layout, triangles)))

    def _create_sky(self) -> None:
        context = self._context
        # The sky lies at the far end exactly.
        context.depth_func = "<="
        vertices, triangles = grid(SKY_CELLS)
        self._sky_program = context.program(source(SKY_VERTEX), source(SKY_FRAGMENT))
        self._sky = context.vertex_array(
            self._sky_program,
            [(context.buffer(vertices), "2f", "in_position")],
            context.buffer(triangles),
        )

    def _program(self, vertex: str, fragment: str, defined: Sequence[str]) -> moderngl.Program:
        """A program of the variant that is asked for, the same each time."""
        key = (vertex, *defined)
        if key not in self._programs:
            program = self._context.program(
                source(vertex, defined), source(fragment, defined, SHADER_VALUES)
            )
            program["towards_sun"] = tuple(self._sun.towards)
            if "SHADOWS" in defined:
                lookup_uniforms(program, self._sun)
            self._programs[key] = program
        return self._programs[key]

    def _texture(self, texture: GeomTexture) -> GlTexture:
        if texture.number not in self._textures:
            self._textures[texture.number] = create_texture(self._context, self._model, texture)
        return self._textures[texture.number]


def _kind(texture: GeomTexture | None) -> list[str]:
    """What a shader has to define for a texture."""
    if texture is None:
        return []
    return ["TEXTURE_CUBE" if texture.is_cube else "TEXTURE_2D"]


def _columns(matrix: NDArray[np.float64]) -> tuple[float, ...]:
    """A matrix in OpenGL's order, column by column."""
    return tuple(matrix.T.ravel().tolist())


def _clip_from_centred() -> NDArray[np.float64]:
    """Projections (6, 4, 4) of the faces: 90 degrees, no far end, rows mirrored.

    OpenGL's row 0 is the lowest; with the y axis down it comes out of the framebuffer first and
    is the picture's upper one.
    """
    right, down, forward = np.moveaxis(WORLD_FROM_FACE, -1, 0)
    projection = np.zeros((len(FACE_ORDER), 4, 4))
    projection[:, 0, :3] = right
    projection[:, 1, :3] = down
    projection[:, 2, :3] = projection[:, 3, :3] = forward
    projection[:, 2, 3] = -2.0 * NEAR_M
    return projection


CLIP_FROM_CENTRED: Final = _clip_from_centred()
