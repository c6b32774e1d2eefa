"""Real dataflows through a real dora: they run, say what is wrong, and leave nothing behind."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from operators.acknowledging_client import AcknowledgingClient
from operators.messages import SceneState
from operators.recording import RecordingReader, RecordingWriter
from operators.settings import ROOT
from tests.dataflows.other_nodes import with_other_nodes
from tests.dataflows.running import (
    BIN,
    assert_nothing_left,
    assert_said_at_the_start,
    environment,
    left_shared_memory,
    running,
)
from tests.free_ports import free_ports
from tests.time_limits import program_s

pytestmark = [pytest.mark.dataflow, pytest.mark.gl]

SHIPPED = ROOT / "assets/recordings/two_hands"
OPEN = "Open http://localhost:"

COMPARED = 200
"""Samples of 241: the robot follows from the 60th on."""


@pytest.fixture(scope="module")
def short_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four seconds of the shipped recording."""
    folder = tmp_path_factory.mktemp("short") / "recording"
    writer = RecordingWriter(folder, settings={})
    for recorded in RecordingReader(SHIPPED).messages():
        if recorded.header.capture_ns > 5_000_000_000:
            break
        writer.write(recorded.message, recorded.header)
    writer.close()
    return folder


def test_replay_shows_pictures_and_ends_with_a_table(short_recording: Path) -> None:
    before = left_shared_memory()
    with running(
        ["panodora", "replay", str(short_recording)], PANODORA_CONFIG="configs/teleop_replay.yml"
    ) as run:
        client = AcknowledgingClient(run.ports[0])
        client.start()
        run.wait_for("replay: finished")
        assert run.wait() == 0
        client.stop()
    run.wait_for("Simulated time over real time")
    assert len(client.arrivals) > 1
    for stage in ("preprocess", "retarget", "guard", "simulate", "capture_panorama"):
        assert stage in run.said.split("ms: p50 p95 p99")[1]
    assert_nothing_left(run, before)


@pytest.mark.parametrize("group", [False, True], ids=["one signal", "the terminal's group"])
def test_ctrl_c_leaves_nothing_behind(group: bool) -> None:
    before = left_shared_memory()
    with running(["dora", "run", "dataflows/teleop.yml"]) as run:
        run.wait_for(OPEN)
        assert run.interrupt(group=group) == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)


def test_the_sink_holds_its_hands_until_someone_engages() -> None:
    before = left_shared_memory()
    with running(["dora", "run", "dataflows/teleop_sink.yml"]) as run:
        run.wait_for("right hand, rad: [0.0")
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    assert_nothing_left(run, before)


def test_dora_start_and_stop_leave_nothing_behind(tmp_path: Path) -> None:
    before = left_shared_memory()
    page, tracking, coordinator = free_ports(3)
    # The coordinator keeps a database there, which it shares with no other of this user.
    own = {"HOME": str(tmp_path), "DORA_COORDINATOR_PORT": str(coordinator)}
    variables = environment((page, tracking), **own)

    def dora(*arguments: str, check: bool = True) -> str:
        ended = subprocess.run(
            [str(BIN / "dora"), *arguments],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            timeout=program_s(),
            check=False,
        )
        assert ended.returncode == 0 or not check, ended.stdout + ended.stderr
        return ended.stdout

    client = AcknowledgingClient(page)
    try:
        dora("up")
        dora("start", "dataflows/teleop.yml", "--name", "tele", "--detach")
        client.start()
        assert client.wait_for_pictures(3, timeout_s=program_s())
        dora("stop", "--name", "tele")
    finally:
        client.stop()
        # At times dora's coordinator is gone before it has answered; that it is gone is looked at.
        dora("down", check=False)
    from tests.dataflows.running import Running

    assert_nothing_left(Running(process=None, ports=(page, tracking)), before)  # type: ignore[arg-type]


def test_a_lockstep_replay_gives_the_same_states_bit_for_bit(
    short_recording: Path, tmp_path: Path
) -> None:
    """Also where every message on the way from the operator to the scene is lost now and then."""
    lossy = with_other_nodes(
        tmp_path / "lossy", "teleop_replay_record.yml", "tests.dataflows.lossy_node"
    )
    dataflows = {"sound": ROOT / "dataflows/teleop_replay_record.yml", "lossy": lossy}
    first, second = (
        lockstep_states(dataflow, short_recording, tmp_path / f"{name} recording")
        for name, dataflow in dataflows.items()
    )
    both = sorted(set(first) & set(second))
    assert len(both) > COMPARED
    for sample in both:
        a, b = first[sample], second[sample]
        assert a.step == b.step
        np.testing.assert_array_equal(a.body_poses, b.body_poses)
        np.testing.assert_array_equal(a.joint_velocities, b.joint_velocities)
    assert not np.array_equal(first[both[0]].body_poses, first[both[-1]].body_poses)


def lockstep_states(dataflow: Path, recording: Path, folder: Path) -> dict[int, SceneState]:
    """What a replay in lockstep makes of a recording's samples.

    The recorder may lack a few: dora loses messages to it on a busy machine, and the last are on
    their way when the dataflow ends.
    """
    with running(
        ["panodora", "replay", "--dataflow", str(dataflow), str(recording)],
        PANODORA_CONFIG="configs/teleop_replay_record.yml",
        PANODORA__RECORD__FOLDER=str(folder),
    ) as run:
        assert run.wait() == 0, run.said[-3000:]
    assert "the scene does not follow" not in run.said
    (entry,) = folder.iterdir()
    states = {}
    for recorded in RecordingReader(entry).messages(["scene_state"]):
        header, state = recorded.header, recorded.message
        if header.hands_seq >= 0 and isinstance(state, SceneState):
            assert header.head_seq == header.hands_seq  # of a moment: no hands overtake the head
            states[header.hands_seq] = state
    return states


FAULTS = {
    "wrong key": ({"PANODORA__HEADSET__PRT": "1"}, ["unknown key 'headset.prt'", "tracking_port"]),
    "no config": ({"PANODORA_CONFIG": "configs/absent.yml"}, ["absent.yml: no such file"]),
    "no hand": ({"PANODORA__HANDS__LEFT": "absent.yml"}, ["absent.yml", "configs/hands"]),
    "lockstep": (
        {"PANODORA__SIMULATION__CLOCK": "lockstep"},
        ["lockstep waits", "set it to wall"],
    ),
    "no EGL": (
        {"__EGL_VENDOR_LIBRARY_FILENAMES": "/nonexistent"},
        ["OpenGL", "apt install", "renderer to mujoco"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_says_what_cannot_work(fault: str) -> None:
    assert_said_at_the_start(["panodora", "doctor"], *FAULTS[fault])


@pytest.mark.parametrize(
    ("fault", "node"),
    [("no config", "guard"), ("no hand", "retarget"), ("lockstep", "headset_input")],
)
def test_a_node_says_what_cannot_work(fault: str, node: str) -> None:
    assert_said_at_the_start(["python", f"nodes/{node}.py"], *FAULTS[fault])


@pytest.mark.parametrize("fault", ["wrong key", "no EGL"])
def test_what_a_node_says_is_seen_in_a_dataflow(fault: str) -> None:
    assert_said_at_the_start(["dora", "run", "dataflows/teleop.yml"], *FAULTS[fault])


def test_a_missing_urdf_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "configs/hands/inspire_left.yml", tmp_path / "hand.yml")
    with running(["panodora", "doctor"], PANODORA__HANDS__LEFT=str(tmp_path / "hand.yml")) as run:
        assert run.wait() == 1
    assert "left.urdf" in run.said
    assert str(tmp_path / "hand.yml") in run.said
