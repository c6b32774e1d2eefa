"""One client of the tracking port: what it is called, what it last said, what it is told."""

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
from aiohttp import web

from operators.messages import Hands, OperatorInput, absent
from operators.page_layout import encode_bytes
from operators.seat_messages import Heard, Seat


@dataclass(eq=False)
class TrackingClient:
    """A client that drives the robot, or watches.

    operator: what a browser's tab calls itself, the same when it connects anew. token: as shown.
    source: of its samples, empty before the first. heard_s: when it last said something.
    """

    name: str
    operator: str
    token: str
    websocket: web.WebSocketResponse
    source: str = ""
    heard_s: float = field(default_factory=time.monotonic)
    silence: asyncio.TimerHandle | None = None
    closing: asyncio.Task[None] | None = None
    has_driven: bool = False
    has_said: bool = False
    """Whether the robot has heard of it since it drives."""
    _told: Seat | None = None
    _heard: Heard | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, seat: Seat) -> None:
        """Send soon; what could not be sent before is replaced."""
        self._told = seat
        self._news.set()

    def acknowledge(self, sample_ms: float) -> None:
        """Say soon which sample has come, ms by the client's clock; not each one by itself."""
        self._heard = Heard(sample_ms=sample_ms)
        self._news.set()

    async def send(self) -> None:
        """Send what is told until the connection ends, which its reader notices."""
        try:
            while await self._news.wait():
                self._news.clear()
                (told, self._told), (heard, self._heard) = (self._told, None), (self._heard, None)
                for news in (told, heard):
                    if news is not None:
                        await self.websocket.send_bytes(self.encoded(news))
        except ConnectionError:
            return

    def encoded(self, news: Seat | Heard) -> bytes:
        """What is told, as this client reads it."""
        return encode_bytes(news, time.monotonic_ns() / 1e6)

    def lost_hands(self) -> Hands:
        """Hands of this client that are not tracked."""
        fields = (field.name for field in Hands.FIELDS if not field.is_text)
        return Hands(
            source=self.source,
            client=self.name,
            **{name: absent(Hands, name) for name in fields},
        )

    def stop(self) -> OperatorInput:
        """Of this client's keys, the one to stop is held."""
        return OperatorInput(
            source=self.source,
            client=self.name,
            engage=False,
            stop=True,
            recentre=False,
            clutch=np.zeros(2, bool),
        )
