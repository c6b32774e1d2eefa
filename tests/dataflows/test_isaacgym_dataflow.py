"""Isaac Gym's dataflow through a real dora, with a double of the product: to the panorama."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fault_kinds import processes
from operators.acknowledging_client import AcknowledgingClient
from operators.isaac_gym_simulator import WORKER
from tests.dataflows.running import (
    Running,
    assert_nothing_left,
    assert_said_at_the_start,
    left_shared_memory,
    running,
)
from tests.isaacgym_double.environment import make_python
from tests.time_limits import program_s

pytestmark = pytest.mark.dataflow

DATAFLOW = "dataflows/teleop_isaacgym.yml"
SMALL = {"PANODORA__PANORAMA__FACE_SIZE": "64", "PANODORA__PANORAMA__WIDTH": "256"}
COLOURS = {
    "ahead": (220, 50, 40),
    "right": (50, 170, 60),
    "behind": (40, 80, 200),
    "left": (235, 200, 50),
    "up": (120, 210, 240),
    "down": (110, 80, 60),
}
"""What the double shows in the world's directions."""


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Running]:
    """The running dataflow; at its end nothing is left of it."""
    before = left_shared_memory()
    double = str(make_python(tmp_path))
    with running(["dora", "run", DATAFLOW], PANODORA__ISAACGYM__PYTHON=double, **SMALL) as run:
        yield run
        assert run.interrupt() == 0, run.said[-4000:]
    assert "Traceback" not in run.said, run.said[-4000:]
    assert_nothing_left(run, before)


def worker_of(run: Running) -> int:
    """The process of the worker, once there is one."""
    mark = f"PANODORA__HEADSET__PORT={run.ports[0]}".encode()
    found: list[int] = []

    def look() -> bool:
        found[:] = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = mark in (folder / "environ").read_bytes().split(b"\0")
                if is_ours and str(WORKER).encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:  # it has ended, or is not ours
                continue
        return len(found) == 1

    wait_for(look)
    return found[0]


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + program_s()
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline
        pause.wait(0.02)


def test_the_six_colours_land_where_they_belong(flow: Running) -> None:
    client = AcknowledgingClient(flow.ports[0], decode=True)
    client.start()
    assert client.wait_for_pictures(10, program_s()), flow.said[-4000:]
    client.stop()
    assert client.panorama is not None
    pixels = client.panorama.pixels
    assert pixels is not None
    assert pixels.shape == (128, 256, 3)
    middle, places = pixels[64], {"behind": 0, "left": 64, "ahead": 128, "right": 192}
    seen = {name: middle[column] for name, column in places.items()}
    seen |= {"up": pixels[0, 128], "down": pixels[-1, 128]}
    for name, colour in COLOURS.items():
        assert np.abs(seen[name].astype(int) - colour).max() < 8, name  # JPEG is not exact


def test_a_killed_worker_comes_back_and_so_do_the_pictures(flow: Running) -> None:
    client = AcknowledgingClient(flow.ports[0])
    client.start()
    assert client.wait_for_pictures(5, program_s()), flow.said[-4000:]
    killed = worker_of(flow)
    os.kill(killed, signal.SIGKILL)
    flow.wait_for("Isaac Gym's worker: it ended by signal 9; it starts again")
    assert worker_of(flow) != killed
    assert client.wait_for_pictures(len(client.arrivals) + 10, program_s())
    client.stop()


def test_a_killed_node_takes_its_worker_with_it_and_both_come_back(flow: Running) -> None:
    client = AcknowledgingClient(flow.ports[0])
    client.start()
    assert client.wait_for_pictures(5, program_s()), flow.said[-4000:]
    orphan = worker_of(flow)
    (node,) = [p for p, line in processes(flow.ports).items() if "nodes/simulate.py" in line]
    os.kill(node, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{orphan}").exists())
    assert worker_of(flow) != orphan
    assert client.wait_for_pictures(len(client.arrivals) + 10, program_s())
    client.stop()


NOT_SET: tuple[dict[str, str], list[str]] = (
    {},
    ["isaacgym.python: not set", "conda create -n gym python=3.8", "Isaac Gym Preview 4"],
)
ABSENT = (
    {"PANODORA__ISAACGYM__PYTHON": "/absent/python"},
    ["there is no program /absent/python"],
)


@pytest.mark.parametrize("fault", [NOT_SET, ABSENT])
def test_the_doctor_says_what_cannot_work(fault: tuple[dict[str, str], list[str]]) -> None:
    assert_said_at_the_start(["panodora", "doctor", DATAFLOW], *fault)


def test_what_cannot_work_is_seen_in_a_dataflow() -> None:
    assert_said_at_the_start(["dora", "run", DATAFLOW], *NOT_SET)


def test_the_node_says_that_its_python_is_absent() -> None:
    variables, words = ABSENT
    config = {"PANODORA_CONFIG": "configs/teleop_isaacgym.yml"}
    assert_said_at_the_start(["python", "nodes/simulate.py"], variables | config, words)


@pytest.mark.parametrize("command", [["dora", "run"], ["panodora", "doctor"]])
def test_a_machine_without_a_gpu_is_told_so(command: list[str], tmp_path: Path) -> None:
    double = str(make_python(tmp_path, ISAACGYM_DOUBLE_GPU="none"))
    with running([*command, DATAFLOW], PANODORA__ISAACGYM__PYTHON=double) as run:
        assert run.wait() != 0
    assert "Isaac Gym needs an NVIDIA GPU" in run.said
    assert "Traceback" not in run.said


def test_the_doctor_finds_isaac_gym(tmp_path: Path) -> None:
    double = str(make_python(tmp_path))
    with running(["panodora", "doctor", DATAFLOW], PANODORA__ISAACGYM__PYTHON=double) as run:
        assert run.wait() == 0, run.said
    assert "torch stand-in, no card, but a double" in run.said


@pytest.mark.parametrize(
    ("dataflow", "simulator"), [(DATAFLOW, "mujoco"), ("dataflows/teleop.yml", "isaacgym")]
)
def test_the_doctor_finds_a_simulator_in_the_wrong_dataflow(
    dataflow: str, simulator: str, tmp_path: Path
) -> None:
    with running(
        ["panodora", "doctor", "--quiet", dataflow],
        PANODORA__SIMULATION__SIMULATOR=simulator,
        PANODORA__ISAACGYM__PYTHON=str(make_python(tmp_path)),
    ) as run:
        assert run.wait() == 1
    assert "do not go together" in run.said
