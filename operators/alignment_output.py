"""An alignment's files: where it begins, and what is written of it."""

import time
from pathlib import Path

import numpy as np

from operators.align_settings import AlignSettings
from operators.aligned_view import AlignedView
from operators.alignment_file import AlignmentFile, read_alignment, write_alignment
from operators.calibration import (
    BASE,
    KINEMATIC_BASE,
    CalibratedCamera,
    Calibration,
    Optimised,
)
from operators.calibration_file import write_calibration
from operators.frame_configuration import load_frames
from operators.frames import Transform
from operators.overlay_settings import OverlaySettings
from operators.pinhole import Pinhole
from operators.settings import resolve


def begin_alignment(settings: AlignSettings) -> AlignmentFile:
    """Read the file where an alignment goes on, or the one where it starts.

    Raises SettingsError naming the file, the key and what is wrong.
    """
    file = resolve(settings.file)
    return read_alignment(file if file.exists() else resolve(settings.start))


def aligned_calibration(
    view: AlignedView, pinhole: Pinhole, overlay: OverlaySettings, timestamp_ms: int
) -> Calibration:
    """The aligned camera as a calibration of kind `optimised`.

    pinhole: of the pictures as they come. What AirExo-2 calls the base, and a calibration names,
    has other axes than the URDF's own: `overlay.frames` tells how the two stand to each other.
    Raises FrameError where it does not.
    """
    frames = load_frames(resolve(overlay.frames))
    camera_from_kinematic_base = view.camera_from_kinematic_base
    camera_from_base = camera_from_kinematic_base @ frames[f"{KINEMATIC_BASE}_from_{BASE}"]
    # Of one camera alone: there is no other whose place would hang on the marker.
    marker = Transform("camera", "marker", np.eye(4))
    return Calibration(
        timestamp_ms,
        "optimised",
        {overlay.serial: CalibratedCamera(pinhole, marker)},
        Optimised(overlay.serial, camera_from_base),
    )


def write_aligned(
    alignment: AlignmentFile,
    view: AlignedView,
    pinhole: Pinhole,
    align: AlignSettings,
    overlay: OverlaySettings,
) -> tuple[Path, Path]:
    """Write the camera's file, and a calibration of now. Returns their paths.

    Raises SettingsError for a place that cannot be written, FrameError as `aligned_calibration`.
    """
    timestamp_ms = time.time_ns() // 1_000_000
    calibration = aligned_calibration(view, pinhole, overlay, timestamp_ms)
    file = resolve(align.file)
    write_alignment(alignment.with_camera(view.camera), file)
    return file, write_calibration(calibration, resolve(align.calibrations))
