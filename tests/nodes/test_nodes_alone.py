"""Every node run alone, as dora runs it, with a few messages in and its outputs looked at."""

import dataclasses
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from nodes.runtime import AGAIN
from operators.arrow_encoding import encode
from operators.hands import SIDES, Hand
from operators.header import Header, Stamp, after_of
from operators.message import Message
from operators.messages import (
    Controllers,
    FrameSent,
    HandCommands,
    Hands,
    HandTargets,
    Head,
    OperatorAdjustment,
    OperatorFrame,
    OperatorInput,
    OperatorState,
    Panorama,
    SceneState,
    Session,
)
from operators.one_euro import OneEuroPoints
from operators.page_layout import decode_bytes, encode_bytes
from operators.page_messages import ClockAnswer, ClockQuestion, Picture
from operators.preprocessing import Preprocessor
from operators.recording import RecordingReader
from operators.scene import build_scene
from operators.settings import ROOT, load_settings
from operators.simulators import make_simulator
from operators.transforms import rigid, rotation_about
from tests.free_ports import free_ports
from tests.nodes.alone import Alone, Sent
from tests.operators import frames
from tests.operators.guarded_robot import Robot, posture, wanted
from tests.operators.page_clients import picture_shown
from tests.operators.samples import sample
from tests.time_limits import event_s

pytestmark = pytest.mark.node

SHIPPED = RecordingReader(ROOT / "assets/recordings/two_hands")


@pytest.fixture
def alone(tmp_path: Path) -> Any:
    def make(name: str, **environment: str) -> Alone:
        return Alone(name, tmp_path, environment)

    return make


def recorded(name: str, count: int) -> list[Message]:
    rows = SHIPPED.messages([name])
    return [next(rows).message for _ in range(count)]


def data(sent: list[dict[str, Any]], output: str) -> list[dict[str, Any]]:
    return [message["data"][0] for message in sent if message["id"] == output]


def test_preprocess_measures_hands_from_the_head(alone: Any) -> None:
    node = alone("preprocess")
    node.message("head", recorded("head", 1)[0], 0.0)
    for k, hands in enumerate(recorded("hands", 3)):
        node.message("hands", hands, 0.1 + 0.02 * k)
    sent, _ = node.run(["hand_targets"], 0.4)
    targets = data(sent, "hand_targets")
    assert [t["valid"] for t in targets] == [[1, 1]] * 3
    x, y, z = targets[0]["anchor_from_wrist"][7:10]
    assert 0.2 < x < 0.6  # the right wrist is before the head,
    assert -0.4 < y < -0.05  # to the right,
    assert -0.4 < z < -0.05  # and below


def test_preprocess_without_a_head_says_that_no_hand_may_be_followed(alone: Any) -> None:
    node = alone("preprocess")
    node.message("hands", recorded("hands", 1)[0], 0.0)
    sent, _ = node.run(["hand_targets"], 0.2)
    assert data(sent, "hand_targets")[0]["valid"] == [0, 0]


def test_hands_that_overtake_their_head_wait_for_it(alone: Any) -> None:
    node = alone("preprocess")
    (head,), (hands,) = recorded("head", 1), recorded("hands", 1)
    node.message("hands", hands, 0.0, Header(0, 0, hands_seq=0, after=after_of({"head": 0})))
    node.message("head", head, 0.1, Header(0, 0))
    sent, _ = node.run(["hand_targets"], 0.2)
    assert [t["valid"] for t in data(sent, "hand_targets")] == [[1, 1]]


def test_what_is_sent_again_is_taken_once(alone: Any) -> None:
    node = alone("preprocess")
    node.message("head", recorded("head", 1)[0], 0.0)
    value, kind = encode(recorded("hands", 1)[0])
    for k, again in enumerate([{AGAIN: 1}, {AGAIN: 1}, {}, {AGAIN: 1}]):
        seq = [0, 0, 1, 1][k]  # of the first the first sending is lost
        metadata = {**kind, **Header(seq, seq, hands_seq=seq).to_metadata(), **again}
        node.raw("hands", value, metadata, 0.1 + 0.02 * k)
    sent, _ = node.run(["hand_targets"], 0.3)
    assert len(data(sent, "hand_targets")) == 2


