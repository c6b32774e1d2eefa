"""Sends what a camera, a video file or a folder of pictures shows."""

import threading
import time

from nodes.runtime import DataflowNode, run
from operators.camera import Camera
from operators.camera_messages import Keypoints
from operators.lens import Lens
from operators.usage_error import UsageError

FINISHED = "camera: finished"
"""What is printed when a file or folder has ended."""

SILENT_S = 1.0
ANSWER_S = 10.0
STOP_S = 2.0


def main() -> None:
    """Send each picture when it is due, or paced when the one before has been looked at."""
    node = DataflowNode("camera", inputs={"keypoints": Keypoints, "tick": None})
    camera = Camera(node.settings.camera, "camera", node.report)
    lens = Lens(node.settings.camera, node.report)
    sent = SentPictures()
    player = threading.Thread(target=play, args=(node, camera, lens, sent), daemon=True)
    node.connect()
    player.start()
    for taken in node:
        match taken.message:
            case Keypoints() as keypoints:
                sent.looked_at(keypoints.image_seq)
            case None:
                silent_s = sent.silent_s()
                if silent_s > SILENT_S:
                    node.report("camera", f"no picture from {camera.name} for {silent_s:.0f} s")
    camera.stop()
    sent.stop()
    player.join(STOP_S)
    if not player.is_alive():  # a camera's driver that hangs is not to be disturbed
        camera.close()


def play(node: DataflowNode, camera: Camera, lens: Lens, sent: "SentPictures") -> None:
    """Send pictures until they end or the dataflow does."""
    paced = node.settings.camera.pace == "paced"
    try:
        while (picture := camera.next()) is not None:
            image = lens.image(picture.pixels)
            header = node.originate("camera_image", image, picture.capture_ns)
            sent.add()
            if paced and not sent.wait_for(header.seq):
                node.report("pace", "nobody looks at the pictures; is a node missing?")
    except UsageError as error:
        node.report("camera", str(error))
    sent.end()
    print(FINISHED, flush=True)


class SentPictures:
    """When the last picture was sent, and which have been looked at."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent_s: float | None = time.monotonic()
        self._looked_at = -1
        self._stopping = False

    def add(self) -> None:
        """Note that a picture was sent."""
        self._sent_s = time.monotonic()

    def end(self) -> None:
        """No more will come, and none is missed."""
        self._sent_s = None

    def silent_s(self) -> float:
        """For how long none has come, 0 after the end."""
        sent_s = self._sent_s
        return 0.0 if sent_s is None else time.monotonic() - sent_s

    def looked_at(self, seq: int) -> None:
        """Note that a picture was looked at."""
        with self._changed:
            self._looked_at = max(self._looked_at, seq)
            self._changed.notify_all()

    def stop(self) -> None:
        """End all waits."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def wait_for(self, seq: int) -> bool:
        """Wait until a picture was looked at; false if it is not in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._stopping or self._looked_at >= seq, ANSWER_S
            )


if __name__ == "__main__":
    run(main)
