"""Where a calibration board is seen in a camera's footage."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.calibration_board import CalibrationBoard, FoundCorners
from operators.camera_settings import PictureSettings
from operators.picture_source import PictureFolder, open_source
from operators.transforms import Array
from operators.usage_error import UsageError

LONGEST_S: Final = 3600.0
"""A file that goes on for longer is not what somebody held a board before."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """A board in one picture.

    moment: counts the pictures of a folder, or the instants at which footage is looked at; cameras
    that see the board at the same one see it at the same place.
    """

    moment: int
    time_s: float
    corners: FoundCorners

    def outline(self, board: CalibrationBoard) -> Array:
        """Where the board's own four corners would be, (4, 2) px, without distortion."""
        flat = board.corners[self.corners.ids, :2]
        homography, _ = cv2.findHomography(flat, self.corners.pixels)
        across, down = np.array([board.columns, board.rows]) * board.square_mm / 1000.0
        ends = np.array([[[0.0, 0.0], [across, 0.0], [across, down], [0.0, down]]])
        return np.asarray(cv2.perspectiveTransform(ends, homography)[0], np.float64)


@dataclass(frozen=True, eq=False)
class BoardFootage:
    """What one camera's footage shows of a board.

    size: columns and rows of its pictures. looked_at: how many pictures were. sample: the picture,
    RGB, that shows the most corners, of `sighting`; both None where none shows any.
    """

    size: tuple[int, int]
    looked_at: int
    sightings: tuple[Sighting, ...]
    sample: NDArray[np.uint8] | None
    sample_sighting: Sighting | None


def look_for_board(
    board: CalibrationBoard,
    source: Path,
    rate_hz: float,
    offset_s: float = 0.0,
    progress: Callable[[int, int], None] = lambda looked_at, found: None,
) -> BoardFootage:
    """Look through a video, or the pictures of a folder, for a board.

    rate_hz: how often a video is looked at; of a folder every picture is. offset_s: is added to the
    footage's times, to make them those of the other cameras. progress: is called with how many
    pictures have been looked at, and how many show the board.
    Raises UsageError where there is no footage, or its pictures are not all of one size.
    """
    pictures = open_source(PictureSettings(source=source), "footage")
    if pictures.is_live:
        pictures.close()
        raise UsageError(f"{source}: is a camera; record it to a file first, and give that")
    is_folder = isinstance(pictures, PictureFolder)
    sightings: list[Sighting] = []
    sample: tuple[NDArray[np.uint8], Sighting] | None = None
    size: tuple[int, int] | None = None
    looked_at = index = -1
    moment = None
    while True:
        index += 1
        time_s = offset_s + index / pictures.rate_hz
        this = index if is_folder else round(time_s * rate_hz)
        # The picture nearest to an instant is the first one at which half of a period is left.
        half_s = 0.5 / pictures.rate_hz
        is_near = is_folder or abs(time_s - this / rate_hz) <= half_s + 1e-9
        if this == moment or not is_near:
            if not pictures.skip():
                break
            continue
        picture = pictures.read()
        if picture is None or index / pictures.rate_hz > LONGEST_S:
            break
        moment = this
        looked_at += 1
        size = _same_size(source, size, picture)
        corners = board.find(picture)
        if corners is not None:
            sighting = Sighting(this, time_s, corners)
            sightings.append(sighting)
            if sample is None or len(corners.ids) > len(sample[1].corners.ids):
                sample = picture, sighting
        progress(looked_at + 1, len(sightings))
    pictures.close()
    if size is None:
        raise UsageError(f"{source}: has no pictures")
    return BoardFootage(
        size,
        looked_at + 1,
        tuple(sightings),
        None if sample is None else sample[0],
        None if sample is None else sample[1],
    )


def _same_size(
    source: Path, size: tuple[int, int] | None, picture: NDArray[np.uint8]
) -> tuple[int, int]:
    rows, columns = picture.shape[:2]
    if size is not None and size != (columns, rows):
        raise UsageError(
            f"{source}: pictures of {size[0]}x{size[1]} px, and then one of {columns}x{rows}"
        )
    return columns, rows
