"""Turns joints that several cameras see into angles of a skeleton of constant bones."""

import time
from collections import deque

from nodes.runtime import DataflowNode, Taken, run
from operators.camera_rig import calibrated_cameras
from operators.capture_messages import HandAngles, HandJoints, MomentTaken
from operators.chosen_camera import is_footage
from operators.hand_fitting import HandFitting

ON_THE_WAY = 4
"""Moments of footage that are sent before the first of them is written: of sixty that were sent at
once dora delivered nine, without a word."""

ANSWER_S = 10.0
"""A moment that is not written by then is lost."""


def main() -> None:
    """Send the angles of every moment, in order; of footage, end when the last one is written."""
    node = DataflowNode(
        "fit_hands",
        inputs={"hand_joints": HandJoints, "moment_written": MomentTaken, "tick": None},
        hears_of_ends=True,
    )
    settings = node.settings
    footage = is_footage(settings)
    if footage:
        node.end_with_failures()
    fitting = HandFitting(calibrated_cameras(settings.capture), settings.hand_fit, ahead=footage)
    sending = Sending(node, ON_THE_WAY if footage else None)
    has_ended = False
    fitting.warm_up()
    node.connect()
    for taken in node:
        match taken.message:
            case HandJoints() as joints:
                sending.expect(taken)
                sending.add(fitting.add(joints))
                if footage:
                    moment = MomentTaken(cameras=joints.cameras, image_seqs=joints.image_seqs)
                    node.send("moment_taken", moment, taken)
            case MomentTaken():
                sending.written()
            case None:
                sending.look_for_losses()
        if taken.has_ended:
            has_ended = True
            sending.add(fitting.finish())
        if has_ended and sending.is_done:
            break


class Sending:
    """Sends angles in the order of the moments they are of, a few at a time where those count.

    on_the_way: how many may be sent and not yet written; None for live, where none is waited for.
    """

    def __init__(self, node: DataflowNode, on_the_way: int | None) -> None:
        self._node = node
        self._limit = on_the_way
        self._moments: deque[Taken] = deque()
        self._ready: deque[tuple[HandAngles, Taken]] = deque()
        self._unwritten = 0
        self._heard_s = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether everything is sent and written."""
        return not self._ready and not self._unwritten

    def expect(self, moment: Taken) -> None:
        """Note a moment whose angles will come."""
        self._moments.append(moment)

    def add(self, fitted: list[HandAngles]) -> None:
        """Send the angles of the next moments as soon as they may be."""
        self._ready.extend((angles, self._moments.popleft()) for angles in fitted)
        self._send()

    def written(self) -> None:
        """Note that one of those sent has been written."""
        self._unwritten = max(0, self._unwritten - 1)
        self._heard_s = time.monotonic()
        self._send()

    def look_for_losses(self) -> None:
        """Go on if what was sent is not written in time."""
        if self._unwritten and time.monotonic() - self._heard_s > ANSWER_S:
            self._node.report("angles", f"{self._unwritten} moments were not written")
            self._unwritten = 0
            self._send()

    def _send(self) -> None:
        while self._ready and (self._limit is None or self._unwritten < self._limit):
            if not self._unwritten:
                self._heard_s = time.monotonic()
            angles, moment = self._ready.popleft()
            self._node.send("hand_angles", angles, moment)
            self._unwritten += self._limit is not None


if __name__ == "__main__":
    run(main)
