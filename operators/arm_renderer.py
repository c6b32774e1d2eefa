"""Draws a robot's meshes as a calibrated camera would see them, with OpenGL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.gl_context import create_context
from operators.pinhole import ImageSizeError, Pinhole
from operators.transforms import Array
from operators.urdf_visuals import Visual

NEAR_M: Final = 0.05
"""Nothing closer to the camera is drawn."""

FAR_M: Final = 30.0

MARGIN: Final = 1
"""Pixels around a bound: the rasteriser's single precision stays well within."""

VERTEX: Final = """
#version 330
uniform mat4 clip_from_mesh;
uniform mat4 camera_from_mesh;
in vec3 in_position;
in vec3 in_normal;
out vec3 position;
out vec3 normal;
out vec3 place;

void main() {
    position = in_position;
    place = (camera_from_mesh * vec4(in_position, 1.0)).xyz;
    normal = mat3(camera_from_mesh) * in_normal;
    gl_Position = clip_from_mesh * vec4(in_position, 1.0);
}
"""

LIT_FRAGMENT: Final = """
#version 330
uniform vec3 colour;
in vec3 position;
in vec3 normal;
in vec3 place;
layout(location = 0) out vec4 pixel;
layout(location = 1) out float depth_m;

void main() {
    // Lit from the camera, and from both sides: the triangles of many meshes face any way.
    float facing = abs(dot(normalize(normal), normalize(place)));
    pixel = vec4(colour * (0.30 + 0.70 * facing), 1.0);
    depth_m = place.z;
}
"""

SURFACE_FRAGMENT: Final = """
#version 330
uniform float part;
in vec3 position;
in vec3 normal;
in vec3 place;
layout(location = 0) out vec4 point_and_part;

void main() {
    point_and_part = vec4(position, part);
}
"""


@dataclass(frozen=True)
class Drawing:
    """What was drawn: the part of the picture that holds all of it.

    left, top: px of its corner in the picture. colour: (rows, columns, 4) uint8; the fourth channel
    is 255 where something was drawn, and 0 elsewhere. depth_m: (rows, columns) float32, along the
    camera's z; 0 where nothing was drawn. Both are views until the next drawing.
    """

    left: int
    top: int
    colour: NDArray[np.uint8]
    depth_m: NDArray[np.float32]

    @property
    def where(self) -> tuple[slice, slice]:
        """Its rows and columns in the picture."""
        rows, columns = self.depth_m.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)


