"""How the page understands engage and stop from someone in a headset, run in Node.js."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.operators.node_js import run_in_node

pytestmark = pytest.mark.browser

FRAME_MS = 10

SCRIPT = """
import { HeadsetKeys } from "./page/headset_keys.js";
// All fingertips far apart, or the thumb's at another: then all joints of that finger are there.
const apart = new Array(75).fill(0).map((_, i) => i);
const touching = (tip) => {
  const joints = [...apart];
  joints.splice(3 * tip, 3, ...apart.slice(12, 15));
  return { joints, pinch: 0 };
};
const hands = {
  lost: null,
  open: { joints: apart, pinch: 0 },
  pinch: { joints: apart, pinch: 1 },
  middle: touching(14),
  ring: touching(19),
  little: touching(24),
};
const BUTTONS = {
  trigger: 0, squeeze: 1, touchpad: 2, thumbstick: 3, "x or a": 4, "y or b": 5, more: 6, last: 7,
};
// "trigger squeeze": these are pressed. "0.2 trigger": less. "ahead", "back": the stick. "unseen":
// its pose is not tracked.
const controller = (words) => {
  if (words === "none") return null;
  const buttons = new Array(8).fill(0);
  const axes = [0, 0, 0, words.startsWith("ahead") ? -0.9 : words.startsWith("back") ? 0.9 : 0.1];
  for (const [name, i] of Object.entries(BUTTONS)) {
    if (words.includes(name)) buttons[i] = words.startsWith("0.2") ? 0.2 : 0.9;
  }
  return { stageFromGrip: words.includes("unseen") ? null : new Array(16).fill(0), buttons, axes };
};
const keys = new HeadsetKeys();
let now = 0;
result = given.map(([left, right, held, ms]) => {
  const read = [];
  const [onLeft, onRight] = held.includes("|") ? held.split("|") : ["none", held];
  for (let end = now + ms; now < end; now += 10) {
    if (held.startsWith("stop()")) keys.stop();
    if (held === "stop(), no frames") continue;
    const both = held === "stop()" ? [null, null] : [controller(onLeft), controller(onRight)];
    read.push(keys.read([hands[left], hands[right]], both, now));
  }
  return read;
});
"""

Part = tuple[str, str, str, int]
Frame = dict[str, Any]
Read = Callable[[list[Part]], list[list[Frame]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What each part of a story gives, frame by frame: left hand, right hand, what is pressed on
    the right controller, or on the left|right ones, ms."""

    def run(parts: list[Part]) -> Any:
        return run_in_node(SCRIPT, parts, tmp_path)

    return run


def pressed(frames: list[Frame], key: str) -> list[Any]:
    return [frame["adjust"][key] if key in frame["adjust"] else frame[key] for frame in frames]


def test_both_hands_must_pinch_for_a_second(read: Read) -> None:
    (frames, after) = read([("pinch", "pinch", "none", 1500), ("open", "pinch", "none", 100)])
    assert pressed(frames, "engage") == [False] * 100 + [True] * 50
    assert not any(pressed(after, "engage"))
    assert not any(pressed(frames + after, "stop"))


@pytest.mark.parametrize(
    "interruption", [("open", "pinch"), ("pinch", "lost"), ("lost", "lost"), ("little", "pinch")]
)
def test_the_second_begins_anew_after_any_interruption(
    read: Read, interruption: tuple[str, str]
) -> None:
    almost = ("pinch", "pinch", "none", 990)
    before, between, after = read([almost, (*interruption, "none", 10), almost])
    assert not any(pressed(before + between + after, "engage"))


@pytest.mark.parametrize("hands", [("pinch", "open"), ("lost", "pinch"), ("lost", "lost")])
def test_one_hand_does_not_engage(read: Read, hands: tuple[str, str]) -> None:
    (frames,) = read([(*hands, "none", 3000)])
    assert not any(pressed(frames, "engage") + pressed(frames, "stop"))


@pytest.mark.parametrize(
    ("left", "right", "held"),
    [
        ("little", "open", "none"),
        ("pinch", "little", "none"),
        ("lost", "little", "none"),
        ("lost", "lost", "x or a"),
        ("lost", "lost", "y or b|"),
        ("lost", "lost", "touchpad"),
        ("lost", "lost", "last"),
        ("pinch", "pinch", "y or b"),
        ("ring", "ring", "thumbstick x or a|"),
        ("middle", "little", "none"),
        ("pinch", "pinch", "stop()"),
    ],
)
def test_stops_at_once_and_for_a_moment_after(read: Read, left: str, right: str, held: str) -> None:
    frames, after = read([(left, right, held, FRAME_MS), ("open", "open", "none", 400)])
    assert pressed(frames, "stop") == [True]
    assert pressed(after, "stop") == [True] * 24 + [False] * 16


def test_a_stop_waits_for_a_frame_that_tells_of_it(read: Read) -> None:
    """A headset's first frame may come long after it was entered, which stops."""
    _, frames = read([("lost", "lost", "stop(), no frames", 2000), ("open", "open", "none", 400)])
    assert pressed(frames, "stop") == [True] * 25 + [False] * 15


def test_stop_wins_over_engage(read: Read) -> None:
    _, frames = read([("pinch", "pinch", "none", 1200), ("pinch", "pinch", "y or b", 500)])
    assert all(pressed(frames, "stop"))
    assert not any(pressed(frames, "engage"))


def test_a_controller_that_only_lies_there_does_nothing(read: Read) -> None:
    (frames,) = read([("lost", "lost", "idle", 500)])
    assert not any(pressed(frames, "stop") + pressed(frames, "engage"))


