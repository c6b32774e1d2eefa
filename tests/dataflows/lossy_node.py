"""A node of whose messages some are lost, as dora loses them on a busy machine."""

import runpy
from typing import Any, Final

from dora import Node

import nodes.runtime
from operators.settings import ROOT

EVERY: Final = 120
"""Of so many samples each output loses one, each another. To send again takes a second."""

LOST: Final = ("head", "hands", "hand_targets", "wanted_commands", "hand_commands", "scene_state")


class LossyNode:
    """dora's node, but for what it loses: never what is sent again."""

    def __init__(self) -> None:
        self._node = Node()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def send_output(self, output: str, value: Any, metadata: dict[str, Any]) -> None:
        """Send, or lose."""
        sample = metadata["head_seq" if output == "head" else "hands_seq"]
        is_first = nodes.runtime.AGAIN not in metadata
        if output in LOST and is_first and sample % EVERY == 5 * (LOST.index(output) + 1):
            return
        self._node.send_output(output, value, metadata)


def run(name: str) -> None:
    """Run a node of the product that loses messages."""
    nodes.runtime.Node = LossyNode  # type: ignore[misc]
    runpy.run_path(str(ROOT / "nodes" / f"{name}.py"), run_name="__main__")
