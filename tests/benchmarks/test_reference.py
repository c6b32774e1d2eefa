"""How the sequential loop and ours are compared, by runs whose figures are known."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.loop import LoopRun
from benchmarks.reference import compare, rate_hz
from benchmarks.seed_table import ROWS, seed_table
from benchmarks.sequential_process import SequentialRun

STAGES = (
    *("receive", "preprocess", "retarget", "command", "simulate"),
    *("six faces", "hstack", "c2e", "JPEG", "base64"),
)
NODES = (
    *("replay", "preprocess", "retarget", "guard", "simulate"),
    *("capture_panorama", "headset_output", "page"),
)


def sequential_run(*factors: float) -> SequentialRun:
    """A frame for each factor, its stages that times 1, 2, 4, 8 ... ms: a sum says of which."""
    stages_ms = {stage: [f * 2.0**i for f in factors] for i, stage in enumerate(STAGES)}
    return SequentialRun(stages_ms, len(factors), "", "dexi")


def loop_run(interval_ms: float, working_ms: float = 0.0) -> LoopRun:
    """Ten seconds of pictures; each stage works a millisecond longer than the one before."""
    stages = {
        node: {
            "transit_ms": {"p50": 0.25},
            "waiting_ms": {"p50": 0.5},
            "working_ms": {"p50": working_ms + i},
        }
        for i, node in enumerate(NODES)
    }
    report = {"stages": stages, "hand_to_sent_ms": {"p50": 30.0 + working_ms}}
    return LoopRun(arrivals_ns([interval_ms] * int(10_000 / interval_ms + 5)), report)


def arrivals_ns(intervals_ms: list[float]) -> NDArray[np.int64]:
    return np.int64(1e12) + np.cumsum([0.0, *intervals_ms], dtype=np.int64) * 1_000_000


def test_a_rate_is_pictures_in_whole_seconds() -> None:
    run = LoopRun(arrivals_ns([250.0] * 7 + [500.0] * 3), {})
    # Pictures at 0 ... 1750 and at 2250, 2750, 3250 ms; the fourth second is not whole.
    assert run.rates_hz.tolist() == [4, 4, 2]
    assert run.intervals_ms.tolist() == [250.0] * 7 + [500.0] * 3


def test_the_ratio_is_of_the_medians_of_all_runs() -> None:
    ours = [loop_run(20.0), loop_run(20.0)]
    theirs = [sequential_run(1.0, 1.0, 3.0), sequential_run(4.0, 1.0)]
    assert rate_hz(theirs) == pytest.approx(1 / 1.023)
    figure = compare("plain", ours, theirs, threads=1)
    assert (figure.value, figure.against_value) == pytest.approx((50.0, 1 / 1.023))
    assert figure.ratio == pytest.approx(50.0 * 1.023)
    line = json.loads(figure.json_line())
    assert (line["name"], line["unit"]) == ("reference.panorama_rate_plain", "Hz")
    assert line["against"].startswith("the seed's loop in one process, without shadows")


@pytest.mark.parametrize(
    ("step", "sequential", "ours"),
    [
        ("receive the hands", "1.00", "1.00"),
        ("preprocess", "2.00", "2.00"),
        ("retarget", "4.00", "7.00"),
        ("command the simulator", "8.00", "below"),
        ("simulate", "16.00", "5.00"),
        ("draw six faces", "32.00", "below"),
        ("join them", "192.00", "6.00"),
        ("pass through shared memory", "none", "5.25"),
        ("encode and send", "768.00", "7.00"),
        ("hand to picture", "1023.00", "31.00"),
    ],
)
def test_every_step_of_the_seed_has_a_row(step: str, sequential: str, ours: str) -> None:
    text = seed_table(
        [loop_run(20.0, 0.0), loop_run(20.0, 2.0)],
        {"default": [sequential_run(0.5, 1.0), sequential_run(7.0)]},
    )
    head, *rows = text.splitlines()
    assert head.endswith("  ours")
    assert {len(row) for row in rows} == {len(head)}
    (row,) = (row for row in rows if row.startswith(f"{step}  "))
    assert row.split()[-2:] == [sequential, ours]


def test_the_seeds_estimates_are_its_own() -> None:
    assert [row.estimate_ms for row in ROWS] == [1, 0.5, 1, 2, 8, 3, 1, 0.1, 2]
    assert sum(row.estimate_ms for row in ROWS) == pytest.approx(18.6)
