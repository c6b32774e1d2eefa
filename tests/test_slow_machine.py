"""What makes a machine slow does so, and leaves nothing behind."""

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

from tests.slow_machine import KINDS
from tests.time_limits import program_s


def run(kind: str, code: str) -> str:
    command = [sys.executable, "-m", "tests.slow_machine", kind, sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=program_s(), check=True)
    return ended.stdout.strip()


def test_two_busy_loops_run_beside_it() -> None:
    code = """
import os, pathlib
siblings = pathlib.Path(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read_text().split()
print([p for p in siblings if int(p) != os.getpid()])
"""
    loops = literal_eval(run("busy-loops", code))
    assert len(loops) == 2
    assert not any(Path(f"/proc/{process}").exists() for process in loops)


def test_it_has_one_core() -> None:
    code = "import os; print(os.sched_getaffinity(0))"
    assert literal_eval(run("one-core", code)) == {min(os.sched_getaffinity(0))}


def test_it_and_what_it_starts_are_stopped_again_and_again() -> None:
    """For a tenth of a second or more, in a session of its own too."""
    watch = """
import time
longest, last = 0.0, time.monotonic()
end = last + 3.5
while last < end:
    now = time.monotonic()
    longest, last = max(longest, now - last), now
print(longest, flush=True)
"""
    start = "subprocess.run([sys.executable, '-c', watch], start_new_session=True)"
    code = f"import subprocess, sys; watch = {watch!r}; {start}"
    assert float(run("stops", code)) > 0.09


def test_it_ends_as_the_command_does() -> None:
    for kind in KINDS:
        command = [sys.executable, "-m", "tests.slow_machine", kind, "false"]
        assert subprocess.run(command, timeout=program_s(), check=False).returncode == 1
