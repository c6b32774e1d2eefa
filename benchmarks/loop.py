"""The whole loop: a recording drives it through a real dora, one client takes every panorama."""

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.dataflow_run import rates_hz, running_dataflow
from benchmarks.engaging import Engaging
from benchmarks.figure import Figure
from benchmarks.process_memory import children, rss_pages

NAMES = (
    "loop.panorama_rate",
    "loop.hand_to_jpeg",
    "loop.real_time_factor",
    "loop.memory_growth",
    "loop.panorama_rate_60",
)

MINUTE_S = 60.0
RATE_60_S = 5 * MINUTE_S
MEMORY_FROM_S, MEMORY_TO_S = 1 * MINUTE_S, 6 * MINUTE_S
MEMORY_SAMPLES, MEMORY_SAMPLE_S = 10, 1.0


@dataclass(frozen=True)
class LoopRun:
    """A run of the whole loop, watched by one client that takes every panorama.

    arrivals_ns: (pictures,) when each came.
    report: the latency node's figures of the whole run, its start included.
    memory_growth: of all nodes, in % of their RSS, if it was asked for.
    """

    arrivals_ns: NDArray[np.int64]
    report: dict[str, Any]
    memory_growth: float | None = None

    @property
    def intervals_ms(self) -> NDArray[np.float64]:
        """Between the pictures, (pictures - 1,)."""
        return np.diff(self.arrivals_ns) / 1e6

    @property
    def rates_hz(self) -> NDArray[np.int64]:
        """Pictures in each whole second."""
        return rates_hz(self.arrivals_ns)


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Run the replay dataflow for a minute, or for six where memory is asked for.

    For loop.panorama_rate_60 it runs on its own, with a client that decodes what it gets.
    """
    for name in names:
        if name == "loop.panorama_rate_60":
            yield measure_rate_60()
    if others := [name for name in names if name != "loop.panorama_rate_60"]:
        yield from measure_minutes(others)


def measure_rate_60() -> Figure:
    """Five minutes in which one client decodes every picture before it acknowledges it."""
    run = run_loop(RATE_60_S, decode=True)
    p95_ms, p99_ms = np.percentile(run.intervals_ms, (95, 99))
    return Figure(
        name="loop.panorama_rate_60",
        value=float(1e3 / run.intervals_ms.mean()),
        unit="Hz",
        note=f"p99 of the intervals {p99_ms:.1f} ms, p95 {p95_ms:.1f}; the median second has "
        f"{np.median(run.rates_hz):.0f} pictures, 19 of 20 have at least "
        f"{np.percentile(run.rates_hz, 5):.0f}; hand to sent "
        f"{run.report['hand_to_sent_ms']['p50']:.1f} ms",
    )


def measure_minutes(names: Collection[str]) -> Iterator[Figure]:
    """The figures of one run, with memory if that is asked for."""
    with_memory = "loop.memory_growth" in names
    run = run_loop(MEMORY_TO_S if with_memory else MINUTE_S, with_memory)
    report = run.report
    made = {
        "loop.panorama_rate": Figure(
            name="loop.panorama_rate",
            value=float(np.median(run.rates_hz)),
            unit="Hz",
            p95=float(np.percentile(run.rates_hz, 5)),
            note="median of the seconds' rates, 19 of 20 seconds have at least p95; "
            f"p95 of the intervals {np.percentile(run.intervals_ms, 95):.1f} ms",
        ),
        "loop.hand_to_jpeg": Figure(
            name="loop.hand_to_jpeg",
            value=report["hand_to_sent_ms"]["p50"],
            unit="ms",
            p95=report["hand_to_sent_ms"]["p95"],
        ),
        "loop.real_time_factor": Figure(
            name="loop.real_time_factor", value=report["real_time_factor"], unit="1"
        ),
    }
    if run.memory_growth is not None:
        made["loop.memory_growth"] = Figure(
            name="loop.memory_growth", value=run.memory_growth, unit="% of RSS, all nodes"
        )
    for name in names:
        yield made[name]


def run_loop(
    seconds: float,
    with_memory: bool = False,
    decode: bool = False,
    dataflow: str = "teleop_replay",
    variables: Mapping[str, str] = MappingProxyType({"PANODORA__REPLAY__LOOP": "true"}),
    engage: bool = False,
) -> LoopRun:
    """Run a dataflow in a real dora.

    seconds: how long pictures are counted, from the first ones on.
    with_memory: also watch the nodes' memory, from MEMORY_FROM_S to the end.
    decode: let the client decode what it takes.
    dataflow: its name. variables: more of the environment. engage: let someone engage.
    Raises RuntimeError with dora's last words if no pictures come.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "latency.json"
        environment = {"PANODORA__LATENCY__REPORT": str(report), **variables}
        with (
            running_dataflow(dataflow, environment, decode=decode) as run,
            Engaging(run.tracking_port) if engage else contextlib.nullcontext(),
        ):
            growth = _watch(run.dora.pid, seconds, with_memory)
        return LoopRun(run.arrivals_ns, json.loads(report.read_text()), growth)


def _watch(dora_pid: int, seconds: float, with_memory: bool) -> float | None:
    """Let the loop run; the growth of all nodes' memory in percent, if that is asked for."""
    if not with_memory:
        time.sleep(seconds)
        return None
    started = time.monotonic()
    time.sleep(MEMORY_FROM_S)
    before = _median_rss(dora_pid)
    while time.monotonic() - started < seconds - MEMORY_SAMPLES * MEMORY_SAMPLE_S:
        time.sleep(5)
        print(f"# {time.monotonic() - started:.0f} of {seconds:.0f} s", file=sys.stderr, end="\r")
    return 100.0 * (_median_rss(dora_pid) - before) / before


def _median_rss(dora_pid: int) -> float:
    samples = []
    for _ in range(MEMORY_SAMPLES):
        samples.append(sum(rss_pages(pid) for pid in children(dora_pid)))
        time.sleep(MEMORY_SAMPLE_S)
    return float(np.median(samples))
