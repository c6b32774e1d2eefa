"""A hand as a kinematic tree: 16 rotations and a translation move 21 joints.

The wrist turns the palm, which is rigid: the five bones from the wrist to where each finger begins.
Each finger has three joints that turn, MediaPipe's CMC, MCP and IP of the thumb and MCP, PIP and
DIP of the others, and ends in a tip, which does not turn. A rotation is relative to the joint
before it, an axis-angle vector (3,), rad, along the axes of the **wrist at rest**: WebXR's, x to
the right of someone who looks at the back of the hand, fingers up, y out of the back, -z towards
the fingers. All rotations zero is a flat hand; the wrist's rotation is `rig_from_wrist`.

In arrays of both hands the left one is first (`hands.SIDES`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float64
from numpy.typing import ArrayLike

from operators.hand_bones import BONES_MM, PARENTS
from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.transforms import Array, quaternion_from_rotation
from operators.usage_error import UsageError

ROTATIONS: Final = (0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19)
"""Which of MediaPipe's 21 joints turn; the others are the five tips."""

PALM: Final = (0, 1, 5, 9, 13, 17)
"""The joints of the palm, which only the wrist's rotation turns."""

MANO_FROM_MEDIAPIPE: Final = (0, *range(5, 8), *range(9, 12), *range(17, 20), *range(13, 16),
                              *range(1, 4), 8, 12, 20, 16, 4)  # fmt: skip
"""For each of 21 joints in MANO's order, MediaPipe's: index, middle, pinky, ring, thumb; then the
tips in the same order, as the public code around the seed's has them."""

MANO_ROTATIONS: Final = tuple(ROTATIONS.index(joint) for joint in MANO_FROM_MEDIAPIPE[:16])
"""For each of 16 rotations in MANO's order, ours."""

MANO_JOINTS: Final = (
    "WRIST",
    *(
        f"{f}_{joint}"
        for f in ("INDEX", "MIDDLE", "PINKY", "RING")
        for joint in ("MCP", "PIP", "DIP")
    ),
    *(f"THUMB_{joint}" for joint in ("MCP", "PIP", "IP")),
)
"""The names of the 16 rotations in MANO's order; MediaPipe calls the thumb's CMC, MCP and IP."""

