"""Takes the operator's hands, head and keys from the page."""

import asyncio
import contextlib
import hmac
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from aiohttp import WSCloseCode, web

from operators.fault_report import FaultReport, Report
from operators.message import Message, MessageError
from operators.messages import (
    Controllers,
    Hands,
    Head,
    OperatorAdjustment,
    OperatorInput,
    Session,
    absent,
)
from operators.page_layout import decode_bytes
from operators.server_thread import (
    SHUTDOWN_S,
    PortAddress,
    ServerThread,
    binary,
    close_politely,
    refuse_foreign_origin,
)
from operators.settings import HeadsetSettings, SettingsError

TRACKING_MESSAGES: Final = (Head, Hands, Controllers, OperatorInput, OperatorAdjustment)
"""What the page may send here. Each says its source and client."""

CLIENT_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

HEARTBEAT_S: Final = 4.0
"""A client is asked so often whether it lives: one that has left the network is noticed so."""

CLOSE_S: Final = 5.0
"""How long a client may take to answer that its connection is closed: a busy browser's page does so
when it comes to it."""

SILENCE_S: Final = 0.5
"""A client that sent nothing for so long (30 samples) is taken to have let go: a stalled network
must not hold a key down."""

REPLACED: Final = 4001
"""Closing code: a newer client has taken over. The page must not come back by itself."""

WRONG_TOKEN: Final = 4003
"""Closing code: the client's token is not the session's."""

OnMessage = Callable[[Message, str, float, int], None]
"""Gets a message, its client's name, its time by the client's clock (ms; NaN where the client did
not say it), and when it arrived (CLOCK_MONOTONIC, ns)."""


@dataclass(eq=False)
class _Driver:
    """The client that drives the robot; there is one at most."""

    name: str
    source: str
    token: str
    websocket: web.WebSocketResponse
    silence: asyncio.TimerHandle | None = None
    has_left: bool = False
    closing: asyncio.Task[None] | None = None