def test_who_gets_a_sample_again_sends_again_what_it_made_of_it(alone: Any) -> None:
    node = alone("preprocess")
    node.message("head", recorded("head", 1)[0], 0.0, Header(0, 0))
    value, kind = encode(recorded("hands", 1)[0])
    metadata = {**kind, **Header(0, 1, hands_seq=0, after=after_of({"head": 0})).to_metadata()}
    node.raw("hands", value, metadata, 0.1)
    for k in range(100):
        node.raw("hands", value, {**metadata, AGAIN: 1}, 0.2 + 0.1 * k)
    sent, _ = node.run_until(["hand_targets"], lambda sent: len(sent) > 1)
    first, *others = data(sent, "hand_targets")
    assert all(other == first for other in others)


def test_preprocess_smooths_the_hands_by_their_own_times(alone: Any) -> None:
    (head,), samples = recorded("head", 1), recorded("hands", 60)[::15]
    node = alone("preprocess", PANODORA__FILTERS__ROTATION__ENABLED="false")
    node.message("head", head, 0.0)
    for k, hands in enumerate(samples):
        captured = Header(k, 100_000_000 + 10_000_000 * k, hands_seq=k)
        node.message("hands", hands, 0.1 + 0.1 * k, captured)
    sent, _ = node.run(["hand_targets"], 0.9)
    found = [np.reshape(t["anchor_from_wrist"], (2, 7)) for t in data(sent, "hand_targets")]

    preprocessor = Preprocessor()
    preprocessor.update_head(head)  # type: ignore[arg-type]
    given = [preprocessor.targets(h).anchor_from_wrist for h in samples]  # type: ignore[arg-type]
    np.testing.assert_array_equal([f[:, 3:] for f in found], [g[:, 3:] for g in given])
    smooth = OneEuroPoints(load_settings().filters.position)
    expected = [smooth.filter(g[0, :3], 0.01 * k) for k, g in enumerate(given)]
    np.testing.assert_allclose([f[0, :3] for f in found], expected, atol=1e-12)
    assert np.linalg.norm(found[3][0, :3] - given[3][0, :3]) > 1e-3


def operator_input(**levels: Any) -> OperatorInput:
    released = {"engage": False, "stop": False, "recentre": False, "clutch": np.zeros(2, bool)}
    return OperatorInput(source="test", client="", **{**released, **levels})


def test_preprocess_tells_the_frame_that_the_operator_has_chosen(alone: Any) -> None:
    node = alone("preprocess")
    turned = rigid(rotation_about(1, 0.5), [0.0, 1.6, 0.0])
    head = Head(source="test", client="", valid=True, stage_from_head=turned)
    hands = recorded("hands", 1)[0]
    clutch = np.array([True, False])
    story: list[tuple[str, Message]] = [
        ("hands", hands),
        ("operator_input", operator_input(recentre=True)),
        ("hands", hands),
        ("operator_state", sample(OperatorState, state="tracking")),
        ("operator_input", operator_input(clutch=clutch)),
        ("operator_adjustment", sample(OperatorAdjustment, scale_up=False)),
        ("hands", hands),
    ]
    node.message("head", head, 0.0)
    node.message("operator_input", operator_input(), 0.05)
    for k, (name, message) in enumerate(story):
        node.message(name, message, 0.1 + 0.02 * k)
    for k in range(20):
        node.message("hands", hands, 0.3 + 0.1 * k)
    sent, _ = node.run(["hand_targets", "operator_frame"], 2.5)
    frames = data(sent, "operator_frame")
    assert [f["anchor_yaw_rad"] for f in frames[:3]] == [
        0.0,
        pytest.approx(0.5),
        pytest.approx(0.5),
    ]
    assert [f["clutched"] for f in frames[:3]] == [[0, 0], [0, 0], [1, 0]]
    assert [f["motion_scale"] for f in frames[:3]] == [1.0, 1.0, 0.7]
    assert frames[0]["neck_offset"] == [0, 0, 0]  # nobody wears the head
    assert 5 <= len(frames) <= 9  # and twice a second from then on


