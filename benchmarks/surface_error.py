"""Where the renderer draws a robot's points, against where they project.

For every pixel that shows the robot, the renderer tells which point of which mesh it is. That point
goes through the chain: yourdfpy's kinematics, the camera's true place, OpenCV's projection. It must
come out at the pixel's centre.
"""

import cv2
import numpy as np
import yourdfpy
from numpy.typing import NDArray

from operators.arm_renderer import ArmRenderer
from operators.joint_configuration import JointConfiguration
from operators.pictured_robot import PicturedRobot, RobotPart
from operators.settings import ROOT
from operators.synthetic_robot import URDF, SyntheticRobot

MOMENTS_S = (0.0, 0.7, 1.9, 3.1)


def surface_errors() -> NDArray[np.float64]:
    """Distances, px, of all pixels that show the robot, over a few moments of its motion."""
    synthetic = SyntheticRobot()
    camera_from_base = synthetic.camera_from_kinematic_base
    arms = {
        side: JointConfiguration.load(ROOT / f"configs/arms/two_arms_{side}.yml")
        for side in ("left", "right")
    }
    robot = PicturedRobot([RobotPart(URDF, camera_from_base, arms)])
    renderer = ArmRenderer(synthetic.pinhole, robot.visuals)
    other = yourdfpy.URDF.load(str(URDF), load_meshes=False)
    errors = []
    for time_s in MOMENTS_S:
        readings = synthetic.readings(time_s)
        poses = robot.camera_from_meshes(robot.camera_from_links(readings))
        points, meshes = renderer.surface(poses)
        positions = {
            name: value
            for side, arm in arms.items()
            for name, value in arm.positions(readings[side].joints, readings[side].width_m).items()
        }
        other.update_cfg(positions)
        rows, columns = np.nonzero(meshes >= 0)
        for number, visual in enumerate(robot.visuals):
            of_mesh = meshes[rows, columns] == number
            if not of_mesh.any():
                continue
            base_from_mesh = other.get_transform(visual.link, "base") @ visual.link_from_mesh
            chain = camera_from_base @ base_from_mesh
            shown = points[rows[of_mesh], columns[of_mesh]].astype(np.float64)
            rotation, _ = cv2.Rodrigues(chain[:3, :3])
            seen, _ = cv2.projectPoints(
                shown, rotation, chain[:3, 3], synthetic.pinhole.matrix, np.zeros(5)
            )
            centres = np.stack([columns[of_mesh], rows[of_mesh]], axis=-1)
            errors.append(np.linalg.norm(seen[:, 0] - centres, axis=-1))
    renderer.close()
    synthetic.close()
    return np.concatenate(errors)
