"""A calibration of one or several cameras from footage of a board."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from operators.board_footage import BoardFootage
from operators.calibration import CalibratedCamera, Calibration
from operators.calibration_board import CalibrationBoard
from operators.calibration_coverage import footage_faults, lens_faults, rig_faults
from operators.calibration_pictures import corners_picture, undistorted_picture
from operators.frames import Transform
from operators.lens_calibration import LensCalibration, calibrate_lens
from operators.pinhole import Pinhole
from operators.rig_calibration import RigCalibration, calibrate_rig
from operators.usage_error import UsageError


@dataclass(frozen=True, eq=False)
class CameraCalibration:
    """What calibrating gave.

    calibration: of kind marker; its marker is the board as it lay at `rig.origin_s`. lenses: by
    camera, those that were not known before. faults: by camera, or 'cameras' for how they stand to
    each other: what is poor, and what to do.
    """

    calibration: Calibration
    lenses: Mapping[str, LensCalibration]
    rig: RigCalibration
    faults: Mapping[str, list[str]]


def calibrate_cameras(
    board: CalibrationBoard,
    footage: Mapping[str, BoardFootage],
    timestamp_ms: int,
    *,
    terms: int = 5,
    origin_s: float | None = None,
    known: Mapping[str, Pinhole] | None = None,
) -> CameraCalibration:
    """Find each camera's lens, and where all of them are.

    footage: by camera. terms: of distortion. origin_s: when the board lay where the shared frame is
    to be, s. known: lenses that are not to be found anew; footage must be of their sizes.
    Raises UsageError naming the camera, and what its footage lacks.
    """
    lenses: dict[str, LensCalibration] = {}
    pinholes: dict[str, Pinhole] = {}
    for name, seen in footage.items():
        if known is not None and name in known:
            pinholes[name] = _of_size(name, known[name], seen.size)
            continue
        try:
            lenses[name] = calibrate_lens(board, seen, terms)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None
        pinholes[name] = lenses[name].pinhole
    rig = calibrate_rig(
        board,
        pinholes,
        {name: seen.sightings for name, seen in footage.items()},
        origin_s,
        known=pinholes.keys() - lenses.keys(),
    )
    lenses = {name: replace(lens, pinhole=rig.lenses[name]) for name, lens in lenses.items()}
    cameras = {
        name: CalibratedCamera(pinhole, Transform("camera", "marker", rig.camera_from_rig[name]))
        for name, pinhole in rig.lenses.items()
    }
    faults = {name: footage_faults(seen) for name, seen in footage.items()}
    for name, lens in lenses.items():
        faults[name] += lens_faults(board, lens)
    faults["cameras"] = rig_faults(rig)
    return CameraCalibration(
        Calibration(timestamp_ms, "marker", cameras),
        lenses,
        rig,
        {name: said for name, said in faults.items() if said},
    )


def write_pictures(
    board: CalibrationBoard,
    footage: Mapping[str, BoardFootage],
    found: CameraCalibration,
    folder: Path,
) -> list[Path]:
    """Write two pictures of each lens that was found, and give their paths."""
    written = []
    for name, lens in found.lenses.items():
        start = f"{found.calibration.timestamp_ms}_{name}"
        for what, picture in (
            ("corners", corners_picture(board, footage[name], lens)),
            ("undistorted", undistorted_picture(board, footage[name], lens)),
        ):
            path = folder / f"{start}_{what}.jpg"
            if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
                raise UsageError(f"{path}: cannot be written")
            written.append(path)
    return written


def _of_size(name: str, pinhole: Pinhole, size: tuple[int, int]) -> Pinhole:
    if (pinhole.width, pinhole.height) != size:
        raise UsageError(
            f"{name}: footage of {size[0]}x{size[1]} px, but its lens is known for "
            f"{pinhole.width}x{pinhole.height}; leave out --lenses, or record at that size"
        )
    return pinhole
