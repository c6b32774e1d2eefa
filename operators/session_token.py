"""The token of a session: what a client must show, and where it is kept from others' eyes."""

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from operators.headset_settings import AUTO, HeadsetSettings
from operators.runtime_folder import runtime_folder

LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 of them, none mistaken for another, and all without a shift key: someone types them in VR."""

TOKEN_LENGTH: Final = 26
"""130 bits."""


def new_token() -> str:
    """A random token of 130 bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(TOKEN_LENGTH))


def with_token(address: str, token: str) -> str:
    """An address by which a browser opens the page and shows the token."""
    return f"{address}/?token={token}" if token else address


@dataclass(frozen=True)
class Announcement:
    """Where a running dataflow's page is, for this user alone.

    addresses: without the token. token: empty where none is needed.
    """

    addresses: list[str]
    token: str


class AnnouncementFile:
    """Keeps a token and the page's addresses in a file that nobody else can read.

    A node that is started anew in the same dataflow finds its token there, so that clients need no
    other, and `panodora address` prints it: what nodes print dora writes into its logs.
    """

    def __init__(self, run: str) -> None:
        self._path = runtime_folder() / f"page-{run}.json"

    def token(self, settings: HeadsetSettings) -> str:
        """The token of these settings; a random one is made once for a dataflow's run."""
        if settings.token is None:
            return ""
        given = settings.token.get_secret_value()
        if given != AUTO:
            return given
        before = read_announcement(self._path)
        return before.token if before is not None and before.token else new_token()

    def write(self, announcement: Announcement) -> None:
        """Write it anew."""
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(announcement), file)

    def remove(self) -> None:
        """The dataflow has ended."""
        self._path.unlink(missing_ok=True)


def announcements() -> list[Announcement]:
    """Of every dataflow of this user that runs, or was killed."""
    paths = sorted(runtime_folder().glob("page-*.json"), key=lambda path: path.stat().st_mtime)
    found = [read_announcement(path) for path in paths]
    return [each for each in found if each is not None]


def read_announcement(path: Path) -> Announcement | None:
    """What a file says; None where there is none, or half of one."""
    try:
        return Announcement(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def this_run() -> str:
    """What dora calls the dataflow that this process is a node of; outside of one, the process."""
    # The rest of it is no plain YAML.
    found = re.search(r"^dataflow_id: (\S+)$", os.environ.get("DORA_NODE_CONFIG", ""), re.MULTILINE)
    return found[1] if found else str(os.getpid())
