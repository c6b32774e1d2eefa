"""Measures the operator's hands in the frame that the operator chose, and smooths them."""

from dataclasses import replace

from nodes.runtime import DataflowNode, run
from operators.hand_filter import HandFilter
from operators.hand_watch import HandWatch
from operators.messages import (
    Controllers,
    Hands,
    Head,
    OperatorAdjustment,
    OperatorFrame,
    OperatorInput,
    OperatorState,
)
from operators.tracked_operator import TrackedOperator

FRAME_EVERY_NS = 500_000_000
"""The frame is sent when it changes, and every half second for who comes later."""


def main() -> None:
    """Turn every sample of the hands into targets, with the newest of everything else."""
    node = DataflowNode(
        "preprocess",
        inputs={
            "head": Head,
            "operator_input": OperatorInput,
            "operator_adjustment": OperatorAdjustment,
            "operator_state": OperatorState,
            "controllers": Controllers,
            "hands": Hands,
        },
    )
    watch = HandWatch()
    operator = TrackedOperator(node.settings.operator)
    hand_filter = HandFilter(node.settings.filters)
    node.connect()
    head_seq = -1
    told: OperatorFrame | None = None
    told_ns = 0
    for taken in node:
        time_s = taken.header.capture_ns / 1e9
        match taken.message:
            case Head() as head:
                operator.update_head(head, time_s)
                head_seq = taken.header.seq
            case OperatorInput() as keys:
                operator.update_keys(keys)
            case OperatorAdjustment() as adjustment:
                operator.adjust(adjustment, time_s)
            case OperatorState() as state:
                operator.update_robot(state)
            case Controllers() as controllers:
                operator.update_controllers(controllers, time_s)
            case Hands() as hands:
                taken.header = replace(taken.header, head_seq=head_seq)
                believed, faults = watch.look(hands, time_s)
                targets = operator.targets(believed, faults, time_s)
                targets = hand_filter.filter(targets, taken.header.capture_ns)
                node.send("hand_targets", targets, taken)
                frame = operator.frame(time_s)
                is_known = told is not None and frame.says_the_same_as(told)
                if not is_known or taken.started_ns - told_ns >= FRAME_EVERY_NS:
                    node.send("operator_frame", frame, taken)
                    told, told_ns = frame, taken.started_ns


if __name__ == "__main__":
    run(main)
