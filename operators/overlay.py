"""The proof of a calibration: the robot drawn into the camera's picture, where it should be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.arm_renderer import ArmRenderer, Drawing
from operators.calibration import KINEMATIC_BASE, Calibration
from operators.calibration_file import find_calibration
from operators.frame_configuration import load_frames
from operators.joint_configuration import JointConfiguration
from operators.overlay_messages import (
    ArmDepth,
    ArmSilhouette,
    CameraFrame,
    Overlay,
    PointCloud,
    RobotPose,
)
from operators.overlay_settings import OverlayPart, OverlaySettings
from operators.pictured_robot import (
    ARM_SIDES,
    PicturedRobot,
    Readings,
    RobotPart,
    calibrated,
    link_name,
)
from operators.pinhole import Pinhole
from operators.point_cloud import CloudMaker
from operators.rgbd_recording import DEPTH_SCALE
from operators.settings import SettingsError, resolve
from operators.transforms import Array, matrix_from_pose, pose_from_matrix
from operators.undistortion import Undistortion
from operators.urdf_visuals import Visual
from operators.usage_error import UsageError

TOOL_AXIS_M: Final = 0.05
AXIS_COLOURS: Final = ((230, 40, 40), (40, 190, 40), (50, 90, 240))
"""x, y and z, as everywhere."""

WARNING: Final = (255, 70, 40)

OUTLINE: Final = (255, 230, 0)
CROSS: Final = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

TINTED: Final = 0.75
"""How much of the drawn robot's colour is the tint: what is left tells its parts apart."""

BEFORE_M: Final = 0.05
"""Axes nearer to the camera's plane are not drawn."""


@dataclass(frozen=True)
class OverlayResult:
    """All that comes of one frame."""

    overlay: Overlay
    silhouette: ArmSilhouette
    depth: ArmDepth
    cloud: PointCloud
    pose: RobotPose


class OverlayDrawer:
    """Draws a robot into one calibrated camera's pictures.

    settings: which robot and which camera. calibration: where the camera is.
    Raises UsageError for a serial, a kind of calibration, a frame, a URDF, a mesh or an arm's joint
    that is not there, and NoOpenGLError without EGL.
    """

    def __init__(self, settings: OverlaySettings, calibration: Calibration) -> None:
        self._settings = settings
        lens = calibration.camera(settings.serial).pinhole
        self.pinhole: Pinhole = lens.ideal
        """The camera of the pictures that come out: without distortion."""
        self._undistortion = Undistortion(lens)
        frames = calibrated(load_frames(resolve(settings.frames)), calibration, settings.serial)
        self.robot = PicturedRobot(
            [
                RobotPart(
                    resolve(part.urdf), frames[f"camera_from_{part.root}"].matrix, _arms(part)
                )
                for part in settings.parts
            ]
        )
        if not self.robot.visuals:
            raise SettingsError("overlay.parts: nothing in these URDFs can be seen")
        self._renderer = ArmRenderer(
            self.pinhole, [_tinted(visual, settings.tint) for visual in self.robot.visuals]
        )
        self._cloud = CloudMaker(self.pinhole, settings.cloud_step)
        shape = self.pinhole.height, self.pinhole.width
        self._picture = np.empty((*shape, 3), np.uint8)
        self._silhouette = np.zeros(shape, np.uint8)
        self._depth = np.zeros(shape, np.uint16)
        self._drawn_before = (slice(0), slice(0))

    def draw(self, frame: CameraFrame, readings: Mapping[str, Readings]) -> OverlayResult:
        """Draw the robot as its sensors read into a frame.

        The pictures are views until the next call.
        Raises UsageError for a frame of another camera or another size, or readings that do not fit
        the arms, and MessageError for a frame whose bytes are not its size.
        """
        if frame.serial != self._settings.serial:
            raise UsageError(
                f"a frame of camera '{frame.serial}', where overlay.serial is "
                f"'{self._settings.serial}'"
            )
        self.pinhole.check_size(frame.colour, f"camera {frame.serial}")
        colour = self._undistortion.picture(frame.colour)
        depth = None if frame.depth is None else self._undistortion.depth(frame.depth)
        scale = frame.depth_scale or DEPTH_SCALE
        links = self.robot.camera_from_links(readings)
        drawing = self._renderer.draw(self.robot.camera_from_meshes(links))
        self._compose(colour, depth, scale, drawing)
        self._draw_tools(links)
        serial = frame.serial
        little_endian = self._depth.astype("<u2", copy=False)
        return OverlayResult(
            Overlay(serial=serial, pixels=self._picture),
            ArmSilhouette(serial=serial, pixels=self._silhouette),
            ArmDepth(
                serial=serial,
                depth_scale=scale,
                pixels=little_endian.view(np.uint8).reshape(*little_endian.shape, 2),
            ),
            self._cloud.cloud(serial, colour, depth, scale),
            _pose(serial, links),
        )

    def without_robot(self, frame: CameraFrame, reason: str) -> Overlay:
        """The frame with a sentence on it: why no robot is drawn. Raises MessageError."""
        np.copyto(self._picture, self._undistortion.picture(frame.colour))
        place = (12, self.pinhole.height - 16)
        cv2.putText(
            self._picture, reason, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, WARNING, 2, cv2.LINE_AA
        )
        return Overlay(serial=frame.serial, pixels=self._picture)

    def close(self) -> None:
        """Give back what the graphics driver holds."""
        self._renderer.close()

    def _compose(
        self,
        colour: NDArray[np.uint8],
        depth: NDArray[np.uint16] | None,
        scale: int,
        drawing: Drawing,
    ) -> None:
        """Blend the drawing into the picture, in the pixels that it can reach and no others."""
        np.copyto(self._picture, colour)
        self._silhouette[self._drawn_before] = 0
        self._depth[self._drawn_before] = 0
        where = self._drawn_before = drawing.where
        if drawing.depth_m.size == 0:
            return
        arm = np.multiply(drawing.depth_m, scale, dtype=np.float32)
        np.minimum(arm, 65535.0, out=arm)
        self._depth[where] = arm + 0.5
        silhouette = cv2.compare(drawing.depth_m, 0.0, cv2.CMP_GT)
        self._silhouette[where] = silhouette
        shown = silhouette
        if depth is not None:
            tolerance = self._settings.depth_tolerance_m * scale
            nearer = cv2.compare(arm, depth[where].astype(np.float32) + tolerance, cv2.CMP_GT)
            unknown = cv2.compare(np.ascontiguousarray(depth[where]), 0, cv2.CMP_EQ)
            shown = silhouette & ~(nearer & ~unknown)
        opacity = self._settings.opacity
        blended = cv2.addWeighted(
            cv2.cvtColor(drawing.colour, cv2.COLOR_RGBA2RGB), opacity, colour[where], 1 - opacity, 0
        )
        cv2.copyTo(blended, shown, self._picture[where])
        if self._settings.outline:
            edge = cv2.morphologyEx(silhouette, cv2.MORPH_GRADIENT, CROSS) & shown
            self._picture[where][edge > 0] = OUTLINE

    def _draw_tools(self, links: Sequence[Mapping[str, Array]]) -> None:
        for part, poses in zip(self._settings.parts, links, strict=True):
            for name in (*self._settings.tool_links, *part.tools):
                if name in poses:
                    draw_axes(self._picture, self.pinhole, poses[name])


