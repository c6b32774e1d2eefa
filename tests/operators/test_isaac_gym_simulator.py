"""Isaac Gym's client and worker against the double: what they say to it, and what goes wrong."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.isaac_gym_faults import IsaacGymError
from operators.isaac_gym_simulator import (
    MOST_RESTARTS,
    WORKER,
    IsaacGymSimulator,
    look_at_isaac_gym,
)
from operators.messages import HandCommands
from operators.scene import build_scene
from operators.settings import Settings, SettingsError
from operators.simulator import SimulatorLostError
from tests.isaacgym_double.environment import HOLD, make_python
from tests.operators.doubled_isaac_gym import FACE_SIZE, doubled
from tests.time_limits import event_s

SCENE = build_scene(Settings())
LEFT, RIGHT = SCENE.hands
START = [-0.35, 0.2, 1.4, 0.5, -0.5, 0.5, 0.5]

COLOURS = [
    (220, 50, 40),
    (50, 170, 60),
    (40, 80, 200),
    (235, 200, 50),
    (120, 210, 240),
    (110, 80, 60),
]
"""What the double shows F R B L U D."""

Make = Callable[..., IsaacGymSimulator]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes simulators and closes them."""
    made = []

    def simulator(**changes: Any) -> IsaacGymSimulator:
        settings = doubled(tmp_path, **changes)
        made.append(IsaacGymSimulator(build_scene(settings), settings))
        return made[-1]

    yield simulator
    for each in made:
        each.close()


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """While this file is there, no worker that was started gets anywhere."""
    return tmp_path / HOLD


@pytest.fixture
def started(make: Make) -> IsaacGymSimulator:
    simulator = make()
    simulator.start()
    return simulator


def command(
    left: Any = 0.3, valid: tuple[bool, bool] = (True, True), x: float = -0.3
) -> HandCommands:
    poses = np.array([START, START])
    poses[:, 0] = x
    poses[1, 1] = -0.2
    return HandCommands(
        valid=np.array(valid),
        faults=("", ""),
        world_from_base=poses,
        left_joint_names=LEFT.joint_names,
        left_joint_positions=np.full(12, left),
        right_joint_names=RIGHT.joint_names,
        right_joint_positions=np.full(12, 0.1),
    )