def test_preprocess_takes_controllers_for_hands_that_are_not_tracked(alone: Any) -> None:
    node = alone("preprocess")
    node.message("head", recorded("head", 1)[0], 0.0)
    nothing = sample(Hands, client="", valid=np.zeros(2, bool))
    controllers = sample(Controllers, client="")
    controllers.buttons[:, 1] = [1.0, 0.0]  # the left one is squeezed
    node.message("controllers", controllers, 0.1)
    node.message("hands", nothing, 0.1)
    node.message("hands", nothing, 0.5)  # nothing was told of them for a while
    sent, _ = node.run(["hand_targets", "operator_frame"], 0.8)
    assert [t["valid"] for t in data(sent, "hand_targets")] == [[1, 0], [0, 0]]
    assert data(sent, "operator_frame")[0]["advice"] == "squeeze the right controller to move"


@pytest.mark.parametrize(
    ("is_of_another_kind", "fault"),
    [
        (False, "hands.stage_from_wrist: expected finite numbers"),
        (True, "header: seq is missing"),
    ],
)
def test_a_wrong_message_is_reported_and_dropped_and_the_node_lives(
    alone: Any, is_of_another_kind: bool, fault: str
) -> None:
    node = alone("preprocess")
    node.message("head", recorded("head", 1)[0], 0.0)
    hands = recorded("hands", 2)
    if is_of_another_kind:
        node.raw("hands", pa.array([1.0]), {"message": "hands", "version": 1}, 0.1)
    else:
        nan = np.full((2, 4, 4), np.nan)
        node.message("hands", dataclasses.replace(hands[0], stage_from_wrist=nan), 0.1)  # type: ignore[call-arg]
    node.message("hands", hands[1], 0.2)
    sent, said = node.run(["hand_targets"], 0.4)
    assert len(data(sent, "hand_targets")) == 1
    assert fault in said


def test_retarget_commands_every_joint_by_name(alone: Any) -> None:
    node = alone("retarget")
    targets = sample(HandTargets, valid=np.array([True, False]))
    targets.finger_joints[0] = recorded("hands", 1)[0].joint_positions[0]  # type: ignore[attr-defined]
    targets.finger_joints[1], targets.anchor_from_wrist[1] = np.nan, np.nan
    node.message("hand_targets", targets, 0.0)
    sent, _ = node.run(["wanted_commands"], 0.3)
    commands = data(sent, "wanted_commands")[0]
    assert commands["valid"] == [1, 0]
    assert len(commands["left_joint_names"]) == 12
    assert all(0.0 <= q <= 1.8 for q in commands["left_joint_positions"][2:])


def test_retarget_takes_the_other_backend_by_one_word(alone: Any) -> None:
    pytest.importorskip("dex_retargeting", reason="needs the extra `reference`")
    targets = sample(HandTargets, valid=np.array([True, True]))
    targets.finger_joints[:] = recorded("hands", 1)[0].joint_positions  # type: ignore[attr-defined]
    found = {}
    for backend in ("dexi", "dex-retargeting"):
        node = alone("retarget", PANODORA__HANDS__RETARGETING=backend)
        for k in range(20):
            node.message("hand_targets", targets, 0.02 * k)
        sent, _ = node.run(["wanted_commands"], 0.6)
        found[backend] = data(sent, "wanted_commands")[-1]["right_joint_positions"]
    assert found["dex-retargeting"] == pytest.approx(found["dexi"], abs=0.02)


NO_KEYS = OperatorInput(
    source="test", client="", engage=False, stop=False, recentre=False, clutch=np.zeros(2, bool)
)
ENGAGE, STOP = dataclasses.replace(NO_KEYS, engage=True), dataclasses.replace(NO_KEYS, stop=True)
BOTH = wanted(posture(), posture())
PATIENT = {f"PANODORA__GUARD__{name}_TIMEOUT_S": "1000" for name in ("INPUT", "STATE", "CONTROL")}
"""For a guard that is not asked about time: this machine may stop it for as long as it likes."""


