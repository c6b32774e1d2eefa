"""A node that takes longer over some samples of the hands, or loses what it made of them.

What it shall do is in a file that is written while it runs: a delay is chosen when the machine's
noise is known. The source writes with which sample it begins, and sends that one then: so no node
gets such a sample before it can know.
"""

import json
import os
import runpy
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from nodes.runtime import DataflowNode
from operators.header import Header
from operators.settings import ROOT

OUTPUTS: Final = {
    "replay": "hands",
    "preprocess": "hand_targets",
    "retarget": "wanted_commands",
    "guard": "hand_commands",
    "simulate": "scene_state",
    "capture_panorama": "panorama",
    "headset_output": "frame_sent",
}
"""The nodes in the order of the flow, and what each sends on."""

STAGES: Final = tuple(OUTPUTS)
SOURCE: Final = STAGES[0]
LOSING: Final = "guard"
LOST: Final = "lost"
PERIOD: Final = 2 * (len(STAGES) + 1)
"""Every second sample is left alone, to compare with; the last of each period is lost."""

FILE: Final = "DISTURBANCE"
"""The variable of the environment with the file's path."""


@dataclass(frozen=True)
class Disturbance:
    """By how much nodes are slow, how far apart samples then are, and from which on, once known."""

    delay_ms: float
    gap_ms: float
    first_seq: int | None = None

    def case_of(self, hands_seq: int) -> str:
        """Which node is slow over a sample; LOST where it is lost; empty where it is left alone."""
        place = hands_seq % PERIOD
        if not self.has_begun(hands_seq) or place % 2 == 0:
            return ""
        return (*STAGES, LOST)[place // 2]

    def has_begun(self, hands_seq: int) -> bool:
        """Whether a sample is one of those."""
        return self.first_seq is not None and hands_seq >= self.first_seq

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What the file says; None before there is one."""
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def write(self, path: Path) -> None:
        """Let all nodes read it, whole."""
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.rename(path)


def run(name: str) -> None:
    """Run a node of the product with its sending disturbed."""
    send, path = DataflowNode._send, Path(os.environ[FILE])
    disturbance: Disturbance | None = None
    last_sent_s = 0.0

    def disturbed(
        self: DataflowNode, output: str, message: Any, before: Header, *stamps: int
    ) -> Header:
        nonlocal disturbance, last_sent_s
        if disturbance is None or disturbance.first_seq is None:
            disturbance = Disturbance.read(path)
        if disturbance is None:
            return send(self, output, message, before, *stamps)
        hands_seq = before.hands_seq
        if name == SOURCE:
            hands_seq = self._next_seq.get(OUTPUTS[SOURCE], 0)
            if disturbance.first_seq is None:
                disturbance = replace(disturbance, first_seq=hands_seq)
                disturbance.write(path)
            if 1e3 * (time.monotonic() - last_sent_s) < disturbance.gap_ms:
                return before
        if output != OUTPUTS.get(name):
            return send(self, output, message, before, *stamps)
        case = disturbance.case_of(hands_seq)
        if case == LOST and name == LOSING:
            self._next_seq[output] = self._next_seq.get(output, 0) + 1
            return before
        if case == name:
            time.sleep(disturbance.delay_ms / 1e3)
        last_sent_s = time.monotonic()
        return send(self, output, message, before, *stamps)

    DataflowNode._send = disturbed  # type: ignore[method-assign]
    runpy.run_path(str(ROOT / "nodes" / f"{name}.py"), run_name="__main__")
