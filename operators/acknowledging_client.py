"""A client that takes every picture and acknowledges it at once, without showing it."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Final

import aiohttp

from operators.access import subprotocols
from operators.certificate import client_context
from operators.page_layout import decode_bytes, encode_bytes
from operators.page_messages import Picture, PictureShown
from operators.patched_panorama import PatchedPanorama

RETRY_S: Final = 0.2

GOODBYE_S: Final = 0.25
"""TLS ends a connection with words of its own, after aiohttp has let go of it."""


class AcknowledgingClient:
    """Connects to a page's server in a thread of its own, as soon as there is one.

    token: what the server wants to be shown. certificate: the server's own, where it has one.
    decode: whether pictures are decoded, before they are acknowledged.
    arrivals: (sequence number, bytes, arrival in ns of CLOCK_MONOTONIC) of each picture.
    """

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        token: str = "",
        certificate: Path | None = None,
        decode: bool = False,
    ) -> None:
        self.panorama: PatchedPanorama | None = PatchedPanorama() if decode else None
        """What decoded pictures show; the client's thread writes there."""
        self.arrivals: list[tuple[int, int, int]] = []
        scheme = "http" if certificate is None else "https"
        self._address = f"{scheme}://{host}:{port}/stream"
        self._protocols = subprotocols(token)
        self._tls = True if certificate is None else client_context(certificate)
        self._stopping = threading.Event()
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        self._thread.join(10)

    def wait_for_pictures(self, count: int, timeout_s: float) -> bool:
        """Wait until so many have come; false if they do not in time."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.arrivals) >= count, timeout_s)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._stream()
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(RETRY_S)
        if self._tls is not True:
            await asyncio.sleep(GOODBYE_S)

    async def _stream(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(
                self._address, max_msg_size=1 << 24, protocols=self._protocols, ssl=self._tls
            ) as websocket,
        ):
            while not self._stopping.is_set():
                received = await websocket.receive(timeout=5)
                if received.type is not aiohttp.WSMsgType.BINARY:
                    return
                message, _ = decode_bytes(received.data)
                if isinstance(message, Picture):
                    now_ns = time.monotonic_ns()
                    if self.panorama is not None:
                        self.panorama.draw(message)
                    with self._arrived:
                        self.arrivals.append((message.frame_seq, len(received.data), now_ns))
                        self._arrived.notify_all()
                    drawn_ms = time.monotonic_ns() / 1e6
                    shown = PictureShown(
                        frame_seq=message.frame_seq,
                        received_ms=now_ns / 1e6,
                        decoded_ms=drawn_ms,
                        shown_ms=drawn_ms,
                        clock="none",
                    )
                    await websocket.send_bytes(encode_bytes(shown, drawn_ms))
