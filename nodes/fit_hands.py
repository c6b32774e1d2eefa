"""Turns joints that several cameras see into angles of a skeleton of constant bones."""

import time
from collections import deque

from nodes.runtime import DataflowNode, Taken, run
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import HandAngles, HandJoints, MomentTaken
from operators.chosen_camera import is_footage
from operators.hand_fitting import HandFitting

ANSWER_S = 10.0
"""Whoever writes the angles is gone if it has said nothing for so long."""


def main() -> None:
    """Send the angles of every moment, in order; of footage, end when the last one is written."""
    node = DataflowNode(
        "fit_hands",
        inputs={"hand_joints": HandJoints, "moment_written": MomentTaken, "tick": None},
        hears_of_ends=True,
    )
    settings = node.settings
    footage = is_footage(settings)
    fitting = HandFitting(calibrated_cameras(settings.capture), settings.hand_fit, ahead=footage)
    waiting: deque[Taken] = deque()
    unwritten = 0
    all_sent, heard_s = False, 0.0
    node.connect()
    for taken in node:
        match taken.message:
            case HandJoints() as joints:
                waiting.append(taken)
                unwritten += send(node, fitting.add(joints), waiting)
                if footage:
                    moment = MomentTaken(cameras=joints.cameras, image_seqs=joints.image_seqs)
                    node.send("moment_taken", moment, taken)
            case MomentTaken():
                unwritten -= 1
                heard_s = time.monotonic()
        if taken.has_ended and taken.input == "hand_joints":
            unwritten += send(node, fitting.finish(), waiting)
            all_sent, heard_s = True, time.monotonic()
        # Once this node ends, dora may drop what it has sent and nobody has taken.
        if all_sent and (unwritten <= 0 or taken.has_ended and taken.input == "moment_written"):
            break
        if all_sent and time.monotonic() - heard_s > ANSWER_S:
            node.report("angles", f"{unwritten} moments were not written; is a node missing?")
            break


def send(node: DataflowNode, fitted: list[HandAngles], waiting: deque[Taken]) -> int:
    """Send what was made of the moments that wait, oldest first; how many those are."""
    for angles in fitted:
        node.send("hand_angles", angles, waiting.popleft())
    return len(fitted)


if __name__ == "__main__":
    run(main)
