"""A running dataflow that somebody drives: what the guard says of the hands, by the page."""

import importlib.util
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import WebSocketException

from operators.messages import OperatorState
from tests.dataflows.running import PATIENCE, Running
from tests.operators.page_clients import connected, receive_any
from tests.time_limits import program_s

SMALL = {"PANODORA__PANORAMA__FACE_SIZE": "64", "PANODORA__PANORAMA__WIDTH": "128", **PATIENCE}

needs_mediapipe = pytest.mark.skipif(
    importlib.util.find_spec("mediapipe") is None, reason="needs the extra `video`"
)


@dataclass
class Page:
    """A client of the page that keeps what the guard says of the hands."""

    port: int
    states: list[OperatorState] = field(default_factory=list)
    _heard: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        """Until the server ends."""
        try:
            with connected(self.port, "/stream") as client:
                while True:
                    message = receive_any(client)
                    if isinstance(message, OperatorState):
                        with self._heard:
                            self.states.append(message)
                            self._heard.notify_all()
        except (WebSocketException, TimeoutError, OSError, EOFError):
            return

    def wait_for(self, is_so: Callable[[OperatorState], bool]) -> None:
        """Wait until a state from the newest on is so, for however short a time."""
        with self._heard:
            first = max(0, len(self.states) - 1)
            heard = self._heard.wait_for(lambda: any(map(is_so, self.states[first:])), program_s())
        assert heard, [(s.state, s.reason, s.right_state, s.right_reason) for s in self.states[-5:]]


@dataclass
class Driven:
    """A running dataflow with somebody who engages."""

    run: Running
    page: Page
