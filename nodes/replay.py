"""Plays a recording as if its operator were here."""

import threading
import time
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from nodes.runtime import DataflowNode, run
from operators.header import Header
from operators.message import Message
from operators.messages import SceneState
from operators.recording import RecordingReader
from operators.replay import FINISHED, Due, schedule
from operators.settings import resolve

PLAYED = ("head", "operator_input", "operator_adjustment", "controllers", "hands")
LOCKSTEP_TRIES = 10
LOCKSTEP_TRY_S = 1.0
"""In lockstep the scene is waited for so often for so long. After each time the sample is sent once
more: on a busy machine dora loses one of a few hundred."""

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
    names = tuple(name for name in PLAYED if name in recording.names)
    if node.settings.simulation.clock == "lockstep":
        step(node, schedule(recording, names, start_ns=0, loop=settings.loop), followed)
    else:
        start_ns = time.monotonic_ns()
        dues = schedule(
            recording, names, start_ns=start_ns, speed=settings.speed, loop=settings.loop
        )
        play_in_time(node, dues, followed)
    if not followed.stopping:
        print(FINISHED, flush=True)


def play_in_time(node: DataflowNode, dues: Iterator[Due], followed: "Followed") -> None:
    """Send each message when it is due."""
    keys: Message | None = None
    said_ns = 0
    for due_ns, moment in groupby(dues, attrgetter("due_ns")):
        messages = [due.recorded for due in moment]  # read before their time comes, not after
        followed.sleep_until(due_ns)
        for recorded in messages:
            if followed.stopping:
                return
            if recorded.name == "operator_input":
                keys, said_ns = recorded.message, due_ns
            elif keys is not None and due_ns - said_ns >= KEYS_EVERY_NS:
                node.originate("operator_input", keys, due_ns)
                said_ns = due_ns
            node.originate(recorded.name, recorded.message, due_ns)


def step(node: DataflowNode, dues: Iterator[Due], followed: "Followed") -> None:
    """Send each message as soon as the scene has followed the last hands, in the recording's time.

    So each replay is the same: hands are taken after what was sent before them, and what dora has
    lost is sent again.
    """
    newest: dict[str, tuple[str, Message, Header]] = {}
    unfollowed: list[tuple[str, Message, Header]] = []
    for due in dues:
        name, message = due.recorded.name, due.recorded.message
        if followed.stopping:
            return
        if name != "hands":
            newest[name] = name, message, node.originate(name, message, due.due_ns)
            unfollowed.append(newest[name])
            continue
        after = {before: header.seq for before, _, header in newest.values()}
        header = node.originate(name, message, due.due_ns, after=after)
        unfollowed.append((name, message, header))
        for _ in range(LOCKSTEP_TRIES):
            if followed.wait_for(header.hands_seq):
                break
            for sent in unfollowed:
                node.send_again(*sent)
        else:
            node.report("lockstep", "the scene does not follow; is a node missing?")
        unfollowed = list(newest.values())  # a node that has begun anew needs them too


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
                lambda: self.stopping or self._hands_seq >= hands_seq, LOCKSTEP_TRY_S
            )

    def sleep_until(self, due_ns: int) -> None:
        """Wait until a time, or until the dataflow stops."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopping, max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
            )


if __name__ == "__main__":
    run(main)
