"""What Vuer's client says of hands, head and controllers, as our messages say it.

Vuer's transforms are 16 numbers, column by column, in metres in WebXR's local-floor: our stage.
(Its documentation has the joints relative to the wrist; they are not.) What is not tracked is
missing, or JavaScript's `undefined`, which msgpack brings as a type of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from operators.hand_bones import hand_shape
from operators.message import MessageError
from operators.messages import Controllers, Hands, Head, absent
from operators.transforms import Array, is_rigid, quaternion_from_rotation

SIDES: Final = ("left", "right")
JOINTS: Final = 25
LARGEST: Final = 1e6
"""In no stage anything is that far away, and its square is still a number."""

TRANSFORM: Final = 16

BUTTONS: Final = ("triggerValue", "squeezeValue", "touchpad", "thumbstick", "aButton", "bButton")
"""In xr-standard order. The last two are X and Y on the left; none of them stands for two more."""

STICKS: Final = ("touchpadValue", "thumbstickValue")

RAY_FROM_GRIP: Final = np.array(
    [
        [
            [0.99254614, 0.08617460, 0.08617467, -0.00397980],
            [0.0, 0.70710689, -0.70710671, -0.01585787],
            [-0.12186933, 0.70183605, 0.70183623, 0.04964187],
            [0.0, 0.0, 0.0, 1.0],
        ],
        [
            [0.99254614, -0.08617461, -0.08617466, 0.00397984],
            [0.0, 0.70710677, -0.70710671, -0.01585787],
            [0.12186934, 0.70183605, 0.70183611, 0.04964183],
            [0.0, 0.0, 0.0, 1.0],
        ],
    ]
)
"""Vuer tells where a controller points, and not how it is held: this is between the two of a Quest
3's (IWER 2.5.0, `meta-quest-touch-plus`), left and right."""


def read_hands(value: Mapping[str, Any], source: str, client: str) -> Hands:
    """The value of a HAND_MOVE: `left` and `right` are the transforms of 25 joints, 400 numbers.

    Raises MessageError where a side is neither that nor missing.
    """
    sides = [_transforms(value.get(side), f"HAND_MOVE.{side}", JOINTS) for side in SIDES]
    return hands_of(sides, source, client)


def read_old_hands(value: Mapping[str, Any], source: str, client: str) -> Hands:
    """The value of a HAND_MOVE of clients before 0.0.32.

    `leftHand` is the wrist's transform, 16 numbers, and `leftLandmarks` where the 25 joints are,
    absolute too, m; likewise the right. Orientations of joints are not told. Raises MessageError
    where a side is neither that nor missing.
    """
    sides: list[Array | None] = []
    for side in SIDES:
        wrist = _transforms(value.get(f"{side}Hand"), f"HAND_MOVE.{side}Hand", 1)
        name = f"{side}Landmarks"
        points = _numbers(_flat(value.get(name)), f"HAND_MOVE.{name}", 3 * JOINTS)
        if wrist is None or points is None:
            sides.append(None)
            continue
        joints = np.tile(np.full((4, 4), np.nan), (JOINTS, 1, 1))
        joints[0] = wrist[0]
        joints[:, :3, 3] = points.reshape(JOINTS, 3)
        sides.append(joints)
    return hands_of(sides, source, client)


def hands_of(sides: Sequence[Array | None], source: str, client: str) -> Hands:
    """Hands from the transforms (25, 4, 4) of each side's joints, None where it is not tracked.

    Rotations of all but the wrist may be NaN. A wrist that is no rigid transform, such as zeros, is
    not tracked.
    """
    names = ("stage_from_wrist", "joint_positions", "joint_orientations", "joint_radii")
    arrays = {name: absent(Hands, name) for name in (*names, "pinch", "squeeze")}
    valid = np.zeros(2, bool)
    for side, joints in enumerate(sides):
        if joints is None or not is_rigid(joints[0]):
            continue
        valid[side] = True
        arrays["stage_from_wrist"][side] = joints[0]
        arrays["joint_positions"][side] = joints[:, :3, 3]
        known = np.isfinite(joints[:, :3, :3]).all(axis=(1, 2))
        arrays["joint_orientations"][side, known] = quaternion_from_rotation(joints[known, :3, :3])
        arrays["pinch"][side], arrays["squeeze"][side] = hand_shape(joints[:, :3, 3])
    return Hands(source=source, client=client, valid=valid, **arrays)


