"""Notes when the guard and the simulator said what: a JSON line a message."""

import json
import os
import time
from pathlib import Path

from nodes.runtime import DataflowNode, run
from operators.messages import HandCommands, OperatorState, SceneState


def main() -> None:
    """Write until the dataflow stops."""
    node = DataflowNode(
        "probe",
        inputs={
            "hand_commands": HandCommands,
            "scene_state": SceneState,
            "operator_state": OperatorState,
        },
    )
    node.connect()
    with Path(os.environ["FAULT_PROBE"]).open("a", buffering=1) as lines:
        for taken in node:
            stamps = taken.header.stamps
            told = {
                "input": taken.input,
                "seq": taken.header.seq,
                "sent_ns": stamps[-1].sent_ns if stamps else time.monotonic_ns(),
                "started_ns": stamps[-1].started_ns if stamps else time.monotonic_ns(),
            }
            match taken.message:
                case HandCommands() as commands:
                    told |= {
                        "valid": commands.valid.tolist(),
                        "pose": commands.world_from_base.tolist(),
                        "left": commands.left_joint_positions.tolist(),
                        "right": commands.right_joint_positions.tolist(),
                    }
                case SceneState() as scene:
                    base = next(i for i, n in enumerate(scene.body_names) if n.startswith("left/"))
                    told |= {"step": scene.step, "base": scene.body_poses[base].tolist()}
                case OperatorState() as state:
                    told |= {
                        "state": state.state,
                        "left_state": state.left_state,
                        "reason": state.reason,
                    }
            lines.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    run(main)
