"""Rotations one at a time, in Python's own numbers: numpy takes five times as long for so few.

Quaternions are x y z w, as in operators/transforms.py, which has the same for arrays and comes here
where they hold few.
"""

import math
from collections.abc import Sequence
from typing import Final

Numbers = list[float]

SMALLEST: Final = 1e-12
"""Below this the sine of an angle is the angle."""


def unit(quaternion: Sequence[float]) -> Numbers:
    """A quaternion of length 1."""
    length = math.hypot(*quaternion)
    return [each / length for each in quaternion]


def product(first: Sequence[float], second: Sequence[float]) -> Numbers:
    """The rotation `first` after the rotation `second`."""
    (ax, ay, az, aw), (bx, by, bz, bw) = first, second
    return [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]


def turn_between(start: Sequence[float], end: Sequence[float]) -> Numbers:
    """The rotation vector, rad, that turns one unit quaternion to another by the shorter way."""
    x, y, z, w = start
    x, y, z, w = product(end, [-x, -y, -z, w])
    if w < 0.0:
        x, y, z, w = -x, -y, -z, -w
    half_sine = math.hypot(x, y, z)
    scale = 2.0 * math.atan2(half_sine, w) / half_sine if half_sine > SMALLEST else 2.0
    return [scale * x, scale * y, scale * z]


def turned(quaternion: Sequence[float], turn: Sequence[float]) -> Numbers:
    """A unit quaternion turned by a rotation vector, rad; of length 1, w >= 0."""
    half_angle = 0.5 * math.hypot(*turn)
    scale = 0.5 * math.sin(half_angle) / half_angle if half_angle > SMALLEST else 0.5
    rotation = [*(scale * each for each in turn), math.cos(half_angle)]
    return _upward(unit(product(rotation, quaternion)))


def quaternion_of(rotation: Sequence[Sequence[float]]) -> Numbers:
    """The unit quaternion, w >= 0, of a rotation matrix (3, 3).

    Shepperd's method (Journal of Guidance and Control 1(3), 1978): of the four ways to divide, the
    one with the largest divisor.
    """
    (a, b, c), (d, e, f), (g, h, i) = rotation
    # Four times the products of the quaternion's parts with each other: a row each.
    rows = (
        [1.0 + a - e - i, b + d, c + g, h - f],
        [b + d, 1.0 + e - a - i, f + h, c - g],
        [c + g, f + h, 1.0 + i - a - e, d - b],
        [h - f, c - g, d - b, 1.0 + a + e + i],
    )
    largest = max(range(4), key=lambda part: rows[part][part])
    return _upward(unit(rows[largest]))


def rotation_of(quaternion: Sequence[float]) -> list[Numbers]:
    """The rotation matrix (3, 3) of a quaternion of any length but zero."""
    x, y, z, w = unit(quaternion)
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]


def is_rigid(matrix: Sequence[float], tolerance: float) -> bool:
    """Whether 16 numbers, row by row, are a rigid transform; no number is one of NaN or infinity.

    Orthonormal within a tolerance, and right-handed.
    """
    a, b, c, x, d, e, f, y, g, h, i, z, k, m, n, w = matrix
    # Comparisons with NaN are false.
    return (
        abs(a * a + d * d + g * g - 1.0) <= tolerance
        and abs(b * b + e * e + h * h - 1.0) <= tolerance
        and abs(c * c + f * f + i * i - 1.0) <= tolerance
        and abs(a * b + d * e + g * h) <= tolerance
        and abs(a * c + d * f + g * i) <= tolerance
        and abs(b * c + e * f + h * i) <= tolerance
        and abs(k) <= tolerance
        and abs(m) <= tolerance
        and abs(n) <= tolerance
        and abs(w - 1.0) <= tolerance
        and a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) > 0.0
        and all(map(math.isfinite, (x, y, z)))
    )


def _upward(quaternion: Numbers) -> Numbers:
    """The same rotation's quaternion with w >= 0."""
    return quaternion if quaternion[3] >= 0.0 else [-each for each in quaternion]
