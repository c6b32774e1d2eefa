"""Points in space from pixels in several calibrated cameras, robust to a view that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from numpy.typing import NDArray

from operators.calibration import CalibratedCamera
from operators.transforms import Array
from operators.usage_error import UsageError

REFINEMENTS: Final = 2
"""Solutions whose equations are divided by the depths of the one before; a third changes nothing
that matters (below 1 um at 1 px of noise)."""

LEAST_DEPTH_M: Final = 1e-3
"""What is nearer to a camera than this, or behind it, no camera sees."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TriangulatedPoints:
    """Points in the frame that the cameras share.

    points: (n, 3), m, NaN where fewer than two views agree. views: (n,), how many were used.
    reprojection_px: (n,), root mean square over those, in the cameras' ideal pictures; NaN without
    a point. confidence: (n,), mean of the used views', 0 without a point. used: (views, n).
    """

    points: Float64[Array, "n 3"]
    views: Int[NDArray[np.int64], " n"]
    reprojection_px: Float64[Array, " n"]
    confidence: Float64[Array, " n"]
    used: Bool[Mask, "views n"]

    @property
    def found(self) -> Bool[Mask, " n"]:
        """Which points there are."""
        return self.views >= 2


class Triangulator:
    """Finds where in space points are that several cameras see.

    cameras: of one calibration, at least two. tolerance_px: a view that sees a point farther than
    this from where the others put it is wrong and left out. Lower it for views of low resolution;
    raise it where cameras take their pictures at different times and hands are fast.
    Raises UsageError for fewer than two cameras.
    """

    def __init__(self, cameras: Sequence[CalibratedCamera], tolerance_px: float = 15.0) -> None:
        if len(cameras) < 2:
            raise UsageError(f"triangulation needs two cameras or more, got {len(cameras)}")
        self._cameras = tuple(cameras)
        self._tolerance_px = tolerance_px
        self._projections = projections(cameras)
        self._pairs = np.array(list(combinations(range(len(cameras)), 2)))

    def triangulate(
        self, pixels: Float[Array, "views n 2"], confidence: Float[Array, "views n"]
    ) -> TriangulatedPoints:
        """Find points from where they are seen.

        pixels: (views, n, 2), px, column and row as the camera saw them, distorted; NaN where one
        did not. confidence: (views, n), 0 to 1, how sure each is; 0 is as good as not seen.

        Each point is the solution of the linear equations of all views that see it (DLT: Hartley
        and Zisserman, Multiple View Geometry, 12.2), weighted by confidence and scaled to pixels.
        Where they disagree, the pair of views with which most others agree says which are wrong.
        """
        ideal = self.undistorted(pixels)
        seen = np.isfinite(ideal).all(axis=-1) & (confidence > 0.0)
        rows = np.where(seen[..., None], ideal, 0.0)
        weights = np.where(seen, confidence, 0.0)
        points, errors = self._solve(rows, weights)
        used = seen.copy()
        torn = (used & (errors > self._tolerance_px)).any(axis=0) & (seen.sum(axis=0) >= 2)
        if torn.any():
            used[:, torn] = self._agreeing(rows[:, torn], weights[:, torn])
            kept = np.where(used, weights, 0.0)
            points[torn], errors[:, torn] = self._solve(rows[:, torn], kept[:, torn])
            used &= errors <= self._tolerance_px
        views = used.sum(axis=0)
        lost = views < 2
        used[:, lost] = False
        views[lost] = 0
        points[lost] = np.nan
        count = np.where(lost, np.nan, views)
        squares = np.where(used, errors**2, 0.0).sum(axis=0)
        sure = np.where(used, confidence, 0.0).sum(axis=0) / np.maximum(views, 1)
        return TriangulatedPoints(points, views, np.sqrt(squares / count), sure, used)

    def undistorted(self, pixels: Float[Array, "views n 2"]) -> Float64[Array, "views n 2"]:
        """Where ideal cameras would see what these see at pixels (views, n, 2), px.

        Raises UsageError for another number of views than there are cameras.
        """
        return undistorted(self._cameras, pixels)

    def _agreeing(self, rows: Array, weights: Array) -> Mask:
        """Which views (views, n) agree with the best pair of them."""
        count = rows.shape[1]
        best = np.zeros((len(self._cameras), count), dtype=np.bool_)
        most = np.full(count, -np.inf)
        first, second = self._pairs.T
        pair_weights = np.zeros((len(self._pairs), *weights.shape))
        each = np.arange(len(self._pairs))
        pair_weights[each, first] = weights[first]
        pair_weights[each, second] = weights[second]
        both_see = (weights[first] > 0.0) & (weights[second] > 0.0)
        points = _linear(self._projections, rows, pair_weights)
        errors, depths = _reprojected(self._projections, points, rows)
        near = (errors <= self._tolerance_px) & (depths > LEAST_DEPTH_M) & (weights > 0.0)
        # Whoever has most views with it wins; among equals, whoever is nearest to those views.
        misses = np.where(near, np.minimum(errors / self._tolerance_px, 1.0), 0.0).sum(axis=1)
        votes = np.where(both_see, near.sum(axis=1) - misses / (len(self._cameras) + 1), -np.inf)
        for pair in each:
            better = votes[pair] > most
            most[better] = votes[pair, better]
            best[:, better] = near[pair][:, better]
        return best

    def _solve(self, rows: Array, weights: Array) -> tuple[Array, Array]:
        """Points (n, 3) and how far each view sees them from there (views, n), px."""
        points = _linear(self._projections, rows, weights)
        errors, depths = _reprojected(self._projections, points, rows)
        for _ in range(REFINEMENTS):
            depths = np.maximum(depths, LEAST_DEPTH_M)
            points = _linear(self._projections, rows, weights / depths**2)
            errors, depths = _reprojected(self._projections, points, rows)
        return points, np.where(depths > LEAST_DEPTH_M, errors, np.inf)


