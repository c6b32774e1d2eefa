"""A robot and its camera, live: an example to copy, whose robot is simulated. See docs/overlay.md.

Put your drivers in the place of SyntheticRobot: one that reads the arms, one that reads the camera.
Read the arms first, and give both the same time.
"""

import time

from nodes.runtime import DataflowNode, run
from operators.overlay_messages import CameraFrame
from operators.reading_history import joint_readings
from operators.rgbd_recording import DEPTH_SCALE
from operators.synthetic_robot import SERIAL, SyntheticRobot


def main() -> None:
    """At every tick, send what the arms read and what the camera sees."""
    node = DataflowNode("live_robot", inputs={"tick": None}, newest_only=("tick",))
    robot = SyntheticRobot()
    node.connect()
    started_ns = time.monotonic_ns()
    for _ in node:
        now_ns = time.monotonic_ns()
        time_s = (now_ns - started_ns) * 1e-9
        frame = robot.frame(time_s)
        picture = CameraFrame.of(SERIAL, frame.colour, frame.depth, DEPTH_SCALE)
        node.originate("joint_readings", joint_readings("live", robot.readings(time_s)), now_ns)
        node.originate("camera_frame", picture, now_ns)
    robot.close()


if __name__ == "__main__":
    run(main)
