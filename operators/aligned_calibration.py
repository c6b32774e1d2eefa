"""An aligned camera as a calibration, which the overlay and the simulator take."""

from dataclasses import replace

from operators.calibration import (
    BASE,
    CalibratedCamera,
    Calibration,
    CalibrationError,
    Optimised,
)
from operators.frames import FrameTree, Transform
from operators.look_at_camera import LookAtCamera
from operators.posed_camera import PosedCamera


def posed_camera(calibration: Calibration, serial: str, frames: FrameTree) -> PosedCamera:
    """A calibration's camera as alignment starts from it: `camera_from_base`, and its lens.

    Raises CalibrationError for a serial that is not there, FrameError for missing frames.
    """
    pinhole = calibration.camera(serial).pinhole
    return PosedCamera(calibration.camera_from_base(serial, frames), pinhole)


def looking_camera(camera: LookAtCamera, width: int, height: int, frames: FrameTree) -> PosedCamera:
    """A camera that is told by what it looks at, as `camera_from_base`, for pictures of a size.

    Raises ImageSizeError for a size without pixels, FrameError for missing frames.
    """
    pose = camera.camera_from_kinematic_base() @ frames["kinematic_base_from_base"]
    return PosedCamera(pose, camera.pinhole(width, height))


def in_kinematic_base(camera: PosedCamera, frames: FrameTree) -> PosedCamera:
    """The same camera told from the URDF's own base. Raises FrameError."""
    return replace(camera, pose=camera.pose @ frames["base_from_kinematic_base"])


def aligned_calibration(
    camera: PosedCamera, serial: str, timestamp_ms: int, before: Calibration | None = None
) -> Calibration:
    """A calibration of kind `optimised` with an aligned camera.

    camera: its pose `camera_from_base`. timestamp_ms: Unix time, ms; the calibration's name.
    before: whose other cameras stay where they are to this one, by the extrinsics.
    Raises CalibrationError for a pose from another frame than `base`.
    """
    if (camera.pose.target, camera.pose.source) != ("camera", BASE):
        raise CalibrationError(f"expected camera_from_{BASE}, got {camera.pose.name}")
    cameras = {} if before is None else dict(before.cameras)
    if serial in cameras:
        cameras[serial] = replace(cameras[serial], pinhole=camera.pinhole)
    else:
        # Any one frame that all cameras share will do, and one camera shares the base with itself.
        shared = Transform("camera", "marker", camera.pose.matrix)
        cameras = {serial: CalibratedCamera(camera.pinhole, shared)}
    optimised = Optimised(serial, camera.pose)
    return Calibration(timestamp_ms, "optimised", cameras, optimised=optimised)