def test_guard_passes_nothing_before_it_is_engaged(alone: Any) -> None:
    node = alone("guard", **PATIENT)
    node.message("scene_state", Robot().scene(), 0.0)
    node.message("wanted_commands", BOTH, 0.1)
    node.message("operator_input", NO_KEYS, 0.4)
    node.message("operator_input", ENGAGE, 0.5)
    node.message("scene_state", Robot().scene(), 0.55)
    node.message("wanted_commands", BOTH, 0.6)
    node.message("operator_input", STOP, 0.9)
    sent, _ = node.run(["hand_commands", "operator_state"], 1.2)
    # The stop itself is a command: it does not wait for the next.
    assert [c["valid"] for c in data(sent, "hand_commands")] == [[0, 0], [1, 1], [0, 0]]
    states = [s["state"] for s in data(sent, "operator_state")]
    assert states[0] == states[-1] == "stopped"
    assert "engaging" in states


def test_guard_holds_when_nothing_comes_in(alone: Any) -> None:
    node = alone("guard", **{**PATIENT, "PANODORA__GUARD__INPUT_TIMEOUT_S": "1"})
    node.message("scene_state", Robot().scene(), 0.0)
    node.message("operator_input", NO_KEYS, 0.1)
    node.message("operator_input", ENGAGE, 0.2)
    node.message("wanted_commands", BOTH, 0.2)
    for k in range(200):
        node.tick(0.3 + 0.05 * k)
    sent, _ = node.run_until(["hand_commands", "operator_state"], is_held)
    assert [c["valid"] for c in data(sent, "hand_commands")] == [[1, 1], [0, 0]]


def is_held(sent: Sent) -> bool:
    return any(command["valid"] == [0, 0] for command in data(sent, "hand_commands"))


@pytest.mark.parametrize(
    ("input_name", "message", "before"),
    [("operator_input", NO_KEYS, "headset_input"), ("wanted_commands", BOTH, "retarget")],
)
def test_guard_stops_when_a_node_before_it_restarts(
    alone: Any, input_name: str, message: Message, before: str
) -> None:
    node = alone("guard", **PATIENT)
    node.message("scene_state", Robot().scene(), 0.0)
    node.message("operator_input", NO_KEYS, 0.1)
    node.message("operator_input", ENGAGE, 0.2)
    node.message("wanted_commands", BOTH, 0.3)
    for k in range(100):  # again and again: of waiting commands the newest alone is taken
        at_s, seq = 0.4 + 0.1 * k, (7, 0)[k % 2]
        trail = str(Stamp(before, 1, 2, 3 + k, seq))
        node.message(input_name, message, at_s, Header(seq, int(at_s * 1e9), trail=trail))
    reason = f"{before} has restarted"
    sent, _ = node.run_until(
        ["hand_commands", "operator_state"],
        lambda sent: any(reason in state["reason"] for state in data(sent, "operator_state")),
    )
    valid = [command["valid"] for command in data(sent, "hand_commands")]
    assert [1, 1] in valid
    assert valid == sorted(valid, reverse=True)
    assert valid[-1] == [0, 0]


def test_hand_sink_leads_its_hands_to_what_is_commanded_and_holds_them(alone: Any) -> None:
    names = tuple(Hand.load(f"configs/hands/inspire_{side}.yml").joint_names for side in SIDES)
    commands = HandCommands(
        faults=("", ""),
        valid=np.array([True, False]),
        world_from_base=np.zeros((2, 7)),
        left_joint_names=names[0],
        left_joint_positions=np.full(12, 0.06),
        right_joint_names=(),
        right_joint_positions=np.zeros(0),
    )
    wrong = dataclasses.replace(commands, left_joint_names=("nobody", *names[0][1:]))
    node = alone("hand_sink")
    node.message("hand_commands", commands, 0.0)
    node.message("hand_commands", wrong, 0.3)
    for k in range(62):
        node.tick(0.01 * k)
    _, said = node.run([], 0.9)
    lines = [line.split(", rad: ") for line in said.splitlines() if ", rad: " in line]
    assert [side for side, _ in lines[:2]] == ["left hand", "right hand"]
    last = {side: json.loads(positions) for side, positions in lines}
    assert last == {"left hand": [0.06] * 12, "right hand": [0.0] * 12}
    assert "hand_commands: no finite position for L_thumb_proximal_yaw_joint" in said


