"""What several cameras see, and the hands that were made of it, for the viewer of rerun.io."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import simplejpeg

from operators.calibration import CalibratedCamera
from operators.camera_messages import CameraImage, Keypoints
from operators.camera_settings import RerunSettings
from operators.capture_messages import HandAngles
from operators.hands import SIDES
from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.rerun_recording import RerunRecording
from operators.transforms import Array, transform_points
from operators.whole_body import HAND_BONES, WHOLE_BODY_BONES, WHOLE_BODY_NAMES

TRIANGULATED, OPTIMISED, WHOLE_BODY = 0, 1, 2

CLASSES: Final = (
    (TRIANGULATED, "Triangulated Hand", (0, 0, 255), MEDIAPIPE_JOINTS, HAND_BONES),
    (OPTIMISED, "Optimized Hand", (255, 0, 0), MEDIAPIPE_JOINTS, HAND_BONES),
    (WHOLE_BODY, "Wholebody 133", (0, 0, 0), WHOLE_BODY_NAMES, WHOLE_BODY_BONES),
)
"""Number, name, colour, names of the points and lines between them."""

JPEG_QUALITY: Final = 15
LEAST_CONFIDENCE: Final = 0.3
"""Points of the body that are less sure are not drawn."""

PICTURE_PLANE_M: Final = 0.1


class AnglesView:
    """Logs pictures, keypoints, triangulated and fitted hands at the time of the pictures.

    cameras: by name, as in the messages. In space, `rig`, are both hands twice and the cameras; in
    each camera's picture the keypoints, and the fitted hands as that camera would see them.
    Raises SettingsError without the package. Nothing is sent but to the viewer that is named.
    """

    def __init__(self, settings: RerunSettings, cameras: Mapping[str, CalibratedCamera]) -> None:
        self._log_to = RerunRecording(settings)
        self.name = self._log_to.name
        self._rerun, self._recording = self._log_to.rerun, self._log_to.stream
        self._cameras = cameras
        self._describe()

    def show_image(self, image: CameraImage, capture_ns: int) -> None:
        """Show a camera's picture, as JPEG of quality 15."""
        self._log_to.at(capture_ns)
        pixels = np.ascontiguousarray(image.pixels)
        jpeg = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY)
        picture = self._rerun.EncodedImage(contents=jpeg, media_type="image/jpeg")
        self._recording.log(f"{_path(image.camera)}/picture", picture)

    def show_keypoints(self, keypoints: Keypoints, capture_ns: int) -> None:
        """Show what was found in a camera's picture: what is triangulated, and the whole body."""
        self._log_to.at(capture_ns)
        path = f"{_path(keypoints.camera)}/picture"
        for side, name in enumerate(SIDES):
            pixels = keypoints.pixels[side] if keypoints.valid[side] else np.empty((0, 2))
            self._show(f"{path}/{name}_keypoints", pixels, TRIANGULATED)
        sure = keypoints.body[:, 2] >= LEAST_CONFIDENCE
        body = np.where(sure[:, None], keypoints.body[:, :2], np.nan)
        self._show(f"{path}/body", body, WHOLE_BODY)

    def show_angles(self, angles: HandAngles, capture_ns: int) -> None:
        """Show both hands as they were triangulated and as they were fitted."""
        self._log_to.at(capture_ns)
        for side, name in enumerate(SIDES):
            fitted = angles.joints[side] if angles.valid[side] else np.empty((0, 3))
            self._show(f"rig/{name}_triangulated", angles.triangulated[side], TRIANGULATED)
            self._show(f"rig/{name}_optimized", fitted, OPTIMISED)
            for camera, calibrated in self._cameras.items():
                at = transform_points(calibrated.camera_from_marker.matrix, fitted)
                seen = np.where(at[:, 2:] > 0.0, calibrated.pinhole.project(at), np.nan)
                self._show(f"{_path(camera)}/picture/{name}_optimized", seen, OPTIMISED)

    def close(self) -> None:
        """Write what is left."""
        self._log_to.close()

    def _show(self, path: str, points: Array, which: int) -> None:
        """Show those points (n, 2 or 3) that are there, of a class, by their numbers in it."""
        known = np.flatnonzero(np.isfinite(points).all(axis=-1))
        kind = self._rerun.Points2D if points.shape[-1] == 2 else self._rerun.Points3D
        self._recording.log(
            path,
            kind(points[known], class_ids=which, keypoint_ids=known, show_labels=False),
        )

    def _describe(self) -> None:
        """Log what does not change: classes, cameras, and how the viewer is laid out."""
        rerun = self._rerun
        self._log_static(
            "/",
            rerun.AnnotationContext(
                [
                    rerun.ClassDescription(
                        info=rerun.AnnotationInfo(id=number, label=label, color=colour),
                        keypoint_annotations=[
                            rerun.AnnotationInfo(id=point, label=name, color=colour)
                            for point, name in enumerate(names)
                        ],
                        keypoint_connections=list(bones),
                    )
                    for number, label, colour, names, bones in CLASSES
                ]
            ),
        )
        for name, camera in self._cameras.items():
            from_rig = camera.camera_from_marker.matrix
            self._log_static(
                _path(name),
                rerun.Transform3D(
                    translation=from_rig[:3, 3],
                    mat3x3=from_rig[:3, :3],
                    relation=rerun.TransformRelation.ChildFromParent,
                ),
            )
            self._log_static(
                f"{_path(name)}/picture",
                rerun.Pinhole(
                    image_from_camera=camera.pinhole.matrix,
                    resolution=(camera.pinhole.width, camera.pinhole.height),
                    camera_xyz=rerun.ViewCoordinates.RDF,
                    image_plane_distance=PICTURE_PLANE_M,
                ),
            )
        self._recording.send_blueprint(self._blueprint())

    def _blueprint(self) -> Any:
        """The hands in space, and beside them a view a camera."""
        blueprint = self._rerun.blueprint
        pictures = [
            blueprint.Spatial2DView(origin=f"{_path(name)}/picture", name=name)
            for name in self._cameras
        ]
        space = blueprint.Spatial3DView(origin="rig", name="rig")
        return blueprint.Blueprint(
            blueprint.Horizontal(space, blueprint.Grid(*pictures)), collapse_panels=True
        )

    def _log_static(self, path: str, what: Any) -> None:
        self._recording.log(path, what, static=True)


def _path(camera: str) -> str:
    return f"rig/cameras/{camera}"
