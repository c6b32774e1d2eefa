"""Draws what is around the robot's head."""

import time

from nodes.runtime import DataflowNode, run
from operators.messages import SceneState
from operators.panorama import PanoramaCapture
from operators.scene import build_scene


def main() -> None:
    """Draw the newest state of the scene, as often as drawing allows."""
    node = DataflowNode(
        "capture_panorama", inputs={"scene_state": SceneState}, newest_only=("scene_state",)
    )
    scene = build_scene(node.settings)
    # Clients have seen versions of tiles from before a restart: none of them may come again.
    capture = PanoramaCapture(scene.model, node.settings, first_frame=time.monotonic_ns())
    node.connect()
    for taken in node:
        if not isinstance(taken.message, SceneState):
            continue
        state = taken.message
        if state.model_digest != scene.digest:
            node.report(
                "scene_state",
                f"the simulator's scene {state.model_digest} is not this renderer's "
                f"{scene.digest}: give both the same PANODORA_CONFIG",
            )
            continue
        node.send("panorama", capture.capture(state.body_poses), taken)
        depth = capture.depth()
        if depth is not None:
            node.send("depth_panorama", depth, taken)
    capture.close()


if __name__ == "__main__":
    run(main)
