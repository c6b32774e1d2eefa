"""Watches which sockets processes open beyond this machine."""

import ipaddress
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

TABLES = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6")


class SocketWatch:
    """Looks at the kernel's tables of sockets as often as it can, in a thread of its own.

    is_watched: whether a process, by its id, is one of those that are watched.
    beyond: what they had open that is not loopback: process, table, local and remote address.
    """

    def __init__(self, is_watched: Callable[[int], bool]) -> None:
        self._is_watched = is_watched
        self._known: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.beyond: set[tuple[str, str, str, str]] = set()
        self.looks = 0
        self._looked = threading.Condition()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for_looks(self, count: int, timeout_s: float) -> bool:
        """Wait until it has looked so often from now on; false if it does not in time."""
        with self._looked:
            wanted = self.looks + count
            return self._looked.wait_for(lambda: self.looks >= wanted, timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(0.002):
            for table, local, remote, inode in _beyond_loopback():
                if inode not in self._known:
                    self._find_owner(table, local, remote, inode)
            with self._looked:
                self.looks += 1
                self._looked.notify_all()

    def _find_owner(self, table: str, local: str, remote: str, inode: str) -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            if self._is_watched(int(folder.name)) and inode in _sockets_of(folder):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                self.beyond.add((command, table, local, remote))
        self._known.add(inode)


def environment_has(name: str, value: str) -> Callable[[int], bool]:
    """Watch the processes with a variable in their environment, and so those that they start."""
    mark = f"{name}={value}".encode()

    def is_watched(pid: int) -> bool:
        try:
            return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or is not ours
            return False

    return is_watched


def _sockets_of(folder: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (folder / "fd").iterdir():
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # it has ended, or closed it
        pass
    return found


def _beyond_loopback() -> Iterator[tuple[str, str, str, str]]:
    """Table, local and remote address and inode of sockets bound or connected elsewhere."""
    for table in TABLES:
        try:
            rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:  # a kernel without that protocol
            continue
        for row in rows:
            columns = row.split()
            local, remote, inode = columns[1], columns[2], columns[9]
            if not (_is_loopback(local) and (_is_loopback(remote) or _is_nobody(remote))):
                yield table, _address(local), _address(remote), inode


def _is_nobody(text: str) -> bool:
    return not int(text.split(":")[0], 16)


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(_address(text)).is_loopback


def _address(text: str) -> str:
    """An address of the kernel's tables, words in the machine's byte order, as one writes it."""
    digits = text.split(":")[0]
    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    address = socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)
    return address.removeprefix("::ffff:")