@pytest.fixture(scope="module")
def start_state() -> SceneState:
    settings = load_settings(ROOT / "configs/teleop.yml")
    simulator = make_simulator(settings)
    simulator.start()
    simulator.step()
    return simulator.state()


def test_simulate_tells_the_state_as_soon_as_a_command_has_acted(
    alone: Any, start_state: SceneState
) -> None:
    scene = build_scene(load_settings(ROOT / "configs/teleop.yml"))
    names = {side: hand.joint_names for side, hand in zip(SIDES, scene.hands, strict=True)}
    pose = np.tile([-0.3, 0.2, 1.5, 0, 0, 0, 1.0], (2, 1))
    pose[1, 1] = -0.2
    commands = HandCommands(
        faults=("", ""),
        valid=np.ones(2, bool),
        world_from_base=pose,
        left_joint_names=names["left"],
        left_joint_positions=np.full(len(names["left"]), 0.1),
        right_joint_names=names["right"],
        right_joint_positions=np.full(len(names["right"]), 0.1),
    )
    wrong = dataclasses.replace(commands, left_joint_names=("nobody", *names["left"][1:]))
    node = alone("simulate")
    node.message("hand_commands", commands, 0.0)
    node.message("hand_commands", wrong, 0.1)
    for k in range(10):
        node.tick(0.2 + 0.02 * k)
    sent, said = node.run(["scene_state"], 0.6)
    states = data(sent, "scene_state")
    assert states[0]["command_seq"] == 0
    assert states[0]["step"] == 1
    assert states[-1]["simulation_time_s"] == pytest.approx(states[-1]["step"] / 240)
    assert states[-1]["step"] > 40
    assert states[-1]["body_names"] == list(start_state.body_names)
    assert "nobody" in said


SMALL = {"PANODORA__PANORAMA__WIDTH": "320", "PANODORA__PANORAMA__FACE_SIZE": "160"}


@pytest.mark.gl
def test_capture_panorama_draws_the_state(alone: Any, start_state: SceneState) -> None:
    node = alone("capture_panorama", **SMALL)
    node.message("scene_state", start_state, 0.0)
    sent, _ = node.run(["panorama"], 1.0)
    picture = np.array(sent[0]["data"], np.uint8).reshape(160, 320, 3)
    ahead, behind = picture[75:85, 159:161], picture[75:85, :1]
    assert ahead[..., 0].mean() > 1.5 * ahead[..., 2].mean()  # the yellow post
    assert behind[..., 2].mean() > 1.5 * behind[..., 0].mean()  # the blue one


@pytest.mark.gl
def test_capture_panorama_says_how_far_things_are_if_asked(
    alone: Any, start_state: SceneState
) -> None:
    node = alone("capture_panorama", PANODORA__PANORAMA__DEPTH="true", **SMALL)
    node.message("scene_state", start_state, 0.0)
    sent, _ = node.run(["depth_panorama"], 1.0)
    (depth,) = [s for s in sent if s["id"] == "depth_panorama"]
    metres = np.array(depth["data"], np.uint8).reshape(160, 320, 2).view("<f2")[..., 0]
    # Straight down is the ground, 1.6 m below the robot's head; straight up is the sky.
    assert metres[-1].astype(float) == pytest.approx(1.6, abs=0.01)
    assert np.isinf(metres[0]).all()


