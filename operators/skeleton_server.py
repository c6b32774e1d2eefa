"""The page of `panodora skeleton`: 48 sliders that turn the joints of a hand's skeleton."""

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from operators.hand_kinematics import MANO_JOINTS, HandSkeleton, from_mano_angles
from operators.hands import SIDES
from operators.page_site import CONTENT_TYPES, NOBODY_ELSE, SAFE_HEADERS
from operators.settings import ROOT
from operators.transforms import Array

FOLDER: Final = ROOT / "assets/skeleton"

LOOPBACK: Final = "127.0.0.1"

HEADERS: Final = {
    **SAFE_HEADERS,
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws:; img-src data:; "
    f"{NOBODY_ELSE}",
}

LARGEST_MESSAGE: Final = 4096
"""48 numbers and a word, with room."""

Shown = Callable[[str, Array], None]


class SkeletonServer:
    """Answers the page's angles with where the joints are.

    skeleton: whose joints turn. shown: is called with a side and its joints (21, 3), m, in the
    wrist's axes, the wrist at the origin, whenever a slider has moved.
    """

    def __init__(self, skeleton: HandSkeleton, shown: Shown | None = None) -> None:
        self._skeleton = skeleton
        self._shown = shown

    def application(self) -> web.Application:
        """What serves the page, to be bound to the loopback address alone."""
        made = web.Application(middlewares=[_from_here_only])
        made.router.add_get("/joints", self._answer)
        made.router.add_get("/{name:[a-z.]*}", _file)
        return made

    def joints(self, side: str, angles: Array) -> Array:
        """Where the joints (21, 3) of a side are, m; angles (16, 3), rad, as MANO has them."""
        both = np.zeros((2, 16, 3))
        both[SIDES.index(side)] = angles
        turned = self._skeleton.joints(from_mano_angles(both), np.zeros((2, 3)))
        found: Array = turned[SIDES.index(side)]
        return found

    async def _answer(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        await socket.send_json({"names": MANO_JOINTS})
        async for message in socket:
            asked = _asked(message.data) if message.type is WSMsgType.TEXT else None
            if asked is None:
                await socket.close(message=b"expected {side, angles: 48 numbers}")
                break
            found = self.joints(*asked)
            if self._shown is not None:
                self._shown(asked[0], found)
            await socket.send_json({"joints": np.round(found, 6).tolist()})
        return socket


def _asked(text: str) -> tuple[str, Array] | None:
    """Side and angles (16, 3) that the page sends; None of anything else."""
    try:
        content: Any = json.loads(text)
        side, numbers = content["side"], np.array(content["angles"], dtype=np.float64)
    except (ValueError, TypeError, KeyError):
        return None
    if side not in SIDES or numbers.shape != (48,) or not np.isfinite(numbers).all():
        return None
    return side, numbers.reshape(16, 3)


async def _file(request: web.Request) -> web.Response:
    name = request.match_info["name"] or "index.html"
    for path in FOLDER.iterdir():
        if path.name == name:
            return web.Response(
                body=path.read_bytes(),
                headers={**HEADERS, "Content-Type": CONTENT_TYPES[path.suffix]},
            )
    raise web.HTTPNotFound


@web.middleware
async def _from_here_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other sites' pages, and names that were made to mean this machine."""
    host = request.host.rsplit(":", 1)[0]
    origin = request.headers.get("Origin")
    if host not in (LOOPBACK, "localhost") or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        raise web.HTTPForbidden
    return await handler(request)
