"""A WebSocket client that keeps to no rule but the handshake's."""

import socket
from collections.abc import Iterator

from benchmarks.hostile_messages import CLOSE, PING, PONG
from operators.access import subprotocols

LIMIT_S = 30.0

MARKED = b"after the message"
MARKER = bytes([0x80 | PING, 0x80 | len(MARKED)]) + bytes(4) + MARKED
"""A ping whose mask changes nothing."""

STUCK_S = 0.1

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: {protocols}\r\n\r\n"
)


class HostileClient:
    """A WebSocket of which the handshake is done. address: where it comes from, 127.x.x.x.

    Raises OSError where the server does not take it.
    """

    def __init__(self, port: int, path: str, address: str, token: str = "") -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", port), timeout=LIMIT_S, source_address=(address, 0)
        )
        self._heard = b""
        protocols = ", ".join(subprotocols(token))
        self._socket.sendall(HANDSHAKE.format(path=path, protocols=protocols).encode())
        while b"\r\n\r\n" not in self._heard:
            self._hear()
        answer, _, self._heard = self._heard.partition(b"\r\n\r\n")
        if b" 101 " not in answer:
            raise ConnectionError(f"{path}: no handshake, but {answer!r}")

    def close(self) -> None:
        """Go, without a word."""
        self._socket.close()

    def say(self, wire: bytes) -> bool:
        """Send a message, and wait until the server has looked at it; false where that was the end.

        A ping follows. Where neither its pong nor the connection's end comes, the server still
        waits for the rest of the message.
        """
        self._socket.settimeout(LIMIT_S)
        try:
            self._socket.sendall(wire + MARKER)
            self._socket.settimeout(STUCK_S)
            for opcode, payload in self._frames():
                if opcode == PONG and payload == MARKED:
                    return True
                if opcode == CLOSE:
                    return False
        except OSError:
            return False
        return False

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """What the server sends: opcode and content. Raises OSError at the connection's end."""
        while True:
            self._hear_at_least(2)
            opcode, length, start = self._heard[0] & 0x0F, self._heard[1], 2
            if length >= 126:
                start = 4 if length == 126 else 10
                self._hear_at_least(start)
                length = int.from_bytes(self._heard[2:start], "big")
            self._hear_at_least(start + length)
            payload = self._heard[start : start + length]
            self._heard = self._heard[start + length :]
            yield opcode, payload

    def _hear_at_least(self, count: int) -> None:
        while len(self._heard) < count:
            self._hear()

    def _hear(self) -> None:
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionResetError
        self._heard += part
