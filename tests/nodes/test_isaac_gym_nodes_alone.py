"""The nodes of dataflows/teleop_isaacgym.yml alone, the simulator's with Isaac Gym's double."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.guard import hold_both
from operators.header import Header
from operators.messages import Viewers
from operators.settings import ROOT
from operators.view_messages import Faces
from tests.isaacgym_double.environment import make_python
from tests.nodes.alone import Alone

pytestmark = pytest.mark.node

SMALL = {"PANODORA__PANORAMA__FACE_SIZE": "16", "PANODORA__PANORAMA__WIDTH": "64"}
AHEAD = [220, 50, 40]


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    def make(name: str, **environment: str) -> Alone:
        config = {"PANODORA_CONFIG": str(ROOT / "configs/teleop_isaacgym.yml")}
        return Alone(name, tmp_path, {**config, **SMALL, **environment})

    return make


@pytest.fixture
def double(tmp_path: Path) -> str:
    return str(make_python(tmp_path))


def outputs(sent: list[dict[str, Any]], output: str) -> list[Any]:
    return [message["data"] for message in sent if message["id"] == output]


def test_simulate_sends_states_and_faces(alone: Any, double: str) -> None:
    node = alone("simulate", PANODORA__ISAACGYM__PYTHON=double)
    for k in range(5):
        node.tick(0.05 * k)
    sent, _ = node.run(["scene_state", "faces"], 0.5)
    steps = [state[0]["step"] for state in outputs(sent, "scene_state")]
    assert steps == sorted(steps)
    assert steps[-1] > 0
    drawn = outputs(sent, "faces")
    assert len(drawn) == len(set(steps))  # what has not moved is not drawn again
    assert np.array(drawn[0], np.uint8).reshape(6, 16, 16, 3)[0, 0, 0].tolist() == AHEAD


def test_simulate_draws_nothing_while_nobody_watches(alone: Any, double: str) -> None:
    node = alone(
        "simulate",
        PANODORA__ISAACGYM__PYTHON=double,
        PANODORA__SIMULATION__CLOCK="lockstep",  # with the commands' time, not with this machine's
    )

    def command(at_s: float) -> None:
        header = Header(len(node.events), int(at_s * 1e9))
        node.message("hand_commands", hold_both(), 0.2 + at_s / 10, header)

    def watch(count: int, at_s: float) -> None:
        header = Header(count, int(at_s * 1e9))
        node.message("viewers", Viewers(count=count, fault=""), 0.2 + at_s / 10, header)

    watch(0, 0.0)
    for k in range(40):
        command(0.1 + 0.1 * k)
    watch(1, 4.2)
    for k in range(10):
        command(4.4 + 0.1 * k)
    sent, _ = node.run(["scene_state", "faces"], 1.0)
    times_s = [s["data"][0]["simulation_time_s"] for s in sent if s["id"] == "scene_state"]
    names = [s["id"] for s in sent]
    drawn = [
        time
        for time, place in zip(
            times_s, np.flatnonzero(np.array(names) == "scene_state"), strict=True
        )
        if names[place + 1 : place + 2] == ["faces"]
    ]
    # The first two seconds, for the page's address to be printed; then when somebody comes.
    assert drawn == [time for time in times_s if not 2.0 <= time < 4.0]
    assert len(times_s) == 50
    assert len(drawn) == 30


def test_stitch_panorama_joins_faces(alone: Any) -> None:
    node = alone("stitch_panorama")
    pixels = np.zeros((6, 16, 16, 3), np.uint8)
    pixels[:, :, :] = np.arange(6)[:, None, None, None] * 40
    node.message("faces", Faces(pixels=pixels), 0.0)
    sent, _ = node.run(["panorama"], 0.5)
    (picture,) = outputs(sent, "panorama")
    grey = np.array(picture, np.uint8).reshape(32, 64, 3)[..., 0]
    assert grey[16, [32, 48, 0, 16]].tolist() == [0, 40, 80, 120]  # ahead, right, behind, left
    assert grey[[0, -1], 32].tolist() == [160, 200]  # up, down
