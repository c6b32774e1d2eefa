"""Ports for what a test starts."""

import random
import socket
from pathlib import Path

FIRST, LAST = 10_000, 32_000
"""Without privilege, and below where Linux begins to give ports to whoever connects: one of those
may be given away again between the look and the start, as dora connects a hundred times."""

GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nobody listens on, and that nobody gets by chance."""
    last = min(LAST, int(GIVEN_AWAY.read_text().split()[0]) - 1)
    found: list[int] = []
    while len(found) < count:
        port = random.randint(FIRST, max(last, FIRST + 1000))
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
