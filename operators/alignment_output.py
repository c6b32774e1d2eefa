"""An alignment's files: where it begins, and what is written of it."""

import time
from pathlib import Path

from operators.align_settings import AlignSettings
from operators.aligned_calibration import aligned_calibration, in_kinematic_base, posed_camera
from operators.aligned_view import AlignedView
from operators.alignment_file import AlignmentFile, read_alignment, write_alignment
from operators.calibration import Calibration
from operators.calibration_file import read_calibration, write_calibration
from operators.frame_configuration import load_frames
from operators.look_at_camera import LookAtCamera, fov_y_rad
from operators.overlay_settings import OverlaySettings
from operators.picked_points import PickedPoint, PickedPoints, write_points
from operators.pinhole import Pinhole
from operators.point_picking import ClickedPoints
from operators.posed_camera import PosedCamera
from operators.real_lens import RealLens
from operators.settings import resolve

POINTS = "points.json"
"""Beside the camera's file: what `panodora align --points` takes."""


def begin_alignment(
    align: AlignSettings, overlay: OverlaySettings
) -> tuple[AlignmentFile, AlignedView]:
    """Read the file where an alignment goes on, or the one where it starts, and the view of either.

    With `align.calibration` the view is that calibration's, its roll included.
    Raises SettingsError naming the file, the key and what is wrong, CalibrationError for a camera
    that the calibration does not know.
    """
    file = resolve(align.file)
    alignment = read_alignment(file if file.exists() else resolve(align.start))
    if align.calibration is None:
        return alignment, AlignedView(alignment.camera)
    frames = load_frames(resolve(overlay.frames))
    calibration = read_calibration(resolve(align.calibration))
    camera = in_kinematic_base(posed_camera(calibration, overlay.serial, frames), frames)
    distance_m = alignment.camera.distance_m
    return alignment, AlignedView(
        *LookAtCamera.from_pose(camera.pose, fov_y_rad(camera.pinhole), distance_m)
    )


def write_aligned(
    alignment: AlignmentFile,
    view: AlignedView,
    pinhole: Pinhole,
    before: Calibration | None,
    align: AlignSettings,
    overlay: OverlaySettings,
) -> tuple[Path, Path]:
    """Write the camera's file, and a calibration of now of kind `optimised`. Returns their paths.

    pinhole: of the pictures as they come. before: a calibration whose other cameras stay where they
    are to this one.
    Raises SettingsError for a place that cannot be written, FrameError where `overlay.frames` does
    not tell how what a calibration calls the base stands to the URDF's own.
    """
    frames = load_frames(resolve(overlay.frames))
    pose = view.camera_from_kinematic_base @ frames["kinematic_base_from_base"]
    calibration = aligned_calibration(
        PosedCamera(pose, pinhole), overlay.serial, time.time_ns() // 1_000_000, before
    )
    file = resolve(align.file)
    write_alignment(alignment.with_camera(view.camera), file)
    return file, write_calibration(calibration, resolve(align.calibrations))


def write_clicked(
    points: ClickedPoints, lens: RealLens, width: int, height: int, align: AlignSettings
) -> Path:
    """Write the points that were clicked in straightened pictures of a size, px.

    The file, beside the camera's, has their pixels in the pictures as they come.
    Raises SettingsError for a place that cannot be written.
    """
    places, pixels = points.pairs()
    path = resolve(align.file).with_name(POINTS)
    pairs = zip(places.tolist(), lens.as_taken(pixels).tolist(), strict=True)
    picked = tuple(PickedPoint(base=tuple(base), pixel=tuple(pixel)) for base, pixel in pairs)
    write_points(PickedPoints(size=(width, height), points=picked), path)
    return path
