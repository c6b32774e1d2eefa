"""Lets commands through to the robot while the operator is in command."""

from nodes.runtime import DataflowNode, run
from operators.guard import Guard
from operators.messages import HandCommands, OperatorInput, OperatorState, SceneState

STATE_EVERY_TICKS = 10
"""The state is sent when it changes, and every half second for who comes later."""


def main() -> None:
    """Pass commands, watch the time, publish the state."""
    node = DataflowNode(
        "guard",
        inputs={
            "operator_input": OperatorInput,
            "wanted_commands": HandCommands,
            "scene_state": SceneState,
            "tick": None,
        },
        newest_only=("wanted_commands", "scene_state", "tick"),
    )
    lockstep = node.settings.simulation.clock == "lockstep"
    guard = Guard(node.settings.guard)
    node.connect()
    told: tuple[object, ...] = ()
    ticks = 0
    for taken in node:
        safe: HandCommands | None = None
        match taken.message:
            case OperatorInput() as operator:
                guard.operator_input(operator)
            case HandCommands() as wanted:
                now_ns = taken.header.capture_ns if lockstep else taken.started_ns
                safe = guard.command(wanted, now_ns / 1e9)
            case None:
                ticks += 1
                if not lockstep:
                    safe = guard.tick(taken.started_ns / 1e9)
        if safe is not None:
            node.send("hand_commands", safe, taken)
        state = guard.state
        values = tuple(getattr(state, field.name) for field in OperatorState.FIELDS)
        if values != told or (taken.message is None and ticks % STATE_EVERY_TICKS == 0):
            node.send("operator_state", state, taken)
            told = values


if __name__ == "__main__":
    run(main)
