"""Whether pictures of a board tell enough about a lens, and what is missing in words."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from operators.board_bundle import SeenBoard
from operators.board_footage import BoardFootage, Sighting
from operators.calibration_board import CalibrationBoard
from operators.lens_calibration import LensCalibration
from operators.pinhole import Pinhole
from operators.rig_calibration import RigCalibration, board_pose
from operators.transforms import Array

FEW_PICTURES: Final = 10
LITTLE_TILT_DEG: Final = 20.0
"""A board that is always held square on cannot tell the focal length from its distance."""

BARE_STRIP: Final = 0.2
"""Of the picture's width or height."""

UNSURE_FOCAL: Final = 0.005
"""Half a percent is 2.5 mm at half a metre."""

LARGE_ERROR_PX: Final = 1.0
FEW_TOGETHER: Final = 8

UNEVEN_S: Final = 0.016
"""Half of the time between two pictures."""

ROWS: Final = ("upper", "middle", "lower")
COLUMNS: Final = ("left", "middle", "right")


def lens_faults(board: CalibrationBoard, lens: LensCalibration) -> list[str]:
    """What is poor about a lens's calibration, and what to do; empty where it is good."""
    pinhole, sightings = lens.pinhole, lens.sightings
    faults = []
    if len(sightings) < FEW_PICTURES:
        faults.append(
            f"only {len(sightings)} pictures were used: hold the board in more places, "
            f"{FEW_PICTURES} at least and better 30"
        )
    empty = empty_regions(pinhole, sightings)
    if empty:
        where = ", ".join(empty)
        faults.append(
            f"no corners in the picture's {where}: distortion is a guess there; hold the board so "
            "that it fills them too"
        )
    bare = bare_edges(pinhole, sightings)
    if bare:
        said = ", ".join(f"{edge} {100 * share:.0f} %" for edge, share in bare.items())
        faults.append(
            f"no corners in the picture's {said}: distortion is a guess there; bring the board "
            "nearer to that edge"
        )
    tilt_deg = largest_tilt_deg(board, pinhole, sightings)
    if tilt_deg < LITTLE_TILT_DEG:
        faults.append(
            f"the board was never tilted by more than {tilt_deg:.0f} degrees, which leaves the "
            "focal length open: tilt it by 30 to 45, to each side"
        )
    if lens.focal_deviation > UNSURE_FOCAL:
        faults.append(
            f"the focal length is known to {100 * lens.focal_deviation:.1f} % only: more pictures, "
            "nearer to the camera and more tilted"
        )
    if lens.error_px > LARGE_ERROR_PX:
        faults.append(
            f"the lens explains the corners to {lens.error_px:.1f} px only: is the board flat, "
            "does its file say what was printed, was it held still, is the lens a very wide one "
            "(--terms 8)?"
        )
    return faults


def footage_faults(footage: BoardFootage) -> list[str]:
    """What is wrong with footage itself, and what to do; empty where nothing is."""
    if footage.uneven_s <= UNEVEN_S:
        return []
    return [
        f"its pictures are up to {1000 * footage.uneven_s:.0f} ms from an even rate, as "
        "telephones' are, so that they cannot be put together with others: make it even, "
        "`ffmpeg -i FILE -vf fps=30 even.mp4`"
    ]


def rig_faults(rig: RigCalibration) -> list[str]:
    """What is poor about where the cameras are, and what to do; empty where it is good."""
    if len(rig.errors_px) == 1:
        return []
    faults = [
        f"{name} saw the board together with another camera at {count} moments only: hold it "
        "where two of them see it"
        for name, count in rig.together.items()
        if count < FEW_TOGETHER
    ]
    if rig.disagreeing():
        said = ", ".join(
            f"{name} {rig.errors_px[name]:.2f} px and alone {rig.alone_px[name]:.2f}"
            for name in rig.disagreeing()
        )
        faults.append(
            f"together the cameras do not agree, {said}: is the footage of one of them later "
            "(--offset), or the board not flat?"
        )
    if rig.left_out > rig.views // 4:
        faults.append(
            f"{rig.left_out} of {rig.views} views do not fit and were left out: the board moved, "
            "or the cameras' footage does not begin at the same time (--offset)"
        )
    return faults


def empty_regions(pinhole: Pinhole, sightings: Sequence[Sighting]) -> list[str]:
    """Which of the picture's nine parts no corner was seen in."""
    pixels = np.concatenate([s.corners.pixels for s in sightings])
    part = np.floor(pixels / [pinhole.width, pinhole.height] * 3).astype(int).clip(0, 2)
    seen = {(int(column), int(row)) for column, row in part}
    return [
        "middle" if row == column == 1 else f"{ROWS[row]} {COLUMNS[column]}"
        for row in range(3)
        for column in range(3)
        if (column, row) not in seen
    ]


def bare_edges(pinhole: Pinhole, sightings: Sequence[Sighting]) -> dict[str, float]:
    """How wide a strip at each of the picture's edges has no corner, as a share of its size."""
    pixels = np.concatenate([s.corners.pixels for s in sightings])
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    strips = {
        "left": low[0] / pinhole.width,
        "right": 1.0 - high[0] / pinhole.width,
        "upper": low[1] / pinhole.height,
        "lower": 1.0 - high[1] / pinhole.height,
    }
    return {edge: float(share) for edge, share in strips.items() if share > BARE_STRIP}


def largest_tilt_deg(
    board: CalibrationBoard, pinhole: Pinhole, sightings: Sequence[Sighting]
) -> float:
    """How far the board was tilted away from the picture's plane at the most, degrees."""
    tilts = [
        _tilt_deg(
            board_pose(pinhole, SeenBoard(0, 0, board.corners[s.corners.ids], s.corners.pixels))
        )
        for s in sightings
    ]
    return max(tilts)


def _tilt_deg(camera_from_board: Array) -> float:
    return float(np.rad2deg(np.arccos(np.clip(abs(camera_from_board[2, 2]), 0.0, 1.0))))
