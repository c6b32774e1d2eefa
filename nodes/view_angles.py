"""Shows what several cameras see, and the hands fitted to it, in rerun's viewer."""

from nodes.runtime import DataflowNode, run
from operators.angles_view import AnglesView
from operators.camera_messages import CameraImage, Keypoints
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import HandAngles


def main() -> None:
    """Log what comes."""
    node = DataflowNode(
        "view_angles",
        inputs={"camera_image_*": CameraImage, "keypoints_*": Keypoints, "hand_angles": HandAngles},
    )
    view = AnglesView(node.settings.rerun, calibrated_cameras(node.settings.capture))
    node.connect()
    print(f"showing in rerun: {view.name}", flush=True)
    for taken in node:
        capture_ns = taken.header.capture_ns
        match taken.message:
            case CameraImage() as image:
                view.show_image(image, capture_ns)
            case Keypoints() as keypoints:
                view.show_keypoints(keypoints, capture_ns)
            case HandAngles() as angles:
                view.show_angles(angles, capture_ns)
    view.close()


if __name__ == "__main__":
    run(main)
