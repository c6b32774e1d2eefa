"""Runs the physics, and tells the scene's state as soon as a command has acted."""

from nodes.runtime import DataflowNode, run
from operators.guard import hold_both
from operators.messages import HandCommands, Viewers
from operators.simulator import SimulatorLostError
from operators.simulators import make_simulator
from operators.step_clock import StepClock
from operators.view_messages import Faces

SILENT_NS = 25_000_000
"""Without a command for one frame and a half, the clock's ticks keep the scene going."""

DRAWN_S = 2.0
"""Simulated seconds that are drawn even if nobody watches: the page's address is printed when
pictures come."""


def main() -> None:
    """Step in time with the wall clock, or in lockstep with the samples' own."""
    node = DataflowNode(
        "simulate",
        inputs={"hand_commands": HandCommands, "viewers": Viewers, "tick": None},
        hears_of_restarts=True,
    )
    lockstep = node.settings.simulation.clock == "lockstep"
    simulator = make_simulator(node.settings)
    simulator.start()
    clock = StepClock(simulator.time_step_s)
    node.connect()
    told_ns, said_s, drawn_step = 0, 0.0, -1
    watched = True  # until it is known that nobody is there
    for taken in node:
        now_ns = taken.header.capture_ns if lockstep else taken.started_ns
        if taken.restarted:
            if taken.restarted == "guard":  # it says nothing for a while
                simulator.command(hold_both(), -1)
            continue
        try:
            match taken.message:
                case Viewers() as viewers:
                    watched = viewers.count > 0
                    continue
                case HandCommands() as commands:
                    simulator.step(clock.take_due(now_ns))
                    try:
                        simulator.command(commands, taken.header.seq)
                    except ValueError as error:
                        node.report("hand_commands", f"dropped: {error}")
                    simulator.step(clock.take_one())
                case None:
                    if lockstep or now_ns - told_ns < SILENT_NS:
                        continue
                    simulator.step(clock.take_due(now_ns))
            state = simulator.state()
            node.send("scene_state", state, taken)
            told_ns = now_ns
            faces = None
            if (watched or state.simulation_time_s < DRAWN_S) and state.step != drawn_step:
                faces = simulator.faces()
        except SimulatorLostError as lost:
            node.report("simulator", str(lost))
            continue
        if faces is not None:
            node.send("faces", Faces(pixels=faces), taken)
            drawn_step = state.step
        if clock.skipped_s > said_s:
            node.report("clock", f"{clock.skipped_s - said_s:.2f} s were skipped in a stall")
            said_s = clock.skipped_s
    simulator.close()


if __name__ == "__main__":
    run(main)
