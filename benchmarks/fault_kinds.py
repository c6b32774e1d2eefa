"""What can fail in a running dataflow, and how it is made to."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.hostile_client import HostileClient
from benchmarks.hostile_messages import hostile_messages
from benchmarks.scripted_headset import Failing, ScriptedHeadset
from operators.messages import PAGE_MESSAGES, OperatorInput
from operators.page_layout import encode_bytes
from operators.seat_messages import Claim

NODES = (
    "headset_input",
    "preprocess",
    "retarget",
    "guard",
    "simulate",
    "capture_panorama",
    "headset_output",
    "latency",
)

FOREIGN = "https://elsewhere.example"
WRONG_TOKEN = "not-the-token-of-this-run"
SEED = 5

Act = Callable[[], object]


@dataclass(frozen=True)
class Fault:
    """One fault.

    fail, mend: make it happen, and end it. holds: whether the robot shall hold or stop for it; what
    it is not to notice leaves it following. kills: whether a node must come back.
    """

    fail: Act
    mend: Act
    holds: bool = True
    kills: bool = False
    lasts_s: float = 1.2


def faults(headset: ScriptedHeadset, ports: tuple[int, int], token: str) -> dict[str, Fault]:
    """Every fault of the table. Strangers come from other addresses, as their limits are theirs."""

    def failing(lasts_s: float = 1.2, **wrong: Any) -> Fault:
        return Fault(
            lambda: setattr(headset, "failing", Failing(**wrong)),
            lambda: setattr(headset, "failing", Failing()),
            lasts_s=lasts_s,
        )

    def stranger(address: str, **different: Any) -> Stranger:
        given: dict[str, Any] = {
            "token": token,
            "operator": "stranger",
            "take_over": False,
        } | different
        return Stranger(lambda: ScriptedHeadset(*ports, address=address, **given))

    def come_back() -> None:
        usurper.stop()
        headset.connect_anew()

    second = stranger("127.0.0.2")
    usurper = stranger("127.0.0.2", take_over=True)
    guesser = stranger("127.0.0.3", token=WRONG_TOKEN, take_over=True)
    foreigner = stranger("127.0.0.4", origin=FOREIGN, take_over=True)
    attackers = Attackers(ports, token)
    made = {
        "left hand lost": failing(lost=(True, False)),
        "both hands lost": failing(lost=(True, True)),
        "tracking frozen": failing(frozen=True),
        "identity pose": failing(at_origin=True),
        "NaN": failing(nan=True),
        "300 ms of silence": failing(lasts_s=0.3, silent=True),
        "client gone": Fault(headset.leave, lambda: setattr(headset, "failing", Failing())),
        "second client": Fault(second.start, second.stop, holds=False),
        "second client takes over": Fault(usurper.start, come_back),
        "wrong token": Fault(guesser.start, guesser.stop, holds=False),
        "foreign Origin": Fault(foreigner.start, foreigner.stop, holds=False),
        "hostile messages": Fault(attackers.start, attackers.stop, holds=False),
    }
    for name in NODES:
        made[f"{name} killed"] = Fault(
            partial(kill, name, ports),
            lambda: None,
            holds=name != "latency",
            kills=True,
        )
    return made


class Stranger:
    """Another headset, a new one each time that it comes."""

    def __init__(self, make: Callable[[], ScriptedHeadset]) -> None:
        self._make = make
        self._headset: ScriptedHeadset | None = None

    def start(self) -> None:
        """Come."""
        self._headset = self._make()
        self._headset.start()

    def stop(self) -> None:
        """Leave."""
        if self._headset is not None:
            self._headset.stop()


class Attackers:
    """Say hostile messages to both servers, by connections that the token lets in."""

    def __init__(self, ports: tuple[int, int], token: str) -> None:
        self._ways = ((ports[0], "/stream"), (ports[1], "/tracking?client=hostile"))
        self._token = token
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.said = 0

    def start(self) -> None:
        """Begin."""
        self.said = 0
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._attack, args=(port, path, seed), daemon=True)
            for seed, (port, path) in enumerate(self._ways, SEED)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and make sure that they were heard at all."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        if not self.said:
            raise RuntimeError("no hostile message was heard")

    def _attack(self, port: int, path: str, seed: int) -> None:
        from tests.operators.samples import sample

        # Whoever is let in may stop the robot and take over: that is not said here.
        kinds = [kind for kind in PAGE_MESSAGES if kind not in (OperatorInput, Claim)]
        valid = [encode_bytes(sample(kind), 1.0) for kind in kinds]
        addresses = cycle(f"127.0.{seed}.{last}" for last in range(1, 250))
        client: HostileClient | None = None
        for message in hostile_messages(seed, valid):
            if self._stopping.is_set():
                break
            try:
                client = client or HostileClient(port, path, next(addresses), self._token)
            except OSError:  # its network is barred for a while
                time.sleep(0.05)
                continue
            self.said += 1
            if not client.say(message.wire):
                client.close()
                client = None
        if client is not None:
            client.close()


def processes(ports: tuple[int, int]) -> dict[int, str]:
    """The nodes of the dataflow that listens on these ports: process ids and command lines."""
    mark = f"PANODORA__HEADSET__PORT={ports[0]}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().decode()
        except OSError:  # it has ended, or is not ours
            continue
    return {pid: line for pid, line in found.items() if "nodes/" in line}


def kill(name: str, ports: tuple[int, int]) -> None:
    """End a node at once, as a crash would."""
    for pid, line in processes(ports).items():
        if f"nodes/{name}.py" in line:
            os.kill(pid, signal.SIGKILL)
