"""MediaPipe's hand landmarker: 21 joints a hand, in the picture and in metres, without a network.

Which hand it is, MediaPipe's Tasks say of pictures that are not mirrored, as the operator would:
'Right' is the operator's right hand.
"""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from operators.camera_settings import KeypointsSettings
from operators.keypoint_detector import JOINTS, DetectedHand, Detection, no_body
from operators.landmarker_model import find_model
from operators.settings import SettingsError

QUIET_VERSIONS: Final = ("0.10.21", "0.10.30", "0.10.32", "0.10.33")
"""Opened no socket over a video of 621 pictures; 0.10.35 and 1.2.2 look up a host of Google's."""


class MediapipeDetector:
    """Finds up to two hands, each followed from picture to picture.

    Raises SettingsError if the library, a version of it that stays off the network, or the
    weights are not there.
    """

    def __init__(self, settings: KeypointsSettings) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise SettingsError(
                f"keypoints.detector: mediapipe cannot be imported ({error}): "
                "pip install 'panodora[video]'"
            ) from None
        if mediapipe.__version__ not in QUIET_VERSIONS:
            raise SettingsError(
                f"keypoints.detector: mediapipe {mediapipe.__version__} is not known to stay off "
                f"the network: pip install mediapipe=={QUIET_VERSIONS[-1]}"
            )
        options = vision.HandLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(find_model(settings.mediapipe_model))),
            # Of single pictures it swaps hands: in 18 of the 621 of a video with one right hand.
            running_mode=vision.RunningMode.VIDEO,
            num_hands=settings.most_hands,
            min_hand_detection_confidence=settings.min_confidence,
            min_hand_presence_confidence=settings.min_confidence,
            min_tracking_confidence=settings.min_confidence,
        )
        try:
            self._landmarker = vision.HandLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise SettingsError(
                f"keypoints.mediapipe_model: MediaPipe cannot use it: {reason}"
            ) from None
        self._picture_of = mediapipe.Image
        self._format = mediapipe.ImageFormat.SRGB
        self._last_ms = -1

    def detect(self, pixels: NDArray[np.uint8], time_ms: int) -> Detection:
        """Find the hands in the picture that follows the one before.

        Its only confidence is that of which hand it is: it does not tell those of being a hand at
        all, and of joints, but leaves out hands below `min_confidence`.
        """
        # Two pictures of one millisecond are an error to MediaPipe.
        self._last_ms = max(time_ms, self._last_ms + 1)
        picture = self._picture_of(self._format, np.ascontiguousarray(pixels))
        found = self._landmarker.detect_for_video(picture, self._last_ms)
        size = np.array([pixels.shape[1], pixels.shape[0]])
        hands = []
        for side, joints, landmarks in zip(
            found.handedness, found.hand_landmarks, found.hand_world_landmarks, strict=True
        ):
            score = float(side[0].score)
            hands.append(
                DetectedHand(
                    right=score if side[0].category_name == "Right" else 1.0 - score,
                    confidence=score,
                    pixels=np.array([(joint.x, joint.y) for joint in joints]) * size - 0.5,
                    joint_confidence=np.full(JOINTS, np.nan),
                    landmarks=np.array([(joint.x, joint.y, joint.z) for joint in landmarks]),
                )
            )
        return Detection(tuple(hands), no_body())

    def close(self) -> None:
        """Give back what MediaPipe holds: its own destructor fails once Python is ending."""
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
