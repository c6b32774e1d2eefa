"""A robot with two arms before an RGB-D camera, made by MuJoCo: pictures whose truth is known.

MuJoCo reads the URDF, computes where its links are and draws them: nothing of what is proved by
such a recording has a part in making it.
"""

from pathlib import Path
from typing import Final, Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from operators.calibration import CalibratedCamera, Calibration, InHand, Side
from operators.calibration_file import write_calibration
from operators.frames import Transform
from operators.mujoco_camera import MujocoCamera
from operators.pictured_robot import Readings
from operators.pinhole import Pinhole
from operators.rgbd_recording import DEPTH_SCALE, RgbdFrame, RgbdWriter
from operators.settings import ROOT
from operators.transforms import Array, inverse, rigid, rotation_about
from operators.urdf import load_urdf

URDF: Final = ROOT / "assets/robots/two_arms/robot.urdf"

SERIAL: Final = "900000000001"
IN_HAND_SERIALS: Final[dict[Side, str]] = {"left": "900000000002", "right": "900000000003"}

FIRST_MS: Final = 1_750_000_000_000
CALIBRATED_MS: Final = FIRST_MS - 60_000
ARM_BASE_Y_M: Final[dict[Side, float]] = {"left": 0.135, "right": -0.135}

EYE_M: Final = np.array([2.05, 0.66, 0.92])
LOOKED_AT_M: Final = np.array([0.40, 0.0, 0.16])
FOCAL_SHARE: Final = 0.72
"""Of the picture's width: an angle of view of 70 degrees, as a RealSense's."""

RANGE_M: Final = 3.0
"""Farther away a depth camera knows nothing."""

HOME: Final = np.array([-0.55, 0.80, 0.40, 1.05, 0.20, 0.60, 0.30])
SWING: Final = np.array([0.22, 0.15, 0.28, 0.22, 0.50, 0.30, 0.60])
PERIODS_S: Final = np.array([4.0, 3.0, 5.0, 3.5, 2.5, 3.2, 2.0])
MIRRORED: Final = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
"""A right arm's joints that do the same as the left's, seen in a mirror."""

GRIP_M: Final = (0.05, 0.03)
"""A gripper's mean width, and how far it goes to either side."""

ARM_JOINTS: Final = 7
ROUND: Final = 96
"""Corners of MuJoCo's circles: their edges stay within a tenth of a pixel of round."""

FURNITURE: Final = """
<mujoco>
  <worldbody>
    <light pos="1.5 1 3" dir="-0.4 -0.3 -1" diffuse="0.7 0.7 0.7"/>
    <light pos="1 -2 3" dir="-0.2 0.6 -1" diffuse="0.35 0.35 0.35"/>
    <geom name="table" type="box" size="0.45 0.7 0.03" pos="0.75 0 -0.28" rgba="0.58 0.45 0.33 1"/>
    <geom name="cup" type="cylinder" size="0.04 0.06" pos="0.72 0.12 -0.19" rgba="0.2 0.5 0.75 1"/>
    <geom name="crate" type="box" size="0.09 0.07 0.05" pos="0.85 -0.2 -0.20" rgba="0.7 0.3 0.3 1"/>
    <geom name="post" type="cylinder" size="0.02 0.33" pos="1.0 0.43 0.08" rgba="0.5 0.28 0.6 1"/>
    <geom name="wall" type="box" size="0.02 2.5 1.6" pos="-0.9 0 0.4" rgba="0.72 0.74 0.76 1"/>
  </worldbody>
</mujoco>
"""


