"""What a camera sees and what is made of it, for the viewer of rerun.io."""

from typing import Final

import numpy as np
import simplejpeg

from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import RerunSettings
from operators.hand_bones import PARENTS
from operators.hands import SIDES
from operators.joint_layout import mediapipe_from_webxr
from operators.messages import Hands
from operators.rerun_recording import RerunRecording
from operators.transforms import Array

COLOURS: Final = ((240, 160, 40), (60, 160, 240))
"""Left and right."""


class RerunView:
    """Logs pictures, keypoints and hands on the time at which the pictures were taken.

    Raises SettingsError without the package. Nothing is sent but to the viewer that is named.
    """

    def __init__(self, settings: RerunSettings) -> None:
        self._log_to = RerunRecording(settings)
        self.name = self._log_to.name
        self._rerun, self._recording = self._log_to.rerun, self._log_to.stream
        self._recording.log("stage", self._rerun.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)

    def show_image(self, image: CameraImage, capture_ns: int) -> None:
        """Show the camera's picture."""
        self._log_to.at(capture_ns)
        jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(image.pixels), quality=80)
        self._recording.log(
            "camera", self._rerun.EncodedImage(contents=jpeg, media_type="image/jpeg")
        )

    def show_keypoints(self, keypoints: Keypoints, capture_ns: int) -> None:
        """Show the keypoints in the picture; hands that are not followed are not drawn."""
        self._log_to.at(capture_ns)
        for side, name in enumerate(SIDES):
            pixels = keypoints.pixels[side] if keypoints.valid[side] else np.empty((0, 2))
            self._recording.log(
                f"camera/{name}",
                self._rerun.LineStrips2D(_bones(pixels), colors=COLOURS[side]),
                self._rerun.Points2D(_finite(pixels), colors=COLOURS[side], radii=3.0),
            )
        body = _finite(keypoints.body)[:, :2]
        self._recording.log("camera/body", self._rerun.Points2D(body, radii=2.0))

    def show_hands(self, hands: Hands, capture_ns: int) -> None:
        """Show the hands in the stage."""
        self._log_to.at(capture_ns)
        for side, name in enumerate(SIDES):
            joints = np.empty((0, 3))
            if hands.valid[side]:
                joints = mediapipe_from_webxr(hands.joint_positions[side])
            self._recording.log(
                f"stage/{name}",
                self._rerun.LineStrips3D(_bones(joints), colors=COLOURS[side]),
                self._rerun.Points3D(joints, colors=COLOURS[side], radii=0.006),
            )

    def close(self) -> None:
        """Write what is left."""
        self._log_to.close()


def _bones(joints: Array) -> list[Array]:
    """The bones between joints (21, n) that are there, (2, n) each."""
    if not len(joints):
        return []
    bones = [joints[[PARENTS[joint], joint]] for joint in range(1, len(PARENTS))]
    return [bone for bone in bones if np.isfinite(bone).all()]


def _finite(points: Array) -> Array:
    found: Array = points[np.isfinite(points).all(axis=1)]
    return found
