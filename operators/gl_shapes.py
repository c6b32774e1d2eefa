"""The triangles of shapes in OpenGL's buffers, to be drawn many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from operators.geom_textures import GeomTexture
from operators.gl_meshes import Mesh
from operators.gl_textures import GlTexture

VERTEX: Final = {
    "in_position": 3,
    "in_normal": 3,
    "in_stretch": 1,
    "in_texture_place": 2,
}
"""What a mesh says of every vertex, and in how many numbers."""

INSTANCE: Final = {
    "in_centred_from_geom_x": 4,
    "in_centred_from_geom_y": 4,
    "in_centred_from_geom_z": 4,
    "in_scale_and_half_length": 4,
    "in_colour": 3,
    "in_texture_scale": 3,
}
"""What is said of every shape that is drawn: the rows of the matrix 3x4 `centred_from_geom` (the
world's axes, the camera at the origin), size, colour, and how its texture lies."""

INSTANCE_FLOATS: Final = sum(INSTANCE.values())

Instances = Sequence[NDArray[np.float32]]
"""Of each shape those to be drawn (n, INSTANCE_FLOATS)."""


@dataclass(frozen=True)
class Shape:
    """A mesh, and how many of it there can be at once.

    texture: what all of them show, none for their colours alone.
    """

    mesh: Mesh
    capacity: int
    texture: GeomTexture | None = None


class GlShapes:
    """Vertex and instance buffers that several programs draw from."""

    def __init__(self, context: moderngl.Context, shapes: Sequence[Shape]) -> None:
        self._context = context
        self._vertices = [context.buffer(shape.mesh.vertices) for shape in shapes]
        self._triangles = [context.buffer(shape.mesh.triangles) for shape in shapes]
        self._instances = [
            context.buffer(reserve=4 * INSTANCE_FLOATS * shape.capacity, dynamic=True)
            for shape in shapes
        ]

    def vertex_arrays(self, programs: Sequence[moderngl.Program]) -> list[moderngl.VertexArray]:
        """How each shape is drawn by the program at the same place."""
        return [
            self._context.vertex_array(
                program,
                [
                    (vertices, *_layout(program, VERTEX)),
                    (instances, *_layout(program, INSTANCE, " /i")),
                ],
                triangles,
            )
            for program, vertices, instances, triangles in zip(
                programs, self._vertices, self._instances, self._triangles, strict=True
            )
        ]

    def draw(
        self,
        vertex_arrays: Sequence[moderngl.VertexArray],
        instances: Instances,
        textures: Sequence[GlTexture | None],
    ) -> None:
        """Draw instances of every shape into the framebuffer in use.

        textures: of every shape, for the program's texture unit 0.
        """
        for vertex_array, buffer, rows, texture in zip(
            vertex_arrays, self._instances, instances, textures, strict=True
        ):
            if len(rows):
                if texture:
                    texture.use(0)
                buffer.write(rows)
                vertex_array.render(instances=len(rows))


def _layout(program: moderngl.Program, numbers: dict[str, int], suffix: str = "") -> list[str]:
    """A buffer's layout as moderngl wants it, without what this program does not use."""
    used = [name for name in numbers if name in program]
    words = [f"{n}f" if name in used else f"{4 * n}x" for name, n in numbers.items()]
    return [" ".join(words) + suffix, *used]
