from pathlib import Path

import numpy as np
import pytest

from operators.overlay import load_calibration, robot_in_picture
from operators.overlay_messages import Overlay, PointCloud, RobotPose
from operators.synthetic_robot import SERIAL
from operators.view_3d import View3d
from tests.synthetic_recording import HEIGHT, WIDTH, settings_of

pytest.importorskip("rerun", reason="needs the extra `rerun`")
pytestmark = pytest.mark.gl


def test_everything_gets_into_the_file(recording: Path, tmp_path: Path) -> None:
    settings = settings_of(recording)
    calibration = load_calibration(settings)
    robot = robot_in_picture(settings, calibration)
    names = tuple({name for name, _ in robot.named_visuals})
    path = tmp_path / "new/view.rrd"
    view = View3d(robot, calibration.camera(SERIAL).pinhole, path)
    view.at(1_000_000_000)
    view.show(Overlay(serial=SERIAL, pixels=np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    view.show(
        PointCloud(
            serial=SERIAL, positions=np.ones((4, 3), np.float32), colours=np.ones((4, 3), np.uint8)
        )
    )
    still = np.tile([0.0, 0, 1, 0, 0, 0, 1], (len(names), 1))
    view.show(RobotPose(serial=SERIAL, link_names=names, camera_from_links=still))
    view.close()
    content = path.read_bytes()
    for entity in ("/camera/cloud", "/camera/picture", "left_link1", "right_flange"):
        assert entity.encode() in content, entity
