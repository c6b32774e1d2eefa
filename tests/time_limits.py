"""How long tests wait for an event: limits that only a fault can reach, on a slow machine too.

No test asserts that something was quick. It waits for an event, and these limits end the wait for
one that never comes. They grow with the time that this machine takes for a known piece of work when
the run starts, and with nothing else: tests state no limits of their own.
"""

import os
import statistics
import subprocess
import sys
import time
from functools import cache
from typing import Final

KNOWN_WORK: Final = (
    "import numpy\n"
    "for _ in range(20): numpy.linalg.svd(numpy.random.default_rng(1).random((100, 100)))\n"
    "sum(k * k for k in range(1_000_000))"
)
"""What tests wait for most: a Python that starts, imports and computes."""

USUAL_WORK_S: Final = 0.18
"""What it takes on two quiet cores at 2.5 GHz."""

REPEATS: Final = 3

MEASURED: Final = "TIME_LIMITS_WORK_S"
"""The variable of the environment in which a run tells its processes what it measured."""


@cache
def work_s() -> float:
    """How long this machine takes for the known piece of work, s: the median of three.

    It is measured once a run, and told to the processes that the run starts.
    """
    if MEASURED in os.environ:
        return float(os.environ[MEASURED])
    times_s = []
    for _ in range(REPEATS):
        start_s = time.monotonic()
        subprocess.run([sys.executable, "-c", KNOWN_WORK], check=True)
        times_s.append(time.monotonic() - start_s)
    os.environ[MEASURED] = str(statistics.median(times_s))
    return float(os.environ[MEASURED])


def scale() -> float:
    """By how much all limits are longer than on a usual machine; they are never shorter."""
    return max(1.0, work_s() / USUAL_WORK_S)


def event_s() -> float:
    """For one thing to happen: a message, an answer, a change of a page; s."""
    return 90.0 * scale()


def program_s() -> float:
    """For a program or a whole dataflow to start, to do its work, or to end; s."""
    return 300.0 * scale()


def test_s() -> float:
    """For one test with its fixtures, s."""
    return 1200.0 * scale()


test_s.__test__ = False  # type: ignore[attr-defined]  # pytest's word for "no test"


def described() -> str:
    """The limits, and what they were scaled by."""
    return (
        f"time limits: {scale():.2f} times the usual ones (known work {work_s():.2f} s, usually "
        f"{USUAL_WORK_S:.2f} s): {event_s():.0f} s an event, {program_s():.0f} s a program, "
        f"{test_s():.0f} s a test"
    )
