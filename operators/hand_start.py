"""Where the fit of a hand starts: from its last pose, or from triangulated joints alone."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from operators.bone_lengths import turn
from operators.fitted_hands import Mask
from operators.hand_joint_limits import bend_axes, joint_limits
from operators.hand_kinematics import FINGERS, PALM, HandSkeleton, rotation_from_axis_angle
from operators.transforms import Array

LEAST_PALM: Final = 3
"""Joints of the palm without which nobody knows how it is turned."""

LEAST_WIDTH_M: Final = 0.01
"""Those joints must not lie in a line: the second singular value of their places."""

ASTRAY_M: Final = 0.03
"""A finger of which a joint is farther than this from its last place starts from where its bones
point. A finger bent the wrong way would otherwise stay so, as long as the hand is seen: on a real
video from two sides, that doubled the error of some joints."""

NEAR_M: Final = 0.04
"""A hand whose joints are farther than this from its last ones, in the median, starts anew."""


@dataclass(frozen=True, eq=False)
class HandPoses:
    """Both hands' unknowns as the solver has them.

    rotation: (2, 3, 3), rig_from_wrist. place: (2, 3), m. turns: (2, 5, 3, 2), rad, about the axes
    of `hand_joint_limits`. log_scale: (2,). known: (2,); the rest is of no meaning where it is not.
    """

    rotation: Float64[Array, "2 3 3"]
    place: Float64[Array, "2 3"]
    turns: Float64[Array, "2 5 3 2"]
    log_scale: Float64[Array, "2"]
    known: Bool[Mask, "2"]

    @classmethod
    def unknown(cls) -> "HandPoses":
        """No hand's."""
        return cls(
            np.broadcast_to(np.eye(3), (2, 3, 3)).copy(),
            np.zeros((2, 3)),
            np.zeros((2, 5, 3, 2)),
            np.zeros(2),
            np.zeros(2, dtype=np.bool_),
        )

    @classmethod
    def chosen(cls, which: Mask, first: "HandPoses", second: "HandPoses") -> "HandPoses":
        """Of each hand (2,) either the first pose or the second one."""

        def either(one: Array, other: Array) -> Array:
            picked: Array = np.where(which.reshape(2, *[1] * (one.ndim - 1)), one, other)
            return picked

        return cls(
            either(first.rotation, second.rotation),
            either(first.place, second.place),
            either(first.turns, second.turns),
            either(first.log_scale, second.log_scale),
            np.where(which, first.known, second.known),
        )


def cold_start(skeleton: HandSkeleton, points: Float64[Array, "2 21 3"]) -> HandPoses:
    """Poses that the palm and the bones show, from joints (2, 21, 3), m, NaN unknown."""
    poses = HandPoses.unknown()
    axes, limits = bend_axes(skeleton), joint_limits()
    for side in (0, 1):
        palm = palm_pose(skeleton.palm[side], points[side])
        if palm is None:
            continue
        poses.rotation[side], poses.place[side] = palm
        turns = finger_turns(skeleton.bones[side], axes[side], palm[0], points[side])
        poses.turns[side] = np.clip(turns, *limits[side])
        poses.known[side] = True
    return poses


def warm_start(
    skeleton: HandSkeleton,
    last: HandPoses,
    joints: Float64[Array, "2 21 3"],
    points: Float64[Array, "2 21 3"],
) -> HandPoses:
    """The last poses, but for fingers that are seen elsewhere, as their bones show them.

    joints: (2, 21, 3), m, of the last poses. points: the triangulated ones, NaN unknown.
    """
    away = np.linalg.norm(points[:, 1:] - joints[:, 1:], axis=-1).reshape(2, FINGERS, 4)
    astray = (away > ASTRAY_M).any(axis=-1) & last.known[:, None]
    if not astray.any():
        return last
    axes, limits = bend_axes(skeleton), joint_limits()
    turns = last.turns.copy()
    for side in np.flatnonzero(astray.any(axis=-1)):
        shown = finger_turns(skeleton.bones[side], axes[side], last.rotation[side], points[side])
        turns[side, astray[side]] = np.clip(shown, *limits[side])[astray[side]]
    return replace(last, turns=turns)


def are_near(joints: Float64[Array, "2 21 3"], points: Float64[Array, "2 21 3"]) -> Bool[Mask, "2"]:
    """Whether hands' last joints are where their points are; those without points are."""
    away = np.linalg.norm(points - joints, axis=-1)
    known = np.isfinite(away)
    return np.array(
        [not known[side].any() or np.median(away[side, known[side]]) <= NEAR_M for side in (0, 1)]
    )


def palm_pose(
    rest: Float64[Array, "6 3"], joints: Float64[Array, "21 3"]
) -> tuple[Array, Array] | None:
    """How the palm is turned (3, 3) and where the wrist is (3,), m; None if too little is known.

    rest: the palm's joints at rest, m, in the wrist's axes. joints: in any frame, m, NaN unknown.
    """
    palm = joints[list(PALM)]
    known = np.isfinite(palm).all(axis=-1)
    if known.sum() < LEAST_PALM:
        return None
    centred = palm[known] - palm[known].mean(axis=0)
    if np.linalg.svd(centred, compute_uv=False)[1] < LEAST_WIDTH_M:
        return None
    rotation = turn(rest[known], palm[known])
    place: Array = palm[known].mean(axis=0) - rotation @ rest[known].mean(axis=0)
    return rotation, place


def finger_turns(
    bones: Float64[Array, "20 3"],
    axes: Float64[Array, "5 3 3 2"],
    rotation: Float64[Array, "3 3"],
    joints: Float64[Array, "21 3"],
) -> Float64[Array, "5 3 2"]:
    """Turns about a hand's axes, rad, that point each bone to where its ends are.

    Of all rotations that do so the shortest: it lies across the bone at rest. A bone without an end
    points where the one before it does.
    """
    rest = bones.reshape(FINGERS, 4, 3)
    points = joints[1:].reshape(FINGERS, 4, 3)
    turned = np.broadcast_to(rotation, (FINGERS, 3, 3))
    turns = np.zeros((FINGERS, 3, 2))
    for joint in range(3):
        bone = rest[:, joint + 1] / np.linalg.norm(rest[:, joint + 1], axis=-1, keepdims=True)
        wanted = np.einsum("fji,fj->fi", turned, points[:, joint + 1] - points[:, joint])
        across = np.cross(bone, wanted)
        sine = np.linalg.norm(across, axis=-1)
        angle = np.arctan2(sine, (bone * wanted).sum(axis=-1))
        vector = across * np.divide(angle, sine, out=np.zeros(FINGERS), where=sine > 0.0)[:, None]
        known = np.isfinite(vector).all(axis=-1)
        turns[known, joint] = np.einsum("fja,fj->fa", axes[:, joint], vector)[known]
        local = np.einsum("fja,fa->fj", axes[:, joint], turns[:, joint])
        turned = turned @ rotation_from_axis_angle(local)
    return turns
