import contextlib
import math
from typing import Any

import hypothesis.strategies as st
import msgpack
import numpy as np
import pytest
from hypothesis import given

from operators.message import Message, MessageError
from operators.messages import Controllers, Hands, Head, OperatorAdjustment, OperatorInput
from operators.seat_messages import Claim
from operators.vuer_reader import VuerReader
from tests.operators.vuer_captures import HANDS_M, captured

BEGAN_MS = 1_795_296_000_000.0

KEYS: dict[str, Any] = {"engage": False, "stop": False, "recentre": False, "clutch": [False, False]}


@pytest.fixture
def reader() -> VuerReader:
    return VuerReader("vuer-emulator", "page-1", BEGAN_MS)


def messages(reader: VuerReader, content: bytes) -> list[Message]:
    return [message for message, _ in reader.read(content)]


def event(kind: str, value: object, ts: object = None) -> bytes:
    packed: bytes = msgpack.packb({"etype": kind, "value": value, "ts": ts})
    return packed


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("head", [Head]),
        ("hands", [Hands]),
        ("old_hands", [Hands]),
        ("controllers", [Controllers]),
        ("controllers_absent", []),
        ("keys_controllers", [OperatorInput]),
    ],
)
def test_what_follows_from_an_event(reader: VuerReader, name: str, kinds: list[type]) -> None:
    found = messages(reader, captured(name))
    assert [type(message) for message in found] == kinds
    assert {(m.source, m.client) for m in found} <= {("vuer-emulator", "page-1")}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["head", "hands"])
def test_times_are_those_of_the_pages_own_clock(reader: VuerReader, name: str) -> None:
    """One kind comes in s, the other in ms; both were heard within a minute."""
    ((_, time_ms),) = reader.read(captured(name))
    assert 0 < time_ms < 60_000


@pytest.mark.parametrize("ts", [None, "now", True])
def test_a_time_that_is_none_is_not_known(reader: VuerReader, ts: object) -> None:
    ((_, time_ms),) = reader.read(event("HEAD_MOVE", {}, ts))
    assert math.isnan(time_ms)


def test_controllers_that_are_put_down_are_told_once(reader: VuerReader) -> None:
    names = ("controllers", "controllers_absent", "controllers_absent")
    told = [messages(reader, captured(name)) for name in names]
    assert [[m.valid.tolist() for m in each] for each in told] == [  # type: ignore[attr-defined]
        [[True, True]],
        [[False, False]],
        [],
    ]


def test_grips_are_learnt_from_the_client(reader: VuerReader) -> None:
    eye = np.eye(4).ravel().tolist()
    keys = event("PANODORA_KEYS", {**KEYS, "ray_from_grip": [eye, None, eye]})
    messages(reader, keys)
    (held,) = messages(reader, captured("controllers"))
    assert isinstance(held, Controllers)
    np.testing.assert_allclose(held.stage_from_grip[0, :3, 3], HANDS_M[0], atol=1e-6)
    assert np.linalg.norm(held.stage_from_grip[1, :3, 3] - HANDS_M[1]) > 0.04


@pytest.mark.parametrize("field", ["engage", "stop", "recentre"])
def test_keys_are_levels(reader: VuerReader, field: str) -> None:
    (keys,) = messages(reader, event("PANODORA_KEYS", {**KEYS, field: True}))
    assert isinstance(keys, OperatorInput)
    assert [name for name in ("engage", "stop", "recentre") if getattr(keys, name)] == [field]


def test_adjustments_are_told_only_while_they_are_asked_for(reader: VuerReader) -> None:
    value = {**KEYS, "clutch": [False, True], "scale_up": True}
    keys, adjustment = messages(reader, event("PANODORA_KEYS", value))
    assert isinstance(keys, OperatorInput)
    assert keys.clutch.tolist() == [False, True]
    assert isinstance(adjustment, OperatorAdjustment)
    assert (adjustment.scale_up, adjustment.scale_down) == (True, False)


def test_who_enters_vr_claims_the_seat(reader: VuerReader) -> None:
    (claim,) = messages(reader, event("PANODORA_CLAIM", {}))
    assert isinstance(claim, Claim)
    assert claim.drive


@pytest.mark.parametrize("kind", ["INIT", "CAMERA_MOVE", "ON_CONTRIB_LOAD"])
def test_other_events_say_nothing_of_an_operator(reader: VuerReader, kind: str) -> None:
    assert messages(reader, event(kind, {"matrix": [1, 2]})) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\xc1", b"\x93", msgpack.packb([1, 2]), msgpack.packb(7), captured("hands")[:-9]],
)
def test_what_is_no_event_is_refused(reader: VuerReader, content: bytes) -> None:
    with pytest.raises(MessageError):
        messages(reader, content)


def test_a_clutch_must_say_both_sides(reader: VuerReader) -> None:
    with pytest.raises(MessageError, match="two flags"):
        messages(reader, event("PANODORA_KEYS", {**KEYS, "clutch": [True]}))


@given(
    name=st.sampled_from(["hands", "old_hands", "head", "controllers", "keys_controllers"]),
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_no_mutation_does_more_than_be_refused(name: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(captured(name))
    for place, byte in changes:
        content[place % len(content)] = byte
    reader = VuerReader("vuer", "page-1", BEGAN_MS)
    with contextlib.suppress(MessageError):
        for message in messages(reader, bytes(content)):
            message.check()
