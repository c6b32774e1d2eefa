"""What the page sends where the network takes nothing, run in Node.js."""

from pathlib import Path

import pytest

from operators.page_layout import encode_bytes
from operators.seat_messages import Heard, Seat
from tests.operators.node_js import run_in_node

pytestmark = pytest.mark.browser

SCRIPT = """
import { Tracking } from "./page/tracking.js";
let socket;
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  bufferedAmount = given.backlog;
  sent = 0;
  constructor() { socket = this; }
  send() { this.sent++; }
};
const tracking = new Tracking([], () => {});
tracking.meet("ws://localhost", "page");
socket.onopen();
socket.onmessage({ data: Uint8Array.from(given.seat).buffer });
const act = {
  sample: (keys, ms) => tracking.send({ source: "", head: null, hands: [null, null], keys }, ms),
  nothing: (_, ms) => tracking.sendNothing("", ms),
};
"""


@pytest.mark.parametrize(
    ("act", "stop", "drives", "backlog", "is_sent"),
    [
        ("sample", False, True, 0, True),
        ("sample", False, True, 100_000, False),  # another follows, which is newer
        ("sample", True, True, 100_000, True),
        ("nothing", False, True, 100_000, True),  # none follows
        ("sample", False, False, 0, False),
        ("nothing", False, False, 0, False),
    ],
)
def test_what_is_sent(
    act: str, stop: bool, drives: bool, backlog: int, is_sent: bool, tmp_path: Path
) -> None:
    seat = encode_bytes(Seat(drives=drives, taken=True, others=0, reason=""), 1.0)
    given = {"act": act, "stop": stop, "backlog": backlog, "seat": list(seat)}
    script = f"{SCRIPT}act[given.act]({{ stop: given.stop }}, 1);\nresult = socket.sent;"
    assert (run_in_node(script, given, tmp_path) > 0) == is_sent


SECOND = """
const hear = (ms) => socket.onmessage({ data: Uint8Array.from(given.heard[ms]).buffer });
const sent = [];
for (let ms = 0; ms <= 1000; ms += given.everyMs) {
  if (ms in given.heard) hear(ms);
  const before = tracking.sent;
  act.sample({ stop: ms === given.stopMs }, ms);
  if (tracking.sent > before) sent.push(ms);
}
result = sent;
"""


def sent_in_a_second(
    tmp_path: Path, heard: dict[int, float], stop_ms: int = -1, every_ms: int = 10
) -> list[int]:
    """When samples are sent of those of a second. heard: of which it hears, and when, ms."""
    seat = encode_bytes(Seat(drives=True, taken=True, others=0, reason=""), 1.0)
    words = {ms: list(encode_bytes(Heard(sample_ms=of), 1.0)) for ms, of in heard.items()}
    given = {"backlog": 0, "seat": list(seat), "heard": words, "stopMs": stop_ms}
    given["everyMs"] = every_ms
    sent: list[int] = run_in_node(SCRIPT + SECOND, given, tmp_path)
    return sent


def test_a_server_that_answers_gets_every_sample(tmp_path: Path) -> None:
    """However far it is, up to a quarter of a second."""
    heard = {ms: ms - 250.0 for ms in range(250, 1001, 10)}
    assert sent_in_a_second(tmp_path, heard) == list(range(0, 1001, 10))


def test_a_server_that_does_not_answer_gets_few_samples_and_every_stop(tmp_path: Path) -> None:
    sent = sent_in_a_second(tmp_path, {}, stop_ms=300)
    assert sent == [*range(0, 251, 10), 300, 550, 800]


def test_a_page_that_is_slow_itself_sends_every_sample(tmp_path: Path) -> None:
    """It hears late of what has come long ago."""
    assert sent_in_a_second(tmp_path, {}, every_ms=100) == list(range(0, 1001, 100))


def test_what_is_sent_again_when_the_server_answers(tmp_path: Path) -> None:
    """One word speaks for all samples before it."""
    sent = sent_in_a_second(tmp_path, {600: 250.0})
    assert sent == [*range(0, 251, 10), 500, *range(600, 751, 10), 1000]
