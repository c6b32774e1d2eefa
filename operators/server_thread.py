"""A web application served from an event loop in a thread of its own."""

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVarTuple

from aiohttp import web

from operators.client_socket import SHUTDOWN_S
from operators.connection_limits import ConnectionLimits
from operators.fault_report import FaultReport
from operators.settings import ENVIRONMENT_PREFIX, SettingsError
from operators.watched_connection import WatchedConnection

Arguments = TypeVarTuple("Arguments")

IDLE_S: Final = 10.0
"""A connection that asks for nothing for so long is closed: also one that never began to, or began
and never came to an end."""

LINGER_S: Final = 1.0
"""How long the rest of a request that is not wanted may still come."""

LINE_BYTES: Final = 4096
"""Of a request's first line, and of each header."""

HEADERS: Final = 64

WAIT_FOR_FILES_S: Final = 0.1


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
    """Serves an aiohttp application next to a program that has a loop of its own.

    tls: the context of a server that speaks TLS. faults: is told of connections that are refused.
    """

    def __init__(
        self,
        application: web.Application,
        address: Address,
        tls: ssl.SSLContext | None = None,
        faults: FaultReport | None = None,
    ) -> None:
        self._application = application
        self._address = address
        self._tls = tls
        self._faults = faults
        self._limits = ConnectionLimits()
        self._handshakes: dict[asyncio.Task[None], socket.socket] = {}
        self._open: set[WatchedConnection] = set()
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
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            max_line_size=LINE_BYTES,
            max_field_size=LINE_BYTES,
            max_headers=HEADERS,
        )
        await runner.setup()
        assert runner.server is not None
        self._listen(listening, runner.server)
        self._loop = asyncio.get_running_loop()
        ready.set()
        await self._stopping.wait()
        self._loop = None
        asyncio.get_running_loop().remove_reader(listening)
        listening.close()
        await self._end_handshakes()
        await runner.cleanup()
        # One that waits for its client, to read or to end TLS, would stay.
        while self._open:
            for connection in tuple(self._open):
                connection.abort()
            await asyncio.sleep(0)

    def _listen(self, listening: socket.socket, server: web.Server) -> None:
        if listening.fileno() >= 0:  # the server may have stopped meanwhile
            loop = asyncio.get_running_loop()
            loop.add_reader(listening, self._accept, listening, server)

    def _accept(self, listening: socket.socket, server: web.Server) -> None:
        """Take a connection that waits, unless the limits do not allow it.

        Not by `sock_accept`, which loses a connection if it is cancelled just then.
        """
        loop = asyncio.get_running_loop()
        try:
            connection, peer = listening.accept()
        except (BlockingIOError, ConnectionError):  # it was gone before it was taken
            return
        except OSError:  # no more files may be opened
            loop.remove_reader(listening)
            loop.call_later(WAIT_FOR_FILES_S, self._listen, listening, server)
            return
        connection.setblocking(False)
        address = peer[0] if isinstance(peer, tuple) else ""
        if self._limits.admits(address):
            task = loop.create_task(self._hand_over(connection, address, server))
            self._handshakes[task] = connection
            task.add_done_callback(self._handshakes.pop)
        else:
            connection.close()
            self._fault(address, "was refused a connection: it has too many, or all have")

    async def _hand_over(self, connection: socket.socket, address: str, server: web.Server) -> None:
        """Give a connection to aiohttp, after TLS's handshake where there is one."""
        watched = WatchedConnection(
            server(),
            on_end=lambda: self._ended(watched, address),
            on_fault=partial(self._fault, address),
            on_flood=partial(self._limits.bar, address),
        )
        self._open.add(watched)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: watched,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=IDLE_S if self._tls else None,
                ssl_shutdown_timeout=SHUTDOWN_S if self._tls else None,
            )
        except OSError as error:  # no TLS, or another kind of it, or nothing at all
            self._ended(watched, address)
            if self._loop is not None:
                self._fault(address, f"could not agree on TLS: {error}")

    async def _end_handshakes(self) -> None:
        """Take their clients from them: asyncio leaves open what is cancelled before it began."""
        for connection in self._handshakes.values():
            with contextlib.suppress(OSError):  # the client is gone
                connection.shutdown(socket.SHUT_RDWR)
        await asyncio.gather(*self._handshakes)

    def _ended(self, connection: WatchedConnection, address: str) -> None:
        if connection in self._open:
            self._open.discard(connection)
            self._limits.ended(address)

    def _fault(self, address: str, what: str) -> None:
        if self._faults is not None:
            self._faults.add(f"{address or 'a client'} {what}")


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
