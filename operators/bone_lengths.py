"""The bones of both hands, measured in pictures where they are seen well."""

from collections import deque
from typing import Final

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from operators.hand_kinematics import BONES, PALM, HandSkeleton, bone_lengths, rest_directions
from operators.transforms import Array
from operators.triangulation import TriangulatedPoints

MOST: Final = 200
"""Measurements that count, the newest, of a hand of which a bone or two are never seen well."""

FIRST: Final = 10
"""Measurements of a hand that each change much; 95 ms are lost to the medians of 200."""

ALIGNMENTS: Final = 4
"""Rounds of aligning palms to their median; the second changes little."""

ORIGINS: Final = ("average", "mirrored", "measured")
"""Where a hand's bones come from; mirrored are those of the other hand."""

MIRROR: Final = np.array([-1.0, 1.0, 1.0])


class BoneMeasurement:
    """Collects bone lengths and palms from triangulated hands, and takes their medians.

    good_px: joints that reproject worse are left out. enough: measurements of each bone and of the
    palm of a hand; then it stays as it is.
    """

    def __init__(self, good_px: float = 5.0, enough: int = 30) -> None:
        self._good_px = good_px
        self._enough = enough
        most = max(MOST, enough)
        self._lengths: tuple[deque[Array], ...] = tuple(deque(maxlen=most) for _ in range(2))
        self._palms: tuple[deque[Array], ...] = tuple(deque(maxlen=most) for _ in range(2))
        self._seen = [0, 0]
        self._final: list[tuple[Array, Array] | None] = [None, None]

    def add(self, triangulated: TriangulatedPoints) -> bool:
        """Take what is good of both hands: 42 points, the left hand's 21 joints first.

        Returns whether it changes the skeleton of a hand that is not known yet enough to take it
        anew: each picture of the first ten, then one of ten, and the one that makes it known.
        """
        points = triangulated.points.reshape(2, 21, 3)
        good = (triangulated.reprojection_px <= self._good_px).reshape(2, 21)
        learned = False
        for side in (0, 1):
            if self._final[side] is not None or not good[side].any():
                continue
            joints = np.where(good[side, :, None], points[side], np.nan)
            self._lengths[side].append(bone_lengths(joints))
            palm = joints[list(PALM)]
            if np.isfinite(palm).all():
                self._palms[side].append(palm)
            if self._is_enough(side):
                self._final[side] = self._shape(side)
            self._seen[side] += 1
            often = self._seen[side] <= FIRST or self._seen[side] % FIRST == 0
            learned |= often or self._final[side] is not None
        return learned

    @property
    def known(self) -> tuple[bool, bool]:
        """Whether the left and the right hand were measured often enough."""
        left, right = self._final
        return left is not None, right is not None

    @property
    def origins(self) -> NDArray[np.int64]:
        """Where the left and the right hand's bones in `skeleton` come from, (2,), of ORIGINS."""
        own = np.array([bool(lengths) for lengths in self._lengths])
        return np.where(own, 2, np.where(own[::-1], 1, 0))

    @property
    def skeleton(self) -> HandSkeleton:
        """Both hands by what was measured so far.

        A hand that was not measured is the other one's mirror image; without either, or for bones
        without a measurement, an average hand's, as large as the bones that were measured.
        """
        shapes = []
        for side in (0, 1):
            measured = side if self._lengths[side] or not self._lengths[1 - side] else 1 - side
            lengths, palm = self._final[measured] or self._shape(measured)
            shapes.append((lengths, palm if measured == side else palm * MIRROR))
        lengths, palms = zip(*shapes, strict=True)
        return HandSkeleton.from_lengths(np.stack(lengths), np.stack(palms))

    def _is_enough(self, side: int) -> bool:
        if len(self._palms[side]) < self._enough:
            return False
        counts = np.isfinite(self._lengths[side]).sum(axis=0)
        return bool((counts >= self._enough).all())

    def _shape(self, side: int) -> tuple[Array, Array]:
        """Bone lengths (20,), m, and where the palm's bones point (5, 3)."""
        average = HandSkeleton.average()
        lengths = _median_lengths(list(self._lengths[side]), average.lengths[side])
        palms = self._palms[side]
        if not palms:
            return lengths, rest_directions()[side, ::4]
        return lengths, _median_palm(np.array(palms), average.palm[side])


def turn(points: Float64[Array, "n 3"], target: Float64[Array, "n 3"]) -> Float64[Array, "3 3"]:
    """The rotation that best takes points (n, 3) to their targets (n, 3), any translation.

    Kabsch, Acta Crystallographica A32, 1976.
    """
    product = (target - target.mean(axis=0)).T @ (points - points.mean(axis=0))
    left, _, right = np.linalg.svd(product)
    left[:, 2] *= np.sign(np.linalg.det(left @ right))
    rotation: Array = left @ right
    return rotation


def _median_lengths(measured: list[Array], average: Array) -> Float64[Array, "20"]:
    every = np.array(measured).reshape(-1, BONES)
    some = (every > 0.0).any(axis=0)
    if not some.any():
        return average
    found = np.full(BONES, np.nan)
    found[some] = np.nanmedian(every[:, some], axis=0)
    lengths: Array = np.where(some, found, average * np.median(found[some] / average[some]))
    return lengths


def _median_palm(
    palms: Float64[Array, "n 6 3"], rest: Float64[Array, "6 3"]
) -> Float64[Array, "5 3"]:
    """Where the palm's bones point, along the axes of the palm at rest."""
    middle = rest
    for _ in range(ALIGNMENTS):
        aligned = [(palm - palm.mean(axis=0)) @ turn(palm, middle).T for palm in palms]
        middle = np.median(aligned, axis=0)
    middle = (middle - middle.mean(axis=0)) @ turn(middle, rest).T
    directions: Array = middle[1:] - middle[0]
    return directions