@pytest.mark.gl
def test_capture_panorama_refuses_the_state_of_another_scene(
    alone: Any, start_state: SceneState
) -> None:
    node = alone("capture_panorama", **SMALL)
    node.message("scene_state", dataclasses.replace(start_state, model_digest="another"), 0.0)
    sent, said = node.run(["panorama"], 1.0)
    assert not sent
    assert "another is not this renderer's" in said


def connected(url: str) -> ClientConnection:
    """Connect as soon as the node listens."""
    until_s = time.monotonic() + event_s()
    while True:
        try:
            return connect(url, open_timeout=event_s(), compression=None, max_size=1 << 24)
        except (OSError, WebSocketException):
            if time.monotonic() > until_s:
                raise
            threading.Event().wait(0.05)


PICTURES = 12
"""With the tenth the address is printed."""


def test_headset_output_sends_pictures_and_says_when(alone: Any) -> None:
    port, tracking = free_ports(2)
    node = alone(
        "headset_output",
        PANODORA__HEADSET__PORT=str(port),
        PANODORA__HEADSET__TRACKING_PORT=str(tracking),
    )
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[:, 64:] = (200, 40, 40)
    panorama = sample(Panorama, pixels=pixels)
    for k in range(200):
        node.message("panorama", panorama, 0.2 + 0.1 * k, Header(k, 1000, hands_seq=k))
    node.message("operator_state", sample(OperatorState, state="tracking"), 0.1)
    node.message("operator_frame", sample(OperatorFrame, advice="nod further"), 0.1)
    received: list[Message] = []

    def watch() -> None:
        with connected(f"ws://127.0.0.1:{port}/stream") as websocket:
            while sum(isinstance(m, Picture) for m in received) < PICTURES:
                content = websocket.recv(timeout=event_s())
                assert isinstance(content, bytes)
                received.append(decode_bytes(content)[0])
                if isinstance(received[-1], Picture):
                    shown = picture_shown(received[-1].frame_seq)
                    websocket.send(encode_bytes(shown, 1.0))
                elif isinstance(received[-1], ClockQuestion):
                    answer = ClockAnswer(
                        number=received[-1].number, received_ms=1.0, answered_ms=1.0
                    )
                    websocket.send(encode_bytes(answer, 1.0))

    client = threading.Thread(target=watch)
    client.start()
    sent, said = node.run_until(
        ["session", "frame_sent", "frame_shown", "clock_exchange", "viewers"],
        lambda sent: not client.is_alive() and len(data(sent, "frame_shown")) == PICTURES,
    )
    assert f"http://localhost:{port}" in said
    left = data(sent, "frame_sent")
    assert len(left) >= PICTURES
    assert data(sent, "clock_exchange")[0]["answered_ms"] == 1.0
    assert any(isinstance(m, OperatorState) and m.state == "tracking" for m in received)
    assert any(isinstance(m, OperatorFrame) and m.advice == "nod further" for m in received)
    assert max(v["count"] for v in data(sent, "viewers")) == 1
    seqs = [f["frame_seq"] for f in left]
    assert seqs == sorted(set(seqs))
    assert all(field.name in left[0] for field in FrameSent.FIELDS)


def test_headset_input_sends_on_what_the_page_says(alone: Any) -> None:
    (port,) = free_ports(1)
    node = alone("headset_input", PANODORA__HEADSET__TRACKING_PORT=str(port))
    for k in range(400):
        node.message("session", Session(token="", clients=()), 0.05 * k)
    hands = sample(Hands)
    nan = dataclasses.replace(hands, pinch=np.array([np.nan, 0.0]))

    def act() -> None:
        with connected(f"ws://127.0.0.1:{port}/tracking?client=me") as websocket:
            for _ in range(20):  # the first may come before the node has joined the dataflow
                websocket.send(encode_bytes(sample(Head), 1.0))
                websocket.send(encode_bytes(nan, 2.0))
                websocket.send(b"\x01half a message")
                websocket.send(encode_bytes(hands, 3.0))
                websocket.send(encode_bytes(sample(OperatorAdjustment), 4.0))
                threading.Event().wait(0.1)

    client = threading.Thread(target=act)
    client.start()
    outputs = ["hands", "head", "controllers", "operator_input", "operator_adjustment"]

    def are_gone(sent: Sent) -> bool:
        """The client has left, and its hands with it."""
        hands = data(sent, "hands")
        return not client.is_alive() and bool(hands) and hands[-1]["valid"] == [0, 0]

    sent, said = node.run_until(outputs, are_gone)
    assert data(sent, "head")
    assert data(sent, "operator_adjustment")[0]["client"] == "me"
    arrived = data(sent, "hands")
    valid = next(a for a in arrived if a["valid"] == [1, 1])
    np.testing.assert_allclose(valid["joint_positions"], hands.joint_positions.reshape(-1))
    assert "hands.pinch" in said