def robot_in_picture(settings: OverlaySettings, calibration: Calibration) -> PicturedRobot:
    """The robot that the settings choose, before the camera where the calibration has it.

    Raises UsageError as `OverlayDrawer`.
    """
    frames = calibrated(load_frames(resolve(settings.frames)), calibration, settings.serial)
    return robot_of(settings.parts, lambda root: frames[f"camera_from_{root}"].matrix)


def robot_at_its_base(settings: OverlaySettings) -> PicturedRobot:
    """The robot that the settings choose, in the frame of its own base in the camera's place.

    Raises UsageError as `OverlayDrawer`, and for a part whose root no frame joins to that base.
    """

    def base_from_root(root: str) -> Array:
        if root == KINEMATIC_BASE:
            return np.eye(4)
        return load_frames(resolve(settings.frames))[f"{KINEMATIC_BASE}_from_{root}"].matrix

    return robot_of(settings.parts, base_from_root)


def robot_of(
    parts: Sequence[OverlayPart], camera_from_root: Callable[[str], Array]
) -> PicturedRobot:
    """The robot of these parts, each where a frame of its root's name is: (4, 4).

    Raises UsageError for a URDF, a mesh or an arm's joint that is not there.
    """
    return PicturedRobot(
        [
            RobotPart(resolve(part.urdf), camera_from_root(part.root), _arms(part), _tools(part))
            for part in parts
        ]
    )


def load_calibration(settings: OverlaySettings, recorded_ms: int | None = None) -> Calibration:
    """The calibration that the settings choose; without a word of theirs, of `recorded_ms`.

    Raises UsageError naming the calibrations that there are.
    """
    folder = settings.calibrations or settings.recording / "calib"
    chosen = settings.calibration_ms if settings.calibration_ms is not None else recorded_ms
    return find_calibration(resolve(folder), chosen)


def draw_axes(picture: NDArray[np.uint8], pinhole: Pinhole, camera_from_frame: Array) -> None:
    """Draw a frame's axes into a picture (rows, columns, 3) RGB: x red, y green, z blue, 5 cm."""
    ends = camera_from_frame[:3, 3] + TOOL_AXIS_M * camera_from_frame[:3, :3].T
    points = np.vstack([camera_from_frame[:3, 3], ends])
    if points[:, 2].min() < BEFORE_M:
        return
    origin, *tips = np.round(pinhole.project(points)).astype(int).clip(-(2**14), 2**14).tolist()
    for tip, colour in zip(tips, AXIS_COLOURS, strict=True):
        cv2.line(picture, origin, tip, colour, 2, cv2.LINE_AA)


def _tinted(visual: Visual, tint: tuple[float, float, float] | None) -> Visual:
    if tint is None:
        return visual
    red, green, blue = np.multiply(TINTED, tint) + np.multiply(1.0 - TINTED, visual.colour)
    return replace(visual, colour=(float(red), float(green), float(blue)))


def _arms(part: OverlayPart) -> dict[str, JointConfiguration]:
    files: dict[str, Path | None] = {"left": part.left, "right": part.right}
    return {
        side: JointConfiguration.load(resolve(file))
        for side in ARM_SIDES
        if (file := files[side]) is not None
    }


def _tools(part: OverlayPart) -> dict[str, tuple[str, Array]]:
    tools = {}
    for name, tool in part.tools.items():
        if not np.any(tool.quaternion):
            raise SettingsError(f"overlay.parts: tool {name}: a quaternion of length 0")
        tools[name] = tool.link, matrix_from_pose([*tool.translation, *tool.quaternion])
    return tools


def _pose(serial: str, links: Sequence[Mapping[str, Array]]) -> RobotPose:
    named = [
        (link_name(i, name), pose) for i, poses in enumerate(links) for name, pose in poses.items()
    ]
    names, poses = zip(*named, strict=True)
    return RobotPose(
        serial=serial, link_names=names, camera_from_links=pose_from_matrix(np.array(poses))
    )