def projections(cameras: Sequence[CalibratedCamera]) -> Float64[Array, "views 3 4"]:
    """From points in the shared frame, m, to the cameras' ideal pictures, px, homogeneous."""
    return np.stack(
        [camera.pinhole.matrix @ camera.camera_from_marker.matrix[:3] for camera in cameras]
    )


def undistorted(
    cameras: Sequence[CalibratedCamera], pixels: Float[Array, "views n 2"]
) -> Float64[Array, "views n 2"]:
    """Where ideal cameras would see what these see at pixels (views, n, 2), px; NaN stays.

    Raises UsageError for another number of views than there are cameras.
    """
    if len(pixels) != len(cameras):
        raise UsageError(f"pixels of {len(pixels)} views, but there are {len(cameras)} cameras")
    ideal = np.full(pixels.shape, np.nan)
    for view, camera in enumerate(cameras):
        seen = np.isfinite(pixels[view]).all(axis=-1)
        ideal[view, seen] = camera.pinhole.undistorted(pixels[view, seen])
    return ideal


def _linear(projection: Array, rows: Array, weights: Array) -> Array:
    """Points (..., n, 3) from pixels (views, n, 2) by weighted normal equations.

    weights: (..., views, n). Points that fewer than two views see come out anywhere.
    """
    equations = rows[..., None] * projection[:, None, 2:3, :] - projection[:, None, :2, :]
    normal = np.einsum("vnai,vnaj->vnij", equations, equations)
    summed = np.einsum("...vn,vnij->...nij", weights, normal)
    left = summed[..., :3, :3]
    # Keeps the equations of points that nobody sees solvable, 1e-9 of what those of others are.
    scale = np.trace(left, axis1=-2, axis2=-1)[..., None, None]
    left = left + (1e-12 * scale + np.finfo(np.float64).tiny ** 0.5) * np.eye(3)
    solved: Array = np.linalg.solve(left, -summed[..., :3, 3:])[..., 0]
    return solved


def _reprojected(projection: Array, points: Array, rows: Array) -> tuple[Array, Array]:
    """How far from points (..., n, 3) pixels (views, n, 2) are, px, and the points' depths, m."""
    seen = np.einsum("vij,...nj->...vni", projection[:, :, :3], points)
    seen += projection[:, None, :, 3]
    depth = seen[..., 2]
    safe = np.where(np.abs(depth) > LEAST_DEPTH_M, depth, LEAST_DEPTH_M)
    errors: Array = np.linalg.norm(seen[..., :2] / safe[..., None] - rows, axis=-1)
    return errors, depth