@pytest.mark.parametrize("node_name", ["headset_input", "headset_output"])
def test_a_port_that_is_taken_is_named(alone: Any, node_name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        key = "tracking_port" if node_name == "headset_input" else "port"
        node = alone(node_name, **{f"PANODORA__HEADSET__{key.upper()}": str(port)})
        with pytest.raises(AssertionError) as raised:
            node.run([], 1.0)
    assert f"headset.{key}" in str(raised.value)
    assert str(port) in str(raised.value)
    assert "Traceback" not in str(raised.value)


def test_record_and_replay_give_the_same_messages(
    alone: Any, tmp_path: Path, start_state: SceneState
) -> None:
    node = alone("record", PANODORA__RECORD__FOLDER=str(tmp_path / "out"))
    hands = recorded("hands", 20)
    for k, message in enumerate(hands):
        node.message("hands", message, 0.02 * k)
    node.message("operator_input", recorded("operator_input", 1)[0], 0.5)
    node.message("operator_adjustment", sample(OperatorAdjustment), 0.5)
    node.run([], 0.8)
    (folder,) = (tmp_path / "out").iterdir()
    (tmp_path / "replay").mkdir()
    player = Alone("replay", tmp_path / "replay", {"PANODORA__REPLAY__RECORDING": str(folder)})
    for k in range(100):  # fed by files, dora takes an output only when the next input is due
        player.message("scene_state", start_state, 0.02 * k)
    # Of a scene it wants to know that it is there: to read it would cost as much as to play.
    player.raw("scene_state", pa.array(["unreadable"]), Header(100, 0).to_metadata(), 1.99)
    outputs = ["hands", "head", "controllers", "operator_input", "operator_adjustment"]
    sent, said = player.run(outputs, 2.0)
    assert "replay: finished" in said
    assert "dropped" not in said
    assert data(sent, "operator_adjustment")[0]["scale_up"] == 1
    played = data(sent, "hands")
    assert len(played) == 20
    for given, expected in zip(played, hands, strict=True):
        positions = expected.joint_positions.reshape(-1)  # type: ignore[attr-defined]
        np.testing.assert_array_equal(given["joint_positions"], positions)


def test_latency_prints_a_table_at_the_end(alone: Any, tmp_path: Path) -> None:
    node = alone(
        "latency",
        PANODORA__LATENCY__REPORT=str(tmp_path / "report.json"),
        PANODORA__LATENCY__SOCKET=str(tmp_path / "latency.sock"),
    )
    for k in range(20):
        node.message("frame_sent", frames.sent(k), 0.02 * k, frames.frame(k))
        node.message("frame_shown", frames.shown(k), 0.02 * k, Header(k, frames.heard_ns(k)))
    for k in range(2):
        node.message("clock_exchange", frames.exchange(1_000 * k), 0.45)
    node.tick(0.5)
    sent, said = node.run(["latency_summary"], 0.7)
    assert data(sent, "latency_summary")[0]["stages"] == [
        "first",
        "second",
        "page",
        "hand to sent",
        "hand to shown",
    ]
    assert "second" in said
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["frames"] == told["frames_shown"] == 20
    assert told["hand_to_shown_ms"]["p50"] == pytest.approx(frames.TOTAL_MS + 9, abs=0.31)
    assert not (tmp_path / "latency.sock").exists()
