"""One open page, as its server sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from aiohttp import WSCloseCode, web

from operators.client_socket import Inbox, TooManyMessages, binary, close_politely
from operators.message import Message, MessageError
from operators.messages import ClockExchange
from operators.page_layout import decode_bytes, encode_bytes
from operators.page_messages import ClockAnswer, ClockQuestion
from operators.picture_stream import Frame, PictureCredit
from operators.watched_connection import WatchedConnection


class PageClient:
    """Sends a page what is newest, and never more than it can take.

    A slow client holds up its own sending alone: what it could not take in time is replaced by
    something newer, so that no more than a picture waits for it.
    """

    def __init__(
        self,
        name: str,
        websocket: web.WebSocketResponse,
        connection: WatchedConnection,
        frames_in_flight: int,
    ) -> None:
        self.name = name
        self.credit = PictureCredit(frames_in_flight)
        self._websocket = websocket
        self._inbox = Inbox(websocket, connection)
        self._told: dict[type[Message], bytes] = {}
        self._frame: Frame | None = None
        self._questions = 0
        self._asked_ns: int | None = None
        self._news = asyncio.Event()

    def tell(self, kind: type[Message], encoded: bytes) -> None:
        """Send a message; one of the same kind that still waits is dropped."""
        self._told[kind] = encoded
        self._news.set()

    def ask_time(self) -> None:
        """Ask what time it is by the page's clock; a question without an answer is given up."""
        self._questions += 1
        self.tell(ClockQuestion, encode_bytes(ClockQuestion(number=self._questions), _now_ms()))

    def answered(self, answer: ClockAnswer, heard_ns: int) -> ClockExchange | None:
        """What an answer says; None where it answers no question that is open."""
        if answer.number != self._questions or self._asked_ns is None:
            return None
        asked_ns, self._asked_ns = self._asked_ns, None
        return ClockExchange(
            client=self.name,
            asked_ns=asked_ns,
            received_ms=answer.received_ms,
            answered_ms=answer.answered_ms,
            heard_ns=heard_ns,
        )

    def offer(self, frame: Frame | None) -> None:
        """Send this frame as soon as there is credit, unless a newer one comes first."""
        self._frame = frame
        self._news.set()

    def credit_changed(self) -> None:
        """See whether the waiting frame can go now."""
        self._news.set()

    async def send(self, on_sent: Callable[["PageClient", Frame, int], None]) -> None:
        """Send until the connection ends; on_sent gets each frame that left, and its size."""
        try:
            while await self._news.wait():
                self._news.clear()
                while self._told:
                    kind = next(iter(self._told))
                    encoded = self._told.pop(kind)
                    if kind is ClockQuestion:
                        self._asked_ns = time.monotonic_ns()
                    await self._websocket.send_bytes(encoded)
                frame = self._frame
                if frame is not None and self.credit.may_take(frame):
                    encoded = frame.encoded(self.credit.held)
                    self.credit.take(frame)
                    await self._websocket.send_bytes(encoded)
                    on_sent(self, frame, len(encoded))
        except ConnectionError:
            return  # the page is gone, which `messages` tells

    async def messages(self) -> AsyncIterator[Message]:
        """What the page says, until the connection ends.

        Raises MessageError, after telling the page why and closing, where it says what is none, or
        too much.
        """
        try:
            async for received in self._inbox.contents():
                try:
                    message, _ = decode_bytes(binary(received))
                except MessageError as error:
                    await self.close(WSCloseCode.INVALID_TEXT, str(error))
                    raise
                yield message
        except TooManyMessages as error:
            await self.close(WSCloseCode.POLICY_VIOLATION, str(error))
            raise MessageError(str(error)) from None

    async def close(self, code: int, reason: str) -> None:
        """End the connection and say why."""
        await close_politely(self._websocket, code, reason)


def _now_ms() -> float:
    return time.monotonic_ns() / 1e6
