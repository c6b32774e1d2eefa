"""Where a calibration board is seen in a camera's footage."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from math import ceil
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.calibration_board import FEWEST_CORNERS, CalibrationBoard, FoundCorners
from operators.camera_settings import PictureSettings
from operators.picture_source import PictureFolder, VideoFile, open_source
from operators.transforms import Array
from operators.usage_error import UsageError

LONGEST_S: Final = 3600.0
"""A file that goes on for longer is not what somebody held a board before."""


SAME: Final = 1e-6
"""Of the time between two pictures: nearer instants are the same."""

LOST_PX: Final = 0.5
"""A corner that, followed to the next picture and back, comes back so far off is not followed."""

FLOW_WINDOW: Final = (15, 15)


@dataclass(frozen=True, eq=False)
class Sighting:
    """A board in one picture.

    moment: counts the pictures of a folder, or the instants at which footage is looked at; cameras
    that see the board at the same one see it at the same place. time_s: of that moment. corners:
    in the picture. together: where they were at the moment itself, which lies between that picture
    and the next one; None where they could not be followed. A hand moves a board by some pixels
    within the 33 ms that two cameras' pictures may be apart.
    """

    moment: int
    time_s: float
    corners: FoundCorners
    together: FoundCorners | None

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
    RGB, that shows the most corners, of `sample_sighting`; both None where none shows any.
    uneven_s: how far a picture's time was from what its place in the video says, at the most.
    """

    size: tuple[int, int]
    looked_at: int
    sightings: tuple[Sighting, ...]
    sample: NDArray[np.uint8] | None
    sample_sighting: Sighting | None
    uneven_s: float = 0.0


def look_for_board(
    board: CalibrationBoard,
    source: Path,
    rate_hz: float,
    offset_s: float = 0.0,
    progress: Callable[[int, int], None] = lambda looked_at, found: None,
) -> BoardFootage:
    """Look through a video, or the pictures of a folder, for a board.

    rate_hz: how often a video is looked at; of a folder every picture is, and its number is its
    time. offset_s: is added to a video's times, to make them those of the other cameras. progress:
    is called with how many pictures have been looked at, and how many show the board.
    Raises UsageError where there is no footage, or its pictures are not all of one size.
    """
    if not source.exists() and "*" not in source.name:
        raise UsageError(f"{source} is not there; expected a video, or a folder of pictures")
    pictures = open_source(PictureSettings(source=source), "footage")
    if pictures.is_live:
        pictures.close()
        raise UsageError(f"{source}: is a camera; record it to a file first, and give that")
    is_folder = isinstance(pictures, PictureFolder)
    look = _Look(board)
    for index in count():
        if is_folder:
            moment, time_s, share = index, float(index), 0.0
        else:
            taken_s = offset_s + index / pictures.rate_hz
            moment = ceil(taken_s * rate_hz - SAME)
            time_s = moment / rate_hz
            share = (time_s - taken_s) * pictures.rate_hz
        is_wanted = share < 1.0 - SAME
        if not is_wanted and look.pending is None:
            if not pictures.skip():
                break
            continue
        picture = pictures.read()
        if picture is None or index / pictures.rate_hz > LONGEST_S:
            break
        look.check_size(source, picture)
        look.follow(picture)
        if is_wanted:
            look.at(picture, moment, time_s, share)
            progress(look.looked_at, len(look.sightings))
    pictures.close()
    if look.size is None:
        raise UsageError(f"{source}: has no pictures")
    return BoardFootage(
        look.size,
        look.looked_at,
        tuple(look.sightings),
        look.sample,
        look.sample_sighting,
        pictures.uneven_s if isinstance(pictures, VideoFile) else 0.0,
    )


class _Look:
    """What has been seen so far."""

    def __init__(self, board: CalibrationBoard) -> None:
        self._board = board
        self.size: tuple[int, int] | None = None
        self.looked_at = 0
        self.sightings: list[Sighting] = []
        self.sample: NDArray[np.uint8] | None = None
        self.sample_sighting: Sighting | None = None
        self.pending: tuple[NDArray[np.uint8], float] | None = None
        """The picture of the last sighting whose corners are to be followed, and how far."""

    def check_size(self, source: Path, picture: NDArray[np.uint8]) -> None:
        rows, columns = picture.shape[:2]
        if self.size is not None and self.size != (columns, rows):
            raise UsageError(
                f"{source}: pictures of {self.size[0]}x{self.size[1]} px, and then one of "
                f"{columns}x{rows}"
            )
        self.size = columns, rows

    def at(self, picture: NDArray[np.uint8], moment: int, time_s: float, share: float) -> None:
        """Look for the board in a picture; share: how far the moment is on the way to the next."""
        self.looked_at += 1
        corners = self._board.find(picture)
        if corners is None:
            return
        is_now = share <= SAME
        sighting = Sighting(moment, time_s, corners, corners if is_now else None)
        self.sightings.append(sighting)
        self.pending = None if is_now else (picture, share)
        best = self.sample_sighting
        if best is None or len(corners.ids) > len(best.corners.ids):
            self.sample, self.sample_sighting = picture, sighting

    def follow(self, following: NDArray[np.uint8]) -> None:
        """Find out where the last sighting's corners were at its moment."""
        if self.pending is None:
            return
        (picture, share), self.pending = self.pending, None
        last = self.sightings[-1]
        together = _between(picture, following, last.corners, share)
        self.sightings[-1] = replace(last, together=together)


def _between(
    before: NDArray[np.uint8], after: NDArray[np.uint8], corners: FoundCorners, share: float
) -> FoundCorners | None:
    """Where corners of a picture are on their way to the next one."""
    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, after))
    start = corners.pixels.astype(np.float32)[:, None]
    end, went, _ = cv2.calcOpticalFlowPyrLK(first, second, start, None, winSize=FLOW_WINDOW)
    back, came, _ = cv2.calcOpticalFlowPyrLK(second, first, end, None, winSize=FLOW_WINDOW)
    off_px = np.linalg.norm((back - start)[:, 0], axis=1)
    kept = (np.ravel(went) == 1) & (np.ravel(came) == 1) & (off_px < LOST_PX)
    if kept.sum() < FEWEST_CORNERS:
        return None
    moved = (1.0 - share) * start[kept, 0] + share * end[kept, 0]
    return FoundCorners(corners.ids[kept], moved.astype(np.float64))
