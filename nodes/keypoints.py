"""Finds the operator's hands in a camera's pictures."""

import os

from nodes.runtime import DataflowNode, run
from operators.camera_messages import CameraImage
from operators.chosen_camera import VARIABLE, ChosenCamera
from operators.keypoint_finder import KeypointFinder
from operators.settings import load_settings


def main() -> None:
    """Look at the newest picture as often as looking allows, or at every one of footage."""
    chosen = ChosenCamera.of(load_settings(), os.environ.get(VARIABLE, ""))
    node = DataflowNode(
        chosen.node_name("keypoints"),
        inputs={"camera_image": CameraImage},
        newest_only=() if chosen.is_footage else ("camera_image",),
    )
    if chosen.is_footage:
        node.end_with_failures()
    with KeypointFinder(node.settings.keypoints) as finder:
        node.connect()
        for taken in node:
            if isinstance(taken.message, CameraImage):
                found = finder.find(taken.message, taken.header.seq, taken.header.capture_ns)
                node.send("keypoints", found, taken)


if __name__ == "__main__":
    run(main)