def read_head(value: Mapping[str, Any], source: str, client: str) -> Head:
    """The value of a HEAD_MOVE: `matrix` is the head's transform, zeros before it is tracked.

    Raises MessageError where it is anything else.
    """
    given = _transforms(value.get("matrix"), "HEAD_MOVE.matrix", 1)
    valid = given is not None and bool(is_rigid(given[0]))
    pose = given[0] if given is not None and valid else absent(Head, "stage_from_head")
    return Head(source=source, client=client, valid=valid, stage_from_head=pose)


def read_controllers(
    value: Mapping[str, Any], source: str, client: str, ray_from_grip: Array = RAY_FROM_GRIP
) -> Controllers:
    """The value of a CONTROLLER_MOVE: where each side's controller points, and its buttons.

    ray_from_grip: (2, 4, 4), how it is held against that. Raises MessageError where a side is
    neither that nor missing.
    """
    valid = np.zeros(2, bool)
    arrays = {name: absent(Controllers, name) for name in ("stage_from_grip", "axes", "buttons")}
    for side, name in enumerate(SIDES):
        ray = _transforms(value.get(name), f"CONTROLLER_MOVE.{name}", 1)
        state = value.get(f"{name}State")
        if ray is None or not is_rigid(ray[0]):
            continue
        if not isinstance(state, Mapping):
            raise MessageError(f"CONTROLLER_MOVE.{name}State: expected buttons, got {state!r:.40}")
        valid[side] = True
        arrays["stage_from_grip"][side] = ray[0] @ ray_from_grip[side]
        arrays["buttons"][side] = [*(_pressed(state, button) for button in BUTTONS), 0.0, 0.0]
        arrays["axes"][side] = [number for stick in STICKS for number in _stick(state, stick)]
    return Controllers(source=source, client=client, valid=valid, **arrays)


def _pressed(state: Mapping[str, Any], button: str) -> float:
    """How far a button is pressed: Vuer tells a number, a flag, or a word."""
    given = state.get(button)
    if isinstance(given, str) or given is None:
        return float(given == "pressed")  # a touchpad may be touched, and not pressed
    if isinstance(given, int | float) and 0 <= given <= 1:
        return float(given)
    raise MessageError(f"CONTROLLER_MOVE.{button}: expected 0 to 1, got {given!r:.40}")


def _stick(state: Mapping[str, Any], stick: str) -> Array:
    given = _numbers(state.get(stick), f"CONTROLLER_MOVE.{stick}", 2)
    return np.zeros(2) if given is None else given


def _transforms(given: object, where: str, count: int) -> Array | None:
    """(count, 4, 4) from numbers that go column by column, None where there are none."""
    numbers = _numbers(given, where, count * TRANSFORM)
    return None if numbers is None else numbers.reshape(count, 4, 4).swapaxes(1, 2)


def _numbers(given: object, where: str, count: int) -> Array | None:
    """So many finite numbers, None where the value is missing."""
    if not isinstance(given, list) or not given:
        return None
    if len(given) != count:
        raise MessageError(f"{where}: expected {count} numbers, got {len(given)}")
    if not all(isinstance(number, int | float) for number in given):
        raise MessageError(f"{where}: expected {count} numbers, got other things among them")
    if not all(-LARGEST < number < LARGEST for number in given):  # NaN is neither
        raise MessageError(f"{where}: expected finite numbers below {LARGEST:.0e}, got others")
    return np.array(given, np.float64)


def _flat(given: object) -> object:
    """The numbers of a list of lists."""
    if isinstance(given, list) and all(isinstance(point, list) for point in given):
        return [number for point in given for number in point]
    return given
