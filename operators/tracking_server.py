"""Takes the operator's hands, head and keys from the page."""

import asyncio
import contextlib
import math
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from aiohttp import WSCloseCode, web

from operators.access import REPLACED, WRONG_TOKEN, Access, shown_token
from operators.certificate import tls_context
from operators.client_socket import (
    SHUTDOWN_S,
    Inbox,
    TooManyMessages,
    binary,
    close_politely,
    refuse_one_too_many,
    take_websocket,
)
from operators.fault_report import FaultReport, Report
from operators.headset_settings import AUTO
from operators.message import Message, MessageError
from operators.messages import (
    Controllers,
    Hands,
    Head,
    OperatorAdjustment,
    OperatorInput,
    Session,
)
from operators.page_layout import decode_bytes, is_message
from operators.seat_messages import Claim, Seat
from operators.server_thread import PortAddress, ServerThread
from operators.settings import HeadsetSettings, SettingsError
from operators.tracking_client import TrackingClient
from operators.watched_connection import watched

TRACKING_MESSAGES: Final = (Head, Hands, Controllers, OperatorInput, OperatorAdjustment)
"""What the page may send here, beside a Claim. Each says its source and client."""

CLIENT_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

HEARTBEAT_S: Final = 4.0
"""A client is asked so often whether it lives: one that has left the network is noticed so."""

CLOSE_S: Final = 5.0
"""How long a client may take to answer that its connection is closed: a busy browser's page does so
when it comes to it."""

YIELDS_AFTER_S: Final = 5.0
"""A client that said nothing for so long, such as a page that nobody sees, yields its seat to one
that comes."""

OnMessage = Callable[[Message, str, float, int], None]
"""Gets a message, its client's name, its time by the client's clock (ms; NaN where the client did
not say it), and when it arrived (CLOCK_MONOTONIC, ns)."""


