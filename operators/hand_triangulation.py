"""The hands that several cameras see at one moment, triangulated."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from operators.calibration import CalibratedCamera
from operators.camera_messages import Keypoints
from operators.capture_messages import HandJoints
from operators.hands import SIDES
from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.transforms import Array
from operators.triangulation import Triangulator

JOINTS: Final = len(MEDIAPIPE_JOINTS)

LEAST_JOINTS: Final = 12
"""More than half of them: fewer come from two hands that were taken for one."""


class HandTriangulation:
    """Makes hands in space of the keypoints of several cameras.

    cameras: by name; their order is that of all arrays. tolerance_px: as `Triangulator` has it.
    Raises UsageError for fewer than two cameras.
    """

    def __init__(self, cameras: Mapping[str, CalibratedCamera], tolerance_px: float) -> None:
        self._names = tuple(cameras)
        self._triangulator = Triangulator(tuple(cameras.values()), tolerance_px)

    def triangulate(self, views: Mapping[str, Keypoints], skew_ns: int) -> HandJoints:
        """Find the joints.

        views: what cameras saw at the moment, by name, not necessarily all. skew_ns: between the
        earliest and the latest of their pictures.
        """
        pixels = np.full((len(self._names), len(SIDES), JOINTS, 2), np.nan)
        confidence = np.zeros((len(self._names), len(SIDES), JOINTS))
        image_seqs = np.full(len(self._names), -1, np.int64)
        for view, name in enumerate(self._names):
            if name in views:
                seen = views[name]
                pixels[view], confidence[view] = _seen(seen)
                image_seqs[view] = seen.image_seq
        flat = (len(self._names), len(SIDES) * JOINTS)
        points = self._triangulator.triangulate(pixels.reshape(*flat, 2), confidence.reshape(flat))
        shape = (len(SIDES), JOINTS)
        return HandJoints(
            cameras=self._names,
            image_seqs=image_seqs,
            skew_ms=skew_ns / 1e6,
            pixels=pixels,
            pixel_confidence=confidence,
            used=points.used.reshape(-1, *shape),
            valid=points.found.reshape(shape).sum(axis=1) >= LEAST_JOINTS,
            joints=points.points.reshape(*shape, 3),
            views=points.views.reshape(shape).astype(np.int64),
            confidence=points.confidence.reshape(shape),
            reprojection_px=points.reprojection_px.reshape(shape),
        )


def _seen(keypoints: Keypoints) -> tuple[Array, Array]:
    """Pixels (2, 21, 2) of the sides that are valid, and how sure each is (2, 21).

    A detector that tells nothing of single joints is as sure of each as of the hand.
    """
    of_joints, of_hand = keypoints.joint_confidence, keypoints.confidence[:, None]
    confidence = np.where(np.isfinite(of_joints), of_joints, of_hand)
    is_seen = keypoints.valid[:, None] & np.isfinite(keypoints.pixels).all(axis=-1)
    return (
        np.where(is_seen[..., None], keypoints.pixels, np.nan),
        np.where(is_seen, np.nan_to_num(confidence, nan=1.0), 0.0),
    )
