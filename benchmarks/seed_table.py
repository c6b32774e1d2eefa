"""The seed's table of where a frame's time goes, beside what was measured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.loop import LoopRun
from benchmarks.sequential_process import Quality, SequentialRun


class Row(NamedTuple):
    """A step of the seed's: its own estimate in ms, and what does it in the two loops.

    Where one of our nodes does several steps it stands with the last of them.
    """

    step: str
    estimate_ms: float
    stages: tuple[str, ...]
    nodes: tuple[str, ...]


PASSING: Final = Row("pass through shared memory", 0.1, (), ())
"""In ours that is the way between all nodes, waiting included; one process passes nothing."""

ROWS: Final = (
    Row("receive the hands", 1.0, ("receive",), ("replay",)),
    Row("preprocess", 0.5, ("preprocess",), ("preprocess",)),
    Row("retarget", 1.0, ("retarget",), ("retarget", "guard")),
    Row("command the simulator", 2.0, ("command",), ()),
    Row("simulate", 8.0, ("simulate",), ("simulate",)),
    Row("draw six faces", 3.0, ("six faces",), ()),
    Row("join them", 1.0, ("hstack", "c2e"), ("capture_panorama",)),
    PASSING,
    Row("encode and send", 2.0, ("JPEG", "base64"), ("headset_output",)),
)

NOTHING, BELOW = "none", "below"


def seed_table(ours: Sequence[LoopRun], theirs: Mapping[Quality, Sequence[SequentialRun]]) -> str:
    """Medians in ms, a row a step.

    Of our runs it is the mean of their medians. Our steps run at the same time on different
    frames: what a hand's whole way takes does not say how many panoramas come a second.
    """
    lines = [
        ["ms", "seed's estimate", *(f"one process, {quality}" for quality in theirs), "ours"],
        *(
            [
                row.step,
                f"{row.estimate_ms:.1f}",
                *(_sequential_ms(row, runs) for runs in theirs.values()),
                _our_ms(row, ours),
            ]
            for row in ROWS
        ),
        [
            "hand to picture",
            f"{sum(row.estimate_ms for row in ROWS):.1f}",
            *(_median_ms(runs) for runs in theirs.values()),
            f"{np.mean([run.report['hand_to_sent_ms']['p50'] for run in ours]):.2f}",
        ],
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def _sequential_ms(row: Row, runs: Sequence[SequentialRun]) -> str:
    return _median_ms(runs, row.stages) if row.stages else NOTHING


def _median_ms(runs: Sequence[SequentialRun], stages: Collection[str] = ()) -> str:
    return f"{np.median(np.concatenate([run.frame_ms(stages) for run in runs])):.2f}"


def _our_ms(row: Row, runs: Sequence[LoopRun]) -> str:
    parts: tuple[str, ...] = ("working_ms",)
    nodes = row.nodes
    if row is PASSING:
        parts = ("transit_ms", "waiting_ms")
        nodes = tuple(node for other in ROWS for node in other.nodes)
    elif not nodes:
        return BELOW
    sums = [
        sum(run.report["stages"][node][part]["p50"] for node in nodes for part in parts)
        for run in runs
    ]
    return f"{np.mean(sums):.2f}"
