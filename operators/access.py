"""Who may talk to the page's servers: by the name they are called by, the page, and the token."""

import hmac
import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler

from operators.headset_settings import HeadsetSettings, is_this_machine
from operators.network_addresses import allowed_names
from operators.rate_limit import AddressLimits

REPLACED: Final = 4001
"""Closing code: the same tab of a browser has connected anew. The page must not come back."""

WRONG_TOKEN: Final = 4003
"""Closing code: the client's token is not the session's. The page must not try again by itself."""

SUBPROTOCOL: Final = "panodora"
"""What our own clients ask for, so that they may show a token beside it: a browser lets a page set
no other header of a WebSocket, and an address with a token would get into logs."""

TOKEN_PREFIX: Final = "token."

WRONG_AT_ONCE, WRONG_EVERY_S = 5, 10.0
"""An address may show so many wrong tokens at once, and one more each ten seconds."""

REQUESTS_PER_S, REQUESTS_AT_ONCE = 50.0, 300.0
"""Of one address. A page that is opened asks for 20 files."""

WHERE_IT_IS: Final = "open the address that `panodora address` prints"


@dataclass(frozen=True)
class Refusal:
    """Why a client is not let in: a WebSocket's closing code, and a sentence."""

    code: int
    reason: str


class Access:
    """Decides who may talk to a server.

    settings: names and token. same_port: whether the page's own port must be the server's.
    token: what a client must show; empty where nothing, None where it is not known yet.
    """

    def __init__(self, settings: HeadsetSettings, token: str | None, *, same_port: bool) -> None:
        self.token = token
        self._same_port = same_port
        self._only_this_machine = is_this_machine(settings.host)
        self._names = allowed_names(settings)
        public = (settings.public_address, settings.public_tracking_address)
        self._public = {address for address in public if address is not None}
        self._public_hosts = {urlsplit(address).netloc for address in self._public}
        self._wrong = AddressLimits(1 / WRONG_EVERY_S, WRONG_AT_ONCE)
        self._requests = AddressLimits(REQUESTS_PER_S, REQUESTS_AT_ONCE)

    def application(self) -> web.Application:
        """An application that answers no more requests of an address than it shall."""

        @web.middleware
        async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._requests.of(self.client_address(request)).try_take():
                refusal = web.HTTPTooManyRequests(text="Too many requests; wait a while.\n")
                refusal.force_close()
                raise refusal
            return await handler(request)

        return web.Application(middlewares=[limited])

    def check_page(self, request: web.Request) -> None:
        """Let no other site's page reach this server through its visitor's browser.

        A browser tells which page opens a WebSocket, and opens it whatever site that page is from.
        Programs that are no browsers say nothing, and pass. Raises HTTPForbidden, which says what
        was given and what is allowed.
        """
        here = request.host.lower()
        if not self._is_ours(here):
            # A name that an attacker makes point here (DNS rebinding) would pass as its own origin.
            raise web.HTTPForbidden(
                text=f"This server is not called {request.host!r}. Open the page as "
                "http://localhost, or set headset.public_address to its public name.\n"
            )
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() in self._public:
            return
        from_page = _host_of(origin)
        same = from_page == here if self._same_port else host_name(from_page) == host_name(here)
        if not same or not from_page:
            raise web.HTTPForbidden(
                text=f"A page from {origin!r} may not connect to {here!r}: only our own page may. "
                "Open the page by the name that it connects to.\n"
            )

    def refusal(self, request: web.Request) -> Refusal | None:
        """Why a client is not let in by its token, None where it is."""
        if self.token is None:
            return Refusal(WSCloseCode.TRY_AGAIN_LATER, "the page's server is not there yet")
        if not self.token:
            return None
        wrong = self._wrong.of(self.client_address(request))
        if not wrong.would_allow():
            return Refusal(
                WSCloseCode.TRY_AGAIN_LATER,
                f"too many wrong tokens from here; wait {WRONG_EVERY_S:.0f} s",
            )
        shown = shown_token(request)
        if not shown:
            return Refusal(WRONG_TOKEN, f"a token is needed: {WHERE_IT_IS}")
        if not _same(shown, self.token):
            wrong.take()
            return Refusal(WRONG_TOKEN, f"the token is wrong: {WHERE_IT_IS}")
        return None

    def admits(self, token: str) -> bool:
        """Whether a client that showed this token before may stay."""
        return self.token is not None and (not self.token or _same(token, self.token))

    def client_address(self, request: web.Request) -> str:
        """Where a client is: behind a proxy of this machine, where that says it is."""
        peer = request.remote or ""
        forwarded = request.headers.getall("X-Forwarded-For", [])
        if self._public and forwarded and is_this_machine(peer):
            return forwarded[-1].rpartition(",")[2].strip()  # what is before it the client may say
        return peer

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        if name in self._names or host in self._public_hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # Digits stand for themselves: nobody can make them point elsewhere.
        return address.is_loopback or not self._only_this_machine


def shown_token(request: web.Request) -> str:
    """The token that a client shows, empty where it shows none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    for offered in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if offered.strip().startswith(TOKEN_PREFIX):
            return offered.strip().removeprefix(TOKEN_PREFIX)
    return ""


def subprotocols(token: str) -> list[str]:
    """What a client asks for when it opens a WebSocket, to show a token; none where it is empty."""
    return [SUBPROTOCOL, TOKEN_PREFIX + token] if token else [SUBPROTOCOL]


def host_name(host: str) -> str:
    """The name in a Host header or an address, without its port: `[::1]:8012` becomes `::1`."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets that do not match
        return ""


def _host_of(origin: str) -> str:
    """The host and port of what a browser says that a page is from; empty where it is nowhere."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # brackets that do not match
        return ""


def _same(shown: str, wanted: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest(shown.encode(errors="surrogateescape"), wanted.encode())
