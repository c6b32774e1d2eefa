"""What the overlay's nodes tell each other; listed in operators/messages.py."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from operators.message import Message, MessageError, array, message, text

Floats = NDArray[np.float64]

SERIAL = "the camera's serial number, as the calibration has it"


@message(version=1)
class JointReadings(Message):
    """What both arms' sensors read, in the units of their files under configs/arms/."""

    source: str = text(doc="what read them: a recording's folder, or a driver's name")
    left: Floats = array(np.float64, ("left_joints",), doc="the left arm's, in its file's order")
    left_width_m: float = array(
        np.float64, unit="m", optional=True, doc="between the left gripper's pads"
    )
    right: Floats = array(np.float64, ("right_joints",), doc="the right arm's")
    right_width_m: float = array(
        np.float64, unit="m", optional=True, doc="between the right gripper's pads"
    )


@message(version=1)
class CameraFrame(Message):
    """A picture of a calibrated camera, with its depths where it has them."""

    serial: str = text(doc=SERIAL)
    rows: int = array(np.int64, unit="px", doc="height of both pictures")
    columns: int = array(np.int64, unit="px", doc="width of both pictures")
    depth_scale: int = array(np.int64, unit="1/m", doc="units of depth a metre; 0: no depths")
    planes: NDArray[np.uint8] = array(
        np.uint8,
        ("bytes",),
        payload=True,
        doc="rows x columns x RGB; then rows x columns depths along z, little-endian uint16, "
        "0 where unknown",
    )

    @classmethod
    def of(
        cls,
        serial: str,
        colour: NDArray[np.uint8],
        depth: NDArray[np.uint16] | None,
        depth_scale: int,
    ) -> Self:
        """Join a picture (rows, columns, 3) RGB and its depths (rows, columns), or None."""
        planes = [np.ascontiguousarray(colour).reshape(-1)]
        if depth is not None:
            planes.append(np.ascontiguousarray(depth, "<u2").reshape(-1).view(np.uint8))
        rows, columns = colour.shape[:2]
        return cls(
            serial=serial,
            rows=rows,
            columns=columns,
            depth_scale=depth_scale if depth is not None else 0,
            planes=np.concatenate(planes),
        )

    @property
    def colour(self) -> NDArray[np.uint8]:
        """The picture (rows, columns, 3) RGB, a view. Raises MessageError for too few bytes."""
        self._check_length()
        size = self.rows * self.columns * 3
        return self.planes[:size].reshape(self.rows, self.columns, 3)

    @property
    def depth(self) -> NDArray[np.uint16] | None:
        """The depths (rows, columns), a view; None where there are none. Raises MessageError."""
        self._check_length()
        if not self.depth_scale:
            return None
        size = self.rows * self.columns * 3
        return self.planes[size:].view("<u2").reshape(self.rows, self.columns)

    def _check_length(self) -> None:
        pixels = self.rows * self.columns
        wanted = pixels * (5 if self.depth_scale else 3)
        if min(self.rows, self.columns) < 1 or self.planes.size != wanted:
            raise MessageError(
                f"{self.NAME}.planes: expected {wanted} bytes for {self.columns}x{self.rows} px"
                f"{' with depths' if self.depth_scale else ''}, got {self.planes.size}"
            )


@message(version=1)
class Overlay(Message):
    """The camera's picture with the robot drawn where the calibration puts it."""

    serial: str = text(doc=SERIAL)
    pixels: NDArray[np.uint8] = array(
        np.uint8, ("rows", "columns", 3), payload=True, doc="RGB, row 0 up"
    )


@message(version=1)
class ArmSilhouette(Message):
    """Which pixels the drawn robot covers, hidden or not."""

    serial: str = text(doc=SERIAL)
    pixels: NDArray[np.uint8] = array(
        np.uint8, ("rows", "columns"), payload=True, doc="255 where it is, 0 elsewhere"
    )


@message(version=1)
class ArmDepth(Message):
    """How far away the drawn robot is."""

    serial: str = text(doc=SERIAL)
    depth_scale: int = array(np.int64, unit="1/m", doc="units of depth a metre")
    pixels: NDArray[np.uint8] = array(
        np.uint8,
        ("rows", "columns", 2),
        payload=True,
        doc="along the camera's z, little-endian uint16; 0 where it is not",
    )


@message(version=1)
class PointCloud(Message):
    """What the depth camera sees, as coloured points."""

    serial: str = text(doc=SERIAL)
    positions: NDArray[np.float32] = array(
        np.float32, ("points", 3), unit="m", frame="camera", doc="x right, y down, z forward"
    )
    colours: NDArray[np.uint8] = array(np.uint8, ("points", 3), doc="RGB")


@message(version=1)
class RobotPose(Message):
    """Where the robot's links are in the camera's frame, its tool centre points among them."""

    serial: str = text(doc=SERIAL)
    link_names: tuple[str, ...] = text(
        shape=("links",), doc="part number, colon, the URDF's link: 0:left_tcp"
    )
    camera_from_links: Floats = array(
        np.float64, ("links", 7), unit="m", frame="camera", doc="[x y z qx qy qz qw]"
    )


OVERLAY_MESSAGES: tuple[type[Message], ...] = (
    JointReadings,
    CameraFrame,
    Overlay,
    ArmSilhouette,
    ArmDepth,
    PointCloud,
    RobotPose,
)
"""What travels between the overlay's nodes."""
