"""A connection, watched between its socket and who serves it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final, cast

from aiohttp import web

from operators.rate_limit import RateLimit

STRANGER_BYTES_PER_S, STRANGER_BYTES = 20_000.0, 100_000.0
"""What a connection may send before its client is let in, each second and at once: a page that is
opened asks for 20 files in 600 bytes each."""

BYTES_PER_S, BYTES_AT_ONCE = 1_000_000.0, 1_000_000.0
"""What a client may send then: a headset at 120 Hz sends 400 kB a second. Frames that never make a
message are seen here alone."""

DEAF_S: Final = 20.0
"""A client that takes nothing of what waits for it for so long is cut off."""


class WatchedConnection(asyncio.Protocol):
    """Passes everything on, and cuts off who sends too much or takes nothing.

    served_by: aiohttp's protocol. on_end: called once when the connection is gone.
    on_fault: gets what a client did to be cut off. on_flood: called when a client that was let in
    sends too much.
    """

    def __init__(
        self,
        served_by: asyncio.Protocol,
        on_end: Callable[[], None],
        on_fault: Callable[[str], None],
        on_flood: Callable[[], None],
    ) -> None:
        self._served_by = served_by
        self._on_end = on_end
        self._on_fault = on_fault
        self._on_flood = on_flood
        self._is_stranger = True
        self._bytes = RateLimit(STRANGER_BYTES_PER_S, STRANGER_BYTES)
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._deaf: asyncio.TimerHandle | None = None

    def let_in(self) -> None:
        """The client has shown that it may send what a headset sends."""
        self._is_stranger = False
        self._bytes = RateLimit(BYTES_PER_S, BYTES_AT_ONCE)

    def bar(self) -> None:
        """The client sends too much: once it is gone it shall not come again at once."""
        self._on_flood()

    def abort(self) -> None:
        """End the connection at once, whatever waits for the client."""
        if self._transport is None:
            return
        if self._transport.is_closing():
            # Up to Python 3.11.3 TLS cannot abort what has been closed twice, as aiohttp does.
            assert self._socket is not None
            with contextlib.suppress(OSError):  # the client is gone
                self._socket.shutdown(socket.SHUT_RDWR)
        else:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._socket = transport.get_extra_info("socket")
        self._served_by.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless it is too much."""
        if self._bytes.take(len(data)):
            self._served_by.data_received(data)
        elif self._is_stranger:
            self._cut("sent more than anybody need before he is let in")
        else:
            self.bar()
            self._cut(f"sent more than {BYTES_PER_S / 1e6:.0f} MB a second")

    def eof_received(self) -> bool | None:
        """The client will send no more."""
        return self._served_by.eof_received()

    def pause_writing(self) -> None:
        """More waits for the client than shall."""
        loop = asyncio.get_running_loop()
        self._deaf = loop.call_later(DEAF_S, self._cut, f"took nothing for {DEAF_S:.0f} s")
        self._served_by.pause_writing()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        self._hears()
        self._served_by.resume_writing()

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._hears()
        self._on_end()
        self._served_by.connection_lost(error)

    def _hears(self) -> None:
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None

    def _cut(self, why: str) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._on_fault(why)
            self._transport.abort()


def watched(request: web.Request) -> WatchedConnection:
    """The connection that a request came by."""
    assert request.transport is not None
    connection = request.transport.get_protocol()
    assert isinstance(connection, WatchedConnection)
    return connection
