"""What is made of a detector's hands, with a detector whose hands are known."""

import numpy as np
import pytest

from operators import keypoint_finder
from operators.camera_messages import CameraImage
from operators.camera_settings import KeypointsSettings
from operators.keypoint_detector import DetectedHand, Detection
from operators.keypoint_finder import KeypointFinder

IMAGE = CameraImage(
    camera="above",
    pixels=np.zeros((480, 640, 3), np.uint8),
    lens=np.arange(4.0),
    distortion=np.arange(14.0),
)


def hand(confidence: float, joint_confidence: float = np.nan) -> DetectedHand:
    random = np.random.default_rng(0)
    return DetectedHand(
        right=0.95,
        confidence=confidence,
        pixels=random.uniform(100, 200, (21, 2)),
        joint_confidence=np.full(21, joint_confidence),
        landmarks=random.uniform(-0.1, 0.1, (21, 3)),
    )


def finder(monkeypatch: pytest.MonkeyPatch, *hands: DetectedHand) -> KeypointFinder:
    class Known:
        def detect(self, pixels: np.ndarray, time_ms: int) -> Detection:
            assert pixels.shape == (480, 640, 3)
            return Detection(hands, np.full((133, 3), 7.0))

        def close(self) -> None:
            pass

    monkeypatch.setitem(keypoint_finder.DETECTORS, "mediapipe", lambda _: Known())
    return KeypointFinder(KeypointsSettings(min_confidence=0.6))


def test_a_hand_goes_to_its_side_with_all_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = hand(0.9)
    found = finder(monkeypatch, seen).find(IMAGE, 5, 10**9)
    found.check()
    assert found.camera == "above"
    assert (found.detector, found.image_seq, found.columns, found.rows) == (
        "mediapipe",
        5,
        640,
        480,
    )
    assert found.valid.tolist() == [False, True]
    np.testing.assert_array_equal(found.confidence, [np.nan, 0.9])
    np.testing.assert_array_equal(found.pixels[1], seen.pixels)
    np.testing.assert_array_equal(found.landmarks[1], seen.landmarks)
    assert np.isnan(found.pixels[0]).all()
    np.testing.assert_array_equal(found.lens, IMAGE.lens)
    np.testing.assert_array_equal(found.distortion, IMAGE.distortion)
    np.testing.assert_array_equal(found.body, 7.0)


def test_an_unsure_hand_is_shown_but_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = finder(monkeypatch, hand(0.59)).find(IMAGE, 0, 10**9)
    assert not found.valid.any()
    assert found.confidence[1] == 0.59
    assert np.isfinite(found.pixels[1]).all()


def test_unsure_joints_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = hand(0.9, 0.8)
    seen.joint_confidence[[3, 7]] = 0.5
    found = finder(monkeypatch, seen).find(IMAGE, 0, 10**9)
    missing = np.flatnonzero(np.isnan(found.pixels[1]).any(axis=1))
    assert missing.tolist() == [3, 7]
    np.testing.assert_array_equal(found.joint_confidence[1], seen.joint_confidence)


def test_no_hand_is_no_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    found = finder(monkeypatch).find(IMAGE, 0, 10**9)
    found.check()
    assert not found.valid.any()
    assert np.isnan(found.confidence).all()
