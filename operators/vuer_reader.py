"""Reads what one of Vuer's clients sends."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgpack
import numpy as np

from operators.message import Message, MessageError
from operators.messages import Controllers, OperatorAdjustment, OperatorInput
from operators.seat_messages import Claim
from operators.transforms import is_rigid
from operators.vuer_payloads import (
    RAY_FROM_GRIP,
    SIDES,
    read_controllers,
    read_hands,
    read_head,
    read_old_hands,
)

KEYS_EVENT: Final = "PANODORA_KEYS"
CLAIM_EVENT: Final = "PANODORA_CLAIM"
"""What our part of the client (assets/vuer) adds to Vuer's own events."""

LEVELS: Final = ("engage", "stop", "recentre")
ADJUSTMENTS: Final = ("scale_up", "scale_down", "measure_neck")

MILLISECONDS_FROM: Final = 1e11
"""Times of the day that are larger are ms, others are s: Vuer's client uses both."""


class VuerReader:
    """Turns the events of one client into our messages.

    source: of its samples. client: its name. began_ms: when its page began to count, ms since 1970;
    NaN where it does not say so.
    """

    def __init__(self, source: str, client: str, began_ms: float) -> None:
        self._source = source
        self._client = client
        self._began_ms = began_ms
        self._had_controllers = False
        self._ray_from_grip = RAY_FROM_GRIP.copy()

    def read(self, content: bytes) -> Iterator[tuple[Message, float]]:
        """The messages that follow from what came, each with its time (ms by the page's clock).

        Events that say nothing of an operator make none. Raises MessageError.
        """
        event = _unpacked(content)
        value = event.get("value")
        if not isinstance(value, Mapping):
            value = {}
        time_ms = self._time_ms(event.get("ts"))
        for message in self._messages(str(event.get("etype")), value):
            message.check()
            yield message, time_ms

    def _messages(self, kind: str, value: Mapping[str, Any]) -> Iterator[Message]:
        who = (self._source, self._client)
        match kind:
            case "HAND_MOVE" if any(f"{side}Landmarks" in value for side in SIDES):
                yield read_old_hands(value, *who)
            case "HAND_MOVE":
                yield read_hands(value, *who)
            case "HEAD_MOVE":
                yield read_head(value, *who)
            case "CONTROLLER_MOVE":
                yield from self._controllers(read_controllers(value, *who, self._ray_from_grip))
            case "PANODORA_KEYS":
                self._learn_grips(value.get("ray_from_grip"))
                yield from self._keys(value)
            case "PANODORA_CLAIM":
                yield Claim(drive=True)

    def _controllers(self, controllers: Controllers) -> Iterator[Message]:
        """Vuer goes on to say that there are none; once is enough."""
        has_some = bool(controllers.valid.any())
        if has_some or self._had_controllers:
            yield controllers
        self._had_controllers = has_some

    def _keys(self, value: Mapping[str, Any]) -> Iterator[Message]:
        clutch = value.get("clutch")
        if not isinstance(clutch, list) or len(clutch) != len(SIDES):
            raise MessageError(f"{KEYS_EVENT}.clutch: expected two flags, got {clutch!r:.40}")
        yield OperatorInput(
            source=self._source,
            client=self._client,
            clutch=np.array([flag is True for flag in clutch]),
            **{name: value.get(name) is True for name in LEVELS},
        )
        adjusted = {name: value.get(name) is True for name in ADJUSTMENTS}
        if any(adjusted.values()):
            yield OperatorAdjustment(source=self._source, client=self._client, **adjusted)

    def _learn_grips(self, given: object) -> None:
        """How this client's controllers are held, against where they point."""
        if not isinstance(given, list):
            return
        for side, numbers in enumerate(given[: len(SIDES)]):
            try:
                matrix = np.array(numbers, np.float64).reshape(4, 4).T
            except (TypeError, ValueError):  # no such controller
                continue
            if is_rigid(matrix):
                self._ray_from_grip[side] = matrix

    def _time_ms(self, given: object) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float):
            return math.nan
        return (given if given > MILLISECONDS_FROM else given * 1e3) - self._began_ms


def _unpacked(content: bytes) -> Mapping[str, Any]:
    try:
        event = msgpack.unpackb(content, raw=False, strict_map_key=True)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise MessageError(
            f"expected an event in msgpack, got {error or 'something else'}"
        ) from None
    if not isinstance(event, Mapping):
        raise MessageError(f"expected an event of Vuer's, got {type(event).__name__}")
    return event
