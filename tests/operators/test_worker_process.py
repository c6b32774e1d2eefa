"""A process that answers lines of JSON: it starts, answers, is late, crashes and stops."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from operators.worker_process import WorkerLostError, WorkerProcess, WorkerState
from tests.time_limits import event_s

PROGRAM = """
import json, mmap, os, sys
requests, answers, memory = (int(a) for a in sys.argv[1:])
shared = mmap.mmap(memory, 0)
with os.fdopen(requests) as lines, os.fdopen(answers, "w") as out:
    for line in lines:
        request = json.loads(line)
        if request["do"] == "exit":
            sys.exit(request["status"])
        if request["do"] == "babble":
            print("no JSON", file=out, flush=True)
        if request["do"] == "write":
            shared[:4] = bytes(request["values"])
        if request["do"] != "nothing":
            print(json.dumps({"pid": os.getpid(), **request}), file=out, flush=True)
print("the requests ended", flush=True)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = WorkerProcess([sys.executable, str(program)], 64)
    yield process
    process.close()


def started(worker: WorkerProcess) -> int:
    worker.start({"do": "first"})
    answer = worker.first_answer(event_s())
    assert answer is not None
    assert answer["do"] == "first"
    pid: int = answer["pid"]
    return pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_starts_and_answers(worker: WorkerProcess) -> None:
    assert worker.state is WorkerState.ABSENT
    worker.start({"do": "first"})
    assert worker.state is WorkerState.STARTING
    assert not worker.is_ready
    assert worker.first_answer(event_s()) is not None
    assert worker.is_ready
    for number in range(3):
        answer = worker.ask({"do": "echo", "number": number, "long": "x" * 100_000}, event_s())
        assert (answer["number"], len(answer["long"])) == (number, 100_000)


def test_what_it_writes_into_the_memory_is_seen_here(worker: WorkerProcess) -> None:
    started(worker)
    seen = np.frombuffer(worker.memory, np.uint8)
    worker.ask({"do": "write", "values": [1, 20, 255, 7]}, event_s())
    assert seen[:5].tolist() == [1, 20, 255, 7, 0]
    del seen


def test_its_first_answer_can_be_looked_for_without_waiting(worker: WorkerProcess) -> None:
    worker.start({"do": "nothing"})
    assert worker.first_answer(0.0) is None
    assert worker.state is WorkerState.STARTING
    assert worker.starting_for_s > 0


def test_one_that_does_not_answer_is_ended(worker: WorkerProcess) -> None:
    pid = started(worker)
    with pytest.raises(WorkerLostError, match=r"did not answer in 0\.05 s"):
        worker.ask({"do": "nothing"}, 0.05)
    assert worker.state is WorkerState.ABSENT
    assert not is_alive(pid)


def test_one_that_hangs_is_ended(worker: WorkerProcess) -> None:
    pid = started(worker)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerLostError, match="did not answer"):
        worker.ask({"do": "echo"}, 0.05)
    assert not is_alive(pid)


def test_one_that_is_killed_is_noticed_and_can_be_started_again(worker: WorkerProcess) -> None:
    pid = started(worker)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError, match="ended by signal 9"):
        worker.ask({"do": "echo"}, event_s())
    assert worker.state is WorkerState.ABSENT
    assert started(worker) != pid


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"do": "exit", "status": 3}, "ended with exit status 3"),
        ({"do": "babble"}, "'no JSON', which is no answer"),
    ],
)
def test_one_that_ends_or_babbles_is_lost(
    worker: WorkerProcess, request_: dict[str, object], complaint: str
) -> None:
    started(worker)
    with pytest.raises(WorkerLostError, match=complaint):
        worker.ask(request_, event_s())
    assert worker.state is WorkerState.ABSENT


def test_one_that_ends_at_the_start_is_lost(worker: WorkerProcess) -> None:
    worker.start({"do": "exit", "status": 4})
    with pytest.raises(WorkerLostError, match="exit status 4"):
        worker.first_answer(event_s())


def test_it_stops_by_itself_when_the_requests_end(
    worker: WorkerProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    pid = started(worker)
    worker.stop()
    assert "the requests ended" in capfd.readouterr().out
    assert not is_alive(pid)


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    worker = WorkerProcess([str(tmp_path / "absent")], 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        worker.start({})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert worker.state is WorkerState.ABSENT
    worker.close()
