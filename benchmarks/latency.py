"""From the hand to the picture, and what it costs to know."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from benchmarks import loop
from benchmarks.figure import Figure
from operators.latency_service import fetch
from operators.latency_stamps import hand_to_sent_ms, hand_to_shown_ms
from operators.settings import ROOT

NAMES = ("latency.hand_to_sent", "latency.hand_to_shown", "latency.trace_cost_per_hop")

SHOWN_S = 30.0
MESSAGES = 20_000


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    measures = {
        NAMES[0]: measure_hand_to_sent,
        NAMES[1]: measure_hand_to_shown,
        NAMES[2]: measure_trace_cost,
    }
    for name in names:
        yield measures[name]()


def measure_hand_to_sent() -> Figure:
    """A recording drives for a minute, one client takes every panorama."""
    run = loop.run_loop(loop.MINUTE_S)
    return Figure(
        name=NAMES[0],
        value=run.report["hand_to_sent_ms"]["p50"],
        unit="ms",
        p95=run.report["hand_to_sent_ms"]["p95"],
        note=f"{run.report['frames']} frames, {np.median(run.rates_hz):.0f} panoramas a second",
    )


def measure_hand_to_shown() -> Figure:
    """The whole loop with an emulated headset in a browser that draws without a GPU."""
    # They come with the tests' npm packages, which only this figure needs.
    from tests.dataflows.running import running
    from tests.e2e.browser import Browser, missing
    from tests.e2e.emulated_headset import HANDS, HEIGHT, WIDTH, EmulatedHeadset

    if lacking := missing():
        raise RuntimeError(f"{NAMES[1]}: {lacking}")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "latency.sock"
        with (
            running(
                ["dora", "run", "dataflows/teleop.yml"], PANODORA__LATENCY__SOCKET=str(socket)
            ) as run,
            Browser(WIDTH, HEIGHT) as browser,
            EmulatedHeadset(browser) as headset,
        ):
            run.wait_for("Open http://localhost:")
            browser.goto(run.page)
            browser.wait_for("panodora.picturesShown > 2 && panodora.tracking === 'open'")
            headset.enter()
            for side in HANDS:
                headset.pinch(side, 1)
            browser.wait_for("document.getElementById('state').textContent === 'tracking'")
            time.sleep(SHOWN_S)
            records, news = asyncio.run(fetch(socket, int(SHOWN_S * 60)))
    shown_ms, sent_ms = hand_to_shown_ms(records), hand_to_sent_ms(records)
    shown = records.filter(records["shown_ns"].is_valid())
    errors_ms = shown["clock_error_ns"].to_numpy() / 1e6
    clocks = set(shown["clock"].to_pylist())
    return Figure(
        name=NAMES[1],
        value=float(np.median(shown_ms)),
        unit="ms",
        p95=float(np.percentile(shown_ms, 95)),
        note=f"{shown_ms.size} frames in an emulated Quest 3 in Chromium without a GPU, both on "
        f"this machine; by {', '.join(clocks)}, to within {np.percentile(errors_ms, 95):.1f} ms; "
        "without the tracker's delay and the display's; hand to sent in the same run "
        f"{np.median(sent_ms):.1f} ms; {'; '.join(news.clients.values())}",
    )


def measure_trace_cost() -> Figure:
    """Messages between two nodes, in turn with the stamps of a whole loop and without."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "took.json"
        # dora writes its logs beside the dataflow.
        copied = shutil.copytree(ROOT / "benchmarks/trace_cost", Path(folder) / "dataflow")
        subprocess.run(
            [Path(sys.executable).with_name("dora"), "run", copied / "dataflow.yml"],
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "TRACE_COST_MESSAGES": str(MESSAGES),
                "TRACE_COST_RESULT": str(result),
            },
            check=True,
            capture_output=True,
            start_new_session=True,
        )
        took_us = json.loads(result.read_text())
    traced, plain = (np.array(took_us[kind][100:]) for kind in ("traced", "plain"))
    return Figure(
        name=NAMES[2],
        value=float(np.median(traced) - np.median(plain)),
        unit="us",
        against="the same messages without stamps",
        against_value=float(np.median(plain)),
        note=f"{MESSAGES} messages back and forth, every second with the seven stamps of a whole "
        f"loop: medians {np.median(traced):.0f} and {np.median(plain):.0f} us one way, "
        f"p95 {np.percentile(traced, 95):.0f} and {np.percentile(plain, 95):.0f}",
    )
