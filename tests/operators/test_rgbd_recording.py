import json
import shutil
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from operators.recording import RecordingError
from operators.rgbd_recording import FrameStore, RgbdRecording, calibration_time
from operators.synthetic_robot import FIRST_MS, SERIAL, SyntheticRobot, write_synthetic
from tests.synthetic_recording import FRAMES, HEIGHT, WIDTH

pytestmark = pytest.mark.gl


@pytest.fixture
def copied(recording: Path, tmp_path: Path) -> Path:
    """A recording that a test may break."""
    folder = tmp_path / "recording"
    shutil.copytree(recording, folder)
    return folder


def test_it_comes_back_as_it_was_made(recording: Path) -> None:
    opened = RgbdRecording(recording, SERIAL)
    assert opened.depth_scale == 1000
    assert opened.timestamps_ms == tuple(FIRST_MS + 100 * i for i in range(FRAMES))
    with SyntheticRobot(WIDTH, HEIGHT) as robot:
        for i in (0, 3):
            truth, read = robot.frame(i / 10), opened.frame(opened.timestamps_ms[i])
            np.testing.assert_array_equal(read.colour, truth.colour)
            assert truth.depth is not None
            assert read.depth is not None
            np.testing.assert_array_equal(read.depth, truth.depth)
            for side, readings in robot.readings(i / 10).items():
                found = opened.readings(opened.timestamps_ms[i])[side]
                np.testing.assert_array_equal(found.joints, readings.joints)
                assert found.width_m == pytest.approx(readings.width_m, abs=1e-15)


