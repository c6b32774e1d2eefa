"""Runs a command as a slow machine would.

python -m tests.slow_machine busy-loops COMMAND ARGUMENT...  two busy loops run beside it
python -m tests.slow_machine one-core COMMAND ARGUMENT...    it has the first core alone
python -m tests.slow_machine stops COMMAND ARGUMENT...       all of its processes are stopped for
                                                             0.1 to 0.3 s, every second
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

BUSY_LOOPS: Final = 2
STOP_S: Final = (0.1, 0.3)
EVERY_S: Final = 1.0
SEED: Final = 17
MARK: Final = "SLOW_MACHINE"
"""A variable of the environment by which processes are known whose parents have ended."""


@contextlib.contextmanager
def busy_loops() -> Iterator[None]:
    """Processes that compute without end beside it."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """The first of this process's cores alone, for it and what it starts."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


@contextlib.contextmanager
def stops() -> Iterator[None]:
    """All processes that this one has started, and theirs, are stopped again and again."""
    mark = f"{MARK}={os.getpid()}"
    os.environ[MARK] = str(os.getpid())
    ending, lengths = threading.Event(), []
    chance = random.Random(SEED)

    def stop_again_and_again() -> None:
        while not ending.wait(EVERY_S):
            lengths.append(chance.uniform(*STOP_S))
            stopped = _signal_all(mark, signal.SIGSTOP)
            time.sleep(lengths[-1])
            for process in stopped | _descendants(mark):
                _signal(process, signal.SIGCONT)

    thread = threading.Thread(target=stop_again_and_again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()
        print(f"{len(lengths)} stops, {sum(lengths):.1f} s in all", file=sys.stderr)


def _signal_all(mark: str, number: signal.Signals) -> set[int]:
    """Signal every process; those that are started meanwhile too."""
    signalled: set[int] = set()
    while left := _descendants(mark) - signalled:
        for process in left:
            _signal(process, number)
        signalled |= left
    return signalled


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _descendants(mark: str) -> set[int]:
    """Processes that descend from this one, by their parents or by the variable."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        process = int(folder.name)
        try:
            parents[process] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.add(process)
        except OSError:  # it has ended, or is not ours
            continue
    known = {os.getpid()}
    while more := {p for p, parent in parents.items() if parent in known} - known:
        known |= more
    return (found | known) - {os.getpid()}


KINDS: Final[dict[str, Callable[[], contextlib.AbstractContextManager[None]]]] = {
    "busy-loops": busy_loops,
    "one-core": one_core,
    "stops": stops,
}


def main() -> int:
    """Run the command, and end as it does."""
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing stays stopped
    with KINDS[sys.argv[1]]():
        return subprocess.run(sys.argv[2:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
