"""Shows the robot, the point cloud and the camera in three dimensions."""

from nodes.runtime import DataflowNode, run
from operators.overlay import load_calibration, robot_in_picture
from operators.overlay_messages import Overlay, PointCloud, RobotPose
from operators.rgbd_recording import calibration_time
from operators.settings import resolve
from operators.view_3d import View3d


def main() -> None:
    """Hand everything that comes to the viewer, or into its file."""
    node = DataflowNode(
        "view_3d",
        inputs={"overlay": Overlay, "cloud": PointCloud, "robot_pose": RobotPose},
        newest_only=("overlay", "cloud", "robot_pose"),
    )
    chosen = node.settings.overlay
    calibration = load_calibration(chosen, calibration_time(resolve(chosen.recording)))
    pinhole = calibration.camera(chosen.serial).pinhole
    file = None if chosen.view_3d is None else resolve(chosen.view_3d)
    view = View3d(robot_in_picture(chosen, calibration), pinhole, file)
    node.connect()
    try:
        for taken in node:
            if isinstance(taken.message, Overlay | PointCloud | RobotPose):
                view.at(taken.header.capture_ns)
                view.show(taken.message)
    finally:
        view.close()


if __name__ == "__main__":
    run(main)
