"""How many physics steps are due at a time."""

MAX_DEBT_S = 0.25
"""After a longer stall the simulation goes on from now: catching up would be a jump of the robot,
and the steps for it would make the stall longer."""

_NS = 1_000_000_000


class StepClock:
    """Keeps a simulation of fixed steps in time with a clock in nanoseconds.

    The clock is the host's for real time, or the samples' own for lockstep.
    """

    def __init__(self, time_step_s: float) -> None:
        self._step_ns = time_step_s * _NS
        self._start_ns: float | None = None
        self._taken = 0
        self._elapsed_ns = 0.0
        self.skipped_s = 0.0
        """Simulated seconds given up in stalls."""

    def take_due(self, now_ns: int) -> int:
        """The steps that complete up to now; they count as taken."""
        if self._start_ns is None:
            self._start_ns = now_ns
        due = int((now_ns - self._start_ns) / self._step_ns) - self._taken
        if due * self._step_ns > MAX_DEBT_S * _NS:
            keep = int(MAX_DEBT_S * _NS / self._step_ns)
            self._start_ns += (due - keep) * self._step_ns
            self.skipped_s += (due - keep) * self._step_ns / _NS
            due = keep
        self._elapsed_ns = now_ns - self._start_ns
        due = max(due, 0)
        self._taken += due
        return due

    def take_one(self) -> int:
        """One step ahead of the clock, so that a command acts now and not at the next tick.

        None where a whole step is ahead already: commands that come faster than steps, as a
        headset's 90 a second do where a step is a 60th, must not make time go faster.
        """
        if self._taken * self._step_ns - self._elapsed_ns >= self._step_ns:
            return 0
        self._taken += 1
        return 1
