"""Writes what arrives into a recording."""

from datetime import datetime

from nodes.runtime import DataflowNode, run
from operators.messages import (
    Controllers,
    HandCommands,
    Hands,
    Head,
    OperatorAdjustment,
    OperatorInput,
    OperatorState,
    SceneState,
)
from operators.recording import RecordingWriter
from operators.settings import resolve


def main() -> None:
    """Record every input into a new folder named by the time."""
    node = DataflowNode(
        "record",
        inputs={
            "head": Head,
            "hands": Hands,
            "controllers": Controllers,
            "operator_input": OperatorInput,
            "operator_adjustment": OperatorAdjustment,
            "hand_commands": HandCommands,
            "scene_state": SceneState,
            "operator_state": OperatorState,
        },
    )
    folder = resolve(node.settings.record.folder) / f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    writer = RecordingWriter(folder, settings=node.settings.model_dump(mode="json"))
    node.connect()
    print(f"recording into {folder}", flush=True)
    try:
        for taken in node:
            if taken.message is not None:
                writer.write(taken.message, taken.header)
    finally:
        writer.close(node.lost)
        if node.lost:
            print(f"lost on the way: {node.lost}", flush=True)


if __name__ == "__main__":
    run(main)
