"""Rigid transforms: 4x4 matrices named `a_from_b`, and poses [x y z qx qy qz qw].

`a_from_b` takes coordinates in frame b to coordinates in frame a, and composes by cancelling:
`a_from_c = a_from_b @ b_from_c`. Quaternions are x y z w everywhere; a library that differs
(MuJoCo: w x y z) is converted at its border. All functions take any number of leading axes.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators import single_rotation

Array = NDArray[np.float64]

FEW: Final = 4
"""So few rotations are worked out sooner one by one, without numpy."""

WORLD_FROM_STAGE_AXES: Final[Array] = np.array(
    [[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
)
"""Turns WebXR's stage axes (x right, y up, -z forward) into the world's (x forward, y left, z up).

OpenTeleVision's `grd_yup2grd_zup`: (x, y, z) becomes (-z, -x, y).
"""


def rigid(rotation: ArrayLike, translation: ArrayLike) -> Array:
    """Join rotations (..., 3, 3) and translations (..., 3) into matrices (..., 4, 4)."""
    rotation = np.asarray(rotation, dtype=np.float64)
    translation = np.asarray(translation, dtype=np.float64)
    lead = np.broadcast_shapes(rotation.shape[:-2], translation.shape[:-1])
    matrix = np.zeros((*lead, 4, 4))
    matrix[..., :3, :3] = rotation
    matrix[..., :3, 3] = translation
    matrix[..., 3, 3] = 1.0
    return matrix


def inverse(a_from_b: ArrayLike) -> Array:
    """Invert rigid transforms (..., 4, 4): b_from_a, exact for orthonormal rotations."""
    a_from_b = np.asarray(a_from_b, dtype=np.float64)
    b_from_a_rotation = np.swapaxes(a_from_b[..., :3, :3], -1, -2)
    translation = -np.einsum("...ij,...j->...i", b_from_a_rotation, a_from_b[..., :3, 3])
    return rigid(b_from_a_rotation, translation)


def transform_points(a_from_b: ArrayLike, points_b: ArrayLike) -> Array:
    """Take points (..., n, 3) in b to a with rigid transforms (..., 4, 4)."""
    a_from_b = np.asarray(a_from_b, dtype=np.float64)
    points_b = np.asarray(points_b, dtype=np.float64)
    rotation = np.swapaxes(a_from_b[..., :3, :3], -1, -2)
    points: Array = points_b @ rotation + a_from_b[..., None, :3, 3]
    return points


def quaternion_from_rotation(rotation: ArrayLike) -> Array:
    """Turn rotation matrices (..., 3, 3) into unit quaternions (..., 4) x y z w, w >= 0.

    Shepperd's method (Journal of Guidance and Control 1(3), 1978): of the four ways to divide,
    the one with the largest divisor, so that no rotation loses precision.
    """
    r = np.asarray(rotation, dtype=np.float64)
    if r.size <= 9 * FEW:
        each = [single_rotation.quaternion_of(one) for one in r.reshape(-1, 3, 3).tolist()]
        return np.array(each).reshape(*r.shape[:-2], 4)
    trace = r[..., 0, 0] + r[..., 1, 1] + r[..., 2, 2]
    # Four times the outer product q qT, from sums and differences of the matrix's entries.
    outer = np.empty((*r.shape[:-2], 4, 4))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        outer[..., i, i] = 1.0 + 2.0 * r[..., i, i] - trace
        outer[..., i, j] = outer[..., j, i] = r[..., j, i] + r[..., i, j]
        outer[..., i, 3] = outer[..., 3, i] = r[..., k, j] - r[..., j, k]
    outer[..., 3, 3] = 1.0 + trace
    best = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), axis=-1)
    q = np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    flipped: Array = np.where(q[..., 3:] < 0.0, -q, q)
    return flipped


def rotation_from_quaternion(quaternion: ArrayLike) -> Array:
    """Turn quaternions (..., 4) x y z w of any length but zero into rotations (..., 3, 3)."""
    q = np.asarray(quaternion, dtype=np.float64)
    if q.size <= 4 * FEW:
        each = [single_rotation.rotation_of(one) for one in q.reshape(-1, 4).tolist()]
        return np.array(each).reshape(*q.shape[:-1], 3, 3)
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    x, y, z, w = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rotation = np.empty((*q.shape[:-1], 3, 3))
    rotation[..., 0, 0] = 1 - 2 * (y * y + z * z)
    rotation[..., 0, 1] = 2 * (x * y - z * w)
    rotation[..., 0, 2] = 2 * (x * z + y * w)
    rotation[..., 1, 0] = 2 * (x * y + z * w)
    rotation[..., 1, 1] = 1 - 2 * (x * x + z * z)
    rotation[..., 1, 2] = 2 * (y * z - x * w)
    rotation[..., 2, 0] = 2 * (x * z - y * w)
    rotation[..., 2, 1] = 2 * (y * z + x * w)
    rotation[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return rotation


def quaternion_product(first: ArrayLike, second: ArrayLike) -> Array:
    """Multiply quaternions (..., 4) x y z w: the rotation `first` after the rotation `second`."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    product: Array = ((a[..., _PRODUCT_PARTS] * _PRODUCT_SIGNS) @ b[..., None])[..., 0]
    return product


