"""The whole loop with Vuer's client in an emulated headset: a real dora, a real Chromium."""

import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from operators.messages import Hands, SceneState
from operators.recording import RecordingReader
from tests.dataflows.running import (
    PATIENCE,
    Running,
    assert_nothing_left,
    left_shared_memory,
    running,
)
from tests.e2e.browser import Browser
from tests.e2e.test_headset_loop import INDEX_JOINTS, POSTS, RIGHT, SETTLE_FRAMES
from tests.e2e.vuer_station import VuerHeadset

pytest.importorskip("vuer", reason="needs the extra: pip install -e '.[vuer]'")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.dataflow,
    pytest.mark.gl,
]

ATTEMPTS = 20


@pytest.fixture
def headset(browser: Browser) -> Iterator[VuerHeadset]:
    with VuerHeadset(browser) as made:
        yield made


def come_in(headset: VuerHeadset, run: Running) -> None:
    """Open the client that a dataflow serves, enter VR and engage."""
    run.wait_for("Open http://localhost:")
    headset.browser.goto(run.page)
    headset.browser.wait_for("window.panodora?.picturesShown > 2")
    headset.browser.wait_for("panodora.tracking === 'open'")
    headset.enter()
    engage(headset)


def engage(headset: VuerHeadset) -> None:
    """Pinch with both hands until the robot follows."""
    wait_for_state(headset, "stopped")
    headset.engage("panodora.robot.state === 'stopped'", headset.pinch_both)
    while_driving(headset, "panodora.robot.state === 'tracking'")


def while_driving(headset: VuerHeadset, expression: str) -> None:
    """Wait for something that holds while the robot follows.

    On a busy machine nothing may come of the browser for half a second, which stops the robot.
    """
    browser = headset.browser
    for _ in range(ATTEMPTS):
        browser.wait_for(f"{expression} || panodora.robot.state === 'stopped'")
        if browser.evaluate(expression):
            return
        browser.press_until("Enter", "panodora.robot.state !== 'stopped'")
    raise AssertionError(f"the robot stopped {ATTEMPTS} times before {expression}")


def wait_for_state(headset: VuerHeadset, state: str) -> None:
    headset.browser.wait_for(f"panodora.robot.state === '{state}'")


def settle(headset: VuerHeadset) -> None:
    """Wait until the robot has followed for as long, by its camera's pictures."""
    seq = headset.browser.evaluate("panodora.lastFrameSeq")
    while_driving(headset, f"panodora.lastFrameSeq >= {seq + SETTLE_FRAMES}")


def kill_node(run: Running, name: str) -> None:
    """Let a node of the dataflow crash."""
    wanted = [f"PANODORA__HEADSET__PORT={run.ports[0]}".encode(), b"DORA_NODE_CONFIG="]
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes()
        except OSError:  # no process, or not ours
            continue
        if f"nodes/{name}.py".encode() in command and all(w in environment for w in wanted):
            os.kill(int(folder.name), signal.SIGKILL)


def test_the_loop_with_vuers_client(headset: VuerHeadset) -> None:
    before, browser = left_shared_memory(), headset.browser
    with running(["dora", "run", "dataflows/teleop_vuer.yml"], **PATIENCE) as run:
        come_in(headset, run)
        headset.do("hands.left.connected = false")
        while_driving(headset, "panodora.robot.reason.includes('left hand: it is not tracked')")
        headset.do("hands.left.connected = true")
        while_driving(headset, "panodora.robot.state === 'tracking'")

        for yaw, bright, dark in POSTS.values():
            headset.turn(yaw)
            for eye in headset.eyes():
                height, width, _ = eye.shape
                y, x = height // 2 - 12, width // 2
                colour = eye[y - 4 : y + 4, x - 4 : x + 4].mean(axis=(0, 1))
                assert all(colour[channel] > 1.5 * colour[dark] for channel in bright)
        headset.turn(0)

        for node in ("headset_input", "headset_output"):
            client = browser.evaluate("panodora.client")
            kill_node(run, node)
            browser.wait_for("panodora.robot.state !== 'tracking'")
            if node == "headset_output":
                browser.wait_for(f"panodora.client !== '{client}'")
            browser.wait_for("panodora.tracking === 'open' && panodora.stream === 'open'")
            engage(headset)

        headset.leave()
        wait_for_state(headset, "stopped")
        headset.enter()
        engage(headset)
        assert run.interrupt() == 0
    assert_nothing_left(run, before)


def test_closing_the_hand_closes_the_robots(headset: VuerHeadset, tmp_path: Path) -> None:
    with running(
        ["dora", "run", "dataflows/teleop_record.yml"],
        PANODORA__RECORD__FOLDER=str(tmp_path),
        PANODORA__HEADSET__CLIENT="vuer",
        **PATIENCE,
    ) as run:
        come_in(headset, run)
        settle(headset)
        headset.pinch("right", 1)
        settle(headset)
        assert run.interrupt() == 0
    assert "Traceback" not in run.said
    (recording,) = (entry for entry in tmp_path.iterdir() if entry.is_dir())
    reader = RecordingReader(recording)
    hands = [m.message for m in reader.messages(["hands"]) if isinstance(m.message, Hands)]
    driven = [each for each in hands if each.valid.all()]
    assert {each.source for each in driven} == {"vuer-emulator"}
    assert max(each.pinch[RIGHT] for each in driven) > 0.95
    states = [m.message for m in reader.messages(["scene_state"])]
    joint = states[0].joint_names.index(INDEX_JOINTS[RIGHT])  # type: ignore[attr-defined]
    bend = np.array([s.joint_positions[joint] for s in states if isinstance(s, SceneState)])
    assert math.isfinite(bend[-1])
    assert bend[-10:].mean() - np.median(bend[len(bend) // 4 : len(bend) // 2]) > 0.2
