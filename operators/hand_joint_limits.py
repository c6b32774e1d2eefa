"""How fingers bend: the two axes of each joint, and how far it goes about them.

A joint's rotation vector lies across the bone that it carries; its part along the bone is zero, for
points on bones cannot tell how a bone is twisted about itself. About the first axis a finger bends:
negative towards the palm. About the second one it goes sideways, positive towards +x of the wrist.
"""

from typing import Final

import numpy as np
from jaxtyping import Float64

from operators.hand_kinematics import FINGERS, HandSkeleton
from operators.transforms import Array

THUMB_BEND: Final = ((0.65, -0.76, 0.0), (0.65, 0.76, 0.0))
"""The left and the right thumb bend about axes half way between the fingers' and the palm's normal:
their nails face half sideways."""

THUMB_LIMITS_DEG: Final = (((-60, 60), (-60, 60)), ((-80, 40), (-45, 45)), ((-100, 60), (-45, 45)))
FINGER_LIMITS_DEG: Final = (
    ((-110, 50), (-45, 45)),
    ((-130, 30), (-45, 45)),
    ((-110, 45), (-45, 45)),
)
"""Bending and sideways, of a finger's three joints from the palm on. Wider than hands are (about
90, 100 and 80 degrees of bending): landmarks lie beside joints, hands differ, and what a twist
would do goes sideways."""


def bend_axes(skeleton: HandSkeleton) -> Float64[Array, "2 5 3 3 2"]:
    """The axes of both hands' finger joints: unit columns (side, finger, joint, 3, 2).

    In the wrist's axes, across the bone that the joint carries and each other.
    """
    bones = skeleton.bones.reshape(2, FINGERS, 4, 3)[:, :, 1:]
    along = bones / np.linalg.norm(bones, axis=-1, keepdims=True)
    wanted = np.zeros((2, FINGERS, 1, 3))
    wanted[..., 0] = 1.0
    wanted[:, 0, 0] = THUMB_BEND
    bend = wanted - (wanted * along).sum(axis=-1, keepdims=True) * along
    bend /= np.linalg.norm(bend, axis=-1, keepdims=True)
    return np.stack([bend, np.cross(along, bend)], axis=-1)


def joint_limits() -> Float64[Array, "2 2 5 3 2"]:
    """Lower and upper limits of turns about `bend_axes`, (side, 2, finger, joint, axis), rad."""
    fingers = np.array([THUMB_LIMITS_DEG, *[FINGER_LIMITS_DEG] * 4], dtype=np.float64)
    one_hand = np.deg2rad(np.moveaxis(fingers, -1, 0))
    return np.stack([one_hand, one_hand])
