"""Every message of the dataflows and of the page, declared once.

Axis 0 of an array of shape (2, ...) is the side: left, right. Frames are in docs/messages.md.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from operators.align_messages import AlignCommand, AlignState
from operators.camera_messages import CAMERA_MESSAGES, CameraView
from operators.capture_messages import CAPTURE_MESSAGES
from operators.message import Message, array, message, text
from operators.overlay_messages import OVERLAY_MESSAGES
from operators.page_messages import (
    CLOCK,
    ClockAnswer,
    ClockQuestion,
    Picture,
    PictureShown,
    Watch,
    Welcome,
)
from operators.seat_messages import Claim, Heard, Seat
from operators.view_messages import DepthPanorama, Faces

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SOURCE = (
    "what made the sample: desktop, webxr, vuer, the last two with -emulator, replay, cameras, or "
    "video: one camera, whose depth is weak"
)
FAULTS = "why a side is not valid, left and right; empty where it is, or where nothing is wrong"
CLIENT = "which client sent it, empty where there is none"


@message(version=1)
class Head(Message):
    """Where the operator's head is."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    valid: bool = array(bool, doc="whether the head is tracked")
    stage_from_head: Floats = array(
        np.float64,
        (4, 4),
        unit="m",
        frame="stage",
        valid_by="valid",
        rigid=True,
        doc="the head's pose; -z is where it looks",
    )


@message(version=1)
class Hands(Message):
    """The operator's hands, as the device tracks them."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    valid: Flags = array(bool, (2,), doc="whether the side is tracked")
    stage_from_wrist: Floats = array(
        np.float64,
        (2, 4, 4),
        unit="m",
        frame="stage",
        valid_by="valid",
        rigid=True,
        doc="the wrist's pose: -z towards the fingers, +y out of the back of the hand",
    )
    joint_positions: Floats = array(
        np.float64,
        (2, 25, 3),
        unit="m",
        frame="stage",
        valid_by="valid",
        doc="the 25 WebXR joints, wrist first",
    )
    joint_orientations: Floats = array(
        np.float64,
        (2, 25, 4),
        frame="stage",
        optional=True,
        doc="quaternions x y z w",
    )
    joint_radii: Floats = array(
        np.float64, (2, 25), unit="m", optional=True, doc="distance from joint to skin"
    )
    pinch: Floats = array(
        np.float64, (2,), unit="0..1", valid_by="valid", doc="thumb against index finger"
    )
    squeeze: Floats = array(
        np.float64, (2,), unit="0..1", valid_by="valid", doc="how far the hand is closed"
    )


@message(version=1)
class Controllers(Message):
    """The operator's controllers, where there are some instead of hands."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    valid: Flags = array(bool, (2,), doc="whether the side is tracked")
    stage_from_grip: Floats = array(
        np.float64,
        (2, 4, 4),
        unit="m",
        frame="stage",
        valid_by="valid",
        rigid=True,
        doc="the grip's pose, as WebXR defines it",
    )
    axes: Floats = array(
        np.float64, (2, 4), unit="-1..1", valid_by="valid", doc="touchpad x y, thumbstick x y"
    )
    buttons: Floats = array(
        np.float64,
        (2, 8),
        unit="0..1",
        valid_by="valid",
        doc="trigger, squeeze, touchpad, thumbstick, and four more, in xr-standard order",
    )


@message(version=1)
class OperatorInput(Message):
    """What the operator asks for, as levels: true while a key, button or gesture is held."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    engage: bool = array(bool, doc="let the robot follow")
    stop: bool = array(bool, doc="stop the robot; wins over everything")
    recentre: bool = array(bool, doc="make the head's present direction forward")
    clutch: Flags = array(bool, (2,), doc="move the hand without moving the robot's")


@message(version=2)
class HandTargets(Message):
    """Where the operator's hands are, as seen from the head, in axes that do not turn with it."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    valid: Flags = array(bool, (2,), doc="whether the side may be followed")
    faults: tuple[str, ...] = text(shape=("sides",), doc=FAULTS)
    anchor_from_wrist: Floats = array(
        np.float64,
        (2, 7),
        unit="m",
        frame="anchor",
        valid_by="valid",
        doc="wrist pose [x y z qx qy qz qw]",
    )
    finger_joints: Floats = array(
        np.float64,
        (2, 25, 3),
        unit="m",
        frame="wrist",
        valid_by="valid",
        doc="the 25 WebXR joints in the wrist's own frame",
    )


