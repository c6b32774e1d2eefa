"""Isaac Gym's dataflow with a double of the product: how soon it shows, and comes back.

What the product itself takes on a graphics card is not in these figures.
"""

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Collection, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fault_kinds import kill
from benchmarks.fault_table import follow_for_a_while, probed_loop, read_probe
from benchmarks.figure import Figure, interleaved_times
from benchmarks.scripted_headset import ScriptedHeadset
from operators.acknowledging_client import AcknowledgingClient
from operators.isaac_gym_simulator import WORKER, IsaacGymSimulator
from operators.scene import build_scene
from operators.settings import ROOT, load_settings

NAMES = ("isaacgym.first_panorama", "isaacgym.worker_recovery", "isaacgym.faces_hop")

STARTS = 5
KILLS = 3
LIMIT_S = 60.0
AFTER_S = 5.0
FACE_SIZE = 720

Pixels = NDArray[np.uint8]


def figures(names: Collection[str]) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    measures = (measure_first_panorama, measure_worker_recovery, measure_faces_hop)
    for name, measure in zip(NAMES, measures, strict=True):
        if name in names:
            yield measure()


def measure_first_panorama() -> Figure:
    """From `dora run` to the first picture at a client, and the same of MuJoCo's dataflow."""
    seconds: dict[str, list[float]] = {"teleop_isaacgym": [], "teleop": []}
    for turn in range(STARTS):
        for dataflow in sorted(seconds, reverse=bool(turn % 2)):
            seconds[dataflow].append(_first_picture_s(dataflow))
    ours, theirs = seconds.values()
    return Figure(
        name=NAMES[0],
        value=float(np.median(ours)),
        unit="s",
        p95=float(np.percentile(ours, 95)),
        against="dataflows/teleop.yml",
        against_value=float(np.median(theirs)),
        ratio=float(np.median(theirs) / np.median(ours)),
        note=f"of {STARTS} starts each, in turns; worker in Python {_worker_version()}; {_load()}",
    )


def _first_picture_s(dataflow: str) -> float:
    from tests.dataflows.running import running
    from tests.isaacgym_double.environment import make_python

    with tempfile.TemporaryDirectory() as folder:
        python = str(make_python(Path(folder)))
        started = time.monotonic()
        with running(
            ["dora", "run", f"dataflows/{dataflow}.yml"], PANODORA__ISAACGYM__PYTHON=python
        ) as run:
            client = AcknowledgingClient(run.ports[0])
            client.start()
            if not client.wait_for_pictures(1, LIMIT_S):
                raise RuntimeError(f"no picture came:\n{run.said[-4000:]}")
            client.stop()
            return client.arrivals[0][2] / 1e9 - started


def measure_worker_recovery() -> Figure:
    """From the worker's end to a new state of the scene and a new picture, while it is followed."""
    from tests.isaacgym_double.environment import make_python

    ours: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = str(make_python(folder))
        with probed_loop(folder, "teleop_isaacgym", PANODORA__ISAACGYM__PYTHON=python) as (
            headset,
            probe,
            run,
        ):
            holds = []
            for _ in range(KILLS):
                recovery_s, hold_ms = _recovery(headset, probe, run, worker=True)
                ours.append(recovery_s)
                holds.append(hold_ms)
            theirs, _ = _recovery(headset, probe, run, worker=False)
    return Figure(
        name=NAMES[1],
        value=float(np.median(ours)),
        unit="s",
        p95=float(np.percentile(ours, 95)),
        against="the node `simulate` killed",
        against_value=theirs,
        ratio=theirs / float(np.median(ours)),
        note=f"of {KILLS} workers killed while the robot followed; from {max(holds):.0f} ms on at "
        f"the latest it was told to hold; {_load()}",
    )


