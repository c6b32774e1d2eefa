"""Shows a real place: a 360-degree camera's pictures go straight into the panorama."""

import threading
import time

from nodes.runtime import DataflowNode, run
from operators.camera import Camera
from operators.panorama_video import PanoramaVideo
from operators.usage_error import UsageError

STOP_S = 2.0


def main() -> None:
    """Send each picture when it is due."""
    node = DataflowNode("panorama_camera", inputs={"tick": None})
    camera = Camera(node.settings.panorama_camera, "panorama_camera", node.report)
    # Clients have seen versions of tiles from before a restart: none of them may come again.
    video = PanoramaVideo(node.settings.panorama, first_frame=time.monotonic_ns())
    player = threading.Thread(target=play, args=(node, camera, video), daemon=True)
    node.connect()
    player.start()
    for _ in node:
        pass
    camera.stop()
    player.join(STOP_S)
    if not player.is_alive():  # a camera's driver that hangs is not to be disturbed
        camera.close()


def play(node: DataflowNode, camera: Camera, video: PanoramaVideo) -> None:
    """Send pictures until they end or the dataflow does."""
    try:
        while (picture := camera.next()) is not None:
            try:
                panorama = video.panorama(picture.pixels)
            except ValueError as error:
                node.report("panorama_camera.source", str(error))
                continue
            node.originate("panorama", panorama, picture.capture_ns)
    except UsageError as error:
        node.report("panorama_camera", str(error))


if __name__ == "__main__":
    run(main)
