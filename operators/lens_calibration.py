"""A camera's lens, from pictures of a calibration board."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from operators.board_footage import BoardFootage, Sighting
from operators.calibration_board import CalibrationBoard
from operators.pinhole import Pinhole
from operators.transforms import Array
from operators.usage_error import UsageError

FEWEST_PICTURES: Final = 4
"""Fewer leave the lens open, as a plane tells two numbers of five."""

MOST_PICTURES: Final = 60
"""More add seconds, and nothing that differs from them."""

BLURRED: Final = 2.5
"""A picture whose error is so many times the median one's is left out: the board moved."""

ACCURATE_PX: Final = 0.3
"""But not where its error is as small as this."""

FLAGS: Final = {
    0: cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3,
    4: cv2.CALIB_FIX_K3,
    5: 0,
    8: cv2.CALIB_RATIONAL_MODEL,
}
"""By the number of distortion's terms."""


@dataclass(frozen=True, eq=False)
class LensCalibration:
    """A lens, and how well it is known.

    error_px: root mean square of the distances between corners seen and projected. sightings: those
    that were used. errors_px: of each, the same. focal_deviation: standard deviation of the focal
    length, as a share of it. left_out: pictures that do not fit.
    """

    pinhole: Pinhole
    error_px: float
    sightings: tuple[Sighting, ...]
    errors_px: Array
    focal_deviation: float
    left_out: int


def calibrate_lens(
    board: CalibrationBoard, footage: BoardFootage, terms: int = 5
) -> LensCalibration:
    """Find the lens that explains where the corners are seen.

    terms: of distortion, one of FLAGS: 0 for an ideal lens, 4 without k3, 8 for a wide one.
    Raises UsageError where too few pictures show the board, or no lens explains them.
    """
    if terms not in FLAGS:
        raise UsageError(f"terms: expected one of {', '.join(map(str, FLAGS))}, got {terms}")
    chosen = most_different(board, footage.sightings, footage.size, MOST_PICTURES)
    if len(chosen) < FEWEST_PICTURES:
        advice = (
            "does the board's file say what was printed, and is the board in the light and sharp?"
            if 2 * len(chosen) < footage.looked_at or footage.looked_at == 0
            else "take more, or look at more of a video (--rate)"
        )
        raise UsageError(
            f"the board is seen in {len(chosen)} of {footage.looked_at} pictures, and at least "
            f"{FEWEST_PICTURES} are needed: {advice}"
        )
    first = _solve(board, chosen, footage.size, terms)
    limit_px = max(BLURRED * float(np.median(first.errors_px)), ACCURATE_PX)
    fitting = [s for s, e in zip(chosen, first.errors_px, strict=True) if e <= limit_px]
    if len(fitting) == len(chosen) or len(fitting) < FEWEST_PICTURES:
        return first
    return _solve(board, fitting, footage.size, terms, len(chosen) - len(fitting))


def most_different(
    board: CalibrationBoard, sightings: Sequence[Sighting], size: tuple[int, int], count: int
) -> list[Sighting]:
    """The sightings whose boards lie most differently in the picture, in order of time.

    Each next one is the one farthest from those chosen, by where its outline is.
    """
    if len(sightings) <= count:
        return list(sightings)
    outlines = np.array([s.outline(board).ravel() for s in sightings]) / max(size)
    # The outline of a board seen nearly edge on may be far out; beyond that it tells no more.
    outlines = np.clip(outlines, -1.0, 2.0)
    chosen = [int(np.argmax([len(s.corners.ids) for s in sightings]))]
    distance = np.linalg.norm(outlines - outlines[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(outlines - outlines[chosen[-1]], axis=1))
    return [sightings[i] for i in sorted(chosen)]


def _solve(
    board: CalibrationBoard,
    sightings: Sequence[Sighting],
    size: tuple[int, int],
    terms: int,
    left_out: int = 0,
) -> LensCalibration:
    points = [board.corners[s.corners.ids].astype(np.float32) for s in sightings]
    pixels = [s.corners.pixels.astype(np.float32) for s in sightings]
    try:
        error_px, matrix, found, _, _, deviations, _, errors_px = cv2.calibrateCameraExtended(
            points, pixels, size, np.eye(3), np.zeros(max(terms, 5)), flags=FLAGS[terms]
        )
        pinhole = Pinhole.from_matrix(matrix, *size, np.ravel(found)[:terms])
    except cv2.error as error:
        raise UsageError(f"no lens explains the pictures: {str(error).strip():.200}") from None
    return LensCalibration(
        pinhole,
        float(error_px),
        tuple(sightings),
        np.ravel(errors_px),
        float(np.max(np.ravel(deviations)[:2] / pinhole.lens[:2])),
        left_out,
    )
