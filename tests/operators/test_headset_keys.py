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
// Thumb and little finger together at the wrist, or all fingertips far apart.
const apart = new Array(75).fill(0).map((_, i) => i);
const little = [...apart]; little.splice(72, 3, ...apart.slice(12, 15));
const hands = {
  lost: null,
  open: { joints: apart, pinch: 0 },
  pinch: { joints: apart, pinch: 1 },
  little: { joints: little, pinch: 0 },
};
const controllers = { none: null, idle: { buttons: [0, 0.2] }, pressed: { buttons: [0, 0.9] } };
const keys = new HeadsetKeys();
let now = 0;
result = given.flatMap(([left, right, held, ms]) => {
  const read = [];
  for (let end = now + ms; now < end; now += 10) {
    if (held === "stop()") keys.stop(now);
    const control = [null, controllers[held] ?? null];
    const { engage, stop } = keys.read([hands[left], hands[right]], control, now);
    read.push({ engage, stop });
  }
  return [read];
});
"""

Part = tuple[str, str, str, int]
Read = Callable[[list[Part]], list[list[dict[str, bool]]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What each part of a story gives, frame by frame: left hand, right hand, controller, ms."""

    def run(parts: list[Part]) -> Any:
        return run_in_node(SCRIPT, parts, tmp_path)

    return run


def pressed(frames: list[dict[str, bool]], key: str) -> list[bool]:
    return [frame[key] for frame in frames]


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
        ("lost", "lost", "pressed"),
        ("pinch", "pinch", "pressed"),
        ("pinch", "pinch", "stop()"),
    ],
)
def test_stops_at_once_and_for_a_moment_after(read: Read, left: str, right: str, held: str) -> None:
    frames, after = read([(left, right, held, FRAME_MS), ("open", "open", "none", 400)])
    assert pressed(frames, "stop") == [True]
    assert pressed(after, "stop") == [True] * 24 + [False] * 16


def test_stop_wins_over_engage(read: Read) -> None:
    _, frames = read([("pinch", "pinch", "none", 1200), ("pinch", "pinch", "pressed", 500)])
    assert all(pressed(frames, "stop"))
    assert not any(pressed(frames, "engage"))


def test_a_controller_that_only_lies_there_does_nothing(read: Read) -> None:
    (frames,) = read([("lost", "lost", "idle", 500)])
    assert not any(pressed(frames, "stop") + pressed(frames, "engage"))