class SyntheticRobot:
    """Draws the robot in motion, and tells what its sensors would read.

    width, height: of the pictures, px.
    Raises NoOpenGLError where MuJoCo cannot draw here.
    """

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        self.pinhole: Final = Pinhole(
            width,
            height,
            FOCAL_SHARE * width,
            FOCAL_SHARE * width,
            (width - 1) / 2.0,
            (height - 1) / 2.0,
        )
        """The camera: MuJoCo's has its principal point in the middle."""
        self.camera_from_kinematic_base: Final[Array] = _looking(EYE_M, LOOKED_AT_M)
        """The truth (4, 4)."""
        self._model = self._compiled()
        self._data = mujoco.MjData(self._model)
        self._camera = MujocoCamera(self._model, "camera", width, height)

    def readings(self, time_s: float) -> dict[str, Readings]:
        """What both arms read at a time: joints, rad, and widths, m."""
        left = HOME + SWING * np.sin(2.0 * np.pi * time_s / PERIODS_S)
        right = MIRRORED * (HOME + SWING * np.sin(2.0 * np.pi * (time_s / PERIODS_S + 0.3)))
        mean, swing = GRIP_M
        widths = mean + swing * np.sin(2.0 * np.pi * (time_s / 2.4 + np.array([0.0, 0.5])))
        return {
            "left": Readings(left, float(widths[0])),
            "right": Readings(right, float(widths[1])),
        }

    def frame(self, time_s: float) -> RgbdFrame:
        """What the camera sees at a time."""
        self._pose(self.readings(time_s))
        colour, distance_m = self._camera.look(self._data)
        known = distance_m < RANGE_M
        depth = np.where(known, np.round(distance_m * DEPTH_SCALE), 0).astype(np.uint16)
        return RgbdFrame(FIRST_MS + round(1e3 * time_s), colour, depth)

    def silhouette(self, time_s: float) -> NDArray[np.bool_]:
        """Where the camera sees the robot at a time, (rows, columns): what hides it is left out."""
        self._pose(self.readings(time_s))
        bodies = self._model.geom_bodyid
        names = [self._model.body(body).name for body in bodies]
        robot = np.array([*(name.startswith("robot/") for name in names), False])
        seen: NDArray[np.bool_] = robot[self._camera.seen_geoms(self._data)]
        return seen

    def calibration(self) -> Calibration:
        """What calibrating with the cameras in its hands would give, without an error."""
        self._pose(self.readings(0.0))
        base_from_marker = rigid(rotation_about(2, 0.4), [0.7, 0.05, -0.249])
        camera_from_marker = self.camera_from_kinematic_base @ base_from_marker
        cameras = {
            SERIAL: CalibratedCamera(
                self.pinhole, Transform("camera", "marker", camera_from_marker)
            )
        }
        hands: dict[Side, InHand] = {}
        for side, serial in IN_HAND_SERIALS.items():
            camera_from_tcp = rigid(rotation_about(2, np.pi / 2), [0.02, -0.06, 0.13])
            base_from_tcp = self.link_pose(f"{side}_tcp")
            seen = camera_from_tcp @ inverse(base_from_tcp) @ base_from_marker
            cameras[serial] = CalibratedCamera(self.pinhole, Transform("camera", "marker", seen))
            arm_base_from_tcp = base_from_tcp.copy()
            arm_base_from_tcp[1, 3] -= ARM_BASE_Y_M[side]
            hands[side] = InHand(
                serial,
                Transform("camera", "tcp", camera_from_tcp),
                Transform("arm_base", "tcp", arm_base_from_tcp),
            )
        return Calibration(CALIBRATED_MS, "in_hand", cameras, in_hand=hands)

    def link_pose(self, link: str) -> Array:
        """Where MuJoCo has a link at the last drawn time: `kinematic_base_from_link` (4, 4)."""
        body = self._data.body(f"robot/{link}")
        return rigid(body.xmat.reshape(3, 3), body.xpos)

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._camera.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pose(self, readings: dict[str, Readings]) -> None:
        for side, read in readings.items():
            joints = np.asarray(read.joints)
            for i in range(ARM_JOINTS):
                self._data.joint(f"robot/{side}_joint{i + 1}").qpos[0] = joints[i]
            assert read.width_m is not None
            finger = 0.725 - np.arcsin(read.width_m / 0.1143)
            for name, factor in _FINGERS:
                self._data.joint(f"robot/{side}_{name}_joint").qpos[0] = factor * finger
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)

    def _compiled(self) -> mujoco.MjModel:
        spec = mujoco.MjSpec.from_string(FURNITURE)
        robot = load_urdf(URDF)
        spec.attach(robot, prefix="robot/", frame=spec.worldbody.add_frame())
        spec.visual.global_.offwidth = self.pinhole.width
        spec.visual.global_.offheight = self.pinhole.height
        spec.visual.quality.numslices = ROUND
        # Of several samples a pixel, the depth would be that of one beside its centre.
        spec.visual.quality.offsamples = 0
        spec.visual.quality.shadowsize = 2048
        spec.visual.headlight.ambient = [0.3, 0.3, 0.3]
        base_from_camera = inverse(self.camera_from_kinematic_base)
        # MuJoCo's cameras look along -z, with y up.
        rotation = base_from_camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])
        vertical_rad = 2.0 * np.arctan(self.pinhole.height / 2.0 / self.pinhole.fy)
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, rotation.ravel())
        spec.worldbody.add_camera(
            name="camera",
            pos=base_from_camera[:3, 3],
            quat=quaternion,
            fovy=float(np.degrees(vertical_rad)),
        )
        return spec.compile()


_FINGERS: Final = (
    ("finger", 1.0),
    ("other_finger", -1.0),
    ("finger_pad", -1.0),
    ("other_finger_pad", 1.0),
)
"""The gripper's joints as the URDF couples them, told MuJoCo by hand: an independent statement."""


def write_synthetic(
    folder: Path,
    seconds: float = 4.0,
    rate_hz: float = 15.0,
    width: int = 1280,
    height: int = 720,
    silhouettes: bool = False,
) -> int:
    """Write a recording with its calibration into an empty folder; returns how many frames.

    silhouettes: write where the robot is seen, too.
    Raises RecordingError if the folder holds one already.
    """
    meta = {"calib_timestamp": CALIBRATED_MS, "depth_scale": DEPTH_SCALE, "synthetic": True}
    writer = RgbdWriter(folder, SERIAL, meta)
    frames = max(1, round(seconds * rate_hz))
    with SyntheticRobot(width, height) as robot:
        write_calibration(robot.calibration(), folder / "calib")
        for i in range(frames):
            time_s = i / rate_hz
            seen = robot.silhouette(time_s) if silhouettes else None
            writer.write(robot.frame(time_s), robot.readings(time_s), seen)
    writer.close()
    return frames


def _looking(eye: NDArray[np.float64], at: NDArray[np.float64]) -> Array:
    """`camera_from_base` (4, 4) of a camera that looks at a point, its picture upright."""
    forward = (at - eye) / np.linalg.norm(at - eye)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    return inverse(rigid(np.stack([right, down, forward], axis=1), eye))
