"""The positions that a real hand's drives are sent: towards what is commanded, never in a jump."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from operators.messages import HandCommands
from operators.transforms import Array

SILENT_S: Final = 0.2
"""Without a command for so long the hand holds: the guard sends one a frame while it follows."""

LONGEST_STEP_S: Final = 0.05
"""After a pause the hand goes on from where it is, not from where it would have been."""


class JointSetpoint:
    """Leads one hand's joints to commanded positions at limited speed, and holds them otherwise.

    side: 0 for left, 1 for right. Times are seconds of one clock that never goes back.
    joint_names: the joints that are driven, in the order of every array here.
    start_rad: (joints,), where they are now, by the hand's own sensors.
    max_speed_rad_s: of any joint. Lower it until a hand that is told to close at once does so in a
    way that nobody minds.
    """

    def __init__(
        self, side: int, joint_names: Sequence[str], start_rad: Array, max_speed_rad_s: float
    ) -> None:
        if start_rad.shape != (len(joint_names),) or not np.isfinite(start_rad).all():
            raise ValueError(
                f"start_rad must be {len(joint_names)} finite positions, got {start_rad.tolist()}"
            )
        self._side = side
        self._names = tuple(joint_names)
        self._positions = self._target = start_rad.astype(np.float64)
        self._max_speed_rad_s = max_speed_rad_s
        self._commanded_at_s = self._stepped_at_s = -np.inf

    def follow(self, commands: HandCommands, now_s: float) -> None:
        """Go where the commands want this hand from now on; stay if they do not want it anywhere.

        Raises ValueError if a driven joint is not among the commanded ones, or they are no numbers.
        """
        self._commanded_at_s = now_s
        self._target = self._positions
        if not commands.valid[self._side]:
            return
        names, positions = (
            (commands.left_joint_names, commands.left_joint_positions),
            (commands.right_joint_names, commands.right_joint_positions),
        )[self._side]
        self._target = self._ordered(names, positions)

    def step(self, now_s: float) -> Array:
        """The positions (joints,), rad, to send now."""
        if now_s - self._commanded_at_s > SILENT_S:
            self._target = self._positions
        reach = self._max_speed_rad_s * min(now_s - self._stepped_at_s, LONGEST_STEP_S)
        self._stepped_at_s = now_s
        self._positions = self._positions + np.clip(self._target - self._positions, -reach, reach)
        return self._positions

    def _ordered(self, names: Sequence[str], positions: ArrayLike) -> Array:
        given = dict(zip(names, np.asarray(positions, dtype=np.float64), strict=True))
        missing = [name for name in self._names if not np.isfinite(given.get(name, np.nan))]
        if missing:
            raise ValueError(
                f"no finite position for {', '.join(missing)}; given are {', '.join(names)}"
            )
        return np.array([given[name] for name in self._names])
