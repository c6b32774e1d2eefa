"""Sends what the real camera of an alignment shows, and what the robot's arms read at the time."""

import time

from nodes.runtime import DataflowNode, run
from operators.overlay_messages import CameraFrame
from operators.reading_history import joint_readings
from operators.real_pictures import open_real_pictures


def main() -> None:
    """Send each picture when it is due, its readings before it."""
    node = DataflowNode("real_camera", inputs={"tick": None}, newest_only=("tick",))
    settings = node.settings
    pictures = open_real_pictures(settings, node.report)
    node.connect()
    for _ in node:
        picture = pictures.due(time.monotonic_ns())
        if picture is None:
            continue
        readings = joint_readings(settings.align.real, dict(picture.readings))
        frame = CameraFrame.of(
            settings.overlay.serial, picture.colour, picture.depth, picture.depth_scale
        )
        node.originate("joint_readings", readings, picture.capture_ns)
        node.originate("camera_frame", frame, picture.capture_ns)
    pictures.close()


if __name__ == "__main__":
    run(main)
