"""A web application served from an event loop in a thread of its own."""

import asyncio
import errno
import ipaddress
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVarTuple
from urllib.parse import urlsplit

from aiohttp import WSMessage, WSMsgType, web

from operators.message import MessageError
from operators.settings import ENVIRONMENT_PREFIX, SettingsError

Arguments = TypeVarTuple("Arguments")

SHUTDOWN_S: Final = 0.5
"""How long a client may take to answer that its connection is closed before it is cut."""

REASON_BYTES: Final = 123
"""What a WebSocket's closing frame has room for (RFC 6455, section 5.5)."""


class Address(Protocol):
    """Where a server listens."""

    @property
    def name(self) -> str:
        """For the thread."""

    def listen(self) -> socket.socket:
        """A listening socket. Raises SettingsError: names the key and what to do."""


@dataclass(frozen=True)
class PortAddress:
    """A TCP port; 0 takes a free one. key: the setting that the port comes from."""

    host: str
    port: int
    key: str

    @property
    def name(self) -> str:
        """For the thread."""
        return f"{self.key} {self.port}"

    def listen(self) -> socket.socket:
        """A listening socket. Raises SettingsError: names the key and what to do."""
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            raise SettingsError(_why_not(error, self.host, self.port, self.key)) from None


class ServerThread:
    """Serves an aiohttp application next to a program that has a loop of its own."""

    def __init__(self, application: web.Application, address: Address) -> None:
        self._application = application
        self._address = address
        self.port = 0
        """The TCP port listened on, once it is."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def start(self) -> None:
        """Listen, and return once clients can connect.

        Raises SettingsError if the address cannot be had: names the key and what to do.
        """
        listening = self._address.listen()
        listening.setblocking(False)
        if listening.family != socket.AF_UNIX:
            self.port = listening.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(listening, ready),
            name=self._address.name,
            daemon=True,
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close every connection and end the thread; does nothing where there is none."""
        if self._thread is None:
            return
        assert self._stopping is not None
        self.call(self._stopping.set)
        self._thread.join()
        self._thread = None

    def call(self, function: Callable[[*Arguments], object], *arguments: *Arguments) -> None:
        """Let the server's thread call a function soon; from any thread, never waits.

        Before the start and after the stop there is nobody to tell, and nothing happens.
        """
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(function, *arguments)
            except RuntimeError:  # it stopped a moment ago
                self._loop = None

    def _run(self, listening: socket.socket, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(listening, ready))
        finally:
            ready.set()  # nobody waits for ever for a server that failed

    async def _serve(self, listening: socket.socket, ready: threading.Event) -> None:
        self._stopping = asyncio.Event()
        runner = web.AppRunner(
            self._application,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        await web.SockSite(runner, listening).start()
        self._loop = asyncio.get_running_loop()
        ready.set()
        await self._stopping.wait()
        self._loop = None
        assert runner.server is not None
        transports = [connection.transport for connection in runner.server.connections]
        await runner.cleanup()
        for transport in transports:
            if transport is not None:
                transport.abort()  # or one that still waits for a client that reads nothing stays


def host_name(host: str) -> str:
    """The name in a Host header or an address, without its port: `[::1]:8012` becomes `::1`."""
    return urlsplit(f"//{host}").hostname or ""


def refuse_foreign_origin(request: web.Request, *, same_port: bool) -> None:
    """Let no other site's page reach this server through its visitor's browser.

    A browser tells which page opens a WebSocket, and opens it whatever site that page is from.
    same_port: whether the page's own port must be this one. Programs that are no browsers say
    nothing, and pass. Raises HTTPForbidden, which says what was given and what is allowed.
    """
    if not _is_this_machine(host_name(request.host)):
        # A name that an attacker makes point here (DNS rebinding) would pass as its own origin.
        raise web.HTTPForbidden(
            text=f"This server is for this machine alone, not for {request.host}. "
            "Open the page as http://localhost.\n"
        )
    origin = request.headers.get("Origin")
    if origin is None:
        return
    from_page = urlsplit(origin).netloc.lower()
    here = request.host.lower()
    same = from_page == here if same_port else host_name(from_page) == host_name(here)
    if not same or not from_page:
        raise web.HTTPForbidden(
            text=f"A page from {origin} may not connect to {here}: only our own page may. "
            "Open the page by the name that it connects to.\n"
        )


def _is_this_machine(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


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


def _why_not(error: OSError, host: str, port: int, port_key: str) -> str:
    variable = ENVIRONMENT_PREFIX + port_key.replace(".", "__").upper()
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        fault = "is taken by another program" if error.errno == errno.EADDRINUSE else "is reserved"
        return (
            f"{port_key}: port {port} on {host} {fault}; end that program, or set {port_key} or "
            f"the environment variable {variable} to another port, or to 0 for any free one"
        )
    return (
        f"headset.host: cannot listen on {host!r} ({error.strerror}); give an address of this "
        "machine, such as 127.0.0.1"
    )


def name_for_browser(host: str) -> str:
    """The name to open a page by: browsers trust one from localhost as if it had a certificate."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host
