"""The guard: the only way to a robot. Nothing passes until someone engages."""

import enum

import numpy as np

from operators.hands import SIDES
from operators.messages import HandCommands, OperatorInput, OperatorState
from operators.settings import GuardSettings


class GuardState(enum.StrEnum):
    """What a robot hand does."""

    STOPPED = "stopped"
    TRACKING = "tracking"
    HOLDING = "holding"


class Guard:
    """Passes commands while the operator is in command, and holds the robot when not.

    Times are seconds of one clock that never goes back: the monotonic one, or in lockstep the
    samples' own.
    """

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self._engaged = False
        self._client = ""
        self._engage_was_held = True  # whoever holds the key at the start must let go first
        self._reason = "press Enter or the Engage button to start"
        self._valid = np.zeros(2, bool)
        self._commanded_at_s: float | None = None
        self._timed_out = False

    def operator_input(self, operator: OperatorInput) -> None:
        """Engage when the key goes down; stop as long as the stop key is down.

        Who engaged is obeyed, and nobody after: another client must engage for itself.
        """
        if operator.client != self._client:
            if self._engaged:
                self._stop("another operator is here; engage to go on")
            self._client, self._engage_was_held = operator.client, True
        pressed = operator.engage and not self._engage_was_held
        self._engage_was_held = operator.engage
        if operator.stop:
            self._stop("stopped by the operator; engage to go on")
        elif pressed and not self._engaged:
            self._engaged = True
            self._reason = "engaged by the operator"

    def command(self, wanted: HandCommands, now_s: float) -> HandCommands:
        """The safe command for a wanted one: the same, or to hold while the robot may not move."""
        self._commanded_at_s = now_s
        self._timed_out = False
        self._valid = wanted.valid.copy()
        return wanted if self._engaged else hold_both()

    def tick(self, now_s: float) -> HandCommands | None:
        """Look at the time: without commands for too long the hands hold where they are.

        Returns a command that holds both hands when that begins, else None.
        """
        late = (
            self._commanded_at_s is not None
            and now_s - self._commanded_at_s > self._settings.input_timeout_s
        )
        begins = late and not self._timed_out and self._engaged
        self._timed_out = late
        if late:
            self._valid = np.zeros(2, bool)
        return hold_both() if begins else None

    @property
    def state(self) -> OperatorState:
        """What each hand does and why."""
        states = [self._side_state(i) for i in range(2)]
        if not self._engaged:
            overall = GuardState.STOPPED
        elif GuardState.TRACKING in states:
            overall = GuardState.TRACKING
        else:
            overall = GuardState.HOLDING
        reasons = [self._side_reason(i, state) for i, state in enumerate(states)]
        lost = [reason for reason in reasons if "not tracked" in reason]
        reason = self._reason
        if self._engaged and self._commanded_at_s is None:
            reason = "waiting for hands"
        elif self._engaged and self._timed_out:
            reason = "no hands are coming in"
        elif self._engaged and lost:
            reason = " and ".join(lost)
        return OperatorState(
            state=overall,
            reason=reason,
            left_state=states[0],
            left_reason=reasons[0],
            right_state=states[1],
            right_reason=reasons[1],
        )

    def _stop(self, reason: str) -> None:
        self._engaged = False
        self._reason = reason

    def _side_state(self, side: int) -> GuardState:
        if not self._engaged:
            return GuardState.STOPPED
        return GuardState.TRACKING if self._valid[side] else GuardState.HOLDING

    def _side_reason(self, side: int, state: GuardState) -> str:
        if state is GuardState.STOPPED:
            return self._reason
        if state is GuardState.TRACKING:
            return f"{SIDES[side]} hand follows"
        if self._timed_out or self._commanded_at_s is None:
            return "no hands are coming in"
        return f"{SIDES[side]} hand not tracked"


def hold_both() -> HandCommands:
    """The command that keeps both hands where they are."""
    return HandCommands(
        valid=np.zeros(2, bool),
        world_from_base=np.full((2, 7), np.nan),
        left_joint_names=(),
        left_joint_positions=np.zeros(0),
        right_joint_names=(),
        right_joint_positions=np.zeros(0),
    )
