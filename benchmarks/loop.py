"""The whole loop: a recording drives it through a real dora, one client takes every panorama."""

import json
import os
import signal
import socket
import subprocess
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

from benchmarks.engaging import Engaging
from benchmarks.figure import Figure
from benchmarks.process_memory import children, rss_pages
from operators.acknowledging_client import AcknowledgingClient
from operators.settings import ROOT

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

    intervals_ms: (pictures - 1,) between the pictures' arrivals.
    report: the latency node's figures of the whole run, its start included.
    memory_growth: of all nodes, in % of their RSS, if it was asked for.
    """

    intervals_ms: NDArray[np.float64]
    report: dict[str, Any]
    memory_growth: float | None = None

    @property
    def rates_hz(self) -> NDArray[np.int64]:
        """Pictures in each whole second."""
        seconds = np.cumsum(self.intervals_ms) // 1e3
        return np.bincount(seconds.astype(np.int64))[:-1]


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
) -> LoopRun:
    """Run a dataflow in a real dora.

    seconds: how long pictures are counted, from the first ones on.
    with_memory: also watch the nodes' memory, from MEMORY_FROM_S to the end.
    decode: let the client decode what it takes.
    dataflow: its name. variables: more of the environment.
    Where the page's keys are taken, someone engages.
    Raises RuntimeError with dora's last words if no pictures come.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "latency.json"
        environment = {
            **os.environ,
            "PANODORA_CONFIG": f"configs/{dataflow}.yml",
            "PANODORA__HEADSET__PORT": str(port),
            "PANODORA__LATENCY__REPORT": str(report),
            **variables,
        }
        client = AcknowledgingClient(port, decode=decode)
        tracking_port = variables.get("PANODORA__HEADSET__TRACKING_PORT")
        operator = None if tracking_port is None else Engaging(int(tracking_port))
        log = Path(folder) / "dora.log"
        with log.open("w") as output:
            dora = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("dora")),
                    "run",
                    str(ROOT / f"dataflows/{dataflow}.yml"),
                ],
                env={**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        client.start()
        try:
            _wait_for_pictures(client, dora, log)
            if operator is not None:
                operator.start()
            growth = _watch(dora.pid, seconds, with_memory)
        finally:
            client.stop()
            if operator is not None:
                operator.stop()
            dora.send_signal(signal.SIGINT)
            try:
                dora.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(dora.pid, signal.SIGKILL)
                raise
        arrivals = np.array([arrival for _, _, arrival in client.arrivals])
        return LoopRun(np.diff(arrivals) / 1e6, json.loads(report.read_text()), growth)


def _wait_for_pictures(client: AcknowledgingClient, dora: Any, log: Path) -> None:
    for _ in range(600):
        if len(client.arrivals) > 60:
            client.arrivals.clear()
            return
        if dora.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"no pictures came:\n{log.read_text()[-4000:]}")


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


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
