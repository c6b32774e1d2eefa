"""Serves the page and streams the panorama to it."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import WSCloseCode, web

from operators.access import WRONG_TOKEN, Access
from operators.align_messages import AlignState
from operators.camera_messages import CameraView
from operators.certificate import tls_context
from operators.client_socket import close_politely, refuse_one_too_many, take_websocket
from operators.fault_report import FaultReport, Report
from operators.header import Header
from operators.message import Message, MessageError
from operators.messages import (
    ClockExchange,
    FrameSent,
    FrameShown,
    LatencySummary,
    OperatorFrame,
    OperatorState,
    Panorama,
)
from operators.network_addresses import hosts_to_open, page_addresses
from operators.page_client import PageClient
from operators.page_layout import encode_bytes
from operators.page_messages import ClockAnswer, PictureShown, Watch, Welcome
from operators.page_site import OwnPage, PageSite
from operators.picture_stream import Frame, TileVersions
from operators.server_thread import PortAddress, ServerThread
from operators.settings import HeadsetSettings
from operators.watched_connection import watched

HEARTBEAT_S: Final = 10.0
"""A client is asked so often whether it lives, and has half as long to answer: on a slow link its
answer waits behind a picture."""

FIRST_QUESTIONS: Final = 10
FIRST_QUESTIONS_S: Final = 0.1
QUESTIONS_S: Final = 1.0
"""Between questions for a client's clock. A frame's time counts once the next answer has confirmed
the clock, and a minute of answers is looked at."""

TRACKING_PATH: Final = "/tracking"

log = logging.getLogger(__name__)


class PageServer:
    """Serves the page, and sends the newest panorama to each client as it can take it.

    settings: addresses and limits. token: what a client must show, empty where nothing.
    tracking_port: where the page finds the tracking server, None where a recording drives and the
    page only watches. site: the page's files, our own page's by default.
    on_frame_sent: gets which frame left for whom, the frame's header, and when it was received,
    its encoding began, and it was sent (CLOCK_MONOTONIC, ns).
    on_frame_shown: gets what a client says it has drawn.
    on_clock: gets each question for a client's clock with its answer.
    on_clients: gets the names of all clients and how many of them take pictures, at each change.
    on_fault: gets a sentence on a client that misbehaves, not more than about one a second.
    on_message: by its type, gets each message that this page may send beside those of all pages,
    and the client's name.
    All of them are called on the server's thread and must be quick.
    """

    def __init__(
        self,
        settings: HeadsetSettings,
        tracking_port: int | None,
        on_frame_sent: Callable[[FrameSent, Header, int, int, int], None],
        on_frame_shown: Callable[[FrameShown], None],
        on_clock: Callable[[ClockExchange], None],
        on_clients: Callable[[tuple[str, ...], int], None],
        on_fault: Report = log.warning,
        token: str = "",
        site: PageSite | None = None,
        on_message: Mapping[type[Message], Callable[[Message, str], None]] | None = None,
    ) -> None:
        self._settings = settings
        self._on_message = on_message or {}
        self._site: PageSite = site or OwnPage()
        self._access = Access(settings, token, same_port=True)
        self._tracking_port = tracking_port
        self._on_frame_sent = on_frame_sent
        self._on_frame_shown = on_frame_shown
        self._on_clock = on_clock
        self._on_clients = on_clients
        self._faults = FaultReport(on_fault)
        self._clients: dict[str, PageClient] = {}
        self._newest: Frame | None = None
        self._latest: dict[type[Message], bytes] = {}
        self._offered: deque[Frame] = deque(maxlen=1)
        self._awaited: tuple[TileVersions | None, ...] = ()
        self.ignored = 0
        """Acknowledgements of pictures that the client was not sent, or had acknowledged, and
        answers that nobody asked for."""
        self._server = ServerThread(
            self._application(),
            PortAddress(settings.host, settings.port, "headset.port"),
            tls_context(settings),
            self._faults,
        )

    @property
    def address(self) -> str:
        """What to open in a browser on this machine, e.g. http://localhost:8012."""
        host = hosts_to_open(self._settings)[0]
        return f"{self._settings.scheme}://{host}:{self._server.port}"

    @property
    def addresses(self) -> list[str]:
        """What to open in a browser here or elsewhere; the token is not in them."""
        return page_addresses(self._settings, self._server.port)

    def start(self) -> None:
        """Listen, and return once clients can connect.

        Raises SettingsError naming the key and what to do if the address cannot be had.
        """
        self._server.start()

    def stop(self) -> None:
        """Tell the clients that it is over, and end."""
        self._server.stop()

    def offer(self, panorama: Panorama, header: Header, received_ns: int) -> None:
        """Send a panorama to every client that can take it; the others get it or a newer one later.

        It is encoded here for the clients that wait for it, and never waits for a client itself.
        header, received_ns: the panorama's own, and when it came in (CLOCK_MONOTONIC).
        """
        frame = Frame(panorama, header, received_ns, self._settings.jpeg_quality)
        for held in self._awaited:
            frame.encoded(held)
        self._offered.append(frame)
        self._server.call(self._take_offered)

    def show(
        self, message: OperatorState | OperatorFrame | LatencySummary | CameraView | AlignState
    ) -> None:
        """Tell every client, and those that come later, until the next message of the kind."""
        encoded = encode_bytes(message, time.monotonic_ns() / 1e6)
        self._server.call(self._tell, type(message), encoded)

    # What follows runs on the server's thread.

    def _application(self) -> web.Application:
        application = self._access.application()
        application.router.add_get("/", self._page)
        application.router.add_get("/session.json", self._session)
        application.router.add_get("/stream", self._stream)
        application.router.add_get("/{name:.*}", self._page)
        application.on_response_prepare.append(self._add_headers)
        application.on_shutdown.append(self._dismiss)
        return application

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "")
        file = self._site.file(name)
        if file is None:
            raise web.HTTPNotFound(text=f"The page has no {name}.\n")
        # Not FileResponse: who takes nothing of it holds its connection for ever.
        return web.Response(body=file.content, headers={"Content-Type": file.content_type})

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self._site.headers)

    async def _session(self, request: web.Request) -> web.Response:
        """Where tracking is: a port of whatever host the page itself was opened by.

        `public` has whole addresses, by the origin of the page that shall use them.
        """
        refusal = self._access.refusal(request)
        if refusal is not None:
            self._refused(request, refusal.reason)
            busy = refusal.code != WRONG_TOKEN
            kind = web.HTTPTooManyRequests if busy else web.HTTPForbidden
            raise kind(text=f"{refusal.reason}\n")
        tracking: dict[str, object] | None = None
        if self._tracking_port is not None:
            tracking = {"port": self._tracking_port, "path": TRACKING_PATH}
            public = self._settings.public_tracking_address
            if public is not None:
                socket = public.replace("http", "ws", 1) + TRACKING_PATH
                tracking["public"] = {self._settings.public_address: socket}
        return web.json_response({"tracking": tracking})

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        self._access.check_page(request)
        websocket = await take_websocket(
            request,
            heartbeat_s=HEARTBEAT_S,
            max_message_bytes=self._settings.max_message_bytes,
        )
        refusal = self._access.refusal(request)
        if refusal is not None:
            self._refused(request, refusal.reason)
            await close_politely(websocket, refusal.code, refusal.reason)
            return websocket
        if len(self._clients) >= self._settings.max_clients:
            await refuse_one_too_many(websocket, len(self._clients))
            return websocket
        connection = watched(request)
        connection.let_in()
        name = f"page-{secrets.token_hex(3)}"
        client = PageClient(name, websocket, connection, self._settings.frames_in_flight)
        await self._serve(client)
        return websocket

    async def _serve(self, client: PageClient) -> None:
        welcome = Welcome(client=client.name, recording=self._tracking_port is None)
        client.tell(Welcome, encode_bytes(welcome, time.monotonic_ns() / 1e6))
        for kind, encoded in self._latest.items():
            client.tell(kind, encoded)
        client.offer(self._newest)
        self._clients[client.name] = client
        self._clients_changed()
        try:
            async with asyncio.TaskGroup() as tasks:
                meanwhile = [
                    tasks.create_task(client.send(self._frame_left)),
                    tasks.create_task(_keep_asking(client)),
                ]
                await self._listen(client)
                for task in meanwhile:
                    task.cancel()
        finally:
            del self._clients[client.name]
            self._clients_changed()

    async def _listen(self, client: PageClient) -> None:
        try:
            async for message in client.messages():
                await self._act(client, message)
        except MessageError as error:
            self._faults.add(f"{client.name} was disconnected: {error}")

    async def _act(self, client: PageClient, message: Message) -> None:
        match message:
            case PictureShown():
                if client.credit.shown(message.frame_seq):
                    self._credit_changed()
                    client.credit_changed()
                    self._on_frame_shown(_frame_shown(message, client.name))
                else:
                    self.ignored += 1
            case ClockAnswer():
                exchange = client.answered(message, time.monotonic_ns())
                if exchange is None:
                    self.ignored += 1
                else:
                    self._on_clock(exchange)
            case Watch():
                client.credit.watch(message.watching)
                client.credit_changed()
                self._clients_changed()
            case _ if type(message) in self._on_message:
                self._on_message[type(message)](message, client.name)
            case _:
                sentence = f"{message.NAME} is not for this port; the tracking port takes it"
                await client.close(WSCloseCode.POLICY_VIOLATION, sentence)
                self._faults.add(f"{client.name} was disconnected: {sentence}")

    def _refused(self, request: web.Request, reason: str) -> None:
        self._faults.add(
            f"a client at {self._access.client_address(request)} was refused: {reason}"
        )

    async def _dismiss(self, application: web.Application) -> None:
        await asyncio.gather(
            *(
                client.close(WSCloseCode.GOING_AWAY, "the server stops")
                for client in self._clients.values()
            )
        )

    def _take_offered(self) -> None:
        if self._offered:
            self._newest = self._offered.pop()
            for client in self._clients.values():
                client.offer(self._newest)

    def _frame_left(self, client: PageClient, frame: Frame, size: int) -> None:
        self._credit_changed()
        self._on_frame_sent(
            FrameSent(client=client.name, frame_seq=frame.seq, size=size),
            frame.header,
            frame.received_ns,
            frame.started_ns,
            time.monotonic_ns(),
        )

    def _tell(self, kind: type[Message], encoded: bytes) -> None:
        self._latest[kind] = encoded
        for client in self._clients.values():
            client.tell(kind, encoded)

    def _clients_changed(self) -> None:
        self._credit_changed()
        watching = sum(client.credit.watching for client in self._clients.values())
        self._on_clients(tuple(self._clients), watching)

    def _credit_changed(self) -> None:
        """Note what those have who can take a picture, for `offer` on its own thread."""
        credits = [client.credit for client in self._clients.values()]
        self._awaited = tuple(credit.held for credit in credits if credit.ready)


async def _keep_asking(client: PageClient) -> None:
    """Ask a client for its clock's time: at first often, so that it is soon known."""
    for _ in range(FIRST_QUESTIONS):
        client.ask_time()
        await asyncio.sleep(FIRST_QUESTIONS_S)
    while True:
        client.ask_time()
        await asyncio.sleep(QUESTIONS_S)


def _frame_shown(picture: PictureShown, client: str) -> FrameShown:
    return FrameShown(
        client=client,
        frame_seq=picture.frame_seq,
        received_ms=picture.received_ms,
        decoded_ms=picture.decoded_ms,
        shown_ms=picture.shown_ms,
        clock=picture.clock,
    )
