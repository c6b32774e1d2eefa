"""Turns the operator's hands into the robot's."""

from nodes.runtime import DataflowNode, run
from operators.messages import HandTargets
from operators.retargeting import Retargeter


def main() -> None:
    """Turn every target into a wanted command."""
    node = DataflowNode("retarget", inputs={"hand_targets": HandTargets})
    retargeter = Retargeter.from_settings(node.settings)
    node.connect()
    for taken in node:
        if isinstance(taken.message, HandTargets):
            node.send("wanted_commands", retargeter.retarget(taken.message), taken)


if __name__ == "__main__":
    run(main)
