"""What cameras and detectors send: pictures, and the keypoints found in them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, array, message, text

Floats = NDArray[np.float64]

LENS = "focal lengths and principal point fx fy cx cy of the camera; NaN where they are not known"
CAMERA = "its name in `capture.cameras`, or its serial number; empty of the only camera"
DISTORTION = "of the lens, in OpenCV's order k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 tx ty"


@message(version=2)
class CameraImage(Message):
    """What a camera sees, never mirrored."""

    camera: str = text(doc=CAMERA)
    pixels: NDArray[np.uint8] = array(
        np.uint8, ("rows", "columns", 3), payload=True, doc="RGB, row 0 up"
    )
    lens: Floats = array(np.float64, (4,), unit="px", optional=True, doc=LENS)
    distortion: Floats = array(np.float64, (14,), optional=True, doc=DISTORTION)


@message(version=1)
class CameraView(Message):
    """A camera's picture made small, with the hands found in it, for the page."""

    columns: int = array(np.int64, unit="px", doc="width of the small picture")
    rows: int = array(np.int64, unit="px", doc="height of the small picture")
    jpeg: NDArray[np.uint8] = array(np.uint8, ("bytes",), doc="the small picture as JPEG")
    valid: NDArray[np.bool_] = array(bool, (2,), doc="whether the side is followed")
    joints: Floats = array(
        np.float64,
        (2, 21, 2),
        unit="px",
        optional=True,
        doc="MediaPipe's 21 in the small picture; NaN where not seen",
    )


@message(version=2)
class Keypoints(Message):
    """Where a detector sees hands in a camera's picture. Joints are MediaPipe's 21."""

    camera: str = text(doc=CAMERA)
    detector: str = text(doc="mediapipe or rtmlib")
    image_seq: int = array(np.int64, doc="sequence number of the picture")
    columns: int = array(np.int64, unit="px", doc="width of the picture")
    rows: int = array(np.int64, unit="px", doc="height of the picture")
    lens: Floats = array(np.float64, (4,), unit="px", optional=True, doc=LENS)
    distortion: Floats = array(np.float64, (14,), optional=True, doc=DISTORTION)
    valid: NDArray[np.bool_] = array(
        bool, (2,), doc="whether the side is seen, and well enough to be followed"
    )
    confidence: Floats = array(
        np.float64, (2,), unit="0..1", optional=True, doc="of the hand, also where it is too low"
    )
    pixels: Floats = array(
        np.float64,
        (2, 21, 2),
        unit="px",
        optional=True,
        doc="x to the right and y down from the picture's upper left corner; NaN where not seen",
    )
    joint_confidence: Floats = array(
        np.float64, (2, 21), unit="0..1", optional=True, doc="where the detector tells it"
    )
    landmarks: Floats = array(
        np.float64,
        (2, 21, 3),
        unit="m",
        frame="camera",
        optional=True,
        doc="the hand's shape alone, its middle at the origin, where the detector estimates one",
    )
    body: Floats = array(
        np.float64,
        (133, 3),
        unit="px, 0..1",
        optional=True,
        doc="x y and confidence of COCO-WholeBody's points, where the detector finds bodies",
    )


CAMERA_MESSAGES: Final[tuple[type[Message], ...]] = (CameraImage, Keypoints, CameraView)
"""What travels between nodes."""
