"""A cube map: six square pictures, each 90 degrees wide, from one point along the world's axes.

Every face is stored as its camera sees it, with no flips and row 0 up. The bottom edge of U meets
the top of F, the top edge of D meets the bottom of F (py360convert's convention since 1.0).
Pixel coordinates are pixel-centred: (0, 0) is the centre of the first pixel, and a face reaches
from -0.5 to size - 0.5.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FACE_ORDER: Final = ("F", "R", "B", "L", "U", "D")
"""Front, right, back, left, up, down: the order of every array whose first axis is the face."""

_FORWARD, _LEFT, _UP = np.eye(3)

WORLD_FROM_FACE: Final[NDArray[np.float64]] = np.stack(
    [
        # The camera's axes in the world, OpenCV's: right, down, forward.
        np.column_stack([-_LEFT, -_UP, _FORWARD]),
        np.column_stack([-_FORWARD, -_UP, -_LEFT]),
        np.column_stack([_LEFT, -_UP, -_FORWARD]),
        np.column_stack([_FORWARD, -_UP, _LEFT]),
        np.column_stack([-_LEFT, _FORWARD, _UP]),
        np.column_stack([-_LEFT, -_FORWARD, -_UP]),
    ]
)
"""Rotations (6, 3, 3) from each camera (x right, y down, z forward) to the world (x forward,
y left, z up)."""


class FaceRegion(NamedTuple):
    """Pixels [top, bottom) x [left, right) of one face, an index into FACE_ORDER."""

    face: int
    left: int
    top: int
    right: int
    bottom: int


def whole_faces(face_size: int) -> list[FaceRegion]:
    """Every pixel of the six faces."""
    return [FaceRegion(face, 0, 0, face_size, face_size) for face in range(len(FACE_ORDER))]


def direction_of_face_pixel(
    face: ArrayLike, column: ArrayLike, row: ArrayLike, face_size: int
) -> NDArray[np.float64]:
    """Unit directions (..., 3) in the world of the pixels (column, row) of faces 0 to 5 (...)."""
    face, column, row = np.broadcast_arrays(face, column, row)
    ray = np.ones((*face.shape, 3))
    ray[..., 0] = (np.asarray(column) + 0.5) * (2.0 / face_size) - 1.0
    ray[..., 1] = (np.asarray(row) + 0.5) * (2.0 / face_size) - 1.0
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    direction: NDArray[np.float64] = np.einsum("...ij,...j->...i", WORLD_FROM_FACE[face], ray)
    return direction


def face_pixel_of_direction(
    direction: ArrayLike, face_size: int
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Where directions (..., 3) in the world, of any length but zero, meet the cube.

    Returns the faces (...) 0 to 5, columns and rows (...) in pixel-centred coordinates, from -0.5
    to face_size - 0.5. A direction along an edge belongs to one of the faces that share it.
    """
    direction = np.asarray(direction, dtype=np.float64)
    face: NDArray[np.intp] = np.argmax(direction @ WORLD_FROM_FACE[:, :, 2].T, axis=-1)
    ray = np.einsum("...ji,...j->...i", WORLD_FROM_FACE[face], direction)
    pixel = (ray[..., :2] / ray[..., 2:] + 1.0) * (face_size / 2) - 0.5
    return face, pixel[..., 0], pixel[..., 1]
