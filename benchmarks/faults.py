"""Faults, through a real dataflow: what it survives.

Hostile clients send messages to both servers while a good client takes every picture and another
one drives.
"""

import contextlib
import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import cycle, islice
from typing import TYPE_CHECKING, Self

from benchmarks.dataflow_run import DataflowRun, running_dataflow
from benchmarks.figure import Figure
from benchmarks.hostile_client import HostileClient
from benchmarks.hostile_messages import HostileMessage, hostile_messages
from benchmarks.process_memory import command_line, descendants, rss_pages
from operators.messages import PAGE_MESSAGES, Head
from operators.page_layout import decode_bytes, encode_bytes
from operators.seat_messages import Claim, Seat

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

NAMES = ("faults.messages_survived",)

SEED = 20_260_301
MESSAGES = 12_000
A_BATCH = 200
AFTER_WARM_UP = 2_000

LIMIT_S = 30.0
PICTURES_A_BATCH = 3
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")

ADDRESSES = tuple(f"127.0.0.{number}" for number in range(2, 255))
"""Where hostile clients come from: of one address the servers take twenty connections a second."""


def figures(names: Collection[str] = NAMES) -> Iterator[Figure]:
    """Measure the figures that are asked for."""
    if "faults.messages_survived" in names:
        yield measure_messages_survived()


def measure_messages_survived() -> Figure:
    """Messages after which pictures still come, and whoever claims to drive does."""
    from tests.operators.samples import sample

    valid = [encode_bytes(sample(kind), 1.0) for kind in PAGE_MESSAGES]
    messages = list(islice(hostile_messages(SEED, valid), MESSAGES))
    with _Loop.running() as loop:
        loop.check()
        quiet_hz = loop.picture_rate_hz()
        survived, connections = 0, 0
        memory = {}
        started = time.monotonic()
        seen = loop.pictures
        for start in range(0, MESSAGES, A_BATCH):
            batch = messages[start : start + A_BATCH]
            try:
                connections += loop.attack(batch[::2], "/stream")
                connections += loop.attack(batch[1::2], "/tracking?client=hostile")
            except OSError as error:
                print(f"# the attackers are locked out: {error}", file=sys.stderr)
                break
            if not loop.is_well():
                break
            survived += len(batch)
            if survived == AFTER_WARM_UP:
                memory = loop.memory_mb()
            print(f"# {survived} of {MESSAGES}", file=sys.stderr, end="\r")
        under_attack_hz = (loop.pictures - seen) / (time.monotonic() - started)
        after = loop.memory_mb()
    growth = ", ".join(f"{name} {after[name] - memory[name]:+.1f} MB" for name in memory)
    return Figure(
        name="faults.messages_survived",
        value=survived,
        unit="count",
        note=f"of {MESSAGES} with seed {SEED}, in {connections} connections to both servers; one "
        f"client stayed connected and got {under_attack_hz:.0f} pictures a second ({quiet_hz:.0f} "
        f"before), one could always drive; growth from message {AFTER_WARM_UP} on: {growth}",
    )


class _Loop:
    """A running dataflow with a good viewer and a good driver."""

    def __init__(self, run: DataflowRun, driver: "ClientConnection") -> None:
        self._run = run
        self._viewer = run.client
        self._driver = driver
        self._addresses = cycle(ADDRESSES)

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Self]:
        """One that is well until the block ends, if nobody harms it."""
        from websockets.sync.client import connect

        with running_dataflow("teleop", {}) as run:
            address = f"ws://127.0.0.1:{run.tracking_port}/tracking?client=good"
            with connect(address, proxy=None, max_queue=None) as driver:
                yield cls(run, driver)

    @property
    def pictures(self) -> int:
        """So many the good viewer has got."""
        return len(self._viewer.arrivals)

    def picture_rate_hz(self) -> float:
        """Pictures a second, while nobody attacks."""
        seen, started = self.pictures, time.monotonic()
        time.sleep(5.0)
        return (self.pictures - seen) / (time.monotonic() - started)

    def check(self) -> None:
        """Raise RuntimeError where the loop is not well before anybody attacks it."""
        if not self.is_well():
            raise RuntimeError(f"the loop does not run:\n{self._run.words}")

    def is_well(self) -> bool:
        """Whether pictures come over one connection, and the good client drives if it claims to."""
        seen = self.pictures
        if self._run.dora.poll() is not None or not self._viewer.wait_for_pictures(
            seen + PICTURES_A_BATCH, LIMIT_S
        ):
            return False
        numbers = [seq for seq, _, _ in self._viewer.arrivals]
        return numbers == sorted(set(numbers)) and self._drives()

    def _drives(self) -> bool:
        from tests.operators.samples import sample

        try:
            self._driver.send(encode_bytes(Claim(drive=True), 1.0))
            self._driver.send(encode_bytes(sample(Head), 1.0))
            if not self._driver.ping().wait(LIMIT_S):
                return False
            return _last_told(self._driver).drives
        except (OSError, RuntimeError):
            return False

    def attack(self, messages: Sequence[HostileMessage], path: str) -> int:
        """Send messages, in as many connections as it takes; returns how many it took.

        Every second connection to the tracking port takes over before it says anything.
        """
        port = self._run.port if path == "/stream" else self._run.tracking_port
        connections = 0
        client: HostileClient | None = None
        for message in messages:
            if client is None:
                connections += 1
                take_over = "&take_over=1" if "?" in path and connections % 2 else ""
                client = HostileClient(port, path + take_over, next(self._addresses))
            if not client.say(message.wire):
                client.close()
                client = None
        if client is not None:
            client.close()
        return connections

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of both servers' processes."""
        found = {}
        for pid in descendants(self._run.dora.pid):
            for name in ("headset_input", "headset_output"):
                if f"{name}.py" in command_line(pid):
                    found[name] = rss_pages(pid) * PAGE_SIZE / 1e6
        return found


def _last_told(driver: "ClientConnection") -> Seat:
    """What the server told last of who drives; it is told whenever anybody comes or goes."""
    seat: Seat | None = None
    while seat is None or not seat.drives:
        content = driver.recv(timeout=LIMIT_S)
        assert isinstance(content, bytes)
        told, _ = decode_bytes(content)
        if isinstance(told, Seat):
            seat = told
    return seat
