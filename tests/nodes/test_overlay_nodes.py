"""The overlay's nodes run alone, as dora runs them."""

import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from operators.header import Header
from operators.overlay_messages import CameraFrame, Overlay
from operators.reading_history import joint_readings
from operators.rgbd_recording import RgbdRecording
from operators.synthetic_robot import SERIAL
from tests.nodes.alone import Alone
from tests.synthetic_recording import HEIGHT, WIDTH

pytestmark = [pytest.mark.gl, pytest.mark.node]

OUTPUTS = ["overlay", "silhouette", "depth", "cloud", "robot_pose"]
MS = 1_000_000


@pytest.fixture
def alone(tmp_path: Path, recording: Path) -> Any:
    def make(name: str, **environment: str) -> Alone:
        given = {"PANODORA__OVERLAY__RECORDING": str(recording), **environment}
        return Alone(name, tmp_path, given)

    return make


def of(sent: list[dict[str, Any]], output: str) -> list[dict[str, Any]]:
    return [message for message in sent if message["id"] == output]


def feed(node: Alone, recording: Path, index: int, at_s: float, late_ms: int = 0) -> None:
    opened = RgbdRecording(recording, SERIAL)
    timestamp = opened.timestamps_ms[index]
    frame = opened.frame(timestamp)
    capture_ns = int(at_s * 1e9)
    readings = joint_readings("test", opened.readings(timestamp))
    node.message("joint_readings", readings, at_s, Header(index, capture_ns - late_ms * MS))
    picture = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    node.message("camera_frame", picture, at_s + 0.02, Header(index, capture_ns))


def test_draw_overlay_draws_every_frame_and_what_comes_of_it(alone: Any, recording: Path) -> None:
    node = alone("draw_overlay")
    feed(node, recording, 0, 0.1)
    feed(node, recording, 3, 0.6)
    sent, _ = node.run(OUTPUTS, 1.2)
    assert [len(of(sent, output)) for output in OUTPUTS] == [2] * len(OUTPUTS)
    silhouettes = [
        np.reshape(message["data"], (HEIGHT, WIDTH)) for message in of(sent, "silhouette")
    ]
    assert all(3000 < (s == 255).sum() < 10_000 for s in silhouettes)
    assert (silhouettes[0] != silhouettes[1]).sum() > 100  # the robot has moved
    names = of(sent, "robot_pose")[0]["data"][0]["link_names"]
    assert "0:left_tcp" in names


def test_draw_overlay_says_what_is_wrong_and_lives(alone: Any, recording: Path) -> None:
    node = alone("draw_overlay")
    opened = RgbdRecording(recording, SERIAL)
    frame = opened.frame(opened.timestamps_ms[0])
    readings = opened.readings(opened.timestamps_ms[0])
    node.message("camera_frame", CameraFrame.of(SERIAL, frame.colour, None, 0), 0.1)
    node.message("joint_readings", joint_readings("test", readings), 0.2)
    small = CameraFrame.of(SERIAL, frame.colour[:90], None, 0)
    node.message("camera_frame", small, 2.4, Header(2, 200 * MS))
    feed(node, recording, 2, 3.6, late_ms=300)
    feed(node, recording, 3, 4.0)
    sent, said = node.run(OUTPUTS, 4.6)
    assert "joint_readings: no joint readings have come" in said
    assert "expected 320x180 px as the calibration says, got 320x90" in said
    assert "the nearest joint readings are 300 ms from the picture" in said
    # Frames without readings are shown with a sentence, and no robot.
    assert len(of(sent, "overlay")) == 3
    assert len(of(sent, "silhouette")) == 1


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("SERIAL", "5", "no camera '5'; there are 900000000001"),
        ("CALIBRATION_MS", "12", "no calibration of 12; there are 1749999940000"),
        ("CALIBRATIONS", "/nowhere", "/nowhere: no calibration here"),
        ("FRAMES", "configs/frames/none.yml", "none.yml: cannot be read"),
    ],
)
def test_wrong_settings_end_the_node_with_one_clear_line(
    alone: Any, key: str, value: str, words: str
) -> None:
    node = alone("draw_overlay", **{f"PANODORA__OVERLAY__{key}": value})
    with pytest.raises(AssertionError) as ended:
        node.run(OUTPUTS, 0.2)
    assert words in str(ended.value)
    assert "Traceback" not in str(ended.value)


def test_read_rgbd_plays_the_recording_to_its_end(alone: Any, recording: Path) -> None:
    node = alone("read_rgbd", PANODORA__OVERLAY__LOOP="false", PANODORA__OVERLAY__RATE_HZ="20")
    for i in range(40):
        node.tick(0.1 + 0.05 * i)
    sent, said = node.run(["joint_readings", "camera_frame"], 2.5)
    frames, readings = of(sent, "camera_frame"), of(sent, "joint_readings")
    assert 1 <= len(frames) == len(readings) <= 6  # late ones are passed over
    assert "replay: finished" in said
    opened = RgbdRecording(recording, SERIAL)
    planes = np.array(frames[-1]["data"], np.uint8)
    last = opened.frame(opened.timestamps_ms[-1]).colour
    np.testing.assert_array_equal(planes[: last.size], last.reshape(-1))
    left = opened.readings(opened.timestamps_ms[-1])["left"]
    np.testing.assert_array_equal(readings[-1]["data"][0]["left"], left.joints)


def test_read_rgbd_says_which_picture_is_broken_and_goes_on(
    alone: Any, recording: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "recording"
    shutil.copytree(recording, copied)
    opened = RgbdRecording(copied, SERIAL)
    (copied / f"cam_{SERIAL}/color/{opened.timestamps_ms[0]}.png").write_bytes(b"no picture")
    node = alone("read_rgbd", PANODORA__OVERLAY__RECORDING=str(copied))
    for i in range(20):
        node.tick(0.1 + 0.1 * i)
    sent, said = node.run(["joint_readings", "camera_frame"], 2.5)
    assert "cannot be read as a picture" in said
    assert of(sent, "camera_frame")


def test_write_video_leaves_a_file_that_plays(alone: Any, tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    node = alone("write_video", PANODORA__OVERLAY__VIDEO=str(path))
    for i in range(4):
        pixels = np.full((48, 64, 3), 40 * i, np.uint8)
        overlay = Overlay(serial=SERIAL, pixels=pixels)
        node.message("overlay", overlay, 0.2 * (i + 1), Header(i, i * 80 * MS))
    _, said = node.run([], 1.2)
    (written,) = re.findall(rf"{path}: (\d) pictures", said)
    # Of those that wait, the newest is taken: a machine that stops begins with a later one.
    assert 1 <= int(written) <= 5
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == int(written)
    assert video.get(cv2.CAP_PROP_FPS) == 15


def test_view_3d_writes_its_file(alone: Any, tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs the extra `rerun`")
    path = tmp_path / "overlay.rrd"
    node = alone("view_3d", PANODORA__OVERLAY__VIEW_3D=str(path))
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    node.message("overlay", Overlay(serial=SERIAL, pixels=pixels), 0.1)
    node.run([], 0.6)
    assert path.stat().st_size > 10_000
