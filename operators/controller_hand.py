"""A controller in place of a tracked hand: its grip moves the wrist, its trigger closes the hand.

The hand is the one that the page makes for someone at a desk (assets/page/desktop_hand.js).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operators.messages import Controllers, Hands
from operators.transforms import Array, rigid, transform_points

TRIGGER: Final = 0
SQUEEZE: Final = 1
"""Places of buttons in WebXR's xr-standard order."""

PRESSED: Final = 0.5
"""Of a button that tells how far it is pressed."""


@dataclass(frozen=True)
class _Digit:
    """A finger or thumb of a right hand in WebXR's wrist frame, m and degrees.

    It begins at `base` and bends in the plane of its x: `pitch` is how far the first bone points
    below forward, `bend` the angle to the next, and a part of that the one after; each open and
    closed.
    """

    base: tuple[float, float, float]
    bones: tuple[float, float, float]
    pitch: tuple[float, float]
    bend: tuple[float, float]


_THUMB: Final = _Digit((-0.017, -0.022, -0.033), (0.047, 0.034, 0.028), (60, 40), (-19, -26))
_FINGERS: Final = (
    _Digit((-0.026, 0.0, -0.092), (0.044, 0.029, 0.024), (8, 11), (4, 54)),
    _Digit((-0.007, 0.0, -0.092), (0.046, 0.031, 0.025), (8, 12), (5, 55)),
    _Digit((0.012, 0.0, -0.090), (0.044, 0.030, 0.025), (8, 9), (2, 52)),
    _Digit((0.032, 0.0, -0.086), (0.042, 0.029, 0.024), (1, 3), (11, 53)),
)
_BEND_RATIO: Final = 0.7
_METACARPAL: Final = 0.4
"""Where a finger's bone begins in the palm, as a part of the way from the wrist to the knuckle."""

# WebXR's grip: at the middle of the fist, x out of the right hand's back (into the left hand's),
# -z along a held rod to the thumb, y back along the arm. Its wrist: y out of the back, -z to the
# fingers. So -z of the wrist is -y of the grip, and its y is the grip's x, on the left its -x. The
# middle of a fist is about 8 cm before the wrist and 3 cm below it.
_FIST_IN_WRIST_M: Final = np.array([0.0, -0.03, -0.08])
_WRIST_AXES: Final[Array] = np.array(
    [
        [[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]],
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
    ]
)
GRIP_FROM_WRIST: Final[Array] = rigid(_WRIST_AXES, -_WRIST_AXES @ _FIST_IN_WRIST_M)
"""(2, 4, 4), left and right."""


def hand_joints(side: int, closure: float) -> Array:
    """The 25 WebXR joints (25, 3) in the wrist's frame, m.

    side: 0 left, 1 right. closure: 0 open to 1, around a 5 cm cube.
    """
    joints = [np.zeros((1, 3)), _chain(_THUMB, closure)]
    for finger in _FINGERS:
        joints += [_METACARPAL * np.array([finger.base]), _chain(finger, closure)]
    right = np.concatenate(joints)
    return right if side == 1 else right * [-1.0, 1.0, 1.0]


def squeezed(controllers: Controllers) -> NDArray[np.bool_]:
    """Which sides (2,) are tracked, with the squeeze button held."""
    held: NDArray[np.bool_] = controllers.buttons[:, SQUEEZE] >= PRESSED
    return controllers.valid & held


def with_controllers(hands: Hands, controllers: Controllers, sides: ArrayLike) -> Hands:
    """The hands with those of some sides (2,) made from the controllers, which must be valid."""
    chosen: list[int] = np.flatnonzero(sides).tolist()
    if not chosen:
        return hands
    valid, wrists = hands.valid.copy(), hands.stage_from_wrist.copy()
    joints, pinch = hands.joint_positions.copy(), hands.pinch.copy()
    orientations, radii = hands.joint_orientations.copy(), hands.joint_radii.copy()
    squeeze = hands.squeeze.copy()
    for side in chosen:
        closure = float(np.clip(controllers.buttons[side, TRIGGER], 0.0, 1.0))
        valid[side] = True
        wrists[side] = controllers.stage_from_grip[side] @ GRIP_FROM_WRIST[side]
        joints[side] = transform_points(wrists[side], hand_joints(side, closure))
        orientations[side], radii[side] = np.nan, np.nan
        pinch[side] = squeeze[side] = closure
    return replace(
        hands,
        valid=valid,
        stage_from_wrist=wrists,
        joint_positions=joints,
        joint_orientations=orientations,
        joint_radii=radii,
        pinch=pinch,
        squeeze=squeeze,
    )


def _chain(digit: _Digit, closure: float) -> Array:
    """The base and what follows it (4, 3), each bone bent a little further than the last."""
    pitch, bend = (np.radians(a + closure * (b - a)) for a, b in (digit.pitch, digit.bend))
    angles = pitch + bend * np.array([0.0, 1.0, 1.0 + _BEND_RATIO])
    zero = np.zeros(3)
    bones = np.array(digit.bones)[:, None] * np.stack([zero, -np.sin(angles), -np.cos(angles)], -1)
    return digit.base + np.concatenate([np.zeros((1, 3)), np.cumsum(bones, axis=0)])
