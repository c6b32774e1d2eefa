"""What a whole run was like: a table to read, and figures to compare."""

from typing import Any

from operators.header import Header
from operators.latency import TOTAL, LatencyTrace, StageReport, percentile
from operators.messages import SceneState

FRAMES = 18_000
"""Of so many frames at the end of a run delays are told: five minutes at 60 Hz."""


class LatencyReport:
    """Collects frames and states of a run: losses of all of it, delays of its last minutes."""

    def __init__(self) -> None:
        self._trace = LatencyTrace(FRAMES)
        self._shown = 0
        self._first_state: tuple[float, int] | None = None
        self._last_state: tuple[float, int] | None = None

    def add_sent(self, header: Header) -> None:
        """Count a frame that left for a client."""
        self._trace.add(header)

    def add_shown(self) -> None:
        """Count a frame that a client has drawn."""
        self._shown += 1

    def add_state(self, state: SceneState, header: Header) -> None:
        """Note how far the simulation is, to compare it with the clock."""
        now = (state.simulation_time_s, header.stamps[-1].sent_ns)
        if self._first_state is None or now[0] < self._first_state[0]:
            self._first_state = now
        self._last_state = now

    @property
    def real_time_factor(self) -> float:
        """Simulated seconds a second; NaN before two states."""
        if self._first_state is None or self._last_state is None:
            return float("nan")
        seconds = (self._last_state[1] - self._first_state[1]) / 1e9
        return (self._last_state[0] - self._first_state[0]) / seconds if seconds else float("nan")

    def figures(self) -> dict[str, Any]:
        """Everything as plain numbers, delays in ms."""
        total = self._trace.total_ms()
        return {
            "frames": int(total.size),
            "frames_shown": self._shown,
            "rate_hz": self._trace.rate_hz(),
            "hand_to_sent_ms": _percentiles(total),
            "real_time_factor": self.real_time_factor,
            "stages": {stage.stage: _stage_figures(stage) for stage in self._trace.stages()},
        }

    def table(self) -> str:
        """A table for the terminal: a row a node in the order of the flow, and the total."""
        head = f"{'node':<18}{'rate':>8}{'lost':>7}{'skipped':>9}"
        head += "".join(f"{word:>16}" for word in ("transit ms", "waiting ms", "working ms"))
        head += f"{'all ms':>16}"
        lines = [head, f"{'':<42}" + f"{'p50    p95':>16}" * 4]
        for stage in self._trace.stages():
            delays = (stage.transit_ms, stage.waiting_ms, stage.working_ms, stage.delay_ms)
            lines.append(
                f"{stage.stage:<18}{stage.rate_hz:>5.1f} Hz{stage.lost:>7}{stage.skipped:>9}"
                + "".join(f"{_pair(delay):>16}" for delay in delays)
            )
        total = self._trace.total_ms()
        if not total.size:
            return "latency: no frame that shows a hand was sent; was a page open?"
        rate = self._trace.rate_hz()
        lines.append(f"{TOTAL:<18}{rate:>5.1f} Hz{'':>64}{_pair(total):>16}")
        factor = self.real_time_factor
        lines.append(
            f"the last {total.size} frames; {self._shown} shown by clients in all; "
            f"simulated time over real time {factor:.3f}"
        )
        return "\n".join(lines)


def _percentiles(values: Any) -> dict[str, float]:
    return {f"p{p}": percentile(values, p) for p in (50, 95, 99)}


def _stage_figures(stage: StageReport) -> dict[str, Any]:
    return {
        "rate_hz": stage.rate_hz,
        "lost": stage.lost,
        "skipped": stage.skipped,
        "transit_ms": _percentiles(stage.transit_ms),
        "waiting_ms": _percentiles(stage.waiting_ms),
        "working_ms": _percentiles(stage.working_ms),
    }


def _pair(values: Any) -> str:
    return f"{percentile(values, 50):.2f} {percentile(values, 95):>6.2f}"
