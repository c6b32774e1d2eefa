"""Starts a real dataflow with free ports, reads what it says, and sees that nothing is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from operators.settings import ROOT
from tests.free_ports import free_ports
from tests.time_limits import event_s, program_s

BIN = Path(sys.executable).parent
SHARED_MEMORY = Path("/dev/shm")
LEFT_BYTES = 64 * 1024

PATIENCE = {
    "PANODORA__GUARD__INPUT_TIMEOUT_S": "1",
    "PANODORA__GUARD__STATE_TIMEOUT_S": "1",
    "PANODORA__GUARD__CONTROL_TIMEOUT_S": "5",
    "PANODORA__HEADSET__SILENCE_S": "5",
}
"""For a dataflow that is driven on a busy machine, of which nothing may come for a second."""


@dataclass
class Running:
    """A program that runs dora, and every line that it has printed."""

    process: subprocess.Popen[str]
    ports: tuple[int, int]
    lines: list[str] = field(default_factory=list)
    _heard: threading.Condition = field(default_factory=threading.Condition)
    _has_ended: bool = False

    @property
    def page(self) -> str:
        """The page's address."""
        return f"http://localhost:{self.ports[0]}"

    @property
    def said(self) -> str:
        """Everything printed so far."""
        return "".join(self.lines)

    def listen(self) -> None:
        """Collect lines until the program ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self.lines.append(line)
                self._heard.notify_all()
        with self._heard:
            self._has_ended = True
            self._heard.notify_all()

    def wait_for(self, words: str) -> None:
        """Wait until a line has these words. Who has ended will not say them any more."""
        with self._heard:
            self._heard.wait_for(lambda: words in self.said or self._has_ended, program_s())
        assert words in self.said, f"{words!r} was not said:\n{self.said[-6000:]}"

    def wait(self) -> int:
        """Wait until the program ends by itself; its exit code."""
        return self.process.wait(program_s())

    def interrupt(self, *, group: bool = False) -> int:
        """Press Ctrl-C, which a terminal sends to the whole group; wait for the end."""
        if self.process.poll() is None:
            if group:
                os.killpg(self.process.pid, signal.SIGINT)
            else:
                self.process.send_signal(signal.SIGINT)
        return self.wait()


def environment(ports: tuple[int, int], **variables: str) -> dict[str, str]:
    """The machine's environment with this Python first, free ports, and more variables."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("PANODORA")},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "RUST_BACKTRACE": "0",
        "PANODORA__HEADSET__PORT": str(ports[0]),
        "PANODORA__HEADSET__TRACKING_PORT": str(ports[1]),
        **variables,
    }


@contextmanager
def running(command: list[str], **variables: str) -> Iterator[Running]:
    """Run a program of the environment in a group of its own; at the end it is gone."""
    first, second = free_ports(2)
    process = subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env=environment((first, second), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    run = Running(process, (first, second))
    listener = threading.Thread(target=run.listen, daemon=True)
    listener.start()
    try:
        yield run
    finally:
        try:
            run.interrupt()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            listener.join(event_s())
            assert process.stdout is not None
            process.stdout.close()


def node_processes(ports: tuple[int, int]) -> dict[int, str]:
    """Processes that run with these ports, by their environment: their commands, by their ids."""
    mark = f"PANODORA__HEADSET__PORT={ports[0]}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(folder.name)] = command
        except OSError:  # it has ended, or is not ours
            continue
    return found


def node_process(ports: tuple[int, int], file: str) -> int:
    """The id of a process that runs this file of `nodes`."""
    return next(pid for pid, command in node_processes(ports).items() if file in command)


def left_shared_memory() -> set[str]:
    """dora's files of more than 64 kB in shared memory that no process uses any more.

    This user's: of others' processes it cannot be seen what they use.
    """
    large = set()
    for file in SHARED_MEMORY.glob("*.zenoh"):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if status.st_uid == os.getuid() and status.st_size > LEFT_BYTES:
            large.add(file.name)
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            used = maps.read_text()
        except OSError:  # it has ended, or is not ours
            continue
        large = {name for name in large if name not in used}
    return large


def assert_nothing_left(run: Running, before: set[str]) -> None:
    """No process, and no shared memory of more than 64 kB, once all have had time to end."""
    deadline = time.monotonic() + event_s()
    while time.monotonic() < deadline:
        processes = node_processes(run.ports)
        memory = left_shared_memory() - before
        if not processes and not memory:
            return
        time.sleep(0.05)
    raise AssertionError(f"left: {processes}, {memory}")


def assert_said_at_the_start(
    command: list[str], variables: dict[str, str], words: list[str]
) -> None:
    """What cannot work ends, says so in these words and without a traceback, and leaves nothing."""
    before = left_shared_memory()
    with running(command, **variables) as run:
        assert run.wait() != 0
    for word in words:
        assert word in run.said, run.said
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)
