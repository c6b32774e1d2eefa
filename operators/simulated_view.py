"""A calibrated camera in a MuJoCo model: the simulator sees what the real one would."""

from typing import Final

import mujoco
import numpy as np

from operators.posed_camera import PosedCamera
from operators.transforms import inverse

SENSOR_M: Final = 0.01
"""The width of the sensor that MuJoCo is told: it has to have one, and any will do."""


def add_camera(spec: mujoco.MjSpec, name: str, camera: PosedCamera) -> None:
    """Add a camera to the world of a model, whose frame is the camera's base.

    Its lens is without distortion; the principal point may lie anywhere, and the two focal lengths
    may differ. The model's buffer is made at least as large as its pictures.
    """
    pinhole = camera.pinhole
    base_from_camera = inverse(camera.pose.matrix)
    # MuJoCo's cameras look along -z, with y up.
    rotation = base_from_camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, rotation.ravel())
    size = np.array([pinhole.width, pinhole.height])
    pitch_m = SENSOR_M / pinhole.width
    middle = np.array([(pinhole.width - 1) / 2.0, (pinhole.height - 1) / 2.0])
    added = spec.worldbody.add_camera(
        name=name, pos=base_from_camera[:3, 3], quat=quaternion, resolution=size
    )
    added.sensor_size = size * pitch_m
    added.focal_pixel = [pinhole.fx, pinhole.fy]
    added.principal_pixel = middle - pinhole.lens[2:]
    spec.visual.global_.offwidth = max(spec.visual.global_.offwidth, pinhole.width)
    spec.visual.global_.offheight = max(spec.visual.global_.offheight, pinhole.height)
