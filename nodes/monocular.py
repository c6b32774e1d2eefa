"""Turns what one camera sees of the operator into hands and a head, as from a headset."""

from nodes.runtime import DataflowNode, run
from operators.camera_messages import Keypoints
from operators.monocular import LiftFault, MonocularLift


def main() -> None:
    """Place the hands of every picture in the stage."""
    node = DataflowNode("monocular", inputs={"keypoints": Keypoints})
    lift = MonocularLift(node.settings.monocular)
    node.connect()
    for taken in node:
        if not isinstance(taken.message, Keypoints):
            continue
        hands = lift.lift(taken.message, taken.header.capture_ns / 1e9)
        for fault in set(lift.faults) - {LiftFault.NONE, LiftFault.NOT_SEEN}:
            node.report("hands", f"not followed: {fault}")
        # With each sample, so that whoever starts later has it too.
        node.send("head", lift.head, taken)
        node.send("hands", hands, taken)


if __name__ == "__main__":
    run(main)
