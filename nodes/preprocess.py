"""Measures the operator's hands from the operator's head, and smooths them."""

from dataclasses import replace

from nodes.runtime import DataflowNode, run
from operators.hand_filter import HandFilter
from operators.hand_watch import HandWatch
from operators.messages import Hands, Head, OperatorInput
from operators.preprocessing import Preprocessor


def main() -> None:
    """Turn every sample of the hands into targets, with the newest head."""
    node = DataflowNode(
        "preprocess",
        inputs={"head": Head, "operator_input": OperatorInput, "hands": Hands},
    )
    watch = HandWatch()
    preprocessor = Preprocessor()
    hand_filter = HandFilter(node.settings.filters)
    node.connect()
    head_seq = -1
    recentring = False
    for taken in node:
        match taken.message:
            case Head() as head:
                preprocessor.update_head(head)
                head_seq = taken.header.seq
            case OperatorInput() as operator:
                if operator.recentre and not recentring and preprocessor.recentre():
                    hand_filter.reset()
                recentring = operator.recentre
            case Hands() as hands:
                taken.header = replace(taken.header, head_seq=head_seq)
                believed, faults = watch.look(hands, taken.header.capture_ns / 1e9)
                targets = preprocessor.targets(believed)
                faults = tuple(f or g for f, g in zip(faults, targets.faults, strict=True))
                smooth = hand_filter.filter(targets, taken.header.capture_ns)
                node.send("hand_targets", replace(smooth, faults=faults), taken)


if __name__ == "__main__":
    run(main)
