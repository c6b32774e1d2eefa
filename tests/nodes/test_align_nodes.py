"""The alignment's nodes run alone, as dora runs them."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.header import Header
from operators.overlay_messages import CameraFrame
from operators.reading_history import joint_readings
from operators.rgbd_recording import RgbdRecording
from operators.synthetic_robot import SERIAL
from tests.nodes.alone import Alone
from tests.synthetic_recording import HEIGHT, WIDTH

pytestmark = [pytest.mark.gl, pytest.mark.node]

OUTPUTS = ["overlay", "simulated_image"]


@pytest.fixture
def alone(tmp_path: Path, recording: Path) -> Any:
    def make(name: str, **environment: str) -> Alone:
        given = {
            "PANODORA_CONFIG": "configs/align_camera.yml",
            "PANODORA__HEADSET__PORT": "0",
            "PANODORA__OVERLAY__RECORDING": str(recording),
            "PANODORA__ALIGN__FILE": str(tmp_path / "camera.json"),
            **environment,
        }
        return Alone(name, tmp_path, given)

    return make


def of(sent: list[dict[str, Any]], output: str) -> list[dict[str, Any]]:
    return [message for message in sent if message["id"] == output]


# One picture each: a busy machine would let the newest of several win.


def test_align_camera_draws_a_picture(alone: Any, recording: Path) -> None:
    node = alone("align_camera")
    opened = RgbdRecording(recording, SERIAL)
    timestamp_ms = opened.timestamps_ms[0]
    colour = opened.frame(timestamp_ms).colour
    readings = joint_readings("test", opened.readings(timestamp_ms))
    node.message("joint_readings", readings, 0.1, Header(0, 0))
    node.message("camera_frame", CameraFrame.of(SERIAL, colour, None, 0), 0.1, Header(0, 0))
    sent, _ = node.run(OUTPUTS, 0.8)
    assert [len(of(sent, output)) for output in OUTPUTS] == [1, 1]
    shown = np.reshape(of(sent, "overlay")[0]["data"], (HEIGHT, WIDTH, 3))
    # The table beside the robot is the real one's.
    np.testing.assert_array_equal(shown[-20:, :20], colour[-20:, :20])
    assert (shown != colour).any()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (HEIGHT, "no joint readings have come"),
        (90, f"expected {WIDTH}x{HEIGHT} px as the calibration says, got {WIDTH}x90"),
    ],
)
def test_align_camera_says_what_is_wrong_with_a_picture(
    alone: Any, recording: Path, rows: int, words: str
) -> None:
    node = alone("align_camera")
    opened = RgbdRecording(recording, SERIAL)
    timestamp_ms = opened.timestamps_ms[0]
    if rows != HEIGHT:
        readings = joint_readings("test", opened.readings(timestamp_ms))
        node.message("joint_readings", readings, 0.1, Header(0, 0))
    colour = opened.frame(timestamp_ms).colour[:rows]
    node.message("camera_frame", CameraFrame.of(SERIAL, colour, None, 0), 0.1, Header(0, 0))
    sent, said = node.run(OUTPUTS, 0.5)
    assert words in said
    assert sent == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"base_camera_settings": {"pos": [1, 0, 1], "target": [0, 0, 0], "fov": 40}},
            "in radians",
        ),
    ],
)
def test_a_wrong_file_ends_the_node_with_one_clear_line(
    alone: Any, tmp_path: Path, content: dict[str, Any], words: str
) -> None:
    (tmp_path / "camera.json").write_text(json.dumps(content))
    with pytest.raises(AssertionError) as ended:
        alone("align_camera").run(OUTPUTS, 0.2)
    assert words in str(ended.value)
    assert "camera.json" in str(ended.value)
    assert "Traceback" not in str(ended.value)


def test_real_camera_plays_the_recording_with_its_joints(alone: Any, recording: Path) -> None:
    node = alone("real_camera")
    for i in range(12):
        node.tick(0.1 + 0.1 * i)
    sent, _ = node.run(["joint_readings", "camera_frame"], 1.5)
    frames, readings = of(sent, "camera_frame"), of(sent, "joint_readings")
    assert len(frames) == len(readings) >= 1
    opened = RgbdRecording(recording, SERIAL)
    lefts = [opened.readings(t)["left"].joints for t in opened.timestamps_ms]
    played = readings[-1]["data"][0]["left"]
    (index,) = [i for i, left in enumerate(lefts) if np.array_equal(left, played)]
    colour = opened.frame(opened.timestamps_ms[index]).colour
    planes = np.array(frames[-1]["data"], np.uint8)
    np.testing.assert_array_equal(planes[: colour.size], colour.reshape(-1))


def test_real_camera_sends_pictures_before_which_the_arms_stand_still(
    alone: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.full((48, 64, 3), (10, 20, 30), np.uint8))
    still = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    node = alone(
        "real_camera",
        PANODORA__ALIGN__REAL="camera",
        PANODORA__ALIGN__STILL=json.dumps({"left": {"joints": still, "width_m": 0.02}}),
        PANODORA__CAMERA__SOURCE=str(folder),
        PANODORA__CAMERA__LOOP="true",
    )
    for i in range(10):
        node.tick(0.1 + 0.1 * i)
    sent, _ = node.run(["joint_readings", "camera_frame"], 1.3)
    frame, readings = of(sent, "camera_frame")[-1], of(sent, "joint_readings")[-1]["data"][0]
    assert frame["data"][:3] == [30, 20, 10]
    assert len(frame["data"]) == 48 * 64 * 3
    assert readings["left"] == still
    assert readings["left_width_m"] == 0.02
    assert readings["right"] == [0.0] * 7


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"PANODORA__ALIGN__STILL": '{"left": {"joints": [1.0]}}'},
            "align.still.left: expected 7 joints",
        ),
        ({"PANODORA__CAMERA__SOURCE": "nowhere.mp4"}, "nowhere.mp4 is not there"),
    ],
)
def test_real_camera_says_what_there_is_not(
    alone: Any, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(AssertionError) as ended:
        alone("real_camera", PANODORA__ALIGN__REAL="camera", **environment).run([], 0.2)
    assert words in str(ended.value)
    assert "Traceback" not in str(ended.value)