def test_the_layout_is_what_the_seed_reads(recording: Path) -> None:
    with h5py.File(recording / "lowdim/robot_left.h5") as file:
        assert file["joint_pos"].shape == (FRAMES, 7)
    with h5py.File(recording / "lowdim/gripper_right.h5") as file:
        assert file["width"].shape == (FRAMES,)
    depth = cv2.imread(str(recording / f"cam_{SERIAL}/depth/{FIRST_MS}.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert 500 < np.median(depth[depth > 0]) < 3000  # mm


def test_without_widths_there_are_none(copied: Path) -> None:
    (copied / "lowdim/gripper_left.h5").unlink()
    readings = RgbdRecording(copied, SERIAL).readings(FIRST_MS)
    assert readings["left"].width_m is None
    assert readings["right"].width_m is not None


def test_an_exoskeletons_encoders_are_read_too(copied: Path) -> None:
    with h5py.File(copied / "lowdim/airexo_left.h5", "w") as file:
        file["timestamp"], file["encoder"] = [FIRST_MS], [[1.0, 2.0, 3.0]]
    (copied / "lowdim/robot_left.h5").unlink()
    readings = RgbdRecording(copied, SERIAL).readings(FIRST_MS)
    assert np.asarray(readings["left"].joints).tolist() == [1.0, 2.0, 3.0]


def test_a_reading_that_is_too_far_is_refused(recording: Path) -> None:
    opened = RgbdRecording(recording, SERIAL, joint_gap_ms=30)
    opened.readings(FIRST_MS + 20)
    with pytest.raises(RecordingError, match=r"is 40 ms away; overlay\.joint_gap_ms allows 30"):
        opened.readings(FIRST_MS - 40)


def test_frames_are_kept_up_to_a_size(recording: Path) -> None:
    opened = RgbdRecording(recording, SERIAL)
    store = FrameStore(opened, bytes_kept=int(2.5 * WIDTH * HEIGHT * 5))
    first = [store.frame(t) for t in opened.timestamps_ms[:3]]
    again = [store.frame(t) for t in opened.timestamps_ms[:3]]
    assert [a is b for a, b in zip(first, again, strict=True)] == [True, True, False]


def test_none_is_written_over(recording: Path) -> None:
    with pytest.raises(RecordingError, match="holds a recording already"):
        write_synthetic(recording, width=WIDTH, height=HEIGHT)


def test_a_missing_recording_or_camera_is_named(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no recording here .*`panodora synthesize"):
        RgbdRecording(tmp_path, SERIAL)
    with pytest.raises(RecordingError, match=f"no camera '7'; there are {SERIAL}"):
        RgbdRecording(recording, "7")


def broken_picture(folder: Path, kind: str, picture: np.ndarray | None) -> None:
    path = folder / f"cam_{SERIAL}/{kind}/{FIRST_MS}.png"
    if picture is None:
        path.write_bytes(b"no picture")
    else:
        cv2.imwrite(str(path), picture)


@pytest.mark.parametrize(
    ("kind", "picture", "words"),
    [
        ("color", None, "cannot be read as a picture"),
        ("depth", None, "expected a picture of 16 bit"),
        ("depth", np.zeros((HEIGHT, WIDTH), np.uint8), "expected a picture of 16 bit"),
        ("depth", np.zeros((HEIGHT, WIDTH, 3), np.uint16), "expected a picture of 16 bit"),
        ("depth", np.zeros((90, 160), np.uint16), "160x90 px, but the colours have 320x180"),
    ],
)
def test_a_broken_picture_is_named(
    copied: Path, kind: str, picture: np.ndarray | None, words: str
) -> None:
    broken_picture(copied, kind, picture)
    with pytest.raises(RecordingError, match=f"{kind}/{FIRST_MS}.png: {words}"):
        RgbdRecording(copied, SERIAL).frame(FIRST_MS)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("robot_left", {"timestamp": [1]}, "no 'joint_pos'; there are timestamp"),
        ("robot_left", {"joint_pos": np.zeros((1, 7))}, "no 'timestamp'"),
        ("robot_left", {"timestamp": [1, 2], "joint_pos": np.zeros((1, 7))}, "expected 2 rows"),
        ("robot_left", {"timestamp": [1], "joint_pos": np.zeros(1)}, "of 2 axes"),
        ("gripper_left", {"timestamp": [], "width": []}, "expected 0 rows"),
        ("robot_right", None, "cannot be read as HDF5"),
    ],
)
def test_a_broken_file_of_readings_is_named(
    copied: Path, name: str, content: dict[str, object] | None, words: str
) -> None:
    path = copied / f"lowdim/{name}.h5"
    path.unlink()
    if content is None:
        path.write_bytes(b"no HDF5")
    else:
        with h5py.File(path, "w") as file:
            for key, value in content.items():
                file[key] = value
    with pytest.raises(RecordingError, match=f"{name}.h5: ") as refused:
        RgbdRecording(copied, SERIAL)
    assert words in str(refused.value)


def test_missing_readings_are_named(copied: Path) -> None:
    (copied / "lowdim/robot_right.h5").unlink()
    with pytest.raises(RecordingError, match=r"no robot_right.h5 or airexo_right.h5 here"):
        RgbdRecording(copied, SERIAL)


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ("{", "not JSON"),
        ("[]", "expected names"),
        ('{"depth_scale": 0.001}', "depth_scale: expected a whole number"),
        ('{"calib_timestamp": "today"}', "calib_timestamp: expected ms"),
    ],
)
def test_a_wrong_meta_is_refused(copied: Path, meta: str, words: str) -> None:
    (copied / "meta.json").write_text(meta)
    with pytest.raises(RecordingError, match=words):
        _ = RgbdRecording(copied, SERIAL).depth_scale, calibration_time(copied)


def test_depths_in_other_units(copied: Path) -> None:
    (copied / "meta.json").write_text(json.dumps({"depth_scale": 10_000}))
    assert RgbdRecording(copied, SERIAL).depth_scale == 10_000


def test_silhouettes_come_back_and_may_be_missing(recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    write_synthetic(folder, seconds=0.1, rate_hz=10, width=64, height=36, silhouettes=True)
    opened = RgbdRecording(folder, SERIAL)
    time_ms = opened.timestamps_ms[0]
    with SyntheticRobot(64, 36) as robot:
        np.testing.assert_array_equal(opened.silhouette(time_ms), robot.silhouette(0.0))
    assert opened.has_mask(time_ms)
    without = RgbdRecording(recording, SERIAL)
    assert without.silhouette(without.timestamps_ms[0]) is None
    path = folder / f"cam_{SERIAL}/mask/{time_ms}.png"
    path.write_bytes(b"no picture")
    with pytest.raises(RecordingError, match=f"{path}: cannot be read as a picture"):
        opened.silhouette(time_ms)
