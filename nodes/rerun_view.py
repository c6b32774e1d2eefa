"""Shows the camera's picture, the keypoints in it and the hands made of them in rerun's viewer."""

from nodes.runtime import DataflowNode, run
from operators.camera_messages import CameraImage, Keypoints
from operators.messages import Hands
from operators.rerun_view import RerunView


def main() -> None:
    """Log what comes."""
    node = DataflowNode(
        "rerun_view",
        inputs={"camera_image": CameraImage, "keypoints": Keypoints, "hands": Hands},
        newest_only=("camera_image",),
    )
    view = RerunView(node.settings.rerun)
    node.connect()
    print(f"showing in rerun: {view.name}", flush=True)
    for taken in node:
        capture_ns = taken.header.capture_ns
        match taken.message:
            case CameraImage() as image:
                view.show_image(image, capture_ns)
            case Keypoints() as keypoints:
                view.show_keypoints(keypoints, capture_ns)
            case Hands() as hands:
                view.show_hands(hands, capture_ns)
    view.close()


if __name__ == "__main__":
    run(main)
