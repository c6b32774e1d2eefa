"""Puts together what several cameras see at the same moment, and finds the joints in space."""

import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from nodes.runtime import DataflowNode, Taken, run
from operators.camera_messages import Keypoints
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import MomentTaken
from operators.chosen_camera import check_tolerance, is_footage
from operators.hand_triangulation import HandTriangulation
from operators.synchronised_views import Moment, SynchronisedViews
from operators.usage_error import UsageError

INPUT = "keypoints_"
"""Followed by the camera's name."""


def main() -> None:
    """Send the hands of every moment, in order; end when all footage has."""
    node = DataflowNode(
        "triangulate", inputs={"keypoints_*": Keypoints, "tick": None}, hears_of_ends=True
    )
    capture = node.settings.capture
    footage = is_footage(node.settings)
    if footage:
        node.end_with_failures()
    check_tolerance(node.settings)
    cameras = calibrated_cameras(capture)
    triangulation = HandTriangulation(cameras, capture.tolerance_px)
    views: SynchronisedViews[Taken] = SynchronisedViews(
        cameras,
        capture,
        node.report,
        is_live=not footage,
        leave_out=partial(tell_of, node) if footage else lambda _: None,
    )
    going_on = set(cameras)
    node.connect()
    check_inputs(node.connected_inputs, cameras)
    for taken in node:
        # Footage is never late: whoever waits for it waits for this machine.
        now_ns = 0 if footage else time.monotonic_ns()
        if isinstance(taken.message, Keypoints):
            seen = taken.message
            moments = views.add(
                seen.camera,
                taken,
                (seen.columns, seen.rows),
                taken.header.capture_ns,
                now_ns,
                None if footage else arrival_ns(taken),
            )
        elif taken.has_ended:
            name = taken.input.removeprefix(INPUT)
            going_on.discard(name)
            moments = views.end(name, now_ns)
        else:
            moments = views.poll(now_ns)
        for moment in moments:
            send(node, triangulation, moment)
        if footage and not going_on:
            break


def arrival_ns(taken: Taken) -> int:
    """When the picture would have been here, had no node worked on it: detectors are unequal.

    By differences alone, since a node's stamps may be of another machine's clock.
    """
    worked_ns = sum(stamp.sent_ns - stamp.received_ns for stamp in taken.header.stamps)
    return taken.received_ns - worked_ns


def check_inputs(connected: Collection[str], cameras: Iterable[str]) -> None:
    """Raise UsageError for a camera of the settings that the dataflow lacks: all would wait."""
    lacking = [name for name in cameras if f"{INPUT}{name}" not in connected]
    if connected and lacking:
        raise UsageError(
            f"capture.cameras: {', '.join(lacking)}: the dataflow gives `triangulate` no input "
            f"{INPUT}{lacking[0]}, only {', '.join(sorted(connected))}; docs/capture.md says how a "
            "camera is added"
        )


def tell_of(node: DataflowNode, left_out: Taken) -> None:
    """Say that a picture is in no moment: its camera would wait for that moment."""
    seen = left_out.message
    if isinstance(seen, Keypoints):
        picture = MomentTaken(cameras=(seen.camera,), image_seqs=np.array([seen.image_seq]))
        node.send("left_out", picture, left_out)


def send(node: DataflowNode, triangulation: HandTriangulation, moment: Moment[Taken]) -> None:
    """Send a moment's hands. They follow from the view that came last."""
    seen = {
        name: taken.message
        for name, taken in moment.views.items()
        if isinstance(taken.message, Keypoints)
    }
    last = max(moment.views.values(), key=lambda taken: taken.received_ns)
    header = replace(last.header, capture_ns=moment.time_ns)
    joints = triangulation.triangulate(seen, moment.skew_ns)
    node.send("hand_joints", joints, replace(last, header=header))


if __name__ == "__main__":
    run(main)