@message(version=2)
class HandCommands(Message):
    """Where the robot's hands shall be. Wanted before the guard, safe after it."""

    valid: Flags = array(bool, (2,), doc="whether the side is commanded; if not it stays")
    faults: tuple[str, ...] = text(shape=("sides",), doc=FAULTS)
    world_from_base: Floats = array(
        np.float64,
        (2, 7),
        unit="m",
        frame="world",
        valid_by="valid",
        doc="pose of the hand's base link [x y z qx qy qz qw]",
    )
    left_joint_names: tuple[str, ...] = text(
        shape=("left_joints",), doc="every joint of the left hand's URDF, followers included"
    )
    left_joint_positions: Floats = array(
        np.float64, ("left_joints",), unit="rad", valid_by="valid.0", doc="of left_joint_names"
    )
    right_joint_names: tuple[str, ...] = text(
        shape=("right_joints",), doc="every joint of the right hand's URDF, followers included"
    )
    right_joint_positions: Floats = array(
        np.float64, ("right_joints",), unit="rad", valid_by="valid.1", doc="of right_joint_names"
    )


@message(version=1)
class SceneState(Message):
    """What the simulator has made of the commands."""

    step: int = array(np.int64, doc="physics steps since the start")
    simulation_time_s: float = array(np.float64, unit="s", doc="simulated time since the start")
    command_seq: int = array(np.int64, doc="the command that last acted, -1 before the first")
    model_digest: str = text(doc="which compiled model this state belongs to")
    body_names: tuple[str, ...] = text(shape=("bodies",), doc="in the model's order")
    body_poses: Floats = array(
        np.float64, ("bodies", 7), unit="m", frame="world", doc="[x y z qx qy qz qw]"
    )
    joint_names: tuple[str, ...] = text(
        shape=("joints",), doc="hand joints, prefixed left/ and right/"
    )
    joint_positions: Floats = array(np.float64, ("joints",), unit="rad", doc="of joint_names")
    joint_velocities: Floats = array(np.float64, ("joints",), unit="rad/s", doc="of joint_names")
    contact_bodies: NDArray[np.int32] = array(
        np.int32, ("contacts", 2), doc="which bodies touch: indices into body_names"
    )
    contact_positions: Floats = array(
        np.float64, ("contacts", 3), unit="m", frame="world", doc="where they touch"
    )
    contact_forces: Floats = array(np.float64, ("contacts",), unit="N", doc="normal force")


@message(version=1)
class Panorama(Message):
    """The surroundings as an equirectangular picture."""

    pixels: NDArray[np.uint8] = array(
        np.uint8,
        ("rows", "columns", 3),
        payload=True,
        doc="RGB; centre column forward, right of centre is to the right, row 0 up",
    )
    tile_size: int = array(np.int64, unit="px", doc="edge of a tile; the last ones may be cut off")
    tile_version: NDArray[np.int64] = array(
        np.int64,
        ("tile_rows", "tile_columns"),
        doc="the frame in which each tile last changed, by a number that no other run uses",
    )


@message(version=1)
class OperatorState(Message):
    """Who is in command, and why."""

    state: str = text(doc="of both hands together: stopped, tracking or holding")
    reason: str = text(doc="why, in words for the operator")
    left_state: str = text(doc="of the left hand")
    left_reason: str = text(doc="why")
    right_state: str = text(doc="of the right hand")
    right_reason: str = text(doc="why")


@message(version=1)
class FrameSent(Message):
    """A frame left for a client."""

    client: str = text(doc=CLIENT)
    frame_seq: int = array(np.int64, doc="sequence number of the panorama")
    size: int = array(np.int64, unit="bytes", doc="of the picture as sent")


@message(version=2)
class FrameShown(Message):
    """A client drew a frame. Times are by its own clock."""

    client: str = text(doc=CLIENT)
    frame_seq: int = array(np.int64, doc="sequence number of the panorama")
    received_ms: float = array(np.float64, unit="ms", doc="when the client got it")
    decoded_ms: float = array(np.float64, unit="ms", doc="when it was ready to be drawn")
    shown_ms: float = array(np.float64, unit="ms", doc="when it was seen, as `clock` tells")
    clock: str = text(doc=CLOCK)


