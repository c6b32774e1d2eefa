"""Several cameras through a real dora: their footage becomes angles, and live they drive."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from operators.angles_file import AnglesFile
from operators.picture_source import VideoFile
from operators.settings import ROOT
from tests.dataflows.driving import Driven, needs_mediapipe
from tests.dataflows.running import (
    Running,
    assert_nothing_left,
    left_shared_memory,
    node_process,
    running,
)

pytestmark = [pytest.mark.dataflow, needs_mediapipe]

VIEWS = ROOT / "assets/videos/two_view"


def captured(dataflow: str, folder: Path, **variables: str) -> tuple[Running, AnglesFile]:
    """Run a dataflow to its own end, and read what it has written."""
    before = left_shared_memory()
    path = folder / "angles.parquet"
    with running(
        ["dora", "run", dataflow], PANODORA__CAPTURE__ANGLES=str(path), **variables
    ) as run:
        assert run.wait() == 0, run.said[-4000:]
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
    return run, AnglesFile.read(path)


def cut(view: int, first: int, count: int, path: Path) -> None:
    """Copy some of a view's pictures."""
    source = VideoFile(VIEWS / f"cam{view}.mp4")
    made = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (360, 360))
    for number in range(first + count):
        pixels = source.read()
        assert pixels is not None
        if number >= first:
            made.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    made.release()
    source.close()


def test_every_picture_of_the_footage_becomes_angles_and_it_ends_by_itself(tmp_path: Path) -> None:
    run, angles = captured("dataflows/capture_angles.yml", tmp_path)
    assert angles["image_seqs"].tolist() == [[k, k] for k in range(60)]
    np.testing.assert_allclose(angles.time_ns / 1e9, np.arange(60) / 30.0, atol=1e-9)
    assert angles["valid"].tolist() == [[False, True]] * 60
    assert np.nanmedian(angles["reprojection_px"][:, 1]) < 2.5
    assert (angles["bones"] == angles["bones"][0]).all()
    assert "60 moments; right hand in 100.0%" in run.said


def with_third_camera(dataflow: str) -> dict[str, Any]:
    """The dataflow with another camera, added as its own head says."""
    content: dict[str, Any] = yaml.safe_load(dataflow)
    for node in [n for n in content["nodes"] if n.get("env") == {"PANODORA_CAMERA": "cam1"}]:
        added = yaml.safe_load(yaml.safe_dump(node).replace("cam1", "cam2"))
        content["nodes"].append(added)
    (triangulate,) = (n for n in content["nodes"] if n["id"] == "triangulate")
    source = {**triangulate["inputs"]["keypoints_cam1"], "source": "keypoints_cam2/keypoints"}
    triangulate["inputs"]["keypoints_cam2"] = source
    triangulate["input_types"]["keypoints_cam2"] = "panodora/v1/Keypoints"
    return content


def test_a_third_camera_is_added_and_one_may_begin_later_and_end_sooner(tmp_path: Path) -> None:
    cut(0, 0, 12, tmp_path / "cam0.avi")
    cut(1, 4, 8, tmp_path / "cam1.avi")
    cut(1, 0, 12, tmp_path / "cam2.avi")
    calibration = yaml.safe_load((VIEWS / "calibration.yml").read_text())
    calibration["cameras"]["cam2"] = calibration["cameras"]["cam1"]
    (tmp_path / "calibration.yml").write_text(yaml.safe_dump(calibration))
    settings = {
        "capture": {
            "calibration": str(tmp_path / "calibration.yml"),
            "cameras": {
                name: {"source": str(tmp_path / f"{name}.avi"), "pace": "footage", "offset_s": late}
                for name, late in (("cam0", 0.0), ("cam1", 4 / 30), ("cam2", 0.0))
            },
        },
        "keypoints": {"side_flips": "keep"},
    }
    (tmp_path / "settings.yml").write_text(yaml.safe_dump(settings))
    for name in ("nodes", "types"):  # dora looks for them beside the dataflow
        (tmp_path / name).symlink_to(ROOT / "dataflows" / name)
    dataflow = tmp_path / "three.yml"
    added = with_third_camera((ROOT / "dataflows/capture_angles.yml").read_text())
    dataflow.write_text(yaml.safe_dump(added))
    _, angles = captured(str(dataflow), tmp_path, PANODORA_CONFIG=str(tmp_path / "settings.yml"))
    assert angles.cameras == ("cam0", "cam1", "cam2")
    late = [k - 4 if k >= 4 else -1 for k in range(12)]
    assert angles["image_seqs"].tolist() == [[k, late[k], k] for k in range(12)]
    assert (angles["views"][6:, 1] == 3).mean() > 0.9


def test_a_node_that_fails_ends_the_run_and_the_file_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "angles.parquet"
    path.write_bytes(b"before")
    variables = {
        f"PANODORA__CAPTURE__CAMERAS__CAM{k}__LOOP": "true" for k in (0, 1)
    }  # it never ends by itself
    with running(
        ["dora", "run", "dataflows/capture_angles.yml"],
        PANODORA__CAPTURE__ANGLES=str(path),
        **variables,
    ) as run:
        run.wait_for(" a second; ")
        os.kill(node_process(run.ports, "keypoints.py"), signal.SIGKILL)
        assert run.wait() != 0
    assert "error: triangulate ends, since keypoints_cam" in run.said
    assert path.read_bytes() == b"before"


@pytest.mark.gl
def test_live_cameras_drive_the_robot(driven: Callable[..., Driven], tmp_path: Path) -> None:
    loop = driven(
        "teleop_cameras",
        PANODORA__CAPTURE__CALIBRATION=str(VIEWS / "calibration.yml"),
        PANODORA__MULTI_VIEW__MARKER_X="back",
        PANODORA__MULTI_VIEW__MARKER_Y="left",
        **{
            f"PANODORA__CAPTURE__CAMERAS__CAM{k}__{key}": value
            for k in (0, 1)
            for key, value in (("SOURCE", str(VIEWS / f"cam{k}.mp4")), ("LOOP", "true"))
        },
    )
    loop.page.wait_for(lambda s: s.right_state == "tracking" and s.left_state == "holding")