def worker_pids() -> list[int]:
    """Workers that this process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and str(WORKER) in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return found


def wait_until_ready(simulator: IsaacGymSimulator) -> None:
    """Step until the worker is there again."""
    deadline = time.monotonic() + event_s()
    while time.monotonic() < deadline:
        try:
            simulator.step()
        except SimulatorLostError:
            os.sched_yield()
        else:
            return
    raise AssertionError("the worker does not come back")


@pytest.mark.parametrize("image_tensors", [False, True])
def test_the_faces_are_what_each_camera_sees(make: Make, image_tensors: bool) -> None:
    simulator = make(isaacgym={"image_tensors": image_tensors})
    simulator.start()
    for _ in range(2):
        simulator.step()
        faces = simulator.faces()
        assert faces.shape == (6, FACE_SIZE, FACE_SIZE, 3)
        for face, colour in zip(faces, COLOURS, strict=True):
            assert (face == colour).all()


def test_a_hand_that_holds_stays_as_it_is(started: IsaacGymSimulator) -> None:
    started.command(command(left=0.4), 0)
    started.step()
    started.command(command(valid=(False, True)), 1)
    started.step(5)
    state = started.state()
    assert state.command_seq == 1
    assert state.joint_positions[1] == pytest.approx(0.4, abs=1e-6)
    np.testing.assert_allclose(state.body_poses[3, :3], [-0.3, 0.2, 1.4], atol=1e-6)


def test_bases_teleport(started: IsaacGymSimulator) -> None:
    started.command(command(x=0.4), 0)
    started.step()
    assert started.state().body_poses[3, 0] == pytest.approx(0.4, abs=1e-6)


def test_teleported_fingers_are_there_without_a_drive(make: Make) -> None:
    simulator = make(simulation={"finger_drive": "teleport"})
    simulator.start()
    simulator.command(command(left=0.25), 0)
    simulator.step()
    np.testing.assert_allclose(simulator.state().joint_positions[:12], 0.25, atol=1e-6)


def test_a_loose_object_that_falls_off_comes_back(make: Make) -> None:
    cube = {"name": "cube", "size": (0.05,) * 3, "position": (2.0, 0.0, 1.3), "mass": 0.1}
    simulator = make(scene={"objects": [cube], "respawn_below": 0.9})
    simulator.start()
    heights = []
    for _ in range(60):
        simulator.step()
        heights.append(simulator.state().body_poses[1, 2])
    # Semi-implicit Euler: n steps fall g dt2 n (n + 1) / 2, one of which was taken at the start.
    fallen = [1.3 - 9.81 / 3600 * n * (n + 1) / 2 for n in range(2, 18)]
    np.testing.assert_allclose(heights[:16], fallen, atol=1e-4)
    assert heights[14] > 0.9 > heights[15]
    assert heights[16] == pytest.approx(1.3 - 9.81 / 3600, abs=1e-5)


@pytest.mark.parametrize("shape", ["box", "sphere", "capsule"])
def test_every_shape_of_the_scene_can_be_built(make: Make, shape: str) -> None:
    thing = {
        "name": "thing",
        "shape": shape,
        "size": (0.1, 0.1, 0.3),
        "position": (1.0, 0.0, 2.0),
        "mass": 0.2,
    }
    simulator = make(scene={"objects": [thing]})
    simulator.start()
    np.testing.assert_allclose(
        simulator.state().body_poses[1], [1, 0, 2 - 9.81 / 3600, 0, 0, 0, 1], atol=1e-5
    )


def test_a_killed_worker_comes_back_at_step_0(started: IsaacGymSimulator, hold: Path) -> None:
    started.command(command(), 7)
    started.step(5)
    (pid,) = worker_pids()
    hold.touch()
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SimulatorLostError, match="ended by signal 9; it starts again"):
        started.step()
    for lacks_it in (started.state, started.step, started.faces):
        with pytest.raises(SimulatorLostError, match="Isaac Gym is starting, since"):
            lacks_it()
    hold.unlink()
    wait_until_ready(started)
    state = started.state()
    assert (state.step, state.command_seq) == (1, -1)
    np.testing.assert_allclose(state.body_poses[3, :3], START[:3], atol=1e-6)
    assert worker_pids() != [pid]
    assert (started.faces()[0] == COLOURS[0]).all()


def test_a_worker_that_takes_long_to_start_is_waited_for_in_the_dataflow(
    make: Make, hold: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operators.isaac_gym_simulator.FIRST_WAIT_S", 0.0)
    simulator = make()
    hold.touch()
    simulator.start()
    simulator.start()
    assert len(worker_pids()) == 1
    with pytest.raises(SimulatorLostError, match="Isaac Gym is starting, since"):
        simulator.step()
    hold.unlink()
    wait_until_ready(simulator)
    assert simulator.state().step == 1


def test_one_that_takes_too_long_to_start_is_given_up(make: Make, hold: Path) -> None:
    hold.touch()
    with pytest.raises(
        IsaacGymError, match=r"did not start in 0\.01 s; raise isaacgym\.start_time"
    ):
        make(isaacgym={"start_timeout_s": 0.01}).start()
    assert worker_pids() == []


def test_a_worker_that_hangs_is_replaced(make: Make) -> None:
    simulator = make(isaacgym={"answer_timeout_s": 1.0})
    simulator.start()
    (pid,) = worker_pids()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SimulatorLostError, match="did not answer in 1 s"):
        simulator.faces()
    assert pid not in worker_pids()
    wait_until_ready(simulator)


def test_a_worker_that_ends_again_and_again_is_given_up(started: IsaacGymSimulator) -> None:
    for _ in range(MOST_RESTARTS):
        os.kill(worker_pids()[0], signal.SIGKILL)
        wait_until_ready(started)
    os.kill(worker_pids()[0], signal.SIGKILL)
    with pytest.raises(IsaacGymError, match=r"ended 4 times in 120 s, at last: it ended by signal"):
        started.step()


def test_close_leaves_no_process_and_no_file(make: Make, tmp_path: Path) -> None:
    settings = doubled(tmp_path)
    simulator = IsaacGymSimulator(build_scene(settings), settings)
    simulator.start()
    assert len(worker_pids()) == 1
    folder = Path(simulator._folder.name)
    simulator.close()
    assert worker_pids() == []
    assert not folder.exists()


def test_what_isaac_gym_has_can_be_looked_at(tmp_path: Path) -> None:
    assert look_at_isaac_gym(doubled(tmp_path).isaacgym) == "torch stand-in, no card, but a double"
    assert worker_pids() == []


FAULTS = [
    ({"product": False}, ["No module named 'isaacgym'", "Isaac Gym Preview 4", "pip install -e"]),
    ({"torch": False}, ["No module named 'torch'", "pip install -e"]),
    ({"ISAACGYM_DOUBLE_GPU": "none"}, ["needs an NVIDIA GPU", "470", "dataflows/teleop.yml"]),
    ({"ISAACGYM_DOUBLE_GPU": "broken"}, ["create_sim gave nothing", "printed above"]),
]


@pytest.mark.parametrize(("variables", "words"), FAULTS)
def test_what_cannot_work_says_what_to_install(
    make: Make, variables: dict[str, Any], words: list[str]
) -> None:
    simulator = make(variables=variables)
    with pytest.raises(IsaacGymError) as raised:
        simulator.start()
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_python_that_is_too_new_is_named(tmp_path: Path) -> None:
    python = make_python(tmp_path, interpreter=Path(sys.executable), product=False)
    settings = doubled(tmp_path, isaacgym={"python": python}).isaacgym
    with pytest.raises(IsaacGymError, match=r"no build for a Python newer than 3\.8; make an env"):
        look_at_isaac_gym(settings)


def test_the_product_itself_refuses_a_python_that_is_too_new(tmp_path: Path) -> None:
    python = make_python(tmp_path, interpreter=Path(sys.executable), ISAACGYM_DOUBLE_ANY_PYTHON="")
    program = python.read_text().replace("export ISAACGYM_DOUBLE_ANY_PYTHON=''\n", "")
    python.write_text(program)
    settings = doubled(tmp_path, isaacgym={"python": python}).isaacgym
    with pytest.raises(IsaacGymError, match="No gym module found for the active version"):
        look_at_isaac_gym(settings)


@pytest.mark.parametrize(
    ("python", "complaint"),
    [
        (None, r"isaacgym\.python: not set; give the Python 3\.8"),
        ("absent/python", r"isaacgym\.python: there is no program .*absent/python"),
        ("README.md", r"isaacgym\.python: there is no program .*README\.md"),
        ("/bin/true", "cannot start: it ended with exit status 0"),
    ],
)
def test_an_interpreter_that_is_none_is_named(
    tmp_path: Path, python: str | None, complaint: str
) -> None:
    settings = doubled(tmp_path, isaacgym={"python": python}).isaacgym
    with pytest.raises((SettingsError, IsaacGymError), match=complaint):
        look_at_isaac_gym(settings)


def test_a_library_that_is_not_found_says_how_to_find_it(tmp_path: Path) -> None:
    package = tmp_path / "isaacgym"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise ImportError('libpython3.8.so.1.0: cannot open shared object file')"
    )
    python = make_python(tmp_path, product=False)
    python.write_text(
        python.read_text().replace("export PYTHONPATH='", f"export PYTHONPATH='{tmp_path}:")
    )
    settings = doubled(tmp_path, isaacgym={"python": python}).isaacgym
    from tests.isaacgym_double.environment import worker_version

    if worker_version() > (3, 8):
        pytest.skip("no Python 3.8 here")
    with pytest.raises(IsaacGymError, match=r"libpython3\.8.* set LD_LIBRARY_PATH"):
        look_at_isaac_gym(settings)
