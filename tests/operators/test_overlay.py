"""Against MuJoCo's pictures of the robot, whose truth is known."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from operators.calibration import CalibrationError
from operators.message import MessageError
from operators.overlay import OverlayDrawer, OverlayResult, load_calibration
from operators.overlay_messages import CameraFrame
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import Readings
from operators.pinhole import ImageSizeError
from operators.rgbd_recording import RgbdRecording, calibration_time
from operators.settings import ROOT, SettingsError, load_settings
from operators.synthetic_robot import SERIAL, SyntheticRobot
from operators.undistortion import Undistortion
from operators.urdf_kinematics import JointError
from operators.usage_error import UsageError
from tests.synthetic_recording import HEIGHT, WIDTH, settings_of

pytestmark = pytest.mark.gl

PLAIN = {"tint": None, "outline": False, "opacity": 1.0, "tool_links": ()}


def drawer_of(settings: OverlaySettings) -> OverlayDrawer:
    return OverlayDrawer(settings, load_calibration(settings, calibration_time(settings.recording)))


def drawn(settings: OverlaySettings, index: int = 2, depth: bool = True) -> OverlayResult:
    recording = RgbdRecording(settings.recording, SERIAL)
    timestamp = recording.timestamps_ms[index]
    frame = recording.frame(timestamp)
    message = CameraFrame.of(SERIAL, frame.colour, frame.depth if depth else None, 1000)
    drawer = drawer_of(settings)
    result = drawer.draw(message, recording.readings(timestamp))
    drawer.close()
    return result


def recorded_depth(recording: Path, index: int = 2) -> NDArray[np.uint16]:
    opened = RgbdRecording(recording, SERIAL)
    depth = opened.frame(opened.timestamps_ms[index]).depth
    assert depth is not None
    return depth


def metres(result: OverlayResult) -> NDArray[np.float64]:
    return result.depth.pixels.view("<u2")[..., 0] / result.depth.depth_scale


def test_the_robot_is_drawn_where_mujoco_sees_it(recording: Path) -> None:
    result = drawn(settings_of(recording))
    ours, theirs = metres(result), recorded_depth(recording) / 1000.0
    drawn_there = result.silhouette.pixels > 0
    np.testing.assert_array_equal(drawn_there, ours > 0)
    visible = drawn_there & (np.abs(ours - theirs) < 0.004)
    in_front = drawn_there & (theirs > 0) & (theirs < ours - 0.004)  # the post, mostly
    # Neither: a few pixels at edges, where one of both just misses.
    assert (visible | in_front).sum() > 0.995 * drawn_there.sum()
    assert visible.sum() > 0.75 * drawn_there.sum()
    assert np.median(np.abs(ours - theirs)[visible]) < 0.0006  # depths are whole millimetres


def test_a_wrong_calibration_would_be_seen(recording: Path) -> None:
    settings = settings_of(recording)
    calibration = load_calibration(settings)
    seen = calibration.cameras[SERIAL]
    off = seen.camera_from_marker.matrix.copy()
    off[0, 3] += 0.02
    moved = dataclasses.replace(
        seen, camera_from_marker=dataclasses.replace(seen.camera_from_marker, matrix=off)
    )
    wrong = dataclasses.replace(calibration, cameras={**calibration.cameras, SERIAL: moved})
    opened = RgbdRecording(recording, SERIAL)
    timestamp = opened.timestamps_ms[2]
    frame = opened.frame(timestamp)
    drawer = OverlayDrawer(settings, wrong)
    message = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    result = drawer.draw(message, opened.readings(timestamp))
    drawer.close()
    ours = metres(result)
    there = ours > 0
    close = np.abs(ours - recorded_depth(recording) / 1000.0)[there] < 0.004
    assert close.mean() < 0.6


def test_a_distorted_picture_is_straightened_and_the_robot_drawn_as_ever(recording: Path) -> None:
    settings = settings_of(recording, opacity=0.0, outline=False, tool_links=())
    calibration = load_calibration(settings)
    seen = calibration.cameras[SERIAL]
    bent = dataclasses.replace(seen.pinhole, distortion=(-0.3, 0.1, 0.001, -0.002))
    cameras = {**calibration.cameras, SERIAL: dataclasses.replace(seen, pinhole=bent)}
    opened = RgbdRecording(recording, SERIAL)
    timestamp = opened.timestamps_ms[2]
    frame = opened.frame(timestamp)
    message = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    drawer = OverlayDrawer(settings, dataclasses.replace(calibration, cameras=cameras))
    result = drawer.draw(message, opened.readings(timestamp))
    drawer.close()
    straight = Undistortion(bent).picture(frame.colour)
    np.testing.assert_array_equal(result.overlay.pixels, straight)
    assert np.abs(straight.astype(int) - frame.colour).max() > 100
    np.testing.assert_array_equal(result.silhouette.pixels, drawn(settings).silhouette.pixels)


def test_what_is_nearer_hides_the_robot_where_there_is_depth(recording: Path) -> None:
    result, through = (
        drawn(settings_of(recording, **PLAIN)),
        drawn(settings_of(recording, **PLAIN), depth=False),
    )
    opened = RgbdRecording(recording, SERIAL)
    colour = opened.frame(opened.timestamps_ms[2]).colour
    ours, theirs = metres(result), recorded_depth(recording) / 1000.0
    hidden = (ours > 0) & (theirs > 0) & (theirs + 0.021 < ours)
    assert hidden.sum() > 60
    np.testing.assert_array_equal(result.overlay.pixels[hidden], colour[hidden])
    assert (through.overlay.pixels[hidden] != colour[hidden]).any(axis=-1).mean() > 0.9
    assert len(through.cloud.positions) == 0
    outside = ours == 0
    np.testing.assert_array_equal(result.overlay.pixels[outside], colour[outside])


def test_the_cloud_is_what_the_camera_saw(recording: Path) -> None:
    result = drawn(settings_of(recording))
    theirs = recorded_depth(recording)
    assert len(result.cloud.positions) == (theirs > 0).sum()
    with SyntheticRobot(WIDTH, HEIGHT) as truth:
        pixels = np.round(truth.pinhole.project(result.cloud.positions)).astype(int)
    np.testing.assert_allclose(
        result.cloud.positions[:, 2], theirs[pixels[:, 1], pixels[:, 0]] / 1000.0, atol=1e-6
    )


def test_links_and_tools_are_told_in_the_cameras_frame(recording: Path) -> None:
    result = drawn(settings_of(recording), index=0)
    with SyntheticRobot(WIDTH, HEIGHT) as truth:
        truth.frame(0.0)
        for link in ("left_tcp", "right_tcp", "right_link4"):
            pose = result.pose.camera_from_links[result.pose.link_names.index(f"0:{link}")]
            expected = truth.camera_from_kinematic_base @ truth.link_pose(link)
            np.testing.assert_allclose(pose[:3], expected[:3, 3], atol=1e-9)


def test_two_arms_with_their_own_urdfs_are_drawn_the_same(recording: Path) -> None:
    shipped = load_settings(ROOT / "configs/overlay_two_arms.yml").overlay
    two = shipped.model_copy(update={"recording": recording})
    apart, together = drawn(two), drawn(settings_of(recording))
    ours, theirs = metres(apart), metres(together)
    both = (ours > 0) & (theirs > 0)
    # The stand is in the whole robot's URDF alone.
    assert both.sum() > 0.99 * (ours > 0).sum()
    assert np.quantile(np.abs(ours - theirs)[both], 0.99) <= 0.001


def test_a_drawing_leaves_nothing_of_the_last_one(recording: Path) -> None:
    settings = settings_of(recording)
    opened = RgbdRecording(recording, SERIAL)
    timestamp = opened.timestamps_ms[5]
    frame = opened.frame(timestamp)
    message = CameraFrame.of(SERIAL, frame.colour, frame.depth, 1000)
    drawer = drawer_of(settings)
    stretched = drawer.draw(message, AT_HOME).silhouette.pixels > 0
    result = drawer.draw(message, opened.readings(timestamp))
    alone = drawn(settings, index=5)
    assert (stretched & (alone.silhouette.pixels == 0)).sum() > 500
    np.testing.assert_array_equal(result.silhouette.pixels, alone.silhouette.pixels)
    np.testing.assert_array_equal(result.depth.pixels, alone.depth.pixels)
    np.testing.assert_array_equal(result.overlay.pixels, alone.overlay.pixels)
    drawer.close()


GREY = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
AT_HOME = {side: Readings(np.zeros(7)) for side in ("left", "right")}


@pytest.mark.parametrize(
    ("frame", "readings", "error", "words"),
    [
        (CameraFrame.of("7", GREY, None, 1000), AT_HOME, UsageError, "a frame of camera '7'"),
        (
            CameraFrame.of(SERIAL, GREY[:, :-2], None, 1000),
            AT_HOME,
            ImageSizeError,
            "expected 320x180 px as the calibration says, got 318x180",
        ),
        (
            CameraFrame.of(SERIAL, GREY, None, 1000),
            {**AT_HOME, "right": Readings(np.zeros(6))},
            JointError,
            "right arm: expected 7 readings",
        ),
        (
            dataclasses.replace(CameraFrame.of(SERIAL, GREY, None, 1000), rows=99),
            AT_HOME,
            MessageError,
            "camera_frame.planes: expected 95040 bytes for 320x99 px, got 172800",
        ),
    ],
    ids=["serial", "size", "joint count", "bytes"],
)
def test_a_frame_that_does_not_fit_is_refused(
    recording: Path,
    frame: CameraFrame,
    readings: dict[str, Readings],
    error: type[Exception],
    words: str,
) -> None:
    drawer = drawer_of(settings_of(recording))
    with pytest.raises(error, match=words):
        drawer.draw(frame, readings)
    drawer.close()


PART = {"urdf": "assets/robots/two_arms/robot.urdf"}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"serial": "5"}, CalibrationError, "no camera '5'; there are 900000000001"),
        ({"calibration_ms": 3}, CalibrationError, "no calibration of 3; there are 1749999940000"),
        ({"frames": "configs/frames/exoskeleton.yml"}, UsageError, "no frame 'left_arm_base'"),
        ({"parts": [{**PART, "root": "floor"}]}, UsageError, "no frame 'floor'"),
        (
            {"parts": [{**PART, "left": "configs/arms/two_arms_right.yml", "right": None}]},
            None,
            "",
        ),
        (
            {
                "parts": [
                    {
                        "urdf": "assets/robots/two_arms/left_arm.urdf",
                        "right": "configs/arms/two_arms_right.yml",
                    }
                ]
            },
            JointError,
            "no joints right_joint1",
        ),
        ({"parts": [{"urdf": "nowhere.urdf"}]}, SettingsError, "cannot read this URDF"),
        ({"parts": []}, SettingsError, "nothing in these URDFs can be seen"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    recording: Path, change: dict[str, object], error: type[Exception] | None, words: str
) -> None:
    settings = settings_of(recording, **change)
    if error is None:
        drawer_of(settings).close()
        return
    with pytest.raises(error, match=words):
        drawer_of(settings)


def test_the_recording_names_its_calibration(recording: Path) -> None:
    meta = json.loads((recording / "meta.json").read_text())
    assert calibration_time(recording) == meta["calib_timestamp"] == 1749999940000
    assert calibration_time(recording / "nowhere") is None
