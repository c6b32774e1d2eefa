"""Joins six faces to a panorama in a shader, on the card that drew them.

Then only pixels that are shown have to be brought to main memory.
"""

from collections.abc import Sequence
from typing import Final

import moderngl
import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.cube_map import FACE_ORDER, WORLD_FROM_FACE
from operators.equirectangular import Interpolation, Rectangle, check_pixels
from operators.gl_meshes import unit_mesh
from operators.gl_read_back import GlReadBack
from operators.gl_shaders import source
from operators.settings import SettingsError

FILTERS: Final[dict[Interpolation, int]] = {
    "nearest": moderngl.NEAREST,
    "linear": moderngl.LINEAR,
}

VERTEX: Final = """
in vec3 in_position;

void main() {
    gl_Position = vec4(in_position.xy, 0.0, 1.0);
}
"""

FRAGMENT: Final = """
const float PI = 3.14159265358979;
uniform sampler2D faces;
uniform vec2 panorama_size;
uniform float face_size;
uniform vec2 origins[6];
uniform mat3 face_from_world[6];
out vec4 pixel;

vec2 inside(vec2 place) {
    return clamp(place, vec2(0.5), vec2(face_size - 0.5));
}

vec4 colour_at(int face, vec2 place) {
    vec2 own = origins[face] + inside(place);
    return textureLod(faces, own / vec2(textureSize(faces, 0)), 0.0);
}

void main() {
    vec2 angle = (gl_FragCoord.xy / panorama_size - 0.5) * vec2(2.0 * PI, -PI);
    vec3 direction =
        vec3(cos(angle.y) * cos(angle.x), -cos(angle.y) * sin(angle.x), sin(angle.y));
    int face = 0;
    vec3 ray = face_from_world[0] * direction;
    for (int other = 1; other < 6; other++) {
        vec3 seen = face_from_world[other] * direction;
        if (seen.z > ray.z) {
            ray = seen;
            face = other;
        }
    }
    vec2 place = inside((ray.xy / ray.z + 1.0) * 0.5 * face_size);
#ifdef SMOOTH
    // Every neighbour weighs 1 2 1 along columns and rows.
    pixel = vec4(0.0);
    for (int row = -1; row <= 1; row++) {
        for (int column = -1; column <= 1; column++) {
            float weight = float((2 - abs(row)) * (2 - abs(column))) / 16.0;
            pixel += weight * colour_at(face, place + vec2(column, row));
        }
    }
#else
    pixel = colour_at(face, place);
#endif
}
"""


class GlEquirect:
    """Converts faces that stay where OpenGL has drawn them.

    faces: the texture with all of them. origins: (6, 2), the column and row where each begins.
    smooth: with the mean of each pixel's neighbours, as operators.face_smoothing makes it.
    Raises SettingsError for an interpolation that a texture does not have.
    """

    def __init__(
        self,
        context: moderngl.Context,
        faces: moderngl.Texture,
        origins: Sequence[tuple[int, int]],
        face_size: int,
        height: int,
        width: int,
        interpolation: Interpolation,
        smooth: bool,
        buffered: bool,
    ) -> None:
        if interpolation not in FILTERS:
            raise SettingsError(
                f"converter: shader interpolates {' or '.join(FILTERS)}, got {interpolation}; "
                "change panorama.interpolation, or set panorama.converter to table"
            )
        self._context, self._faces = context, faces
        self._height, self._width = height, width
        filter_ = FILTERS["linear" if smooth else interpolation]
        with context:
            faces.filter = (filter_, filter_)
            defined = ["SMOOTH"] if smooth else []
            program = context.program(source(VERTEX), source(FRAGMENT, defined))
            program["panorama_size"] = (width, height)
            program["face_size"] = face_size
            program["origins"] = [(float(x), float(y)) for x, y in origins]
            # Columns of the inverse are rows of the rotation: as they lie in memory.
            program["face_from_world"] = [
                tuple(WORLD_FROM_FACE[face].ravel().tolist()) for face in range(len(FACE_ORDER))
            ]
            square = unit_mesh(mujoco.mjtGeom.mjGEOM_PLANE)
            self._square = context.vertex_array(
                program,
                [(context.buffer(square.vertices), "3f 24x", "in_position")],
                context.buffer(square.triangles),
            )
            self._framebuffer = context.framebuffer(context.renderbuffer((width, height), 4))
            self._read_back = GlReadBack(context, self._framebuffer, buffered)

    def convert(
        self, out: NDArray[np.uint8], rectangles: Sequence[Rectangle] | None = None
    ) -> None:
        """Write the panorama into out (H, W, 3).

        rectangles: what has to be written at least; without them everything.
        Raises ValueError for an output of another shape or dtype.
        """
        check_pixels("out", out, (self._height, self._width, 3))
        if rectangles is None:
            rectangles = [Rectangle(0, 0, self._width, self._height)]
        parts = []
        with self._context:
            self._framebuffer.use()
            self._context.enable_only(moderngl.NOTHING)
            self._faces.use(0)
            for left, top, right, bottom in rectangles:
                within = (left, top, right - left, bottom - top)
                self._framebuffer.scissor = within
                self._square.render()
                parts.append((within, out[top:bottom, left:right]))
            self._read_back.read(parts)
