"""The files that a browser asks a page's server for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from operators.settings import ROOT

PAGE_FOLDER: Final = ROOT / "assets/page"

CONTENT_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
"""What pages are made of. Python would take a script's type from the machine's own tables, which
may have it wrong, and browsers refuse modules that are not JavaScript."""

SAFE_HEADERS: Final = {
    # A page from before a restart may not understand this server.
    "Cache-Control": "no-store",
    # Isolated from other pages, a browser's clock counts in 5 us steps, otherwise in 100.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # The address may hold a token.
    "Referrer-Policy": "no-referrer",
}

NOBODY_ELSE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""No other page may frame this one."""


@dataclass(frozen=True)
class SiteFile:
    """What is answered: bytes and the header `Content-Type`."""

    content: bytes
    content_type: str


class PageSite(Protocol):
    """A page's files."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What every answer says beside."""

    def file(self, name: str) -> SiteFile | None:
        """The file of an address's path, without its first slash; None where there is none."""


class OwnPage:
    """Our own pages: one folder, read anew each time.

    start: the file that opens at the address itself.
    """

    headers: Mapping[str, str] = {
        **SAFE_HEADERS,
        # No other host is asked for anything.
        "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; "
        f"{NOBODY_ELSE}",
    }

    def __init__(self, start: str = "index.html") -> None:
        self._start = start

    def file(self, name: str) -> SiteFile | None:
        """The files that make up the page, and nothing else of its folder."""
        return page_file(name or self._start)


def page_file(name: str) -> SiteFile | None:
    """A file of our own page, None where there is none of that name."""
    for path in PAGE_FOLDER.iterdir():
        if path.name == name and path.suffix in CONTENT_TYPES:
            return SiteFile(path.read_bytes(), CONTENT_TYPES[path.suffix])
    return None
