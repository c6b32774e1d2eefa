"""Takes the operator's hands, head and keys from Vuer's client."""

import math
from collections.abc import Iterator
from typing import Final

from aiohttp import web

from operators.access import shown_token
from operators.message import Message
from operators.seat_messages import Heard, Seat
from operators.tracking_client import TrackingClient
from operators.tracking_server import TrackingServer
from operators.vuer_reader import KEYS_EVENT, VuerReader
from operators.vuer_scene import packed, scene, seat_event

SOURCES: Final = ("vuer", "vuer-emulator")


class VuerTrackingClient(TrackingClient):
    """One of Vuer's clients. It is told the scene before all else, and then the newest seat."""

    reader: VuerReader

    async def send(self) -> None:
        """Send what is told until the connection ends, which its reader notices."""
        try:
            await self.websocket.send_bytes(packed(scene()))
            await super().send()
        except ConnectionError:
            return

    def acknowledge(self, sample_ms: float) -> None:
        """Vuer's client asks for no word of its samples."""

    def encoded(self, news: Seat | Heard) -> bytes:
        """As Vuer's client reads it."""
        assert isinstance(news, Seat)
        return packed(seat_event(news))


class VuerServer(TrackingServer):
    """A TrackingServer for Vuer's client in place of our own page.

    Of Vuer's own server it has the events and the scene, and none of the rest: that waits in a busy
    loop (93% of a core, idle), compresses every message, asks no client whether it lives, drops the
    scene together with what is too much, serves the folder that it was started in, and lets
    everybody in.
    """

    def _client(
        self, request: web.Request, name: str, operator: str, websocket: web.WebSocketResponse
    ) -> TrackingClient:
        given = request.query.get("source", "")
        source = given if given in SOURCES else SOURCES[0]
        client = VuerTrackingClient(name, operator, shown_token(request), websocket, source)
        client.reader = VuerReader(source, name, _number(request.query.get("began_ms", "")))
        return client

    def _understood(
        self, client: TrackingClient, content: bytes
    ) -> Iterator[tuple[Message, float]]:
        assert isinstance(client, VuerTrackingClient)
        return client.reader.read(content)

    def _is_urgent(self, content: bytes) -> bool:
        return KEYS_EVENT.encode() in content[:64]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