@message(version=1)
class ClockExchange(Message):
    """A question to a client for its clock's time, and the answer."""

    client: str = text(doc=CLIENT)
    asked_ns: int = array(np.int64, unit="ns", doc="when the host asked")
    received_ms: float = array(np.float64, unit="ms", doc="when the client got it, by its clock")
    answered_ms: float = array(np.float64, unit="ms", doc="when it answered, by its clock")
    heard_ns: int = array(np.int64, unit="ns", doc="when the host had the answer")


@message(version=1)
class Session(Message):
    """What the tracking port must know of the page's clients."""

    token: str = text(doc="what a client must show, empty where nothing")
    clients: tuple[str, ...] = text(shape=("clients",), doc="who is connected to the page")


@message(version=2)
class Viewers(Message):
    """Who watches."""

    count: int = array(np.int64, doc="clients that take pictures now")
    fault: str = text(doc="why they see nothing of the robot; empty where they do")


@message(version=1)
class LatencySummary(Message):
    """Rates, losses and delays over the last seconds, a row a stage."""

    stages: tuple[str, ...] = text(shape=("stages",), doc="node names, and the totals")
    rate_hz: Floats = array(
        np.float64, ("stages",), unit="Hz", optional=True, doc="messages a second"
    )
    lost: NDArray[np.int64] = array(np.int64, ("stages",), doc="sequence numbers never seen")
    p50_ms: Floats = array(np.float64, ("stages",), unit="ms", optional=True, doc="median delay")
    p95_ms: Floats = array(np.float64, ("stages",), unit="ms", optional=True, doc="95th percentile")


@message(version=1)
class OperatorAdjustment(Message):
    """How the operator adjusts the own frame, as levels; sent only while one of them is true."""

    source: str = text(doc=SOURCE)
    client: str = text(doc=CLIENT)
    scale_up: bool = array(bool, doc="let the robot's hands go farther for the own hands' way")
    scale_down: bool = array(bool, doc="let them go less far for it")
    measure_neck: bool = array(bool, doc="find the neck of a head that turns above a still body")


@message(version=1)
class OperatorFrame(Message):
    """How the operator's frame stands to the robot's."""

    client: str = text(doc="whose stage it is")
    anchor_yaw_rad: float = array(
        np.float64,
        unit="rad",
        frame="stage",
        doc="where the robot's forward is, positive left of -z; the panorama is turned by it too",
    )
    clutched: Flags = array(bool, (2,), doc="whether the robot's hand stays while the own moves")
    motion_scale: float = array(np.float64, doc="metres of the robot's hands for one of the own")
    neck_offset: Floats = array(
        np.float64,
        (3,),
        unit="m",
        frame="head",
        doc="from the eyes to the pivot of the neck; zeros where the head turns about its eyes",
    )
    neck_measured: bool = array(bool, doc="whether that was measured of this operator")
    advice: str = text(doc="a sentence for the operator, or empty")


DATAFLOW_MESSAGES: tuple[type[Message], ...] = (
    Head,
    Hands,
    Controllers,
    OperatorInput,
    *CAMERA_MESSAGES,
    HandTargets,
    HandCommands,
    SceneState,
    Faces,
    Panorama,
    DepthPanorama,
    OperatorState,
    FrameSent,
    FrameShown,
    ClockExchange,
    Session,
    Viewers,
    LatencySummary,
    OperatorAdjustment,
    OperatorFrame,
    *OVERLAY_MESSAGES,
    *CAPTURE_MESSAGES,
)
"""What travels between nodes."""

PAGE_MESSAGES: tuple[type[Message], ...] = (
    Head,
    Hands,
    Controllers,
    OperatorInput,
    OperatorState,
    LatencySummary,
    Welcome,
    Picture,
    PictureShown,
    Watch,
    ClockQuestion,
    ClockAnswer,
    OperatorAdjustment,
    OperatorFrame,
    Seat,
    Heard,
    Claim,
    CameraView,
    AlignCommand,
    AlignState,
)
"""What travels between the page and its servers. The place in this list is the number on the wire:
append, never reorder."""

BY_NAME: dict[str, type[Message]] = {m.NAME: m for m in (*DATAFLOW_MESSAGES, *PAGE_MESSAGES)}


def absent(message_type: type[Message], field: str) -> NDArray[Any]:
    """The value of a field of fixed shape that is not there: NaN, and false for flags."""
    spec = next(f for f in message_type.FIELDS if f.name == field)
    fill = np.nan if spec.numpy_dtype.kind == "f" else 0
    return np.full(tuple(int(axis) for axis in spec.shape), fill, spec.numpy_dtype)