class ArmRenderer:
    """Draws meshes with a camera's intrinsics, and reads back no more than what they can cover.

    Pixels are those of OpenCV: a point is drawn at the pixel whose centre is nearest to where
    `pinhole.project` puts it.

    pinhole: the camera. visuals: the meshes.
    Raises NoOpenGLError without EGL.
    """

    def __init__(self, pinhole: Pinhole, visuals: Sequence[Visual]) -> None:
        self._pinhole = pinhole
        self._visuals = visuals
        self._clip_from_camera = pinhole.clip_from_camera(NEAR_M, FAR_M)
        corners = [np.stack([v.vertices.min(axis=0), v.vertices.max(axis=0)]) for v in visuals]
        self._boxes = np.array([_corners(low, high) for low, high in corners])
        self._context = create_context()
        with self._context:
            self._create()

    def look_through(self, pinhole: Pinhole) -> None:
        """Draw as another lens sees. Raises ImageSizeError for one of another picture's size."""
        if (pinhole.width, pinhole.height) != (self._pinhole.width, self._pinhole.height):
            raise ImageSizeError(
                f"a lens of {pinhole.width}x{pinhole.height} px, where the pictures drawn are of "
                f"{self._pinhole.width}x{self._pinhole.height} px"
            )
        self._pinhole = pinhole
        self._clip_from_camera = pinhole.clip_from_camera(NEAR_M, FAR_M)

    def draw(self, camera_from_meshes: ArrayLike) -> Drawing:
        """Draw all meshes at their poses (visuals, 4, 4), m.

        Raises ValueError for another number of poses, or poses that are not finite.
        """
        poses = self._checked(camera_from_meshes)
        left, top, right, bottom = self._bound(poses)
        rows, columns = bottom - top, right - left
        colour = self._colour[: rows * columns * 4].reshape(rows, columns, 4)
        depth_m = self._depth_m[: rows * columns].reshape(rows, columns)
        if rows and columns:
            within = (left, top, columns, rows)
            with self._context:
                self._paint(self._framebuffer, self._lit, poses, within)
                # Four channels: reading three takes Mesa six times as long.
                self._framebuffer.read_into(colour, within, components=4)
                self._framebuffer.read_into(depth_m, within, 1, attachment=1, dtype="f4")
        return Drawing(left, top, colour, depth_m)

    def surface(
        self, camera_from_meshes: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Which point of which mesh every pixel shows, where the poses (visuals, 4, 4) put them.

        Returns the points (rows, columns, 3), m, in their meshes' frames, and the meshes' numbers
        (rows, columns), -1 where there is none: pairs of points and pixels, as optimising a
        calibration needs them, or proving one. Raises as `draw`.
        """
        poses = self._checked(camera_from_meshes)
        width, height = self._pinhole.width, self._pinhole.height
        content = np.zeros((height, width, 4), np.float32)
        with self._context:
            self._paint(self._surface_framebuffer, self._shown, poses, (0, 0, width, height))
            self._surface_framebuffer.read_into(content, components=4, dtype="f4")
        return content[..., :3], content[..., 3].astype(np.intp) - 1

    def close(self) -> None:
        """Give back what the graphics driver holds; the renderer is of no use afterwards."""
        self._context.release()

    def _checked(self, camera_from_meshes: ArrayLike) -> Array:
        poses = np.asarray(camera_from_meshes, dtype=np.float64)
        if poses.shape != (len(self._visuals), 4, 4):
            raise ValueError(
                f"camera_from_meshes: expected ({len(self._visuals)}, 4, 4), got {poses.shape}"
            )
        if not np.isfinite(poses).all():
            raise ValueError("camera_from_meshes: not finite")
        return poses

    def _bound(self, poses: Array) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the pixels that the meshes' boxes can cover."""
        width, height = self._pinhole.width, self._pinhole.height
        corners = np.einsum("vij,vcj->vci", poses[:, :3, :3], self._boxes) + poses[:, None, :3, 3]
        before = corners[..., 2] > NEAR_M
        whole = before.all(axis=-1)
        if (before.any(axis=-1) & ~whole).any():  # a box that reaches behind the camera
            return 0, 0, width, height
        if not whole.any():
            return 0, 0, 0, 0
        pixels = self._pinhole.project(corners[whole]).reshape(-1, 2)
        low = np.floor(pixels.min(axis=0)) - MARGIN
        high = np.ceil(pixels.max(axis=0)) + 1 + MARGIN
        left, top = np.clip(low, 0, (width, height)).astype(int).tolist()
        right, bottom = np.clip(high, 0, (width, height)).astype(int).tolist()
        return left, top, max(right, left), max(bottom, top)

    def _paint(
        self,
        framebuffer: moderngl.Framebuffer,
        painted: "_Painted",
        poses: Array,
        within: tuple[int, int, int, int],
    ) -> None:
        framebuffer.use()
        framebuffer.scissor = within
        framebuffer.clear()
        self._context.enable_only(moderngl.DEPTH_TEST)
        program = painted.program
        clip_from_meshes = self._clip_from_camera @ poses
        matrices = zip(_columns(clip_from_meshes), _columns(poses), strict=True)
        for mesh, (clip_from_mesh, camera_from_mesh) in zip(painted.meshes, matrices, strict=True):
            program["clip_from_mesh"] = clip_from_mesh
            if "camera_from_mesh" in program:  # Mesa leaves out what has no effect
                program["camera_from_mesh"] = camera_from_mesh
            program[mesh.uniform] = mesh.value
            mesh.vertex_array.render()

    def _create(self) -> None:
        size = self._pinhole.width, self._pinhole.height
        context = self._context
        pixels = size[0] * size[1]
        self._colour = np.empty(pixels * 4, np.uint8)
        self._depth_m = np.empty(pixels, np.float32)
        depth = context.depth_renderbuffer(size)
        self._framebuffer = context.framebuffer(
            [context.renderbuffer(size, 4), context.renderbuffer(size, 1, dtype="f4")], depth
        )
        self._surface_framebuffer = context.framebuffer(
            [context.renderbuffer(size, 4, dtype="f4")], depth
        )
        lit = context.program(VERTEX, LIT_FRAGMENT)
        shown = context.program(VERTEX, SURFACE_FRAGMENT)
        self._lit, self._shown = _Painted(lit, []), _Painted(shown, [])
        for number, visual in enumerate(self._visuals):
            vertices = np.hstack([visual.vertices, visual.normals]).astype(np.float32)
            buffer = context.buffer(vertices)
            indices = context.buffer(visual.triangles)
            both = [(buffer, "3f 3f", "in_position", "in_normal")]
            place = [(buffer, "3f 12x", "in_position")]
            self._lit.meshes.append(
                _Mesh(context.vertex_array(lit, both, indices), "colour", visual.colour)
            )
            # Nothing is shown by 0, so that meshes count from 1.
            self._shown.meshes.append(
                _Mesh(context.vertex_array(shown, place, indices), "part", float(number + 1))
            )


@dataclass(frozen=True)
class _Mesh:
    vertex_array: moderngl.VertexArray
    uniform: str
    value: float | tuple[float, float, float]


@dataclass(frozen=True)
class _Painted:
    """A program, and the meshes as it paints them."""

    program: moderngl.Program
    meshes: list[_Mesh]


def _corners(low: Array, high: Array) -> Array:
    """The eight corners (8, 3) of a box."""
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                     for z in (low[2], high[2])])  # fmt: skip


def _columns(matrices: Array) -> list[tuple[float, ...]]:
    """Matrices (n, 4, 4) as OpenGL takes them: column by column, 16 numbers each."""
    return [tuple(matrix) for matrix in np.swapaxes(matrices, -1, -2).reshape(-1, 16).tolist()]
