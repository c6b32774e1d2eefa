"""`panodora address`: where the page of a running dataflow is, with its token."""

import argparse
import socket
from typing import Any
from urllib.parse import urlsplit

from operators.session_token import Announcement, announcements, with_token
from operators.usage_error import UsageError

ANSWER_S = 1.0


def add_parser(commands: Any) -> None:
    """Add `panodora address`."""
    parser = commands.add_parser(
        "address", help="print the running page's addresses, with the token that they need"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print an address a line."""
    found = [each for each in announcements() if is_there(each)]
    if not found:
        raise UsageError("no page is there; start one with `dora run dataflows/teleop.yml`")
    for address, token in {a: each.token for each in found for a in each.addresses}.items():
        print(with_token(address, token))
    return 0


def is_there(announcement: Announcement) -> bool:
    """Whether somebody listens there; what was killed left its announcement behind."""
    own = urlsplit(announcement.addresses[-1])
    try:
        with socket.create_connection((own.hostname or "", own.port or 0), timeout=ANSWER_S):
            return True
    except OSError:
        return False