class TrackingServer:
    """Hands on what the one client that drives says, and lets go when it no longer says anything.

    Who comes first drives; the others watch until nobody drives and one of them claims the seat, or
    takes it over. That the stop key is held is handed on from all of them. When the driver changes,
    leaves or falls silent, on_message gets hands that are not tracked and that the stop key is
    held: who comes next, or comes back, must engage.

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
        token = "" if settings.token is None else settings.token.get_secret_value()
        self._needs_token = token != ""
        # The page comes from the same host, but from its own server's port.
        self._access = Access(settings, None if token == AUTO else token, same_port=False)
        self._clients: list[TrackingClient] = []
        self._driver: TrackingClient | None = None
        application = self._access.application()
        application.router.add_get("/tracking", self._tracking)
        application.on_shutdown.append(self._dismiss)
        address = PortAddress(settings.host, settings.tracking_port, "headset.tracking_port")
        self._server = ServerThread(application, address, tls_context(settings), self._faults)

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
        """Disconnect all clients, after which the robot holds, and end."""
        self._server.stop()

    def set_session(self, session: Session) -> None:
        """Require the session's token of every client; an empty one requires nothing.

        Clients with another token are disconnected. Where the settings want a token, a session
        without one is none yet.
        """
        if session.token or not self._needs_token:
            self._access.token = session.token
            self._server.call(self._check_tokens)

    # What follows runs on the server's thread.

    async def _tracking(self, request: web.Request) -> web.WebSocketResponse:
        self._access.check_page(request)
        name = request.query.get("client", "")
        if CLIENT_NAME.fullmatch(name) is None:
            raise web.HTTPBadRequest(
                text=f"Expected ?client=NAME of up to 64 letters, digits, - and _; got {name!r}.\n"
            )
        websocket = await take_websocket(
            request,
            heartbeat_s=HEARTBEAT_S,
            max_message_bytes=self._settings.max_message_bytes,
            close_s=CLOSE_S,
        )
        refusal = self._access.refusal(request)
        if refusal is not None:
            self._faults.add(
                f"{name} at {self._access.client_address(request)} was refused: {refusal.reason}"
            )
            await close_politely(websocket, refusal.code, refusal.reason)
        elif len(self._clients) >= self._settings.max_clients:
            await refuse_one_too_many(websocket, len(self._clients))
        else:
            operator = request.query.get("operator", "")
            client = self._client(request, name, operator, websocket)
            if request.query.get("watch") != "1":
                self._offer_seat(client, take_over=request.query.get("take_over") == "1")
            connection = watched(request)
            connection.let_in()
            inbox = Inbox(websocket, connection, self._is_urgent)
            await self._serve(client, inbox)
        return websocket

    async def _serve(self, client: TrackingClient, inbox: Inbox) -> None:
        self._clients.append(client)
        self._tell_all()
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(client.send())
                await self._receive(client, inbox)
                sending.cancel()
        finally:
            self._clients.remove(client)
            if self._driver is client:
                self._vacate()
            self._tell_all()
            if client.closing is not None:
                # Until the client has read why: to end now, with samples of it still unread here,
                # would reset the connection, and it would come back and take over in its turn.
                await asyncio.wait({client.closing})

    async def _receive(self, client: TrackingClient, inbox: Inbox) -> None:
        try:
            async for received in inbox.contents():
                received_ns = time.monotonic_ns()
                try:
                    for message, time_ms in self._understood(client, binary(received)):
                        self._take(client, message, time_ms, received_ns)
                        if isinstance(message, Hands):  # of a sample, they come last
                            client.acknowledge(time_ms)
                except MessageError as error:
                    self._faults.add(f"dropped a message of {client.name}: {error}")
        except TooManyMessages as error:
            await close_politely(client.websocket, WSCloseCode.POLICY_VIOLATION, str(error))
        if inbox.dropped:
            self._faults.add(f"dropped {inbox.dropped} messages of {client.name}: too many")

    def _take(
        self, client: TrackingClient, message: Message, time_ms: float, received_ns: int
    ) -> None:
        if isinstance(message, Claim):
            self._claim(client, message.drive)
        elif not isinstance(message, TRACKING_MESSAGES):
            allowed = ", ".join(m.NAME for m in (*TRACKING_MESSAGES, Claim))
            raise MessageError(f"{message.NAME} is not for this port; it takes {allowed}")
        elif client is self._driver:
            client.source = message.source
            client.has_said = True
            self._expect_more(client)
            self._on_message(
                replace(message, client=client.name), client.name, time_ms, received_ns
            )
        elif isinstance(message, OperatorInput) and message.stop:
            self._stop_for_all(received_ns)

    # What another kind of client may say otherwise

    def _client(
        self, request: web.Request, name: str, operator: str, websocket: web.WebSocketResponse
    ) -> TrackingClient:
        return TrackingClient(name, operator, shown_token(request), websocket)

    def _understood(
        self, client: TrackingClient, content: bytes
    ) -> Iterable[tuple[Message, float]]:
        """What a client says, each message with its time. Raises MessageError."""
        return (decode_bytes(content),)

    def _is_urgent(self, content: bytes) -> bool:
        """Whether this may be a stop, which is obeyed however much comes."""
        return is_message(content, OperatorInput)

    # Who drives

    def _offer_seat(self, client: TrackingClient, *, take_over: bool) -> None:
        """Let a client that comes drive, if nobody else does, or shall no longer."""
        driver = self._driver
        if driver is None or take_over:
            self._sit(client)
        elif client.operator and client.operator == driver.operator:
            self._sit(client)
            self._disconnect(driver, REPLACED, "this tab has connected anew")
        elif time.monotonic() - driver.heard_s > YIELDS_AFTER_S:
            self._sit(client)

    def _claim(self, client: TrackingClient, drive: bool) -> None:
        if drive and self._driver is not client:
            self._sit(client)
        elif not drive and self._driver is client:
            self._vacate()
        self._tell_all()

    def _sit(self, client: TrackingClient) -> None:
        self._vacate()
        self._driver = client
        client.heard_s = time.monotonic()
        client.has_driven = True

    def _vacate(self) -> None:
        """Nobody drives, and the robot stops."""
        driver, self._driver = self._driver, None
        if driver is None:
            return
        self._hush(driver)
        if driver.has_said:
            driver.has_said = False
            self._stop(driver)

    def _tell_all(self) -> None:
        for client in self._clients:
            drives = client is self._driver
            if drives:
                reason = ""
            elif self._driver is None:
                reason = "nobody drives"
            elif client.has_driven:
                reason = "somebody else has taken over"
            else:
                reason = "somebody else drives"
            client.tell(
                Seat(
                    drives=drives,
                    taken=self._driver is not None,
                    others=len(self._clients) - 1,
                    reason=reason,
                )
            )

    # What is said for a client

    def _expect_more(self, driver: TrackingClient) -> None:
        self._hush(driver)
        driver.heard_s = time.monotonic()
        driver.silence = asyncio.get_running_loop().call_later(
            self._settings.silence_s, self._let_go, driver
        )

    def _hush(self, driver: TrackingClient) -> None:
        if driver.silence is not None:
            driver.silence.cancel()
            driver.silence = None

    def _let_go(self, driver: TrackingClient) -> None:
        """Say for a client that fell silent that its hands are lost, and stop the robot."""
        driver.silence = None
        self._stop(driver)

    def _stop(self, driver: TrackingClient) -> None:
        received_ns = time.monotonic_ns()
        for message in (driver.lost_hands(), driver.stop()):
            self._on_message(message, driver.name, math.nan, received_ns)

    def _stop_for_all(self, received_ns: int) -> None:
        """One who watches stops the robot, as if the driver did."""
        driver = self._driver
        if driver is not None and driver.has_said:
            self._on_message(driver.stop(), driver.name, math.nan, received_ns)

    # Ends of connections

    def _check_tokens(self) -> None:
        for client in list(self._clients):
            if not self._access.admits(client.token):
                if client is self._driver:
                    self._vacate()
                self._disconnect(client, WRONG_TOKEN, "the token has changed; reload the page")

    def _disconnect(self, client: TrackingClient, code: int, reason: str) -> None:
        """Close a connection without waiting for the client's answer."""
        client.closing = asyncio.get_running_loop().create_task(
            close_politely(client.websocket, code, reason)
        )

    async def _dismiss(self, application: web.Application) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_S):
                await asyncio.gather(
                    *(
                        close_politely(client.websocket, WSCloseCode.GOING_AWAY, "the server stops")
                        for client in self._clients
                    )
                )
