"""Which of the hands in a picture is the operator's left one, and which the right one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from operators.keypoint_detector import DetectedHand
from operators.transforms import Array

SURE: Final = float(np.log(4.0))
"""Logarithm of the odds at which a hand's side is settled: one picture at 0.8 is enough. Of 1600
pictures of three videos with one hand, 9 called it by the wrong side, 5 of them surer than that."""

MOST_A_PICTURE: Final = 2.0
MOST: Final = 12.0
"""So that a side that was settled wrongly is corrected: by seven sure pictures at the most."""

GONE_S: Final = 0.5
"""A hand that was not seen for so long is another one when one is seen again."""

REACH: Final = 1.5
"""From one picture to the next a hand moves less than so many of its own sizes."""

_LEFT, _RIGHT = 0, 1


@dataclass(eq=False)
class _Track:
    """A hand that is followed from picture to picture."""

    middle: Array
    size: float
    seen_s: float
    odds: float = 0.0
    side: int | None = None


class Handedness:
    """Settles each hand's side once, and keeps it for as long as the hand is seen.

    A detector says of every picture anew which hand it is, and errs in a few; there it has taken
    the back of the hand for its palm, too, so such a picture counts as not seen. Were the side
    taken from each picture, both of the robot's hands would jump.

    keep_flips: such a picture counts as seen, for who uses its pixels alone: in two videos of one
    hand they lay within 6 px of where the other camera saw it, as those of other pictures do.
    """

    def __init__(self, *, keep_flips: bool = False) -> None:
        self._keep_flips = keep_flips
        self._tracks: list[_Track] = []

    def assign(
        self, hands: Sequence[DetectedHand], columns: int, time_s: float
    ) -> tuple[DetectedHand | None, DetectedHand | None]:
        """Say which of the hands is the left one and which the right one, None where none is.

        columns: of the picture, px. time_s: of the picture, by a clock that never goes back.
        A hand whose side is not settled yet, or that is called by the other one, is not assigned.
        """
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= GONE_S]
        free = list(self._tracks)
        assigned: list[DetectedHand | None] = [None, None]
        for hand in sorted(hands, key=lambda hand: -hand.confidence):
            middle, size = _place(hand)
            if not np.isfinite(size):
                continue
            track = _nearest(free, middle, size)
            if track is None:
                track = _Track(middle, size, time_s)
                self._tracks.append(track)
            else:
                free.remove(track)
            track.middle, track.size, track.seen_s = middle, size, time_s
            odds = _odds(hand, track, columns)
            track.odds = float(np.clip(track.odds + odds, -MOST, MOST))
            self._settle(track)
            if track.side is None:
                continue
            if self._keep_flips or odds * (1 if track.side == _RIGHT else -1) >= 0.0:
                assigned[track.side] = hand
        return assigned[_LEFT], assigned[_RIGHT]

    def _settle(self, track: _Track) -> None:
        """Give a track its side when it is sure, and nobody else has it."""
        if abs(track.odds) < SURE:
            return
        side = _RIGHT if track.odds > 0 else _LEFT
        if all(other.side != side for other in self._tracks if other is not track):
            track.side = side


def _place(hand: DetectedHand) -> tuple[Array, float]:
    """The middle of the hand's joints (2,) and their spread, px; NaN of none."""
    seen = hand.pixels[np.isfinite(hand.pixels).all(axis=1)]
    if len(seen) < 2:
        return np.full(2, np.nan), float("nan")
    middle: Array = seen.mean(axis=0)
    return middle, float(np.linalg.norm(np.ptp(seen, axis=0)))


def _nearest(tracks: Sequence[_Track], middle: Array, size: float) -> _Track | None:
    distances = [float(np.linalg.norm(track.middle - middle)) for track in tracks]
    if not distances or min(distances) > REACH * max(size, tracks[int(np.argmin(distances))].size):
        return None
    return tracks[int(np.argmin(distances))]


def _odds(hand: DetectedHand, track: _Track, columns: int) -> float:
    """How much a picture speaks for the right hand.

    Where the detector cannot tell, the place must, until a side is settled: of an operator who
    faces the camera the right hand is in the left half of the picture.
    """
    if np.isnan(hand.right):
        if track.side is not None:
            return 0.0
        return MOST_A_PICTURE if track.middle[0] < columns / 2.0 else -MOST_A_PICTURE
    right = float(np.clip(hand.right, 1e-3, 1.0 - 1e-3))
    return float(np.clip(np.log(right / (1.0 - right)), -MOST_A_PICTURE, MOST_A_PICTURE))
