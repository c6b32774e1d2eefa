"""A node that takes longer over some samples of the hands, or loses what it made of them."""

import runpy
import time
from typing import Any

from nodes.runtime import DataflowNode
from operators.header import Header
from operators.messages import Hands
from operators.settings import ROOT

OUTPUTS = {
    "replay": "hands",
    "preprocess": "hand_targets",
    "retarget": "wanted_commands",
    "guard": "hand_commands",
    "simulate": "scene_state",
    "capture_panorama": "panorama",
    "headset_output": "frame_sent",
}
"""The nodes in the order of the flow, and what each sends on."""

DELAYS_MS = (5, 10, 20)
CASES = [(node, delay_ms) for node in OUTPUTS for delay_ms in DELAYS_MS]
LOSING = "guard"
PERIOD = 2 * (len(CASES) + 1)
"""Every second sample is left alone, to compare with; the last of each period is lost."""


def case_of(hands_seq: int) -> tuple[str, int] | None:
    """Which node takes how many ms longer over a sample; a negative number: it is lost there."""
    place = hands_seq % PERIOD
    if place % 2 == 0:
        return None
    return CASES[place // 2] if place // 2 < len(CASES) else (LOSING, -1)


def run(name: str) -> None:
    """Run a node of the product with its sending disturbed."""
    send = DataflowNode._send

    def disturbed(
        self: DataflowNode, output: str, message: Any, before: Header, *stamps: int
    ) -> Header:
        if output == OUTPUTS.get(name):
            is_source = isinstance(message, Hands) and not before.trail
            hands_seq = self._next_seq.get(output, 0) if is_source else before.hands_seq
            case = case_of(hands_seq)
            if hands_seq >= 0 and case is not None and case[0] == name:
                if case[1] < 0:
                    self._next_seq[output] = self._next_seq.get(output, 0) + 1
                    return before
                time.sleep(case[1] / 1e3)
        return send(self, output, message, before, *stamps)

    DataflowNode._send = disturbed  # type: ignore[method-assign]
    runpy.run_path(str(ROOT / "nodes" / f"{name}.py"), run_name="__main__")