class TrackingServer:
    """Hands on what the one client that drives says, and lets go when it no longer says anything.

    The newest client drives; its predecessor is told and disconnected. When the driver leaves or
    falls silent, on_message gets hands that are not tracked and keys that are not held, so that the
    robot holds; of one that leaves, also that the stop key is held: who comes next must engage.

    settings: addresses and limits. on_message: see OnMessage. on_fault: gets a sentence on a client
    that misbehaves, not more than about one a second. Both are called on the server's thread and
    must be quick.
    """

    def __init__(self, settings: HeadsetSettings, on_message: OnMessage, on_fault: Report) -> None:
        if settings.tracking_port is None:
            raise SettingsError("headset.tracking_port: tracking needs a port, got none")
        self._settings = settings
        self._on_message = on_message
        self._faults = FaultReport(on_fault)
        self._driver: _Driver | None = None
        self._token = ""
        application = web.Application()
        application.router.add_get("/tracking", self._tracking)
        application.on_shutdown.append(self._dismiss)
        address = PortAddress(settings.host, settings.tracking_port, "headset.tracking_port")
        self._server = ServerThread(application, address)

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._server.port

    def start(self) -> None:
        """Listen, and return once clients can connect.

        Raises SettingsError naming the key and what to do if the address cannot be had.
        """
        self._server.start()

    def stop(self) -> None:
        """Disconnect the driver, after which the robot holds, and end."""
        self._server.stop()

    def set_session(self, session: Session) -> None:
        """Require the session's token of every client; an empty one requires nothing.

        A driver with another token is disconnected.
        """
        self._token = session.token
        self._server.call(self._check_driver)

    # What follows runs on the server's thread.

    async def _tracking(self, request: web.Request) -> web.WebSocketResponse:
        # The page comes from the same host, but from its own server's port.
        refuse_foreign_origin(request, same_port=False)
        name = request.query.get("client", "")
        if CLIENT_NAME.fullmatch(name) is None:
            raise web.HTTPBadRequest(
                text=f"Expected ?client=NAME of up to 64 letters, digits, - and _; got {name!r}.\n"
            )
        websocket = web.WebSocketResponse(
            timeout=CLOSE_S,
            heartbeat=HEARTBEAT_S,
            compress=False,
            max_msg_size=self._settings.max_message_bytes,
        )
        await websocket.prepare(request)
        driver = _Driver(name, "", request.query.get("token", ""), websocket)
        if not self._may_drive(driver):
            self._faults.add(f"{name} was refused: its token is wrong")
            await close_politely(websocket, WRONG_TOKEN, "the token is wrong; reload the page")
            return websocket
        await self._serve(driver)
        return websocket

    async def _serve(self, driver: _Driver) -> None:
        replaced, self._driver = self._driver, driver
        if replaced is not None:
            self._leave(replaced)
            self._disconnect(replaced, REPLACED, "replaced by a newer session")
        try:
            await self._receive(driver)
        finally:
            self._leave(driver)
            if self._driver is driver:
                self._driver = None
            if driver.closing is not None:
                # Until the client has read why: to end now, with samples of it still unread here,
                # would reset the connection, and it would come back and take over in its turn.
                await asyncio.wait({driver.closing})

    async def _receive(self, driver: _Driver) -> None:
        async for received in driver.websocket:
            received_ns = time.monotonic_ns()
            if self._driver is not driver:
                return
            try:
                message, time_ms = decode_bytes(binary(received))
                self._take(driver, message, time_ms, received_ns)
            except MessageError as error:
                self._faults.add(f"dropped a message of {driver.name}: {error}")

    def _take(self, driver: _Driver, message: Message, time_ms: float, received_ns: int) -> None:
        if not isinstance(message, TRACKING_MESSAGES):
            allowed = ", ".join(m.NAME for m in TRACKING_MESSAGES)
            raise MessageError(f"{message.NAME} is not for this port; it takes {allowed}")
        driver.source = message.source
        self._expect_more(driver)
        self._on_message(replace(message, client=driver.name), driver.name, time_ms, received_ns)

    def _expect_more(self, driver: _Driver) -> None:
        if driver.silence is not None:
            driver.silence.cancel()
        driver.silence = asyncio.get_running_loop().call_later(SILENCE_S, self._let_go, driver)

    def _let_go(self, driver: _Driver) -> None:
        """Say for a client that its hands are lost and no key is held, unless that was said."""
        if driver.silence is not None:
            driver.silence.cancel()
            driver.silence = None
            self._say_nothing(driver, stop=False)

    def _leave(self, driver: _Driver) -> None:
        """Say once for a client that it is gone, if it had ever said anything."""
        if driver.silence is not None:
            driver.silence.cancel()
            driver.silence = None
        if driver.source and not driver.has_left:
            driver.has_left = True
            self._say_nothing(driver, stop=True)

    def _say_nothing(self, driver: _Driver, *, stop: bool) -> None:
        received_ns = time.monotonic_ns()
        for message in _nothing(driver, stop):
            self._on_message(message, driver.name, math.nan, received_ns)

    def _may_drive(self, driver: _Driver) -> bool:
        return not self._token or hmac.compare_digest(driver.token.encode(), self._token.encode())

    def _check_driver(self) -> None:
        if self._driver is not None and not self._may_drive(self._driver):
            self._leave(self._driver)
            self._disconnect(self._driver, WRONG_TOKEN, "the token has changed; reload the page")
            self._driver = None

    def _disconnect(self, driver: _Driver, code: int, reason: str) -> None:
        """Close a connection without waiting for the client's answer."""
        driver.closing = asyncio.get_running_loop().create_task(
            close_politely(driver.websocket, code, reason)
        )

    async def _dismiss(self, application: web.Application) -> None:
        if self._driver is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_S):
                    await close_politely(
                        self._driver.websocket, WSCloseCode.GOING_AWAY, "the server stops"
                    )


def _nothing(driver: _Driver, stop: bool) -> tuple[Hands, OperatorInput]:
    """Hands that are not tracked, and no key held but perhaps the one to stop."""
    fields = (field.name for field in Hands.FIELDS if not field.is_text)
    hands = Hands(
        source=driver.source,
        client=driver.name,
        **{name: absent(Hands, name) for name in fields},
    )
    keys = OperatorInput(
        source=driver.source,
        client=driver.name,
        engage=False,
        stop=stop,
        recentre=False,
        clutch=np.zeros(2, bool),
    )
    return hands, keys
