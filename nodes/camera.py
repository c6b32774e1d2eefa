"""Sends what a camera, a video file or a folder of pictures shows."""

import os
import threading

from nodes.runtime import DataflowNode, run
from operators.camera import Camera
from operators.camera_messages import Keypoints
from operators.capture_messages import MomentTaken
from operators.chosen_camera import VARIABLE, ChosenCamera
from operators.lens import Lens
from operators.sent_pictures import SentPictures
from operators.settings import load_settings
from operators.usage_error import UsageError

FINISHED = "camera: finished"
"""What is printed when a file or folder has ended."""

SILENT_S = 1.0
STOP_S = 2.0

IN_FLIGHT = 4
"""Pictures of footage that may be on their way at a time: each of the nodes after this one has one
to work at. Their inputs' queues must hold as many."""


def main() -> None:
    """Send each picture when it is due, or paced when those before have been looked at."""
    chosen = ChosenCamera.of(load_settings(), os.environ.get(VARIABLE, ""))
    node = DataflowNode(
        chosen.node_name("camera"),
        inputs={
            "keypoints": Keypoints,
            "moment_taken": MomentTaken,
            "left_out": MomentTaken,
            "tick": None,
        },
        hears_of_ends=True,
    )
    if chosen.is_footage:
        node.end_with_failures()
    chosen.check_footage()
    camera = Camera(chosen.settings, chosen.section, node.report)
    lens = Lens(chosen.settings, node.report, chosen.name, chosen.section)
    sent = SentPictures()
    player = threading.Thread(target=play, args=(node, chosen, camera, lens, sent), daemon=True)
    node.connect()
    player.start()
    for taken in node:
        match taken.message:
            case Keypoints() as keypoints:
                sent.looked_at(keypoints.image_seq)
            case MomentTaken(cameras=cameras, image_seqs=seqs) if chosen.name in cameras:
                sent.looked_at(int(seqs[cameras.index(chosen.name)]))
            case None:
                silent_s = sent.silent_s()
                if silent_s > SILENT_S and not chosen.is_footage:
                    node.report("camera", f"no picture from {camera.name} for {silent_s:.0f} s")
        # Footage is for whoever takes its moments; without them nobody would ever ask for more.
        if chosen.is_footage and (taken.has_ended or not player.is_alive()):
            break
    camera.stop()
    sent.stop()
    player.join(STOP_S)
    if not player.is_alive():  # a camera's driver that hangs is not to be disturbed
        camera.close()
    if chosen.is_footage and sent.failure is not None:
        raise sent.failure


def play(
    node: DataflowNode, chosen: ChosenCamera, camera: Camera, lens: Lens, sent: SentPictures
) -> None:
    """Send pictures until they end or the dataflow does."""
    pace = chosen.settings.pace
    in_flight = {"live": None, "paced": 1, "footage": IN_FLIGHT}[pace]
    try:
        while (picture := camera.next()) is not None:
            image = lens.image(picture.pixels)
            header = node.originate("camera_image", image, picture.capture_ns)
            sent.add(header.seq)
            while in_flight is not None and not sent.wait_for_room(in_flight):
                node.report("pace", "nobody looks at the pictures; is a node missing?")
                if pace == "paced":
                    break
        if pace == "footage":
            sent.wait_for_room(1)
    except UsageError as error:
        sent.failure = error
        node.report("camera", str(error))
    sent.end()
    print(FINISHED, flush=True)


if __name__ == "__main__":
    run(main)
