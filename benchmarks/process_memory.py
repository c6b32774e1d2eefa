"""Memory of processes, from /proc."""

from pathlib import Path


def children(parent: int) -> list[int]:
    """Processes that a process has started and that live."""
    tasks = Path(f"/proc/{parent}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def descendants(parent: int) -> list[int]:
    """And those that they have started."""
    found = children(parent)
    return found + [pid for child in found for pid in descendants(child)]


def command_line(pid: int) -> str:
    """The program and its arguments."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def rss_pages(pid: int) -> int:
    """Resident pages of memory, shared ones included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
