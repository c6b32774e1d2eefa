"""What the page sends where the network takes nothing, run in Node.js."""

from pathlib import Path

import pytest

from operators.page_layout import encode_bytes
from operators.seat_messages import Seat
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
  sample: (keys) => tracking.send({ source: "", head: null, hands: [null, null], keys }, 1),
  nothing: () => tracking.sendNothing("", 1),
};
act[given.act]({ stop: given.stop });
result = socket.sent;
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
    assert (run_in_node(SCRIPT, given, tmp_path) > 0) == is_sent
