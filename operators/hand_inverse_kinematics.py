"""Joint angles of both hands, by fitting a skeleton to what several cameras see."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float, Float64
from numpy.typing import NDArray

from operators.bone_lengths import BoneMeasurement
from operators.calibration import CalibratedCamera
from operators.fitted_hands import FittedHands, Mask, no_hands
from operators.hand_fit_settings import HandFitSettings
from operators.hand_joint_limits import bend_axes, joint_limits
from operators.hand_kinematics import (
    HandSkeleton,
    axis_angle_from_rotation,
    rotation_from_axis_angle,
)
from operators.hand_start import HandPoses, are_near, cold_start, warm_start
from operators.jax_runtime import prepare_jax
from operators.transforms import Array
from operators.triangulation import TriangulatedPoints, Triangulator, projections

if TYPE_CHECKING:
    from operators.hand_solver import Fit, Seen

TOLERANCE: Final = 1e-4
"""Of the cost: a step that gains less is the last. Another one moves joints by less than 10 um."""

LEAST_JOINTS: Final = 8
"""A hand of which fewer joints are seen is not fitted."""


class HandFitter:
    """Turns pixels of several cameras into joint angles of both hands, picture after picture.

    cameras: of one calibration. settings: what the fit weighs. bones: both hands' skeleton, or bone
    lengths (2, 20), m; without them they are measured in the first pictures (`bones_known`).
    tolerance_px: of the triangulation.
    The first fit with a number of cameras compiles, for seconds; later starts find the result in
    the user's cache folder.
    Raises UsageError for fewer than two cameras, or bones of another shape; MissingJaxError.
    """

    def __init__(
        self,
        cameras: Sequence[CalibratedCamera],
        settings: HandFitSettings | None = None,
        bones: HandSkeleton | Float64[Array, "2 20"] | None = None,
        tolerance_px: float = 15.0,
    ) -> None:
        prepare_jax()
        from operators import hand_solver

        self._solver = hand_solver
        self._settings = HandFitSettings() if settings is None else settings
        self._weights = hand_solver.Weights(
            hand_solver.array(self._settings.keypoint_2d),
            hand_solver.array(self._settings.depth),
            hand_solver.array(self._settings.temporal),
            hand_solver.array(self._settings.limits),
            hand_solver.array(self._settings.huber_px),
            hand_solver.array(float(self._settings.scale)),
        )
        self._triangulator = Triangulator(cameras, tolerance_px)
        self._projections = projections(cameras)
        self._constant = hand_solver.array(self._projections)
        self._measures = bones is None
        self._measurement = BoneMeasurement(self._settings.good_px, self._settings.good_frames)
        if bones is None:
            bones = HandSkeleton.average()
        elif not isinstance(bones, HandSkeleton):
            bones = HandSkeleton.from_lengths(bones)
        self._use(bones)
        self.forget()

    @property
    def skeleton(self) -> HandSkeleton:
        """The bones that hands are fitted with."""
        return self._skeleton

    @property
    def bones_known(self) -> tuple[bool, bool]:
        """Whether the left and the right hand's bones are final: given, or measured often enough.

        A hand that was never seen has the mirror image of the other one's.
        """
        return self._measurement.known if self._measures else (True, True)

    @property
    def bone_origins(self) -> NDArray[np.int64]:
        """Where bones come from that were not given: (2,), of `bone_lengths.ORIGINS`."""
        return self._measurement.origins

    def forget(self) -> None:
        """Start the next fit anew: after a gap, or at the start of another video."""
        self._last = HandPoses.unknown()
        self._joints: Array = np.full((2, 21, 3), np.nan)

    def measure(self, triangulated: TriangulatedPoints) -> None:
        """Measure bones in points of one picture (42, the left hand first), if they are not known.

        `fit` does so by itself; whoever has all pictures may do it first, so that the bones are the
        same from the first picture on.
        """
        if not all(self.bones_known) and self._measurement.add(triangulated):
            self._use(self._measurement.skeleton)

    def fit(
        self,
        pixels: Float[Array, "views 2 21 2"],
        confidence: Float[Array, "views 2 21"],
        triangulated: TriangulatedPoints | None = None,
        depths: Float[Array, "views 2 21"] | None = None,
    ) -> FittedHands:
        """Fit both hands to one moment's pictures.

        pixels: (views, 2, 21, 2), px, column and row as the camera saw them, distorted, MediaPipe's
        order; NaN where one did not. confidence: (views, 2, 21), 0 to 1. triangulated: the same 42
        points, the left hand first, if they are there already. depths: (views, 2, 21), m, along
        each camera's z, NaN where it does not measure; for the weight `depth`, which without them
        takes the depths of the triangulated points.

        A view that triangulation found wrong does not count. A hand starts from its last pose, or
        from the triangulated palm if that is lost or elsewhere.
        Raises UsageError for another number of views than there are cameras.
        """
        views = len(pixels)
        flat, sure = pixels.reshape(views, 42, 2), confidence.reshape(views, 42)
        if triangulated is None:
            triangulated = self._triangulator.triangulate(flat, sure)
        self.measure(triangulated)
        points = triangulated.points.reshape(2, 21, 3)
        seen = self._seen(flat, sure, triangulated, depths)
        enough = (seen.weights > 0.0).any(axis=1).sum(axis=-1) >= LEAST_JOINTS
        warm = self._last.known & enough & are_near(self._joints, points)
        start = warm_start(self._skeleton, self._last, self._joints, points)
        if (enough & ~warm).any():
            start = HandPoses.chosen(warm, start, cold_start(self._skeleton, points))
        result = self._solved(seen, start, start.known & enough, warm)
        if (warm & ~result.valid).any():
            # Where it was last was no good start; where the palm is may be one.
            kept = HandPoses.chosen(result.valid, self._last, cold_start(self._skeleton, points))
            result = self._solved(seen, kept, kept.known & enough, warm & result.valid)
        return result

    def _use(self, skeleton: HandSkeleton) -> None:
        self._skeleton = skeleton
        self._axes = bend_axes(skeleton)
        self._model = self._solver.Model(
            self._solver.array(skeleton.bones.reshape(2, 5, 4, 3)),
            self._solver.array(self._axes),
            self._solver.array(joint_limits()),
        )

    def _seen(
        self,
        pixels: Array,
        confidence: Array,
        triangulated: TriangulatedPoints,
        depths: Array | None,
    ) -> "Seen":
        """What the solver needs of pixels (views, 42, 2) and their confidence (views, 42)."""
        ideal = self._triangulator.undistorted(pixels)
        counts = np.isfinite(ideal).all(axis=-1) & (confidence > 0.0)
        counts &= triangulated.used | ~triangulated.found
        measured = np.zeros_like(counts)
        wanted = np.zeros_like(confidence)
        if self._settings.depth > 0.0:
            ahead = self._projections[:, 2]
            wanted = ahead[:, :3] @ triangulated.points.T + ahead[:, 3:]
            if depths is not None:
                given = depths.reshape(wanted.shape)
                wanted = np.where(np.isfinite(given), given, wanted)
            measured = counts & np.isfinite(wanted)
        return self._solver.Seen(
            *(
                self._solver.array(_by_hand(values))
                for values in (
                    np.where(counts[..., None], ideal, 0.0),
                    np.where(counts, confidence, 0.0),
                    np.where(measured, wanted, 0.0),
                    np.where(measured, confidence, 0.0),
                )
            )
        )

    def _solved(self, seen: "Seen", start: HandPoses, known: Mask, warm: Mask) -> FittedHands:
        """Fit the hands whose start is known, and keep the poses of those that can be believed."""
        if not known.any():
            self.forget()
            return no_hands(self._skeleton)
        fit = self._solver.fit_hands(
            self._constant,
            self._model,
            seen,
            self._weights,
            self._solver.Pose(
                self._solver.array(start.rotation),
                self._solver.array(start.place),
                self._solver.array(start.turns),
                self._solver.array(start.log_scale),
            ),
            self._solver.array(known),
            self._solver.array(warm),
            self._settings.iterations,
            TOLERANCE,
        )
        result, self._last = self._believed(fit, seen, known)
        self._joints = result.joints
        return result

    def _believed(self, fit: "Fit", seen: "Seen", known: Mask) -> tuple[FittedHands, HandPoses]:
        """What came out, without hands that are seen elsewhere than they were fitted."""
        errors = np.asarray(fit.errors, dtype=np.float64)
        weights = np.asarray(seen.weights, dtype=np.float64)
        beside = np.array(
            [
                np.median(errors[side][weights[side] > 0.0]) if known[side] else np.inf
                for side in (0, 1)
            ]
        )
        valid = beside <= self._settings.lost_px
        lost = ~valid[:, None]
        agreement = np.minimum(1.0, self._settings.huber_px / np.maximum(errors, 1e-9))
        influence = weights * agreement
        total = influence.sum(axis=1)
        squares = (influence * errors**2).sum(axis=1)
        views = (weights > 0.0).sum(axis=1)
        unseen = (views == 0) | lost
        turns = np.asarray(fit.pose.turns, dtype=np.float64)
        wrist = axis_angle_from_rotation(fit.pose.rotation)
        fingers = np.einsum("sfjxa,sfja->sfjx", self._axes, turns).reshape(2, 15, 3)
        place = np.asarray(fit.pose.place, dtype=np.float64)
        log_scale = np.asarray(fit.pose.log_scale, dtype=np.float64)
        result = FittedHands(
            angles=np.where(lost[..., None], np.nan, np.concatenate([wrist[:, None], fingers], 1)),
            translations=np.where(lost, np.nan, place),
            scale=np.where(valid, np.exp(log_scale), np.nan),
            joints=np.where(lost[..., None], np.nan, np.asarray(fit.joints, dtype=np.float64)),
            reprojection_px=np.where(unseen, np.nan, np.sqrt(squares / np.maximum(total, 1e-12))),
            confidence=np.where(unseen, 0.0, total / np.maximum(views, 1)),
            valid=valid,
            iterations=np.where(valid, np.asarray(fit.iterations, dtype=np.int64), 0),
            skeleton=self._skeleton,
        )
        # Through the vector and back, so that single precision's rotations stay rotations.
        return result, HandPoses(rotation_from_axis_angle(wrist), place, turns, log_scale, valid)


def _by_hand(values: Array | Mask) -> NDArray[np.float32]:
    """Arrays (views, 42, ...) with the hand in front, (2, views, 21, ...), for the solver."""
    apart = values.reshape(len(values), 2, 21, *values.shape[2:])
    return np.ascontiguousarray(np.moveaxis(apart, 1, 0), dtype=np.float32)
