"""The page's layout, in Python and in the page's own JavaScript."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.message import Message, MessageError
from operators.messages import PAGE_MESSAGES, Hands, LatencySummary, absent
from operators.page_layout import decode_bytes, encode_bytes, javascript
from operators.page_messages import Picture
from operators.page_site import PAGE_FOLDER
from tests.operators.node_js import run_in_node
from tests.operators.samples import sample

TIME_MS = 1234.5678

ECHO = """
import { decode, encode } from "./page/wire.js";
result = given.map((content) => {
  const bytes = Uint8Array.from(Buffer.from(content, "base64"));
  const values = decode(bytes.buffer);
  const again = encode(values.message, values, values.timeMs);
  const plain = { ...values };
  for (const key in plain) if (ArrayBuffer.isView(plain[key])) plain[key] = Array.from(plain[key]);
  return { plain, again: Buffer.from(again).toString("base64") };
});
"""


def lost_hand() -> Hands:
    names = ("stage_from_wrist", "joint_positions", "pinch", "squeeze", "valid")
    return sample(Hands, **{name: absent(Hands, name) for name in names})  # type: ignore[no-any-return]


SAMPLES = [
    *(sample(message_type) for message_type in PAGE_MESSAGES),
    lost_hand(),
    sample(Picture, tiles=np.empty(0, np.int32), jpeg=np.empty(0, np.uint8)),
    sample(Picture, frame_seq=2**53 - 1, capture_ns=-1),
    sample(
        LatencySummary,
        stages=(),
        lost=np.empty(0, np.int64),
        **{name: np.empty(0) for name in ("rate_hz", "p50_ms", "p95_ms")},
    ),
]


def plain(message: Message) -> dict[str, Any]:
    """A message's fields as JSON would have them: flat lists, and null for what is no number."""
    values: dict[str, Any] = {}
    for field in message.FIELDS:
        value = getattr(message, field.name)
        if isinstance(value, np.ndarray):
            value = value.reshape(-1).tolist()
            value = [None if v != v else v for v in value]
        values[field.name] = list(value) if isinstance(value, tuple) else value
    return values


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.NAME)
def test_a_message_survives_the_way_there_and_back(message: Message) -> None:
    again, time_ms = decode_bytes(encode_bytes(message, TIME_MS))
    assert type(again) is type(message)
    assert time_ms == TIME_MS
    assert plain(again) == plain(message)


@pytest.mark.browser
def test_javascript_reads_and_writes_the_same_bytes(tmp_path: Path) -> None:
    contents = [encode_bytes(message, TIME_MS) for message in SAMPLES]
    given = [base64.b64encode(content).decode() for content in contents]
    for message, content, got in zip(
        SAMPLES, given, run_in_node(ECHO, given, tmp_path), strict=True
    ):
        assert got["again"] == content
        assert got["plain"] == {
            "message": message.NAME,
            "timeMs": TIME_MS,
            **plain(message),
        }


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.NAME)
def test_a_message_cut_short_anywhere_is_refused(message: Message) -> None:
    content = encode_bytes(message, TIME_MS)
    for length in {*range(40), *np.linspace(0, len(content) - 1, 50, dtype=int).tolist()}:
        if length < len(content):
            with pytest.raises(MessageError):
                decode_bytes(content[:length])


def test_a_huge_count_is_refused_before_anything_is_allocated() -> None:
    content = bytearray(encode_bytes(sample(LatencySummary), TIME_MS))
    content[12:16] = (2**32 - 1).to_bytes(4, "little")
    with pytest.raises(MessageError, match="4294967295 entries announced"):
        decode_bytes(bytes(content))


def test_the_generated_layout_is_up_to_date() -> None:
    assert (PAGE_FOLDER / "messages.js").read_text() == javascript()
