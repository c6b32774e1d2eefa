"""What every physics simulator offers to the dataflow."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from operators.messages import HandCommands, SceneState


class SimulatorLostError(RuntimeError):
    """The simulator is not there for a while, and comes back by itself, at step 0."""


class Simulator(Protocol):
    """Moves two robot hands among objects, in fixed steps of simulated time.

    One that runs elsewhere raises SimulatorLostError from `step`, `state` and `faces` while it is
    not there: try again later, with the newest command.

    model_digest: which scene this is; a renderer must have built the same one.
    time_step_s: simulated seconds a step.
    joint_names: the hands' joints, prefixed `left/` and `right/`, in the order of the states.
    """

    @property
    def model_digest(self) -> str: ...  # noqa: D102

    @property
    def time_step_s(self) -> float: ...  # noqa: D102

    @property
    def joint_names(self) -> tuple[str, ...]: ...  # noqa: D102

    def start(self) -> None:
        """Put everything to its start, at step 0, with no command. May be called again."""

    def command(self, commands: HandCommands, seq: int) -> None:
        """Take a command; it acts from the beginning of the next step, unless a newer one comes.

        A side that is not valid stops where it is, and keeps its grip. seq: the command's sequence
        number, which the states give back as `command_seq` once it has acted.
        Raises MessageError naming side and joint for joints that the hand does not have, for
        missing joints and for numbers that are not finite; nothing changes then.
        """

    def step(self, count: int = 1) -> None:
        """Advance by count steps of `time_step_s`."""

    def state(self) -> SceneState:
        """What the last step has made of everything. The arrays are the caller's to keep."""

    def faces(self) -> NDArray[np.uint8] | None:
        """Draw the six faces around the anchor: uint8 (6, N, N, 3) RGB in the order F R B L U D.

        None from a simulator that leaves drawing to the renderer.
        """

    def close(self) -> None:
        """Give back what the simulator holds; nothing else may be called afterwards."""
