"""rtmlib's hands or whole bodies: keypoints in the picture alone, with a confidence a joint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from operators.camera_settings import KeypointsSettings, RtmlibSettings
from operators.keypoint_detector import BODY_POINTS, JOINTS, DetectedHand, Detection, no_body
from operators.settings import SettingsError, resolve
from operators.transforms import Array

LEFT_HAND: Final = slice(91, 112)
RIGHT_HAND: Final = slice(112, 133)
"""Of COCO-WholeBody's 133 points, each hand in MediaPipe's order of joints."""

Model = Callable[..., Any]


class RtmlibDetector:
    """Finds hands, or bodies with their hands, through ONNX models.

    Raises SettingsError without the library, for models that cannot be loaded, and where rtmlib
    cannot download its own.

    It says nothing of a hand's shape in space: `landmarks` are NaN. A hand model does not know
    which hand it sees either; of a body both are known.
    """

    def __init__(self, settings: KeypointsSettings) -> None:
        self._settings = settings.rtmlib
        self._most_hands = settings.most_hands
        boxes, self._pose = _load(settings.rtmlib)
        self._boxes = boxes

    def detect(self, pixels: NDArray[np.uint8], time_ms: int) -> Detection:
        """Find hands in a picture (rows, columns, 3) RGB; each picture stands for itself."""
        bgr = np.ascontiguousarray(pixels[..., ::-1])  # the order that its models were trained in
        boxes = [] if self._boxes is None else list(self._boxes(bgr))
        if self._boxes is not None and not boxes:
            return Detection((), no_body())
        points, scores = self._pose(bgr, bboxes=boxes)
        points, scores = np.asarray(points, np.float64), np.asarray(scores, np.float64)
        if self._settings.finds == "hand":
            self._check(points, JOINTS)
            order = np.argsort(-scores.mean(axis=1))[: self._most_hands]
            hands = [_hand(points[i], scores[i], float("nan")) for i in order]
            return Detection(tuple(hands), no_body())
        self._check(points, BODY_POINTS)
        nearest = int(np.argmax(scores.mean(axis=1)))
        body = np.concatenate([points[nearest], scores[nearest][:, None]], axis=1)
        return Detection(
            (
                _hand(body[LEFT_HAND, :2], body[LEFT_HAND, 2], 0.0),
                _hand(body[RIGHT_HAND, :2], body[RIGHT_HAND, 2], 1.0),
            ),
            body,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _check(self, points: Array, expected: int) -> None:
        if points.shape[1] != expected:
            raise SettingsError(
                f"keypoints.rtmlib.pose_model: finds {points.shape[1]} points, but "
                f"{self._settings.finds} has {expected}: set keypoints.rtmlib.finds to what the "
                "model is for"
            )


def _hand(pixels: Array, scores: Array, right: float) -> DetectedHand:
    scores = np.clip(scores, 0.0, 1.0)
    return DetectedHand(
        right=right,
        confidence=float(scores.mean()),
        pixels=pixels,
        joint_confidence=scores,
        landmarks=np.full((JOINTS, 3), np.nan),
    )


def _load(settings: RtmlibSettings) -> tuple[Model | None, Model]:
    """What finds boxes, if anything does, and what finds keypoints in them."""
    try:
        import rtmlib
    except ImportError as error:
        raise SettingsError(
            f"keypoints.detector: rtmlib cannot be imported ({error}): "
            "pip install 'panodora[rtmlib]'"
        ) from None
    backend = {"backend": settings.backend, "device": settings.device}
    if settings.pose_model is None:
        return _downloaded(rtmlib, settings, backend)
    boxes: Model | None = None
    if settings.detection_model is not None:
        # Hands are found by RTMDet, people by YOLOX, as in rtmlib's own solutions.
        find = rtmlib.RTMDet if settings.finds == "hand" else rtmlib.YOLOX
        boxes = _from_file(
            find, "detection_model", settings.detection_model, settings.detection_size, backend
        )
    pose = _from_file(
        rtmlib.RTMPose, "pose_model", settings.pose_model, settings.pose_size, backend
    )
    return boxes, pose


def _from_file(
    make: Model, key: str, path: Path, size: tuple[int, int], backend: dict[str, str]
) -> Model:
    path = resolve(path)
    if not path.is_file():
        # rtmlib would take a path that is not there for an address.
        raise SettingsError(f"keypoints.rtmlib.{key}: {path}: no such file")
    try:
        model: Model = make(str(path), model_input_size=size, **backend)
    except Exception as error:  # noqa: BLE001  each backend has errors of its own
        raise SettingsError(
            f"keypoints.rtmlib.{key}: {path} cannot be loaded with {backend['backend']} on "
            f"{backend['device']}: {error}"
        ) from None
    return model


def _downloaded(
    rtmlib: Any, settings: RtmlibSettings, backend: dict[str, str]
) -> tuple[Model, Model]:
    solution = rtmlib.Hand if settings.finds == "hand" else rtmlib.Wholebody
    try:
        loaded = solution(mode=settings.mode, **backend)
    except OSError as error:
        raise SettingsError(
            f"keypoints.rtmlib: its weights could not be downloaded ({error}): fetch the ONNX "
            "files elsewhere, and give keypoints.rtmlib.detection_model and pose_model"
        ) from None
    return loaded.det_model, loaded.pose_model
