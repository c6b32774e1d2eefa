"""A client's WebSocket: taken, read no faster than it may, and closed with a word."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from operators.access import SUBPROTOCOL
from operators.message import MessageError
from operators.rate_limit import RateLimit
from operators.watched_connection import WatchedConnection

SHUTDOWN_S: Final = 0.5
"""How long a client may take to answer that its connection is closed before it is cut."""

REASON_BYTES: Final = 123
"""What a WebSocket's closing frame has room for (RFC 6455, section 5.5)."""

MESSAGES_PER_S: Final = 600
"""What a client may send for ever: a headset at 120 Hz says 4 messages a frame."""

MESSAGES_AT_ONCE: Final = 1200
"""What it may send at once: what waited for a network that stood still for two seconds."""

EXCESS: Final = 1200
"""So many messages more are dropped, and then the client is."""

TURN: Final = 32
"""After so many messages of one client in a row the others have their turn."""


class TooManyMessages(Exception):  # noqa: N818
    """A client sends more than any of ours does."""


async def take_websocket(
    request: web.Request,
    *,
    heartbeat_s: float,
    max_message_bytes: int,
    close_s: float = SHUTDOWN_S,
) -> web.WebSocketResponse:
    """Accept a client's WebSocket.

    heartbeat_s: it is asked so often whether it lives, and has half as long to answer.
    close_s: it may take so long to answer that its connection is closed.
    """
    websocket = web.WebSocketResponse(
        timeout=close_s,
        heartbeat=heartbeat_s,
        autoping=False,  # who floods us with pings shall be counted
        protocols=(SUBPROTOCOL,),
        compress=False,  # compressing a JPEG once more took 5 to 9 ms and saved nothing
        max_msg_size=max_message_bytes,
    )
    await websocket.prepare(request)
    return websocket


class Inbox:
    """What a client says, as it comes.

    What is too much is dropped, pings included, but for what is_urgent says yes to. If it goes on
    for long, reading raises TooManyMessages, and the client shall not come again at once.
    """

    def __init__(
        self,
        websocket: web.WebSocketResponse,
        connection: WatchedConnection,
        is_urgent: Callable[[bytes], bool] = lambda content: False,
    ) -> None:
        self._websocket = websocket
        self._connection = connection
        self._is_urgent = is_urgent
        self._limit = RateLimit(MESSAGES_PER_S, MESSAGES_AT_ONCE)
        self.dropped = 0

    async def contents(self) -> AsyncIterator[WSMessage]:
        """Every message until the connection ends. Raises TooManyMessages."""
        in_a_row = 0
        async for received in self._websocket:
            in_a_row += 1
            if in_a_row % TURN == 0:
                await asyncio.sleep(0)
            if not self._limit.take():
                self.dropped += 1
                if self._limit.excess > EXCESS:
                    self._connection.bar()
                    raise TooManyMessages(f"more than {MESSAGES_PER_S} messages a second")
                if received.type is not WSMsgType.BINARY or not self._is_urgent(received.data):
                    continue
            if received.type is WSMsgType.PING:
                await self._websocket.pong(received.data)
            elif received.type is not WSMsgType.PONG:
                yield received


def binary(received: WSMessage) -> bytes:
    """The content of what came over a WebSocket.

    Raises MessageError where it is text, or where it broke the protocol or a limit, after which
    aiohttp has closed the connection.
    """
    if received.type is WSMsgType.BINARY:
        content: bytes = received.data
        return content
    if received.type is WSMsgType.ERROR:
        raise MessageError(f"{received.data} (headset.max_message_bytes is the limit of a message)")
    raise MessageError("expected bytes, got text")


async def close_politely(websocket: web.WebSocketResponse, code: int, reason: str) -> None:
    """Close a WebSocket with a reason, cut to what a closing frame has room for."""
    message = reason.encode()[:REASON_BYTES].decode(errors="ignore").encode()
    await websocket.close(code=code, message=message)


async def refuse_one_too_many(websocket: web.WebSocketResponse, connected: int) -> None:
    """Close the WebSocket of a client for whom there is no room."""
    await close_politely(
        websocket,
        WSCloseCode.TRY_AGAIN_LATER,
        f"{connected} clients are connected already (headset.max_clients)",
    )
