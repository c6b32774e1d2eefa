"""What a running dataflow tells of its latency, on a socket for `panodora latency`."""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import aiohttp
import pyarrow as pa
from aiohttp import web

from operators.runtime_folder import runtime_folder
from operators.server_thread import ServerThread
from operators.settings import SettingsError
from operators.usage_error import UsageError

LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path (unix(7))."""

ABOUT: Final = b"panodora"
"""The key of the schema's metadata that holds LatencyNews as JSON, beside the records."""


@dataclass(frozen=True)
class LatencyNews:
    """What is not in the records themselves.

    clients: of each client that was sent a frame lately, what is known of its clock, in words.
    lost: losses of each node since its start that were seen. unread: messages that the `latency`
    node itself never got. page: where the page is.
    """

    clients: dict[str, str]
    lost: dict[str, int]
    skipped: dict[str, int]
    unread: int
    page: str


Tell = Callable[[int | None], tuple[pa.Table, LatencyNews]]
"""Returns the last records, so many or all."""


@dataclass(frozen=True)
class SocketAddress:
    """A Unix socket's path; it is made anew."""

    path: Path

    @property
    def name(self) -> str:
        """For the thread."""
        return f"latency {self.path.name}"

    def listen(self) -> socket.socket:
        """A listening socket, which only this user can connect to."""
        if len(os.fsencode(self.path)) > LONGEST_PATH:
            raise SettingsError(
                f"latency.socket: {self.path} is longer than the {LONGEST_PATH} bytes that a "
                "socket's path may have; give a shorter one"
            )
        self.path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.bind(str(self.path))
        except OSError as error:
            listening.close()
            raise SettingsError(
                f"latency.socket: cannot listen at {self.path}: {error.strerror}"
            ) from None
        self.path.chmod(0o600)
        listening.listen()
        return listening


class LatencyService:
    """Answers `fetch`. tell: called on the server's thread."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self.path: Final = path
        self._tell = tell
        application = web.Application()
        application.router.add_get("/records", self._records)
        self._server = ServerThread(application, SocketAddress(path))

    def start(self) -> None:
        """Listen. Raises SettingsError where the path cannot be had."""
        self._server.start()

    def stop(self) -> None:
        """End, and leave nothing."""
        self._server.stop()
        self.path.unlink(missing_ok=True)

    async def _records(self, request: web.Request) -> web.Response:
        table, news = self._tell(_frames(request.query.get("last")))
        metadata = {**(table.schema.metadata or {}), ABOUT: json.dumps(asdict(news)).encode()}
        table = table.replace_schema_metadata(metadata)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return web.Response(body=sink.getvalue().to_pybytes())


def _frames(last: str | None) -> int | None:
    """How many are asked for, None for all. Raises HTTPBadRequest."""
    if last is None:
        return None
    try:
        frames = int(last)
    except ValueError:
        frames = 0
    if frames < 1:
        raise web.HTTPBadRequest(
            text=f"last={last[:20]}: ask for 1 frame or more, or leave it out for all"
        )
    return frames


async def fetch(path: Path, last: int | None = None) -> tuple[pa.Table, LatencyNews]:
    """Ask a running dataflow for its last records, so many or all that it has.

    Raises UsageError where nobody listens at the path, or with the reason for a refusal.
    """
    query = {} if last is None else {"last": str(last)}
    connector = aiohttp.UnixConnector(path=str(path))
    try:
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://latency/records", params=query) as answer,
        ):
            content = await answer.read()
            if not answer.ok:
                raise UsageError(f"{path}: {content.decode()}")
    except (aiohttp.ClientError, OSError):
        raise UsageError(f"no dataflow answers at {path}; is it running?") from None
    table = pa.ipc.open_stream(content).read_all()
    news = LatencyNews(**json.loads(table.schema.metadata[ABOUT]))
    return table, news


def running_sockets() -> list[Path]:
    """The sockets of dataflows that run now; what dead ones left behind is removed."""
    found = []
    for path in sorted(runtime_folder().glob("latency-*.sock")):
        with socket.socket(socket.AF_UNIX) as trial:
            try:
                trial.connect(str(path))
            except (ConnectionRefusedError, FileNotFoundError):  # the latter: it just ended
                path.unlink(missing_ok=True)
            else:
                found.append(path)
    return found
