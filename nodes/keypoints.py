"""Finds the operator's hands in a camera's pictures."""

from nodes.runtime import DataflowNode, run
from operators.camera_messages import CameraImage
from operators.keypoint_finder import KeypointFinder


def main() -> None:
    """Look at the newest picture, as often as looking allows."""
    node = DataflowNode(
        "keypoints", inputs={"camera_image": CameraImage}, newest_only=("camera_image",)
    )
    with KeypointFinder(node.settings.keypoints) as finder:
        node.connect()
        for taken in node:
            if isinstance(taken.message, CameraImage):
                found = finder.find(taken.message, taken.header.seq, taken.header.capture_ns)
                node.send("keypoints", found, taken)


if __name__ == "__main__":
    run(main)
