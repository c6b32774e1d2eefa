"""Clients of the page's two servers that are not ours: the `websockets` package's."""

import contextlib
import queue
import ssl
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from operators.message import Message
from operators.page_layout import decode_bytes, encode_bytes
from operators.page_messages import ClockQuestion, PictureShown
from tests.time_limits import event_s


class Recorder:
    """Callable that keeps what it is called with; `next` waits for a call."""

    def __init__(self) -> None:
        self._calls: queue.Queue[tuple[Any, ...]] = queue.Queue()

    def __call__(self, *arguments: Any) -> None:
        self._calls.put(arguments)

    def next(self) -> tuple[Any, ...]:
        return self._calls.get(timeout=event_s())

    def all(self) -> list[tuple[Any, ...]]:
        """What was kept until now and not taken."""
        return [self._calls.get_nowait() for _ in range(self._calls.qsize())]


@contextlib.contextmanager
def connected(port: int, path: str, **options: Any) -> Iterator[ClientConnection]:
    options = {
        "proxy": None,
        "max_size": None,
        "open_timeout": event_s(),
        "ping_timeout": event_s(),
        "close_timeout": event_s(),
        **options,
    }
    with connect(f"ws://127.0.0.1:{port}{path}", **options) as client:
        yield client


def receive(client: ClientConnection) -> Message:
    """The next message that is no question for the clock: those come at any time."""
    while isinstance(message := receive_any(client), ClockQuestion):
        pass
    return message


def receive_any(client: ClientConnection) -> Message:
    content = client.recv(timeout=event_s())
    assert isinstance(content, bytes)
    return decode_bytes(content)[0]


def picture_shown(seq: int, shown_ms: float = 5.0) -> PictureShown:
    return PictureShown(
        frame_seq=seq, received_ms=1.0, decoded_ms=2.0, shown_ms=shown_ms, clock="performance.now"
    )


def send(client: ClientConnection, message: Message, time_ms: float = 1.0) -> None:
    client.send(encode_bytes(message, time_ms))


def send_half_a_frame(client: ClientConnection) -> None:
    """Announce 65535 bytes, send a few of them, and leave it at that (RFC 6455, section 5.2)."""
    client.socket.sendall(bytes([0x82, 0x80 | 126, 0xFF, 0xFF]) + b"mask" + b"the first half")


def closing(client: ClientConnection) -> tuple[int, str]:
    """The code and the reason with which the server closes, whatever it sends before."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.recv(timeout=event_s())
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


def in_two_threads(context: ssl.SSLContext) -> ssl.SSLContext:
    """For a client that reads in one thread and writes in another, as websockets' does.

    Python 3.11 and 3.12 do not lock a connection's state. By TLS 1.3 a server speaks first, and
    once in 500 times what the client wrote meanwhile was lost.
    """
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
