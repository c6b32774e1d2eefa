"""Plays a recording as if its operator were here."""

import threading
import time
from itertools import groupby
from operator import attrgetter

from nodes.runtime import DataflowNode, run
from operators.message import Message
from operators.messages import SceneState
from operators.recording import RecordingReader
from operators.replay import FINISHED, schedule
from operators.settings import resolve

PLAYED = ("head", "operator_input", "operator_adjustment", "controllers", "hands")
LOCKSTEP_TIMEOUT_S = 10.0

KEYS_EVERY_NS = 100_000_000
"""A headset says with every sample which keys are held; a recording, when that changes, and who
watches over the operator wants to hear of them. Said with every sample, they made dora lose the
sample that followed, at times, on a busy machine."""


def main() -> None:
    """Send each message when it is due, or in lockstep when the scene has followed the last."""
    node = DataflowNode("replay", inputs={"scene_state": SceneState}, headers_only=("scene_state",))
    recording = RecordingReader(resolve(node.settings.replay.recording))
    followed = Followed()
    player = threading.Thread(target=play, args=(node, recording, followed), daemon=True)
    node.connect()
    player.start()
    for taken in node:
        followed.update(taken.header.hands_seq)
    followed.stop()
    player.join()


def play(node: DataflowNode, recording: RecordingReader, followed: "Followed") -> None:
    """Send the recording to its end, or until the dataflow stops."""
    settings = node.settings.replay
    lockstep = node.settings.simulation.clock == "lockstep"
    names = tuple(name for name in PLAYED if name in recording.names)
    # In lockstep time is the recording's own, so that each replay is the same.
    start_ns = 0 if lockstep else time.monotonic_ns()
    speed = 1.0 if lockstep else settings.speed
    keys: Message | None = None
    said_ns = 0
    dues = schedule(recording, names, start_ns=start_ns, speed=speed, loop=settings.loop)
    for due_ns, moment in groupby(dues, attrgetter("due_ns")):
        messages = [due.recorded for due in moment]  # read before their time comes, not after
        if not lockstep:
            followed.sleep_until(due_ns)
        for recorded in messages:
            if followed.stopping:
                return
            if recorded.name == "operator_input":
                keys, said_ns = recorded.message, due_ns
            elif keys is not None and due_ns - said_ns >= KEYS_EVERY_NS:
                node.originate("operator_input", keys, due_ns)
                said_ns = due_ns
            header = node.originate(recorded.name, recorded.message, due_ns)
            waits = lockstep and recorded.name == "hands"
            if waits and not followed.wait_for(header.hands_seq):
                node.report("lockstep", "the scene does not follow; is a node missing?")
    print(FINISHED, flush=True)


class Followed:
    """Up to which sample of the hands the scene has followed, and whether to stop."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._hands_seq = -1
        self.stopping = False

    def update(self, hands_seq: int) -> None:
        """Note that the scene has followed a sample."""
        with self._changed:
            self._hands_seq = max(self._hands_seq, hands_seq)
            self._changed.notify_all()

    def stop(self) -> None:
        """End all waits."""
        with self._changed:
            self.stopping = True
            self._changed.notify_all()

    def wait_for(self, hands_seq: int) -> bool:
        """Wait until the scene has followed a sample; false if it does not in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.stopping or self._hands_seq >= hands_seq, LOCKSTEP_TIMEOUT_S
            )

    def sleep_until(self, due_ns: int) -> None:
        """Wait until a time, or until the dataflow stops."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopping, max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
            )


if __name__ == "__main__":
    run(main)