# Multiplying from the left by a quaternion is a matrix of its parts.
_PRODUCT_PARTS: Final = np.array([[3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2], [0, 1, 2, 3]])
_PRODUCT_SIGNS: Final = np.array(
    [[1.0, -1.0, 1.0, 1.0], [1.0, 1.0, -1.0, 1.0], [-1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, 1.0]]
)


def turn_between(start: ArrayLike, end: ArrayLike) -> Array:
    """The rotation vectors (..., 3), rad, that turn unit quaternions (..., 4) from start to end.

    The logarithm of end start^-1: in the frame that both are given in, of length pi at the most. Of
    a half turn's two it may be either.
    """
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if start.ndim == end.ndim == 1:
        return np.array(single_rotation.turn_between(start.tolist(), end.tolist()))
    q = quaternion_product(end, start * [-1.0, -1.0, -1.0, 1.0])
    q = np.where(q[..., 3:] < 0.0, -q, q)
    half_sine = _length(q[..., :3])
    half_angle = np.arctan2(half_sine, q[..., 3:])
    turn: Array = 2.0 * q[..., :3] / np.sinc(half_angle / np.pi)
    return turn


def turned(quaternion: ArrayLike, turn: ArrayLike) -> Array:
    """Turn unit quaternions (..., 4) by rotation vectors (..., 3), rad, in the same frame.

    Undoes `turn_between`. Of length 1, whatever rounding has made of the given ones; w >= 0.
    """
    quaternion, turn = np.asarray(quaternion, np.float64), np.asarray(turn, np.float64)
    if quaternion.ndim == turn.ndim == 1:
        return np.array(single_rotation.turned(quaternion.tolist(), turn.tolist()))
    half = 0.5 * turn
    half_angle = _length(half)
    rotation = np.concatenate([np.sinc(half_angle / np.pi) * half, np.cos(half_angle)], axis=-1)
    q = quaternion_product(rotation, quaternion)
    q = q / _length(q)
    flipped: Array = np.where(q[..., 3:] < 0.0, -q, q)
    return flipped


def _length(vectors: Array) -> Array:
    """Lengths (..., 1) of vectors (..., n)."""
    length: Array = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return length


def pose_from_matrix(matrix: ArrayLike) -> Array:
    """Turn rigid transforms (..., 4, 4) into poses (..., 7) [x y z qx qy qz qw]."""
    matrix = np.asarray(matrix, dtype=np.float64)
    return np.concatenate(
        [matrix[..., :3, 3], quaternion_from_rotation(matrix[..., :3, :3])], axis=-1
    )


def matrix_from_pose(pose: ArrayLike) -> Array:
    """Turn poses (..., 7) [x y z qx qy qz qw] into rigid transforms (..., 4, 4)."""
    pose = np.asarray(pose, dtype=np.float64)
    return rigid(rotation_from_quaternion(pose[..., 3:]), pose[..., :3])


def rotation_about(axis: int, angle_rad: ArrayLike) -> Array:
    """Rotations (..., 3, 3) by angles (...) in radians about coordinate axis 0, 1 or 2."""
    angle = np.asarray(angle_rad, dtype=np.float64)
    c, s = np.cos(angle), np.sin(angle)
    j, k = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.zeros((*angle.shape, 3, 3))
    rotation[..., axis, axis] = 1.0
    rotation[..., j, j] = rotation[..., k, k] = c
    rotation[..., k, j], rotation[..., j, k] = s, -s
    return rotation


def is_rigid(matrix: ArrayLike, tolerance: float = 1e-3) -> NDArray[np.bool_]:
    """Whether matrices (..., 4, 4) are finite, orthonormal within tolerance and right-handed."""
    m = np.asarray(matrix, dtype=np.float64)
    if m.size <= 16 * FEW:
        rows = m.reshape(-1, 16).tolist()
        alone = [single_rotation.is_rigid(row, tolerance) for row in rows]
        return np.array(alone, np.bool_).reshape(m.shape[:-2])
    r = m[..., :3, :3]
    with np.errstate(invalid="ignore"):
        gram = np.swapaxes(r, -1, -2) @ r
        orthonormal = (np.abs(gram - np.eye(3)) <= tolerance).all((-2, -1))
        bottom = (np.abs(m[..., 3, :] - [0.0, 0.0, 0.0, 1.0]) <= tolerance).all(-1)
        right_handed = np.linalg.det(r) > 0.0
    ok: NDArray[np.bool_] = np.isfinite(m).all((-2, -1)) & orthonormal & bottom & right_handed
    return ok
