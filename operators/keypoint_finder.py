"""From a camera's picture to the keypoints of the operator's left and right hand."""

from collections.abc import Callable
from typing import Final, Self

import numpy as np

from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import KeypointsSettings
from operators.handedness import Handedness
from operators.keypoint_detector import JOINTS, DetectedHand, KeypointDetector
from operators.mediapipe_detector import MediapipeDetector
from operators.rtmlib_detector import RtmlibDetector
from operators.transforms import Array

DETECTORS: Final[dict[str, Callable[[KeypointsSettings], KeypointDetector]]] = {
    "mediapipe": MediapipeDetector,
    "rtmlib": RtmlibDetector,
}
"""By their names in the settings."""


class KeypointFinder:
    """Finds the operator's hands in pictures that follow each other.

    Raises SettingsError without the detector's package or its weights.
    """

    def __init__(self, settings: KeypointsSettings) -> None:
        self._name = settings.detector
        self._least = settings.min_confidence
        self._detector = DETECTORS[settings.detector](settings)
        self._handedness = Handedness(keep_flips=settings.side_flips == "keep")

    def find(self, image: CameraImage, image_seq: int, capture_ns: int) -> Keypoints:
        """Find the hands in the picture that follows the one before.

        image_seq: the picture's sequence number. capture_ns: when it was taken.
        A hand of less than `min_confidence` is not valid; a joint of less is not seen.
        """
        rows, columns, _ = image.pixels.shape
        found = self._detector.detect(image.pixels, capture_ns // 1_000_000)
        hands = self._handedness.assign(found.hands, columns, capture_ns / 1e9)
        return Keypoints(
            camera=image.camera,
            detector=self._name,
            image_seq=image_seq,
            columns=columns,
            rows=rows,
            lens=image.lens,
            distortion=image.distortion,
            valid=np.array([h is not None and h.confidence >= self._least for h in hands]),
            confidence=np.array([np.nan if h is None else h.confidence for h in hands]),
            pixels=np.array([self._seen_pixels(h) for h in hands]),
            joint_confidence=np.array(
                [np.full(JOINTS, np.nan) if h is None else h.joint_confidence for h in hands]
            ),
            landmarks=np.array(
                [np.full((JOINTS, 3), np.nan) if h is None else h.landmarks for h in hands]
            ),
            body=found.body,
        )

    def close(self) -> None:
        """Give back what the detector holds."""
        self._detector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _seen_pixels(self, hand: DetectedHand | None) -> Array:
        if hand is None:
            return np.full((JOINTS, 2), np.nan)
        unsure = hand.joint_confidence < self._least  # false where the detector does not tell
        return np.where(unsure[:, None], np.nan, hand.pixels)
