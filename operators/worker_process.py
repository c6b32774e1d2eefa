"""A program that runs in a process of its own and answers requests, a line of JSON each.

It shares memory with its caller that has no name, so nothing is left behind however either ends.
"""

import contextlib
import enum
import json
import mmap
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

STOP_S: Final = 2.0
"""So long a worker may take to end by itself."""

READ_BYTES: Final = 1 << 16

Answer = dict[str, Any]


class WorkerLostError(RuntimeError):
    """The worker has ended, or does not answer: it is gone now."""


class WorkerState(enum.StrEnum):
    """What a worker does."""

    ABSENT = "absent"
    """Nothing: it was not started, it has ended, or it was ended."""
    STARTING = "starting"
    """Has been given its first line and has not answered yet."""
    READY = "ready"
    """Answers requests."""


class WorkerProcess:
    """Starts a program, talks to it, and ends it. To be used from one thread, which must live on.

    command: the program and its first arguments; three file descriptors follow: what to read
    requests from, what to write answers to, and the shared memory.
    shared_bytes: how much memory to share; `memory` is where.
    """

    def __init__(self, command: Sequence[str], shared_bytes: int) -> None:
        self._command = tuple(command)
        self._shared = os.memfd_create("worker")
        os.ftruncate(self._shared, shared_bytes)
        self.memory = mmap.mmap(self._shared, shared_bytes)
        self.state = WorkerState.ABSENT
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = self._answers = -1
        self._received = b""
        self._started_s = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether it answers requests."""
        return self.state is WorkerState.READY

    @property
    def starting_for_s(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._started_s

    def start(self, first: Mapping[str, Any]) -> None:
        """Start the program, and give it its first line.

        Raises OSError where there is no such program, WorkerLostError where it ends at once.
        """
        their_requests, self._requests = os.pipe()
        self._answers, their_answers = os.pipe()
        passed = (their_requests, their_answers, self._shared)
        self._received = b""
        self._started_s = time.monotonic()
        try:
            self._process = subprocess.Popen(
                [*self._command, *map(str, passed)], stdin=subprocess.DEVNULL, pass_fds=passed
            )
        except OSError:
            self._close_pipes()
            raise
        finally:
            os.close(their_requests)
            os.close(their_answers)
        self.state = WorkerState.STARTING
        self._send(first)

    def first_answer(self, timeout_s: float) -> Answer | None:
        """Wait so long at the most for the answer to the first line; then it is ready.

        Raises WorkerLostError if it ends instead.
        """
        answer = self._receive(timeout_s)
        if answer is not None:
            self.state = WorkerState.READY
        return answer

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> Answer:
        """Let a ready worker answer. Raises WorkerLostError if it ends, or takes longer."""
        self._send(request)
        answer = self._receive(timeout_s)
        if answer is None:
            self.kill()
            raise WorkerLostError(f"it did not answer in {timeout_s:g} s")
        return answer

    def stop(self) -> None:
        """Ask it to end, by ending the requests, and end it if it does not."""
        self._close_pipes()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._close_pipes()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None
        self.state = WorkerState.ABSENT

    def close(self) -> None:
        """End it, and give back what is shared, which nothing may look at any more."""
        self.stop()
        self.memory.close()
        os.close(self._shared)

    def _send(self, request: Mapping[str, Any]) -> None:
        line = json.dumps(request).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._requests, line) :]
        except BrokenPipeError:
            self._lose()

    def _receive(self, timeout_s: float) -> Answer | None:
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._received:
            left_s = max(0.0, deadline - time.monotonic())
            if not select.select([self._answers], [], [], left_s)[0]:
                return None
            received = os.read(self._answers, READ_BYTES)
            if not received:
                self._lose()
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        try:
            answer: Answer = json.loads(line)
        except ValueError:
            self.kill()
            raise WorkerLostError(f"it said {line[:80]!r}, which is no answer") from None
        return answer

    def _lose(self) -> None:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        code = self._process.returncode
        self.kill()
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit status {code}"
        raise WorkerLostError(f"it ended {how}")

    def _close_pipes(self) -> None:
        for pipe in (self._requests, self._answers):
            if pipe >= 0:
                os.close(pipe)
        self._requests = self._answers = -1
