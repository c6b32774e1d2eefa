"""Lets commands through to the robot while the operator is in command."""

from nodes.runtime import DataflowNode, Taken, run
from operators.guard import Guard
from operators.messages import HandCommands, OperatorInput, OperatorState, SceneState, Viewers
from operators.restart_watch import RestartWatch

STATE_EVERY_TICKS = 50
"""The state is sent when it changes, and every half second for who comes later."""


def main() -> None:
    """Pass commands, watch the time, publish the state."""
    node = DataflowNode(
        "guard",
        inputs={
            "operator_input": OperatorInput,
            "wanted_commands": HandCommands,
            "scene_state": SceneState,
            "viewers": Viewers,
            "tick": None,
        },
        newest_only=("wanted_commands", "scene_state", "tick"),
        hears_of_restarts=True,
    )
    lockstep = node.settings.simulation.clock == "lockstep"
    guard = Guard.from_settings(node.settings)
    watches = {name: RestartWatch() for name in ("operator_input", "wanted_commands")}
    node.connect()
    told: tuple[object, ...] = ()
    ticks = 0
    for taken in node:
        now_s = (taken.header.capture_ns if lockstep else taken.started_ns) / 1e9
        if taken.input in watches:
            for restarted in watches[taken.input].look(taken.header):
                send(node, guard.restarted(restarted, now_s), taken)
        if taken.restarted:
            send(node, guard.restarted(taken.restarted, now_s), taken)
        match taken.message:
            case OperatorInput() as operator:
                send(node, guard.operator_input(operator, now_s), taken)
            case HandCommands() as wanted:
                send(node, guard.command(wanted, now_s), taken)
            case SceneState() as scene:
                send(node, guard.scene_state(scene, now_s), taken)
            case Viewers() as viewers:
                if viewers.fault:
                    send(node, guard.stop(f"{viewers.fault}; engage to go on", now_s), taken)
            case None if not taken.restarted:
                ticks += 1
                if not lockstep:
                    send(node, guard.tick(now_s), taken)
        state = guard.state
        values = tuple(getattr(state, field.name) for field in OperatorState.FIELDS)
        if values != told or (taken.message is None and ticks % STATE_EVERY_TICKS == 0):
            node.send("operator_state", state, taken)
            told = values


def send(node: DataflowNode, safe: HandCommands | None, follows: Taken) -> None:
    """Tell the robot, where there is something to tell."""
    if safe is not None:
        node.send("hand_commands", safe, follows)


if __name__ == "__main__":
    run(main)
