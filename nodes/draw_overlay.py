"""Draws the robot into a calibrated camera's pictures."""

from nodes.runtime import DataflowNode, run
from operators.message import MessageError
from operators.overlay import OverlayDrawer, load_calibration
from operators.overlay_messages import CameraFrame, JointReadings
from operators.reading_history import NoReadingsError, ReadingHistory
from operators.rgbd_recording import calibration_time
from operators.settings import resolve
from operators.usage_error import UsageError


def main() -> None:
    """Draw into the newest frame what the arms read at its time."""
    node = DataflowNode(
        "draw_overlay",
        inputs={"joint_readings": JointReadings, "camera_frame": CameraFrame},
        newest_only=("camera_frame",),
    )
    chosen = node.settings.overlay
    calibration = load_calibration(chosen, calibration_time(resolve(chosen.recording)))
    drawer = OverlayDrawer(chosen, calibration)
    history = ReadingHistory(chosen.joint_gap_ms)
    node.connect()
    for taken in node:
        match taken.message:
            case JointReadings() as readings:
                history.add(readings, taken.header.capture_ns)
            case CameraFrame() as frame:
                try:
                    result = drawer.draw(frame, history.at(taken.header.capture_ns))
                except NoReadingsError as error:
                    node.report("joint_readings", str(error))
                    node.send("overlay", drawer.without_robot(frame, str(error)), taken)
                except (UsageError, MessageError) as error:
                    node.report("camera_frame", str(error))
                else:
                    node.send("overlay", result.overlay, taken)
                    node.send("silhouette", result.silhouette, taken)
                    node.send("depth", result.depth, taken)
                    node.send("cloud", result.cloud, taken)
                    node.send("robot_pose", result.pose, taken)
    drawer.close()


if __name__ == "__main__":
    run(main)