def _recovery(
    headset: ScriptedHeadset, probe: Path, run: Any, *, worker: bool
) -> tuple[float, float]:
    """Seconds until states and pictures come again, and ms until the last command to move.

    Raises RuntimeError where nothing told the robot to hold meanwhile.
    """
    follow_for_a_while(headset)
    start = probe.stat().st_size
    killed_ns = time.monotonic_ns()
    if worker:
        os.kill(_worker_pid(run.ports), signal.SIGKILL)
    else:
        kill("simulate", run.ports)
    time.sleep(AFTER_S)
    told = read_probe(probe, start)
    states = [t for t in told if t["input"] == "scene_state" and t["sent_ns"] > killed_ns]
    # A state that was on its way may still come; the new simulation counts from the beginning.
    began = min(states, key=lambda state: state["step"])
    picture_ns = next(ns for ns in headset.pictures if ns > began["sent_ns"])
    commands = [
        t
        for t in told
        if t["input"] == "hand_commands" and killed_ns < t["sent_ns"] < began["sent_ns"]
    ]
    moved_ns = max((t["sent_ns"] for t in commands if any(t["valid"])), default=killed_ns)
    if not any(t["sent_ns"] > moved_ns for t in commands):
        raise RuntimeError("the robot was not told to hold while its simulator was not there")
    return (picture_ns - killed_ns) / 1e9, (moved_ns - killed_ns) / 1e6


def _worker_pid(ports: tuple[int, int]) -> int:
    mark = f"PANODORA__HEADSET__PORT={ports[0]}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(WORKER).encode() in (folder / "cmdline").read_bytes() and mark in (
                folder / "environ"
            ).read_bytes().split(b"\0"):
                return int(folder.name)
        except OSError:  # it has ended, or is not ours
            continue
    raise RuntimeError("there is no worker")


def measure_faces_hop() -> Figure:
    """From the cameras' RGBA pictures in the worker to RGB in the node, and the plain way."""
    from tests.isaacgym_double.environment import make_python

    settings = load_settings(ROOT / "configs/teleop_isaacgym.yml")
    with tempfile.TemporaryDirectory() as folder:
        # Pictures of the CPU: for the double's tensors there is no card to copy from.
        isaacgym = settings.isaacgym.model_copy(
            update={"python": make_python(Path(folder)), "image_tensors": False}
        )
        changed = settings.model_copy(update={"isaacgym": isaacgym})
        simulator = IsaacGymSimulator(build_scene(changed), changed)
        simulator.start()
        with _PlainSender() as plain:
            hop, theirs = interleaved_times(simulator.faces, plain.faces)
        simulator.close()
    return Figure(
        name=NAMES[2],
        value=hop.median,
        unit="ms",
        p95=hop.p95,
        against="[..., :3] in the worker and bytes through a pipe",
        against_value=theirs.median,
        ratio=theirs.median / hop.median,
        note=f"six faces of {FACE_SIZE} pixels, request to RGB; {_load()}",
    )


class _PlainSender:
    """A process that slices six RGBA pictures as the seed does, and sends them through a pipe."""

    def __enter__(self) -> "_PlainSender":
        self._here, there = multiprocessing.get_context("spawn").Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_send_slices, args=(there,)
        )
        self._process.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._here.send_bytes(b"")
        self._process.join(10)

    def faces(self) -> Pixels:
        """Six faces, (6, N, N, 3)."""
        self._here.send_bytes(b"faces")
        received = np.frombuffer(self._here.recv_bytes(), np.uint8)
        return received.reshape(6, FACE_SIZE, FACE_SIZE, 3)


def _send_slices(there: Connection) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, FACE_SIZE, FACE_SIZE * 4), np.uint8)
    while there.recv_bytes():
        faces = [image.reshape(FACE_SIZE, -1, 4)[..., :3] for image in images]
        there.send_bytes(np.stack(faces).tobytes())


def _worker_version() -> str:
    from tests.isaacgym_double.environment import worker_version

    return ".".join(map(str, worker_version()))


def _load() -> str:
    return f"load of the machine {os.getloadavg()[0]:.1f}"
