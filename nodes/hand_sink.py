"""Drives real hands: an example to copy, whose hands are only printed. See docs/hardware.md."""

import numpy as np
from numpy.typing import NDArray

from nodes.runtime import DataflowNode, run
from operators.hands import SIDES, Hand
from operators.joint_setpoint import JointSetpoint
from operators.messages import HandCommands

MAX_SPEED_RAD_S = 2.0
"""Of any joint: a finger closes in about a second."""


class PrintedHand:
    """What stands between this node and the hardware: put your driver here."""

    def __init__(self, side: str, joint_names: tuple[str, ...]) -> None:
        self.joint_names = joint_names  # keep those that your hand drives, in its own order
        self._side = side
        self._sent = 0

    def read(self) -> NDArray[np.float64]:
        """Where the joints are now, rad, by the hand's own sensors."""
        return np.zeros(len(self.joint_names))

    def send(self, positions_rad: NDArray[np.float64]) -> None:
        """Give the drives their next positions; called at every tick, also while nothing moves."""
        if self._sent % 60 == 0:
            print(f"{self._side} hand, rad: {np.round(positions_rad, 2).tolist()}", flush=True)
        self._sent += 1

    def close(self) -> None:
        """Leave the hand as it shall be without this node: holding, or limp."""


def main() -> None:
    """Lead each hand to what is commanded, and hold it when nothing is."""
    node = DataflowNode(
        "hand_sink",
        inputs={"hand_commands": HandCommands, "tick": None},
        newest_only=("hand_commands", "tick"),
    )
    files = node.settings.hands.left, node.settings.hands.right
    hands = [PrintedHand(s, Hand.load(f).joint_names) for s, f in zip(SIDES, files, strict=True)]
    setpoints = [
        JointSetpoint(side, hand.joint_names, hand.read(), MAX_SPEED_RAD_S)
        for side, hand in enumerate(hands)
    ]
    node.connect()
    for taken in node:
        for hand, setpoint in zip(hands, setpoints, strict=True):
            match taken.message:
                case HandCommands() as commands:
                    try:
                        setpoint.follow(commands, taken.started_ns / 1e9)
                    except ValueError as error:
                        node.report("hand_commands", str(error))
                case None:
                    hand.send(setpoint.step(taken.started_ns / 1e9))
    for hand in hands:
        hand.close()


if __name__ == "__main__":
    run(main)
