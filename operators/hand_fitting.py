"""From the joints that cameras see to angles, with bones that keep their lengths."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from operators.bone_lengths import BoneMeasurement
from operators.calibration import CalibratedCamera
from operators.capture_messages import HandAngles, HandJoints
from operators.hand_fit_settings import HandFitSettings
from operators.hand_inverse_kinematics import HandFitter
from operators.hand_kinematics import HandSkeleton
from operators.jax_runtime import prepare_jax
from operators.triangulation import TriangulatedPoints

LOOK_AHEAD: Final = 300
"""Moments of footage that show hands, ten seconds, that wait until the bones have been measured."""

MOST_WAITING: Final = 18_000
"""Moments at the most, ten minutes; those without hands take no more memory than the others: 10 kB
with four cameras."""


class HandFitting:
    """Fits moment after moment.

    cameras: by name, as in the messages. ahead: whether to measure bones before the first fit, so
    that they are the same from the first moment of footage on; the first moments then come late.
    Otherwise they are measured on the way, as live pictures must not wait.
    Raises UsageError for fewer than two cameras, MissingJaxError.
    """

    def __init__(
        self, cameras: Mapping[str, CalibratedCamera], settings: HandFitSettings, *, ahead: bool
    ) -> None:
        prepare_jax()  # says at once if it is not there
        self._cameras = tuple(cameras.values())
        self._settings = settings
        self._measurement = BoneMeasurement(settings.good_px, settings.good_frames)
        self._waiting: list[HandJoints] = []
        self._with_hands = 0
        self._ahead = ahead
        self._fitter = None if ahead else HandFitter(self._cameras, settings)

    def warm_up(self) -> None:
        """Fit an average hand once, so that the first real one need not wait for the compiler."""
        points = HandSkeleton.average().joints(np.zeros((2, 16, 3)), np.zeros((2, 3)))
        views = len(self._cameras)
        lenses = (camera.pinhole for camera in self._cameras)
        middles = np.array([[lens.width / 2, lens.height / 2] for lens in lenses])
        fitter = HandFitter(self._cameras, self._settings, HandSkeleton.average())
        fitter.fit(
            np.tile(middles[:, None, None], (1, 2, 21, 1)),
            np.ones((views, 2, 21)),
            TriangulatedPoints(
                points.reshape(42, 3),
                np.full(42, views),
                np.zeros(42),
                np.ones(42),
                np.ones((views, 42), np.bool_),
            ),
        )

    def add(self, joints: HandJoints) -> list[HandAngles]:
        """Take a moment, and give the angles of those that need not wait, in order."""
        if self._fitter is not None:
            return [self._fit(self._fitter, joints)]
        self._waiting.append(joints)
        self._measurement.add(triangulated_points(joints))
        self._with_hands += bool(joints.valid.any())
        if all(self._measurement.known):
            return self.finish()
        if self._with_hands < LOOK_AHEAD and len(self._waiting) < MOST_WAITING:
            return []
        return self.finish()

    def finish(self) -> list[HandAngles]:
        """Give the angles of all that wait: no more will come before they are wanted."""
        if self._fitter is None and self._waiting:
            bones = self._measurement.skeleton
            self._fitter = HandFitter(self._cameras, self._settings, bones)
        waiting, self._waiting = self._waiting, []
        return [self._fit(self._fitter, joints) for joints in waiting if self._fitter is not None]

    def _fit(self, fitter: HandFitter, joints: HandJoints) -> HandAngles:
        fitted = fitter.fit(joints.pixels, joints.pixel_confidence, triangulated_points(joints))
        return HandAngles(
            cameras=joints.cameras,
            image_seqs=joints.image_seqs,
            skew_ms=joints.skew_ms,
            valid=fitted.valid,
            angles=fitted.angles,
            translations=fitted.translations,
            scale=fitted.scale,
            bones=fitted.skeleton.bones,
            bones_from=self._measurement.origins if self._ahead else fitter.bone_origins,
            joints=fitted.joints,
            views=joints.views,
            confidence=fitted.confidence,
            reprojection_px=fitted.reprojection_px,
            triangulated=joints.joints,
        )


def triangulated_points(joints: HandJoints) -> TriangulatedPoints:
    """Both hands' 42 points, the left hand's first, as the triangulation gave them."""
    return TriangulatedPoints(
        joints.joints.reshape(42, 3),
        joints.views.reshape(42),
        joints.reprojection_px.reshape(42),
        joints.confidence.reshape(42),
        joints.used.reshape(-1, 42),
    )
