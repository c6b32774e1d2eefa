"""Turns the hands that several cameras see into hands and a head, as from a headset."""

from nodes.runtime import DataflowNode, run
from operators.capture_messages import HandAngles
from operators.multi_view_hands import MultiViewHands


def main() -> None:
    """Place the hands of every moment in the stage."""
    node = DataflowNode("place_hands", inputs={"hand_angles": HandAngles})
    placed = MultiViewHands(node.settings.multi_view)
    node.connect()
    for taken in node:
        if isinstance(taken.message, HandAngles):
            # With each sample, so that whoever starts later has it too.
            node.send("head", placed.head, taken)
            node.send("hands", placed.hands(taken.message), taken)


if __name__ == "__main__":
    run(main)
