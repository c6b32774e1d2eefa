"""In which order a node takes what waits for it."""

from typing import Any

from nodes.runtime import DataflowNode
from operators.arrow_encoding import encode
from operators.header import Header
from operators.message import Message
from operators.messages import Head, OperatorInput
from tests.operators.samples import sample


class Waiting:
    """dora's node, where everything has arrived already."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._first, *self._others = events

    def next(self) -> dict[str, Any] | None:
        first, self._first = self._first, None  # type: ignore[assignment]
        return first

    def drain(self) -> list[dict[str, Any]]:
        others, self._others = self._others, []
        return others


def taken(*arrived: tuple[type[Message], int, int]) -> list[tuple[str, int]]:
    """Names and numbers as a node takes them. arrived: type, number, capture time in ns."""
    events = []
    for message_type, seq, capture_ns in arrived:
        value, kind = encode(sample(message_type))
        metadata = {**kind, **Header(seq, capture_ns).to_metadata()}
        events.append(
            {"type": "INPUT", "id": message_type.NAME, "value": value, "metadata": metadata}
        )
    node = DataflowNode("order", inputs={"head": Head, "operator_input": OperatorInput})
    node._node = Waiting(events)
    return [(each.input, each.header.seq) for each in node]


def test_what_happened_first_is_taken_first() -> None:
    assert taken((OperatorInput, 0, 20), (Head, 0, 10)) == [("head", 0), ("operator_input", 0)]


def test_at_the_same_time_the_declared_order_holds() -> None:
    assert taken((OperatorInput, 0, 10), (Head, 0, 10)) == [("head", 0), ("operator_input", 0)]


def test_one_inputs_messages_keep_their_order_whatever_their_times_say() -> None:
    """Or a clock that is measured anew looks like a sender that has restarted."""
    keys = [(OperatorInput, 0, 30), (OperatorInput, 1, 20), (OperatorInput, 2, 40)]
    assert taken(*keys, (Head, 0, 25), (Head, 1, 35)) == [
        ("head", 0),
        ("operator_input", 0),
        ("operator_input", 1),
        ("head", 1),
        ("operator_input", 2),
    ]