@pytest.mark.parametrize("held", ["trigger", "squeeze", "thumbstick", "0.2 y or b", "ahead"])
def test_what_drives_does_not_stop(read: Read, held: str) -> None:
    (frames,) = read([("lost", "lost", held, 100)])
    assert not any(pressed(frames, "stop"))


def test_a_stop_wins_over_everything(read: Read) -> None:
    before, recentring, clutching = read(
        [
            ("ring", "ring", "none", 1200),
            ("ring", "little", "thumbstick|thumbstick", 100),
            ("middle", "little", "none", 100),
        ]
    )
    assert before[-1]["recentre"]
    for frame in recentring + clutching:
        assert frame["stop"]
        assert not frame["recentre"]
        assert frame["clutch"] == [False, False]


@pytest.mark.parametrize(
    ("left", "right", "held"),
    [
        ("pinch", "pinch", "none"),
        ("lost", "lost", "trigger squeeze|trigger squeeze"),
        ("pinch", "lost", "trigger squeeze"),
    ],
)
def test_to_engage_after_a_stop_it_needs_to_let_go(
    read: Read, left: str, right: str, held: str
) -> None:
    """Who still grasps when the stop is over has not asked for anything anew."""
    stop = held.replace("trigger", "trigger x or a") if held != "none" else "x or a"
    before, stopped, still, _, anew = read(
        [
            (left, right, held, 1200),
            (left, right, stop, 50),
            (left, right, held, 3000),
            ("open", "open", held, 10),
            (left, right, held, 1200),
        ]
    )
    assert before[-1]["engage"]
    assert not any(pressed(stopped + still, "engage"))
    assert pressed(anew, "engage") == [False] * 100 + [True] * 20


@pytest.mark.parametrize(
    "held", ["trigger|trigger", "squeeze|squeeze", "trigger squeeze|squeeze", "trigger squeeze"]
)
def test_controllers_engage_by_both_triggers_and_squeezes_only(read: Read, held: str) -> None:
    (frames,) = read([("lost", "lost", held, 2000)])
    assert not any(pressed(frames, "engage"))


@pytest.mark.parametrize(
    ("left", "held"),
    [
        ("lost", "trigger squeeze unseen|trigger squeeze unseen"),
        ("lost", "trigger squeeze|trigger squeeze unseen"),
        ("pinch", "trigger squeeze unseen"),
        ("lost", "thumbstick unseen|thumbstick unseen"),
        ("lost", "|ahead unseen"),
        ("lost", "|back unseen"),
    ],
)
def test_controllers_out_of_sight_ask_for_nothing(read: Read, left: str, held: str) -> None:
    (frames,) = read([(left, "lost", held, 1500)])
    for key in ("engage", "stop", "recentre", "measure_neck", "scale_up", "scale_down"):
        assert not any(pressed(frames, key))


@pytest.mark.parametrize("held", ["x or a unseen", "y or b unseen|", "touchpad unseen"])
def test_controllers_out_of_sight_stop(read: Read, held: str) -> None:
    (frames,) = read([("lost", "lost", held, 100)])
    assert all(pressed(frames, "stop"))


def test_to_be_out_of_sight_is_not_to_let_go(read: Read) -> None:
    held, unseen = "trigger squeeze|trigger squeeze", "trigger squeeze|trigger squeeze unseen"
    _, hidden, still = read(
        [
            ("lost", "lost", "trigger squeeze x or a|trigger squeeze", 50),
            ("lost", "lost", unseen, 500),
            ("lost", "lost", held, 3000),
        ]
    )
    assert not any(pressed(hidden + still, "engage"))


@pytest.mark.parametrize(
    ("left", "right", "clutch"),
    [
        ("middle", "open", [True, False]),
        ("open", "middle", [False, True]),
        ("middle", "middle", [True, True]),
        ("middle", "lost", [True, False]),
        ("pinch", "ring", [False, False]),
    ],
)
def test_thumb_to_middle_finger_clutches_its_hand_at_once(
    read: Read, left: str, right: str, clutch: list[bool]
) -> None:
    frames, after = read([(left, right, "none", FRAME_MS), ("open", "open", "none", FRAME_MS)])
    assert frames[0]["clutch"] == clutch
    assert after[0]["clutch"] == [False, False]


def test_thumbs_to_ring_fingers_recentre_and_then_measure_the_neck(read: Read) -> None:
    frames, after = read([("ring", "ring", "none", 3500), ("lost", "lost", "none", 9000)])
    assert pressed(frames, "recentre") == [False] * 100 + [True] * 250
    assert pressed(frames, "measure_neck") == [False] * 300 + [True] * 50
    assert not any(pressed(after, "recentre"))
    assert sum(pressed(after, "measure_neck")) == pytest.approx(800, abs=1)
    assert after[0]["adjust"]["measure_neck"]


def test_one_ring_finger_does_nothing(read: Read) -> None:
    (frames,) = read([("ring", "open", "none", 4000)])
    assert not any(pressed(frames, "recentre") + pressed(frames, "measure_neck"))


@pytest.mark.parametrize(
    ("held", "key"),
    [
        ("thumbstick|", "recentre"),
        ("|thumbstick", "measure_neck"),
        ("|ahead", "scale_up"),
        ("|back", "scale_down"),
    ],
)
def test_thumbsticks_move_the_operators_frame(read: Read, held: str, key: str) -> None:
    frames, after = read([("lost", "lost", held, 50), ("lost", "lost", "|", 50)])
    assert all(pressed(frames, key))
    for other in {"recentre", "measure_neck", "scale_up", "scale_down", "engage", "stop"} - {key}:
        assert not any(pressed(frames, other))
    assert not any(pressed(after, key))
