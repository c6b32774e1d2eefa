"""Vuer's own client, from the installed package, made to work without any other host."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from operators.access import REPLACED, WRONG_TOKEN
from operators.page_site import CONTENT_TYPES, NOBODY_ELSE, SAFE_HEADERS, SiteFile, page_file
from operators.settings import ROOT
from operators.usage_error import UsageError

FRONT_FOLDER: Final = ROOT / "assets/vuer"

PROFILES: Final = "/xr-profiles/"
"""Where the client finds what there is to know of controllers, in place of a CDN."""

PROFILE_LIST: Final = b'{"generic-trigger":{"path":"generic-trigger/profile.json"}}'
PROFILE: Final = (
    b'{"profileId":"generic-trigger","fallbackProfileIds":[],"layouts":{'
    b'"left-right-none":{"components":{},"selectComponentId":"","gamepadMapping":""},'
    b'"left-right":{"components":{},"selectComponentId":"","gamepadMapping":""}}}'
)
"""A controller of which nothing is drawn: its buttons are read from WebXR itself."""


@dataclass(frozen=True)
class Change:
    """One place of the client's JavaScript that must be other. why: what it is for."""

    files: str
    pattern: str
    replacement: str
    why: str


CHANGES: Final = (
    Change(
        "assets/chunks/*.js",
        r'"https://cdn\.jsdelivr\.net/npm/@webxr-input-profiles/assets@1\.0/dist/profiles/"',
        f'globalThis.location?.origin+"{PROFILES}"',
        "entering VR asks a CDN for controllers, and tears the page down where there is none",
    ),
    Change(
        "assets/chunks/*.js",
        r"createXRStore\(\{hand:!0,handTracking:!0,emulate:!1,bodyTracking:!0,meshDetection:!0\}\)",
        "createXRStore({hand:!1,controller:!1,handTracking:!0,emulate:!1,bodyTracking:!1,"
        "meshDetection:!1,offerSession:!1})",
        "models of hands come from the same CDN, and nobody needs the room's mesh",
    ),
    Change(
        "assets/chunks/*.js",
        r"shouldReconnect:\(\)=>\w+\.current===\w+,reconnectAttempts:5,"
        r"reconnectInterval:(\w+)=>Math\.min\(1e3\*Math\.pow\(2,\1\),16e3\)",
        f"shouldReconnect:closed=>![{REPLACED},{WRONG_TOKEN}].includes(closed.code),"
        "reconnectAttempts:1/0,reconnectInterval:()=>500",
        "the client counts its connections before and after, and so never opens another",
    ),
    Change(
        "assets/entries/pages_index.*.js",
        r"children:\n  - tag: ContribLoader\n.*?\nbgChildren:",
        "children: []\nbgChildren:",
        "before our scene comes the client shows its own, with a library from a CDN",
    ),
    Change(
        "assets/static/*.css",
        r'@import"https://fonts\.googleapis\.com/[^"]*";',
        "",
        "letters come from another host",
    ),
)

NOTICE: Final = '<div id="panodora-notice" style="position:fixed;top:1em;left:1em"></div>'


class VuerSite:
    """Vuer's client, our part of it, and the modules of our own page that this part uses.

    Raises UsageError where the package is not installed, or its client is another than those that
    we know how to change.
    """

    headers: Mapping[str, str] = {
        **SAFE_HEADERS,
        # No other host is asked for anything, whatever else the client might want.
        "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:; "
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
        f"connect-src 'self' data: blob: ws: wss:; {NOBODY_ELSE}",
    }

    def __init__(self) -> None:
        folder = client_folder()
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*"))
            if path.suffix in CONTENT_TYPES and path.is_file()
        }
        self._changed = dict(changed_files(folder))
        self._changed["index.html"] = _index(folder, self._files)
        self._changed[f"{PROFILES[1:]}profilesList.json"] = PROFILE_LIST
        self._changed[f"{PROFILES[1:]}generic-trigger/profile.json"] = PROFILE

    def file(self, name: str) -> SiteFile | None:
        """A file of the client, `page/NAME` of our own page, or `panodora/NAME` of our part."""
        name = name or "index.html"
        if name.startswith("page/"):
            return page_file(name.removeprefix("page/"))
        path = self._files.get(name)
        if name.startswith("panodora/"):
            path = _front_files().get(name.removeprefix("panodora/"))
        content = self._changed.get(name)
        if content is None and path is None:
            return None
        if content is None:
            assert path is not None
            content = path.read_bytes()
        return SiteFile(content, CONTENT_TYPES[Path(name).suffix])


def client_folder() -> Path:
    """Where the installed package has its client. Raises UsageError: says how to get one."""
    spec = find_spec("vuer")
    if spec is None or spec.origin is None:
        raise UsageError(
            "headset.client: vuer needs the package of that name: `pip install -e '.[vuer]'`"
        )
    folder = Path(spec.origin).parent / "client_build"
    if not (folder / "index.html").is_file():
        raise UsageError(f"vuer {version('vuer')} has no client in {folder}; install another")
    return folder


def changed_files(folder: Path) -> dict[str, bytes]:
    """The scripts of a client that must be other, by their names, as they shall be served.

    Raises UsageError where a place is not found exactly once: the client is then another.
    """
    texts: dict[Path, str] = {}
    for change in CHANGES:
        count = 0
        for path in sorted(folder.glob(change.files)):
            text = texts.get(path) or path.read_text(encoding="utf-8", errors="surrogateescape")
            text, found = re.subn(change.pattern, change.replacement, text, flags=re.DOTALL)
            if found:
                texts[path] = text
            count += found
        if count != 1:
            raise UsageError(
                f"vuer {version('vuer')}: its client is not as expected ({change.why}: found "
                f"{count} places, expected 1); `pip install vuer==0.1.6`"
            )
    return {
        path.relative_to(folder).as_posix(): text.encode(errors="surrogateescape")
        for path, text in texts.items()
    }


def _index(folder: Path, files: Mapping[str, Path]) -> bytes:
    """The client's first page, which starts by our part."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = next(name for name in files if name.startswith("assets/entries/pages_index."))
    entry = re.search(r'<script src="([^"]+)" type="module" async></script>', text)
    if entry is None:
        raise UsageError(f"{folder}/index.html has no script to start; `pip install vuer==0.1.6`")
    front = (
        f'{NOTICE}<script id="panodora" type="module" src="/panodora/front.js" '
        f'data-page="/{page}" data-entry="{entry[1]}"></script>'
    )
    return text.replace(entry[0], front).encode()


def _front_files() -> dict[str, Path]:
    return {path.name: path for path in FRONT_FOLDER.glob("*.js")}
