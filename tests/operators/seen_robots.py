"""Views of the simulated robot that MuJoCo drew, small ones: made once for all tests."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from operators.frame_configuration import load_frames
from operators.frames import FrameTree, Transform
from operators.overlay_settings import OverlaySettings
from operators.pictured_robot import Readings
from operators.posed_camera import PosedCamera
from operators.robot_view import RobotModel, RobotView
from operators.settings import resolve
from operators.synthetic_robot import SyntheticRobot

TIMES_S = (0.0, 2.3, 4.65, 7.0, 9.3)
WIDTH, HEIGHT = 640, 360


@dataclass(frozen=True, eq=False)
class SeenRobot:
    """The truth, the robot's model, and views of it with depth."""

    truth: PosedCamera
    model: RobotModel
    frames: FrameTree
    views: list[RobotView]
    pictures: list[NDArray[np.uint8]]

    @property
    def without_depth(self) -> list[RobotView]:
        return [RobotView(view.silhouette, view.readings) for view in self.views]


@cache
def seen_robot() -> SeenRobot:
    settings = OverlaySettings()
    frames = load_frames(resolve(settings.frames))
    views, pictures = [], []
    with SyntheticRobot(WIDTH, HEIGHT) as robot:
        pose = Transform("camera", "kinematic_base", robot.camera_from_kinematic_base)
        truth = PosedCamera(pose @ frames["kinematic_base_from_base"], robot.pinhole)
        for time_s in TIMES_S:
            frame = robot.frame(time_s)
            assert frame.depth is not None
            depth_m = (frame.depth / 1e3).astype(np.float32)
            views.append(RobotView(robot.silhouette(time_s), robot.readings(time_s), depth_m))
            pictures.append(frame.colour)
    return SeenRobot(truth, RobotModel.of(settings), frames, views, pictures)


def misread(view: RobotView, offsets_rad: NDArray[np.float64]) -> RobotView:
    """The view with readings that lack offsets (14,), left arm first."""
    halves = {"left": offsets_rad[:7], "right": offsets_rad[7:]}
    readings = {
        side: Readings(np.asarray(read.joints) - halves[side], read.width_m)
        for side, read in view.readings.items()
    }
    return RobotView(view.silhouette, readings, view.depth_m)
