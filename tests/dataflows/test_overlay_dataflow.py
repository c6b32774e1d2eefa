"""The overlay's dataflows through a real dora: a picture comes, and nothing is left behind."""

from pathlib import Path

import cv2
import pytest

from operators.acknowledging_client import AcknowledgingClient
from tests.dataflows.running import assert_nothing_left, left_shared_memory, running
from tests.time_limits import event_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

OPEN = "Open http://localhost:"


@pytest.mark.parametrize("config", ["overlay.yml", "overlay_two_arms.yml"])
def test_a_recording_is_shown_and_written(recording: Path, tmp_path: Path, config: str) -> None:
    before = left_shared_memory()
    video = tmp_path / "overlay.mp4"
    with running(
        ["dora", "run", "dataflows/overlay.yml"],
        PANODORA_CONFIG=f"configs/{config}",
        PANODORA__OVERLAY__RECORDING=str(recording),
        PANODORA__OVERLAY__VIDEO=str(video),
    ) as run:
        run.wait_for(OPEN)
        client = AcknowledgingClient(run.ports[0])
        client.start()
        assert client.wait_for_pictures(10, event_s())
        client.stop()
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) >= 10
    assert_nothing_left(run, before)


def test_a_live_robot_is_shown(tmp_path: Path) -> None:
    from operators.calibration_file import write_calibration
    from operators.synthetic_robot import SyntheticRobot

    with SyntheticRobot() as robot:
        write_calibration(robot.calibration(), tmp_path / "calib")
    with running(
        ["dora", "run", "dataflows/overlay_live.yml"],
        PANODORA__OVERLAY__CALIBRATIONS=str(tmp_path / "calib"),
        PANODORA__OVERLAY__VIDEO=str(tmp_path / "overlay.mp4"),
    ) as run:
        run.wait_for(OPEN)
        assert run.interrupt() == 0
    assert "Traceback" not in run.said


def test_the_view_in_three_dimensions_is_written(recording: Path, tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs the extra `rerun`")
    path = tmp_path / "overlay.rrd"
    with running(
        ["dora", "run", "dataflows/overlay_3d.yml"],
        PANODORA__OVERLAY__RECORDING=str(recording),
        PANODORA__OVERLAY__VIDEO=str(tmp_path / "overlay.mp4"),
        PANODORA__OVERLAY__VIEW_3D=str(path),
    ) as run:
        run.wait_for(OPEN)
        assert run.interrupt() == 0
    assert path.read_bytes().count(b"left_tcp") > 0


def test_a_missing_recording_is_said_in_one_line(tmp_path: Path) -> None:
    with running(
        ["dora", "run", "dataflows/overlay.yml"],
        PANODORA__OVERLAY__RECORDING=str(tmp_path),
        PANODORA__OVERLAY__VIDEO=str(tmp_path / "overlay.mp4"),
    ) as run:
        run.wait_for("no recording here (no meta.json); `panodora synthesize")
        run.interrupt()
    assert "Traceback" not in run.said
