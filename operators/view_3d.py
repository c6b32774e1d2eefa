"""An interactive 3-D view of the robot, the point cloud, the camera and the frames, by rerun."""

from pathlib import Path
from typing import Any, Final

from operators.overlay_messages import Overlay, PointCloud, RobotPose
from operators.pictured_robot import PicturedRobot
from operators.pinhole import Pinhole
from operators.transforms import matrix_from_pose
from operators.usage_error import UsageError

APPLICATION: Final = "panodora overlay"
VIEWER: Final = "rerun+http://127.0.0.1:9876/proxy"
"""Where rerun's own viewer listens on this machine."""

AXIS_M: Final = 0.06
POINT_M: Final = 0.0025
PLANE_M: Final = 0.25
"""How far before the camera its picture is shown."""


class View3d:
    """Shows everything in the camera's frame, as the calibration has it.

    robot: whose meshes are shown. pinhole: of the camera. file: a .rrd to write; None tells the
    viewer that runs on this machine (`rerun`).
    Raises UsageError without the extra `rerun`.
    """

    def __init__(self, robot: PicturedRobot, pinhole: Pinhole, file: Path | None) -> None:
        try:
            import rerun
        except ImportError:
            raise UsageError("the 3-D view needs rerun: pip install -e '.[rerun]'") from None
        self._rerun: Any = rerun
        self._stream = rerun.RecordingStream(APPLICATION)
        if file is None:
            self._stream.connect_grpc(VIEWER)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._stream.save(file)
        self._log("/", rerun.ViewCoordinates.RDF, static=True)
        self._log(
            "camera/picture",
            rerun.Pinhole(
                image_from_camera=pinhole.matrix,
                resolution=[pinhole.width, pinhole.height],
                image_plane_distance=PLANE_M,
            ),
            static=True,
        )
        for number, (link, visual) in enumerate(robot.named_visuals):
            path = f"camera/robot/{link}/{number}"
            pose = visual.link_from_mesh
            self._log(
                path,
                rerun.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]),
                rerun.Mesh3D(
                    vertex_positions=visual.vertices,
                    vertex_normals=visual.normals,
                    triangle_indices=visual.triangles,
                    albedo_factor=[*visual.colour, 1.0],
                ),
                static=True,
            )

    def at(self, capture_ns: int) -> None:
        """All that follows was so at this time (CLOCK_MONOTONIC)."""
        self._stream.set_time("capture", duration=capture_ns * 1e-9)

    def show(self, message: Overlay | PointCloud | RobotPose) -> None:
        """Show what a message tells."""
        rerun = self._rerun
        match message:
            case Overlay():
                self._log("camera/picture", rerun.Image(message.pixels).compress(jpeg_quality=80))
            case PointCloud():
                self._log(
                    "camera/cloud",
                    rerun.Points3D(message.positions, colors=message.colours, radii=POINT_M),
                )
            case RobotPose():
                poses = matrix_from_pose(message.camera_from_links)
                for link, pose in zip(message.link_names, poses, strict=True):
                    self._log(
                        f"camera/robot/{link}",
                        rerun.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]),
                        rerun.TransformAxes3D(AXIS_M),
                    )

    def close(self) -> None:
        """Write what is left."""
        self._stream.flush()
        self._stream.disconnect()

    def _log(self, path: str, *parts: Any, static: bool = False) -> None:
        self._stream.log(path, *parts, static=static)
