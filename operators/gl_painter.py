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
from operators.gl_context import create_context
from operators.gl_meshes import Mesh, grid, unit_mesh
from operators.gl_shaders import (
    BODY_FRAGMENT,
    BODY_VERTEX,
    PLANE_FRAGMENT,
    PLANE_VERTEX,
    SKY_FRAGMENT,
    SKY_VERTEX,
)

NEAR_M: Final = 0.02
"""Nothing closer to the camera is drawn. There is no far end."""

SKY_CELLS: Final = 16
"""The sky's colour is computed at the corners of so many cells along a face: a third cheaper than
at every pixel, and nowhere off by more than one grey level."""

INSTANCE_LAYOUT: Final = (
    "4f 4f 4f 4f 3f /i",
    "in_centred_from_geom_x",
    "in_centred_from_geom_y",
    "in_centred_from_geom_z",
    "in_scale_and_half_length",
    "in_colour",
)
INSTANCE_FLOATS: Final = 19

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Plane:
    """A rectangle to be painted: half extents (2,) in m, in its own x and y."""

    half_extents: NDArray[np.float64]
    checker: Checker


@dataclass(frozen=True)
class _Batch:
    """All instances of one mesh."""

    vertex_array: moderngl.VertexArray
    instances: moderngl.Buffer


class GlPainter:
    """Owns the OpenGL context and everything in it.

    face_size: pixels along a face.
    meshes: what is painted, each with how many instances of it there can be at once.
    planes: painted after the instances, in this order.
    Raises NoOpenGLError without EGL.
    """

    def __init__(
        self, face_size: int, meshes: Sequence[tuple[Mesh, int]], planes: Sequence[Plane]
    ) -> None:
        self._size = face_size
        self._planes = planes
        self._context = create_context()
        with self._context:
            self._create_framebuffer()
            self._create_programs(meshes)

    def paint(
        self,
        contents: Sequence[tuple[FaceRegion, Sequence[Float32]]],
        centred_from_planes: NDArray[np.float64],
        faces: NDArray[np.uint8],
    ) -> None:
        """Paint regions anew and copy them into faces (6, N, N, 4).

        contents: each region with the instances to be seen in it, for each mesh (n, 19): the
        rows of the matrix 3x4 `centred_from_geom` (the world's axes, the camera at the origin),
        scale and half length, colour.
        centred_from_planes: (planes, 4, 4).
        """
        with self._context:
            self._framebuffer.use()
            self._clear([region for region, _ in contents])
            for region, instances in contents:
                self._paint_region(region, instances, centred_from_planes)
            for region, _ in contents:
                self._read_region(region, faces)

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
        instances: Sequence[Float32],
        centred_from_planes: NDArray[np.float64],
    ) -> None:
        self._framebuffer.viewport = (*self._origins[region.face], self._size, self._size)
        self._framebuffer.scissor = self._within(region)
        clip_from_centred = CLIP_FROM_CENTRED[region.face]
        self._body_program["clip_from_centred"] = _columns(clip_from_centred)
        self._context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        for batch, rows in zip(self._batches, instances, strict=True):
            if len(rows):
                batch.instances.write(rows)
                batch.vertex_array.render(instances=len(rows))
        self._context.enable_only(moderngl.DEPTH_TEST)
        for plane, centred_from_plane in zip(self._planes, centred_from_planes, strict=True):
            self._paint_plane(plane, centred_from_plane, clip_from_centred)
        self._sky_program["centred_from_face"] = _columns(WORLD_FROM_FACE[region.face])
        self._sky.render()

    def _paint_plane(
        self,
        plane: Plane,
        centred_from_plane: NDArray[np.float64],
        clip_from_centred: NDArray[np.float64],
    ) -> None:
        program = self._plane_program
        program["clip_from_centred"] = _columns(clip_from_centred)
        program["centred_from_plane"] = _columns(centred_from_plane)
        program["half_extents"] = tuple(plane.half_extents)
        program["squares_per_metre"] = tuple(plane.checker.squares_per_metre)
        program["offset"] = tuple(plane.checker.offset)
        program["even_colour"] = tuple(plane.checker.even_colour)
        program["odd_colour"] = tuple(plane.checker.odd_colour)
        self._plane.render()

    def _read_region(self, region: FaceRegion, faces: NDArray[np.uint8]) -> None:
        part = faces[region.face, region.top : region.bottom, region.left : region.right]
        pixels = part if part.flags.c_contiguous else np.empty(part.shape, np.uint8)
        # Four channels: reading three takes Mesa six times as long.
        self._framebuffer.read_into(pixels, self._within(region), components=4)
        if pixels is not part:
            part[...] = pixels

    def _within(self, region: FaceRegion) -> tuple[int, int, int, int]:
        """A region in the framebuffer: x, y, width, height."""
        x, y = self._origins[region.face]
        width, height = region.right - region.left, region.bottom - region.top
        return x + region.left, y + region.top, width, height

    def _create_framebuffer(self) -> None:
        limits = self._context.info
        size, count = self._size, len(FACE_ORDER)
        limit = min(*limits["GL_MAX_VIEWPORT_DIMS"], limits["GL_MAX_RENDERBUFFER_SIZE"])
        rows = min(count, limit // size)
        columns = -(-count // rows)
        self._origins = [(size * (face // rows), size * (face % rows)) for face in range(count)]
        extent = (size * columns, size * rows)
        self._framebuffer = self._context.framebuffer(
            self._context.renderbuffer(extent, 4), self._context.depth_renderbuffer(extent)
        )

    def _create_programs(self, meshes: Sequence[tuple[Mesh, int]]) -> None:
        context = self._context
        # The mirrored rows turn every triangle's sense over.
        context.front_face = "cw"
        # The sky lies at the far end exactly.
        context.depth_func = "<="
        self._body_program = context.program(BODY_VERTEX, BODY_FRAGMENT)
        self._plane_program = context.program(PLANE_VERTEX, PLANE_FRAGMENT)
        self._sky_program = context.program(SKY_VERTEX, SKY_FRAGMENT)
        self._batches = [self._batch(mesh, capacity) for mesh, capacity in meshes]
        plane = unit_mesh(mujoco.mjtGeom.mjGEOM_PLANE)
        self._plane = context.vertex_array(
            self._plane_program,
            [(context.buffer(plane.vertices), "3f 16x", "in_position")],
            context.buffer(plane.triangles),
        )
        vertices, triangles = grid(SKY_CELLS)
        self._sky = context.vertex_array(
            self._sky_program,
            [(context.buffer(vertices), "2f", "in_position")],
            context.buffer(triangles),
        )

    def _batch(self, mesh: Mesh, capacity: int) -> _Batch:
        context = self._context
        instances = context.buffer(reserve=4 * INSTANCE_FLOATS * capacity, dynamic=True)
        vertices = context.buffer(mesh.vertices)
        vertex_array = context.vertex_array(
            self._body_program,
            [
                (vertices, "3f 3f 1f", "in_position", "in_normal", "in_stretch"),
                (instances, *INSTANCE_LAYOUT),
            ],
            context.buffer(mesh.triangles),
        )
        return _Batch(vertex_array, instances)


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
