"""rtmlib through stand-in models: what is asked of it, and what is made of its answers."""

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.camera_settings import KeypointsSettings
from operators.rtmlib_detector import LEFT_HAND, RIGHT_HAND, RtmlibDetector
from operators.settings import SettingsError

pytest.importorskip("rtmlib", reason="needs the extra `rtmlib`")

from tests.operators.stand_in_onnx import (
    BINS_A_PIXEL,
    write_detection_model,
    write_pose_model,
)

SIZE = 64
ROWS, COLUMNS = 200, 200
PADDING = 1.25
"""rtmlib's around a box."""

RED, BLUE = (250, 10, 10), (10, 10, 250)


def picture(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((ROWS, COLUMNS, 3), colour, np.uint8)


def bins_of(points: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(10, BINS_A_PIXEL * SIZE - 10, (points, 2))


def expected_pixels(bins: NDArray[np.int64], box: tuple[float, ...]) -> NDArray[np.float64]:
    """Where bins are in the picture: the box, padded around its middle, is the model's input."""
    left, top, right, bottom = box
    middle = np.array([left + right, top + bottom]) / 2
    size = max(right - left, bottom - top) * PADDING  # the input is a square
    return middle + (bins / BINS_A_PIXEL / SIZE - 0.5) * size


@pytest.fixture
def detector(tmp_path: Path) -> Any:
    def make(finds: str, points: int, boxes: Any = None, backend: str = "onnxruntime") -> Any:
        write_pose_model(tmp_path / "pose.onnx", bins_of(points), SIZE, SIZE)
        chosen: dict[str, Any] = {
            "finds": finds,
            "backend": backend,
            "pose_model": tmp_path / "pose.onnx",
            "pose_size": (SIZE, SIZE),
        }
        if boxes is not None:
            write_detection_model(tmp_path / "boxes.onnx", np.array(boxes), SIZE)
            chosen |= {"detection_model": tmp_path / "boxes.onnx", "detection_size": (SIZE, SIZE)}
        return RtmlibDetector(KeypointsSettings(detector="rtmlib", rtmlib=chosen))

    return make


@pytest.mark.parametrize("backend", ["onnxruntime", "opencv"])
def test_without_boxes_the_hand_is_looked_for_in_the_whole_picture(
    detector: Any, backend: str
) -> None:
    found = detector("hand", 21, backend=backend).detect(picture(RED), 0)
    (hand,) = found.hands
    expected = expected_pixels(bins_of(21), (0, 0, COLUMNS, ROWS))
    np.testing.assert_allclose(hand.pixels, expected, atol=1e-4)
    assert np.isnan(hand.right)
    assert np.isnan(hand.landmarks).all()
    assert np.isnan(found.body).all()


def test_confidences_are_kept_and_the_picture_is_given_as_bgr(detector: Any) -> None:
    red, blue = (detector("hand", 21).detect(picture(c), 0).hands[0] for c in (RED, BLUE))
    assert red.confidence > 0.7  # a fifth of the model's input is padding
    assert blue.confidence < 0.4
    np.testing.assert_allclose(red.joint_confidence, red.confidence)


def test_each_box_is_a_hand(detector: Any) -> None:
    ratio = SIZE / max(ROWS, COLUMNS)
    boxes = [(20, 30, 80, 90), (110, 120, 190, 180), (0, 0, 10, 10)]
    scored = [(*(ratio * edge for edge in box), 0.9 - 0.4 * i) for i, box in enumerate(boxes)]
    found = detector("hand", 21, scored).detect(picture(RED), 0)
    middles = sorted(tuple(hand.pixels.mean(axis=0)) for hand in found.hands)
    expected = sorted(tuple(expected_pixels(bins_of(21), box).mean(axis=0)) for box in boxes[:2])
    np.testing.assert_allclose(middles, expected, atol=0.5)


def test_no_box_no_hand(detector: Any) -> None:
    assert detector("hand", 21, [(0, 0, 10, 10, 0.1)]).detect(picture(RED), 0).hands == ()


def test_of_a_body_both_hands_and_all_points_are_known(detector: Any) -> None:
    found = detector("wholebody", 133).detect(picture(RED), 0)
    expected = expected_pixels(bins_of(133), (0, 0, COLUMNS, ROWS))
    np.testing.assert_allclose(found.body[:, :2], expected, atol=1e-4)
    assert (found.body[:, 2] > 0.7).all()
    left, right = found.hands
    assert (left.right, right.right) == (0.0, 1.0)
    # COCO-WholeBody counts the left hand first, whatever the seed says.
    assert (LEFT_HAND.start, RIGHT_HAND.start) == (91, 112)
    np.testing.assert_allclose(left.pixels, expected[91:112], atol=1e-4)
    np.testing.assert_allclose(right.pixels, expected[112:133], atol=1e-4)


def test_a_model_for_something_else_is_named(detector: Any) -> None:
    with pytest.raises(SettingsError, match=r"pose_model: finds 17 points, but hand has 21"):
        detector("hand", 17).detect(picture(RED), 0)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"pose_model": "absent.onnx"}, "rtmlib.pose_model: .*absent.onnx: no such file"),
        ({"pose_model": __file__}, "rtmlib.pose_model: .*cannot be loaded with onnxruntime on cpu"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_named(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        RtmlibDetector(KeypointsSettings(rtmlib=chosen))  # type: ignore[arg-type]


@pytest.mark.parametrize("finds", ["hand", "wholebody"])
def test_without_a_network_it_is_said_what_to_do(
    finds: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"could not be downloaded .* pose_model"):
        RtmlibDetector(KeypointsSettings(rtmlib={"finds": finds}))  # type: ignore[arg-type]


def test_hand_has_only_one_mode() -> None:
    with pytest.raises(ValueError, match="hand has only lightweight"):
        KeypointsSettings(rtmlib={"finds": "hand", "mode": "performance"})  # type: ignore[arg-type]