MANO_FROM_WRIST: Final[Array] = np.array(
    [
        [[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
        [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]],
    ]
)
"""Turns our axes into those of MANO's templates, (side, 3, 3): its left fingers point along +x, its
right ones along -x, both thumbs towards +z and both palms down, -y."""

LEFT_PALM: Final = (
    (0.625, -0.333, -0.708),
    (0.242, -0.071, -0.968),
    (0.021, -0.021, -1.0),
    (-0.198, -0.066, -0.978),
    (-0.404, -0.162, -0.900),
)
"""From the left wrist towards where the thumb and the fingers begin: of Meta's WebXR emulator
(IWER 2.5.0, `relaxed.js`), as the lengths in hand_bones."""

LEFT_FINGERS: Final = (
    (0.625, -0.264, -0.735),
    (0.160, 0.0, -0.987),
    (-0.141, 0.0, -0.990),
    (-0.211, 0.0, -0.977),
    (-0.421, 0.0, -0.907),
)
"""Along the straight fingers of a flat left hand: where its first bones point, uncurled."""

FINGERS: Final = 5
BONES: Final = 20


@dataclass(frozen=True, eq=False)
class HandSkeleton:
    """Both hands at rest.

    bones: (2, 20, 3), m, in the wrist's axes: the bone that ends at each of MediaPipe's joints 1
    to 20, from the joint before it, of a flat hand whose rotations are all zero.
    Raises UsageError for another shape, or for a bone that has no length.
    """

    bones: Float64[Array, "2 20 3"]

    def __post_init__(self) -> None:
        given = np.asarray(self.bones)
        if given.shape != (2, BONES, 3):
            raise UsageError(f"bones of both hands: expected (2, 20, 3), got {given.shape}")
        lengths = np.linalg.norm(given, axis=-1)
        if not (np.isfinite(lengths).all() and (lengths > 0.0).all()):
            side, bone = np.argwhere(~(lengths > 0.0))[0]
            raise UsageError(
                f"the {('left', 'right')[side]} bone to {MEDIAPIPE_JOINTS[bone + 1]}: expected a "
                f"length above 0 m, got {lengths[side, bone]:g}"
            )

    @classmethod
    def average(cls, hand_length_m: float | None = None) -> "HandSkeleton":
        """A grown person's hands; hand_length_m from the wrist to the middle finger's tip."""
        lengths = np.array(BONES_MM[1:]) * 1e-3
        if hand_length_m is not None:
            lengths *= hand_length_m / lengths[8:12].sum()
        return cls.from_lengths(np.stack([lengths, lengths]))

    @classmethod
    def from_lengths(cls, lengths_m: ArrayLike, palm: ArrayLike | None = None) -> "HandSkeleton":
        """Hands with bones of these lengths (2, 20), m.

        palm: (2, 5, 3), any lengths, where the palm's five bones point; those of an average hand
        without it. Raises UsageError as the constructor does.
        """
        lengths = np.asarray(lengths_m, dtype=np.float64)
        if lengths.shape != (2, BONES):
            raise UsageError(f"bone lengths of both hands: expected (2, 20), got {lengths.shape}")
        return cls(rest_directions(palm) * lengths[..., None])

    @property
    def lengths(self) -> Float64[Array, "2 20"]:
        """(2, 20), m."""
        lengths: Array = np.linalg.norm(self.bones, axis=-1)
        return lengths

    @property
    def palm(self) -> Float64[Array, "2 6 3"]:
        """The palm's joints (2, 6, 3) at rest, m, the wrist at the origin, in the order of PALM."""
        return np.concatenate([np.zeros((2, 1, 3)), self.bones[:, ::4]], axis=1)

    def joints(
        self, angles: ArrayLike, translations: ArrayLike, scale: ArrayLike | float = 1.0
    ) -> Float64[Array, "*lead 2 21 3"]:
        """Forward kinematics: where the joints are, (..., 2, 21, 3), m, MediaPipe's order.

        angles: (..., 2, 16, 3), rad, axis-angle, in the order of ROTATIONS.
        translations: (..., 2, 3), the wrists, m. scale: (..., 2) or one number, of all bones.
        """
        turns = rotation_from_axis_angle(angles)
        at = np.asarray(translations, dtype=np.float64)
        lead = np.broadcast_shapes(turns.shape[:-4], at.shape[:-2])
        turns = np.broadcast_to(turns, (*lead, 2, 16, 3, 3))
        size = np.broadcast_to(np.asarray(scale, dtype=np.float64), (*lead, 2))
        bones = self.bones.reshape(2, FINGERS, 4, 3) * size[..., None, None, None]
        fingers = turns[..., 1:, :, :].reshape(*lead, 2, FINGERS, 3, 3, 3)
        joints = np.empty((*lead, 2, 21, 3))
        joints[..., 0, :] = at
        turned = np.broadcast_to(turns[..., :1, :, :], (*lead, 2, FINGERS, 3, 3))
        end = np.broadcast_to(at[..., None, :], (*lead, 2, FINGERS, 3))
        for bone in range(4):
            if bone:
                turned = turned @ fingers[..., bone - 1, :, :]
            end = end + (turned @ bones[..., bone, :, None])[..., 0]
            joints[..., 1 + bone :: 4, :] = end
        return joints


def rest_directions(palm: ArrayLike | None = None) -> Float64[Array, "2 20 3"]:
    """Where bones point in a flat hand: unit vectors (2, 20, 3) in the wrist's axes.

    palm: (2, 5, 3), of the palm's bones, any lengths; an average hand's without it.
    """
    left = np.repeat(np.array(LEFT_FINGERS)[:, None], 4, axis=1)
    left[:, 0] = LEFT_PALM
    both = np.stack([left, left * [-1.0, 1.0, 1.0]])
    if palm is not None:
        both[:, :, 0] = palm
    both /= np.linalg.norm(both, axis=-1, keepdims=True)
    return both.reshape(2, BONES, 3)


def bone_lengths(joints: ArrayLike) -> Float[Array, "*lead 20"]:
    """The distances (..., 20) from each of MediaPipe's joints 1 to 20 to the one before it."""
    points = np.asarray(joints, dtype=np.float64)
    lengths: Array = np.linalg.norm(points[..., 1:, :] - points[..., PARENTS[1:], :], axis=-1)
    return lengths


def mano_angles(angles: ArrayLike) -> Float64[Array, "*lead 2 16 3"]:
    """Rotations (..., 2, 16, 3) in MANO's order and along MANO's axes.

    MANO's own flat hand differs a little from ours in where its fingers point, and its joints may
    turn about their bones as well, which ours do not: the angles are alike, not the same.
    """
    ours = np.asarray(angles, dtype=np.float64)[..., MANO_ROTATIONS, :]
    turned: Array = np.einsum("sij,...skj->...ski", MANO_FROM_WRIST, ours)
    return turned


def from_mano_angles(angles: ArrayLike) -> Float64[Array, "*lead 2 16 3"]:
    """The inverse of `mano_angles`."""
    mano = np.asarray(angles, dtype=np.float64)
    ours = np.empty_like(mano)
    ours[..., MANO_ROTATIONS, :] = np.einsum("sji,...skj->...ski", MANO_FROM_WRIST, mano)
    return ours


def rotation_from_axis_angle(axis_angle: ArrayLike) -> Float64[Array, "*lead 3 3"]:
    """Axis-angle vectors (..., 3), rad, as rotations (..., 3, 3): Rodrigues' formula."""
    vector = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    cross = cross_matrix(vector)
    # np.sinc is sin(pi x) / (pi x), which knows its limit at 0.
    sine = np.sinc(angle / np.pi)
    half = 0.5 * np.sinc(angle / (2.0 * np.pi)) ** 2
    rotation: Array = np.eye(3) + sine * cross + half * (cross @ cross)
    return rotation


def axis_angle_from_rotation(rotation: ArrayLike) -> Float64[Array, "*lead 3"]:
    """The axis-angle vectors (..., 3), rad, no longer than pi, of rotations (..., 3, 3)."""
    quaternion = quaternion_from_rotation(rotation)
    half = np.linalg.norm(quaternion[..., :3], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(half, quaternion[..., 3:])
    # Both vanish together; of what is too small to divide by, the half is as long as the sine.
    ratio = np.divide(angle, half, out=np.full_like(half, 2.0), where=half > 1e-12)
    vector: Array = quaternion[..., :3] * ratio
    return vector


def cross_matrix(vector: Array) -> Float64[Array, "*lead 3 3"]:
    """The matrices (..., 3, 3) that multiply like the cross product with vectors (..., 3)."""
    matrix = np.zeros((*vector.shape, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        matrix[..., j, i], matrix[..., i, j] = vector[..., k], -vector[..., k]
    return matrix
