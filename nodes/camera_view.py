"""Makes a small view of the camera's picture and the hands in it, for the page."""

from nodes.runtime import DataflowNode, run
from operators.camera_messages import CameraImage, Keypoints
from operators.camera_view import CameraViewer


def main() -> None:
    """Keep pictures until their keypoints come, and send a view a few times a second."""
    node = DataflowNode("camera_view", inputs={"camera_image": CameraImage, "keypoints": Keypoints})
    viewer = CameraViewer()
    node.connect()
    for taken in node:
        match taken.message:
            case CameraImage() as image:
                viewer.add(image, taken.header.seq, taken.started_ns / 1e9)
            case Keypoints() as keypoints:
                view = viewer.view(keypoints, taken.started_ns / 1e9)
                if view is not None:
                    node.send("camera_view", view, taken)


if __name__ == "__main__":
    run(main)
