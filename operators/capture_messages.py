"""What several calibrated cameras together say of the operator's hands.

Joints are MediaPipe's 21, bones those that end at its joints 1 to 20, rotations those of the joints
that turn, in the same order (`hand_kinematics.ROTATIONS`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, array, message, text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CAMERAS = "names of all cameras, in the order of the settings"
IMAGE_SEQS = "sequence number of each camera's picture, -1 where it gave none"
SKEW = "between the earliest and the latest of the pictures"


@message(version=1)
class HandJoints(Message):
    """Where the joints are that several cameras see, by triangulation."""

    cameras: tuple[str, ...] = text(shape=("cameras",), doc=CAMERAS)
    image_seqs: Integers = array(np.int64, ("cameras",), doc=IMAGE_SEQS)
    skew_ms: float = array(np.float64, unit="ms", doc=SKEW)
    pixels: Floats = array(
        np.float64,
        ("cameras", 2, 21, 2),
        unit="px",
        optional=True,
        doc="as each camera sees them, distorted; NaN where it does not",
    )
    pixel_confidence: Floats = array(
        np.float64,
        ("cameras", 2, 21),
        unit="0..1",
        doc="how sure each camera is of them; 0 where it does not see them",
    )
    used: NDArray[np.bool_] = array(
        bool, ("cameras", 2, 21), doc="which cameras agree on the joint; none or two and more"
    )
    valid: NDArray[np.bool_] = array(
        bool, (2,), doc="whether two cameras or more agree on most of the side's joints"
    )
    joints: Floats = array(
        np.float64,
        (2, 21, 3),
        unit="m",
        frame="rig",
        optional=True,
        doc="NaN of joints on which no two cameras agree",
    )
    views: Integers = array(
        np.int64, (2, 21), doc="cameras that agree on the joint: 0, or 2 and more"
    )
    confidence: Floats = array(
        np.float64, (2, 21), unit="0..1", doc="mean of these cameras'; 0 without any"
    )
    reprojection_px: Floats = array(
        np.float64,
        (2, 21),
        unit="px",
        optional=True,
        doc="root mean square over these cameras of how far off they see it",
    )


@message(version=1)
class HandAngles(Message):
    """The hands as a skeleton of constant bones that turns at its joints, fitted to all cameras."""

    cameras: tuple[str, ...] = text(shape=("cameras",), doc=CAMERAS)
    image_seqs: Integers = array(np.int64, ("cameras",), doc=IMAGE_SEQS)
    skew_ms: float = array(np.float64, unit="ms", doc=SKEW)
    valid: NDArray[np.bool_] = array(bool, (2,), doc="whether the side is seen and fits")
    angles: Floats = array(
        np.float64,
        (2, 16, 3),
        unit="rad",
        frame="wrist",
        valid_by="valid",
        doc="axis-angle of each rotation from the joint before it, along the axes of the wrist at "
        "rest; the first one is rig_from_wrist",
    )
    translations: Floats = array(
        np.float64, (2, 3), unit="m", frame="rig", valid_by="valid", doc="where the wrist is"
    )
    scale: Floats = array(
        np.float64, (2,), valid_by="valid", doc="of all bones; 1 unless it is fitted"
    )
    bones: Floats = array(
        np.float64,
        (2, 20, 3),
        unit="m",
        frame="wrist",
        doc="of the hand at rest, all rotations zero: from the joint before to the one that it "
        "ends at",
    )
    bones_from: Integers = array(
        np.int64,
        (2,),
        doc="2 measured, 1 mirrored: the other hand's, 0 average: no hand was seen well enough",
    )
    joints: Floats = array(
        np.float64,
        (2, 21, 3),
        unit="m",
        frame="rig",
        valid_by="valid",
        doc="forward kinematics of all that",
    )
    views: Integers = array(
        np.int64,
        (2, 21),
        doc="cameras that agree on the joint: 0, or 2 and more. Where it is 0 the fit may still "
        "follow those that see it",
    )
    confidence: Floats = array(
        np.float64,
        (2, 21),
        unit="0..1",
        doc="of the fit: mean of the cameras that it follows, less where the joint is beside what "
        "they see; 0 where none sees it",
    )
    reprojection_px: Floats = array(
        np.float64,
        (2, 21),
        unit="px",
        optional=True,
        doc="root mean square over the cameras that see it of how far off the fitted joint is",
    )
    triangulated: Floats = array(
        np.float64,
        (2, 21, 3),
        unit="m",
        frame="rig",
        optional=True,
        doc="the joints before fitting",
    )


@message(version=1)
class MomentTaken(Message):
    """Pictures that need not be waited for any more, so that cameras may send others."""

    cameras: tuple[str, ...] = text(shape=("cameras",), doc=CAMERAS)
    image_seqs: Integers = array(np.int64, ("cameras",), doc=IMAGE_SEQS)


CAPTURE_MESSAGES: Final[tuple[type[Message], ...]] = (HandJoints, HandAngles, MomentTaken)
"""What travels between nodes."""
