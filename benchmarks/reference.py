"""Our loop beside the seed's: the same work as one process that does one step after the other.

Both want every core, so that they run in turns and never at once.
"""

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib.metadata import version
from typing import Final, get_args

import numpy as np

from benchmarks.figure import Figure
from benchmarks.loop import LoopRun, run_loop
from benchmarks.seed_table import seed_table
from benchmarks.sequential_process import Quality, SequentialRun, run_sequential

NAMES: Final = tuple(f"reference.panorama_rate_{quality}" for quality in get_args(Quality))

AGAINST: Final[dict[Quality, str]] = {
    "default": "the seed's loop in one process, MuJoCo's default quality",
    "plain": "the seed's loop in one process, without shadows, MSAA, sky and reflections",
}

PICTURES: Final[dict[Quality, str]] = {
    "default": "its picture has shadows and MSAA, ours has not",
    "plain": "its picture has no sky, ours has",
}

PACKAGES: Final = {"dexi": "dexi-rs", "dex-retargeting": "dex-retargeting"}

ROUNDS: Final = 3
"""What disturbs one of them does not move the medians far."""

OURS_S, THEIRS_S, TRIAL_S = 15.0, 8.0, 5.0


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure the figures that are asked for; a table of stages follows on the standard error."""
    qualities = [quality for quality in get_args(Quality) if _name(quality) in names]
    threads = {quality: best_threads(quality) for quality in qualities}
    ours: list[LoopRun] = []
    theirs: dict[Quality, list[SequentialRun]] = {quality: [] for quality in qualities}
    for turn in range(ROUNDS):
        print(f"# round {turn + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        ours.append(run_loop(OURS_S))
        for quality in qualities:
            theirs[quality].append(run_sequential(quality, THEIRS_S, threads[quality]))
    for quality, runs in theirs.items():
        yield compare(quality, ours, runs, threads[quality])
    print(seed_table(ours, theirs), file=sys.stderr, flush=True)


def best_threads(quality: Quality) -> int:
    """With how many threads Mesa draws the sequential loop's faces fastest: one, or every core."""
    cores = len(os.sched_getaffinity(0))
    trials = {n: rate_hz([run_sequential(quality, TRIAL_S, n)]) for n in sorted({1, cores})}
    return max(trials, key=trials.__getitem__)


def compare(
    quality: Quality, ours: Sequence[LoopRun], theirs: Sequence[SequentialRun], threads: int
) -> Figure:
    """Our rate, and how many times the sequential loop's it is.

    threads: with how many Mesa drew the sequential loop's faces.
    """
    rates = np.concatenate([run.rates_hz for run in ours])
    value, against = float(np.median(rates)), rate_hz(theirs)
    frames = sum(len(run.frame_ms()) for run in theirs)
    package = PACKAGES[theirs[0].retargeting]
    return Figure(
        name=_name(quality),
        value=value,
        unit="Hz",
        p95=float(np.percentile(rates, 5)),
        against=AGAINST[quality],
        against_value=against,
        ratio=value / against,
        note=f"medians of our {len(rates)} seconds, 19 in 20 of which have at least p95, and of "
        f"{frames} of its frames; {PICTURES[quality]}; it takes the recording's next sample "
        "however late, makes all objects once and serves no client; "
        f"{package} {version(package)} with its tensors on one thread; py360convert keeps its "
        f"coordinates and remaps with OpenCV; Mesa draws on {threads}, the faster of one thread "
        "and one a core",
    )


def rate_hz(runs: Sequence[SequentialRun]) -> float:
    """Frames a second, by the median frame."""
    return 1e3 / float(np.median(np.concatenate([run.frame_ms() for run in runs])))


def _name(quality: Quality) -> str:
    return f"reference.panorama_rate_{quality}"
